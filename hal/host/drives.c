/* See drives.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sim/image.h>
#include <sim/model.h>
#include <sim/sim.h>

#include "drives.h"

enum { PLUGGED_MAX = 16 };

/* What was plugged in while the machine runs; never closed, so that it can be again. */
static struct plugged {
    char *file, *slot;
    struct sim_image image;
} plugged[PLUGGED_MAX];
static unsigned plugged_count;

const char *
drive_parse(char *words, struct drive *out, const char **bad)
{
    struct drive d = { 0 };
    char *save = NULL;

    for (char *t = strtok_r(words, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
        char *file = t;

        *bad = t;
        if (strncmp(t, "file=", 5) == 0) {
            (void)strsep(&file, "=");
            d.file = file;
        } else if (strcmp(t, "ro") == 0) {
            d.read_only = true;
        } else if (strcmp(t, "scratch") == 0) {
            d.scratch = true;
        } else {
            return "unknown word for a drive";
        }
    }
    *bad = words;
    if (d.file == NULL || *d.file == '\0')
        return "a drive needs file=IMG";
    *out = d;
    return NULL;
}

/* A scratch drive is a private mapping: the file's pages are read when needed, and changes stay ours. */
int
drive_open(const struct drive *d, const char *slot, struct sim_image *image)
{
    bool scratch = d->scratch;
    int fd = open(d->file, (d->read_only || scratch ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    struct stat st;
    off_t size;
    void *p;
    int rc = -EINVAL; /* without a sector */

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) != 0)
        goto fail_errno;
    size = S_ISREG(st.st_mode) ? st.st_size : lseek(fd, 0, SEEK_END);
    if (size < 512)
        goto fail;
    *image = (struct sim_image){
        .slot = slot, .fd = fd, .size = (uint64_t)size & ~511ull, .read_only = d->read_only
    };
    if (!scratch)
        return 0;
    p = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    if (p == MAP_FAILED)
        goto fail_errno;
    close(fd);
    image->fd = -1;
    image->mem = p;
    return 0;

fail_errno:
    rc = -errno;
fail:
    close(fd);
    return rc;
}

/* The image of a file: the one of before, or a new one. */
static const char *
image_for(const char *slot, char *words, struct sim_image **out)
{
    struct drive d = { 0 };
    const char *bad, *wrong = drive_parse(words, &d, &bad);
    struct plugged *p = &plugged[plugged_count];
    int rc;

    if (wrong != NULL)
        return wrong;
    for (unsigned i = 0; i < plugged_count; i++)
        if (strcmp(plugged[i].file, d.file) == 0 && strcmp(plugged[i].slot, slot) == 0) {
            *out = &plugged[i].image;
            return NULL;
        }
    if (plugged_count == PLUGGED_MAX)
        return "too many different files";
    rc = drive_open(&d, slot, &p->image);
    if (rc < 0)
        return rc == -EINVAL ? "the file has no sectors" : strerror(-rc);
    p->file = strdup(d.file);
    p->slot = strdup(slot);
    if (p->file == NULL || p->slot == NULL)
        return strerror(ENOMEM);
    p->image.slot = p->slot;
    p->image.serial = ++plugged_count;
    *out = &p->image;
    return NULL;
}

const char *
drive_plug(struct sim *sim, const char *device, char *words)
{
    struct model *m = sim_model_find(sim, device);
    struct sim_image *image = NULL;
    const char *wrong = NULL;

    if (m == NULL)
        return "no such device";
    if (words != NULL && *words != '\0')
        wrong = image_for(m->name, words, &image);
    else if (words != NULL)
        image = sim_image_find(sim, m->name);
    if (wrong == NULL && words != NULL && image == NULL)
        wrong = "nothing was in it: file=IMG";
    if (wrong == NULL && model_plug(m, image) != 0)
        wrong = "its medium cannot be changed";
    return wrong;
}
