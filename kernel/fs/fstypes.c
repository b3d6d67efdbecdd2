/* The file systems of this kernel, in the order the root device is tried with: kernel/files.txt says which, by configuration. */
#include <kernel/fs/devfs.h>
#include <kernel/fs/vfs.h>

#define ENTRY(type) &type,

const struct fs_type *const kernel_fstypes[] = { KERNEL_FSTYPES(ENTRY) NULL };
const size_t kernel_fstypes_len = sizeof kernel_fstypes / sizeof kernel_fstypes[0];
