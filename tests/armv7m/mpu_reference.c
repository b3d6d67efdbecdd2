/* The reference for the memory protection unit; see mpu_reference.h. */
#include "mpu_reference.h"

#include <stddef.h>

enum { CTRL = 4, RNR = 8, RBAR = 12, RASR = 16, EIGHTH_LEAST = 8 };

/* Bits high .. low of v. */
static uint32_t
field(uint32_t v, unsigned high, unsigned low)
{
    return (uint32_t)((uint64_t)v << (31 - high) & UINT32_MAX) >> (31 - high + low);
}

void
ref_write(struct mpu_reference *m, uint32_t off, uint32_t value)
{
    if (off == CTRL) {
        m->ctrl = value;
    } else if (off == RNR) {
        m->number = value & 0xff;
    } else if (off == RBAR) {
        if (field(value, 4, 4)) /* VALID */
            m->number = field(value, 3, 0);
        if (m->number < REF_REGIONS)
            m->rbar[m->number] = value & ~0x1fu;
    } else if (off == RASR && m->number < REF_REGIONS) {
        m->rasr[m->number] = value;
    }
}

static const char *
unpredictable(uint32_t rbar, uint32_t rasr)
{
    unsigned bits = field(rasr, 5, 1) + 1;

    if (bits < 5)
        return "a region of less than 32 bytes";
    if (bits < EIGHTH_LEAST && field(rasr, 15, 8) != 0)
        return "subregions of less than 32 bytes";
    if (bits == 32 ? rbar != 0 : field(rbar, bits - 1, 0) != 0)
        return "a base that is not a multiple of the size";
    if (field(rasr, 26, 24) == 4)
        return "AP 4";
    if (field(rasr, 31, 29) != 0 || field(rasr, 27, 27) != 0 || field(rasr, 23, 22) != 0 ||
        field(rasr, 7, 6) != 0)
        return "reserved bits";
    return NULL;
}

const char *
ref_unpredictable(const struct mpu_reference *m)
{
    const char *what = m->ctrl > 7 || (m->ctrl & 3) == 2 ? "MPU_CTRL" : NULL;

    for (unsigned r = 0; r < REF_REGIONS && what == NULL; r++)
        if (field(m->rasr[r], 0, 0))
            what = unpredictable(m->rbar[r], m->rasr[r]);
    return what;
}

static bool
permission(uint32_t rasr, enum ref_access access, bool privileged)
{
    static const char *const may[8] = { "", "RW", "RWr", "RWrw", "", "R", "Rr", "Rr" };
    char wanted = access == REF_WRITE ? 'w' : 'r';

    if (access == REF_FETCH && field(rasr, 28, 28))
        return false;
    for (const char *p = may[field(rasr, 26, 24)]; *p != '\0'; p++)
        if (*p == (privileged ? wanted - 'a' + 'A' : wanted))
            return true;
    return false;
}

/* The default memory map, table B3-1: peripherals and devices are XN. */
static bool
default_map(uint32_t addr, enum ref_access access)
{
    return access != REF_FETCH || addr < 0x40000000 || (addr >= 0x60000000 && addr < 0xa0000000);
}

bool
ref_allows(const struct mpu_reference *m, uint32_t addr, enum ref_access access, bool privileged)
{
    int hit = -1;

    if (field(addr, 31, 20) == 0xe00) /* the private peripheral bus */
        return privileged && access != REF_FETCH;
    if (!field(m->ctrl, 0, 0))
        return default_map(addr, access);
    for (int r = 0; r < REF_REGIONS; r++) { /* the last one that hits counts */
        unsigned bits = field(m->rasr[r], 5, 1) + 1, eighth;

        if (!field(m->rasr[r], 0, 0) || bits < 5)
            continue;
        if (bits < 32 && field(addr, 31, bits) != field(m->rbar[r], 31, bits))
            continue;
        eighth = field(addr, bits - 1, bits - 3);
        if (!field(m->rasr[r], 8 + eighth, 8 + eighth))
            hit = r;
    }
    if (hit < 0)
        return privileged && field(m->ctrl, 2, 2) && default_map(addr, access);
    return permission(m->rasr[hit], access, privileged) && (access != REF_FETCH || addr < 0xe0000000);
}

bool
ref_expressible(uint64_t start, uint64_t end)
{
    for (unsigned bits = 5; bits <= 32; bits++) {
        uint64_t block = UINT64_C(1) << bits, part = bits < EIGHTH_LEAST ? block : block / 8;
        uint64_t first = start / part, parts = end / part - first;

        /* Whole parts, all of one block. */
        if (parts > 0 && first * part == start && (first + parts) * part == end &&
            start / block == (end - 1) / block)
            return true;
    }
    return false;
}
