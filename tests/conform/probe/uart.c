/* Probe of the 16550A at 0x3f8 (National Semiconductor PC16550D data sheet, June 1995). */
#include "probe.h"

enum {
    BASE = 0x3f8,
    RBR = 0,
    IER = 1,
    IIR = 2,
    FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6,
    SCR = 7
};

static uint8_t
get(unsigned reg)
{
    return in8((uint16_t)(BASE + reg));
}

static void
set(unsigned reg, uint8_t v)
{
    out8((uint16_t)(BASE + reg), v);
}

static void
everything(void)
{
    for (unsigned reg = 1; reg < 8; reg++) {
        get(reg);
    }
}

static void
reset_values(void)
{
    scenario("registers after reset");
    everything();
    set(LCR, 0x80);
    get(0);
    get(1);
    set(LCR, 0x00);
}

static void
stored(void)
{
    static const uint8_t patterns[] = { 0x00, 0xff, 0x55, 0xaa, 0x00 };

    scenario("scratch, line control and divisor keep what is written");
    for (unsigned i = 0; i < sizeof patterns; i++) {
        set(SCR, patterns[i]);
        get(SCR);
        set(LCR, patterns[i] | 0x80);
        get(LCR);
        set(0, patterns[i]);
        set(1, (uint8_t)~patterns[i]);
        get(0);
        get(1);
        set(LCR, patterns[i] & 0x3f);
        get(LCR);
    }
    set(LCR, 0x83);
    set(0, 1);
    set(1, 0);
    set(LCR, 0x03);
    scenario("interrupt enables and modem control");
    for (unsigned i = 0; i < 16; i++) {
        set(IER, (uint8_t)i);
        get(IER);
        get(IIR);
    }
    set(IER, 0);
    get(IIR);
    for (unsigned i = 0; i < 16; i++) {
        set(MCR, (uint8_t)i);
        get(MCR);
        get(MSR);
    }
    set(MCR, 0);
}

static void
loopback_modem(void)
{
    scenario("loopback: modem outputs come back as inputs, with their changes");
    set(MCR, 0x10);
    get(MSR);
    get(MSR);
    for (unsigned i = 0; i < 16; i++) {
        set(MCR, (uint8_t)(0x10 | i));
        get(MSR);
        get(MSR);
    }
    set(MCR, 0x10);
    get(MSR);
    scenario("loopback: modem status interrupt");
    set(IER, 0x08);
    get(IIR);
    set(MCR, 0x12);
    get(IIR);
    get(MSR);
    get(IIR);
    set(IER, 0);
    set(MCR, 0);
    get(MSR);
    get(MSR);
}

static void
loopback_plain(void)
{
    scenario("loopback without FIFOs: one character");
    set(FCR, 0);
    set(MCR, 0x10);
    get(LSR);
    set(RBR, 0x41);
    poll8(BASE + LSR, 0x61, 0x61);
    get(IIR);
    get(RBR);
    get(LSR);
    scenario("loopback without FIFOs: overrun");
    set(RBR, 0x42);
    poll8(BASE + LSR, 0x61, 0x61);
    set(RBR, 0x43);
    delay_us(2000);
    get(LSR);
    get(LSR);
    get(RBR);
    get(LSR);
    scenario("loopback without FIFOs: identification by priority");
    set(IER, 0x0f);
    get(IIR);
    get(IIR);
    set(RBR, 0x44);
    poll8(BASE + LSR, 0x61, 0x61);
    get(IIR);
    set(RBR, 0x45);
    delay_us(2000);
    get(IIR);
    get(LSR);
    get(IIR);
    get(RBR);
    get(IIR);
    get(IIR);
    set(IER, 0x00);
    get(IIR);
    set(MCR, 0);
}

static void
fill(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        set(RBR, (uint8_t)(0x30 + i));
        poll8(BASE + LSR, 0x60, 0x60);
    }
}

static void
loopback_fifo(void)
{
    static const uint8_t triggers[] = { 0x01, 0x41, 0x81, 0xc1 };
    static const uint8_t levels[] = { 1, 4, 8, 14 };

    for (unsigned i = 0; i < 4; i++) {
        scenario("loopback with FIFOs: trigger level, character timeout, drain");
        set(MCR, 0x10);
        set(FCR, triggers[i] | 0x06);
        set(IER, 0x05);
        get(IIR);
        if (levels[i] > 1) {
            fill(levels[i] - 1u);
            wait_us(20000); /* four characters without a read */
            get(IIR);
            get(RBR);
            get(IIR);
            fill(1);
        }
        fill(1);
        get(IIR);
        while (get(LSR) & 1) {
            get(RBR);
            get(IIR);
        }
        get(IIR);
    }
    scenario("loopback with FIFOs: overrun keeps what is there");
    set(IER, 0x00);
    fill(17);
    get(LSR);
    get(LSR);
    for (unsigned i = 0; i < 16; i++) {
        get(RBR);
    }
    get(LSR);
    scenario("clearing the receive FIFO");
    fill(3);
    set(FCR, 0x03);
    get(LSR);
    scenario("switching FIFOs off clears them");
    fill(3);
    get(LSR);
    set(FCR, 0x00);
    get(LSR);
    get(IIR);
    set(MCR, 0);
}

static void
transmit(void)
{
    scenario("transmitter empty interrupt");
    set(FCR, 0x07);
    set(IER, 0x02);
    get(IIR);
    get(IIR);
    set(RBR, 0x20);
    poll8(BASE + LSR, 0x60, 0x60);
    get(IIR);
    get(IIR);
    set(IER, 0x00);
    set(IER, 0x02);
    get(IIR);
    set(IER, 0x00);
}

/* OUT2 stays on, as QEMU does not have the PC's gate behind it. */
static void
interrupts(void)
{
    scenario("the interrupt line: transmitter empty, until IIR is read");
    pic_init();
    pic_unmask(4);
    set(MCR, 0x08);
    set(IER, 0x02);
    pic_eoi(irq_wait());
    get(IIR);
    irq_poll();
    scenario("the interrupt line: received data, until the FIFO is below its trigger");
    set(IER, 0);
    set(MCR, 0x18);
    set(FCR, 0x47);
    set(IER, 0x01);
    fill(4);
    pic_eoi(irq_wait());
    get(IIR);
    get(RBR);
    get(IIR);
    irq_poll();
    set(RBR, 0x5a);
    poll8(BASE + LSR, 0x60, 0x60);
    pic_eoi(irq_wait());
    get(IIR);
    set(FCR, 0x07);
    irq_poll();
    set(IER, 0);
    set(MCR, 0);
}

void
probe(void)
{
    reset_values();
    stored();
    loopback_modem();
    loopback_plain();
    loopback_fifo();
    transmit();
    interrupts();
}
