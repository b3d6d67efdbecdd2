/* See options.h. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/event.h>
#include <sim/fail.h>

#include "host.h"
#include "machine.h"
#include "options.h"

enum {
    OPT_RUN = 256,
    OPT_DRIVE,
    OPT_AT,
    OPT_APPEND,
    OPT_SEED,
    OPT_TIMEOUT,
    OPT_CLOCK,
    OPT_USER,
    OPT_DMA,
    OPT_NO_PIN,
    OPT_STRICT,
    OPT_TRACE,
    OPT_LOG,
    OPT_LOG_LEVEL,
    OPT_EPOCH,
    OPT_FAIL_ALLOC,
    OPT_FAIL_REPORT,
    OPT_VERSION,
};

static const struct option longopts[] = {
    { "run", required_argument, NULL, OPT_RUN },
    { "drive", required_argument, NULL, OPT_DRIVE },
    { "at", required_argument, NULL, OPT_AT },
    { "append", required_argument, NULL, OPT_APPEND },
    { "memory", required_argument, NULL, 'm' },
    { "seed", required_argument, NULL, OPT_SEED },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "clock", required_argument, NULL, OPT_CLOCK },
    { "epoch", required_argument, NULL, OPT_EPOCH },
    { "user", required_argument, NULL, OPT_USER },
    { "dma", required_argument, NULL, OPT_DMA },
    { "fail-alloc", required_argument, NULL, OPT_FAIL_ALLOC },
    { "fail-report", required_argument, NULL, OPT_FAIL_REPORT },
    { "no-pin", no_argument, NULL, OPT_NO_PIN },
    { "strict", no_argument, NULL, OPT_STRICT },
    { "trace", required_argument, NULL, OPT_TRACE },
    { "log", required_argument, NULL, OPT_LOG },
    { "log-level", required_argument, NULL, OPT_LOG_LEVEL },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, OPT_VERSION },
    { 0 },
};

static const char help[] =
    "usage: %s [options]\n"
    "Boot the Drydock kernel as a process, on %s.\n"
    "\n"
    "  --run COMMANDS        run `sh -c COMMANDS` instead of a login, print what it prints, end "
    "when it ends\n"
    "  --drive file=IMG[,ro][,scratch]\n"
    "                        a disk (up to 4): used and changed; ro: never written; scratch: "
    "changes are\n"
    "                        dropped at the end.  Default: the built disk image, as scratch\n"
    "  --at TIME:COMMAND     a command of the console (Ctrl-A c, help) at a virtual time: --at "
    "'2s:unplug sd0'\n"
    "  --append WORDS        more words for the kernel's command line (root=, init=, log=)\n"
    "  -m, --memory SIZE     RAM, with suffix K, M or G (default: the board's)\n"
    "  --clock host|virtual  virtual time follows the host's clock (default in a dialogue), or "
    "jumps over idle\n"
    "                        time (default with --run)\n"
    "  --timeout SECONDS     end after so much virtual time, with exit code 6\n"
    "  --epoch SECONDS       the real-time clock at power-on, seconds since 1970\n"
    "  --seed N              of everything random in the machine (default 1)\n"
    "  --user auto|notify|seccomp|ptrace|interp\n"
    "                        how user programs are trapped; interp: interpreted, on boards with an "
    "Arm\n"
    "  --dma coherent|noncoherent\n"
    "                        noncoherent: devices see what the CPU wrote, and the other way round, "
    "only where\n"
    "                        the driver says so: a missing fence gives old data every time\n"
    "  --fail-alloc KIND:WHICH[+COUNT]\n"
    "                        let the kernel run out of memory: of the allocations of KIND (page, "
    "object "
    "or any)\n"
    "                        the WHICHth from the start fails (new: the first in a place of the "
    "code where none\n"
    "                        has failed yet; new/DEPTH: places differ by that many callers) and so "
    "do those\n"
    "                        after it until COUNT (default 1) have.  A program starts over by "
    "writing\n"
    "                        \"fail KIND:WHICH+COUNT\" or \"fail off\" to /proc/drydock\n"
    "  --fail-report FILE    write there which allocations failed, and all places that allocated\n"
    "  --no-pin              do not bind the kernel and its programs to one CPU\n"
    "  --strict              the first breach of a device's rules ends the run, with exit code 4\n"
    "  --trace GLOBS         report register accesses, e.g. 'ide0.*,uart0.LCR'\n"
    "  --log FILE            the kernel's log (default: standard error)\n"
    "  --log-level N         3 errors, 4 warnings, 6 information, 7 everything\n"
    "  -h, --help, --version\n"
    "\n"
    "Keys in a dialogue: Ctrl-A h.  Exit codes: 0 ok, 1 the guest's command failed, 2 usage, 3 "
    "kernel panic,\n"
    "4 a device's rules broken, 5 deadlock, 6 virtual time is up, 86 sanitizer report.\n";

static _Noreturn void
usage(const struct options *o, const char *what, const char *value)
{
    fprintf(stderr, "%s: %s: '%s' (see --help)\n", o->program, what, value);
    exit(HOST_EXIT_USAGE);
}

static uint64_t
number(const struct options *o, const char *what, const char *s)
{
    char *end;

    errno = 0;
    unsigned long long v = strtoull(s, &end, 0);
    if (errno != 0 || end == s || *end != '\0' || *s == '-')
        usage(o, what, s);
    return v;
}

static uint64_t
memory_size(const struct options *o, const char *s)
{
    static const char units[] = "KMG";
    char *end;

    errno = 0;
    unsigned long long v = strtoull(s, &end, 10);
    const char *u = *end != '\0' ? strchr(units, *end) : NULL;
    unsigned shift = u != NULL ? 10 * (unsigned)(u - units + 1) : 20;

    if (errno != 0 || end == s || *s == '-' || (*end != '\0' && (u == NULL || end[1] != '\0')) ||
        v > UINT64_MAX >> shift)
        usage(o, "not a memory size", s);
    v <<= shift;
    if (v < host_machine.ram_min || v > host_machine.ram_max || v % 4096 != 0)
        usage(o, host_machine.ram_range, s);
    return v;
}

static void
drive(struct options *o, char *s)
{
    const char *bad = "", *wrong;

    if (o->drive_count == DRIVES_MAX)
        usage(o, "too many drives", s);
    wrong = drive_parse(s, &o->drives[o->drive_count++], &bad);
    if (wrong != NULL)
        usage(o, wrong, bad);
}

static void
at_time(struct options *o, char *s)
{
    if (o->at_count == AT_MAX)
        usage(o, "too many commands", s);
    o->at[o->at_count++] = s;
}

static void
append(struct options *o, const char *words)
{
    size_t used = strlen(o->append), n = strlen(words);

    if (n + 2 > sizeof o->append - used)
        usage(o, "--append is too long", words);
    if (used > 0)
        o->append[used++] = ' ';
    memcpy(o->append + used, words, n + 1);
}

static unsigned
choice(const struct options *o, const char *what, const char *s, const char *const *names)
{
    for (unsigned i = 0; names[i] != NULL; i++)
        if (strcmp(s, names[i]) == 0)
            return i;
    usage(o, what, s);
}

static void
timeout(struct options *o, const char *text)
{
    uint64_t s = number(o, "not a number of seconds", text);

    if (s == 0 || s > UINT64_MAX / 1000000000u)
        usage(o, "not a usable number of seconds", text);
    o->timeout_ns = s * 1000000000u;
}

static void
log_level(struct options *o, const char *text)
{
    uint64_t level = number(o, "not a log level", text);

    if (level > 7)
        usage(o, "not a log level", text);
    o->log_level = (int)level;
}

static void
fail_alloc(struct options *o, const char *rule)
{
    if (sim_fail_arm(rule, strlen(rule)) != 0)
        usage(o, "not a rule for --fail-alloc", rule);
    o->fail_alloc = true;
}

static _Noreturn void
tell(const struct options *o, bool all)
{
    if (all)
        printf(help, o->program, host_machine.what);
    else
        puts("drydock 0.1");
    exit(HOST_EXIT_OK);
}

static void
option(struct options *o, int c)
{
    static const char *const clocks[] = { "auto", "host", "virtual", NULL };
    static const char *const dmas[] = { "coherent", "noncoherent", NULL };
    static const char *const users[] = { "auto", "notify", "seccomp", "ptrace", "interp", NULL };

    switch (c) {
    case OPT_RUN:
        o->run = optarg;
        break;
    case OPT_DRIVE:
        drive(o, optarg);
        break;
    case OPT_AT:
        at_time(o, optarg);
        break;
    case OPT_APPEND:
        append(o, optarg);
        break;
    case 'm':
        o->ram_size = memory_size(o, optarg);
        break;
    case OPT_SEED:
        o->seed = number(o, "not a seed", optarg);
        break;
    case OPT_TIMEOUT:
        timeout(o, optarg);
        break;
    case OPT_EPOCH:
        o->epoch_s = number(o, "not a number of seconds", optarg);
        break;
    case OPT_CLOCK:
        o->clock = (enum option_clock)choice(o, "no such clock", optarg, clocks);
        break;
    case OPT_USER:
        o->user = (enum option_user)choice(o, "no such way of trapping", optarg, users);
        break;
    case OPT_DMA:
        o->dma = (enum option_dma)choice(o, "no such DMA", optarg, dmas);
        break;
    case OPT_FAIL_ALLOC:
        fail_alloc(o, optarg);
        break;
    case OPT_FAIL_REPORT:
        o->fail_report = optarg;
        break;
    case OPT_NO_PIN:
        o->pin = false;
        break;
    case OPT_STRICT:
        o->strict = true;
        break;
    case OPT_TRACE:
        o->trace = optarg;
        break;
    case OPT_LOG:
        o->log_file = optarg;
        break;
    case OPT_LOG_LEVEL:
        log_level(o, optarg);
        break;
    case 'h':
    case OPT_VERSION:
        tell(o, c == 'h');
    default:
        fprintf(stderr, "see %s --help\n", o->program);
        exit(HOST_EXIT_USAGE);
    }
}

void
options_parse(struct options *o, int argc, char **argv)
{
    int c;

    *o = (struct options){
        .program = argv[0], .seed = 1, .timeout_ns = SIM_NEVER, .pin = true, .log_level = -1
    };
    o->epoch_s = UINT64_MAX;
    while ((c = getopt_long(argc, argv, "hm:", longopts, NULL)) != -1)
        option(o, c);
    if (optind < argc)
        usage(o, "unexpected argument", argv[optind]);
}
