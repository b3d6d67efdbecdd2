/* Linux error numbers (asm-generic/errno.h), and the kernel-internal ones that never reach a program. */
#pragma once

enum {
    EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, ENOEXEC = 8, EBADF = 9, ECHILD = 10,
    EAGAIN = 11, ENOMEM = 12, EACCES = 13, EFAULT = 14, ENOTBLK = 15, EBUSY = 16, EEXIST = 17, EXDEV = 18, ENODEV = 19,
    ENOTDIR = 20, EISDIR = 21, EINVAL = 22, ENFILE = 23, EMFILE = 24, ENOTTY = 25, ETXTBSY = 26, EFBIG = 27, ENOSPC = 28,
    ESPIPE = 29, EROFS = 30, EMLINK = 31, EPIPE = 32, EDOM = 33, ERANGE = 34, EDEADLK = 35, ENAMETOOLONG = 36,
    ENOLCK = 37, ENOSYS = 38, ENOTEMPTY = 39, ELOOP = 40, ENODATA = 61, ETIME = 62, EPROTO = 71, EOVERFLOW = 75,
    ENOTSOCK = 88, EOPNOTSUPP = 95, EAFNOSUPPORT = 97, ETIMEDOUT = 110, EALREADY = 114, EINPROGRESS = 115, EUCLEAN = 117,
    ENOMEDIUM = 123, ECANCELED = 125,

    /* Kernel-internal results of an interrupted system call: the signal code turns them into EINTR or a restart. */
    ERESTARTSYS = 512,           /* restart if the handler has SA_RESTART or there is no handler */
    ERESTARTNOHAND = 514,        /* restart only if no handler runs */
    ERESTART_RESTARTBLOCK = 516, /* restart through restart_syscall(2) (nanosleep and the like) */
};
