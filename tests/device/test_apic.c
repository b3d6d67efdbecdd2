/* The local APIC (SDM volume 3A) and the I/O APIC (82093AA) together, with an 8259 beside them. */
#include "harness.h"

enum {
    ID = 0x20,
    VERSION = 0x30,
    TPR = 0x80,
    PPR = 0xa0,
    EOI = 0xb0,
    LDR = 0xd0,
    DFR = 0xe0,
    SVR = 0xf0,
    ISR = 0x100,
    TMR = 0x180,
    IRR = 0x200,
    ESR = 0x280,
    ICR_LOW = 0x300,
    ICR_HIGH = 0x310,
    LVT_TIMER = 0x320,
    LVT_LINT0 = 0x350,
    LVT_ERROR = 0x370,
    INITIAL = 0x380,
    CURRENT = 0x390,
    DIVIDE = 0x3e0,
};

static const struct board_dev devs[] = {
    { "intel,i8259", "pic", BOARD_PORT, 0x20, 2, BOARD_NO_IRQ, 0 },
    { "intel,ioapic", "ioapic", BOARD_MMIO, 0xfec00000, 0x1000, BOARD_NO_IRQ, 0 },
    { "intel,lapic", "lapic", BOARD_MMIO, 0xfee00000, 0x1000, BOARD_NO_IRQ, 1000000000 },
};

static struct sim_line line[24];

static uint32_t
lr(uint32_t reg)
{
    return read32(0xfee00000 + reg);
}

static void
lw(uint32_t reg, uint32_t v)
{
    write32(0xfee00000 + reg, v);
}

static uint32_t
ior(uint8_t reg)
{
    write32(0xfec00000, reg);
    return read32(0xfec00010);
}

static void
iow(uint8_t reg, uint32_t v)
{
    write32(0xfec00000, reg);
    write32(0xfec00010, v);
}

static void
start_disabled(void)
{
    const struct model_class *models[] = { &pic_8259_class, &ioapic_class, &lapic_class, NULL };
    struct sim_config config = default_config();

    start_with(&config, devs, 3, models);
    for (unsigned i = 0; i < 24; i++) {
        start_line(&line[i], i);
    }
}

static void
start(void)
{
    start_disabled();
    lw(SVR, 0x1ff);
    lw(LVT_LINT0, 0x10000);
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

static void
self_ipi(uint8_t vector)
{
    lw(ICR_LOW, 0x40000u | vector);
}

START_TEST(reset_values)
{
    start_disabled();
    ck_assert_uint_eq(lr(ID), 0);
    ck_assert_uint_eq(lr(VERSION) & 0xff, 0x14);
    ck_assert_uint_eq(lr(VERSION) >> 16, 5); /* six LVT entries */
    ck_assert_uint_eq(lr(TPR), 0);
    ck_assert_uint_eq(lr(DFR), 0xffffffff);
    ck_assert_uint_eq(lr(SVR), 0xff);
    ck_assert_uint_eq(lr(LVT_TIMER), 0x10000);
    ck_assert_uint_eq(lr(LVT_ERROR), 0x10000);
    ck_assert_uint_eq(ior(0), 0);
    ck_assert_uint_eq(ior(1), 0x00170011);
    for (uint8_t i = 0; i < 24; i++) {
        ck_assert_uint_eq(ior((uint8_t)(0x10 + 2 * i)), 0x10000);
        ck_assert_uint_eq(ior((uint8_t)(0x11 + 2 * i)), 0);
    }
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_MSR, SIM_MSR_ADDR(0x1b), 8), 0xfee00900);
    finish();
}
END_TEST

START_TEST(self_ipi_and_priorities)
{
    start();
    self_ipi(0x41);
    self_ipi(0x52);
    ck_assert_uint_eq(lr(IRR + 0x20), 1u << 1 | 1u << 18);
    ck_assert_int_eq(ack(), 0x52);
    ck_assert_uint_eq(lr(ISR + 0x20), 1u << 18);
    ck_assert_uint_eq(lr(PPR), 0x50);
    ck_assert(!intr()); /* a lower class waits */
    self_ipi(0x5f);
    ck_assert(!intr()); /* so does the same class */
    self_ipi(0x60);
    ck_assert_int_eq(ack(), 0x60);
    lw(EOI, 0);
    ck_assert(!intr());
    lw(EOI, 0);
    ck_assert_int_eq(ack(), 0x5f);
    lw(EOI, 0);
    lw(TPR, 0x50);
    ck_assert(!intr());
    lw(TPR, 0x3f);
    ck_assert_int_eq(ack(), 0x41);
    lw(EOI, 0);
    lw(EOI, 0); /* nothing in service: no effect */
    lw(EOI, 1);
    expect_error(SIM_V_RESERVED);
    ck_assert_int_eq(ack(), -1);
    ck_assert_int_eq(sim_cpu_intr_ack_lost(t.sim, 0), 0xff);
    finish();
}
END_TEST

START_TEST(timer_one_shot)
{
    start();
    lw(DIVIDE, 0x3); /* by 16 */
    lw(LVT_TIMER, 0x40);
    lw(INITIAL, 1000);
    step(8000);
    ck_assert_uint_eq(lr(CURRENT), 500);
    ck_assert(!intr());
    step(8000);
    ck_assert_uint_eq(lr(CURRENT), 0);
    ck_assert_int_eq(ack(), 0x40);
    lw(EOI, 0);
    step(1 * S);
    ck_assert(!intr());
    lw(INITIAL, 1000);
    lw(INITIAL, 0); /* stops it */
    step(1 * S);
    ck_assert(!intr());
    lw(LVT_TIMER, 0x10040); /* masked: counts, but is silent */
    lw(INITIAL, 10);
    step(1 * S);
    ck_assert(!intr());
    finish();
}
END_TEST

START_TEST(timer_periodic)
{
    start();
    lw(DIVIDE, 0xb); /* by 1 */
    lw(LVT_TIMER, 0x20040);
    lw(INITIAL, 1000);
    for (unsigned i = 0; i < 10; i++) {
        step(999);
        ck_assert(!intr());
        step(1);
        ck_assert_int_eq(ack(), 0x40);
        lw(EOI, 0);
    }
    step(500);
    ck_assert_uint_eq(lr(CURRENT), 500);
    lw(DIVIDE, 0x0); /* by 2 from here on */
    ck_assert_uint_eq(lr(CURRENT), 500);
    step(999);
    ck_assert(!intr());
    step(1);
    ck_assert(intr());
    finish();
}
END_TEST

START_TEST(timer_tsc_deadline)
{
    start();
    lw(LVT_TIMER, 0x40040);
    step(1000);
    sim_bus_write(t.sim, SIM_MSR, SIM_MSR_ADDR(0x6e0), 8, 5000);
    lw(INITIAL, 10); /* ignored in this mode */
    step(3999);
    ck_assert(!intr());
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_MSR, SIM_MSR_ADDR(0x6e0), 8), 5000);
    step(1);
    ck_assert_int_eq(ack(), 0x40);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_MSR, SIM_MSR_ADDR(0x6e0), 8), 0);
    lw(EOI, 0);
    sim_bus_write(t.sim, SIM_MSR, SIM_MSR_ADDR(0x6e0), 8, 1); /* in the past: at once */
    step(0);
    ck_assert_int_eq(ack(), 0x40);
    lw(EOI, 0);
    sim_bus_write(t.sim, SIM_MSR, SIM_MSR_ADDR(0x6e0), 8, 9000);
    sim_bus_write(t.sim, SIM_MSR, SIM_MSR_ADDR(0x6e0), 8, 0); /* disarmed */
    step(1 * S);
    ck_assert(!intr());
    finish();
}
END_TEST

START_TEST(software_disable_masks)
{
    start_disabled();
    lw(LVT_TIMER, 0x40); /* the mask bit cannot be cleared */
    ck_assert_uint_eq(lr(LVT_TIMER), 0x10040);
    self_ipi(0x50);
    ck_assert(!intr());
    lw(SVR, 0x1ff);
    ck_assert(!intr());
    lw(LVT_TIMER, 0x40);
    ck_assert_uint_eq(lr(LVT_TIMER), 0x40);
    lw(SVR, 0xff);
    ck_assert_uint_eq(lr(LVT_TIMER), 0x10040);
    finish();
}
END_TEST

START_TEST(errors)
{
    start();
    lw(LVT_ERROR, 0xfe);
    self_ipi(0x0f); /* an illegal vector */
    ck_assert_int_eq(ack(), 0xfe);
    ck_assert_uint_eq(lr(ESR), 0);
    lw(ESR, 0);
    ck_assert_uint_eq(lr(ESR), 0x20);
    lw(ESR, 0);
    ck_assert_uint_eq(lr(ESR), 0);
    sim_bus_read(t.sim, SIM_MMIO, 0xfee00020, 1);
    expect_error(SIM_V_WIDTH);
    lr(EOI);
    expect_error(SIM_V_WRITE_ONLY);
    lr(0x40);
    expect_error(SIM_V_NO_REG);
    finish();
}
END_TEST

START_TEST(ioapic_edge)
{
    start();
    iow(0x10 + 2 * 4, 0x44); /* ISA interrupt 4 to vector 0x44 */
    sim_line_set(&line[4], true);
    ck_assert_int_eq(ack(), 0x44);
    ck_assert_uint_eq(lr(TMR + 0x20), 0);
    lw(EOI, 0);
    ck_assert(!intr()); /* no new edge */
    sim_line_set(&line[4], false);
    sim_line_set(&line[4], true);
    ck_assert(intr());
    ack();
    lw(EOI, 0);

    iow(0x10 + 2 * 4, 0x10044);
    sim_line_set(&line[4], false);
    sim_line_set(&line[4], true);
    iow(0x10 + 2 * 4, 0x44);
    ck_assert(!intr()); /* edges on a masked input are lost */

    iow(0x10 + 2 * 2, 0x45); /* the timer, interrupt 0, is input 2 */
    sim_line_set(&line[0], true);
    ck_assert_int_eq(ack(), 0x45);
    finish();
}
END_TEST

START_TEST(ioapic_level)
{
    start();
    iow(0x10 + 2 * 18, 0x18052);
    sim_line_set(&line[18], true);
    ck_assert(!intr());
    iow(0x10 + 2 * 18, 0x08052);
    ck_assert(intr());                              /* levels wait for the unmasking */
    ck_assert_uint_eq(ior(0x10 + 2 * 18), 0x0c052); /* remote IRR */
    ck_assert_int_eq(ack(), 0x52);
    ck_assert_uint_eq(lr(TMR + 0x20), 1u << 18);
    ck_assert(!intr());
    lw(EOI, 0);
    ck_assert(intr()); /* still asserted */
    ack();
    sim_line_set(&line[18], false);
    lw(EOI, 0);
    ck_assert(!intr());
    ck_assert_uint_eq(ior(0x10 + 2 * 18), 0x08052);
    finish();
}
END_TEST

START_TEST(destinations)
{
    start();
    lw(ID, 0x03000000);
    lw(LDR, 0x04000000);
    iow(0x10 + 2 * 5, 0x60);
    sim_line_set(&line[5], true); /* to APIC 0: nobody */
    ck_assert(!intr());
    iow(0x11 + 2 * 5, 0x03000000);
    sim_line_set(&line[5], false);
    sim_line_set(&line[5], true);
    ck_assert_int_eq(ack(), 0x60);
    lw(EOI, 0);
    iow(0x11 + 2 * 5, 0x06000000); /* logical, flat: members 1 and 2 */
    iow(0x10 + 2 * 5, 0x860);
    sim_line_set(&line[5], false);
    sim_line_set(&line[5], true);
    ck_assert_int_eq(ack(), 0x60);
    lw(EOI, 0);
    iow(0x11 + 2 * 5, 0x03000000);
    sim_line_set(&line[5], false);
    sim_line_set(&line[5], true);
    ck_assert(!intr());
    lw(ICR_HIGH, 0x03000000); /* an IPI by destination */
    lw(ICR_LOW, 0x61);
    ck_assert_int_eq(ack(), 0x61);
    iow(0x10 + 2 * 5, 0x20060);
    expect_error(SIM_V_RESERVED);
    finish();
}
END_TEST

START_TEST(virtual_wire)
{
    start_disabled();
    outb(0x20, 0x11);
    outb(0x21, 0x20);
    outb(0x21, 0x04);
    outb(0x21, 0x01);
    outb(0x21, 0x00);
    sim_line_set(&line[3], true);
    ck_assert(intr()); /* through LINT0 as firmware leaves it */
    lw(SVR, 0x1ff);
    ck_assert(intr());
    lw(LVT_LINT0, 0x10700);
    ck_assert(!intr());
    lw(LVT_LINT0, 0x700);
    self_ipi(0x90);
    ck_assert_int_eq(ack(), 0x90); /* the local APIC goes first */
    ck_assert_int_eq(ack(), 0x23);
    finish();
}
END_TEST

RUN_TESTS("apic", reset_values, self_ipi_and_priorities, timer_one_shot, timer_periodic,
          timer_tsc_deadline, software_disable_masks, errors, ioapic_edge, ioapic_level,
          destinations, virtual_wire)
