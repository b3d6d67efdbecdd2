/* Probe of the two 8259As (Intel data sheet 231468-003) and of ELCR (PIIX3, 290550-002, section 2.5.3.5).
 *
 * Requests are made with the UART's transmitter interrupt (IRQ 4: up when enabled, down when IIR is read), the timer's OUT (IRQ 0: up
 * at the end of a count in mode 0, down when programmed) and the clock's update interrupt (IRQ 8).
 */
#include "probe.h"

enum { OCW3_IRR = 0x0a, OCW3_ISR = 0x0b, OCW3_POLL = 0x0c };

static void
raise4(void)
{
    out8(0x3f9, 0x00);
    out8(0x3f9, 0x02);
}

static void
lower4(void)
{
    in8(0x3fa);
    out8(0x3f9, 0x00);
}

static void
raise0(void)
{
    out8(0x43, 0x10);
    out8(0x40, 2);
    delay_us(50);
}

static void
lower0(void)
{
    out8(0x43, 0x10);
}

static void
raise8(void)
{
    out8(0x70, 0x0a);
    out8(0x71, 0x23); /* 8 kHz */
    out8(0x70, 0x0b);
    out8(0x71, 0x42); /* periodic interrupt, 24 hours */
    delay_us(500);
}

static void
lower8(void)
{
    out8(0x70, 0x0b);
    out8(0x71, 0x02);
    out8(0x70, 0x0c);
    in8(0x71);
}

static void
look(void)
{
    for (uint16_t port = 0x20; port <= 0xa0; port += 0x80) {
        out8(port, OCW3_IRR);
        in8(port);
        out8(port, OCW3_ISR);
        in8(port);
        in8(port + 1);
    }
}

static void
registers(void)
{
    out8(0x3fc, 0x08); /* OUT2: the UART's interrupt reaches the line */
    scenario("initialisation clears masks, requests and service");
    out8(0x21, 0x55);
    out8(0xa1, 0xaa);
    look();
    pic_init();
    look();
    scenario("the mask register keeps what is written");
    for (unsigned i = 0; i < 8; i++) {
        out8(0x21, (uint8_t)(1u << i));
        in8(0x21);
        out8(0xa1, (uint8_t)~(1u << i));
        in8(0xa1);
    }
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    scenario("edge/level registers: inputs that are edge-triggered for good");
    in8(0x4d0);
    in8(0x4d1);
    out8(0x4d0, 0xf8);
    out8(0x4d1, 0xde);
    in8(0x4d0);
    in8(0x4d1);
    out8(0x4d0, 0x00);
    out8(0x4d1, 0x00);
    in8(0x4d0);
    in8(0x4d1);
}

static void
requests(void)
{
    scenario("a request shows in IRR while it is masked");
    raise4();
    look();
    irq_poll();
    lower4();
    look();
    scenario("acknowledge moves it to ISR, the end of interrupt clears it");
    raise4();
    pic_unmask(4);
    irq_poll();
    look();
    irq_poll();
    out8(0x20, 0x20);
    look();
    lower4();
    scenario("the more urgent interrupts the less urgent, not the other way round");
    out8(0x21, 0xee);
    raise4();
    irq_poll();
    raise0();
    look();
    irq_poll();
    look();
    lower4();
    raise4();
    irq_poll();
    out8(0x20, 0x60); /* specific end of IRQ 0 */
    look();
    irq_poll();
    out8(0x20, 0x20);
    look();
    irq_poll();
    out8(0x20, 0x20);
    lower4();
    lower0();
    look();
}

static void
cascade(void)
{
    scenario("the second controller's request comes in at input 2");
    pic_unmask(8);
    raise8();
    look();
    irq_poll();
    look();
    lower8();
    out8(0xa0, 0x20);
    look();
    out8(0x20, 0x20);
    look();
    out8(0xa1, 0xff);
    out8(0x21, 0xff);
}

static void
priorities(void)
{
    scenario("rotation: the one just served comes last");
    out8(0x21, 0xee);
    raise0();
    raise4();
    irq_poll();
    out8(0x20, 0xa0);
    look();
    lower0();
    raise0();
    look();
    irq_poll();
    out8(0x20, 0x20);
    irq_poll();
    out8(0x20, 0x20);
    lower4();
    scenario("set priority: input 3 last, so 4 comes first");
    out8(0x20, 0xc3);
    lower0();
    raise0();
    raise4();
    irq_poll();
    out8(0x20, 0x20);
    irq_poll();
    out8(0x20, 0x20);
    out8(0x20, 0xc7);
    lower0();
    lower4();
    scenario("special mask mode: a masked one in service does not stop the less urgent");
    out8(0x21, 0xee);
    raise0();
    irq_poll();
    raise4();
    irq_poll();
    out8(0x20, 0x68); /* before the mask: QEMU looks again only when that is written */
    out8(0x21, 0xef);
    irq_poll();
    look();
    out8(0x20, 0x48);
    out8(0x20, 0x60);
    out8(0x20, 0x64);
    look();
    lower0();
    lower4();
    out8(0x21, 0xff);
}

static void
poll_mode(void)
{
    scenario("the poll command acknowledges");
    out8(0x21, 0xef);
    raise4();
    out8(0x20, OCW3_POLL);
    in8(0x20);
    look();
    out8(0x20, 0x20);
    lower4();
    out8(0x20, OCW3_POLL);
    in8(0x20);
    look();
    scenario("automatic end of interrupt");
    out8(0x20, 0x11);
    out8(0x21, PIC_VECTOR);
    out8(0x21, 0x04);
    out8(0x21, 0x03);
    out8(0x21, 0xef);
    raise4();
    irq_poll();
    look();
    irq_poll();
    lower4();
    pic_init();
    look();
}

static void
level(void)
{
    scenario("a level-triggered input requests as long as it is high");
    out8(0x4d0, 0x10);
    out8(0x21, 0xef);
    raise4();
    look();
    irq_poll();
    look();
    out8(0x20, 0x20);
    look();
    irq_poll();
    lower4();
    look();
    out8(0x20, 0x20);
    irq_poll();
    out8(0x4d0, 0x00);
    scenario("an edge that goes away before the acknowledge");
    out8(0x21, 0xff);
    raise4();
    lower4();
    look();
    out8(0x21, 0xef);
    irq_poll();
    pic_init();
    look();
}

void
probe(void)
{
    registers();
    requests();
    cascade();
    priorities();
    poll_mode();
    level();
}
