/* The MPU model against the ARMv7-M manual (DDI 0403E, B3.5): registers, then every kind of decision; at last random layouts against the
 * pseudocode of B3.5.3 written down byte by byte. */
#include <devices/mpu_armv7m.h>
#include <sim/random.h>

#include "harness.h"

enum {
    BASE = 0xe000ed90u,
    TYPE = BASE,
    CTRL = BASE + 0x04,
    RNR = BASE + 0x08,
    RBAR = BASE + 0x0c,
    RASR = BASE + 0x10,
    RBAR_A1 = BASE + 0x14,
    RASR_A3 = BASE + 0x28,

    ENABLE = 1,
    HFNMIENA = 2,
    PRIVDEFENA = 4,
    VALID = 0x10,
    RW = 3 << 24,
    PRIV_RW = 1 << 24,
    RO = 6 << 24,
    XN = 1 << 28,
    LAYOUTS = 20000,
};

static const struct board_dev mpu = { "arm,armv7m-mpu", "mpu", BOARD_MMIO, BASE, 0x2c,
                                      BOARD_NO_IRQ,     0 };
static const struct mpu_asker user = { false, false }, kernel = { true, false },
                              handler = { true, true };
static struct model *m;

static void
start(void)
{
    start_one(&mpu_armv7m_class, &mpu);
    m = sim_model_find(t.sim, "mpu");
}

/* RASR of 2^bits bytes. */
static uint32_t
size(unsigned bits)
{
    return (bits - 1) << 1 | 1;
}

static void
set(unsigned n, uint32_t base, uint32_t rasr)
{
    write32(RBAR, base | VALID | n);
    write32(RASR, rasr);
}

START_TEST(registers)
{
    start();
    ck_assert_uint_eq(read32(TYPE), 8 << 8);
    ck_assert_uint_eq(read32(CTRL), 0);
    ck_assert_uint_eq(read32(RNR), 0);
    write32(RNR, 5);
    ck_assert_uint_eq(read32(RBAR), 5); /* the region's number, and no VALID */
    write32(RBAR, 0x20000100);
    write32(RASR, RW | size(8));
    ck_assert_uint_eq(read32(RBAR), 0x20000105);
    ck_assert_uint_eq(read32(RASR), RW | size(8));
    set(2, 0x10000000, RO | size(10)); /* VALID chooses the region */
    ck_assert_uint_eq(read32(RNR), 2);
    ck_assert_uint_eq(read32(RBAR), 0x10000002);
    write32(RNR, 5);
    ck_assert_uint_eq(read32(RBAR), 0x20000105);
    write32(RBAR_A1, 0x20000200 | VALID | 6); /* the aliases are the same registers */
    write32(RASR_A3, RO | size(9));
    write32(RNR, 6);
    ck_assert_uint_eq(read32(RBAR), 0x20000206);
    ck_assert_uint_eq(read32(RASR), RO | size(9));
    finish();
}
END_TEST

START_TEST(off_or_default_map)
{
    start();
    ck_assert(mpu_armv7m_allows(m, 0x20000000, 4, MPU_WRITE, user)); /* off: everything, */
    ck_assert(!mpu_armv7m_allows(m, 0x40000000, 4, MPU_FETCH, kernel)); /* but devices do not execute */
    ck_assert(mpu_armv7m_allows(m, 0x60000000, 4, MPU_FETCH, user));
    ck_assert(!mpu_armv7m_allows(m, 0xa0000000, 4, MPU_FETCH, user));
    write32(CTRL, ENABLE);
    ck_assert(!mpu_armv7m_allows(m, 0x20000000, 4, MPU_READ, kernel)); /* no region, no access, */
    ck_assert(mpu_armv7m_allows(m, BASE, 4, MPU_WRITE, kernel)); /* but to the system control space, */
    ck_assert(!mpu_armv7m_allows(m, BASE, 4, MPU_READ, user));         /* privileged */
    ck_assert(mpu_armv7m_allows(m, 0x20000000, 4, MPU_READ, handler)); /* HFNMIENA is off */
    write32(CTRL, ENABLE | PRIVDEFENA);
    ck_assert(mpu_armv7m_allows(m, 0x20000000, 4, MPU_WRITE, kernel));
    ck_assert(!mpu_armv7m_allows(m, 0x20000000, 4, MPU_READ, user));
    write32(CTRL, ENABLE | HFNMIENA);
    ck_assert(!mpu_armv7m_allows(m, 0x20000000, 4, MPU_READ, handler));
    finish();
}
END_TEST

START_TEST(access_permissions)
{
    /* Table B3-15: for each AP, what privileged and unprivileged code may. */
    static const struct {
        unsigned ap;
        bool priv_read, priv_write, user_read, user_write;
    } table[] = {
        { 0, false, false, false, false }, { 1, true, true, false, false },
        { 2, true, true, true, false },    { 3, true, true, true, true },
        { 5, true, false, false, false },  { 6, true, false, true, false },
        { 7, true, false, true, false },
    };

    start();
    write32(CTRL, ENABLE);
    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
        set(0, 0x20000000, table[i].ap << 24 | size(12));
        ck_assert_int_eq(mpu_armv7m_allows(m, 0x20000ffc, 4, MPU_READ, kernel), table[i].priv_read);
        ck_assert_int_eq(mpu_armv7m_allows(m, 0x20000ffc, 4, MPU_WRITE, kernel), table[i].priv_write);
        ck_assert_int_eq(mpu_armv7m_allows(m, 0x20000ffc, 4, MPU_READ, user), table[i].user_read);
        ck_assert_int_eq(mpu_armv7m_allows(m, 0x20000ffc, 4, MPU_WRITE, user), table[i].user_write);
        /* Code must be readable to whom it runs for, too. */
        ck_assert_int_eq(mpu_armv7m_allows(m, 0x20000ffc, 4, MPU_FETCH, user), table[i].user_read);
    }
    set(0, 0x20000000, RW | XN | size(12));
    ck_assert(!mpu_armv7m_allows(m, 0x20000000, 2, MPU_FETCH, kernel));
    ck_assert(mpu_armv7m_allows(m, 0x20000000, 2, MPU_READ, kernel));
    finish();
}
END_TEST

START_TEST(borders)
{
    start();
    write32(CTRL, ENABLE);
    set(0, 0x20000020, RW | size(5));
    ck_assert(mpu_armv7m_allows(m, 0x20000020, 32, MPU_READ, user));
    ck_assert(!mpu_armv7m_allows(m, 0x2000001f, 1, MPU_READ, user));
    ck_assert(!mpu_armv7m_allows(m, 0x2000001f, 2, MPU_READ, user));
    ck_assert(!mpu_armv7m_allows(m, 0x2000003f, 2, MPU_READ, user));
    ck_assert(!mpu_armv7m_allows(m, 0x20000020, 33, MPU_READ, user));
    set(1, 0x20000040, RW | size(5));
    ck_assert(mpu_armv7m_allows(m, 0x2000003e, 4, MPU_WRITE, user)); /* over the border of two */
    set(0, 0, RW | size(32));                                        /* all of memory: 4 GiB */
    ck_assert(mpu_armv7m_allows(m, 0xfffffffc, 4, MPU_READ, user));
    ck_assert(!mpu_armv7m_allows(m, 0xfffffffc, 8, MPU_READ, user)); /* nothing wraps */
    ck_assert(mpu_armv7m_allows(m, 0x12345678, 4, MPU_FETCH, user));
    ck_assert(mpu_armv7m_allows(m, 0x12345678, 0, MPU_FETCH, user));
    finish();
}
END_TEST

START_TEST(highest_number_wins_and_subregions)
{
    start();
    write32(CTRL, ENABLE);
    set(0, 0x20000000, RW | size(16));
    set(3, 0x20000000, RO | size(11) | 0x5a << 8); /* 2 KiB in parts of 256: 0, 2, 5, 7 are on */
    for (unsigned i = 0; i < 8; i++) {
        bool on = !(0x5a >> i & 1);

        ck_assert_int_eq(mpu_armv7m_allows(m, 0x20000000 + i * 256, 256, MPU_WRITE, user), !on);
        ck_assert_int_eq(mpu_armv7m_region(m, 0x200000ff + i * 256), on ? 3 : 0);
    }
    ck_assert_int_eq(mpu_armv7m_region(m, 0x30000000), -1);
    set(3, 0, 0); /* off */
    ck_assert(mpu_armv7m_allows(m, 0x20000000, 2048, MPU_WRITE, user));
    finish();
}
END_TEST

START_TEST(unpredictable_allows_nothing)
{
    static const struct {
        uint32_t base, rasr;
    } bad[] = {
        { 0x20000020, RW | 5 << 1 | 1 },            /* 64 bytes, not aligned */
        { 0x20000000, RW | 3 << 1 | 1 },            /* 16 bytes */
        { 0x20000000, RW | 6 << 1 | 0x100 | 1 },    /* subregions of 128 bytes */
        { 0x20000000, 4 << 24 | 11 << 1 | 1 },      /* AP 4 */
        { 0x20000000, RW | 3 << 19 | 11 << 1 | 1 }, /* TEX 3 */
    };

    start();
    write32(CTRL, ENABLE);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        set(0, bad[i].base, bad[i].rasr);
        ck_assert(!mpu_armv7m_allows(m, 0x20000020, 4, MPU_READ, user));
        expect_error(SIM_V_STATE);
        ck_assert(!mpu_armv7m_allows(m, 0x20000020, 4, MPU_READ, user)); /* said once */
    }
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    uint64_t changes;

    start();
    write32(RNR, 8);
    expect_error(SIM_V_STATE);
    ck_assert_uint_eq(read32(RNR), 0);
    write32(RBAR, VALID | 9);
    expect_error(SIM_V_STATE);
    write32(CTRL, HFNMIENA);
    expect_error(SIM_V_STATE);
    write32(RASR, 1u << 31);
    expect_error(SIM_V_RESERVED);
    sim_bus_read(t.sim, SIM_MMIO, CTRL, 1);
    expect_error(SIM_V_WIDTH);
    changes = mpu_armv7m_changes(m);
    write32(CTRL, 0);
    ck_assert_uint_gt(mpu_armv7m_changes(m), changes);
    finish();
}
END_TEST

/* --- random layouts --- */

static struct {
    uint32_t base, rasr;
} layout[8];

/* B3.5.3, ValidateAddress and CheckPermission, for one byte of RAM with MPU_CTRL.ENABLE only. */
static bool
reference(uint32_t addr, enum mpu_access access, bool privileged)
{
    static const char *const allowed[8] = { "", "RW", "RWr", "RWrw", "", "R", "Rr", "Rr" };
    const char *ap = "";
    bool xn = true;

    for (unsigned i = 0; i < 8; i++) {
        uint64_t bytes = UINT64_C(2) << (layout[i].rasr >> 1 & 31);
        uint64_t off = (uint64_t)addr - layout[i].base;

        if (!(layout[i].rasr & 1) || addr < layout[i].base || off >= bytes) {
            continue;
        }
        if (bytes >= 256 && (layout[i].rasr >> (8 + off * 8 / bytes) & 1)) {
            continue;
        }
        ap = allowed[layout[i].rasr >> 24 & 7];
        xn = layout[i].rasr & XN;
    }
    if (!strchr(ap, (privileged ? "RWR" : "rwr")[access])) {
        return false;
    }
    return access != MPU_FETCH || !xn;
}

static uint32_t
random_rasr(uint64_t v, unsigned bits)
{
    static const uint32_t aps[] = { 0, 1, 2, 3, 5, 6, 7 };
    uint32_t rasr = aps[v % 7] << 24 | size(bits) | ((v >> 8 & 1) ? XN : 0);

    rasr |= bits >= 8 ? (uint32_t)(v >> 16 & 0xff) << 8 : 0;
    return v >> 9 & 7 ? rasr : rasr & ~1u;
}

START_TEST(random_layouts)
{
    struct sim_stream s;
    unsigned allowed = 0;

    start();
    write32(CTRL, ENABLE);
    sim_stream_init(&s, 1, "layouts");
    for (unsigned i = 0; i < LAYOUTS; i++) {
        uint64_t v = sim_stream_u64(&s);
        unsigned n = v % 8, bits = 5 + (unsigned)(v >> 8) % 11;
        uint32_t addr, len, base = 0x20000000 + ((uint32_t)(v >> 32 & 0xffff) & ~((1u << bits) - 1));
        enum mpu_access access = (enum mpu_access)(v >> 16 & 0xff) % 3;
        bool privileged = v >> 24 & 1, all = true;

        layout[n].base = base;
        layout[n].rasr = random_rasr(sim_stream_u64(&s), bits);
        set(n, base, layout[n].rasr);
        v = sim_stream_u64(&s);
        addr = 0x20000000 + (uint32_t)(v & 0x1ffff);
        len = 1 + (uint32_t)(v >> 32) % 70;
        for (uint32_t b = 0; b < len; b++) {
            all = all && reference(addr + b, access, privileged);
        }
        ck_assert_msg(
            mpu_armv7m_allows(m, addr, len, access, (struct mpu_asker){ privileged, false }) == all,
            "layout %u: %u bytes at %#x, access %d", i, len, addr, access);
        allowed += all;
    }
    ck_assert_uint_gt(allowed, LAYOUTS / 20); /* both answers occur */
    ck_assert_uint_lt(allowed, LAYOUTS / 2);
    finish();
}
END_TEST

RUN_TESTS("mpu_armv7m", registers, off_or_default_map, access_permissions, borders,
          highest_number_wins_and_subregions, unpredictable_allows_nothing, guest_errors,
          random_layouts)
