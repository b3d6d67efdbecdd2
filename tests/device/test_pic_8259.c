/* The 8259A pair against the data sheet. */
#include "harness.h"

enum { M_CMD = 0x20, M_DATA = 0x21, S_CMD = 0xa0, S_DATA = 0xa1, M_ELCR = 0x4d0, S_ELCR = 0x4d1 };

static struct sim_line line[16];

static const struct board_dev dev = { "intel,i8259", "pic", BOARD_PORT, 0x20, 2, BOARD_NO_IRQ, 0 };

static void
init(uint8_t icw4)
{
    outb(M_CMD, 0x11);
    outb(M_DATA, 0x20);
    outb(M_DATA, 0x04);
    outb(M_DATA, icw4);
    outb(S_CMD, 0x11);
    outb(S_DATA, 0x28);
    outb(S_DATA, 0x02);
    outb(S_DATA, icw4);
    outb(M_DATA, 0x00);
    outb(S_DATA, 0x00);
}

static void
start(void)
{
    start_one(&pic_8259_class, &dev);
    for (unsigned i = 0; i < 16; i++) {
        start_line(&line[i], i);
    }
    init(0x01);
}

static void
up(unsigned n)
{
    sim_line_set(&line[n], true);
}

static void
down(unsigned n)
{
    sim_line_set(&line[n], false);
}

static int
ack(void)
{
    return sim_cpu_intr_ack(t.sim);
}

static bool
intr(void)
{
    return sim_cpu_intr_pending(t.sim);
}

static uint8_t
isr(uint16_t cmd)
{
    outb(cmd, 0x0b);
    return inb(cmd);
}

static uint8_t
irr(uint16_t cmd)
{
    outb(cmd, 0x0a);
    return inb(cmd);
}

START_TEST(edge_request_and_eoi)
{
    start();
    ck_assert(!intr());
    ck_assert_int_eq(ack(), -1);
    up(3);
    ck_assert(intr());
    ck_assert_uint_eq(irr(M_CMD), 0x08);
    ck_assert_int_eq(ack(), 0x23);
    ck_assert_uint_eq(irr(M_CMD), 0x00);
    ck_assert_uint_eq(isr(M_CMD), 0x08);
    ck_assert(!intr());
    outb(M_CMD, 0x20);
    ck_assert_uint_eq(isr(M_CMD), 0x00);
    ck_assert(!intr()); /* still high: no new edge */
    down(3);
    up(3);
    ck_assert(intr());
    finish();
}
END_TEST

START_TEST(mask_holds_requests)
{
    start();
    outb(M_DATA, 0x08);
    ck_assert_uint_eq(inb(M_DATA), 0x08);
    up(3);
    ck_assert(!intr());
    outb(M_DATA, 0x00);
    ck_assert(intr());
    down(3);
    finish();
}
END_TEST

START_TEST(fixed_priority_and_nesting)
{
    start();
    up(5);
    up(3);
    ck_assert_int_eq(ack(), 0x23);
    ck_assert(!intr()); /* 5 is less urgent than 3 in service */
    up(1);
    ck_assert(intr());
    ck_assert_int_eq(ack(), 0x21);
    ck_assert_uint_eq(isr(M_CMD), 0x0a);
    outb(M_CMD, 0x20); /* ends 1 */
    ck_assert_uint_eq(isr(M_CMD), 0x08);
    outb(M_CMD, 0x20);
    ck_assert_int_eq(ack(), 0x25);
    outb(M_CMD, 0x65); /* specific */
    ck_assert_uint_eq(isr(M_CMD), 0x00);
    finish();
}
END_TEST

START_TEST(cascade)
{
    start();
    up(14);
    ck_assert_uint_eq(irr(M_CMD), 0x04);
    ck_assert_int_eq(ack(), 0x2e);
    ck_assert_uint_eq(isr(M_CMD), 0x04);
    ck_assert_uint_eq(isr(S_CMD), 0x40);
    up(9); /* more urgent in the slave, but the master's IR2 is in service */
    ck_assert(!intr());
    outb(S_CMD, 0x20);
    outb(M_CMD, 0x20);
    ck_assert(intr());
    ck_assert_int_eq(ack(), 0x29);
    up(1);
    ck_assert_int_eq(ack(), 0x21);
    finish();
}
END_TEST

START_TEST(two_in_the_slave)
{
    start();
    up(14);
    up(15);
    ck_assert_int_eq(ack(), 0x2e);
    outb(M_CMD, 0x20); /* master first: 15 must wait for the slave's end of interrupt */
    ck_assert(!intr());
    outb(S_CMD, 0x20);
    ck_assert(intr());
    ck_assert_int_eq(ack(), 0x2f);
    finish();
}
END_TEST

START_TEST(special_fully_nested_mode)
{
    start();
    init(0x11);
    up(14);
    ck_assert_int_eq(ack(), 0x2e);
    up(9);
    ck_assert(intr()); /* now the slave interrupts its own service */
    ck_assert_int_eq(ack(), 0x29);
    ck_assert_uint_eq(isr(S_CMD), 0x42);
    finish();
}
END_TEST

START_TEST(spurious)
{
    start();
    up(3);
    ck_assert(intr());
    down(3); /* the request follows its input */
    ck_assert(!intr());
    ck_assert_int_eq(ack(), -1);

    /* Had the CPU seen it already, its acknowledge would get the default vector, with nothing in
     * service. */
    ck_assert_int_eq(sim_cpu_intr_ack_lost(t.sim, 3), 0x27);
    ck_assert_uint_eq(isr(M_CMD), 0x00);
    /* Behind the cascade, the master does not know: it has IR2 in service. */
    ck_assert_int_eq(sim_cpu_intr_ack_lost(t.sim, 9), 0x2f);
    ck_assert_uint_eq(isr(S_CMD), 0x00);
    ck_assert_uint_eq(isr(M_CMD), 0x04);
    outb(M_CMD, 0x20);
    ck_assert_uint_eq(isr(M_CMD), 0x00);
    finish();
}
END_TEST

START_TEST(level_triggered)
{
    start();
    outb(M_ELCR, 0x20);
    ck_assert_uint_eq(inb(M_ELCR), 0x20);
    up(5);
    ck_assert_int_eq(ack(), 0x25);
    ck_assert(!intr());
    outb(M_CMD, 0x20);
    ck_assert(intr()); /* still asserted: again */
    ck_assert_int_eq(ack(), 0x25);
    down(5);
    outb(M_CMD, 0x20);
    ck_assert(!intr());
    outb(M_ELCR, 0x01); /* the timer is edge-triggered for good */
    expect_error(SIM_V_RESERVED);
    outb(S_ELCR, 0x20);
    expect_error(SIM_V_RESERVED);
    finish();
}
END_TEST

START_TEST(automatic_eoi_and_rotation)
{
    start();
    init(0x03);
    outb(M_CMD, 0x80); /* rotate in automatic EOI mode */
    up(0);
    up(1);
    ck_assert_int_eq(ack(), 0x20);
    ck_assert_uint_eq(isr(M_CMD), 0x00);
    down(0);
    up(0);
    ck_assert_int_eq(ack(), 0x21); /* 0 went to the end of the row */
    ck_assert_int_eq(ack(), 0x20);
    finish();
}
END_TEST

START_TEST(rotation_by_command)
{
    start();
    outb(M_CMD, 0xc3); /* 3 is lowest, so 4 is highest */
    up(0);
    up(4);
    ck_assert_int_eq(ack(), 0x24);
    outb(M_CMD, 0xa0); /* rotate on non-specific EOI: now 4 is lowest */
    down(4);
    up(4);
    ck_assert_int_eq(ack(), 0x20);
    outb(M_CMD, 0xe0); /* rotate on specific EOI of 0 */
    ck_assert_uint_eq(isr(M_CMD), 0);
    ck_assert_int_eq(ack(), 0x24);
    finish();
}
END_TEST

START_TEST(special_mask_mode)
{
    start();
    up(3);
    ck_assert_int_eq(ack(), 0x23);
    up(5);
    ck_assert(!intr());
    outb(M_DATA, 0x08);
    outb(M_CMD, 0x68); /* set special mask mode: masked 3 holds back nobody */
    ck_assert(intr());
    ck_assert_int_eq(ack(), 0x25);
    outb(M_CMD, 0x20); /* ends 5, the masked 3 is not seen */
    ck_assert_uint_eq(isr(M_CMD), 0x08);
    outb(M_CMD, 0x63);
    outb(M_CMD, 0x48);
    ck_assert_uint_eq(isr(M_CMD), 0x00);
    finish();
}
END_TEST

START_TEST(poll)
{
    start();
    outb(M_CMD, 0x0c);
    ck_assert_uint_eq(inb(M_CMD) & 0x80, 0);
    up(6);
    outb(M_CMD, 0x0c);
    ck_assert_uint_eq(inb(M_CMD), 0x86);
    ck_assert(!intr());
    ck_assert_uint_eq(isr(M_CMD), 0x40);
    finish();
}
END_TEST

START_TEST(initialisation_clears)
{
    start();
    up(3);
    outb(M_DATA, 0xff);
    init(0x01);
    ck_assert_uint_eq(inb(M_DATA), 0x00);
    ck_assert(!intr()); /* an edge must come again */
    down(3);
    up(3);
    ck_assert(intr());
    outb(M_CMD, 0x10); /* no ICW4: 8080 mode */
    expect_error(SIM_V_STATE);
    finish();
}
END_TEST

START_TEST(shared_line)
{
    struct sim_line other;

    start();
    outb(M_ELCR, 0x20);
    start_line(&other, 5);
    up(5);
    sim_line_set(&other, true);
    down(5);
    ck_assert(intr()); /* the other one still holds it */
    sim_line_set(&other, false);
    ck_assert(!intr());
    finish();
}
END_TEST

RUN_TESTS("pic_8259", edge_request_and_eoi, mask_holds_requests, fixed_priority_and_nesting,
          cascade, two_in_the_slave, special_fully_nested_mode, spurious, level_triggered,
          automatic_eoi_and_rotation, rotation_by_command, special_mask_mode, poll,
          initialisation_clears, shared_line)
