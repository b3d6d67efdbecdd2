/* The bus, the register engine with its strict check, traces and the machine's state. */
#include <stdlib.h>

#include <sim/trace.h>

#include "sim_toy.h"

static uint64_t
rd(uint32_t off, unsigned width)
{
    return sim_bus_read(t.sim, SIM_MMIO, TOY + off, width);
}

static void
wr(uint32_t off, unsigned width, uint64_t value)
{
    sim_bus_write(t.sim, SIM_MMIO, TOY + off, width, value);
}

START_TEST(masks)
{
    start_toys();
    ck_assert_uint_eq(rd(0x00, 1), 0x5a);
    ck_assert_uint_eq(rd(0x01, 1), 0x13);
    wr(0x01, 1, 0xa3); /* reserved bits may be written as they reset, */
    ck_assert_uint_eq(rd(0x01, 1), 0xa3);
    wr(0x01, 1, 0x70); /* or as zero */
    ck_assert_uint_eq(rd(0x01, 1), 0x73);
    wr(0x02, 1, 0x0f);
    ck_assert_uint_eq(rd(0x02, 1), 0xf0);
    wr(0x03, 1, 0x05);
    wr(0x03, 1, 0x50);
    ck_assert_uint_eq(rd(0x03, 1), 0x55);
    ck_assert_uint_eq(rd(0x04, 1), 0xff);
    ck_assert_uint_eq(rd(0x04, 1), 0xf0);
    wr(0x05, 1, 0x77);
    ck_assert_uint_eq(toy("toy0")->val[T_WO], 0x77);
    wr(0x1a, 1, 0x77); /* allowed, ignored */
    ck_assert_uint_eq(rd(0x1a, 1), 0);
    finish();
}
END_TEST

START_TEST(widths)
{
    start_toys();
    wr(0x08, 8, UINT64_C(0x1122334455667788));
    ck_assert_uint_eq(rd(0x08, 1), 0x88);
    ck_assert_uint_eq(rd(0x0b, 1), 0x55);
    ck_assert_uint_eq(rd(0x0e, 2), 0x1122);
    wr(0x0c, 4, 0xdeadbeef);
    ck_assert_uint_eq(rd(0x08, 8), UINT64_C(0xdeadbeef55667788));
    ck_assert_uint_eq(rd(0x10, 4), 0x03020100); /* a data port: repeated */
    ck_assert_uint_eq(rd(0x10, 1), 0x04);
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start_toys();
    wr(0x01, 1, 0x04);
    expect_error(SIM_V_RESERVED);
    ck_assert_str_eq(t.last_error_text,
                     "toy0.RW: reserved bit written: 1-byte write of 0x4 at 0x1");
    wr(0x00, 1, 0);
    expect_error(SIM_V_READ_ONLY);
    ck_assert_uint_eq(rd(0x05, 1), 0xff);
    expect_error(SIM_V_WRITE_ONLY);
    ck_assert_uint_eq(rd(0x00, 2), 0xffff);
    expect_error(SIM_V_WIDTH);
    ck_assert_uint_eq(rd(0x09, 2), 0xffff); /* not aligned in its register */
    expect_error(SIM_V_WIDTH);
    ck_assert_uint_eq(rd(0x11, 1), 0xff);
    expect_error(SIM_V_NO_REG);
    wr(0x18, 1, 0xf1); /* not modelled is not the guest's fault */
    ck_assert_uint_eq(sim_unimplemented(t.sim), 1);
    ck_assert_uint_eq(rd(0x18, 1), 0x01);
    wr(0x1b, 1, 0xf1); /* neither where nothing of a register is */
    ck_assert_uint_eq(sim_unimplemented(t.sim), 2);
    ck_assert_uint_eq(rd(0x1b, 1), 0x21);
    finish();
}
END_TEST

START_TEST(alternative_registers)
{
    struct reg_view view;

    start_toys();
    wr(0x19, 1, 0x11);
    wr(0x01, 1, 0x80);
    ck_assert_uint_eq(rd(0x19, 1), 0x00);
    wr(0x19, 1, 0x22);
    wr(0x01, 1, 0x00);
    ck_assert_uint_eq(rd(0x19, 1), 0x11);
    ck_assert(model_reg_find(&toy("toy0")->model, "BANK1", &view));
    ck_assert_uint_eq(view.value, 0x22);
    ck_assert(!view.visible);
    ck_assert(!model_reg_find(&toy("toy0")->model, "NONE", &view));
    ck_assert(model_reg_nth(&toy("toy0")->model, C_COUNT + T_COUNT - 1, &view));
    ck_assert(!model_reg_nth(&toy("toy0")->model, C_COUNT + T_COUNT, &view));
    finish();
}
END_TEST

START_TEST(merged_bank)
{
    uint64_t at = SIM_PCI_ADDR(0, 1, 0, 0);

    start_toys();
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PCI, at, 4), 0x12345678);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PCI, at + 1, 1), 0x56);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PCI, at + 2, 4), 0x1234); /* the rest is a hole */
    sim_bus_write(t.sim, SIM_PCI, at + 4, 4, 0xffffffff); /* a hole and half a register */
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PCI, at + 6, 4), 0x0000ff00);
    sim_bus_write(t.sim, SIM_PCI, at, 4, 0); /* quiet */
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PCI, SIM_PCI_ADDR(0, 31, 7, 0), 4), 0xffffffff);
    ck_assert_uint_eq(sim_unclaimed(t.sim), 0); /* looking for absent functions is no error */
    finish();
}
END_TEST

START_TEST(unclaimed)
{
    struct sim_config config = default_config();

    start_toys();
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PORT, 0x9999, 2), 0xffff);
    expect_error(SIM_V_UNCLAIMED);
    sim_bus_write(t.sim, SIM_MMIO, 0x12345678, 4, 0);
    expect_error(SIM_V_UNCLAIMED);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_MMIO, TOY + 0x1f, 2),
                      0xffff); /* sticks out of the region */
    expect_error(SIM_V_UNCLAIMED);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PORT, UINT64_MAX, 8), UINT64_MAX);
    expect_error(SIM_V_UNCLAIMED);
    ck_assert_uint_eq(sim_unclaimed(t.sim), 4);
    finish();

    config.strict = SIM_LENIENT;
    start_toys_with(&config);
    sim_bus_read(t.sim, SIM_PORT, 0x9999, 2);
    ck_assert_uint_eq(sim_unclaimed(t.sim), 1);
    finish();
}
END_TEST

START_TEST(fatal_ends_the_run)
{
    struct sim_config config = default_config();

    config.strict = SIM_FATAL;
    start_toys_with(&config);
    wr(0x01, 1, 0x04);
    expect_error(SIM_V_RESERVED);
    ck_assert_int_eq(t.ended, SIM_END_VIOLATION);
    ck_assert_int_eq(t.end_code, 4);
    finish();
}
END_TEST

START_TEST(regions_move)
{
    start_toys();
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PORT, TOY + 3, 2), 0x32);
    sim_bus_write(t.sim, SIM_PORT, TOY, 4, 0xcafe);
    ck_assert_uint_eq(toy("toy0")->ops_seen, 0xcafe);
    sim_region_set(&toy("toy0")->ops_region, 0x5000, true);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PORT, 0x5001, 1), 0x11);
    sim_bus_read(t.sim, SIM_PORT, TOY, 1);
    expect_error(SIM_V_UNCLAIMED);
    sim_region_set(&toy("toy0")->ops_region, 0xfff8, true); /* does not fit: off */
    sim_bus_read(t.sim, SIM_PORT, 0xfff8, 1);
    expect_error(SIM_V_UNCLAIMED);
    sim_region_set(&toy("toy0")->ops_region, TOY_OPS + 8,
                   true); /* half over toy1's: the first claim wins */
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PORT, TOY_OPS + 9, 1), 0x11);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_PORT, TOY_OPS + 1, 1), 0x11);

    sim_region_set(&toy("toy0")->mmio, TOY_OPS, true); /* in memory space, too, whatever was hit last */
    toy("toy1")->val[T_RO] = 0x11;
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_MMIO, TOY_OPS, 1), 0x5a);
    sim_region_set(&toy("toy0")->mmio, TOY, true);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_MMIO, TOY_OPS, 1), 0x11);
    finish();
}
END_TEST

static char seen[512];

static void
trace(void *arg, const struct sim_trace_entry *e)
{
    size_t len = strlen(seen);

    (void)arg;
    snprintf(seen + len, sizeof seen - len, "%s.%s%s%x ", e->dev, e->reg, e->write ? "=" : ":",
             (unsigned)e->value);
}

START_TEST(traces)
{
    start_toys();
    ck_assert_int_eq(sim_trace_set(t.sim, ",toy0.RW,,toy?.W1*,toy1.ops", trace, NULL), 0);
    seen[0] = 0;
    wr(0x01, 1, 0x20);
    rd(0x00, 1);
    wr(0x03, 1, 1);
    sim_bus_read(t.sim, SIM_MMIO, TOY_OPS + 2, 1);
    sim_bus_read(t.sim, SIM_MMIO, TOY_OPS + 1, 1);
    sim_bus_write(t.sim, SIM_PORT, TOY_OPS, 1, 9);
    sim_bus_write(t.sim, SIM_PORT, TOY, 1, 9);
    ck_assert_str_eq(seen, "toy0.RW=20 toy0.W1S=1 toy1.W1C:ff toy1.ops=9 ");
    ck_assert_int_eq(sim_trace_set(t.sim, NULL, NULL, NULL), 0);
    wr(0x01, 1, 0x30);
    ck_assert_str_eq(seen, "toy0.RW=20 toy0.W1S=1 toy1.W1C:ff toy1.ops=9 ");
    finish();
}
END_TEST

START_TEST(wires_are_shared)
{
    start_toys();
    wr(0x03, 1, 1);
    sim_bus_write(t.sim, SIM_MMIO, TOY_OPS + 3, 1, 1);
    ck_assert(irq(TOY_IRQ));
    sim_line_connect(&toy("toy1")->irq, 9); /* routed elsewhere while high */
    ck_assert(irq(TOY_IRQ) && irq(9));
    sim_line_connect(&toy("toy0")->irq, BOARD_NO_IRQ);
    ck_assert(!irq(TOY_IRQ) && irq(9));
    ck_assert_uint_eq(toy("toy0")->irq.raised, 1);
    finish();
}
END_TEST

START_TEST(state_round_trip)
{
    size_t size;
    uint8_t *saved;
    uint64_t hash, drawn;

    start_toys();
    wr(0x01, 1, 0x90);
    wr(0x03, 1, 1);
    sim_event_at(&toy("toy0")->alarm, 500);
    sim_advance_to(t.sim, 100);
    sim_region_set(&toy("toy1")->mmio, 0x7000, true);
    size = sim_state_size(t.sim);
    saved = malloc(size);
    ck_assert_ptr_nonnull(saved);
    sim_state_save(t.sim, saved);
    hash = sim_state_hash(t.sim);
    drawn = sim_random_u64(&toy("toy0")->model);

    sim_advance_to(t.sim, 1000);
    wr(0x01, 1, 0x00);
    sim_bus_write(t.sim, SIM_MMIO, 0x7003, 1, 1);
    sim_region_set(&toy("toy1")->mmio, TOY_OPS, true);
    sim_event_at(&toy("toy1")->alarm, 2000);
    ck_assert_uint_ne(sim_state_hash(t.sim), hash);

    ck_assert_int_eq(sim_state_restore(t.sim, saved, size), 0);
    ck_assert_uint_eq(sim_state_hash(t.sim), hash);
    ck_assert_uint_eq(sim_now(t.sim), 100);
    ck_assert_uint_eq(sim_random_u64(&toy("toy0")->model), drawn);
    ck_assert_uint_eq(rd(0x01, 1), 0x93);
    ck_assert(irq(TOY_IRQ));
    wr(0x03, 1, 0); /* W1S cannot clear; drop the line by reset of the model */
    model_reset(&toy("toy0")->model);
    ck_assert(!irq(TOY_IRQ));
    ck_assert_int_eq(sim_state_restore(t.sim, saved, size), 0);
    sim_advance_to(t.sim, 500);
    ck_assert_uint_eq(toy("toy0")->alarms, 1);
    ck_assert_uint_eq(sim_next_event_ns(t.sim), SIM_NEVER);

    saved[0] ^= 1;
    ck_assert_int_eq(sim_state_restore(t.sim, saved, size), -EINVAL);
    ck_assert_int_eq(sim_state_restore(t.sim, saved, size - 1), -EINVAL);
    free(saved);
    finish();
}
END_TEST

RUN_TESTS("sim_bus", masks, widths, guest_errors, alternative_registers, merged_bank, unclaimed,
          fatal_ends_the_run, regions_move, traces, wires_are_shared, state_round_trip)
