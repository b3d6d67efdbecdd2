/* true, false: nothing, with success or without. */
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>

int
main(int argc __attribute__((unused)), char **argv __attribute__((unused)))
{
    return str_eq(program_name, "false");
}
