/* The system as a whole. */
#pragma once

#include <kernel/sys/sys.h>
#include <kernel/trusted/str.h>

SYS_DECLARE(uname);
SYS_DECLARE(sethostname);
SYS_DECLARE(setdomainname);
SYS_DECLARE(sysinfo);
SYS_DECLARE(getrandom);
SYS_DECLARE(getcpu);
SYS_DECLARE(syslog);
SYS_DECLARE(reboot);
SYS_DECLARE(sync);
SYS_DECLARE(personality);
SYS_DECLARE(rseq);
SYS_DECLARE(clone3);

/* The names, for /proc/sys/kernel. */
const char *sys_hostname(void);
/* -EPERM, -EINVAL (too long). */
int must_check sys_set_hostname(struct text name);
const char *sys_domainname(void);
