/* Signals. */
#pragma once

#include <kernel/sys/sys.h>

SYS_DECLARE(rt_sigaction);
SYS_DECLARE(rt_sigprocmask);
SYS_DECLARE(rt_sigreturn);
SYS_DECLARE(rt_sigpending);
SYS_DECLARE(rt_sigsuspend);
SYS_DECLARE(rt_sigtimedwait);
SYS_DECLARE(rt_sigqueueinfo);
SYS_DECLARE(sigaltstack);
SYS_DECLARE(kill);
SYS_DECLARE(tkill);
SYS_DECLARE(tgkill);
SYS_DECLARE(pause);
