/* See console.h. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sim/event.h>
#include <sim/irq.h>
#include <sim/model.h>
#include <sim/sim.h>

#include "console.h"
#include "terminal.h"

enum { ARGS_MAX = 8, HISTORY_SIZE = 500 };

static struct console_config con;
static EditLine *editor;
static History *history_list;

struct command {
    const char *name, *args, *help;
    bool (*run)(int argc, char **argv); /* true: the guest goes on */
};
static const struct command commands[10];

/* --- numbers --- */

bool
console_time(const char *s, uint64_t *ns_out)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "", 1 } };
    char *end;
    double v = strtod(s, &end);

    if (end == s || !(v >= 0) || v > 1e18)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        if (v * units[i].ns > 1e18)
            return false;
        *ns_out = (uint64_t)(v * units[i].ns);
        return true;
    }
    return false;
}

static void
print_now(void)
{
    uint64_t now = sim_now(con.sim);

    printf("virtual time %llu.%09llu s\n", (unsigned long long)(now / 1000000000),
           (unsigned long long)(now % 1000000000));
}

/* --- commands --- */

static bool
cmd_help(int argc, char **argv)
{
    for (const struct command *c = commands; c->name != NULL; c++) {
        char head[48];

        if (argc > 1 && strcmp(argv[1], c->name) != 0)
            continue;
        snprintf(head, sizeof head, "%s %s", c->name, c->args);
        printf("%-34s %s\n", head, c->help);
    }
    return false;
}

static void
emit_line(void *arg, const char *line)
{
    (void)arg;
    puts(line);
}

static void
info_lines(void)
{
    for (unsigned irq = 0; irq < 24; irq++)
        if (sim_wire_level(con.sim, irq))
            printf("wire %u is high\n", irq);
    printf("INTR is %s\n", sim_cpu_intr_pending(con.sim) ? "asserted" : "quiet");
    for (size_t i = 0; sim_event_nth(con.sim, i) != NULL; i++) {
        const struct sim_event *e = sim_event_nth(con.sim, i);

        printf("%14.3f us  %s%s%s\n", (double)e->at_ns / 1e3,
               e->owner != NULL ? e->owner->name : "host", e->name != NULL ? "." : "",
               e->name != NULL ? e->name : "");
    }
}

static bool
cmd_info(int argc, char **argv)
{
    static const char topics[] = "info proc|mem|irq|dev|block|mount|events";

    if (argc != 2) {
        puts(topics);
    } else if (strcmp(argv[1], "events") == 0) {
        print_now();
        info_lines();
    } else if (con.info == NULL || con.info(argv[1], emit_line, NULL) < 0) {
        printf("no table '%s': %s\n", argv[1], topics);
    }
    return false;
}

static bool
cmd_regs(int argc, char **argv)
{
    struct model *m;
    struct reg_view v;

    if (argc != 2) {
        puts("regs DEV, one of:");
        for (m = sim_model_next(con.sim, NULL); m != NULL; m = sim_model_next(con.sim, m))
            printf("  %s%s%s\n", m->name, m->alias[0] != '\0' ? " = " : "", m->alias);
        return false;
    }
    m = sim_model_find(con.sim, argv[1]);
    if (m == NULL) {
        printf("no device '%s' (regs lists them)\n", argv[1]);
        return false;
    }
    for (unsigned i = 0; model_reg_nth(m, i, &v); i++) {
        if (v.reg->offset == REG_INTERNAL)
            printf("      ");
        else
            printf("+0x%03x", v.reg->offset);
        printf(" %s%s%-14s %0*llx%s\n", v.bank != NULL ? v.bank : "", v.bank != NULL ? "." : "",
               v.reg->name, (int)v.size * 2, (unsigned long long)v.value,
               v.visible ? "" : "  (hidden)");
    }
    return false;
}

static bool
cmd_step(int argc, char **argv)
{
    uint64_t ns;

    if (argc != 2 || !console_time(argv[1], &ns)) {
        puts("step TIME, as in 100us, 5ms, 1.5s");
        return false;
    }
    if (con.stop_at == NULL) {
        puts("stepping is not available");
        return false;
    }
    con.stop_at(sim_now(con.sim) + ns);
    return true;
}

static bool
plug(char *device, char *words)
{
    const char *wrong = con.plug(device, words);

    if (wrong != NULL)
        printf("%s: %s\n", device, wrong);
    return false;
}

static bool
cmd_plug(int argc, char **argv)
{
    static char first[] = "";

    if (argc == 2 || argc == 3)
        return plug(argv[1], argc == 3 ? argv[2] : first);
    puts("plug DEV [file=IMG[,ro][,scratch]]; without a file: what was in it at first");
    return false;
}

static bool
cmd_unplug(int argc, char **argv)
{
    if (argc == 2)
        return plug(argv[1], NULL);
    puts("unplug DEV");
    return false;
}

static bool
cmd_continue(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return true;
}

static bool
cmd_log(int argc, char **argv)
{
    int level = -1;

    if (argc == 2 && strlen(argv[1]) == 1 && argv[1][0] >= '0' && argv[1][0] <= '7')
        level = argv[1][0] - '0';
    else if (argc != 1)
        puts("log LEVEL: 3 errors, 4 warnings, 6 information, 7 everything");
    if (con.log_level != NULL)
        printf("log level %d\n", con.log_level(level));
    return false;
}

static bool
cmd_quit(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    fflush(stdout);
    con.quit(con.arg);
    return true;
}

static const struct command commands[10] = {
    { "help", "[COMMAND]", "this list", cmd_help },
    { "info", "proc|mem|irq|dev|block|mount|events", "a table of the kernel or the machine",
      cmd_info },
    { "regs", "[DEV]", "registers of a device, without side effects", cmd_regs },
    { "step", "TIME", "go on for so much virtual time, then come back", cmd_step },
    { "continue", "", "let the guest go on (also: end of input)", cmd_continue },
    { "plug", "DEV [file=IMG[,ro][,scratch]]", "put a card in, or the first one again", cmd_plug },
    { "unplug", "DEV", "pull the card out", cmd_unplug },
    { "log", "[LEVEL]", "show or set what the kernel logs", cmd_log },
    { "quit", "", "end the simulator", cmd_quit },
    { 0 },
};

/* A command by name or unambiguous beginning. */
static const struct command *
find_command(const char *name)
{
    const struct command *found = NULL;

    for (const struct command *c = commands; c->name != NULL; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
        if (strncmp(c->name, name, strlen(name)) == 0) {
            if (found != NULL)
                return NULL;
            found = c;
        }
    }
    return found;
}

bool
console_command(char *line)
{
    char *argv[ARGS_MAX + 1], *save = NULL;
    int argc = 0;
    bool go_on = false;

    for (char *w = strtok_r(line, " \t\n", &save); w != NULL && argc < ARGS_MAX;
         w = strtok_r(NULL, " \t\n", &save))
        argv[argc++] = w;
    if (argc == 0)
        return false;
    argv[argc] = NULL;
    const struct command *c = find_command(argv[0]);
    if (c == NULL)
        printf("no command '%s' (help lists them)\n", argv[0]);
    else
        go_on = c->run(argc, argv);
    fflush(stdout);
    return go_on;
}

/* --- line editing --- */

static char *
prompt(EditLine *el)
{
    static char text[] = "(drydock) ";

    (void)el;
    return text;
}

static const char *const info_topics[] = { "proc",  "mem",   "irq",    "dev",
                                           "block", "mount", "events", NULL };

/* The `n`th word that can stand at this place: a command, a topic, a device. */
static const char *
candidate(const char *first_word, bool first, size_t n)
{
    if (first) {
        for (size_t i = 0; i <= n; i++)
            if (commands[i].name == NULL)
                return NULL;
        return commands[n].name;
    }
    if (strcmp(first_word, "info") == 0)
        return n < sizeof info_topics / sizeof info_topics[0] ? info_topics[n] : NULL;
    if (strcmp(first_word, "regs") == 0 || strcmp(first_word, "plug") == 0 ||
        strcmp(first_word, "unplug") == 0) {
        struct model *m = sim_model_next(con.sim, NULL);

        while (m != NULL && n-- > 0)
            m = sim_model_next(con.sim, m);
        return m != NULL ? m->name : NULL;
    }
    return NULL;
}

static unsigned char
complete(EditLine *el, int ch)
{
    const LineInfo *li = el_line(el);
    const char *word = li->cursor, *match = NULL, *c;
    char first_word[32] = "";
    size_t common = 0;

    (void)ch;
    while (word > li->buffer && !isspace((unsigned char)word[-1]))
        word--;
    size_t len = (size_t)(li->cursor - word);
    bool first = word == li->buffer;
    sscanf(li->buffer, "%31s", first_word);
    if (first_word[0] != '\0' && !first && find_command(first_word) != NULL)
        snprintf(first_word, sizeof first_word, "%s", find_command(first_word)->name);
    for (size_t n = 0; (c = candidate(first_word, first, n)) != NULL; n++) {
        if (strncmp(c, word, len) != 0)
            continue;
        if (match == NULL) {
            match = c;
            common = strlen(c);
        }
        while (strncmp(c, match, common) != 0)
            common--;
    }
    if (match == NULL || common == len)
        return CC_REFRESH_BEEP;
    char insert[64];
    snprintf(insert, sizeof insert, "%.*s%s", (int)(common - len), match + len,
             match[common] == '\0' ? " " : "");
    return el_insertstr(el, insert) == 0 ? CC_REFRESH : CC_ERROR;
}

static void
open_editor(void)
{
    HistEvent ev;

    editor = el_init("drydock", stdin, stdout, stderr);
    if (editor == NULL)
        return;
    history_list = history_init();
    if (history_list != NULL) {
        history(history_list, &ev, H_SETSIZE, HISTORY_SIZE);
        history(history_list, &ev, H_SETUNIQUE, 1);
        el_set(editor, EL_HIST, history, history_list);
    }
    el_set(editor, EL_PROMPT, prompt);
    el_set(editor, EL_EDITOR, "emacs");
    el_set(editor, EL_ADDFN, "drydock-complete", "complete a word", complete);
    el_set(editor, EL_BIND, "^I", "drydock-complete", NULL);
    el_set(editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(editor, EL_SIGNAL, 0);
}

void
console_init(const struct console_config *config)
{
    con = *config;
}

static void
ignore(int signo)
{
    (void)signo;
}

/* ^C gives up the line, as in other debuggers; it does not end the simulator. */
static const char *
read_line(int *n)
{
    const char *line;

    for (;;) {
        errno = 0;
        line = el_gets(editor, n);
        if (line != NULL || errno != EINTR)
            return line;
        el_reset(editor);
        putchar('\n');
    }
}

void
console_run(void *arg)
{
    struct sigaction on_interrupt = { .sa_handler = ignore }, saved;
    bool go_on = false;

    (void)arg;
    sigaction(SIGINT, &on_interrupt, &saved);
    terminal_suspend();
    if (editor == NULL)
        open_editor();
    putchar('\n');
    print_now();
    while (!go_on && editor != NULL) {
        int n = 0;
        const char *line = read_line(&n);

        if (line == NULL || n <= 0)
            break;
        char *copy = strdup(line);
        if (copy == NULL)
            break;
        HistEvent ev;
        if (history_list != NULL && strspn(line, " \t\n") < strlen(line))
            history(history_list, &ev, H_ENTER, line);
        go_on = console_command(copy);
        free(copy);
    }
    putchar('\n');
    fflush(stdout);
    terminal_resume();
    sigaction(SIGINT, &saved, NULL);
}
