/* Model of the MC146818A real-time clock (Motorola data sheet ADI-1018R1) as in a PC: index port
 * and data port, 128 bytes, the century in CMOS byte 0x32.
 *
 * Seconds end at the end of the update cycle: UIP is set 244 us before the cycle, which takes 1984
 * us (32.768 kHz time base); until then registers show the old time.  Flags of interrupts that are
 * not enabled are computed when somebody looks.
 *
 * Not modelled: daylight saving (DSE), the square wave pin, time bases other than 32.768 kHz, loss
 * of power (VRT is set).
 */
#include <devices/models.h>
#include <devices/ticks.h>

enum { P_INDEX, P_DATA, P_COUNT };
enum {
    R_SECONDS,
    R_SECONDS_ALARM,
    R_MINUTES,
    R_MINUTES_ALARM,
    R_HOURS,
    R_HOURS_ALARM,
    R_DAY_OF_WEEK,
    R_DAY,
    R_MONTH,
    R_YEAR,
    R_A,
    R_B,
    R_C,
    R_D,
    R_CENTURY = 0x32,
    R_COUNT = 0x80,
};

enum {
    A_UIP = 1 << 7,
    A_DV = 7 << 4,
    A_DV_RESET = 6 << 4, /* 11x */
    A_RS = 0x0f,

    B_SET = 1 << 7,
    B_PIE = 1 << 6,
    B_AIE = 1 << 5,
    B_UIE = 1 << 4,
    B_DM = 1 << 2, /* binary, else BCD */
    B_24H = 1 << 1,

    C_IRQF = 1 << 7,
    C_PF = 1 << 6,
    C_AF = 1 << 5,
    C_UF = 1 << 4,
    C_ENABLES = C_PF | C_AF | C_UF, /* as PIE, AIE, UIE in register B */

    INDEX_NMI = 1 << 7,
    HOURS_PM = 1 << 7,
    ALARM_ANY = 0xc0, /* an alarm byte of 11xxxxxx matches everything */
};

#define SECOND_NS   UINT64_C(1000000000)
#define HALF_NS     UINT64_C(500000000)
#define UIP_NS      UINT64_C(2228000) /* 244 us of warning, 1984 us of update */
#define CRYSTAL_HZ  32768
#define DAY_SECONDS 86400

struct rtc {
    struct model model;
    struct reg_bank ports, bank;
    struct sim_region region;
    struct sim_line irq;
    struct sim_event tick;

    /* State. */
    uint64_t port_val[P_COUNT];
    uint64_t val[R_COUNT];
    int64_t offset_s; /* RTC seconds since 1970 = offset_s + seconds elapsed, where the clock runs */
    uint64_t phase_ns; /* seconds end at multiples of 1 s plus this */
    int64_t seen_s;    /* seconds elapsed when flags were last brought up to date */
    uint64_t seen_ns;
    int64_t alarm_s; /* the next second (elapsed) that matches the alarm; valid while alarm_known */
    bool alarm_known;
    uint8_t week_offset; /* the guest's day of the week minus the calendar's */
};

struct fields {
    unsigned second, minute, hour, week_day, day, month; /* week_day: 0 is Sunday; day, month from 1 */
    int64_t year;
};

/* --- the calendar: proleptic Gregorian, days since 1970-01-01 --- */

static int64_t
days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year; /* years begin in March, so that leap days come last */
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int64_t)day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static struct fields
fields_of(int64_t s)
{
    int64_t days = (s >= 0 ? s : s - (DAY_SECONDS - 1)) / DAY_SECONDS;
    int64_t rest = s - days * DAY_SECONDS;
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    unsigned month = (unsigned)(m < 10 ? m + 3 : m - 9);

    return (struct fields){
        .second = (unsigned)(rest % 60),
        .minute = (unsigned)(rest / 60 % 60),
        .hour = (unsigned)(rest / 3600),
        .week_day = (unsigned)(((days + 4) % 7 + 7) % 7),
        .day = (unsigned)(of_year - (153 * m + 2) / 5 + 1),
        .month = month,
        .year = y + era * 400 + (month <= 2),
    };
}

/* --- registers' number formats --- */

static uint8_t
encode(const struct rtc *r, unsigned v)
{
    return (uint8_t)(r->val[R_B] & B_DM ? v : v / 10 << 4 | v % 10);
}

static unsigned
decode(const struct rtc *r, uint64_t v)
{
    return (unsigned)(r->val[R_B] & B_DM ? v : (v >> 4) * 10 + (v & 15));
}

static uint8_t
encode_hour(const struct rtc *r, unsigned hour)
{
    if (r->val[R_B] & B_24H) {
        return encode(r, hour);
    }
    return (uint8_t)(encode(r, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOURS_PM : 0));
}

static unsigned
decode_hour(const struct rtc *r, uint64_t v)
{
    if (r->val[R_B] & B_24H) {
        return decode(r, v);
    }
    return decode(r, v & 0x7f) % 12 + (v & HOURS_PM ? 12 : 0);
}

/* --- time --- */

static bool
divider_held(const struct rtc *r)
{
    return (r->val[R_A] & A_DV_RESET) == A_DV_RESET;
}

static bool
running(const struct rtc *r)
{
    return !(r->val[R_B] & B_SET) && !divider_held(r);
}

static uint64_t
now_ns(const struct rtc *r)
{
    return sim_now(r->model.sim);
}

static int64_t
elapsed_s(const struct rtc *r, uint64_t ns)
{
    return (int64_t)((ns + SECOND_NS - r->phase_ns) / SECOND_NS);
}

static uint64_t
ns_of(const struct rtc *r, int64_t elapsed)
{
    return (uint64_t)elapsed * SECOND_NS + r->phase_ns - SECOND_NS;
}

static uint8_t
field_of(const struct rtc *r, unsigned reg, int64_t s)
{
    struct fields f = fields_of(s);

    switch (reg) {
    case R_SECONDS:
        return encode(r, f.second);
    case R_MINUTES:
        return encode(r, f.minute);
    case R_HOURS:
        return encode_hour(r, f.hour);
    case R_DAY_OF_WEEK:
        return encode(r, (f.week_day + r->week_offset) % 7 + 1);
    case R_DAY:
        return encode(r, f.day);
    case R_MONTH:
        return encode(r, f.month);
    case R_YEAR:
        return encode(r, (unsigned)((f.year % 100 + 100) % 100));
    default: /* the century is BCD in every mode: firmware's byte, not the chip's */
        return (uint8_t)(f.year / 1000 % 10 << 4 | f.year / 100 % 10);
    }
}

static const uint8_t time_regs[] = { R_SECONDS, R_MINUTES, R_HOURS, R_DAY_OF_WEEK,
                                     R_DAY,     R_MONTH,   R_YEAR,  R_CENTURY };
enum { TIME_REGS = sizeof time_regs };

/* Put the running time into the registers. */
static void
freeze(struct rtc *r)
{
    int64_t s = r->offset_s + elapsed_s(r, now_ns(r));

    for (unsigned i = 0; i < TIME_REGS; i++) {
        r->val[time_regs[i]] = field_of(r, time_regs[i], s);
    }
}

static unsigned
clamp(unsigned v, unsigned low, unsigned high)
{
    return v < low ? low : v > high ? high : v;
}

/* Take the running time from the registers; values out of range count as the nearest in range. */
static void
thaw(struct rtc *r)
{
    uint64_t century = (r->val[R_CENTURY] >> 4) * 10 + (r->val[R_CENTURY] & 15);
    int64_t year = (int64_t)century * 100 + clamp(decode(r, r->val[R_YEAR]), 0, 99);
    unsigned month = clamp(decode(r, r->val[R_MONTH]), 1, 12);
    unsigned day = clamp(decode(r, r->val[R_DAY]), 1, 31);
    unsigned hour = clamp(decode_hour(r, r->val[R_HOURS]), 0, 23);
    unsigned minute = clamp(decode(r, r->val[R_MINUTES]), 0, 59);
    unsigned second = clamp(decode(r, r->val[R_SECONDS]), 0, 59);
    unsigned week_day = clamp(decode(r, r->val[R_DAY_OF_WEEK]), 1, 7) - 1;
    int64_t s = days_of(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second;

    r->seen_ns = now_ns(r);
    r->seen_s = elapsed_s(r, r->seen_ns);
    r->offset_s = s - r->seen_s;
    r->week_offset = (uint8_t)((week_day + 7 - fields_of(s).week_day) % 7);
    r->alarm_known = false;
}

/* --- flags --- */

static bool
alarm_byte_matches(const struct rtc *r, unsigned reg, uint8_t value)
{
    return (r->val[reg] & ALARM_ANY) == ALARM_ANY || r->val[reg] == value;
}

static void
find_alarm(struct rtc *r, int64_t after)
{
    int64_t s = r->offset_s + after;

    r->alarm_known = true;
    r->alarm_s = INT64_MAX;
    for (unsigned i = 1; i <= DAY_SECONDS; i++) {
        int64_t of_day = ((s + i) % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS;

        if (alarm_byte_matches(r, R_SECONDS_ALARM, encode(r, (unsigned)(of_day % 60))) &&
            alarm_byte_matches(r, R_MINUTES_ALARM, encode(r, (unsigned)(of_day / 60 % 60))) &&
            alarm_byte_matches(r, R_HOURS_ALARM, encode_hour(r, (unsigned)(of_day / 3600)))) {
            r->alarm_s = after + i;
            return;
        }
    }
}

/* Ticks of the periodic interrupt per the rate selection; 0: off. */
static uint64_t
periodic_divisor(const struct rtc *r)
{
    unsigned rs = r->val[R_A] & A_RS;

    return rs == 0 || divider_held(r) ? 0 : 1u << ((rs <= 2 ? rs + 7 : rs) - 1);
}

static uint64_t
periodic_count(const struct rtc *r, uint64_t ns)
{
    return ticks_in(ns, CRYSTAL_HZ) / periodic_divisor(r);
}

/* Bring the flags up to date. */
static void
settle(struct rtc *r)
{
    uint64_t now = now_ns(r);
    int64_t s = elapsed_s(r, now);

    if (periodic_divisor(r) && periodic_count(r, now) != periodic_count(r, r->seen_ns)) {
        r->val[R_C] |= C_PF;
    }
    if (running(r) && s > r->seen_s) {
        r->val[R_C] |= C_UF;
        if (!r->alarm_known) {
            find_alarm(r, r->seen_s);
        }
        if (s >= r->alarm_s) {
            r->val[R_C] |= C_AF;
            find_alarm(r, s);
        }
    }
    r->seen_ns = now;
    r->seen_s = s;
}

/* Wake up for the next flag that may interrupt. */
static void
schedule(struct rtc *r)
{
    uint64_t at = SIM_NEVER;
    uint64_t divisor = periodic_divisor(r);

    if ((r->val[R_B] & B_PIE) && divisor) {
        at = ticks_ns((periodic_count(r, r->seen_ns) + 1) * divisor, CRYSTAL_HZ);
    }
    if ((r->val[R_B] & B_UIE) && running(r) && ns_of(r, r->seen_s + 1) < at) {
        at = ns_of(r, r->seen_s + 1);
    }
    if ((r->val[R_B] & B_AIE) && running(r)) {
        if (!r->alarm_known) {
            find_alarm(r, r->seen_s);
        }
        if (r->alarm_s != INT64_MAX && ns_of(r, r->alarm_s) < at) {
            at = ns_of(r, r->alarm_s);
        }
    }
    if (at == SIM_NEVER) {
        sim_event_cancel(&r->tick);
    } else if (!sim_event_armed(&r->tick) || r->tick.at_ns != at) {
        sim_event_at(&r->tick, at);
    }
}

static void
tick(void *dev)
{
    settle(dev);
    schedule(dev);
}

/* --- registers --- */

static bool
updating(const struct rtc *r)
{
    uint64_t now = now_ns(r);

    return running(r) && ns_of(r, elapsed_s(r, now) + 1) - now <= UIP_NS;
}

static uint64_t
time_peek(const void *dev, unsigned reg)
{
    const struct rtc *r = dev;

    return running(r) ? field_of(r, reg, r->offset_s + elapsed_s(r, now_ns(r))) : r->val[reg];
}

static void
time_write(void *dev, unsigned reg, uint64_t value)
{
    struct rtc *r = dev;

    settle(r);
    if (running(r)) { /* takes effect at once */
        freeze(r);
        r->val[reg] = value;
        thaw(r);
    }
    schedule(r);
}

static void
alarm_write(void *dev, unsigned reg, uint64_t value)
{
    struct rtc *r = dev;

    r->val[reg] = r->bank.old; /* what passed until now, passed under the old alarm */
    settle(r);
    r->val[reg] = value;
    r->alarm_known = false;
    schedule(r);
}

static uint64_t
a_peek(const void *dev, unsigned reg)
{
    const struct rtc *r = dev;

    return (r->val[reg] & (A_DV | A_RS)) | (updating(r) ? A_UIP : 0);
}

/* Put `reg` back to its old value while `now` is settled, then apply the change and start or stop
 * the clock. */
static void
control_write(struct rtc *r, unsigned reg, uint64_t value)
{
    bool was_running, was_held;

    r->val[reg] = r->bank.old;
    settle(r);
    was_running = running(r);
    was_held = divider_held(r);
    if (was_running) {
        freeze(r); /* in the old format; also right when the clock stops now */
    }
    r->val[reg] = value;
    if (was_held && !divider_held(r)) { /* the first second ends half a second after the divider starts */
        r->phase_ns = (now_ns(r) + HALF_NS) % SECOND_NS;
        r->seen_s = elapsed_s(r, now_ns(r));
    }
    if (running(r) && !was_running) {
        thaw(r);
    }
    r->alarm_known = false;
    schedule(r);
}

static void
a_write(void *dev, unsigned reg, uint64_t value)
{
    control_write(dev, reg, value & (A_DV | A_RS));
}

static void
b_write(void *dev, unsigned reg, uint64_t value)
{
    control_write(dev, reg, value & B_SET ? value & ~(uint64_t)B_UIE : value);
}

static uint64_t
c_value(const struct rtc *r)
{
    uint64_t flags = r->val[R_C] & C_ENABLES;

    return flags | (flags & r->val[R_B] ? C_IRQF : 0);
}

static uint64_t
c_peek(const void *dev, unsigned reg)
{
    (void)reg;
    return c_value(dev);
}

static uint64_t
c_read(void *dev, unsigned reg)
{
    struct rtc *r = dev;
    uint64_t value;

    settle(r);
    value = c_value(r);
    r->val[reg] = 0;
    schedule(r);
    return value;
}

#define TIME    .rw = 0xff, .peek = time_peek, .write = time_write
#define ALARM   .rw = 0xff, .write = alarm_write
#define CMOS(n) { "CMOS_" #n, 0x##n, .rw = 0xff }
#define CMOS16(n)                                                                                  \
    CMOS(n##0), CMOS(n##1), CMOS(n##2), CMOS(n##3), CMOS(n##4), CMOS(n##5), CMOS(n##6),            \
        CMOS(n##7), CMOS(n##8), CMOS(n##9), CMOS(n##A), CMOS(n##B), CMOS(n##C), CMOS(n##D),        \
        CMOS(n##E), CMOS(n##F)

static const struct reg regs[R_COUNT] = {
    { "SECONDS", 0x00, TIME },
    { "SECONDS_ALARM", 0x01, ALARM },
    { "MINUTES", 0x02, TIME },
    { "MINUTES_ALARM", 0x03, ALARM },
    { "HOURS", 0x04, TIME },
    { "HOURS_ALARM", 0x05, ALARM },
    { "DAY_OF_WEEK", 0x06, TIME },
    { "DAY", 0x07, TIME },
    { "MONTH", 0x08, TIME },
    { "YEAR", 0x09, TIME },
    { "REG_A", 0x0a, .reset = 0x26, .rw = 0x7f, .ro = A_UIP, .peek = a_peek, .write = a_write },
    { "REG_B", 0x0b, .reset = B_24H, .rw = 0xfe, .unimp = 1 << 0, .write = b_write },
    { "REG_C", 0x0c, .ro = 0xff, .read = c_read, .peek = c_peek },
    { "REG_D", 0x0d, .ro = 0xff, .reset = 0x80 },
    CMOS(0E),
    CMOS(0F),
    CMOS16(1),
    CMOS16(2),
    CMOS(30),
    CMOS(31),
    { "CENTURY", R_CENTURY, TIME },
    CMOS(33),
    CMOS(34),
    CMOS(35),
    CMOS(36),
    CMOS(37),
    CMOS(38),
    CMOS(39),
    CMOS(3A),
    CMOS(3B),
    CMOS(3C),
    CMOS(3D),
    CMOS(3E),
    CMOS(3F),
    CMOS16(4),
    CMOS16(5),
    CMOS16(6),
    CMOS16(7),
};

static uint64_t
data_peek(const void *dev, unsigned reg)
{
    const struct rtc *r = dev;
    uint32_t index = r->port_val[P_INDEX] & 0x7f;

    (void)reg;
    return regs[index].peek ? regs[index].peek(dev, index) : r->val[index];
}

static uint64_t
data_read(void *dev, unsigned reg)
{
    struct rtc *r = dev;

    (void)reg;
    return model_bank_read(&r->bank, r->port_val[P_INDEX] & 0x7f, 1);
}

static void
data_write(void *dev, unsigned reg, uint64_t value)
{
    struct rtc *r = dev;

    (void)reg;
    model_bank_write(&r->bank, r->port_val[P_INDEX] & 0x7f, 1, value);
}

/* Bit 7 of the index port masks NMIs, which nothing here raises. */
static const struct reg port_regs[P_COUNT] = {
    [P_INDEX] = { "INDEX", 0, .wo = 0x7f | INDEX_NMI },
    [P_DATA] = { "DATA", 1, .rw = 0xff, .read = data_read, .peek = data_peek, .write = data_write },
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = R_COUNT };
static const struct bank_class ports = { .regs = port_regs, .count = P_COUNT, .size = 2 };

static void
update(void *dev)
{
    struct rtc *r = dev;

    model_set_irq(&r->model, 0, c_value(r) & C_IRQF);
}

static void
reset(void *dev)
{
    struct rtc *r = dev;
    uint64_t now = now_ns(r);

    /* The battery keeps the time over a reset of the machine. */
    r->offset_s = (int64_t)sim_config_of(r->model.sim)->epoch_s - 1;
    r->phase_ns = 0;
    r->week_offset = 0;
    r->alarm_known = false;
    r->seen_ns = now;
    r->seen_s = elapsed_s(r, now);
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct rtc *r = (struct rtc *)model;
    int err;

    model_line_init(model, &r->irq, 0, "irq", where->irq);
    model_event_init(model, &r->tick, "tick", tick);
    err = model_bank_init(model, &r->bank, &bank, r->val);
    if (!err) {
        err = model_bank_init(model, &r->ports, &ports, r->port_val);
    }
    if (!err) {
        err = model_region_bank(model, &r->region, SIM_PORT, where->base, 2, &r->ports, 0);
    }
    return err;
}

const struct model_class rtc_mc146818_class = {
    .compatible = "motorola,mc146818",
    .size = sizeof(struct rtc),
    .state = offsetof(struct rtc, port_val),
    .create = create,
    .reset = reset,
    .update = update,
};
