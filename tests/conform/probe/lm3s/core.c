/* Probe of the NVIC, the System Control Block, the MPU and SysTick (ARMv7-M Architecture Reference Manual, DDI 0403E). */
#include "probe.h"

enum {
    N = 0xe000e000,
    ISER = N + 0x100,
    ICER = N + 0x180,
    ISPR = N + 0x200,
    ICPR = N + 0x280,
    IABR = N + 0x300,
    IPR = N + 0x400,
    ICSR = N + 0xd04,
    VTOR = N + 0xd08,
    AIRCR = N + 0xd0c,
    SCR = N + 0xd10,
    CCR = N + 0xd14,
    SHPR1 = N + 0xd18,
    SHCSR = N + 0xd24,
    CFSR = N + 0xd28,
    MMFAR = N + 0xd34,
    STIR = N + 0xf00,
    TYPE = N + 0xd90,
    CTRL = N + 0xd94,
    RNR = N + 0xd98,
    RBAR = N + 0xd9c,
    RASR = N + 0xda0,
    CSR = N + 0x10,
    RVR = N + 0x14,
    CVR = N + 0x18,
    CALIB = N + 0x1c,
};

static void
identification(void)
{
    scenario("identification and reset values");
    load32(N + 4);
    load32(N + 8);
    for (uint32_t r = N + 0xd00; r < N + 0xd74; r += 4) {
        load32(r);
    }
    for (uint32_t r = ISER; r <= ISER + 4; r += 4) {
        load32(r);
        load32(r + 0x100);
        load32(r + 0x200);
    }
    load32(IPR);
    for (uint32_t r = N + 0xfd0; r < N + 0x1000; r += 4) {
        load32(r);
    }
}

static void
interrupts(void)
{
    scenario("enable and pending registers");
    store32(ISER, 0x00f00003);
    load32(ISER);
    load32(ICER);
    store32(ICER, 0x00100001);
    load32(ISER);
    store32(ISER + 4, 0x0fff);
    load32(ISER + 4);
    store32(ICER + 4, 0x0fff);
    store32(ICER, ~0u);
    load32(ICER);
    store32(ISPR, 0x80000001);
    load32(ISPR);
    load32(ICSR);
    store32(ICPR, 0x80000000);
    load32(ISPR);
    store32(STIR, 33);
    load32(ISPR + 4);
    store32(ICPR, ~0u);
    store32(ICPR + 4, 0xfff);
    load32(ICSR);
    scenario("priorities");
    for (unsigned i = 0; i < 11; i++) {
        store32(IPR + 4 * i, 0xffffffff);
        load32(IPR + 4 * i);
        store32(IPR + 4 * i, 0x20406080);
        load32(IPR + 4 * i);
        store32(IPR + 4 * i, 0);
    }
    store8(IPR + 5, 0xff);
    load32(IPR + 4);
    load8(IPR + 5);
    store32(SHPR1, 0x00ffffff);
    load32(SHPR1);
    store32(SHPR1 + 4, 0xff000000);
    load32(SHPR1 + 4);
    store32(SHPR1 + 8, 0xffff00ff);
    load32(SHPR1 + 8);
    for (unsigned i = 0; i < 12; i += 4) {
        store32(SHPR1 + i, 0);
    }
    scenario("taken by priority, then by number");
    store8(IPR + 2, 0x40);
    store8(IPR + 8, 0x20);
    store8(IPR + 9, 0x40);
    store32(ISPR, 0x304 | 1 << 5);
    store32(ISER, 0x304);
    load32(ICSR);
    irq_wait();
    load32(ISPR);
    load32(ICSR);
    irq_wait();
    irq_wait();
    irq_poll();
    load32(ISPR);
    store32(ICPR, ~0u);
    scenario("PendSV and SysTick by software");
    store32(ICSR, 1u << 28 | 1u << 26);
    load32(ICSR);
    store32(ICSR, 1u << 25);
    load32(ICSR);
    irq_wait();
    irq_poll();
    store32(ICSR, 1u << 28);
    store32(ICSR, 1u << 27);
    load32(ICSR);
    irq_poll();
}

static void
system_control(void)
{
    scenario("system control: what is kept");
    store32(VTOR, 0x00000100);
    load32(VTOR);
    store32(VTOR, 0);
    store32(AIRCR, 0x05fa0500);
    load32(AIRCR);
    store32(AIRCR, 0x05fa0000);
    store32(SCR, 0x16);
    load32(SCR);
    store32(SCR, 0);
    store32(CCR, 0x218);
    load32(CCR);
    store32(CCR, 0x200);
    store32(SHCSR, 0x70000);
    load32(SHCSR);
    store32(SHCSR, 0);
    load32(SHCSR);
    store32(CFSR, ~0u & 0x030f9f9b);
    load32(CFSR);
    store32(MMFAR, 0x20001234);
    load32(MMFAR);
    store32(MMFAR + 4, 0x40001234);
    load32(MMFAR + 4);
}

static void
mpu(void)
{
    scenario("MPU registers");
    for (uint32_t r = TYPE; r < TYPE + 0x2c; r += 4) {
        load32(r);
    }
    for (unsigned i = 0; i < 8; i++) {
        store32(RNR, i);
        store32(RBAR, 0x20000000 + 0x1000 * i);
        store32(RASR, 0x03060001 | (11 + i % 4) << 1 | 0x5a00 * (i & 1));
        load32(RNR);
        load32(RBAR);
        load32(RASR);
    }
    store32(RBAR, 0x00000000 | 0x13);
    load32(RNR);
    load32(RBAR);
    load32(RASR);
    store32(RBAR + 8, 0x00010000 | 0x15);
    store32(RASR + 8, 0x06020021);
    load32(RNR);
    load32(RBAR + 16);
    load32(RASR + 16);
    store32(RNR, 7);
    load32(RBAR);
    for (unsigned i = 0; i < 8; i++) {
        store32(RNR, i);
        store32(RASR, 0);
    }
    store32(CTRL, 4); /* PRIVDEFENA by itself */
    load32(CTRL);
    store32(CTRL, 5);
    load32(CTRL);
    store32(CTRL, 0);
    load32(CTRL);
}

static void
systick(void)
{
    clock_stop();
    scenario("SysTick registers");
    load32(CSR);
    load32(RVR);
    load32(CVR);
    load32(CALIB);
    store32(RVR, 0xffffff);
    load32(RVR);
    store32(CVR, 5);
    load32(CVR);
    store32(RVR, 2000);
    load32(RVR);
    scenario("SysTick: count flag and exception");
    store32(CSR, 5);
    poll32(CSR, 0x10000, 0x10000);
    store32(CSR, 4);
    store32(CVR, 0);
    load32(CSR);
    store32(CSR, 7);
    irq_wait();
    store32(CSR, 4);
    store32(ICSR, 1u << 25);
    store32(CVR, 0);
    load32(ICSR);
    load32(CSR);
    irq_poll();
}

void
probe(void)
{
    identification();
    interrupts();
    system_control();
    mpu();
    systick();
}
