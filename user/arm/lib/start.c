/* From the start-up code to main(). */
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

char **environ;
const char *program_name = "";

_Noreturn void start(int argc, char **argv, char **envp);

_Noreturn void
start(int argc, char **argv, char **envp)
{
    environ = envp;
    if (argc > 0)
        program_name = str_base(argv[0]);
    sys_exit(main(argc, argv));
}
