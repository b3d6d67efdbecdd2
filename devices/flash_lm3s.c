/* Model of the flash memory of the LM3S6965 and its controller (LM3S6965 data sheet, chapter 7, "internal memory"): 256 KiB in pages of
 * 1 KiB, programmed by words, protected by blocks of 2 KiB.
 *
 * The contents are those of the image in the slot of its name ("flash0") if there is one, and then written there; like a disk's they are
 * not part of a saved state.  Programming can only clear bits.  The registers of system control that belong to the flash are here.
 *
 * Not modelled: read protection (FMPREn is kept only), committing the protection registers (COMT), the debug and user registers' locks,
 * what the processor waits for while the flash is programmed.
 */
#include <devices/flash_lm3s.h>
#include <devices/models.h>
#include <devices/sysctl_lm3s.h>

#include <string.h>

enum { R_FMA, R_FMD, R_FMC, R_FCRIS, R_FCIM, R_FCMISC, R_COUNT };

enum {
    C_FMPRE,
    C_FMPPE,
    C_USECRL,
    C_USER_DBG,
    C_USER_REG0,
    C_USER_REG1,
    C_FMPREN,
    C_FMPPEN = C_FMPREN + 4,
    C_COUNT = C_FMPPEN + 4
};

enum {
    FMC_WRITE = 1 << 0,
    FMC_ERASE = 1 << 1,
    FMC_MERASE = 1 << 2,
    FMC_COMT = 1 << 3,
    FMC_KEY = 0xa442,

    INT_ACCESS = 1 << 0,
    INT_DONE = 1 << 1,

    PAGE = 1 << 10,
    BLOCK = 2 << 10,
    BLOCKS_PER_REG = 32,

    WRITE_NS = 20000,
    ERASE_NS = 20000000,
    MASS_ERASE_NS = 200000000,
    MHZ = 1000000,
};

struct flash_lm3s {
    struct model model;
    struct reg_bank bank, control;
    struct sim_region region, control_region[2], memory;
    struct sim_line irq;
    struct sim_event done;
    struct sim_image *image;
    uint8_t bytes[FLASH_LM3S_SIZE];

    /* State. */
    uint64_t val[R_COUNT];
    uint64_t cval[C_COUNT];
    uint8_t ris;
    uint8_t unused[7]; /* no padding: it is part of a saved state */
};

/* --- the memory --- */

static uint64_t
memory_read(void *dev, uint64_t off, unsigned width)
{
    const struct flash_lm3s *f = dev;
    uint64_t v = 0;

    for (unsigned i = 0; i < width; i++) {
        v |= (uint64_t)f->bytes[off + i] << (8 * i);
    }
    return v;
}

static void
memory_write(void *dev, uint64_t off, unsigned width, uint64_t value)
{
    struct flash_lm3s *f = dev;

    sim_violate(f->model.sim, &(struct sim_violation){
                                  .kind = SIM_V_READ_ONLY,
                                  .write = true,
                                  .width = width,
                                  .addr = off,
                                  .value = value,
                                  .dev = f->model.name,
                                  .reg = "memory",
                              });
}

static const struct region_ops memory_ops = { memory_read, memory_write };

static void
keep(struct flash_lm3s *f, size_t at, size_t n)
{
    if (f->image && at < f->image->size && !f->image->read_only) {
        n = n < f->image->size - at ? n : (size_t)(f->image->size - at);
        if (sim_image_write(f->image, at, f->bytes + at, n) != 0) {
            sim_log(f->model.sim, "%s: the image cannot be written", f->model.name);
        }
    }
}

static bool protected(const struct flash_lm3s *f, size_t at)
{
    size_t block = at / BLOCK;

    return !(f->cval[C_FMPPEN + block / BLOCKS_PER_REG] >> block % BLOCKS_PER_REG & 1);
}

/* --- programming --- */

static void
check_clock(struct flash_lm3s *f)
{
    uint32_t mhz = sysctl_lm3s_hz(f->model.sim, (uint32_t)(f->cval[C_USECRL] + 1) * MHZ) / MHZ;

    if (f->cval[C_USECRL] + 1 != mhz) { /* 7.2.2.1 */
        model_guest_error(&f->model, "USECRL", f->cval[C_USECRL],
                          "not the megahertz of the clock, less one");
    }
}

/* One of the operations; its effect is at once, its bit in FMC stays until it is over. */
static void
fmc_write(void *dev, unsigned reg, uint64_t value)
{
    struct flash_lm3s *f = dev;
    size_t at = (size_t)f->val[R_FMA];
    uint64_t what = value & 0xf, ns = WRITE_NS;

    if (value >> 16 != FMC_KEY || (f->bank.old & 0xf)) {
        f->val[reg] = f->bank.old;
        model_guest_error(&f->model, "FMC", value,
                          f->bank.old & 0xf ? "written while it is busy" : "written without the key");
        return;
    }
    f->val[reg] = what;
    if (!what) {
        return;
    }
    if (what & (what - 1)) {
        model_guest_error(&f->model, "FMC", value, "more than one operation");
        f->val[reg] = 0;
        return;
    }
    check_clock(f);
    if (what == FMC_MERASE) { /* protected blocks, too, are only spared by FMPPEn */
        for (size_t page = 0; page < FLASH_LM3S_SIZE; page += PAGE) {
            if (!protected(f, page)) {
                memset(f->bytes + page, 0xff, PAGE);
            }
        }
        keep(f, 0, FLASH_LM3S_SIZE);
        ns = MASS_ERASE_NS;
    } else if (what == FMC_COMT) {
        sim_log(f->model.sim, "%s: not modelled: committing registers", f->model.name);
    } else if (protected(f, at)) {
        f->ris |= INT_ACCESS;
        f->val[reg] = 0;
        return;
    } else if (what == FMC_ERASE) {
        memset(f->bytes + at / PAGE * PAGE, 0xff, PAGE);
        keep(f, at / PAGE * PAGE, PAGE);
        ns = ERASE_NS;
    } else {
        at &= ~(size_t)3;
        for (unsigned i = 0; i < 4; i++) {
            f->bytes[at + i] &= (uint8_t)(f->val[R_FMD] >> (8 * i));
        }
        keep(f, at, 4);
    }
    sim_event_at(&f->done, model_now(&f->model) + ns);
}

static void
done(void *dev)
{
    struct flash_lm3s *f = dev;

    f->val[R_FMC] = 0;
    f->ris |= INT_DONE;
}

static void
fma_write(void *dev, unsigned reg, uint64_t value)
{
    struct flash_lm3s *f = dev;

    (void)reg;
    if (f->val[R_FMC] & 0xf) {
        model_guest_error(&f->model, "FMA", value, "written while it is busy");
    }
}

static uint64_t
ris_peek(const void *dev, unsigned reg)
{
    const struct flash_lm3s *f = dev;

    return reg == R_FCMISC ? f->ris & f->val[R_FCIM] : f->ris;
}

static void
misc_write(void *dev, unsigned reg, uint64_t value)
{
    struct flash_lm3s *f = dev;

    f->val[reg] = 0;
    f->ris &= (uint8_t)~value;
}

static const struct reg regs[R_COUNT] = {
    [R_FMA] = { "FMA", 0x000, .rw = FLASH_LM3S_SIZE - 1, .write = fma_write },
    [R_FMD] = { "FMD", 0x004, .rw = 0xffffffff },
    /* The key is in the upper half, which reads as 0. */
    [R_FMC] = { "FMC", 0x008, .rw = 0xf, .wo = 0xffff0000, .write = fmc_write },
    [R_FCRIS] = { "FCRIS", 0x00c, .ro = 3, .peek = ris_peek },
    [R_FCIM] = { "FCIM", 0x010, .rw = 3 },
    [R_FCMISC] = { "FCMISC", 0x014, .w1c = 3, .peek = ris_peek, .write = misc_write },
};

/* Protection bits can only be cleared. */
static void
protect_write(void *dev, unsigned reg, uint64_t value)
{
    struct flash_lm3s *f = dev;

    f->cval[reg] = f->control.old & value;
    if (reg == C_FMPRE || reg == C_FMPPE) { /* older names of the first ones */
        f->cval[reg == C_FMPRE ? C_FMPREN : C_FMPPEN] = f->cval[reg];
    } else if (reg == C_FMPREN || reg == C_FMPPEN) {
        f->cval[reg == C_FMPREN ? C_FMPRE : C_FMPPE] = f->cval[reg];
    }
}

#define PROTECT(name, off)                                                                         \
    { name, off, .rw = 0xffffffff, .reset = 0xffffffff, .write = protect_write }

/* By offset in the page of system control. */
static const struct reg control[C_COUNT] = {
    [C_FMPRE] = PROTECT("FMPRE", 0x130),
    [C_FMPPE] = PROTECT("FMPPE", 0x134),
    [C_USECRL] = { "USECRL", 0x140, .rw = 0xff, .reset = 0x31 },
    [C_USER_DBG] = { "USER_DBG", 0x1d0, .rw = 0xffffffff, .reset = 0xfffffffe },
    [C_USER_REG0] = { "USER_REG0", 0x1e0, .rw = 0xffffffff, .reset = 0xffffffff },
    [C_USER_REG1] = { "USER_REG1", 0x1e4, .rw = 0xffffffff, .reset = 0xffffffff },
    [C_FMPREN] = PROTECT("FMPRE0", 0x200),
    [C_FMPREN + 1] = PROTECT("FMPRE1", 0x204),
    [C_FMPREN + 2] = PROTECT("FMPRE2", 0x208),
    [C_FMPREN + 3] = PROTECT("FMPRE3", 0x20c),
    [C_FMPPEN] = PROTECT("FMPPE0", 0x400),
    [C_FMPPEN + 1] = PROTECT("FMPPE1", 0x404),
    [C_FMPPEN + 2] = PROTECT("FMPPE2", 0x408),
    [C_FMPPEN + 3] = PROTECT("FMPPE3", 0x40c),
};

static const struct bank_class bank = { .regs = regs, .count = R_COUNT, .size = 0x1000, .reg_size = 4 };
static const struct bank_class control_bank = {
    .name = "sysctl", .regs = control, .count = C_COUNT, .size = 0x1000, .reg_size = 4
};

static void
update(void *dev)
{
    struct flash_lm3s *f = dev;

    model_set_irq(&f->model, 0, f->ris & f->val[R_FCIM]);
}

static void
reset(void *dev)
{
    ((struct flash_lm3s *)dev)->ris = 0;
}

static int
create(struct model *model, const struct board_dev *where)
{
    /* In system control's page, which is the next one. */
    static const struct {
        uint16_t at, size;
    } ranges[] = { { 0x130, 0x14 }, { 0x1d0, 0x240 } };
    struct flash_lm3s *f = (struct flash_lm3s *)model;
    uint64_t size;
    int err;

    memset(f->bytes, 0xff, FLASH_LM3S_SIZE);
    f->image = sim_image_find(model->sim, where->name);
    size = f->image && f->image->size < FLASH_LM3S_SIZE ? f->image->size : FLASH_LM3S_SIZE;
    err = f->image ? sim_image_read(f->image, 0, f->bytes, (size_t)size) : 0;
    model_line_init(model, &f->irq, 0, "irq", where->irq);
    model_event_init(model, &f->done, "done", done);
    if (!err) {
        err = model_bank_init(model, &f->bank, &bank, f->val);
    }
    if (!err) {
        err = model_bank_init(model, &f->control, &control_bank, f->cval);
    }
    if (!err) {
        err = model_region_bank(model, &f->region, SIM_MMIO, where->base, 0x1000, &f->bank, 0);
    }
    for (unsigned i = 0; !err && i < sizeof ranges / sizeof ranges[0]; i++) {
        err = model_region_bank(model, &f->control_region[i], SIM_MMIO,
                                where->base + 0x1000 + ranges[i].at, ranges[i].size, &f->control,
                                ranges[i].at);
    }
    return err ? err
               : model_region_ops(model, &f->memory, SIM_MMIO, 0, FLASH_LM3S_SIZE, "memory",
                                  &memory_ops);
}

const uint8_t *
flash_lm3s_bytes(const struct model *flash)
{
    return ((const struct flash_lm3s *)flash)->bytes;
}

int
flash_lm3s_load(struct model *flash, size_t at, const void *bytes, size_t n)
{
    if (at > FLASH_LM3S_SIZE || n > FLASH_LM3S_SIZE - at) {
        return -EINVAL;
    }
    memcpy(((struct flash_lm3s *)flash)->bytes + at, bytes, n);
    return 0;
}

const struct model_class flash_lm3s_class = {
    .compatible = "luminary,flash",
    .size = sizeof(struct flash_lm3s),
    .state = offsetof(struct flash_lm3s, val),
    .create = create,
    .reset = reset,
    .update = update,
};
