/* The 16550A model against the PC16550D data sheet. */
#include <devices/uart_16550.h>

#include "harness.h"

/* Typed in from table 1 of the data sheet. */
enum {
    BASE = 0x3f8,
    RBR = BASE + 0,
    THR = BASE + 0,
    DLL = BASE + 0,
    IER = BASE + 1,
    DLM = BASE + 1,
    IIR = BASE + 2,
    FCR = BASE + 2,
    LCR = BASE + 3,
    MCR = BASE + 4,
    LSR = BASE + 5,
    MSR = BASE + 6,
    SCR = BASE + 7,
    IRQ = 4,
};

/* 115200 baud, 8n1: ten bits. */
#define CHAR_NS (10 * S / 115200)

static const struct board_dev dev = { "ns16550a", "uart0", BOARD_PORT, BASE, 8, IRQ, 1843200 };

static struct model *
uart(void)
{
    return sim_model_find(t.sim, "uart0");
}

static void
start(void)
{
    start_one(&uart_16550_class, &dev);
    sim_char_connect(sim_char_find(t.sim, "uart0"), on_out, on_ready, NULL);
    outb(LCR, 0x80);
    outb(DLL, 1);
    outb(DLM, 0);
    outb(LCR, 0x03);
    outb(MCR, 0x0b); /* DTR, RTS, OUT2 */
    inb(MSR);
}

static size_t
type(const char *text)
{
    return uart_16550_input(uart(), (const uint8_t *)text, strlen(text));
}

START_TEST(reset_values)
{
    start_one(&uart_16550_class, &dev);
    ck_assert_uint_eq(inb(IER), 0);
    ck_assert_uint_eq(inb(IIR), 0x01);
    ck_assert_uint_eq(inb(LCR), 0);
    ck_assert_uint_eq(inb(MCR), 0);
    ck_assert_uint_eq(inb(LSR), 0x60);
    ck_assert_uint_eq(inb(MSR), 0xb0);
    ck_assert(!irq(IRQ));
    outb(SCR, 0xa5);
    ck_assert_uint_eq(inb(SCR), 0xa5);
    finish();
}
END_TEST

START_TEST(divisor_latch_hides_data_and_enable)
{
    start();
    outb(IER, 0x05);
    outb(LCR, 0x83);
    outb(DLL, 0x34);
    outb(DLM, 0x12);
    ck_assert_uint_eq(inb(DLL), 0x34);
    ck_assert_uint_eq(inb(DLM), 0x12);
    outb(LCR, 0x03);
    ck_assert_uint_eq(inb(IER), 0x05);
    ck_assert_uint_eq(t.out_len, 0);
    finish();
}
END_TEST

START_TEST(character_times)
{
    start();
    outb(THR, 'a'); /* goes to the shift register at once */
    ck_assert_uint_eq(inb(LSR), 0x20);
    outb(THR, 'b');
    ck_assert_uint_eq(inb(LSR), 0x00);
    step(CHAR_NS - 10);
    ck_assert_uint_eq(t.out_len, 0);
    step(20);
    ck_assert_uint_eq(t.out_len, 1);
    ck_assert_uint_eq(inb(LSR), 0x20);
    step(CHAR_NS);
    ck_assert_uint_eq(inb(LSR), 0x60);
    ck_assert_mem_eq(t.out, "ab", 2);

    /* 7e2 at 300 baud: 1 + 7 + 1 + 2 bits. */
    outb(LCR, 0x80 | 0x1e);
    outb(DLL, 0x80);
    outb(DLM, 0x01);
    outb(LCR, 0x1e);
    outb(THR, 'c');
    step(11 * S / 300 - 10);
    ck_assert_uint_eq(t.out_len, 2);
    step(20);
    ck_assert_uint_eq(t.out_len, 3);
    finish();
}
END_TEST

START_TEST(thre_interrupt)
{
    start();
    outb(IER, 0x02); /* THR is empty: enabling interrupts */
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(inb(IIR), 0x02);
    ck_assert(!irq(IRQ)); /* reading IIR took it back */
    ck_assert_uint_eq(inb(IIR), 0x01);
    outb(THR, 'x'); /* into the shifter, empty again */
    ck_assert(irq(IRQ));
    outb(THR, 'y'); /* writing THR takes it back */
    ck_assert(!irq(IRQ));
    step(CHAR_NS + 1);
    ck_assert(irq(IRQ));
    outb(IER, 0x00);
    ck_assert(!irq(IRQ));
    finish();
}
END_TEST

START_TEST(out2_gates_the_line)
{
    start();
    outb(MCR, 0x03);
    outb(IER, 0x02);
    ck_assert(!irq(IRQ));
    outb(MCR, 0x0b);
    ck_assert(irq(IRQ));
    finish();
}
END_TEST

START_TEST(receive_without_fifo)
{
    start();
    outb(IER, 0x01);
    ck_assert_uint_eq(type("hi"), 2);
    ck_assert_uint_eq(inb(LSR) & 1, 0);
    step(CHAR_NS + 1);
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(inb(IIR), 0x04);
    step(10 * CHAR_NS); /* the second byte waits: no overrun */
    ck_assert_uint_eq(inb(LSR), 0x61);
    ck_assert_uint_eq(inb(RBR), 'h');
    ck_assert(!irq(IRQ));
    step(CHAR_NS + 1);
    ck_assert_uint_eq(inb(RBR), 'i');
    ck_assert_uint_eq(inb(LSR), 0x60);
    finish();
}
END_TEST

START_TEST(fifo_trigger_and_timeout)
{
    start();
    outb(FCR, 0x01 | 0x80); /* enable, trigger at 8 */
    ck_assert_uint_eq(inb(IIR), 0xc1);
    outb(IER, 0x01);
    type("1234567");
    step(7 * CHAR_NS + 100);
    ck_assert(!irq(IRQ));
    type("8");
    step(CHAR_NS + 1);
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(inb(IIR), 0xc4);
    ck_assert_uint_eq(inb(RBR), '1');
    ck_assert(!irq(IRQ)); /* below the trigger */
    step(4 * CHAR_NS - 100);
    ck_assert(!irq(IRQ));
    step(200);
    ck_assert(irq(IRQ)); /* nobody read for four character times */
    ck_assert_uint_eq(inb(IIR), 0xcc);
    ck_assert_uint_eq(inb(RBR), '2');
    ck_assert(!irq(IRQ));
    for (char c = '3'; c <= '8'; c++) {
        ck_assert_uint_eq(inb(RBR), c);
    }
    ck_assert_uint_eq(inb(LSR), 0x60);
    step(100 * CHAR_NS);
    ck_assert(!irq(IRQ)); /* nothing left to time out */
    finish();
}
END_TEST

START_TEST(no_input_is_lost)
{
    static uint8_t sent[1000];
    size_t given = 0, got = 0;

    start();
    outb(FCR, 0x01);
    for (size_t i = 0; i < sizeof sent; i++) {
        sent[i] = (uint8_t)(i * 7);
    }
    given = uart_16550_input(uart(), sent, sizeof sent);
    ck_assert_uint_lt(given, sizeof sent); /* the device pushes back */
    for (unsigned rounds = 0; got < sizeof sent && rounds < 10000; rounds++) {
        step(CHAR_NS);
        if (given < sizeof sent && t.ready) {
            t.ready = 0;
            given += uart_16550_input(uart(), sent + given, sizeof sent - given);
        }
        while (rounds % 20 == 0 && (inb(LSR) & 0x01)) { /* a slow reader */
            ck_assert_uint_eq(inb(RBR), sent[got]);
            got++;
        }
    }
    ck_assert_uint_eq(got, sizeof sent);
    ck_assert_uint_eq(inb(LSR), 0x60);
    finish();
}
END_TEST

START_TEST(output_back_pressure)
{
    start();
    t.out_room = 3;
    outb(FCR, 0x01);
    for (unsigned i = 0; i < 16; i++) {
        outb(THR, (uint8_t)('a' + i));
    }
    step(100 * CHAR_NS);
    ck_assert_uint_eq(t.out_len, 3); /* and one byte in the shifter */
    ck_assert_uint_eq(inb(LSR), 0x00);
    t.out_room = 100;
    sim_char_resume(sim_char_find(t.sim, "uart0"));
    step(100 * CHAR_NS);
    ck_assert_uint_eq(t.out_len, 16);
    ck_assert_mem_eq(t.out, "abcdefghijklmnop", 16);
    ck_assert_uint_eq(inb(LSR), 0x60);
    finish();
}
END_TEST

START_TEST(instant_mode)
{
    start();
    uart_16550_set_instant(uart(), true);
    outb(FCR, 0x01);
    for (unsigned i = 0; i < 40; i++) {
        outb(THR, (uint8_t)('0' + i));
        ck_assert_uint_eq(inb(LSR), 0x60);
    }
    ck_assert_uint_eq(t.out_len, 40);
    type("0123456789012345678");
    step(0);
    for (unsigned i = 0; i < 19; i++) {
        step(0);
        ck_assert_uint_eq(inb(LSR) & 1, 1);
        ck_assert_uint_eq(inb(RBR), (unsigned)'0' + i % 10);
    }
    ck_assert_uint_eq(inb(LSR) & 1, 0);
    finish();
}
END_TEST

START_TEST(loopback)
{
    start();
    outb(MCR, 0x10);
    ck_assert_uint_eq(inb(MSR) & 0xf0, 0x00);
    outb(MCR, 0x10 | 0x02); /* RTS to CTS */
    ck_assert_uint_eq(inb(MSR), 0x11);
    ck_assert_uint_eq(inb(MSR), 0x10); /* reading cleared the delta */
    outb(MCR, 0x10 | 0x01);            /* DTR to DSR */
    ck_assert_uint_eq(inb(MSR), 0x23);
    outb(MCR, 0x10 | 0x04); /* OUT1 to RI: only the trailing edge counts */
    ck_assert_uint_eq(inb(MSR), 0x42);
    outb(MCR, 0x10 | 0x08); /* OUT2 to DCD */
    ck_assert_uint_eq(inb(MSR), 0x8c);
    outb(THR, 0x5a);
    step(CHAR_NS + 1);
    ck_assert_uint_eq(inb(LSR), 0x61);
    ck_assert_uint_eq(inb(RBR), 0x5a);
    ck_assert_uint_eq(t.out_len, 0);
    finish();
}
END_TEST

START_TEST(overrun_and_line_status_interrupt)
{
    start();
    outb(MCR, 0x18);
    outb(IER, 0x05);
    outb(THR, '1');
    step(CHAR_NS + 1);
    ck_assert_uint_eq(inb(IIR), 0x04);
    outb(THR, '2');
    step(CHAR_NS + 1);
    ck_assert_uint_eq(inb(IIR), 0x06); /* line status goes before data */
    ck_assert_uint_eq(inb(LSR), 0x63);
    ck_assert_uint_eq(inb(LSR), 0x61); /* reading cleared it */
    ck_assert_uint_eq(inb(IIR), 0x04);
    ck_assert_uint_eq(inb(RBR), '2'); /* the new character replaced the unread one */
    finish();
}
END_TEST

START_TEST(modem_interrupt_is_last)
{
    start();
    outb(MCR, 0x18);
    inb(MSR);
    outb(IER, 0x0a);
    outb(MCR, 0x19);
    ck_assert_uint_eq(inb(IIR), 0x02);
    ck_assert_uint_eq(inb(IIR), 0x00);
    ck_assert(irq(IRQ));
    inb(MSR);
    ck_assert(!irq(IRQ));
    finish();
}
END_TEST

START_TEST(break_travels_with_its_character)
{
    start();
    outb(FCR, 0x01);
    type("a");
    step(CHAR_NS + 1);
    uart_16550_break(uart());
    ck_assert_uint_eq(inb(LSR), 0xe1); /* an error somewhere in the FIFO */
    ck_assert_uint_eq(inb(RBR), 'a');
    ck_assert_uint_eq(inb(LSR), 0xf1);
    ck_assert_uint_eq(inb(LSR), 0x61);
    ck_assert_uint_eq(inb(RBR), 0);
    finish();
}
END_TEST

START_TEST(fifo_reset)
{
    start();
    outb(FCR, 0x01);
    type("abc");
    step(4 * CHAR_NS);
    outb(FCR, 0x03);
    ck_assert_uint_eq(inb(LSR), 0x60);
    outb(THR, '1');
    outb(THR, '2');
    outb(THR, '3');
    outb(FCR, 0x05);
    step(10 * CHAR_NS);
    ck_assert_uint_eq(t.out_len, 1); /* the one in the shifter */
    outb(FCR, 0x00);
    ck_assert_uint_eq(inb(IIR), 0x01);
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start();
    outb(IER, 0x10);
    expect_error(SIM_V_RESERVED);
    outb(MCR, 0x80);
    expect_error(SIM_V_RESERVED);
    outb(FCR, 0x31);
    expect_error(SIM_V_RESERVED);
    outb(LSR, 0);
    expect_error(SIM_V_READ_ONLY);
    sim_bus_read(t.sim, SIM_PORT, LCR, 2);
    expect_error(SIM_V_WIDTH);
    outb(FCR, 0x00);
    outb(THR, '1');
    outb(THR, '2');
    outb(THR, '3'); /* full */
    expect_error(SIM_V_STATE);
    step(10 * CHAR_NS);
    ck_assert_uint_eq(t.out_len, 2);
    finish();
}
END_TEST

RUN_TESTS("uart_16550", reset_values, divisor_latch_hides_data_and_enable, character_times,
          thre_interrupt, out2_gates_the_line, receive_without_fifo, fifo_trigger_and_timeout,
          no_input_is_lost, output_back_pressure, instant_mode, loopback,
          overrun_and_line_status_interrupt, modem_interrupt_is_last,
          break_travels_with_its_character, fifo_reset, guest_errors)
