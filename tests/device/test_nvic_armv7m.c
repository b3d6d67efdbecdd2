/* The model of the NVIC and the System Control Block against the ARMv7-M manual (DDI 0403E) and the Cortex-M3 TRM. */
#include <devices/nvic_armv7m.h>

#include "harness.h"

enum {
    BASE = 0xe000e000u,
    ICTR = BASE + 0x004,
    ISER0 = BASE + 0x100,
    ISER1 = BASE + 0x104,
    ICER0 = BASE + 0x180,
    ISPR0 = BASE + 0x200,
    ISPR1 = BASE + 0x204,
    ICPR0 = BASE + 0x280,
    IABR0 = BASE + 0x300,
    IPR0 = BASE + 0x400,
    CPUID = BASE + 0xd00,
    ICSR = BASE + 0xd04,
    VTOR = BASE + 0xd08,
    AIRCR = BASE + 0xd0c,
    CCR = BASE + 0xd14,
    SHPR1 = BASE + 0xd18,
    SHPR2 = BASE + 0xd1c,
    SHPR3 = BASE + 0xd20,
    SHCSR = BASE + 0xd24,
    CFSR = BASE + 0xd28,
    HFSR = BASE + 0xd2c,
    MMFAR = BASE + 0xd34,
    BFAR = BASE + 0xd38,
    STIR = BASE + 0xf00,

    KEY = 0x05fa0000,
    RETTOBASE = 1 << 11,
    ISRPENDING = 1 << 22,
    PENDSTSET = 1 << 26,
    PENDSVCLR = 1 << 27,
    PENDSVSET = 1 << 28,
    FAULTS_ON = 7 << 16,
};

static const struct board_dev nvic = { "arm,armv7m-nvic", "nvic", BOARD_MMIO, BASE, 0x1000,
                                       BOARD_NO_IRQ,      0 };
static struct model *n;

static void
start(void)
{
    start_one(&nvic_armv7m_class, &nvic);
    n = sim_model_find(t.sim, "nvic");
    ck_assert_ptr_eq(nvic_armv7m_find(t.sim), n);
}

static void
write8(uint64_t addr, uint8_t v)
{
    sim_bus_write(t.sim, SIM_MMIO, addr, 1, v);
}

static int
ack(void)
{
    return sim_cpu_intr_ack(t.sim);
}

static void
enable(unsigned irq_number, uint8_t priority)
{
    write32(irq_number < 32 ? ISER0 : ISER1, 1u << irq_number % 32);
    write8(IPR0 + irq_number, priority);
}

START_TEST(reset_values)
{
    start();
    ck_assert_uint_eq(read32(ICTR), 1); /* 33 to 64 lines */
    ck_assert_uint_eq(read32(CPUID) & 0xff0ffff0, 0x410fc230);
    ck_assert_uint_eq(read32(AIRCR), 0xfa050000);
    ck_assert_uint_eq(read32(CCR), 0x200);
    ck_assert_uint_eq(read32(VTOR), 0);
    ck_assert_uint_eq(read32(SHCSR), 0);
    ck_assert_uint_eq(read32(ICSR), RETTOBASE);
    for (unsigned i = 0; i < 11; i++) {
        ck_assert_uint_eq(read32(IPR0 + 4 * i), 0);
    }
    ck_assert(!sim_cpu_intr_pending(t.sim));
    finish();
}
END_TEST

START_TEST(set_and_clear_registers)
{
    start();
    write32(ISER0, 0x00000005);
    write32(ISER1, 0x00000fff);
    ck_assert_uint_eq(read32(ISER0), 5);
    ck_assert_uint_eq(read32(ICER0), 5); /* both say what is enabled */
    write32(ISER0, 0);                   /* zeros change nothing */
    write32(ICER0, 1);
    ck_assert_uint_eq(read32(ISER0), 4);
    ck_assert_uint_eq(read32(ISER1), 0xfff); /* interrupts 32 to 43 */
    write32(ISPR0, 0x80000001);
    ck_assert_uint_eq(read32(ISPR0), 0x80000001);
    write32(ICPR0, 1);
    ck_assert_uint_eq(read32(ICPR0), 0x80000000);
    write32(STIR, 35);
    ck_assert_uint_eq(read32(ISPR1), 8);
    finish();
}
END_TEST

START_TEST(three_bits_of_priority)
{
    start();
    write32(IPR0, 0xffffffff);
    ck_assert_uint_eq(read32(IPR0), 0xe0e0e0e0);
    write8(IPR0 + 1, 0x5f);
    ck_assert_uint_eq(read32(IPR0), 0xe0e040e0);
    write32(SHPR1, 0x00ffffff);
    ck_assert_uint_eq(read32(SHPR1), 0x00e0e0e0);
    write32(SHPR2, 0xff000000);
    write32(SHPR3, 0xffff00ff);
    ck_assert_uint_eq(read32(SHPR2), 0xe0000000);
    ck_assert_uint_eq(read32(SHPR3), 0xe0e000e0);
    finish();
}
END_TEST

START_TEST(taken_by_priority_then_number)
{
    start();
    enable(3, 0x40);
    enable(7, 0x20);
    enable(9, 0x40);
    write32(ISPR0, 1u << 9 | 1u << 7 | 1u << 3 | 1u << 5); /* 5 is not enabled */
    ck_assert_uint_eq(read32(ICSR), ISRPENDING | RETTOBASE | (NVIC_IRQ0 + 7) << 12);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 7);
    ck_assert_uint_eq(read32(IABR0), 1u << 7);
    ck_assert_uint_eq(read32(ISPR0), 1u << 9 | 1u << 5 | 1u << 3);
    ck_assert(!sim_cpu_intr_pending(t.sim)); /* the others come later */
    ck_assert_int_eq(ack(), -1);
    nvic_armv7m_return(n, NVIC_IRQ0 + 7);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 3);
    nvic_armv7m_return(n, NVIC_IRQ0 + 3);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 9);
    nvic_armv7m_return(n, NVIC_IRQ0 + 9);
    ck_assert(!sim_cpu_intr_pending(t.sim));
    finish();
}
END_TEST

START_TEST(preemption_and_return_to_base)
{
    start();
    enable(1, 0x80);
    enable(2, 0x40);
    write32(ISPR0, 1u << 1);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 1);
    write32(ISPR0, 1u << 2);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 2); /* it preempts */
    ck_assert_uint_eq(nvic_armv7m_active(n), NVIC_IRQ0 + 2);
    ck_assert_uint_eq(read32(ICSR), NVIC_IRQ0 + 2); /* not RETTOBASE */
    nvic_armv7m_return(n, NVIC_IRQ0 + 2);
    ck_assert_uint_eq(read32(ICSR), RETTOBASE | (NVIC_IRQ0 + 1));
    nvic_armv7m_return(n, NVIC_IRQ0 + 1);
    ck_assert_uint_eq(nvic_armv7m_active(n), 0);
    nvic_armv7m_return(n, NVIC_IRQ0 + 1);
    expect_error(SIM_V_STATE);
    finish();
}
END_TEST

START_TEST(subpriorities_do_not_preempt)
{
    start();
    write32(AIRCR, KEY | 6 << 8); /* one bit decides about preemption */
    ck_assert_uint_eq(read32(AIRCR), 0xfa050600);
    enable(1, 0x60);
    enable(2, 0x20);
    write32(ISPR0, 1u << 1);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 1);
    write32(ISPR0, 1u << 2);
    ck_assert(!sim_cpu_intr_pending(t.sim));
    nvic_armv7m_return(n, NVIC_IRQ0 + 1);
    write32(ISPR0, 1u << 1);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 2); /* but they come first */
    finish();
}
END_TEST

START_TEST(masks)
{
    start();
    enable(1, 0x40);
    write32(ISPR0, 1u << 1);
    nvic_armv7m_set_masks(n, false, false, 0x40);
    ck_assert(!sim_cpu_intr_pending(t.sim)); /* BASEPRI: that priority and below */
    nvic_armv7m_set_masks(n, false, false, 0x60);
    ck_assert(sim_cpu_intr_pending(t.sim));
    nvic_armv7m_set_masks(n, true, false, 0);
    ck_assert(!sim_cpu_intr_pending(t.sim));
    write32(ICSR, 0x80000000); /* NMI is above PRIMASK, */
    ck_assert_int_eq(ack(), NVIC_NMI);
    ck_assert(nvic_armv7m_negative(n));
    nvic_armv7m_return(n, NVIC_NMI);
    nvic_armv7m_set_masks(n, false, true, 0);
    ck_assert(nvic_armv7m_negative(n));
    ck_assert(!sim_cpu_intr_pending(t.sim));
    write32(ICSR, 0x80000000); /* and above FAULTMASK */
    ck_assert_int_eq(ack(), NVIC_NMI);
    finish();
}
END_TEST

START_TEST(a_level_stays_pending)
{
    struct sim_line line;

    start();
    enable(4, 0);
    start_line(&line, 4);
    sim_line_set(&line, true);
    write32(ICPR0, 1u << 4); /* B3.4: no effect while the line is up */
    ck_assert_uint_eq(read32(ISPR0), 1u << 4);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 4);
    ck_assert_uint_eq(read32(ISPR0), 0);
    nvic_armv7m_return(n, NVIC_IRQ0 + 4); /* still up: again */
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 4);
    sim_line_set(&line, false);
    nvic_armv7m_return(n, NVIC_IRQ0 + 4);
    ck_assert(!sim_cpu_intr_pending(t.sim));
    sim_line_set(&line, true); /* a pulse stays */
    sim_line_set(&line, false);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 4);
    sim_line_set(&line, true); /* a pulse while it is active, too */
    sim_line_set(&line, false);
    nvic_armv7m_return(n, NVIC_IRQ0 + 4);
    ck_assert_int_eq(ack(), NVIC_IRQ0 + 4);
    finish();
}
END_TEST

START_TEST(system_exceptions)
{
    start();
    write32(SHPR3, 0xe0e00000); /* PendSV and SysTick last */
    enable(0, 0x20);
    write32(ICSR, PENDSVSET | PENDSTSET);
    ck_assert_uint_eq(read32(ICSR) & (PENDSVSET | PENDSTSET), PENDSVSET | PENDSTSET);
    ck_assert_uint_eq(read32(SHCSR), 0); /* pending PendSV is not shown there */
    write32(ISPR0, 1);
    ck_assert_int_eq(ack(), NVIC_IRQ0);
    nvic_armv7m_return(n, NVIC_IRQ0);
    ck_assert_int_eq(ack(), NVIC_PENDSV); /* by number */
    ck_assert_uint_eq(read32(SHCSR), 1 << 10);
    write32(ICSR, PENDSVSET);
    ck_assert(!sim_cpu_intr_pending(t.sim)); /* it does not preempt itself */
    write32(ICSR, PENDSVCLR);
    nvic_armv7m_return(n, NVIC_PENDSV);
    ck_assert_int_eq(ack(), NVIC_SYSTICK);
    finish();
}
END_TEST

START_TEST(faults_escalate)
{
    start();
    ck_assert_uint_eq(nvic_armv7m_pend(n, NVIC_MEMMANAGE), NVIC_HARDFAULT); /* it is off */
    ck_assert_uint_eq(read32(HFSR), 1u << 30);
    write32(HFSR, 1u << 30);
    ck_assert_uint_eq(read32(HFSR), 0);
    ck_assert_int_eq(ack(), NVIC_HARDFAULT);
    ck_assert_uint_eq(nvic_armv7m_pend(n, NVIC_USAGEFAULT), 0); /* a fault in HardFault: lock-up */
    ck_assert_uint_eq(nvic_armv7m_pend(n, NVIC_NMI), NVIC_NMI);
    ck_assert_int_eq(ack(), NVIC_NMI);
    nvic_armv7m_return(n, NVIC_NMI);
    nvic_armv7m_return(n, NVIC_HARDFAULT);
    write32(SHCSR, FAULTS_ON);
    ck_assert_uint_eq(nvic_armv7m_pend(n, NVIC_USAGEFAULT), NVIC_USAGEFAULT);
    ck_assert_int_eq(ack(), NVIC_USAGEFAULT);
    ck_assert_uint_eq(read32(SHCSR), FAULTS_ON | 1 << 3);
    ck_assert_uint_eq(nvic_armv7m_pend(n, NVIC_SVCALL),
                      NVIC_HARDFAULT); /* same priority: SVC cannot wait */
    ck_assert_int_eq(ack(), NVIC_HARDFAULT);
    finish();
}
END_TEST

START_TEST(fault_status)
{
    start();
    nvic_armv7m_fault_status(n, 1 << 7 | 1 << 1, 0x20001234);
    nvic_armv7m_fault_status(n, 1 << 15 | 1 << 9, 0x40001000);
    ck_assert_uint_eq(read32(CFSR), 0x8282);
    ck_assert_uint_eq(read32(MMFAR), 0x20001234);
    ck_assert_uint_eq(read32(BFAR), 0x40001000);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_MMIO, CFSR + 1, 1), 0x82); /* BFSR by itself */
    write8(CFSR + 1, 0x82);
    ck_assert_uint_eq(read32(CFSR), 0x82);
    write32(CFSR, 0x80);
    ck_assert_uint_eq(read32(CFSR), 0x02);
    finish();
}
END_TEST

START_TEST(reset_request)
{
    start();
    write32(AIRCR, 4);
    expect_error(SIM_V_STATE);
    ck_assert_int_eq(t.ended, SIM_RUNNING);
    write32(AIRCR, KEY | 4);
    ck_assert_int_eq(t.ended, SIM_END_RESET);
    finish();
}
END_TEST

/* ICTR says 64 interrupts, of which the chip has 44: B3.4.1. */
START_TEST(nothing_behind_the_last_interrupt)
{
    start();
    write32(ISER1, 0xffffffff);
    ck_assert_uint_eq(read32(ISER1), 0xfff);
    for (unsigned i = 11; i < 16; i++) {
        write32(IPR0 + 4 * i, 0xffffffff);
        ck_assert_uint_eq(read32(IPR0 + 4 * i), 0);
    }
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    start();
    read32(BASE + 0x108); /* between ISER1 and ICER0 */
    expect_error(SIM_V_NO_REG);
    write32(CCR, 1u << 2);
    expect_error(SIM_V_RESERVED);
    write32(IABR0, 1);
    expect_error(SIM_V_READ_ONLY);
    read32(STIR);
    expect_error(SIM_V_WRITE_ONLY);
    sim_bus_read(t.sim, SIM_MMIO, ISER0, 1);
    expect_error(SIM_V_WIDTH);
    write32(SHCSR, 1); /* active flags are the processor's */
    expect_error(SIM_V_STATE);
    finish();
}
END_TEST

RUN_TESTS("nvic_armv7m", reset_values, set_and_clear_registers, three_bits_of_priority,
          taken_by_priority_then_number, preemption_and_return_to_base, subpriorities_do_not_preempt,
          masks, a_level_stays_pending, system_exceptions, faults_escalate, fault_status,
          reset_request, nothing_behind_the_last_interrupt, guest_errors)
