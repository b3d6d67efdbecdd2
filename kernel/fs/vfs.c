/* The virtual file system comes up. */
#include <kernel/fs/dentry.h>
#include <kernel/fs/devfs.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/special.h>

void
vfs_init(void)
{
    inode_cache_init();
    dcache_init();
    mount_init();
    pagecache_boot();
    pipe_init();
    blkfile_init();
    memdev_init();
}
