/* Disk images in files and in memory. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sim/machine.h>

struct sim_image *
sim_image_find(struct sim *sim, const char *slot)
{
    for (size_t i = 0; i < sim->config.image_count; i++) {
        if (strcmp(sim->images[i].slot, slot) == 0) {
            return &sim->images[i];
        }
    }
    return NULL;
}

struct sim_image *
sim_image_nth(struct sim *sim, size_t i)
{
    return i < sim->config.image_count ? &sim->images[i] : NULL;
}

static bool
inside(const struct sim_image *image, uint64_t off, size_t len)
{
    return off <= image->size && len <= image->size - off;
}

int
sim_image_read(struct sim_image *image, uint64_t off, void *buf, size_t len)
{
    uint8_t *p = buf;

    if (!inside(image, off, len)) {
        return -EINVAL;
    }
    image->reads++;
    if (image->mem) {
        memcpy(buf, image->mem + off, len);
        return 0;
    }
    while (len) {
        ssize_t n = pread(image->fd, p, len, (off_t)off);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : -EIO; /* the file is shorter than it was */
        }
        p += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

int
sim_image_write(struct sim_image *image, uint64_t off, const void *buf, size_t len)
{
    const uint8_t *p = buf;

    if (!inside(image, off, len)) {
        return -EINVAL;
    }
    if (image->read_only) {
        return -EROFS;
    }
    image->writes++;
    if (image->mem) {
        memcpy(image->mem + off, buf, len);
        return 0;
    }
    while (len) {
        ssize_t n = pwrite(image->fd, p, len, (off_t)off);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : -EIO;
        }
        p += n;
        off += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

int
sim_image_flush(struct sim_image *image)
{
    image->flushes++;
    if (!image->mem && !image->read_only && fdatasync(image->fd) < 0 && errno != EINVAL &&
        errno != EROFS) {
        return -errno;
    }
    return 0;
}
