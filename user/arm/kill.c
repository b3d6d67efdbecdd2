/* kill [-SIGNAL] PROCESS...: by number or name. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/signals.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

int
main(int argc, char **argv)
{
    return kill_command(argc, argv);
}
