/* The local APIC in xAPIC mode (Intel SDM volume 3, chapter "Advanced Programmable Interrupt Controller").
 *
 * Left out: x2APIC mode, interrupts between processors, performance and thermal interrupts (masked). */
#include "apic.h"

enum {
    ID = 0x020,
    TPR = 0x080,
    EOI = 0x0b0,
    SVR = 0x0f0,
    ESR = 0x280,
    LVT_TIMER = 0x320,
    LVT_LINT0 = 0x350,
    LVT_LINT1 = 0x360,
    LVT_ERROR = 0x370,
    TIMER_ICR = 0x380, /* initial count */
    TIMER_CCR = 0x390, /* current count */
    TIMER_DCR = 0x3e0, /* divide configuration */
};

#define SVR_ENABLE       0x00000100u
#define LVT_NMI          0x00000400u
#define LVT_EXTINT       0x00000700u
#define LVT_MASKED       0x00010000u
#define LVT_TSC_DEADLINE 0x00040000u
#define DCR_BY_1         0x0bu

static struct {
    struct io io;
    uint32_t timer; /* what LVT_TIMER holds but for the mask */
    uint8_t id;
} lapic;

void
lapic_init(const struct io *io, uint8_t spurious, uint8_t error, uint8_t timer)
{
    lapic.io = *io;
    lapic.timer = timer;
    lapic.id = (uint8_t)(io_read32(io, ID) >> 24);
    io_write32(io, SVR, SVR_ENABLE | spurious);
    io_write32(io, TPR, 0);
    lapic_timer_mask(true);
    io_write32(io, TIMER_DCR, DCR_BY_1);
    io_write32(io, LVT_LINT0, LVT_EXTINT | LVT_MASKED);
    io_write32(io, LVT_LINT1, LVT_NMI);
    io_write32(io, ESR, 0);
    io_write32(io, LVT_ERROR, error);
    io_write32(io, EOI, 0); /* of whatever the firmware left in service */
}

uint8_t
lapic_id(void)
{
    return lapic.id;
}

void
lapic_eoi(void)
{
    io_write32(&lapic.io, EOI, 0);
}

void
lapic_timer_start(uint32_t count)
{
    io_write32(&lapic.io, TIMER_ICR, count);
}

uint32_t
lapic_timer_left(void)
{
    return io_read32(&lapic.io, TIMER_CCR);
}

void
lapic_timer_mask(bool masked)
{
    io_write32(&lapic.io, LVT_TIMER, lapic.timer | (masked ? LVT_MASKED : 0));
}

void
lapic_timer_use_tsc_deadline(void)
{
    lapic.timer |= LVT_TSC_DEADLINE;
    lapic_timer_mask(false);
}
