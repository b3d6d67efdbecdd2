/* The nested vectored interrupt controller and the system control block (DDI 0403E, B3.2 and B3.4), by struct io: the whole system
 * control space of 4 KiB. */
#include <hal/cortex_m/cortex_m.h>

enum {
    ICTR = 0x004,
    ISER = 0x100,
    ICER = 0x180,
    ICPR = 0x280,
    IPR = 0x400,
    ICSR = 0xd04,
    AIRCR = 0xd0c,
    CCR = 0xd14,
    SHPR2 = 0xd1c,
    SHPR3 = 0xd20,
    SHCSR = 0xd24,
    CFSR = 0xd28,
    HFSR = 0xd2c,
    MMFAR = 0xd34,
    BFAR = 0xd38,
    LINES_MAX = 240,
};

#define ICSR_PENDSVSET    BIT(28)
#define AIRCR_KEY         0x05fa0000u
#define AIRCR_SYSRESETREQ BIT(2)
#define CCR_DIV_0_TRP     BIT(4)
#define CCR_STKALIGN      BIT(9)
#define SHCSR_FAULTS      0x00070000u /* MemManage, BusFault, UsageFault have handlers of their own */

static struct io scs;
static unsigned lines;

void
nvic_init(const struct io *io)
{
    scs = *io;
    lines = 32 * ((io_read32(&scs, ICTR) & 0xf) + 1);
    if (lines > LINES_MAX)
        lines = LINES_MAX;
    for (unsigned i = 0; i < lines; i += 32) {
        io_write32(&scs, ICER + i / 8, UINT32_MAX);
        io_write32(&scs, ICPR + i / 8, UINT32_MAX);
    }
    for (unsigned i = 0; i < lines; i += 4)
        io_write32(&scs, IPR + i, PRIORITY_IRQ * 0x01010101u);
    io_write32(&scs, SHPR2, (uint32_t)PRIORITY_SVC << 24);
    io_write32(&scs, SHPR3, (uint32_t)PRIORITY_IRQ << 24 | (uint32_t)PRIORITY_PENDSV << 16);
    io_write32(&scs, SHCSR, SHCSR_FAULTS);
    io_write32(&scs, CCR, CCR_STKALIGN | CCR_DIV_0_TRP);
}

unsigned
nvic_lines(void)
{
    return lines;
}

void
nvic_enable(unsigned line, bool on)
{
    if (line < lines)
        io_write32(&scs, (on ? ISER : ICER) + line / 32 * 4, BIT(line % 32));
}

void
nvic_pend_switch(void)
{
    io_write32(&scs, ICSR, ICSR_PENDSVSET);
}

struct nvic_fault
nvic_take_fault(void)
{
    struct nvic_fault f = { .cfsr = io_read32(&scs, CFSR), .hfsr = io_read32(&scs, HFSR) };

    f.mmfar = io_read32(&scs, MMFAR);
    f.bfar = io_read32(&scs, BFAR);
    io_write32(&scs, CFSR, f.cfsr);
    io_write32(&scs, HFSR, f.hfsr);
    return f;
}

void
nvic_reset(void)
{
    io_write32(&scs, AIRCR, AIRCR_KEY | AIRCR_SYSRESETREQ);
}
