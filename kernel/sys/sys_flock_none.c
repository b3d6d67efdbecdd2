/* A kernel without locks on files. */
#include <kernel/abi/errno.h>
#include <kernel/sys/fcntl_lock.h>

int64_t
fcntl_lock(struct file *f unused_param, int cmd unused_param, uint64_t arg unused_param)
{
    return -EINVAL;
}
