/* The core of a Cortex-M3 among its models: see sim/armv7m/core.h.  Manual: ARMv7-M Architecture Reference Manual, DDI 0403E, B1.5.
 *
 * Handlers are not executed here, so an exception that a program causes is taken and returned from at once, as far as the NVIC is
 * concerned.  WFI does not wait, which the manual allows (B1.5.19).  BKPT is a HardFault: no debugger is connected.
 */
#include <devices/flash_lm3s.h>
#include <devices/models.h>
#include <devices/mpu_armv7m.h>
#include <devices/nvic_armv7m.h>
#include <sim/armv7m/core.h>
#include <sim/armv7m/memory.h>

enum { SP = 13, LR = 14, PC = 15, FRAME_WORDS = 8, FRAME = 4 * FRAME_WORDS, HIGH = 8 };

/* CFSR (B3.2.15). */
enum {
    IACCVIOL = 1 << 0,
    DACCVIOL = 1 << 1,
    MUNSTKERR = 1 << 3,
    MSTKERR = 1 << 4,
    MMARVALID = 1 << 7,
    IBUSERR = 1 << 8,
    PRECISERR = 1 << 9,
    BFARVALID = 1 << 15,
    UNDEFINSTR = 1 << 16,
    INVSTATE = 1 << 17,
    NOCP = 1 << 19,
    UNALIGNED = 1 << 24,
    DIVBYZERO = 1 << 25,
};

#define XPSR_ALIGNED (UINT32_C(1) << 9) /* of a frame: the stack pointer was not a multiple of 8 */

static struct model *
find(const struct sim *sim, const struct model_class *class)
{
    for (struct model *m = sim_model_next(sim, NULL); m; m = sim_model_next(sim, m)) {
        if (m->class == class) {
            return m;
        }
    }
    return NULL;
}

bool
armv7m_core_init(struct armv7m_core *core, struct sim *sim)
{
    memset(core, 0, sizeof *core);
    core->sim = sim;
    core->nvic = find(sim, &nvic_armv7m_class);
    core->mpu = find(sim, &mpu_armv7m_class);
    core->flash = find(sim, &flash_lm3s_class);
    core->mpu_changes = UINT64_MAX;
    armv7m_memory_init(&core->memory);
    /* The interpreter does not write to what is not writable. */
    return core->nvic && core->mpu && core->flash &&
           sim_ram_size(sim) <= UINT32_MAX - ARMV7M_SRAM_BASE &&
           armv7m_memory_add(&core->memory, 0, FLASH_LM3S_SIZE,
                             (uint8_t *)(uintptr_t)flash_lm3s_bytes(core->flash), false) &&
           armv7m_memory_add(&core->memory, ARMV7M_SRAM_BASE, (uint32_t)sim_ram_size(sim),
                             sim_ram_base(sim), true);
}

bool
armv7m_core_program(struct armv7m_core *core, uint32_t at, const void *bytes, size_t n)
{
    return flash_lm3s_load(core->flash, at, bytes, n) == 0;
}

uint8_t *
armv7m_core_at(const struct armv7m_core *core, uint32_t addr, size_t *left)
{
    for (unsigned i = 0; i < core->memory.count; i++) {
        const struct armv7m_bytes *b = &core->memory.bytes[i];

        if (addr - b->base < b->size) {
            *left = b->size - (addr - b->base);
            return b->bytes + (addr - b->base);
        }
    }
    return NULL;
}

bool
armv7m_core_address(const struct armv7m_core *core, const void *p, uint32_t *addr)
{
    for (unsigned i = 0; i < core->memory.count; i++) {
        const struct armv7m_bytes *b = &core->memory.bytes[i];
        uintptr_t off = (uintptr_t)p - (uintptr_t)b->bytes;

        if (off < b->size) {
            *addr = b->base + (uint32_t)off;
            return true;
        }
    }
    return false;
}

/* --- exceptions --- */

/* Returns what is taken: it may have escalated. */
static unsigned
take(struct armv7m_core *core, unsigned exception, uint32_t cfsr, uint32_t addr)
{
    int taken;

    nvic_armv7m_fault_status(core->nvic, cfsr, addr);
    (void)nvic_armv7m_pend(core->nvic, exception);
    taken = sim_cpu_intr_ack(core->sim);
    if (taken <= 0) {
        return NVIC_HARDFAULT;
    }
    nvic_armv7m_return(core->nvic, (unsigned)taken);
    return (unsigned)taken;
}

static unsigned
memory_fault(struct armv7m_core *core, const struct armv7m_stop *stop)
{
    bool mpu = stop->kind == ARMV7M_MEMFAULT;

    if (stop->access == ARMV7M_FETCH) {
        return take(core, mpu ? NVIC_MEMMANAGE : NVIC_BUSFAULT, mpu ? IACCVIOL : IBUSERR, 0);
    }
    return take(core, mpu ? NVIC_MEMMANAGE : NVIC_BUSFAULT,
                mpu ? DACCVIOL | MMARVALID : PRECISERR | BFARVALID, stop->addr);
}

/* Why the interpreter stopped, as an exception; 0: for none. */
static unsigned
exception_of(struct armv7m_core *core, const struct armv7m_stop *stop)
{
    switch (stop->kind) {
    case ARMV7M_BUDGET:
    case ARMV7M_WFI:
        return 0;
    case ARMV7M_SVC:
        return take(core, NVIC_SVCALL, 0, 0);
    case ARMV7M_BKPT:
        return take(core, NVIC_HARDFAULT, 0, 0);
    case ARMV7M_MEMFAULT:
    case ARMV7M_BUSFAULT:
        return memory_fault(core, stop);
    case ARMV7M_NOCP:
        return take(core, NVIC_USAGEFAULT, NOCP, 0);
    case ARMV7M_INVSTATE:
        return take(core, NVIC_USAGEFAULT, INVSTATE, 0);
    case ARMV7M_UNALIGNED:
        return take(core, NVIC_USAGEFAULT, UNALIGNED, 0);
    case ARMV7M_DIVBYZERO:
        return take(core, NVIC_USAGEFAULT, DIVBYZERO, 0);
    case ARMV7M_UNDEFINED:
    case ARMV7M_UNPREDICTABLE:
        break;
    }
    return take(core, NVIC_USAGEFAULT, UNDEFINSTR, 0);
}

static void
load_mpu(struct armv7m_core *core)
{
    struct armv7m_mpu mpu = { .ctrl = mpu_armv7m_ctrl(core->mpu) };

    if (mpu_armv7m_changes(core->mpu) == core->mpu_changes) {
        return;
    }
    core->mpu_changes = mpu_armv7m_changes(core->mpu);
    for (unsigned n = 0; n < ARMV7M_MPU_REGIONS; n++) {
        mpu_armv7m_get(core->mpu, n, &mpu.region[n].rbar, &mpu.region[n].rasr);
    }
    armv7m_memory_set_mpu(&core->memory, &mpu);
}

/* B1.5.8, PopStack(). */
void
armv7m_core_return(struct armv7m_core *core, const uint32_t high[8], uint32_t psp)
{
    struct armv7m *cpu = &core->cpu;
    uint32_t frame[FRAME_WORDS];

    load_mpu(core);
    core->faulted = 0;
    cpu->ccr = nvic_armv7m_ccr(core->nvic);
    cpu->exclusive = 0;
    cpu->r[SP] = psp;
    for (unsigned i = 0; i < FRAME_WORDS; i++) {
        if (armv7m_load(&core->memory, psp + 4 * i, 4, &frame[i]) != ARMV7M_BUDGET) {
            core->faulted = take(core, NVIC_MEMMANAGE, MUNSTKERR, 0);
            return;
        }
    }
    memcpy(cpu->r, frame, 4 * sizeof frame[0]);
    memcpy(cpu->r + 4, high, HIGH * sizeof high[0]);
    cpu->r[12] = frame[4];
    cpu->r[LR] = frame[5];
    cpu->r[PC] = frame[6];
    armv7m_set_xpsr(cpu, frame[7]);
    cpu->r[SP] = (psp + FRAME) | ((frame[7] & XPSR_ALIGNED) != 0 ? 4 : 0);
}

uint64_t
armv7m_core_run(struct armv7m_core *core, uint64_t budget, unsigned *exception)
{
    uint64_t before = core->cpu.executed;
    struct armv7m_stop stop;

    if (core->faulted) {
        *exception = core->faulted;
        return 0;
    }
    stop = armv7m_run(&core->cpu, &core->memory, budget);
    *exception = exception_of(core, &stop);
    return core->cpu.executed - before;
}

/* B1.5.6, PushStack(), with CCR.STKALIGN. */
unsigned
armv7m_core_enter(struct armv7m_core *core, unsigned exception, uint32_t high[8], uint32_t *psp)
{
    const struct armv7m *cpu = &core->cpu;
    uint32_t at = (cpu->r[SP] - FRAME) & ~UINT32_C(7);
    uint32_t frame[FRAME_WORDS] = { cpu->r[0],  cpu->r[1],  cpu->r[2],  cpu->r[3],
                                    cpu->r[12], cpu->r[LR], cpu->r[PC], armv7m_xpsr(cpu) };

    memcpy(high, cpu->r + 4, HIGH * sizeof high[0]);
    if (core->faulted) { /* the frame is still there */
        *psp = cpu->r[SP];
        return exception;
    }
    frame[FRAME_WORDS - 1] |= (cpu->r[SP] & 4) != 0 ? XPSR_ALIGNED : 0;
    *psp = at;
    for (unsigned i = 0; i < FRAME_WORDS; i++) {
        if (armv7m_store(&core->memory, at + 4 * i, 4, frame[i]) != ARMV7M_BUDGET) {
            return take(core, NVIC_MEMMANAGE, MSTKERR, 0);
        }
    }
    return exception;
}

void
armv7m_core_handled(struct armv7m_core *core, unsigned exception)
{
    nvic_armv7m_return(core->nvic, exception);
}
