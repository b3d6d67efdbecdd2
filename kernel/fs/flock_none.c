/* A kernel without locks on files: nobody has one. */
#include <kernel/fs/flock.h>

void
flock_owner_gone(struct inode *inode unused_param, const void *owner unused_param)
{
}

void
flock_file_gone(struct file *f unused_param)
{
}
