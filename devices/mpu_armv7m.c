/* Model of the memory protection unit of ARMv7-M (ARMv7-M Architecture Reference Manual, DDI 0403E, B3.5), as in the Cortex-M3: eight
 * unified regions with eight subregions each.
 *
 * What the manual leaves UNPREDICTABLE allows nothing: a region whose base is not a multiple of its size, a size below 32 bytes, AP 4,
 * subregions of a region below 256 bytes that are switched off, TEX and C and B combinations that are reserved.  Such a region, once
 * enabled, is also a guest error when it is first asked.
 *
 * Not modelled: memory attributes, which are checked and kept only.
 */
#include <devices/models.h>
#include <devices/mpu_armv7m.h>

enum {
    R_TYPE,
    R_CTRL,
    R_RNR,
    R_RBAR,
    R_RASR,
    R_RBAR_A1,
    R_RASR_A1,
    R_RBAR_A2,
    R_RASR_A2,
    R_RBAR_A3,
    R_RASR_A3,
    R_COUNT
};

enum {
    REGIONS = 8,

    CTRL_ENABLE = 1 << 0,
    CTRL_HFNMIENA = 1 << 1,
    CTRL_PRIVDEFENA = 1 << 2,

    RBAR_VALID = 1 << 4,
    RBAR_ADDR = ~0x1f,

    RASR_ENABLE = 1 << 0,
    RASR_XN = 1 << 28,
    SIZE_MIN = 4,      /* 32 bytes */
    SIZE_SUBREGION = 7 /* 256 bytes: the smallest that has subregions */
};

#define RASR_MASK 0x173fff3fu

struct mpu_armv7m {
    struct model model;
    struct reg_bank bank;
    struct sim_region region;

    /* State. */
    uint64_t val[R_COUNT];
    uint64_t changes;
    uint32_t rbar[REGIONS], rasr[REGIONS];
    uint8_t told;      /* regions whose guest error has been reported */
    uint8_t unused[7]; /* no padding: it is part of a saved state */
};

/* --- registers --- */

static unsigned
number(const struct mpu_armv7m *m)
{
    return (unsigned)(m->val[R_RNR] % REGIONS);
}

static void
changed(struct mpu_armv7m *m, unsigned n)
{
    m->told &= (uint8_t)~(1u << n);
    m->changes++;
}

static uint64_t
rbar_peek(const void *dev, unsigned reg)
{
    const struct mpu_armv7m *m = dev;

    (void)reg;
    return m->rbar[number(m)] | number(m);
}

static uint64_t
rasr_peek(const void *dev, unsigned reg)
{
    const struct mpu_armv7m *m = dev;

    (void)reg;
    return m->rasr[number(m)];
}

static void
ctrl_write(void *dev, unsigned reg, uint64_t value)
{
    struct mpu_armv7m *m = dev;

    (void)reg;
    if (!(value & CTRL_ENABLE) && (value & CTRL_HFNMIENA)) { /* B3.5.5: UNPREDICTABLE */
        model_guest_error(&m->model, "CTRL", value, "HFNMIENA without ENABLE");
    }
    m->changes++;
}

static void
rnr_write(void *dev, unsigned reg, uint64_t value)
{
    struct mpu_armv7m *m = dev;

    if (value >= REGIONS) {
        model_guest_error(&m->model, "RNR", value, "there is no such region");
        m->val[reg] = m->bank.old;
    }
}

static void
rbar_write(void *dev, unsigned reg, uint64_t value)
{
    struct mpu_armv7m *m = dev;
    unsigned n = value & 0xf;

    m->val[reg] = 0;
    if (value & RBAR_VALID) {
        if (n >= REGIONS) {
            model_guest_error(&m->model, "RBAR", value, "there is no such region");
            return;
        }
        m->val[R_RNR] = n;
    }
    m->rbar[number(m)] = (uint32_t)value & (uint32_t)RBAR_ADDR;
    changed(m, number(m));
}

static void
rasr_write(void *dev, unsigned reg, uint64_t value)
{
    struct mpu_armv7m *m = dev;

    m->val[reg] = 0;
    m->rasr[number(m)] = (uint32_t)value & RASR_MASK;
    changed(m, number(m));
}

#define PAIR(suffix, off)                                                                          \
    [R_RBAR##suffix] = { "RBAR" #suffix, off, .rw = 0xffffffff, .peek = rbar_peek,                 \
                         .write = rbar_write },                                                    \
    [R_RASR##suffix] = { "RASR" #suffix, off + 4, .rw = RASR_MASK, .peek = rasr_peek,              \
                         .write = rasr_write }

static const struct reg regs[R_COUNT] = {
    [R_TYPE] = { "TYPE", 0x00, .ro = 0xffffffff, .reset = REGIONS << 8, .quiet_ro = true },
    [R_CTRL] = { "CTRL", 0x04, .rw = 7, .write = ctrl_write },
    [R_RNR] = { "RNR", 0x08, .rw = 0xff, .write = rnr_write },
    PAIR(, 0x0c),
    PAIR(_A1, 0x14),
    PAIR(_A2, 0x1c),
    PAIR(_A3, 0x24),
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 0x2c, .reg_size = 4 };

/* --- decisions --- */

/* B3.5.8, table B3-15: which access permissions mean what. */
static bool
permitted(unsigned ap, bool write, bool privileged)
{
    switch (ap) {
    case 1:
        return privileged;
    case 2:
        return privileged || !write;
    case 3:
        return true;
    case 5:
        return privileged && !write;
    case 6:
    case 7:
        return !write;
    default: /* 0: nobody; 4: reserved */
        return false;
    }
}

/* TEX, S, C, B: table B3-13. */
static bool
attributes_reserved(uint32_t rasr)
{
    unsigned tex = rasr >> 19 & 7, cb = rasr >> 16 & 3;

    return tex >= 4 ? false : tex == 3 || (tex == 2 && cb != 0) || (tex == 1 && (cb == 1 || cb == 2));
}

/* Why region n may not be used; NULL: it is in order. */
static const char *
fault_of(const struct mpu_armv7m *m, unsigned n)
{
    uint32_t rasr = m->rasr[n];
    unsigned size = rasr >> 1 & 0x1f;

    if (size < SIZE_MIN) {
        return "an enabled region is smaller than 32 bytes";
    }
    if (m->rbar[n] & (uint32_t)((UINT64_C(2) << size) - 1)) {
        return "an enabled region is not aligned to its size";
    }
    if (size < SIZE_SUBREGION && (rasr & 0xff00)) {
        return "a region below 256 bytes has no subregions to disable";
    }
    if ((rasr >> 24 & 7) == 4) {
        return "a reserved access permission";
    }
    return attributes_reserved(rasr) ? "reserved memory attributes" : NULL;
}

static bool
matches(const struct mpu_armv7m *m, unsigned n, uint32_t addr)
{
    uint32_t rasr = m->rasr[n];
    unsigned size = rasr >> 1 & 0x1f;
    uint64_t bytes = UINT64_C(2) << size;
    uint32_t off = addr - m->rbar[n];

    if (!(rasr & RASR_ENABLE) || size < SIZE_MIN || (m->rbar[n] & (uint32_t)(bytes - 1)) ||
        off >= bytes) {
        return false;
    }
    return size < SIZE_SUBREGION || !(rasr >> (8 + off / (bytes / 8)) & 1);
}

/* B3.5.1: the matching region with the highest number. */
static int
region_at(const struct mpu_armv7m *m, uint32_t addr)
{
    for (int n = REGIONS - 1; n >= 0; n--) {
        if (matches(m, (unsigned)n, addr)) {
            return n;
        }
    }
    return -1;
}

/* B3.1: where the default map does not let code run. */
static bool
default_xn(uint32_t addr)
{
    unsigned half_gib = addr >> 29;

    return half_gib == 2 || half_gib >= 5;
}

static bool
allows_byte(struct mpu_armv7m *m, uint32_t addr, enum mpu_access access, struct mpu_asker asker)
{
    bool on = (m->val[R_CTRL] & CTRL_ENABLE) && (!asker.negative || (m->val[R_CTRL] & CTRL_HFNMIENA));
    int n;

    /* The private peripheral bus: the default map always, and for privileged code only. */
    if (addr >> 20 == 0xe00) {
        return asker.privileged && access != MPU_FETCH;
    }
    if (!on) {
        return access != MPU_FETCH || !default_xn(addr);
    }
    n = region_at(m, addr);
    if (n < 0) {
        return asker.privileged && (m->val[R_CTRL] & CTRL_PRIVDEFENA) &&
               (access != MPU_FETCH || !default_xn(addr));
    }
    if (fault_of(m, (unsigned)n) ||
        !permitted(m->rasr[n] >> 24 & 7, access == MPU_WRITE, asker.privileged)) {
        return false;
    }
    /* From 0xe0000000 on nothing is ever executed. */
    return access != MPU_FETCH || (!(m->rasr[n] & RASR_XN) && addr < 0xe0000000u);
}

static void
report(struct mpu_armv7m *m)
{
    for (unsigned n = 0; n < REGIONS; n++) {
        const char *why = m->rasr[n] & RASR_ENABLE && !(m->told >> n & 1) ? fault_of(m, n) : NULL;

        if (why) {
            m->told |= (uint8_t)(1u << n);
            model_guest_error(&m->model, "RASR", m->rasr[n], why);
        }
    }
}

bool
mpu_armv7m_allows(struct model *mpu, uint32_t addr, uint32_t size, enum mpu_access access,
                  struct mpu_asker asker)
{
    struct mpu_armv7m *m = (struct mpu_armv7m *)mpu;

    if (m->val[R_CTRL] & CTRL_ENABLE) {
        report(m);
    }
    if (size == 0) {
        return true;
    }
    if (addr + (size - 1) < addr) {
        return false;
    }
    /* The finest border lies between granules of 32 bytes. */
    for (uint64_t at = addr; at < (uint64_t)addr + size; at = (at | 0x1f) + 1) {
        if (!allows_byte(m, (uint32_t)at, access, asker)) {
            return false;
        }
    }
    return true;
}

int
mpu_armv7m_region(struct model *mpu, uint32_t addr)
{
    const struct mpu_armv7m *m = (const struct mpu_armv7m *)mpu;

    return m->val[R_CTRL] & CTRL_ENABLE ? region_at(m, addr) : -1;
}

void
mpu_armv7m_get(const struct model *mpu, unsigned n, uint32_t *rbar, uint32_t *rasr)
{
    const struct mpu_armv7m *m = (const struct mpu_armv7m *)mpu;

    *rbar = m->rbar[n % REGIONS];
    *rasr = m->rasr[n % REGIONS];
}

uint32_t
mpu_armv7m_ctrl(const struct model *mpu)
{
    return (uint32_t)((const struct mpu_armv7m *)mpu)->val[R_CTRL];
}

uint64_t
mpu_armv7m_changes(const struct model *mpu)
{
    return ((const struct mpu_armv7m *)mpu)->changes;
}

static void
reset(void *dev)
{
    struct mpu_armv7m *m = dev;

    for (unsigned n = 0; n < REGIONS; n++) {
        m->rbar[n] = m->rasr[n] = 0;
    }
    m->told = 0;
    m->changes++;
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct mpu_armv7m *m = (struct mpu_armv7m *)model;
    int err = model_bank_init(model, &m->bank, &bank, m->val);

    return err ? err : model_region_bank(model, &m->region, SIM_MMIO, where->base, 0x2c, &m->bank, 0);
}

const struct model_class mpu_armv7m_class = {
    .compatible = "arm,armv7m-mpu",
    .size = sizeof(struct mpu_armv7m),
    .state = offsetof(struct mpu_armv7m, val),
    .create = create,
    .reset = reset,
};
