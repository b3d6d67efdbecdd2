/* sh [-c COMMANDS [NAME [PARAMETER...]]] [FILE [PARAMETER...]]: a small shell.
 *
 * Pipelines, redirections (< > >> 2> 2>&1), quotes, $NAME ${NAME:-WORD} $? $! $$ $# $@ $0-$9 $(...) $((...)), * and ? in file names,
 * ; & && || ! if while until for { } ( ), the commands of builtin.c.  Not here: functions, case, here-documents, [...] in patterns. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/signals.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/sh/sh.h>

static void
on_interrupt(int signo __attribute__((unused)))
{
    interrupted = true;
}

static void
one_command(void)
{
    failed = continuing = interrupted = false;
    break_levels = 0;
    arena_used = word_count = 0;
    running = true;
    run_list(true);
}

int
main(int argc, char **argv)
{
    bool string = argc > 2 && str_eq(argv[1], "-c");

    if (program_name[0] == '-') /* a login shell */
        program_name++;
    vars_start(environ);
    positional = argv;
    positional_count = 1;
    if (string) {
        input_from(-1, argv[2]);
        if (argc > 3) {
            positional = argv + 3;
            positional_count = argc - 3;
        }
    } else if (argc > 1) {
        int fd = sys_open(argv[1], O_RDONLY | O_CLOEXEC, 0), high;

        if (fd < 0)
            return fail(argv[1], fd);
        high = sys_fcntl64(fd, F_DUPFD_CLOEXEC, 10);
        sys_close(fd);
        input_from(high, NULL);
        positional = argv + 1;
        positional_count = argc - 1;
    } else {
        input_from(0, NULL);
    }
    if (interactive)
        (void)signal_handle(SIGINT, on_interrupt, 0);
    while (input_start() || interrupted) {
        if (interrupted && interactive)
            print(2, "\n");
        else
            one_command();
        interrupted &= !interactive;
        if (failed && !interactive)
            return 2;
        job_reap();
    }
    return last_status;
}
