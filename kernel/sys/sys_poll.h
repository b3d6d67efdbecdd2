/* System calls that wait for several files. */
#pragma once

#include <kernel/sys/sys.h>

SYS_DECLARE(poll);
SYS_DECLARE(ppoll);
SYS_DECLARE(select);
SYS_DECLARE(pselect6);
SYS_DECLARE(epoll_create);
SYS_DECLARE(epoll_create1);
SYS_DECLARE(epoll_ctl);
SYS_DECLARE(epoll_wait);
SYS_DECLARE(epoll_pwait);
SYS_DECLARE(epoll_pwait2);
SYS_DECLARE(eventfd);
SYS_DECLARE(eventfd2);
