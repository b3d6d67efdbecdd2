/* Are the kernel's own structures checked at run time?  CHECKS is 1 or 0 (Kconfig), so that code says `if (CHECKS)` and stays compiled
 * either way, and a structure says `struct x_mark mark[CHECKS]` for what only the checks need. */
#pragma once

#ifdef CONFIG_CHECKS
#define CHECKS 1
#else
#define CHECKS 0
#endif

/* The source line of whoever writes it. */
#define CHECKS_STR2(x) #x
#define CHECKS_STR(x)  CHECKS_STR2(x)
#define CHECKS_HERE    __FILE__ ":" CHECKS_STR(__LINE__)
