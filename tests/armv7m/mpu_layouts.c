/* Random layouts of a program's memory, as the HAL of the Cortex-M boards puts them into the memory protection unit, against the manual.
 *
 *     mpu_layouts SEED COUNT      prints TAP
 *
 * A layout comes from random calls of hal_space_map(), unmap and protect: blocks as the kernel makes them, text of any length, spans that
 * no region can express, overlaps, ends of the address space.  What the calls promise is kept as a list of pieces; then the registers
 * are judged by mpu_reference.c and by the model of devices/: a program may do what was promised, and nothing else.  All three are
 * constant between the borders that promises and registers have, so looking at both sides of every border is looking at every address.
 *
 * Of an area that only a part was unmapped or protected of, the HAL may keep less than there could be, but never more.
 * Beside each layout, mpu_encode() alone is asked for spans anywhere in 4 GiB. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <devices/models.h>
#include <devices/mpu_armv7m.h>
#include <hal/cortex_m/cortex_m.h>
#include <hal/space.h>
#include <sim/random.h>
#include <sim/sim.h>

#include "mpu_reference.h"

enum {
    MPU_BASE = 0xe000ed90,
    MPU_SIZE = 0x2c,
    STEPS_MAX = 24,
    PIECES_MAX = 80,
    BORDERS_MAX = 2 * PIECES_MAX + REF_REGIONS * 9 + 8,
    ENCODES = 4,
    ANYWHERE = 8, /* random addresses for each layout */
    ALL = HAL_PROT_READ | HAL_PROT_WRITE | HAL_PROT_EXEC,
    SPACE_MIN = 0x100,
    SPACE_MAX = 0x40000000,
};

struct piece {
    uint64_t start, end;
    unsigned may, must; /* enum hal_prot */
    unsigned area;      /* pieces of one map have one number */
};

static struct {
    struct sim_stream random;
    struct mpu_reference ref;
    struct sim *sim;
    struct model *model;
    struct hal_space *space;
    struct piece piece[PIECES_MAX];
    unsigned pieces, areas;
    uint64_t layout, mapped, refused, probes, allowed;
} t;

static const struct board_dev mpu_dev = { "arm,armv7m-mpu", "mpu",        BOARD_MMIO, MPU_BASE,
                                          MPU_SIZE,         BOARD_NO_IRQ, 0 };
static const struct mpu_asker program = { false, false }, kernel = { true, false };

static void
fail(const char *what, uint64_t addr)
{
    printf("not ok 1 - layout %" PRIu64 ", address %#" PRIx64 ": %s\n", t.layout, addr, what);
    for (unsigned i = 0; i < t.pieces; i++)
        printf("# %#" PRIx64 " .. %#" PRIx64 " may %u must %u of area %u\n", t.piece[i].start,
               t.piece[i].end, t.piece[i].may, t.piece[i].must, t.piece[i].area);
    for (unsigned i = 0; i < REF_REGIONS; i++)
        printf("# region %u: RBAR %08x RASR %08x\n", i, t.ref.rbar[i], t.ref.rasr[i]);
    exit(1);
}

/* --- what the HAL's files need --- */

void
hal_io_write(const struct io *io unused_param, uint32_t off, unsigned width, uint64_t value)
{
    ref_write(&t.ref, off, (uint32_t)value);
    if ((t.ref.ctrl & 1) && ref_unpredictable(&t.ref) != NULL)
        fail("UNPREDICTABLE on the way", value);
    sim_bus_write(t.sim, SIM_MMIO, MPU_BASE + off, width, value);
}

uint64_t
hal_io_read(const struct io *io unused_param, uint32_t off, unsigned width)
{
    return sim_bus_read(t.sim, SIM_MMIO, MPU_BASE + off, width);
}

static uint64_t
rnd(uint64_t bound)
{
    return sim_stream_u64(&t.random) % bound;
}

/* --- what was promised --- */

static void
cut(uint64_t at)
{
    for (unsigned i = 0; i < t.pieces; i++) {
        if (t.piece[i].start >= at || t.piece[i].end <= at)
            continue;
        t.piece[t.pieces] = t.piece[i];
        t.piece[t.pieces++].start = at;
        t.piece[i].end = at;
        return;
    }
}

static bool
inside(const struct piece *p, uint64_t start, uint64_t end)
{
    return p->start >= start && p->end <= end;
}

/* Is this piece's area inside as a whole? */
static bool
whole(const struct piece *p, uint64_t start, uint64_t end)
{
    for (unsigned i = 0; i < t.pieces; i++)
        if (t.piece[i].area == p->area && !inside(&t.piece[i], start, end))
            return false;
    return true;
}

/* Areas that have something in the range and, if `partly`, something outside too. */
static unsigned
count_areas(uint64_t start, uint64_t end, bool partly)
{
    unsigned n = 0;

    for (unsigned i = 0; i < t.pieces; i++) {
        const struct piece *p = &t.piece[i];
        bool first = true;

        for (unsigned j = 0; j < i; j++)
            first = first && t.piece[j].area != p->area;
        n += (first || partly) && p->start < end && p->end > start &&
             (!partly || !whole(p, start, end));
    }
    return n;
}

/* Areas of which a part is in the range: nothing is owed of them any more. */
static void
release_parts(uint64_t start, uint64_t end)
{
    for (unsigned i = 0; i < t.pieces; i++) {
        if (!inside(&t.piece[i], start, end) || whole(&t.piece[i], start, end))
            continue;
        for (unsigned j = 0; j < t.pieces; j++)
            if (t.piece[j].area == t.piece[i].area)
                t.piece[j].must = 0;
    }
}

static void
promise_unmap(uint64_t start, uint64_t end)
{
    unsigned kept = 0;

    cut(start);
    cut(end);
    release_parts(start, end);
    for (unsigned i = 0; i < t.pieces; i++)
        if (!inside(&t.piece[i], start, end))
            t.piece[kept++] = t.piece[i];
    t.pieces = kept;
}

/* What programs can be given: none of them without reading, and never writing with executing. */
static bool
prot_good(unsigned prot)
{
    return (prot & HAL_PROT_READ) != 0 && prot != ALL;
}

static void
promise_protect(uint64_t start, uint64_t end, unsigned prot)
{
    cut(start);
    cut(end);
    release_parts(start, end);
    for (unsigned i = 0; i < t.pieces; i++) {
        struct piece *p = &t.piece[i];

        if (!inside(p, start, end))
            continue;
        p->must = prot_good(prot) && p->must != 0 ? prot : 0;
        p->may = prot;
    }
}

/* --- the judgement --- */

static unsigned
promised(uint64_t addr, unsigned *must)
{
    for (unsigned i = 0; i < t.pieces; i++) {
        if (addr < t.piece[i].start || addr >= t.piece[i].end)
            continue;
        *must = t.piece[i].must;
        return t.piece[i].may;
    }
    *must = 0;
    return 0;
}

static unsigned
granted(uint32_t addr)
{
    static const unsigned prot_of[] = {
        [REF_READ] = HAL_PROT_READ, [REF_WRITE] = HAL_PROT_WRITE, [REF_FETCH] = HAL_PROT_EXEC
    };
    unsigned prot = 0;

    for (enum ref_access a = REF_READ; a <= REF_FETCH; a++) {
        bool good = ref_allows(&t.ref, addr, a, false);

        if (good != mpu_armv7m_allows(t.model, addr, 1, (enum mpu_access)a, program))
            fail("the model does not agree with the reference", addr);
        prot |= good ? prot_of[a] : 0;
    }
    return prot;
}

static void
probe(uint64_t at)
{
    uint32_t addr = (uint32_t)at;
    unsigned must, may = promised(addr, &must), have = granted(addr), known = 0;

    t.probes++;
    t.allowed += have != 0;
    if ((have & ~may) != 0)
        fail("more than was promised", addr);
    if ((must & ~have) != 0)
        fail("less than was promised", addr);
    if (!hal_space_query(t.space, uaddr(addr), NULL, &known))
        known = 0;
    if (known != have)
        fail("hal_space_query() says something else", addr);
    for (enum ref_access a = REF_READ; a <= REF_WRITE; a++)
        if (!ref_allows(&t.ref, addr, a, true) ||
            !mpu_armv7m_allows(t.model, addr, 1, (enum mpu_access)a, kernel))
            fail("the kernel is kept out", addr);
}

/* Where the registers' meaning may change. */
static unsigned
region_borders(uint64_t *border)
{
    unsigned n = 0;

    for (unsigned r = 0; r < REF_REGIONS; r++) {
        uint64_t size = UINT64_C(2) << (t.ref.rasr[r] >> 1 & 31);

        if (t.ref.rasr[r] & 1)
            for (unsigned i = 0; i <= 8; i++)
                border[n++] = t.ref.rbar[r] + i * (size / 8);
    }
    return n;
}

static void
judge(void)
{
    uint64_t border[BORDERS_MAX];
    const char *wrong = ref_unpredictable(&t.ref);
    unsigned n = region_borders(border);

    if (wrong != NULL)
        fail(wrong, 0);
    if (t.ref.ctrl != 5)
        fail("MPU_CTRL is not ENABLE and PRIVDEFENA", 0);
    for (unsigned i = 0; i < t.pieces; i++) {
        border[n++] = t.piece[i].start;
        border[n++] = t.piece[i].end;
    }
    border[n++] = 0;
    border[n++] = SPACE_MAX;
    border[n++] = 0xe0000000;
    for (unsigned i = 0; i < n; i++)
        for (uint64_t at = border[i] - 1; at != border[i] + 2; at++)
            probe(at);
    for (unsigned i = 0; i < ANYWHERE; i++)
        probe(sim_stream_u64(&t.random));
}

/* --- layouts --- */

/* A span in pages: like the kernel's blocks, of any length, or anything. */
static void
choose_span(uint64_t *start, uint64_t *pages)
{
    unsigned order = (unsigned)rnd(9), kind = (unsigned)rnd(8);
    uint64_t base = rnd(2) ? 0x20000000 : 0, all = UINT64_C(1) << order;

    if (kind < 5) { /* eighths of a block, from its start */
        uint64_t step = all < 8 ? 1 : all / 8;

        *start = base + rnd((256 >> order) + 1) * (all << PAGE_SHIFT);
        *pages = step * (1 + rnd(all / step));
    } else if (kind == 5) { /* any pages of a small memory */
        *start = base + rnd(256) * PAGE_SIZE;
        *pages = 1 + rnd(64);
    } else if (kind == 6) { /* up to the end, and over it */
        bool large = rnd(4) == 0;

        *start = SPACE_MAX - (large ? rnd(5) << 28 : rnd(64) << PAGE_SHIFT);
        *pages = large ? rnd(8) << (28 - PAGE_SHIFT) : rnd(70);
    } else {
        *start = sim_stream_u64(&t.random) >> (32 + rnd(32));
        *pages = sim_stream_u64(&t.random) >> rnd(64);
    }
    if (rnd(4) != 0)
        *start &= ~(uint64_t)PAGE_MASK;
}

static void
map(uint64_t start, uint64_t pages, unsigned prot)
{
    bool fits = pages <= SPACE_MAX / PAGE_SIZE && start + pages * PAGE_SIZE <= SPACE_MAX;
    uint64_t end = fits ? start + pages * PAGE_SIZE : start;
    int rc;

    if (fits) {
        cut(start);
        cut(end);
    }
    rc = hal_space_map(t.space, uaddr((uintptr_t)start), paddr(start), (size_t)pages, prot);
    if (rc == 0 && pages != 0) {
        if (!fits || start < SPACE_MIN || !prot_good(prot) || !ref_expressible(start, end))
            fail("mapped what cannot be", start);
        promise_unmap(start, end);
        t.piece[t.pieces++] = (struct piece){ start, end, prot, prot, t.areas++ };
        t.mapped++;
    } else if (rc < 0) {
        if (fits && start >= SPACE_MIN && prot_good(prot) && ref_expressible(start, end) &&
            count_areas(start, end, true) == 0 &&
            count_areas(0, UINT64_MAX, false) - count_areas(start, end, false) < REF_REGIONS)
            fail("refused what can be", start);
        t.refused++;
    }
}

/* The range of an area or a part of one; sometimes anything. */
static void
choose_old(uint64_t *start, uint64_t *pages)
{
    const struct piece *p = &t.piece[t.pieces ? rnd(t.pieces) : 0];
    uint64_t n = (p->end - p->start) / PAGE_SIZE, first;

    if (t.pieces == 0 || rnd(8) == 0 || n == 0) {
        choose_span(start, pages);
        return;
    }
    first = rnd(3) == 0 ? rnd(n) : 0;
    *start = p->start + first * PAGE_SIZE;
    *pages = rnd(3) == 0 ? rnd(n - first + 4) : n - first;
}

static void
step(void)
{
    uint64_t start, pages;
    unsigned prot = rnd(8) == 0 ? (unsigned)rnd(8) : rnd(2) ? HAL_PROT_READ | HAL_PROT_WRITE : 5;
    unsigned what = (unsigned)rnd(12);

    if (what < 8) {
        choose_span(&start, &pages);
        if (what == 0)
            choose_old(&start, &pages);
        map(start, pages, prot);
        return;
    }
    choose_old(&start, &pages);
    if (start >= SPACE_MAX || pages > SPACE_MAX / PAGE_SIZE)
        return;
    if (what < 10) {
        hal_space_unmap(t.space, uaddr((uintptr_t)start), (size_t)pages);
        promise_unmap(start, start + pages * PAGE_SIZE);
    } else if (what == 10 && prot != 0) {
        hal_space_protect(t.space, uaddr((uintptr_t)start), (size_t)pages, prot);
        promise_protect(start, start + pages * PAGE_SIZE, prot);
    } else {
        cm_space_activate(t.space); /* what it has now must not be what stays */
    }
}

static void
one_layout(void)
{
    unsigned steps = 1 + (unsigned)rnd(STEPS_MAX);

    t.pieces = t.areas = 0;
    if (hal_space_create(&t.space) != 0)
        fail("no space", 0);
    while (steps-- > 0)
        step();
    cm_space_activate(t.space);
    judge();
    hal_space_destroy(t.space);
}

/* --- spans anywhere --- */

static uint32_t
anywhere(void)
{
    uint32_t v = (uint32_t)sim_stream_u64(&t.random) & UINT32_MAX << rnd(32);

    return rnd(4) == 0 ? 0 - v : v;
}

/* One region in a unit of its own must allow [start, end) and its neighbours nothing. */
static void
check_region(const struct mpu_region *region, uint64_t start, uint64_t end, unsigned prot)
{
    struct mpu_reference m = { .ctrl = 1 };
    uint64_t size = UINT64_C(2) << (region->rasr >> 1 & 31);
    enum ref_access last = (prot & HAL_PROT_WRITE) != 0  ? REF_WRITE
                           : (prot & HAL_PROT_EXEC) != 0 ? REF_FETCH
                                                         : REF_READ;

    ref_write(&m, 8, (uint32_t)rnd(REF_REGIONS));
    ref_write(&m, 12, region->rbar);
    ref_write(&m, 16, region->rasr);
    if (!(region->rasr & 1) || ref_unpredictable(&m) != NULL)
        fail("a region that is off or UNPREDICTABLE", start);
    for (unsigned i = 0; i < 11; i++) {
        uint64_t border = i < 9 ? region->rbar + size / 8 * i : i == 9 ? start : end;

        for (uint64_t at = border - 1; at != border + 2; at++) {
            uint32_t addr = (uint32_t)at;
            bool is_in = addr >= start && addr < end;

            if (addr >=
                0xe0000000) /* system space: nothing is executed, nothing is a program's at 0xe0000000 */
                continue;
            for (enum ref_access a = REF_READ; a <= REF_FETCH; a++)
                if (ref_allows(&m, addr, a, false) != (is_in && (a == REF_READ || a == last)))
                    fail("one region: not what was asked for", addr);
        }
    }
}

static void
encode_anywhere(void)
{
    uint32_t start = anywhere(), size = anywhere(), out_of = (uint32_t)rnd(3);
    unsigned prot = rnd(8) == 0 ? (unsigned)rnd(8) : HAL_PROT_READ | 1u << rnd(3);
    struct mpu_region region;
    uint64_t end;

    if (out_of == 0 && size != 0) { /* eighths of a block, at a multiple of it */
        unsigned bits = 3 + (unsigned)rnd(29);
        uint32_t part = 1u << (bits < 8 ? bits : bits - 3), n = bits < 8 ? 1 : 1 + (uint32_t)rnd(8);

        start = (start >> bits << bits) + part * (uint32_t)rnd(9 - n) * (bits >= 8);
        size = part * n;
    }
    end = (uint64_t)start + size;
    if (mpu_encode(start, size, prot, &region)) {
        if (size == 0 || end > UINT64_C(1) << 32 || !prot_good(prot) || !ref_expressible(start, end))
            fail("encoded what cannot be", start);
        check_region(&region, start, end, prot);
        t.mapped++;
    } else {
        if (size != 0 && end <= UINT64_C(1) << 32 && prot_good(prot) && ref_expressible(start, end))
            fail("did not encode what can be", start);
        t.refused++;
    }
}

static void
start_machine(uint64_t seed)
{
    static struct board_dev devs[2];
    static struct board board = { .name = "mpu", .devs = devs, .default_ram = 1 << 20 };
    static const struct model_class *const models[] = { &mpu_armv7m_class, NULL };
    static const struct sim_config config = {
        .ram_size = 1 << 20, .ram_base = SIM_RAM_ANY, .seed = 1, .access_ns = SIM_ACCESS_FREE
    };
    static const struct io io = { .base = MPU_BASE, .size = MPU_SIZE, .space = IO_MMIO };

    devs[0] = mpu_dev;
    t.sim = sim_create(&config, &board, models);
    if (t.sim == NULL)
        fail("no machine", 0);
    t.model = sim_model_find(t.sim, "mpu");
    sim_stream_init(&t.random, seed, "mpu layouts");
    mpu_init(&io);
}

int
main(int argc, char **argv)
{
    uint64_t count;

    if (argc != 3)
        return 2;
    count = strtoull(argv[2], NULL, 0);
    printf("1..1\n");
    start_machine(strtoull(argv[1], NULL, 0));
    for (t.layout = 0; t.layout < count; t.layout++) {
        one_layout();
        t.pieces = 0;
        for (unsigned i = 0; i < ENCODES; i++)
            encode_anywhere();
    }
    if (sim_violations(t.sim) != 0)
        fail("the model saw a guest error", 0);
    if (t.mapped < count || t.refused < count || t.allowed < count)
        fail("hardly anything was tried", 0);
    printf("ok 1 - %" PRIu64 " layouts: %" PRIu64 " areas mapped, %" PRIu64 " refused, %" PRIu64
           " addresses asked, %" PRIu64 " of them allowed\n",
           count, t.mapped, t.refused, t.probes, t.allowed);
    return 0;
}
