/* R18: a member that may be null, used as if it never were.
 * expect: may be null
 */
#include <kernel/core/device.h>

const char *driver_name(const struct device *dev);

const char *
driver_name(const struct device *dev)
{
#ifdef WRONG
    return dev->driver->name;
#else
    const struct driver *driver = dev->driver;

    return driver != NULL ? driver->name : "none";
#endif
}
