/* sync: what was written goes to the disks. */
#include <user/arm/lib/start.h>
#include <user/arm/lib/sys.h>

int
main(int argc __attribute__((unused)), char **argv __attribute__((unused)))
{
    return sys_sync();
}
