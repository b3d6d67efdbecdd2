/* Model of the analog-to-digital converter of the LM3S6965 (LM3S6965 data sheet, chapter 11): four sample sequencers, four inputs, a
 * temperature sensor.
 *
 * A sequence takes a microsecond for each sample; its results are all there at its end.  Of several that wait the one with the highest
 * priority (SSPRI) comes next.
 *
 * Not modelled: triggers other than the processor's (PSSI) and "always", averaging (SAC is kept only), the loopback test mode.
 */
#include <devices/adc_lm3s.h>
#include <devices/models.h>

enum { S_MUX, S_CTL, S_FIFO, S_FSTAT, S_COUNT };

enum {
    R_ACTSS,
    R_RIS,
    R_IM,
    R_ISC,
    R_OSTAT,
    R_EMUX,
    R_USTAT,
    R_SSPRI,
    R_PSSI,
    R_SAC,
    R_SS, /* four registers for each sequencer */
    R_TMLB = R_SS + 4 * S_COUNT,
    R_COUNT
};

enum {
    SEQUENCERS = 4,
    FIFO_MAX = 8,
    SAMPLE_NS = 1000,
    EMUX_ALWAYS = 0xf,

    CTL_D = 1 << 0,
    CTL_END = 1 << 1,
    CTL_IE = 1 << 2,
    CTL_TS = 1 << 3,

    FSTAT_EMPTY = 1 << 8,
    FSTAT_FULL = 1 << 12,

    REFERENCE_UV = 3000000,
    MILLIDEGREES = 25000,
};

static const uint8_t depth[SEQUENCERS] = { 8, 4, 4, 1 };

struct adc_lm3s {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;
    struct sim_line irq[SEQUENCERS];
    struct sim_event done;

    /* State. */
    uint64_t val[R_COUNT];
    int32_t millidegrees;
    uint16_t input[ADC_LM3S_INPUTS];
    uint16_t fifo[SEQUENCERS][FIFO_MAX];
    uint8_t head[SEQUENCERS], len[SEQUENCERS];
    uint8_t ris;
    uint8_t waiting; /* triggered */
    uint8_t running; /* sequencer + 1; 0: none */
    uint8_t unused;  /* no padding: it is part of a saved state */
};

static uint64_t
seq(const struct adc_lm3s *a, unsigned n, unsigned reg)
{
    return a->val[R_SS + n * S_COUNT + reg];
}

/* --- conversion --- */

/* 11.2.5: SENSO = 2.7 - (T + 55) / 75 volts. */
static unsigned
temperature_of(const struct adc_lm3s *a)
{
    int64_t uv = 2700000 - ((int64_t)a->millidegrees + 55000) * 1000 / 75;

    uv = uv < 0 ? 0 : uv > REFERENCE_UV ? REFERENCE_UV : uv;
    return (unsigned)(uv * ADC_LM3S_MAX / REFERENCE_UV);
}

static unsigned
sample(const struct adc_lm3s *a, unsigned mux, unsigned ctl)
{
    if (ctl & CTL_TS) {
        return temperature_of(a);
    }
    if (ctl & CTL_D) { /* a pair: half the difference, from the middle */
        unsigned pair = mux % (ADC_LM3S_INPUTS / 2);

        return (ADC_LM3S_MAX + 1u + a->input[2 * pair] - a->input[2 * pair + 1]) / 2;
    }
    return a->input[mux % ADC_LM3S_INPUTS];
}

/* Samples of a sequence, to the END bit. */
static unsigned
samples_of(const struct adc_lm3s *a, unsigned n)
{
    unsigned i = 0;

    while (i < depth[n] && !(seq(a, n, S_CTL) >> i * 4 & CTL_END)) {
        i++;
    }
    return i < depth[n] ? i + 1 : 0;
}

static void
convert(struct adc_lm3s *a, unsigned n)
{
    unsigned count = samples_of(a, n);

    for (unsigned i = 0; i < count; i++) {
        unsigned ctl = (unsigned)(seq(a, n, S_CTL) >> i * 4) & 0xf;
        unsigned v = sample(a, (unsigned)(seq(a, n, S_MUX) >> i * 4) & 3, ctl);

        if (a->len[n] == depth[n]) { /* 11.2.2: the new one is lost */
            a->val[R_OSTAT] |= 1u << n;
        } else {
            a->fifo[n][(a->head[n] + a->len[n]++) % depth[n]] = (uint16_t)v;
        }
        if (ctl & CTL_IE) {
            a->ris |= (uint8_t)(1u << n);
        }
    }
}

static void
start_next(struct adc_lm3s *a)
{
    unsigned best = SEQUENCERS;

    for (unsigned n = 0; n < SEQUENCERS; n++) {
        if ((a->waiting >> n & 1) && (a->val[R_ACTSS] >> n & 1) &&
            (best == SEQUENCERS ||
             (a->val[R_SSPRI] >> n * 4 & 3) < (a->val[R_SSPRI] >> best * 4 & 3))) {
            best = n;
        }
    }
    if (a->running || best == SEQUENCERS) {
        return;
    }
    a->waiting &= (uint8_t)~(1u << best);
    if (samples_of(a, best) == 0) {
        model_guest_error(&a->model, "SSCTL", seq(a, best, S_CTL), "a sequence without an end");
        return;
    }
    a->running = (uint8_t)(best + 1);
    sim_event_at(&a->done, model_now(&a->model) + (uint64_t)SAMPLE_NS * samples_of(a, best));
}

/* Sequencers that are triggered all the time go on while there is room. */
static void
trigger_always(struct adc_lm3s *a)
{
    for (unsigned n = 0; n < SEQUENCERS; n++) {
        if ((a->val[R_EMUX] >> n * 4 & 0xf) == EMUX_ALWAYS && (a->val[R_ACTSS] >> n & 1) &&
            a->len[n] < depth[n] && samples_of(a, n)) {
            a->waiting |= (uint8_t)(1u << n);
        }
    }
    start_next(a);
}

static void
done(void *dev)
{
    struct adc_lm3s *a = dev;
    unsigned n = a->running - 1u;

    if (a->running) {
        a->running = 0;
        convert(a, n);
    }
    trigger_always(a);
}

/* --- registers --- */

static void
pssi_write(void *dev, unsigned reg, uint64_t value)
{
    struct adc_lm3s *a = dev;

    a->val[reg] = 0;
    a->waiting |= (uint8_t)(value & a->val[R_ACTSS]);
    start_next(a);
}

static void
start_write(void *dev, unsigned reg, uint64_t value)
{
    struct adc_lm3s *a = dev;

    (void)reg;
    (void)value;
    a->waiting &= (uint8_t)a->val[R_ACTSS];
    trigger_always(a);
}

static void
emux_write(void *dev, unsigned reg, uint64_t value)
{
    struct adc_lm3s *a = dev;

    (void)reg;
    for (unsigned n = 0; n < SEQUENCERS; n++) {
        unsigned source = (unsigned)(value >> n * 4) & 0xf;

        if (source != 0 && source != EMUX_ALWAYS) {
            sim_log(a->model.sim, "%s: not modelled: trigger %u", a->model.name, source);
        }
    }
    trigger_always(a);
}

static uint64_t
ris_peek(const void *dev, unsigned reg)
{
    const struct adc_lm3s *a = dev;

    return reg == R_ISC ? a->ris & a->val[R_IM] : a->ris;
}

static void
isc_write(void *dev, unsigned reg, uint64_t value)
{
    struct adc_lm3s *a = dev;

    a->val[reg] = 0;
    a->ris &= (uint8_t)~value;
}

/* 11.4: the priorities must be all different. */
static void
sspri_write(void *dev, unsigned reg, uint64_t value)
{
    struct adc_lm3s *a = dev;
    unsigned seen = 0;

    (void)reg;
    for (unsigned n = 0; n < SEQUENCERS; n++) {
        seen |= 1u << (value >> n * 4 & 3);
    }
    if (seen != 0xf) {
        model_guest_error(&a->model, "SSPRI", value, "two sequencers with the same priority");
    }
}

static uint64_t
fifo_peek(const void *dev, unsigned reg)
{
    const struct adc_lm3s *a = dev;
    unsigned n = (reg - R_SS) / S_COUNT;

    return a->len[n] ? a->fifo[n][a->head[n]] : a->val[reg];
}

static uint64_t
fifo_read(void *dev, unsigned reg)
{
    struct adc_lm3s *a = dev;
    unsigned n = (reg - R_SS) / S_COUNT;

    a->val[reg] = fifo_peek(dev, reg);
    if (a->len[n]) {
        a->head[n] = (uint8_t)((a->head[n] + 1) % depth[n]);
        a->len[n]--;
        trigger_always(a);
    } else {
        a->val[R_USTAT] |= 1u << n;
    }
    return a->val[reg];
}

static uint64_t
fstat_peek(const void *dev, unsigned reg)
{
    const struct adc_lm3s *a = dev;
    unsigned n = (reg - R_SS) / S_COUNT;
    unsigned tail = (a->head[n] + a->len[n]) % depth[n];

    return a->head[n] | tail << 4 | (a->len[n] ? 0 : FSTAT_EMPTY) |
           (a->len[n] == depth[n] ? FSTAT_FULL : 0);
}

#define SEQUENCER(n, mux, ctl, ctl_reset)                                                          \
    [R_SS + n * S_COUNT +                                                                          \
        S_MUX] = { "SSMUX" #n, 0x40 + 0x20 * n, .rw = mux },                                       \
        [R_SS + n * S_COUNT + S_CTL] = { "SSCTL" #n, 0x44 + 0x20 * n, .rw = ctl,                   \
                                         .reset = ctl_reset, .write = start_write },               \
        [R_SS + n * S_COUNT + S_FIFO] = { "SSFIFO" #n, 0x48 + 0x20 * n, .ro = 0x3ff,               \
                                          .read = fifo_read, .peek = fifo_peek },                  \
        [R_SS + n * S_COUNT +                                                                      \
            S_FSTAT] = { "SSFSTAT" #n, 0x4c + 0x20 * n, .ro = 0x11ff, .peek = fstat_peek }

static const struct reg regs[R_COUNT] = {
    [R_ACTSS] = { "ACTSS", 0x00, .rw = 0xf, .write = start_write },
    [R_RIS] = { "RIS", 0x04, .ro = 0xf, .peek = ris_peek },
    [R_IM] = { "IM", 0x08, .rw = 0xf },
    [R_ISC] = { "ISC", 0x0c, .w1c = 0xf, .peek = ris_peek, .write = isc_write },
    [R_OSTAT] = { "OSTAT", 0x10, .w1c = 0xf },
    [R_EMUX] = { "EMUX", 0x14, .rw = 0xffff, .write = emux_write },
    [R_USTAT] = { "USTAT", 0x18, .w1c = 0xf },
    [R_SSPRI] = { "SSPRI", 0x20, .rw = 0x3333, .reset = 0x3210, .write = sspri_write },
    [R_PSSI] = { "PSSI", 0x28, .wo = 0xf, .write = pssi_write },
    [R_SAC] = { "SAC", 0x30, .rw = 7 },
    SEQUENCER(0, 0x33333333, 0xffffffff, 0),
    SEQUENCER(1, 0x3333, 0xffff, 0),
    SEQUENCER(2, 0x3333, 0xffff, 0),
    SEQUENCER(3, 0x3, 0xf, CTL_END),
    [R_TMLB] = { "TMLB", 0x100, .wo = 0, .unimp = 1 },
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 0x1000, .reg_size = 4 };

static void
update(void *dev)
{
    struct adc_lm3s *a = dev;

    for (unsigned n = 0; n < SEQUENCERS; n++) {
        model_set_irq(&a->model, n, (a->ris & a->val[R_IM]) >> n & 1);
    }
}

static void
reset(void *dev)
{
    struct adc_lm3s *a = dev;

    for (unsigned n = 0; n < SEQUENCERS; n++) {
        a->head[n] = a->len[n] = 0;
    }
    a->ris = a->waiting = a->running = 0;
}

static int
create(struct model *model, const struct board_dev *where)
{
    static const char *const names[SEQUENCERS] = { "seq0", "seq1", "seq2", "seq3" };
    struct adc_lm3s *a = (struct adc_lm3s *)model;
    int err = model_bank_init(model, &a->bank, &bank, a->val);

    a->millidegrees = MILLIDEGREES;
    model_event_init(model, &a->done, "sequence", done);
    for (unsigned n = 0; n < SEQUENCERS; n++) { /* one interrupt after the other */
        model_line_init(model, &a->irq[n], n, names[n],
                        where->irq == BOARD_NO_IRQ ? BOARD_NO_IRQ : where->irq + n);
    }
    return err ? err
               : model_region_bank(model, &a->region, SIM_MMIO, where->base, 0x1000, &a->bank, 0);
}

void
adc_lm3s_set_temperature(struct model *adc, int millidegrees)
{
    ((struct adc_lm3s *)adc)->millidegrees = millidegrees;
}

void
adc_lm3s_set_input(struct model *adc, unsigned n, unsigned value)
{
    ((struct adc_lm3s *)adc)->input[n % ADC_LM3S_INPUTS] =
        (uint16_t)(value < ADC_LM3S_MAX ? value : ADC_LM3S_MAX);
}

const struct model_class adc_lm3s_class = {
    .compatible = "luminary,adc",
    .size = sizeof(struct adc_lm3s),
    .state = offsetof(struct adc_lm3s, val),
    .create = create,
    .reset = reset,
    .update = update,
};
