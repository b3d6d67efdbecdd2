/* drydock: the program.  Reads the options, builds the machine, connects the terminal, boots the kernel.  The one place that knows
 * every part: the board, the list of models, the user-mode backend, the front end. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <shell/console.h>
#include <shell/terminal.h>
#include <sim/fail.h>
#include <sim/models.h>
#include <sim/sim.h>
#include <sim/image.h>
#include <sim/ram.h>
#include <sim/trace.h>

#include "host.h"
#include "options.h"
#include "machine.h"
#include "sanitizer.h"
#include "user.h"

enum { CMDLINE_MAX = 65536, DEFAULT_EPOCH = 1767225600 /* 2026-01-01, of runs on virtual time */ };

static struct options opt;
static char cmdline[CMDLINE_MAX];
static int log_fd = STDERR_FILENO;
static struct sim_image images[DRIVES_MAX];

static void end(void *arg, int code) noreturn_fn;

static void
end(void *arg, int code)
{
    (void)arg;
    terminal_close();
    sim_fail_report_places();
    host_user_fini();
    fflush(NULL);
    _exit(code);
}

static void
quit(void *arg)
{
    (void)arg;
    terminal_message("\n", 1);
    end(NULL, HOST_EXIT_OK);
}

static void
write_log(void *arg, const char *text, size_t len)
{
    (void)arg;
    if (log_fd == STDERR_FILENO) {
        terminal_message(text, len);
        return;
    }
    while (len > 0) {
        ssize_t n = write(log_fd, text, len);

        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

static void
sim_message(void *arg, const char *line)
{
    if (opt.log_level < 6)
        return;
    write_log(arg, line, strlen(line));
    write_log(arg, "\n", 1);
}

static void
tell_who_granted(void *arg, uint64_t addr)
{
    const uintptr_t *pcs;
    size_t n = host_dma_who(addr, &pcs);

    if (n > 0)
        write_log(arg, "the buffer was granted by\n", 26);
    for (size_t i = 0; i < n; i++) {
        char name[200] = "", line[220];

        sanitizer_name_pc(pcs[i], name, sizeof name);
        int len = snprintf(line, sizeof line, "    #%zu %s\n", i, name);

        if (len > 0 && (size_t)len < sizeof line)
            write_log(arg, line, (size_t)len);
    }
}

static void
violation(void *arg, const struct sim_violation *v)
{
    char text[256];

    write_log(arg, "drydock: ", 9);
    (void)sim_violation_text(v, text, sizeof text);
    write_log(arg, text, strlen(text));
    write_log(arg, "\n", 1);
    if (v->kind == SIM_V_DMA)
        tell_who_granted(arg, v->addr);
}

static void
trace(void *arg, const struct sim_trace_entry *e)
{
    char text[160];
    int n =
        snprintf(text, sizeof text, "%12llu.%03llu us %s.%s %s %0*llx\n",
                 (unsigned long long)e->at_ns / 1000, (unsigned long long)e->at_ns % 1000, e->dev,
                 e->reg, e->write ? "<-" : "->", (int)e->width * 2, (unsigned long long)e->value);

    if (n > 0)
        write_log(arg, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static uint64_t
host_clock(void *arg)
{
    static uint64_t origin;
    struct timespec ts;

    (void)arg;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    uint64_t now = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
    if (origin == 0)
        origin = now;
    return now - origin;
}

/* The kernel's allocators ask; --fail-alloc answers. */
static bool
alloc_fails(bool object)
{
    uintptr_t pcs[SIM_FAIL_CALLERS + 1];
    size_t n = host_callers(pcs, SIM_FAIL_CALLERS + 1);

    return sim_fail_ask(object, pcs, n);
}

static struct sim_event step_event;

static void
step_over(void *arg)
{
    (void)arg;
    terminal_want_console();
}

/* --at: commands and their times, run when the machine next stands still. */
static struct planned {
    struct sim_event event;
    char *command;
    bool due;
} planned[AT_MAX];

static void
command_due(void *arg)
{
    ((struct planned *)arg)->due = true;
    terminal_want_commands();
}

static void
run_commands(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < opt.at_count; i++) {
        if (!planned[i].due)
            continue;
        planned[i].due = false;
        (void)console_command(planned[i].command);
    }
}

static void
stop_at(uint64_t at_ns)
{
    sim_event_at(&step_event, at_ns);
}

static const char *
plug(const char *device, char *words)
{
    return drive_plug(host.sim, device, words);
}

static _Noreturn void
fail(const char *what, const char *name, int error)
{
    fprintf(stderr, "%s: %s: %s: %s\n", opt.program, what, name, strerror(error));
    exit(HOST_EXIT_USAGE);
}

static void
plan_commands(void)
{
    for (size_t i = 0; i < opt.at_count; i++) {
        struct planned *p = &planned[i];
        char *colon = strchr(opt.at[i], ':');
        uint64_t at_ns = 0;

        if (colon == NULL)
            fail("not a time and a command", opt.at[i], EINVAL);
        *colon = '\0';
        p->command = colon + 1;
        if (!console_time(opt.at[i], &at_ns))
            fail("not a time", opt.at[i], EINVAL);
        sim_event_init(host.sim, &p->event, "console command", command_due, p);
        sim_event_at(&p->event, at_ns);
    }
}

static size_t
open_drives(void)
{
    static char path[4096];
    size_t n;

    if (opt.drive_count == 0 && host_machine.drive != NULL) {
        ssize_t len = readlink("/proc/self/exe", path, sizeof path - 16);

        path[len > 0 ? len : 0] = '\0';
        strcpy(strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path, host_machine.drive);
        opt.drives[opt.drive_count++] = (struct drive){ .file = path, .scratch = true };
    }
    for (n = 0; n < opt.drive_count; n++) {
        if (host_machine.slots[n] == NULL)
            fail("no place for the drive", opt.drives[n].file, ENODEV);

        int rc = drive_open(&opt.drives[n], host_machine.slots[n], &images[n]);

        if (rc < 0)
            fail("cannot open the drive", opt.drives[n].file, -rc);
    }
    return n;
}

static void
make_cmdline(bool dialogue, bool stdin_is_terminal)
{
    const char *run = opt.run != NULL ? opt.run : dialogue ? NULL : host_machine.shell;
    const char *term = getenv("TERM");
    struct winsize window;
    char winsize[48] = "";
    int n;

    if (dialogue && ioctl(STDIN_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_row != 0 &&
        window.ws_col != 0)
        snprintf(winsize, sizeof winsize, " winsize=%ux%u", window.ws_row, window.ws_col);

    /* Without a person at it the console passes bytes as they are: no echo, no carriage returns. */
    n = snprintf(cmdline, sizeof cmdline, "root=%s%s log=%d TERM=%s%s%s %s%s%s", host_machine.root,
                 opt.drives[0].read_only ? " rootflags=ro" : "", opt.log_level,
                 dialogue && term != NULL && strpbrk(term, " \t\n") == NULL ? term : "dumb",
                 winsize, opt.run != NULL || !stdin_is_terminal ? " console=raw" : "", opt.append,
                 run != NULL ? " run=" : "", run != NULL ? run : "");
    if (n < 0 || (size_t)n >= sizeof cmdline)
        fail("the commands are too long", "--run", E2BIG);
}

static void
machine(bool follow)
{
    struct sim_config config = {
        .ram_size = opt.ram_size != 0 ? opt.ram_size : host_machine.ram_size,
        .seed = opt.seed,
        .epoch_s = opt.epoch_s != UINT64_MAX ? opt.epoch_s
                   : follow                  ? (uint64_t)time(NULL)
                                             : DEFAULT_EPOCH,
        .strict = opt.strict ? SIM_FATAL : SIM_STRICT,
        .instant_serial = true,
        .instant_disk = follow,
        .dma_noncoherent = opt.dma == DMA_NONCOHERENT,
        .images = images,
        .image_count = open_drives(),
        .clock = follow ? host_clock : NULL,
        .log = sim_message,
        .violation = violation,
    };

    host.sim = sim_create(&config, host_machine.board, sim_models);
    if (host.sim == NULL)
        fail("cannot build the machine", host_machine.board->name, errno);
    if (opt.trace != NULL && sim_trace_set(host.sim, opt.trace, trace, NULL) != 0)
        fail("cannot trace", opt.trace, ENOMEM);
}

static void
user_mode(bool follow)
{
    struct host_user_config config = {
        .ram_fd = sim_ram_fd(host.sim),
        .ram_base = sim_ram_base(host.sim),
        .ram_size = sim_ram_size(host.sim),
        .backend = opt.user == USER_NOTIFY    ? HOST_USER_NOTIFY
                   : opt.user == USER_SECCOMP ? HOST_USER_SECCOMP
                   : opt.user == USER_PTRACE  ? HOST_USER_PTRACE
                   : opt.user == USER_INTERP  ? HOST_USER_INTERP
                                              : HOST_USER_AUTO,
        .pin = opt.pin,
        .own_time = !follow,
        .slice_ns = host_slice_ns,
        .tick = host_user_tick,
    };
    int rc = host_user_init(&config);

    if (rc != 0)
        fail("user mode is not available here", "--user", -rc);
}

int
main(int argc, char **argv)
{
    options_parse(&opt, argc, argv);

    bool stdin_is_terminal = isatty(STDIN_FILENO) != 0;
    bool dialogue = opt.run == NULL && stdin_is_terminal;
    bool follow = opt.clock == CLOCK_HOST || (opt.clock == CLOCK_AUTO && opt.run == NULL);

    if (opt.log_level < 0)
        opt.log_level = 4;
    if (opt.log_file != NULL) {
        log_fd = open(opt.log_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (log_fd < 0)
            fail("cannot open the log", opt.log_file, errno);
    }
    machine(follow);
    make_cmdline(dialogue, stdin_is_terminal);
    user_mode(follow);
    if (opt.fail_alloc || opt.fail_report != NULL) {
        static const struct alloc_faults faults = { .fails = alloc_fails, .arm = sim_fail_arm };
        int rc = sim_fail_start(opt.fail_report);

        if (rc != 0)
            fail("cannot write the report", opt.fail_report, rc);
        kernel_alloc_faults(&faults);
    }

    struct terminal_config term = {
        .sim = host.sim,
        .uart = "uart0",
        .interactive = dialogue,
        .follows_host_clock = follow,
        .quit = quit,
        .console = console_run,
        .commands = run_commands,
    };
    host.hooks = (struct host_hooks){
        .poll = terminal_poll,
        .idle = terminal_idle,
        .clock = follow ? host_clock : NULL,
        .log = write_log,
        .exit = end,
    };
    host.limit_ns = opt.timeout_ns;
    if (terminal_open(&term) != 0)
        fail("no such serial port", term.uart, ENODEV);
    sanitizer_on_death(terminal_close);
    struct console_config console = {
        .sim = host.sim,
        .info = kernel_info,
        .quit = quit,
        .log_level = kernel_log_level,
        .stop_at = stop_at,
        .plug = plug,
    };
    console_init(&console);
    sim_event_init(host.sim, &step_event, "console step", step_over, NULL);
    plan_commands();
    host_boot(host_machine.board, cmdline);
}
