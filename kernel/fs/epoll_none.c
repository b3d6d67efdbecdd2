/* A kernel without epoll sets: no file is in one. */
#include <kernel/fs/epoll.h>

void
epoll_file_gone(struct file *f unused_param)
{
}

void
epoll_file_io(struct file *f unused_param, unsigned events unused_param)
{
}
