/* Block devices: the list of them, and requests.  A partition's requests are its drive's, moved. */
#include <kernel/abi/errno.h>
#include <kernel/core/blk.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/mm/kmem.h>

static struct list devices = LIST_INIT(devices);

int
blk_register(struct blkdev *dev)
{
    if (blk_find(dev->name) != NULL)
        return -EEXIST;
    mutex_init(&dev->lock, dev->name, RANK_DEV);
    list_node_init(&dev->node);
    list_push_back(&devices, &dev->node);
    return 0;
}

static void
announce(struct blkdev *dev)
{
    klog(LOG_INFO, "%s: %llu sectors (%llu MiB)%s", dev->name, (unsigned long long)dev->sectors,
         (unsigned long long)(dev->sectors >> (20 - SECTOR_SHIFT)),
         dev->read_only ? ", read-only" : "");
    blk_scan_partitions(dev);
}

int
blk_add(struct blkdev *dev)
{
    int rc = blk_register(dev);

    if (rc < 0)
        return rc;
    if (dev->ops->medium == NULL)
        announce(dev);
    else if (blk_get(dev->rdev, &dev) == 0) /* no medium is no error */
        blk_put(dev);
    return 0;
}

struct blkdev *
blk_find(const char *name)
{
    struct list_node *n;

    if (str_starts(name, "/dev/"))
        name = str_from(name, 5);
    list_for_each (n, &devices) {
        struct blkdev *dev = container_of(n, struct blkdev, node);

        if (str_eq(dev->name, name))
            return dev;
    }
    return NULL;
}

struct blkdev *
blk_find_rdev(uint32_t rdev)
{
    struct list_node *n;

    list_for_each (n, &devices) {
        struct blkdev *dev = container_of(n, struct blkdev, node);

        if (dev->rdev == rdev)
            return dev;
    }
    return NULL;
}

void
blk_for_each(void (*fn)(struct blkdev *dev, void *arg), void *arg)
{
    struct list_node *n;

    list_for_each (n, &devices)
        fn(container_of(n, struct blkdev, node), arg);
}

static struct blkdev *
drive_of(struct blkdev *dev)
{
    return dev->whole != NULL ? dev->whole : dev;
}

/* Is [sector, sector + len) whole sectors inside the device? */
static int
check_range(const struct blkdev *dev, uint64_t sector, size_t len)
{
    uint64_t count = len >> SECTOR_SHIFT;

    if (len % SECTOR_SIZE != 0 || sector > dev->sectors || count > dev->sectors - sector)
        return -EINVAL;
    return 0;
}

static void
drop_partitions(const struct blkdev *drive)
{
    struct list_node *n, *tmp;

    list_for_each_safe (n, tmp, &devices) {
        struct blkdev *dev = container_of(n, struct blkdev, node);

        if (dev->whole == drive) {
            list_remove(n);
            kmem_free(dev);
        }
    }
}

int
blk_get(uint32_t rdev, struct blkdev **dev_out)
{
    struct blkdev *dev = blk_find_rdev(rdev), *drive;
    int rc = 0;

    if (dev == NULL)
        return -ENXIO;
    drive = drive_of(dev);
    mutex_lock(&drive->lock);
    if (drive->users == 0 && drive->ops->medium != NULL)
        rc = drive->ops->medium(drive);
    if (rc != 0)
        drop_partitions(drive);
    drive->users += rc >= 0;
    mutex_unlock(&drive->lock);
    if (rc < 0)
        return rc;
    if (rc > 0)
        announce(drive);
    dev = blk_find_rdev(rdev); /* a partition of before is no more */
    if (dev == NULL) {
        blk_put(drive);
        return -ENXIO;
    }
    *dev_out = dev;
    return 0;
}

void
blk_ref(struct blkdev *dev)
{
    struct blkdev *drive = drive_of(dev);

    mutex_lock(&drive->lock);
    drive->users++;
    mutex_unlock(&drive->lock);
}

void
blk_put(struct blkdev *dev)
{
    struct blkdev *drive = drive_of(dev);

    mutex_lock(&drive->lock);
    drive->users--;
    mutex_unlock(&drive->lock);
}

static void
count_request(struct blkdev *dev, int rc, bool write, uint64_t sectors)
{
    if (rc < 0)
        dev->errors++;
    if (write) {
        dev->writes++;
        dev->sectors_written += rc == 0 ? sectors : 0;
    } else {
        dev->reads++;
        dev->sectors_read += rc == 0 ? sectors : 0;
    }
}

int
blk_read(struct blkdev *dev, uint64_t sector, struct span buf)
{
    struct blkdev *drive = drive_of(dev);
    int rc = check_range(dev, sector, buf.len);

    if (rc < 0 || buf.len == 0)
        return rc;
    mutex_lock(&drive->lock);
    rc = drive->ops->read(drive, dev->start + sector, buf);
    count_request(drive, rc, false, buf.len >> SECTOR_SHIFT);
    if (drive != dev)
        count_request(dev, rc, false, buf.len >> SECTOR_SHIFT);
    mutex_unlock(&drive->lock);
    return rc;
}

int
blk_write(struct blkdev *dev, uint64_t sector, struct cspan buf)
{
    struct blkdev *drive = drive_of(dev);
    int rc = check_range(dev, sector, buf.len);

    if (rc < 0 || buf.len == 0)
        return rc;
    if (dev->read_only)
        return -EROFS;
    mutex_lock(&drive->lock);
    rc = drive->ops->write(drive, dev->start + sector, buf);
    count_request(drive, rc, true, buf.len >> SECTOR_SHIFT);
    if (drive != dev)
        count_request(dev, rc, true, buf.len >> SECTOR_SHIFT);
    mutex_unlock(&drive->lock);
    return rc;
}

int
blk_flush(struct blkdev *dev)
{
    struct blkdev *drive = drive_of(dev);

    if (dev->read_only || drive->ops->flush == NULL)
        return 0;
    mutex_lock(&drive->lock);

    int rc = drive->ops->flush(drive);

    if (rc < 0)
        drive->errors++;
    mutex_unlock(&drive->lock);
    return rc;
}
