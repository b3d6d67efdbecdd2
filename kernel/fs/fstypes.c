/* The file systems of this kernel, in the order the root device is tried with. */
#include <kernel/fs/devfs.h>
#include <kernel/fs/vfs.h>

const struct fs_type *const kernel_fstypes[] = {&ext2_fs_type, &tmpfs_type, &devfs_type, &procfs_type, NULL};
