/* The 8254 model against the data sheet. */
#include "harness.h"

enum { C0 = 0x40, C1 = 0x41, C2 = 0x42, CTRL = 0x43, PORT_B = 0x61, HZ = 1193182, IRQ = 0 };

/* 1 MHz, so that a tick is a microsecond. */
static const struct board_dev slow = { "intel,i8254", "pit", BOARD_PORT, 0x40, 4, IRQ, 1000000 };
static const struct board_dev pc = { "intel,i8254", "pit", BOARD_PORT, 0x40, 4, IRQ, HZ };

static void
count(uint16_t port, uint8_t control, unsigned n)
{
    outb(CTRL, control);
    outb(port, (uint8_t)n);
    outb(port, (uint8_t)(n >> 8));
}

static unsigned
read16(uint16_t port)
{
    unsigned low = inb(port);

    return low | (unsigned)inb(port) << 8;
}

static bool
out2(void)
{
    return inb(PORT_B) & 0x20;
}

START_TEST(mode0_interrupt_on_terminal_count)
{
    start_one(&pit_8254_class, &slow);
    count(C0, 0x30, 1000);
    ck_assert(!irq(IRQ));
    step(1000 * US); /* N + 1 ticks from the write to OUT high */
    ck_assert(!irq(IRQ));
    step(1 * US);
    ck_assert(irq(IRQ));
    step(1 * S);
    ck_assert(irq(IRQ));
    count(C0, 0x30, 10);
    ck_assert(!irq(IRQ));
    step(11 * US);
    ck_assert(irq(IRQ));
    finish();
}
END_TEST

START_TEST(mode2_rate_generator)
{
    unsigned edges = 0;
    bool was = true;

    start_one(&pit_8254_class, &slow);
    count(C0, 0x34, 100);
    ck_assert(irq(IRQ)); /* high but for the last tick of each period */
    step(1 * US);        /* loaded */
    for (unsigned i = 0; i < 1000; i++) {
        step(1 * US);
        ck_assert_msg(irq(IRQ) == (i % 100 != 98), "tick %u", i + 1);
        edges += irq(IRQ) && !was;
        was = irq(IRQ);
    }
    ck_assert_uint_eq(edges, 10);
    finish();
}
END_TEST

START_TEST(mode3_square_wave)
{
    start_one(&pit_8254_class, &slow);
    count(C0, 0x36, 5); /* odd: high for 3, low for 2 */
    step(1 * US);
    for (unsigned i = 0; i < 50; i++) {
        ck_assert_msg(irq(IRQ) == (i % 5 < 3), "tick %u", i);
        step(1 * US);
    }
    finish();
}
END_TEST

START_TEST(long_run_does_not_drift)
{
    unsigned rises = 0;
    bool was = true;

    start_one(&pit_8254_class, &pc);
    count(C0, 0x34, 11932); /* 100 Hz */
    for (unsigned i = 0; i < 2000000; i++) {
        uint64_t next = sim_next_event_ns(t.sim);

        if (next > 100 * S) {
            break;
        }
        sim_advance_to(t.sim, next);
        rises += irq(IRQ) && !was;
        was = irq(IRQ);
    }
    ck_assert_uint_eq(rises, (uint64_t)HZ * 100 / 11932);
    finish();
}
END_TEST

START_TEST(host_clock_catches_up)
{
    struct sim_line *line;
    struct model *pit;

    start_one(&pit_8254_class, &slow);
    pit = sim_model_find(t.sim, "pit");
    line = pit->line[0];
    count(C0, 0x34, 1000);
    line->raised = 0;
    step(50 * MS); /* one jump over fifty periods: fifty edges */
    ck_assert_uint_ge(line->raised, 49);
    ck_assert_uint_le(line->raised, 50);
    finish();
}
END_TEST

START_TEST(count_and_latch)
{
    start_one(&pit_8254_class, &slow);
    count(C0, 0x34, 50000);
    step(1 * US);
    ck_assert_uint_eq(read16(C0), 50000);
    step(1234 * US);
    outb(CTRL, 0x00); /* latch counter 0 */
    step(5000 * US);
    outb(CTRL, 0x00); /* ignored: not read yet */
    ck_assert_uint_eq(read16(C0), 50000 - 1234);
    ck_assert_uint_eq(read16(C0), 50000 - 6234);
    finish();
}
END_TEST

START_TEST(read_back)
{
    start_one(&pit_8254_class, &slow);
    outb(CTRL, 0x34);
    outb(CTRL, 0xe2);                               /* status of counter 0 */
    ck_assert_uint_eq(inb(C0), 0x80 | 0x40 | 0x34); /* OUT high, null count */
    outb(C0, 0x10);
    outb(C0, 0x27);
    step(2 * US);
    outb(CTRL, 0xc2); /* both: status is read first */
    ck_assert_uint_eq(inb(C0), 0x80 | 0x34);
    ck_assert_uint_eq(read16(C0), 0x2710 - 1);
    outb(CTRL, 0xc3);
    expect_error(SIM_V_STATE);
    finish();
}
END_TEST

START_TEST(single_byte_access)
{
    start_one(&pit_8254_class, &slow);
    outb(CTRL, 0x14); /* counter 0, LSB only */
    outb(C0, 200);
    step(1 * US);
    ck_assert_uint_eq(inb(C0), 200);
    ck_assert_uint_eq(inb(C0), 200);
    outb(CTRL, 0x24); /* MSB only */
    outb(C0, 2);
    step(1 * US);
    ck_assert_uint_eq(inb(C0), 2);
    finish();
}
END_TEST

START_TEST(new_count_waits_for_the_period)
{
    start_one(&pit_8254_class, &slow);
    count(C0, 0x34, 100);
    step(11 * US);
    outb(C0, 50);
    outb(C0, 0);
    ck_assert_uint_eq(read16(C0), 90);
    step(90 * US); /* the old period ends */
    ck_assert_uint_eq(read16(C0), 50);
    step(49 * US);
    ck_assert(!irq(IRQ));
    step(1 * US);
    ck_assert(irq(IRQ));
    finish();
}
END_TEST

START_TEST(gate_of_counter_2)
{
    start_one(&pit_8254_class, &slow);
    count(C2, 0xb0, 1000); /* mode 0 */
    step(5 * MS);
    ck_assert(!out2()); /* the gate is low */
    outb(PORT_B, 0x01);
    step(400 * US);
    outb(PORT_B, 0x00);
    step(5 * MS);
    ck_assert(!out2());
    outb(PORT_B, 0x01);
    step(599 * US);
    ck_assert(!out2());
    step(2 * US);
    ck_assert(out2());
    finish();
}
END_TEST

START_TEST(one_shot_and_strobe)
{
    start_one(&pit_8254_class, &slow);
    count(C2, 0xb2, 10); /* mode 1 */
    step(100 * US);
    ck_assert(out2());
    outb(PORT_B, 0x01); /* trigger */
    step(1 * US);
    ck_assert(!out2());
    step(9 * US);
    ck_assert(!out2());
    step(1 * US);
    ck_assert(out2());
    outb(PORT_B, 0x00);
    outb(PORT_B, 0x01); /* again */
    step(5 * US);
    ck_assert(!out2());

    outb(PORT_B, 0x00);
    count(C2, 0xba, 10); /* mode 5 */
    outb(PORT_B, 0x01);
    step(10 * US);
    ck_assert(out2());
    step(1 * US);
    ck_assert(!out2());
    step(1 * US);
    ck_assert(out2());

    count(C2, 0xb8, 10); /* mode 4: by software */
    step(10 * US);
    ck_assert(out2());
    step(1 * US);
    ck_assert(!out2());
    step(1 * US);
    ck_assert(out2());
    finish();
}
END_TEST

START_TEST(bcd)
{
    start_one(&pit_8254_class, &slow);
    count(C0, 0x31, 0x1000); /* mode 0, BCD: a thousand */
    step(2 * US);
    ck_assert_uint_eq(read16(C0), 0x0999);
    step(998 * US);
    ck_assert(!irq(IRQ));
    step(1 * US);
    ck_assert(irq(IRQ));
    step(1 * US);
    ck_assert_uint_eq(read16(C0), 0x9999);
    finish();
}
END_TEST

START_TEST(zero_is_the_largest_count)
{
    start_one(&pit_8254_class, &slow);
    count(C0, 0x30, 0);
    step(65536 * US);
    ck_assert(!irq(IRQ));
    step(1 * US);
    ck_assert(irq(IRQ));
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start_one(&pit_8254_class, &slow);
    inb(CTRL);
    expect_error(SIM_V_WRITE_ONLY);
    sim_bus_write(t.sim, SIM_PORT, C0, 2, 1000);
    expect_error(SIM_V_WIDTH);
    finish();
}
END_TEST

RUN_TESTS("pit_8254", mode0_interrupt_on_terminal_count, mode2_rate_generator, mode3_square_wave,
          long_run_does_not_drift, host_clock_catches_up, count_and_latch, read_back,
          single_byte_access, new_count_waits_for_the_period, gate_of_counter_2,
          one_shot_and_strobe, bcd, zero_is_the_largest_count, guest_errors)
