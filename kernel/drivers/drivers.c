/* The drivers of this kernel: kernel/files.txt says which, by configuration. */
#include <kernel/drivers/drivers.h>

#define ENTRY(driver) &driver,

const struct driver *const kernel_drivers[] = { KERNEL_DRIVERS(ENTRY) NULL };
const size_t kernel_drivers_len = sizeof kernel_drivers / sizeof kernel_drivers[0];
