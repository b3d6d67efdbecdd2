/* The PL022 model against the LM3S6965 data sheet, chapter 13, and the PrimeCell TRM (DDI 0194). */
#include "ssi_bench.h"

enum {
    TFE = 1,
    TNF = 2,
    RNE = 4,
    RFF = 8,
    BSY = 16,
    ROR = 1,
    RT = 2,
    RX = 4,
    TX = 8,
    SSE = 2,
    LBM = 1
};

static void
loopback(unsigned bits)
{
    ssi_start_cold(NULL);
    write32(CR0, bits - 1);
    write32(CPSR, 2);
    write32(CR1, SSE | LBM);
}

START_TEST(reset_values)
{
    static const uint8_t id[12] = { 0, 0, 0, 0, 0x22, 0, 0x18, 1, 0x0d, 0xf0, 0x05, 0xb1 };

    ssi_start_cold(NULL);
    ck_assert_uint_eq(read32(CR0) | read32(CR1) | read32(DR) | read32(CPSR) | read32(IM), 0);
    ck_assert_uint_eq(read32(SR), TFE | TNF);
    ck_assert_uint_eq(read32(RIS), TX);
    ck_assert_uint_eq(read32(MIS), 0);
    for (unsigned i = 0; i < 12; i++) {
        ck_assert_uint_eq(read32(SSI + 0xfd0 + 4 * i), id[i]);
    }
    finish();
}
END_TEST

START_TEST(rate)
{
    ssi_start_cold(NULL);
    write32(CR0, 9 << 8 | 7); /* 50 MHz / (4 * 10): 1.25 Mbit/s */
    write32(CPSR, 5);         /* bit 0 is always 0 */
    ck_assert_uint_eq(read32(CPSR), 4);
    write32(CR1, SSE | LBM);
    write32(DR, 0x1a5);
    ck_assert_uint_eq(read32(SR), BSY | TFE | TNF); /* in the shift register */
    step(6400 - 1);
    ck_assert_uint_eq(read32(SR), BSY | TFE | TNF);
    step(1);
    ck_assert_uint_eq(read32(SR), RNE | TFE | TNF);
    ck_assert_uint_eq(read32(DR), 0xa5); /* 8 bits */
    ck_assert_uint_eq(read32(SR), TFE | TNF);
    finish();
}
END_TEST

START_TEST(word_sizes)
{
    for (unsigned bits = 4; bits <= 16; bits++) {
        loopback(bits);
        write32(DR, 0xffff);
        step(MS);
        ck_assert_uint_eq(read32(DR), (1u << bits) - 1);
        finish();
    }
}
END_TEST

START_TEST(fifos_and_levels)
{
    loopback(8);
    write32(CR1, LBM);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(read32(RIS), i <= 4 ? TX : 0); /* half empty, or less in it */
        write32(DR, i);
    }
    ck_assert_uint_eq(read32(SR), BSY);
    write32(DR, 8);
    expect_error(SIM_V_STATE);
    write32(IM, RX | TX);
    ck_assert(!irq(SSI_IRQ));
    write32(CR1, SSE | LBM);
    step(3 * 320);
    ck_assert_uint_eq(read32(MIS), TX); /* four left, one of them on the line */
    step(320);
    ck_assert_uint_eq(read32(MIS), TX | RX); /* half full */
    ck_assert(irq(SSI_IRQ));
    step(4 * 320);
    ck_assert_uint_eq(read32(SR), RFF | RNE | TFE | TNF);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(read32(MIS) & RX, i <= 4 ? RX : 0);
        ck_assert_uint_eq(read32(DR), i);
    }
    finish();
}
END_TEST

START_TEST(overrun)
{
    loopback(8);
    for (unsigned i = 0; i < 9; i++) {
        write32(DR, i);
        step(320);
    }
    ck_assert_uint_eq(read32(RIS) & ROR, ROR);
    write32(IM, ROR);
    ck_assert(irq(SSI_IRQ));
    write32(ICR, ROR);
    ck_assert(!irq(SSI_IRQ));
    for (unsigned i = 0; i < 8; i++) { /* the last one is lost */
        ck_assert_uint_eq(read32(DR), i);
    }
    ck_assert_uint_eq(read32(SR) & RNE, 0);
    finish();
}
END_TEST

START_TEST(receive_timeout)
{
    loopback(8);
    write32(IM, RT);
    write32(DR, 1);
    write32(DR, 2);
    step(2 * 320 + 32 * 40 - 1); /* 32 bit times after the last word */
    ck_assert(!irq(SSI_IRQ));
    step(1);
    ck_assert(irq(SSI_IRQ));
    write32(ICR, RT);
    ck_assert(!irq(SSI_IRQ));
    read32(DR);
    step(32 * 40);
    ck_assert(irq(SSI_IRQ)); /* again */
    read32(DR);
    ck_assert(!irq(SSI_IRQ)); /* empty */
    finish();
}
END_TEST

START_TEST(pins)
{
    ssi_start(NULL);
    ck_assert_uint_eq(spi(0x12), 0xff); /* nobody selected: the pull-up */
    write32(GPIOA + G_AFSEL, 0x24);     /* the input is not the port's */
    ck_assert_uint_eq(spi(0x12), 0);
    finish();
}
END_TEST

START_TEST(guest_errors)
{
    ssi_start(NULL);
    write32(CR0, 15);
    expect_error(SIM_V_STATE); /* while it is enabled */
    write32(CR1, 0);
    write32(CR0, 2); /* three bits */
    write32(CR1, SSE);
    expect_error(SIM_V_STATE);
    write32(CR1, 0);
    write32(CR0, 7);
    write32(CPSR, 0);
    write32(CR1, SSE);
    expect_error(SIM_V_STATE);
    write32(SR, 0);
    expect_error(SIM_V_READ_ONLY);
    read32(ICR);
    expect_error(SIM_V_WRITE_ONLY);
    write32(IM, 16);
    expect_error(SIM_V_RESERVED);
    read32(SSI + 0x24);
    expect_error(SIM_V_NO_REG);
    sim_bus_write(t.sim, SIM_MMIO, DR, 1, 0);
    expect_error(SIM_V_WIDTH);
    write32(CR1, 4); /* slave mode: said, no error */
    ck_assert_uint_eq(sim_unimplemented(t.sim), 1);
    finish();
}
END_TEST

RUN_TESTS("ssi_pl022", reset_values, rate, word_sizes, fifos_and_levels, overrun, receive_timeout,
          pins, guest_errors)
