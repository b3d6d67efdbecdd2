/* Probe of the 8254 (Intel data sheet 231164-005) and of port 0x61 (PIIX3, 290550-002, section 2.5.5).  BCD counting and a new count in
 * the middle of a period are left out: QEMU does not have them. */
#include "probe.h"

enum { CONTROL = 0x43, NMISC = 0x61 };

static uint16_t
counter(unsigned n)
{
    return (uint16_t)(0x40 + n);
}

static void
program(unsigned n, unsigned mode, uint16_t count)
{
    out8(CONTROL, (uint8_t)(n << 6 | 0x30 | mode << 1));
    out8(counter(n), (uint8_t)count);
    out8(counter(n), (uint8_t)(count >> 8));
}

static void
count_now(unsigned n)
{
    out8(CONTROL, (uint8_t)(n << 6));
    in8(counter(n));
    in8(counter(n));
}

static void
status(unsigned n)
{
    out8(CONTROL, (uint8_t)(0xe0 | 2u << n));
    in8(counter(n));
}

static void
look(unsigned n)
{
    count_now(n);
    status(n);
}

static void
one_shot(unsigned n)
{
    program(n, 0, 0x8000);
    delay_us(10);
    look(n);
    wait_us(10000);
    look(n);
    count_now(n);
    wait_us(30000);
    look(n); /* over: OUT high, the count wraps */
    program(n, 0, 0x0200);
    delay_us(20);
    look(n);
    wait_us(2000);
    look(n);
}

static void
periodic(unsigned n, unsigned mode)
{
    program(n, mode, 10000);
    delay_us(10);
    look(n);
    for (unsigned i = 0; i < 6; i++) {
        wait_us(2500);
        look(n);
    }
    program(n, mode, 0); /* 65536 */
    wait_us(10000);
    look(n);
    wait_us(30000);
    look(n);
}

static void
latches(void)
{
    scenario("a latch holds until it is read, a second one does not change it");
    program(0, 2, 50000);
    wait_us(1000);
    out8(CONTROL, 0x00);
    wait_us(5000);
    out8(CONTROL, 0x00);
    in8(0x40);
    in8(0x40);
    scenario("read-back of count and status of two counters: status first");
    program(2, 0, 40000);
    delay_us(100);
    out8(CONTROL, 0xca);
    in8(0x40);
    in8(0x40);
    in8(0x40);
    in8(0x42);
    in8(0x42);
    in8(0x42);
    scenario("low byte only, high byte only");
    out8(CONTROL, 0x10);
    out8(0x40, 0x80);
    delay_us(20);
    in8(0x40);
    in8(0x40);
    out8(CONTROL, 0x20);
    out8(0x40, 0x80);
    wait_us(5000);
    in8(0x40);
    in8(0x40);
    status(0);
}

static void
gate(void)
{
    scenario("port 0x61: the bits that are kept");
    for (unsigned i = 0; i < 16; i++) {
        out8(NMISC, (uint8_t)i);
        in8(NMISC);
    }
    scenario("gate 2 starts a one-shot (mode 1)");
    out8(NMISC, 0);
    program(2, 1, 20000);
    status(2);
    in8(NMISC);
    out8(NMISC, 1);
    wait_us(1000);
    look(2);
    in8(NMISC);
    wait_us(20000);
    status(2);
    in8(NMISC);
    scenario("gate 2 low holds OUT high (mode 2)");
    out8(NMISC, 0);
    program(2, 2, 20000);
    status(2);
    out8(NMISC, 1);
    wait_us(1000);
    look(2);
    scenario("a software strobe (mode 4)");
    program(2, 4, 20000);
    delay_us(10);
    look(2);
    wait_us(20000);
    status(2);
    scenario("square wave on OUT 2 seen through port 0x61 (mode 3)");
    program(2, 3, 20000);
    for (unsigned i = 0; i < 8; i++) {
        wait_us(5000);
        in8(NMISC);
    }
}

static void
interrupts(void)
{
    scenario("interrupts: once in mode 0");
    pic_init();
    program(0, 0, 2000);
    pic_unmask(0);
    pic_eoi(irq_wait());
    wait_us(5000);
    irq_poll();
    scenario("interrupts: one in each period of mode 2");
    program(0, 2, 3000);
    for (unsigned i = 0; i < 8; i++) {
        pic_eoi(irq_wait());
        irq_poll();
    }
    scenario("interrupts: one in each period of mode 3");
    program(0, 3, 3001);
    for (unsigned i = 0; i < 8; i++) {
        pic_eoi(irq_wait());
        irq_poll();
    }
}

void
probe(void)
{
    scenario("counter 0, mode 0");
    one_shot(0);
    scenario("counter 2, mode 0");
    out8(NMISC, 1);
    one_shot(2);
    scenario("counter 0, mode 2");
    periodic(0, 2);
    scenario("counter 0, mode 3");
    periodic(0, 3);
    scenario("counter 1, mode 2");
    periodic(1, 2);
    latches();
    gate();
    interrupts();
}
