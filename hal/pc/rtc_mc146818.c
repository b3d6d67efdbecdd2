/* Reading the time of day from an MC146818 (Motorola datasheet ADI856R2): bounded wait for the update cycle, BCD and 12-hour
 * modes as register B says.  Years 00..69 are taken as 2000..2069, 70..99 as 1970..1999 (no century register is assumed). */
#include "pc.h"

enum { INDEX = 0, DATA = 1 };
enum { SECONDS = 0, MINUTES = 2, HOURS = 4, DAY = 7, MONTH = 8, YEAR = 9, REG_A = 10, REG_B = 11 };

#define A_UIP   0x80u
#define B_24H   0x02u
#define B_DM    0x04u /* binary */
#define HOUR_PM 0x80u

enum { UIP_READS_MAX = 50000, TRIES_MAX = 5, FIELDS = 6 };

static uint8_t
rtc_read(const struct io *io, uint8_t reg)
{
    io_write8(io, INDEX, reg);
    return io_read8(io, DATA);
}

static unsigned
from_bcd(unsigned v)
{
    return (v >> 4) * 10 + (v & 15);
}

struct fields {
    uint8_t v[FIELDS];
};

static bool
read_fields(const struct io *io, struct fields *out)
{
    static const uint8_t reg[FIELDS] = { SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR };
    unsigned n = 0;

    while (rtc_read(io, REG_A) & A_UIP)
        if (++n == UIP_READS_MAX)
            return false;
    for (unsigned i = 0; i < FIELDS; i++)
        out->v[i] = rtc_read(io, reg[i]);
    return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static uint64_t
days_from_civil(unsigned year, unsigned month, unsigned day)
{
    static const uint16_t before[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    uint64_t days = (uint64_t)(year - 1970) * 365 + (year - 1969) / 4 + before[month - 1] + day - 1;

    if (month > 2 && year % 4 == 0) /* 1970..2069: every fourth year is a leap year */
        days++;
    return days;
}

uint64_t
rtc_mc146818_read(const struct io *io)
{
    struct fields fa, fb;
    bool same = false;

    /* Two equal readings in a row: no update came in between. */
    for (unsigned t = 0; t < TRIES_MAX && !same; t++) {
        if (!read_fields(io, &fa) || !read_fields(io, &fb))
            return 0;
        same = true;
        for (unsigned i = 0; i < FIELDS; i++)
            same = same && fa.v[i] == fb.v[i];
    }
    if (!same)
        return 0;

    uint8_t reg_b = rtc_read(io, REG_B);
    bool pm = (fa.v[2] & HOUR_PM) != 0;
    unsigned v[FIELDS];

    for (unsigned i = 0; i < FIELDS; i++) {
        unsigned raw = i == 2 ? fa.v[i] & (uint8_t)~HOUR_PM : fa.v[i];
        v[i] = reg_b & B_DM ? raw : from_bcd(raw);
    }
    if (!(reg_b & B_24H))
        v[2] = v[2] % 12 + (pm ? 12 : 0);

    unsigned year = v[5] + (v[5] < 70 ? 2000 : 1900);

    if (v[0] > 59 || v[1] > 59 || v[2] > 23 || v[3] < 1 || v[3] > 31 || v[4] < 1 || v[4] > 12 ||
        v[5] > 99)
        return 0;
    return ((days_from_civil(year, v[4], v[3]) * 24 + v[2]) * 60 + v[1]) * 60 + v[0];
}
