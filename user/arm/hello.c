/* hello: what a board's image runs first when it has nothing else to do. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/sys.h>

int
main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return print(1, "hello from process %d\n", sys_getpid()) < 0;
}
