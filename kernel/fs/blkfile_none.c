/* A kernel whose drives are there to be mounted only: their special files cannot be opened. */
#include <kernel/abi/errno.h>
#include <kernel/fs/file.h>
#include <kernel/fs/special.h>

void
blkfile_init(void)
{
}

static int
no_open(struct file *f unused_param)
{
    return -ENXIO;
}

const struct file_ops file_blkdev_ops = { .open = no_open };
