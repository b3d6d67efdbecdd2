/* Character devices: which driver has which numbers. */
#include <kernel/core/fmt.h>
#include <kernel/fs/devfs.h>
#include <kernel/fs/file.h>

enum { CHRDEV_MAX = CONFIG_CHRDEV_MAX };

struct range {
    uint32_t major, minor, count;
    const struct file_ops *ops;
    const char *_Nullable name;
};

static struct range ranges[CHRDEV_MAX];
static unsigned nr_ranges;

int
chrdev_add(uint32_t rdev_first, uint32_t count, const struct file_ops *ops, const char *name)
{
    struct range r = { dev_major(rdev_first), dev_minor(rdev_first), count, ops, name };

    for (unsigned i = 0; i < nr_ranges; i++) {
        const struct range *o = &ranges[i];

        if (o->major == r.major && r.minor < o->minor + o->count && o->minor < r.minor + r.count)
            return -EBUSY;
    }
    if (nr_ranges == CHRDEV_MAX)
        return -ENOMEM;
    ranges[nr_ranges++] = r;
    return devfs_publish(S_IFCHR | 0666, rdev_first, count, name);
}

const struct file_ops *_Nullable
chrdev_find(uint32_t rdev)
{
    uint32_t major = dev_major(rdev), minor = dev_minor(rdev);

    for (unsigned i = 0; i < nr_ranges; i++) {
        const struct range *r = &ranges[i];

        if (r->major == major && minor >= r->minor && minor - r->minor < r->count)
            return r->ops;
    }
    return NULL;
}

bool
chrdev_nth(unsigned n, uint32_t *rdev, char *name, size_t size)
{
    for (unsigned i = 0; i < nr_ranges; i++) {
        const struct range *r = &ranges[i];
        unsigned count = r->name != NULL ? r->count : 0;

        if (n >= count) {
            n -= count;
            continue;
        }
        *rdev = dev_make(r->major, r->minor + n);
        if (count == 1)
            fmt_print(name, size, "%s", r->name);
        else
            fmt_print(name, size, "%s%u", r->name, n);
        return true;
    }
    return false;
}

const char *_Nullable
chrdev_name(unsigned i, uint32_t *major_out)
{
    if (i >= nr_ranges)
        return NULL;
    *major_out = ranges[i].major;
    return ranges[i].name != NULL ? ranges[i].name : "-";
}

int
chrdev_publish_all(void)
{
    for (unsigned i = 0; i < nr_ranges; i++) {
        const struct range *r = &ranges[i];

        int rc = devfs_publish(S_IFCHR | 0666, dev_make(r->major, r->minor), r->count, r->name);

        if (rc < 0)
            return rc;
    }
    return 0;
}
