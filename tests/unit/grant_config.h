/* The kernel's memory with a grant for each process, on the PC's page size. */
#pragma once

#undef CONFIG_PROC_MAX
#define CONFIG_PROC_MAX    8
#define CONFIG_GRANTS      1
#define CONFIG_GRANT_PAGES 3
#define CONFIG_GRANT_MORE  2
#define CONFIG_GRANT_MIN   4
