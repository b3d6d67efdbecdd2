/* Replays a register trace that was taken under QEMU on the models, and compares every value read and every interrupt.
 *
 *     replay [--board pc|lm3s6965evb] [--drive FILE]... --allowed FILE NAME TRACE...
 *
 * Several traces go one after the other to the same machine: what firmware leaves behind, then what runs after it.
 *
 * Prints TAP: one test for each scenario of the trace, and one that says whether every allowed difference has been met.
 *
 * Time.  The machine's clock is set to the time that the trace gives for an access.  How long a drive or a serial line takes is nobody's
 * promise, so their models' events are held back and run when the trace shows their effect: when a value read differs, the read is taken
 * back, the next held event runs, and the read is tried again; likewise when an interrupt was taken that the models have not raised
 * yet.  What no held event explains is a difference.  For counters that follow the clock there are rules in clocks.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sim/bus.h>
#include <sim/irq.h>
#include <sim/model.h>
#include <sim/models.h>
#include <sim/ram.h>
#include <sim/sim.h>
#include <sim/trace.h>

#include "allowed.h"
#include "card.h"
#include "clocks.h"
#include "trace.h"

#include <devices/nvic_armv7m.h>
#include <devices/pci_i440fx.h>
#include <devices/sd_card.h>

enum {
    RAM_BYTES = 32 << 20,
    DRIVES = 4,
    PULLS_MAX = 64,    /* held events that one read or interrupt may need */
    DETAILS_MAX = 300, /* differences that are printed */
    SLACK_NS = 20000,  /* how much later than QEMU's a timer's interrupt may come */
    BYTES_PER_WORD = 2,
};

#define EPOCH_S UINT64_C(1767225600) /* 2026-01-01, as QEMU is told */
#define HELD_NS (UINT64_C(1) << 60)

static const struct board *board = &board_pc;
static const char *const held_models[] = { "ide0",    "uart0", "ssi0", "sysctl",
                                           "systick", "adc0",  "eth0" };

static struct {
    struct sim *sim;
    struct allowed *allowed;
    struct clocks clocks;
    void *state; /* before the read that is being tried */
    size_t state_size;
    char name[64];    /* of the register last accessed: device.REGISTER */
    uint64_t confadd; /* PCI mechanism 1 */
    struct {
        uint8_t command;
        unsigned word;
    } ata[2];
    struct card card;
    char error[200]; /* the last guest error, or "" */
    char error_name[64];

    char scenario[80];
    unsigned tests, failed;
    unsigned differences, allowed_count, compared, waited; /* in this scenario */
    unsigned details;
} r;

static struct sim_image images[DRIVES];
static const char *const slots[DRIVES] = { "ide0.0", "ide0.1", "ide1.0", "ide1.1" };

/* --- scenarios --- */

static void
scenario_end(void)
{
    if (!r.compared && !r.differences) {
        return;
    }
    r.tests++;
    r.failed += r.differences != 0;
    printf("%s %u - %s (%u compared, %u allowed, %u waited for)\n", r.differences ? "not ok" : "ok",
           r.tests, r.scenario, r.compared, r.allowed_count, r.waited);
    r.differences = r.allowed_count = r.compared = r.waited = 0;
}

static void
scenario_begin(const char *name)
{
    scenario_end();
    snprintf(r.scenario, sizeof r.scenario, "%s", name);
}

static void
difference(const struct trace_line *line, const char *name, uint64_t qemu, uint64_t model,
           const char *what)
{
    if (allowed_match(r.allowed, name, qemu, model)) {
        r.allowed_count++;
        return;
    }
    r.differences++;
    if (r.details++ < DETAILS_MAX) {
        printf("# line %u: %s: QEMU %llx, model %llx%s%s\n", line->number, name,
               (unsigned long long)qemu, (unsigned long long)model, *what ? ": " : "", what);
    }
}

/* --- time --- */

static bool
is_held(const struct model *m)
{
    for (size_t i = 0; i < sizeof held_models / sizeof held_models[0]; i++) {
        if (strcmp(m->name, held_models[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* The end of a one-shot count of the local APIC, if one runs. */
static struct sim_event *
one_shot(void)
{
    struct model *lapic = sim_model_find(r.sim, "lapic");
    struct sim_event *ev = lapic ? lapic->events : NULL;
    struct reg_view view;

    return ev && sim_event_armed(ev) && model_reg_find(lapic, "LVT_TIMER", &view) &&
                   !(view.value & 0x60000)
               ? ev
               : NULL;
}

/* A one-shot count of the local APIC may end some instructions before or after QEMU's: it is put off by the slack, and comes earlier
 * when the trace has its interrupt.  (A periodic one would drift, and QEMU's does not.) */
static void
put_off_timer(void)
{
    static uint64_t put_off_to;
    struct sim_event *ev = one_shot();

    if (ev && ev->at_ns != put_off_to) {
        put_off_to = ev->at_ns + SLACK_NS;
        sim_event_at(ev, put_off_to);
    }
}

static void
hold(void)
{
    put_off_timer();
    for (struct model *m = sim_model_next(r.sim, NULL); m; m = sim_model_next(r.sim, m)) {
        for (struct sim_event *ev = is_held(m) ? m->events : NULL; ev; ev = ev->next_of_model) {
            if (sim_event_armed(ev) && ev->at_ns < HELD_NS) {
                sim_event_at(ev, HELD_NS + ev->at_ns); /* their order stays */
            }
        }
    }
}

/* Run the first of the held events; false: there is none. */
static bool
pull(void)
{
    struct sim_event *first = NULL;

    hold();
    for (struct model *m = sim_model_next(r.sim, NULL); m; m = sim_model_next(r.sim, m)) {
        for (struct sim_event *ev = is_held(m) ? m->events : NULL; ev; ev = ev->next_of_model) {
            if (sim_event_armed(ev) && (!first || ev->at_ns < first->at_ns)) {
                first = ev;
            }
        }
    }
    if (!first) {
        return false;
    }
    sim_event_at(first, sim_now(r.sim));
    sim_advance_to(r.sim, sim_now(r.sim));
    return true;
}

static void
pass_time(const struct trace_line *line)
{
    hold();
    if (line->at_ns != TRACE_NO_TIME) {
        sim_advance_to(r.sim, line->at_ns);
    }
}

/* --- names --- */

static void
on_trace(void *arg, const struct sim_trace_entry *e)
{
    (void)arg;
    if (!r.name[0]) { /* the innermost register reports first when it is read */
        snprintf(r.name, sizeof r.name, "%s.%s", e->dev, e->reg);
    }
}

/* After which command an ATA register was read, and which word of its data; which function's configuration register. */
static void
name_more(const struct trace_line *line)
{
    char more[32] = "";

    if (strcmp(r.name, "ssi0.DR") == 0) {
        card_name(&r.card, more, sizeof more);
        strncat(r.name, more, sizeof r.name - strlen(r.name) - 1);
    }
    if (line->kind != TRACE_PORT) {
        return;
    }
    if (line->addr >= 0xcfc && line->addr < 0xd00) {
        snprintf(r.name, sizeof r.name, "pci.%02x.%x.%02x", (unsigned)(r.confadd >> 11 & 31),
                 (unsigned)(r.confadd >> 8 & 7),
                 (unsigned)((r.confadd & 0xfc) + (line->addr - 0xcfc)));
    } else if (strncmp(r.name, "ide0.PRI", 8) == 0 || strncmp(r.name, "ide0.SEC", 8) == 0) {
        unsigned c = r.name[5] == 'S';
        bool data = line->addr == 0x1f0 || line->addr == 0x170;

        snprintf(more, sizeof more, data ? ":%02x.%u" : ":%02x", r.ata[c].command, r.ata[c].word);
        strncat(r.name, more, sizeof r.name - strlen(r.name) - 1);
        r.ata[c].word += data ? line->width / BYTES_PER_WORD : 0;
    }
    if (!r.name[0]) {
        snprintf(r.name, sizeof r.name, "port.%llx", (unsigned long long)line->addr);
    }
}

static void
note_write(const struct trace_line *line)
{
    if (board != &board_pc) {
        card_write(&r.card, line->addr, line->value);
    }
    if (line->kind != TRACE_PORT) {
        return;
    }
    clocks_write(&r.clocks, line->addr, line->value);
    if (line->addr == 0xcf8 && line->width == 4) {
        r.confadd = line->value;
    } else if (line->addr == 0x1f7 || line->addr == 0x177) {
        r.ata[line->addr == 0x177].command = (uint8_t)line->value;
        r.ata[line->addr == 0x177].word = 0;
    }
}

static void
on_violation(void *arg, const struct sim_violation *v)
{
    (void)arg;
    sim_violation_text(v, r.error, sizeof r.error);
    snprintf(r.error_name, sizeof r.error_name, "%s.%s:error", v->dev, v->reg);
}

static void
guest_error(const struct trace_line *line)
{
    if (r.error[0]) {
        difference(line, r.error_name, 0, 0, r.error);
        r.error[0] = '\0';
    }
}

/* --- the lines of a trace --- */

static enum sim_space
space_of(const struct trace_line *line)
{
    return line->kind == TRACE_PORT ? SIM_PORT : SIM_MMIO;
}

static uint64_t
try_read(const struct trace_line *line)
{
    r.name[0] = r.error[0] = '\0';
    return sim_bus_read(r.sim, space_of(line), line->addr, line->width);
}

static void
keep(void)
{
    sim_state_save(r.sim, r.state);
}

static void
take_back(void)
{
    if (sim_state_restore(r.sim, r.state, r.state_size) != 0) {
        abort();
    }
}

/* While BSY is set no other bit of an ATA status counts (T13/1410D, 7.15.6.1). */
static bool
same_value(const struct trace_line *line, uint64_t model)
{
    return line->value == model || (strstr(r.name, "STATUS") && strncmp(r.name, "ide0.", 5) == 0 &&
                                    (line->value & model & 0x80));
}

/* Read; if that is not QEMU's value, again after each of the held events. */
static uint64_t
read_and_wait(const struct trace_line *line)
{
    uint64_t v;

    keep();
    v = try_read(line);
    if (same_value(line, v) || strncmp(r.name, "pit.", 4) == 0) {
        return v;
    }
    for (unsigned i = 0; i < PULLS_MAX; i++) {
        take_back();
        if (!pull()) {
            break;
        }
        keep();
        v = try_read(line);
        if (same_value(line, v)) {
            r.waited++;
            return v;
        }
    }
    /* In vain: the read as it was.  Events that were pulled stay so. */
    take_back();
    return try_read(line);
}

static void
read_line(const struct trace_line *line)
{
    uint64_t qemu = line->value, model = read_and_wait(line);
    enum verdict verdict;

    model = same_value(line, model) ? qemu : model;
    name_more(line);
    r.compared++;
    verdict = clocks_compare(&r.clocks, r.name, &qemu, &model);
    if (verdict == CLOCK_OTHER || (verdict == CLOCK_EXACT && qemu != model)) {
        difference(line, r.name, qemu, model, "");
    }
    guest_error(line);
}

static void
write_line(const struct trace_line *line)
{
    r.name[0] = r.error[0] = '\0';
    note_write(line);
    sim_bus_write(r.sim, space_of(line), line->addr, line->width, line->value);
    guest_error(line);
}

static bool
pull_interrupt(void)
{
    for (unsigned i = 0; i < PULLS_MAX && !sim_cpu_intr_pending(r.sim); i++) {
        if (!pull()) {
            return false;
        }
        r.waited++;
    }
    return sim_cpu_intr_pending(r.sim);
}

/* What time brings.  The local APIC's count was put off by put_off_timer() and ends now: the clock must not run ahead of the trace, for
 * what the handler programs would be late by as much, and what its handler programs by more. */
static bool
time_interrupt(void)
{
    uint64_t end = sim_now(r.sim) + 2 * SLACK_NS;
    struct sim_event *count = one_shot();

    if (count && !sim_cpu_intr_pending(r.sim) && count->at_ns <= end) {
        sim_event_at(count, sim_now(r.sim));
    }
    while (!sim_cpu_intr_pending(r.sim) && sim_next_event_ns(r.sim) <= end) {
        sim_advance_to(r.sim, sim_next_event_ns(r.sim));
    }
    return sim_cpu_intr_pending(r.sim);
}

/* Let happen what may until the CPU has an interrupt to take: a drive's or a serial line's comes by a held event, a timer's by time. */
static bool
wait_for_interrupt(const struct trace_line *line)
{
    bool timer = line->kind == TRACE_GSI && line->addr == TRACE_TIMER;
    bool held = line->kind == TRACE_GSI && (line->addr == 4 || line->addr == 14 || line->addr == 15);

    if (held) {
        return pull_interrupt() || time_interrupt();
    }
    return time_interrupt() || (!timer && pull_interrupt());
}

/* The global interrupt number behind a vector of the I/O APIC, or TRACE_TIMER; -1: none. */
static int
gsi_of(unsigned vector)
{
    struct model *ioapic = sim_model_find(r.sim, "ioapic");
    struct model *lapic = sim_model_find(r.sim, "lapic");
    struct reg_view view;
    char name[20];

    if (lapic && model_reg_find(lapic, "LVT_TIMER", &view) && (view.value & 0xff) == vector) {
        return TRACE_TIMER;
    }

    for (int pin = 0; ioapic && pin < 24; pin++) {
        snprintf(name, sizeof name, "REDTBL%dL", pin);
        if (model_reg_find(ioapic, name, &view) && !(view.value & 0x10000) &&
            (view.value & 0xff) == vector) {
            return pin;
        }
    }
    return -1;
}

/* A Cortex-M's handler returns at once: the trace has its log only. */
static int
take_interrupt(void)
{
    int got = sim_cpu_intr_ack(r.sim);
    struct model *nvic = nvic_armv7m_find(r.sim);

    if (nvic && got >= 0) {
        nvic_armv7m_return(nvic, (unsigned)got);
    }
    return got;
}

static void
interrupt_line(const struct trace_line *line)
{
    int got = -1;

    r.compared++;
    if (wait_for_interrupt(line)) {
        got = take_interrupt();
        got = line->kind == TRACE_GSI ? gsi_of((unsigned)got) : got;
    }
    if (got < 0) {
        difference(line, "interrupt", line->addr, 0, "the models raise none");
    } else if ((uint64_t)got != line->addr) {
        difference(line, "interrupt", line->addr, (uint64_t)got, "");
    }
}

static void
quiet_line(const struct trace_line *line)
{
    r.compared++;
    if (sim_cpu_intr_pending(r.sim)) {
        difference(line, "interrupt", 0, (uint64_t)take_interrupt(), "QEMU raises none");
    }
}

static uint32_t
fnv1a(const uint8_t *p, size_t len)
{
    uint32_t sum = 0x811c9dc5;

    for (size_t i = 0; i < len; i++) {
        sum = (sum ^ p[i]) * 0x01000193;
    }
    return sum;
}

static void
memory_line(const struct trace_line *line)
{
    uint8_t *ram = sim_ram_base(r.sim);

    if (line->addr >= RAM_BYTES || line->len > RAM_BYTES - line->addr) {
        difference(line, "memory", line->addr, 0, "outside the models' RAM");
    } else if (line->kind == TRACE_MEMORY) {
        memcpy(ram + line->addr, line->bytes, line->len);
    } else if (line->kind == TRACE_FILL) {
        memset(ram + line->addr, (int)line->value, line->len);
    } else {
        uint32_t sum = fnv1a(ram + line->addr, line->len);

        r.compared++;
        if (sum != line->value) {
            difference(line, "memory", line->value, sum, "the device wrote other bytes");
        }
    }
}

static void
replay_line(const struct trace_line *line)
{
    switch (line->kind) {
    case TRACE_SCENARIO:
        scenario_begin(line->text);
        return;
    case TRACE_MEMORY:
    case TRACE_FILL:
    case TRACE_SUM:
        memory_line(line);
        return;
    case TRACE_LOG:
        return;
    default:
        break;
    }
    pass_time(line);
    switch (line->kind) {
    case TRACE_GSI:
    case TRACE_VECTOR:
        interrupt_line(line);
        break;
    case TRACE_QUIET:
        quiet_line(line);
        break;
    default:
        (line->write ? write_line : read_line)(line);
        break;
    }
}

/* --- the machine --- */

/* The PC, with the bridges as reset leaves them. */
static const struct board *
cold_pc(void)
{
    static struct board_dev devs[32];
    static struct board cold;
    size_t n = 0;

    cold = board_pc;
    for (; board_pc.devs[n].compatible; n++) {
        devs[n] = board_pc.devs[n];
        if (strcmp(devs[n].compatible, "intel,i440fx") == 0) {
            devs[n].compatible = "intel,i440fx-cold";
        }
    }
    cold.devs = devs;
    return &cold;
}

static void
machine(size_t drives)
{
    static const struct model_class *models[64];
    size_t n = 0;
    bool pc = board == &board_pc;
    struct sim_config config = {
        .ram_size = pc ? RAM_BYTES : 0,
        .ram_base = SIM_RAM_ANY,
        .seed = 1,
        .epoch_s = EPOCH_S,
        .access_ns = SIM_ACCESS_FREE,
        .strict = SIM_STRICT,
        .instant_serial = true,
        .images = images,
        .image_count = drives,
        .violation = on_violation,
    };

    for (; sim_models[n]; n++) {
        models[n] = sim_models[n];
    }
    models[n] = &pci_i440fx_cold_class;
    for (size_t i = 0; !pc && i < drives; i++) {
        images[i].slot = "sd0";
    }
    r.sim = sim_create(&config, pc ? cold_pc() : board, models);
    if (!r.sim) {
        perror("sim_create");
        exit(2);
    }
    r.state_size = sim_state_size(r.sim);
    r.state = malloc(r.state_size);
    if (!r.state || sim_trace_set(r.sim, "*", on_trace, NULL) != 0 ||
        (pc &&
         sim_dma_grant(r.sim, "ide0", 0, RAM_BYTES, SIM_DMA_TO_DEVICE | SIM_DMA_FROM_DEVICE) != 0)) {
        perror("replay");
        exit(2);
    }
    if (!pc) {
        sd_card_set_timing(sim_model_find(r.sim, "sd0"), &SD_TIMING_INSTANT);
    }
}

static void
add_drive(size_t n, const char *file)
{
    int fd = n < DRIVES ? open(file, O_RDWR | O_CLOEXEC) : -1;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        perror(file);
        exit(2);
    }
    images[n] = (struct sim_image){ .slot = slots[n], .fd = fd, .size = (uint64_t)st.st_size };
}

static void
all_allowed_used(const char *file)
{
    unsigned line = allowed_unused(r.allowed, 0);

    r.tests++;
    r.failed += line != 0;
    for (; line; line = allowed_unused(r.allowed, line)) {
        printf("# %s:%u: this difference does not occur any more\n", file, line);
    }
    printf("%s %u - every allowed difference occurs\n",
           allowed_unused(r.allowed, 0) ? "not ok" : "ok", r.tests);
}

static void
replay(const char *file)
{
    static struct trace_line line;
    FILE *f = fopen(file, "r");
    int what;

    if (!f) {
        perror(file);
        exit(2);
    }
    line.number = 0;
    while ((what = trace_next(f, &line)) > 0) {
        replay_line(&line);
    }
    if (what < 0) {
        difference(&line, "trace", 0, 0, "not a line of a trace");
    }
    fclose(f);
    scenario_end();
}

int
main(int argc, char **argv)
{
    const char *allowed = NULL;
    size_t drives = 0;
    int i;

    for (i = 1; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--board") == 0 && strcmp(argv[i + 1], board_lm3s6965evb.name) == 0) {
            board = &board_lm3s6965evb;
        } else if (strcmp(argv[i], "--drive") == 0) {
            add_drive(drives++, argv[i + 1]);
        } else if (strcmp(argv[i], "--allowed") == 0) {
            allowed = argv[i + 1];
        }
    }
    if (argc - i < 2 || !allowed) {
        fprintf(stderr,
                "usage: replay [--board NAME] [--drive FILE]... --allowed FILE NAME TRACE...\n");
        return 2;
    }
    r.allowed = allowed_load(allowed, argv[i]);
    if (!r.allowed) {
        return 2;
    }
    snprintf(r.scenario, sizeof r.scenario, "%s", argv[i]);
    machine(drives);
    while (++i < argc) {
        replay(argv[i]);
    }
    all_allowed_used(allowed);
    printf("1..%u\n", r.tests);
    sim_destroy(r.sim);
    allowed_free(r.allowed);
    free(r.state);
    return r.failed ? 1 : 0;
}
