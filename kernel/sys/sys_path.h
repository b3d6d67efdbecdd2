/* System calls on paths and attributes. */
#pragma once

#include <kernel/sys/sys.h>

/* sys_path.c */
SYS_DECLARE(open);
SYS_DECLARE(openat);
SYS_DECLARE(creat);
SYS_DECLARE(mkdir);
SYS_DECLARE(mkdirat);
SYS_DECLARE(rmdir);
SYS_DECLARE(unlink);
SYS_DECLARE(unlinkat);
SYS_DECLARE(rename);
SYS_DECLARE(renameat);
SYS_DECLARE(renameat2);
SYS_DECLARE(link);
SYS_DECLARE(linkat);
SYS_DECLARE(symlink);
SYS_DECLARE(symlinkat);
SYS_DECLARE(readlink);
SYS_DECLARE(readlinkat);
SYS_DECLARE(mknod);
SYS_DECLARE(mknodat);
SYS_DECLARE(chdir);
SYS_DECLARE(fchdir);
SYS_DECLARE(chroot);
SYS_DECLARE(getcwd);
SYS_DECLARE(umask);

/* sys_stat.c */
SYS_DECLARE(stat);
SYS_DECLARE(lstat);
SYS_DECLARE(fstat);
SYS_DECLARE(newfstatat);
SYS_DECLARE(statx);

/* sys_attr.c */
SYS_DECLARE(access);
SYS_DECLARE(faccessat);
SYS_DECLARE(faccessat2);
SYS_DECLARE(truncate);
SYS_DECLARE(chmod);
SYS_DECLARE(fchmod);
SYS_DECLARE(fchmodat);
SYS_DECLARE(chown);
SYS_DECLARE(fchown);
SYS_DECLARE(lchown);
SYS_DECLARE(fchownat);
SYS_DECLARE(utime);
SYS_DECLARE(utimes);
SYS_DECLARE(utimensat);
SYS_DECLARE(futimesat);

/* sys_mount.c */
SYS_DECLARE(mount);
SYS_DECLARE(umount2);
SYS_DECLARE(statfs);
SYS_DECLARE(fstatfs);
