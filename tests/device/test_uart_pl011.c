/* The PL011 model against the LM3S6965 data sheet, chapter 12, and the PrimeCell TRM (DDI 0183). */
#include <devices/uart_pl011.h>

#include "harness.h"

enum {
    BASE = 0x4000c000,
    DR = BASE,
    RSR = BASE + 0x04,
    FR = BASE + 0x18,
    IBRD = BASE + 0x24,
    FBRD = BASE + 0x28,
    LCRH = BASE + 0x2c,
    CTL = BASE + 0x30,
    IFLS = BASE + 0x34,
    IM = BASE + 0x38,
    RIS = BASE + 0x3c,
    MIS = BASE + 0x40,
    ICR = BASE + 0x44,
    ID = BASE + 0xfd0,

    OE = 1 << 11,
    BE = 1 << 10,
    PE = 1 << 9,
    FE = 1 << 8,
    BUSY = 1 << 3,
    RXFE = 1 << 4,
    TXFF = 1 << 5,
    RXFF = 1 << 6,
    TXFE = 1 << 7,
    FEN = 1 << 4,
    WLEN8 = 3 << 5,
    LBE = 1 << 7,
    RX = 1 << 4,
    TX = 1 << 5,
    RT = 1 << 6,
    FEI = 1 << 7,
    PEI = 1 << 8,
    BEI = 1 << 9,
    OEI = 1 << 10,
    IRQ = 5,
    CHAR_US = 10, /* 8N1 at 1 Mbit/s */
};

static const struct board_dev uart = { "arm,pl011", "uart0", BOARD_MMIO, BASE, 0x1000, IRQ, 16000000 };
static struct model *u;

static void
start(uint32_t lcrh, uint32_t ctl)
{
    start_one(&uart_pl011_class, &uart);
    u = sim_model_find(t.sim, "uart0");
    sim_char_connect(sim_char_find(t.sim, "uart0"), on_out, on_ready, NULL);
    write32(CTL, 0);
    write32(IBRD, 1); /* 16 MHz / 16: 1 Mbit/s */
    write32(LCRH, WLEN8 | lcrh);
    write32(CTL, 0x301 | ctl);
}

static size_t
input(const char *s)
{
    return sim_char_input(sim_char_find(t.sim, "uart0"), (const uint8_t *)s, strlen(s));
}

START_TEST(reset_values)
{
    static const uint8_t id[12] = { 0, 0, 0, 0, 0x11, 0, 0x18, 1, 0x0d, 0xf0, 0x05, 0xb1 };

    start_one(&uart_pl011_class, &uart);
    ck_assert_uint_eq(read32(FR), TXFE | RXFE);
    ck_assert_uint_eq(read32(CTL), 0x300);
    ck_assert_uint_eq(read32(IFLS), 0x12);
    ck_assert_uint_eq(read32(RSR) | read32(IBRD) | read32(FBRD) | read32(LCRH) | read32(IM), 0);
    ck_assert_uint_eq(read32(RIS) | read32(MIS), 0);
    for (unsigned i = 0; i < 12; i++) {
        ck_assert_uint_eq(read32(ID + 4 * i), id[i]);
    }
    ck_assert(!irq(IRQ));
    finish();
}
END_TEST

START_TEST(sends_at_its_rate)
{
    start(0, 0);
    write32(DR, 'a'); /* into the shift register, */
    ck_assert_uint_eq(read32(FR) & (TXFF | BUSY), BUSY);
    write32(DR, 'b'); /* and into the holding register */
    ck_assert_uint_eq(read32(FR) & (TXFF | TXFE), TXFF);
    write32(DR, 'c');
    expect_error(SIM_V_STATE); /* lost */
    step(CHAR_US * US - 1);
    ck_assert_uint_eq(t.out_len, 0);
    step(1);
    ck_assert_uint_eq(t.out_len, 1);
    ck_assert_uint_eq(read32(FR) & TXFE, TXFE);
    ck_assert_uint_eq(read32(FR) & BUSY, BUSY);
    step(CHAR_US * US);
    ck_assert_uint_eq(read32(FR), TXFE | RXFE);
    ck_assert_mem_eq(t.out, "ab", 2);
    finish();
}
END_TEST

START_TEST(divisor_with_fraction)
{
    start(0, 0);
    write32(IBRD, 8); /* 16 MHz / (16 * 8.6875) = 115108 bit/s */
    write32(FBRD, 44);
    write32(DR, 'x'); /* not before LCRH is written */
    step(CHAR_US * US);
    ck_assert_uint_eq(t.out_len, 1);
    write32(LCRH, WLEN8);
    write32(DR, 'y');
    step(86875 - 1);
    ck_assert_uint_eq(t.out_len, 1);
    step(1);
    ck_assert_uint_eq(t.out_len, 2);
    finish();
}
END_TEST

START_TEST(transmit_interrupt_at_its_level)
{
    start(FEN, 0);
    write32(IFLS, 2); /* half: 8 left */
    write32(IM, TX);
    for (unsigned i = 0; i < 12; i++) {
        write32(DR, 'a' + i);
    }
    ck_assert(!irq(IRQ)); /* 11 in the FIFO, and one on the line */
    step(2 * CHAR_US * US);
    ck_assert(!irq(IRQ));
    step(CHAR_US * US);
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(read32(MIS), TX);
    write32(ICR, TX);
    ck_assert(!irq(IRQ));
    step(S);
    ck_assert(!irq(IRQ)); /* only on the way through the level */
    ck_assert_mem_eq(t.out, "abcdefghijkl", 12);
    finish();
}
END_TEST

/* A line without a speed: the FIFO is empty at once, and each time has passed its level. */
START_TEST(transmit_interrupt_without_a_speed)
{
    start(FEN, 0);
    uart_pl011_set_instant(u, true);
    write32(IM, TX);
    for (unsigned i = 0; i < 3; i++) {
        write32(DR, 'a' + i);
        ck_assert(irq(IRQ));
        ck_assert_uint_eq(read32(FR) & TXFE, TXFE);
        write32(ICR, TX);
        ck_assert(!irq(IRQ));
    }
    ck_assert_mem_eq(t.out, "abc", 3);
    finish();
}
END_TEST

START_TEST(receives_one)
{
    start(0, 0);
    write32(IM, RX);
    ck_assert_uint_eq(input("hi"), 2);
    step(CHAR_US * US);
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(read32(FR) & (RXFE | RXFF), RXFF);
    step(S); /* the second waits: nothing is lost */
    ck_assert_uint_eq(read32(DR), 'h');
    ck_assert(!irq(IRQ));
    ck_assert_uint_eq(read32(FR) & RXFE, RXFE);
    step(CHAR_US * US);
    ck_assert_uint_eq(read32(DR), 'i');
    ck_assert_uint_eq(read32(RIS) & OEI, 0);
    finish();
}
END_TEST

START_TEST(receive_level_and_timeout)
{
    start(FEN, 0);
    write32(IFLS, 2 << 3); /* half: 8 */
    write32(IM, RX | RT);
    input("1234567");
    step(7 * CHAR_US * US);
    ck_assert(!irq(IRQ));
    step(31 * US); /* 32 bit times after the last character */
    ck_assert(!irq(IRQ));
    step(1 * US);
    ck_assert_uint_eq(read32(MIS), RT);
    write32(ICR, RT);
    ck_assert(!irq(IRQ));
    input("89");
    step(2 * CHAR_US * US);
    ck_assert_uint_eq(read32(MIS), RX);
    ck_assert_uint_eq(read32(DR), '1');
    ck_assert_uint_eq(read32(MIS), RX); /* 8 are left */
    ck_assert_uint_eq(read32(DR), '2');
    ck_assert_uint_eq(read32(MIS), 0);
    step(32 * US);
    ck_assert_uint_eq(read32(MIS), RT);
    for (unsigned i = 3; i < 10; i++) {
        ck_assert_uint_eq(read32(DR), '0' + i);
    }
    ck_assert_uint_eq(read32(MIS), 0); /* empty: no timeout any more */
    finish();
}
END_TEST

START_TEST(loopback_and_overrun)
{
    start(FEN, LBE);
    for (unsigned i = 0; i < 17; i++) {
        write32(DR, 'a' + i);
        step(CHAR_US * US);
    }
    ck_assert_uint_eq(t.out_len, 0);
    ck_assert_uint_eq(read32(RIS) & OEI, OEI);
    ck_assert_uint_eq(read32(RSR), OE >> 8);
    write32(RSR, 0xff); /* any value clears it */
    ck_assert_uint_eq(read32(RSR), 0);
    ck_assert_uint_eq(read32(FR) & RXFF, RXFF);
    ck_assert_uint_eq(read32(DR), 'a');
    write32(DR, 'z');
    step(CHAR_US * US);
    for (unsigned i = 1; i < 16; i++) {
        ck_assert_uint_eq(read32(DR), 'a' + i);
    }
    ck_assert_uint_eq(read32(DR), OE | 'z'); /* the first after the gap says so */
    finish();
}
END_TEST

START_TEST(break_condition)
{
    start(FEN, 0);
    write32(IM, BEI);
    uart_pl011_break(u);
    ck_assert(irq(IRQ));
    ck_assert_uint_eq(read32(DR), BE);
    ck_assert_uint_eq(read32(RSR), BE >> 8);
    write32(ICR, BEI);
    ck_assert(!irq(IRQ));
    finish();
}
END_TEST

START_TEST(line_errors_and_overrun)
{
    start(FEN, 0);
    write32(IM, FEI | PEI | OEI);
    uart_pl011_receive(u, 'a', 0);
    ck_assert(!irq(IRQ));
    uart_pl011_receive(u, 'b', FE);
    ck_assert_uint_eq(read32(MIS), FEI);
    uart_pl011_receive(u, 'c', PE);
    ck_assert_uint_eq(read32(MIS), FEI | PEI);
    write32(ICR, FEI | PEI);
    ck_assert(!irq(IRQ));
    for (unsigned i = 3; i < 17; i++) {
        uart_pl011_receive(u, 'a' + i, 0);
    }
    ck_assert_uint_eq(read32(MIS), OEI); /* the seventeenth is lost */
    ck_assert_uint_eq(read32(RSR), OE >> 8);
    ck_assert_uint_eq(read32(DR), 'a');
    ck_assert_uint_eq(read32(RSR), 0); /* of the character that was read */
    ck_assert_uint_eq(read32(DR), FE | 'b');
    ck_assert_uint_eq(read32(RSR), FE >> 8);
    ck_assert_uint_eq(read32(DR), PE | 'c');
    uart_pl011_receive(u, 'z', 0);
    for (unsigned i = 3; i < 16; i++) {
        ck_assert_uint_eq(read32(DR), 'a' + i);
    }
    ck_assert_uint_eq(read32(DR), OE | 'z');
    write32(CTL, 0x101);
    uart_pl011_receive(u, 'x', 0); /* nobody listens */
    ck_assert_uint_eq(read32(FR) & RXFE, RXFE);
    finish();
}
END_TEST

START_TEST(switched_off)
{
    start(FEN, 0);
    write32(CTL, 0x201); /* no transmitter */
    write32(DR, 'a');
    step(S);
    ck_assert_uint_eq(t.out_len, 0);
    write32(CTL, 0x101); /* no receiver */
    step(CHAR_US * US);
    ck_assert_uint_eq(t.out_len, 1);
    input("x");
    step(S);
    ck_assert_uint_eq(read32(FR) & RXFE, RXFE);
    write32(CTL, 0x301);
    step(CHAR_US * US);
    ck_assert_uint_eq(read32(DR), 'x');
    finish();
}
END_TEST

START_TEST(fifo_switch_empties)
{
    start(FEN, 0);
    input("abc");
    step(3 * CHAR_US * US);
    ck_assert_uint_eq(read32(FR) & RXFE, 0);
    write32(LCRH, WLEN8);
    ck_assert_uint_eq(read32(FR) & RXFE, RXFE);
    step(S);
    ck_assert_uint_eq(read32(RIS) & RT, 0);
    finish();
}
END_TEST

START_TEST(host_that_does_not_take)
{
    start(FEN, 0);
    t.out_room = 1;
    write32(DR, 'a');
    write32(DR, 'b');
    step(S);
    ck_assert_uint_eq(t.out_len, 1);
    ck_assert_uint_eq(read32(FR) & BUSY, BUSY);
    t.out_room = 9;
    sim_char_resume(sim_char_find(t.sim, "uart0"));
    ck_assert_uint_eq(t.out_len, 2);
    ck_assert_uint_eq(read32(FR) & BUSY, 0);
    finish();
}
END_TEST

START_TEST(host_that_sends_too_much)
{
    static uint8_t much[400];
    struct sim_char *port;

    start(FEN, 0);
    port = sim_char_find(t.sim, "uart0");
    ck_assert_uint_eq(sim_char_input(port, much, sizeof much), 256);
    for (unsigned i = 0; i < 256; i++) {
        step(CHAR_US * US);
        ck_assert_uint_eq(read32(DR), 0);
    }
    ck_assert_uint_eq(t.ready, 1);
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start(0, 0);
    write32(BASE + 0x08, 0);
    expect_error(SIM_V_NO_REG);
    write32(FR, 0);
    expect_error(SIM_V_READ_ONLY);
    read32(ICR);
    expect_error(SIM_V_WRITE_ONLY);
    write32(IM, 1);
    expect_error(SIM_V_RESERVED);
    sim_bus_write(t.sim, SIM_MMIO, DR, 1, 0);
    expect_error(SIM_V_WIDTH);
    write32(ID, 0);
    expect_error(SIM_V_READ_ONLY);
    write32(LCRH, WLEN8 | 1); /* sending a break is not modelled: said, no error */
    ck_assert_uint_eq(sim_unimplemented(t.sim), 1);
    finish();
}
END_TEST

RUN_TESTS("uart_pl011", reset_values, sends_at_its_rate, divisor_with_fraction,
          transmit_interrupt_at_its_level, transmit_interrupt_without_a_speed, receives_one,
          receive_level_and_timeout, loopback_and_overrun, break_condition, line_errors_and_overrun,
          switched_off, fifo_switch_empties, host_that_does_not_take, host_that_sends_too_much,
          guest_errors)
