/* The smaller parts of the LM3S6965 against its data sheet: watchdog (chapter 10), ADC (11), flash (7), Ethernet (15), and the keys and
 * the lamp of its board. */
#include <devices/adc_lm3s.h>
#include <devices/eth_stellaris.h>
#include <devices/flash_lm3s.h>
#include <devices/gpio_panel.h>

#include "harness.h"

/* --- watchdog --- */

enum {
    WDT = 0x40000000,
    LOAD = WDT,
    VALUE = WDT + 4,
    WCTL = WDT + 8,
    WICR = WDT + 0xc,
    WRIS = WDT + 0x10,
    WMIS = WDT + 0x14,
    WLOCK = WDT + 0xc00
};

/* 1 MHz, so that a tick is a microsecond. */
static const struct board_dev wdt = {
    "luminary,watchdog", "wdt0", BOARD_MMIO, WDT, 0x1000, 18, 1000000
};

START_TEST(watchdog_interrupts_then_resets)
{
    start_one(&watchdog_lm3s_class, &wdt);
    ck_assert_uint_eq(read32(LOAD), 0xffffffff);
    ck_assert_uint_eq(read32(VALUE), 0xffffffff);
    ck_assert_uint_eq(read32(WCTL) | read32(WRIS) | read32(WMIS) | read32(WLOCK), 0);
    ck_assert_uint_eq(read32(WDT + 0xfe0), 0x05);
    ck_assert_uint_eq(read32(WDT + 0xffc), 0xb1);
    write32(LOAD, 999);
    write32(WCTL, 3);
    step(500 * US);
    ck_assert_uint_eq(read32(VALUE), 499);
    step(499 * US);
    ck_assert(irq(18));
    ck_assert_uint_eq(read32(WMIS), 1);
    write32(WICR, 0x55); /* any value: cleared, and counting anew */
    ck_assert(!irq(18));
    ck_assert_uint_eq(read32(VALUE), 999);
    step(999 * US);
    ck_assert(irq(18));
    step(1000 * US - 1);
    ck_assert_int_eq(t.ended, SIM_RUNNING);
    step(1);
    ck_assert_int_eq(t.ended, SIM_END_RESET);
    finish();
}
END_TEST

START_TEST(watchdog_without_reset)
{
    start_one(&watchdog_lm3s_class, &wdt);
    write32(LOAD, 99);
    step(S);
    ck_assert_uint_eq(read32(WRIS), 0); /* it does not run before INTEN */
    write32(WCTL, 1);
    step(S);
    ck_assert(irq(18));
    ck_assert_int_eq(t.ended, SIM_RUNNING);
    write32(WCTL, 0); /* only a reset takes INTEN back */
    ck_assert_uint_eq(read32(WCTL), 1);
    write32(WICR, 0);
    write32(LOAD, 9); /* at once */
    step(8 * US);
    ck_assert(!irq(18));
    step(1 * US);
    ck_assert(irq(18));
    finish();
}
END_TEST

START_TEST(watchdog_lock)
{
    start_one(&watchdog_lm3s_class, &wdt);
    write32(WLOCK, 1);
    ck_assert_uint_eq(read32(WLOCK), 1);
    write32(LOAD, 5);
    expect_error(SIM_V_STATE);
    write32(WCTL, 1);
    expect_error(SIM_V_STATE);
    write32(WICR, 1);
    expect_error(SIM_V_STATE);
    ck_assert_uint_eq(read32(LOAD), 0xffffffff);
    ck_assert_uint_eq(read32(WCTL), 0);
    write32(WLOCK, 0x1acce551);
    ck_assert_uint_eq(read32(WLOCK), 0);
    write32(LOAD, 5);
    ck_assert_uint_eq(read32(LOAD), 5);
    write32(VALUE, 0);
    expect_error(SIM_V_READ_ONLY);
    read32(WICR);
    expect_error(SIM_V_WRITE_ONLY);
    write32(WCTL, 4);
    expect_error(SIM_V_RESERVED);
    finish();
}
END_TEST

/* --- ADC --- */

enum {
    ADC = 0x40038000,
    ACTSS = ADC,
    ARIS = ADC + 4,
    AIM = ADC + 8,
    AISC = ADC + 0xc,
    OSTAT = ADC + 0x10,
    EMUX = ADC + 0x14,
    USTAT = ADC + 0x18,
    SSPRI = ADC + 0x20,
    PSSI = ADC + 0x28,
    MUX0 = ADC + 0x40,
    CTL0 = ADC + 0x44,
    FIFO0 = ADC + 0x48,
    FSTAT0 = ADC + 0x4c,
    CTL3 = ADC + 0xa4,
    FIFO3 = ADC + 0xa8,
    FSTAT3 = ADC + 0xac,
    EMPTY = 0x100,
    FULL = 0x1000,
};

static const struct board_dev adc = { "luminary,adc", "adc0", BOARD_MMIO, ADC, 0x1000, 14, 50000000 };

START_TEST(adc_temperature)
{
    static const struct {
        int millidegrees;
        unsigned result; /* (2.7 - (T + 55) / 75) V of 3 V in 1023 steps */
    } table[] = { { 25000, 556 }, { -55000, 920 }, { 0, 670 }, { 85000, 284 }, { 147500, 0 } };

    start_one(&adc_lm3s_class, &adc);
    ck_assert_uint_eq(read32(SSPRI), 0x3210);
    ck_assert_uint_eq(read32(CTL3), 2);
    ck_assert_uint_eq(read32(FSTAT3), EMPTY);
    write32(CTL3, 0xe); /* the sensor, interrupt, end */
    write32(ACTSS, 8);
    write32(AIM, 8);
    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
        adc_lm3s_set_temperature(sim_model_find(t.sim, "adc0"), table[i].millidegrees);
        write32(PSSI, 8);
        ck_assert(!irq(17));
        step(1 * US);
        ck_assert(irq(17));
        ck_assert_uint_eq(read32(AISC), 8);
        ck_assert_uint_eq(read32(FSTAT3), FULL); /* one deep: its pointers wrap at once */
        ck_assert_uint_eq(read32(FIFO3), table[i].result);
        write32(AISC, 8);
        ck_assert(!irq(17));
    }
    finish();
}
END_TEST

START_TEST(adc_sequence)
{
    struct model *m;

    start_one(&adc_lm3s_class, &adc);
    m = sim_model_find(t.sim, "adc0");
    for (unsigned i = 0; i < 4; i++) {
        adc_lm3s_set_input(m, i, 100 * (i + 1));
    }
    write32(MUX0, 0x0123);
    write32(CTL0, 0x6001); /* differential first; the fourth ends it, with an interrupt */
    write32(PSSI, 1);
    step(MS);
    ck_assert_uint_eq(read32(ARIS), 0); /* not active */
    write32(ACTSS, 1);
    write32(PSSI, 1);
    step(4 * US - 1);
    ck_assert_uint_eq(read32(FSTAT0), EMPTY);
    step(1);
    ck_assert_uint_eq(read32(ARIS), 1);
    ck_assert_uint_eq(read32(FSTAT0), 4 << 4);
    ck_assert_uint_eq(read32(FIFO0), 512 + (300 - 400) / 2);
    ck_assert_uint_eq(read32(FIFO0), 300);
    ck_assert_uint_eq(read32(FIFO0), 200);
    ck_assert_uint_eq(read32(FIFO0), 100);
    ck_assert_uint_eq(read32(USTAT), 0);
    ck_assert_uint_eq(read32(FIFO0), 100);
    ck_assert_uint_eq(read32(USTAT), 1);
    write32(USTAT, 1);
    ck_assert_uint_eq(read32(USTAT), 0);
    for (unsigned i = 0; i < 3; i++) { /* twelve in a FIFO of eight */
        write32(PSSI, 1);
        step(4 * US);
    }
    ck_assert_uint_eq(read32(OSTAT), 1);
    ck_assert_uint_eq(read32(FSTAT0) & FULL, FULL);
    write32(OSTAT, 1);
    ck_assert_uint_eq(read32(OSTAT), 0);
    finish();
}
END_TEST

START_TEST(adc_priorities_and_always)
{
    start_one(&adc_lm3s_class, &adc);
    write32(SSPRI, 0x0213); /* 3 is first, then 1 */
    write32(CTL0, 6);
    write32(CTL3, 6);
    write32(ACTSS, 9);
    write32(PSSI, 9);
    step(1 * US);
    ck_assert_uint_eq(read32(ARIS), 8);
    step(1 * US);
    ck_assert_uint_eq(read32(ARIS), 9);
    write32(EMUX, 0x000f); /* sequencer 0 all the time: until it is full */
    step(100 * US);
    ck_assert_uint_eq(read32(FSTAT0) & FULL, FULL);
    ck_assert_uint_eq(read32(OSTAT), 0);
    ck_assert_uint_eq(sim_next_event_ns(t.sim), SIM_NEVER);
    finish();
}
END_TEST

START_TEST(adc_guest_errors)
{
    start_one(&adc_lm3s_class, &adc);
    write32(SSPRI, 0);
    expect_error(SIM_V_STATE);
    write32(ACTSS, 1);
    write32(PSSI, 1); /* no END */
    expect_error(SIM_V_STATE);
    write32(FSTAT0, 0);
    expect_error(SIM_V_READ_ONLY);
    read32(PSSI);
    expect_error(SIM_V_WRITE_ONLY);
    write32(MUX0, 4);
    expect_error(SIM_V_RESERVED);
    finish();
}
END_TEST

/* --- flash --- */

enum {
    FLASH = 0x400fd000,
    FMA = FLASH,
    FMD = FLASH + 4,
    FMC = FLASH + 8,
    FCRIS = FLASH + 0xc,
    FCIM = FLASH + 0x10,
    FCMISC = FLASH + 0x14,
    USECRL = FLASH + 0x1140,
    FMPPE0 = FLASH + 0x1400,
    FMPPE3 = FLASH + 0x140c,
    FWRITE = 1,
    ERASE = 2,
    MERASE = 4,
};

#define KEY 0xa4420000u

static const struct board_dev flash = { "luminary,flash", "flash0", BOARD_MMIO, FLASH, 0x1000, 29, 0 };

START_TEST(flash_programs_words)
{
    start_one(&flash_lm3s_class, &flash);
    ck_assert_uint_eq(read32(0x1000), 0xffffffff);
    ck_assert_uint_eq(read32(USECRL), 0x31);
    ck_assert_uint_eq(read32(FMPPE0), 0xffffffff);
    write32(FMA, 0x1000);
    write32(FMD, 0x12345678);
    write32(FCIM, 2);
    write32(FMC, KEY | FWRITE);
    ck_assert_uint_eq(read32(FMC), FWRITE);
    ck_assert(!irq(29));
    step(20 * US);
    ck_assert_uint_eq(read32(FMC), 0);
    ck_assert(irq(29));
    write32(FCMISC, 2);
    ck_assert(!irq(29));
    ck_assert_uint_eq(read32(0x1000), 0x12345678);
    ck_assert_uint_eq(sim_bus_read(t.sim, SIM_MMIO, 0x1001, 1), 0x56);
    write32(FMD, 0xff00ffff); /* bits only go to 0 */
    write32(FMC, KEY | FWRITE);
    step(20 * US);
    ck_assert_uint_eq(read32(0x1000), 0x12005678);
    write32(FMA, 0x13fc);
    write32(FMC, KEY | ERASE);
    step(20 * MS - 1);
    ck_assert_uint_eq(read32(FMC), ERASE);
    step(1);
    ck_assert_uint_eq(read32(0x1000), 0xffffffff);
    finish();
}
END_TEST

START_TEST(flash_pages_and_protection)
{
    static const uint8_t image[4096] = { 1, 2, 3, 4 };
    struct model *m;

    start_one(&flash_lm3s_class, &flash);
    m = sim_model_find(t.sim, "flash0");
    ck_assert_int_eq(flash_lm3s_load(m, 0x2000, image, sizeof image), 0);
    ck_assert_int_eq(flash_lm3s_load(m, FLASH_LM3S_SIZE - 1, image, 2), -EINVAL);
    ck_assert_uint_eq(read32(0x2000), 0x04030201);
    write32(FMA, 0x2400); /* only its page */
    write32(FMC, KEY | ERASE);
    step(20 * MS);
    ck_assert_uint_eq(read32(0x2000), 0x04030201);
    ck_assert_uint_eq(read32(0x2400), 0xffffffff);
    ck_assert_uint_eq(read32(0x2800), 0);
    write32(FMPPE0, ~(1u << 4)); /* the block of 2 KiB at 0x2000 */
    ck_assert_uint_eq(read32(FMPPE0), ~(1u << 4));
    write32(FMPPE0, 0xffffffff);
    ck_assert_uint_eq(read32(FMPPE0), ~(1u << 4)); /* no way back */
    write32(FMA, 0x2000);
    write32(FMC, KEY | ERASE);
    ck_assert_uint_eq(read32(FCRIS) & 1, 1);
    ck_assert_uint_eq(read32(0x2000), 0x04030201);
    write32(FCMISC, 3);
    write32(FMC, KEY | MERASE);
    step(200 * MS);
    ck_assert_uint_eq(read32(0x2800), 0xffffffff);
    ck_assert_uint_eq(read32(0x2000), 0x04030201);
    ck_assert_uint_eq(flash_lm3s_bytes(m)[0x2001], 2);
    finish();
}
END_TEST

START_TEST(flash_in_an_image)
{
    static const struct model_class *const models[] = { &flash_lm3s_class, NULL };
    static uint8_t bytes[8192] = { 0xaa };
    struct sim_image image = { .slot = "flash0", .fd = -1, .mem = bytes, .size = sizeof bytes };
    struct sim_config config = default_config();

    config.images = &image;
    config.image_count = 1;
    start_with(&config, &flash, 1, models);
    ck_assert_uint_eq(read32(0), 0xaa);
    ck_assert_uint_eq(read32(sizeof bytes), 0xffffffff); /* what the image does not say is erased */
    write32(FMA, 0);
    write32(FMC, KEY | ERASE);
    step(S);
    ck_assert_uint_eq(bytes[0], 0xff);
    finish();
}
END_TEST

START_TEST(flash_guest_errors)
{
    start_one(&flash_lm3s_class, &flash);
    write32(0x100, 0);
    expect_error(SIM_V_READ_ONLY);
    write32(FMC, FWRITE);
    expect_error(SIM_V_STATE); /* no key */
    write32(FMC, KEY | FWRITE | ERASE);
    expect_error(SIM_V_STATE);
    write32(FMC, KEY | ERASE);
    write32(FMC, KEY | ERASE);
    expect_error(SIM_V_STATE); /* busy */
    write32(FMA, 0);
    expect_error(SIM_V_STATE);
    step(S);
    write32(FMA, 0x40000);
    expect_error(SIM_V_RESERVED);
    write32(FCRIS, 0);
    expect_error(SIM_V_READ_ONLY);
    finish();
}
END_TEST

START_TEST(flash_timing_needs_the_clock)
{
    static const struct model_class *const models[] = { &sysctl_lm3s_class, &flash_lm3s_class, NULL };
    const struct board_dev devs[] = {
        { "luminary,sysctl", "sysctl", BOARD_MMIO, 0x400fe000, 0x1000, 28, 0 }, flash
    };
    struct sim_config config = default_config();

    start_with(&config, devs, 2, models);
    write32(FMC, KEY | ERASE);
    expect_error(SIM_V_STATE); /* USECRL is for 50 MHz, the clock has 12 */
    step(S);
    write32(USECRL, 11);
    write32(FMC, KEY | ERASE);
    finish();
}
END_TEST

/* --- Ethernet --- */

enum {
    ETH = 0x40048000,
    ERIS = ETH,
    EIM = ETH + 4,
    RCTL = ETH + 8,
    TCTL = ETH + 0xc,
    EDATA = ETH + 0x10,
    IA0 = ETH + 0x14,
    IA1 = ETH + 0x18,
    THR = ETH + 0x1c,
    MCTL = ETH + 0x20,
    MDV = ETH + 0x24,
    MTXD = ETH + 0x2c,
    MRXD = ETH + 0x30,
    NP = ETH + 0x34,
    TR = ETH + 0x38,
    MDINT = 1 << 5,
};

static const struct board_dev eth = {
    "luminary,ethernet", "eth0", BOARD_MMIO, ETH, 0x1000, 42, 50000000
};

static uint32_t
phy(unsigned reg)
{
    write32(MCTL, reg << 3 | 1);
    step(MS);
    ck_assert_uint_eq(read32(MCTL) & 1, 0);
    return read32(MRXD);
}

START_TEST(ethernet_is_found)
{
    start_one(&eth_stellaris_class, &eth);
    ck_assert_uint_eq(read32(ERIS), 0);
    ck_assert_uint_eq(read32(EIM), 0x7f);
    ck_assert_uint_eq(read32(RCTL), 8);
    ck_assert_uint_eq(read32(THR), 0x3f);
    ck_assert_uint_eq(read32(MDV), 0x80);
    ck_assert_uint_eq(read32(NP) | read32(TCTL) | read32(IA0) | read32(IA1), 0);
    write32(IA0, 0x00ad1a00);
    write32(IA1, 0xdd10);
    ck_assert_uint_eq(read32(IA0), 0x00ad1a00);
    ck_assert_uint_eq(read32(IA1), 0xdd10);
    write32(MDV, 9);
    write32(MCTL, 2 << 3 | 1);
    ck_assert_uint_eq(read32(MCTL) & 1, 1);
    step(64 * 20 * 20); /* 64 bits at 2.5 MHz */
    ck_assert_uint_eq(read32(MCTL) & 1, 0);
    ck_assert(irq(42));
    write32(ERIS, MDINT); /* the same address acknowledges */
    ck_assert(!irq(42));
    ck_assert_uint_eq(read32(MRXD), 0x000e);
    ck_assert_uint_eq(phy(3), 0x7237);
    ck_assert_uint_eq(phy(1) & 4, 0); /* no link */
    eth_stellaris_link(sim_model_next(t.sim, NULL), true);
    ck_assert_uint_eq(phy(1) & 4, 0); /* until it was read */
    ck_assert_uint_eq(phy(1) & 4, 4);
    eth_stellaris_link(sim_model_next(t.sim, NULL), false);
    ck_assert_uint_eq(phy(1) & 4, 0);
    ck_assert_uint_eq(phy(1) & 4, 0);
    finish();
}
END_TEST

START_TEST(ethernet_management_writes)
{
    start_one(&eth_stellaris_class, &eth);
    ck_assert_uint_eq(phy(0), 0x3100);
    write32(MTXD, 0x0100);
    write32(MCTL, 3);
    step(MS);
    ck_assert_uint_eq(phy(0), 0x0100);
    write32(MTXD, 0x8000); /* reset */
    write32(MCTL, 3);
    step(MS);
    ck_assert_uint_eq(phy(0), 0x3100);
    write32(MCTL, 1);
    write32(MCTL, 1);
    expect_error(SIM_V_STATE);
    write32(RCTL, 0x18); /* the FIFO's reset clears itself */
    ck_assert_uint_eq(read32(RCTL), 8);
    write32(TCTL, 1);
    write32(TR, 1);
    ck_assert_uint_eq(read32(ERIS) & 4, 4); /* sent, to nobody */
    read32(EDATA);
    expect_error(SIM_V_STATE);
    write32(NP, 0);
    expect_error(SIM_V_READ_ONLY);
    read32(ETH + 0x28);
    expect_error(SIM_V_NO_REG);
    finish();
}
END_TEST

/* --- keys and lamp --- */

enum {
    GPIO = 0x40025000,
    GALL = GPIO + 0x3fc,
    GDIR = GPIO + 0x400,
    GPUR = GPIO + 0x510,
    GDEN = GPIO + 0x51c
};

START_TEST(keys_and_lamp)
{
    static const struct model_class *const models[] = { &gpio_pl061_class, &gpio_key_class,
                                                        &gpio_led_class, NULL };
    static const struct board_dev devs[] = {
        { "arm,pl061", "gpiof", BOARD_MMIO, GPIO, 0x1000, 30, 0 },
        { "gpio-keys", "select", BOARD_WIRED, BOARD_WIRES(0, BOARD_PIN('F', 1), BOARD_NO_PIN), 0,
          BOARD_NO_IRQ, 0 },
        { "gpio-leds", "led0", BOARD_WIRED, BOARD_WIRES(0, BOARD_PIN('F', 0), BOARD_NO_PIN), 0,
          BOARD_NO_IRQ, 0 },
    };
    struct sim_config config = default_config();
    struct model *key, *led;
    struct reg_view view;

    start_with(&config, devs, 3, models);
    key = sim_model_find(t.sim, "select");
    led = sim_model_find(t.sim, "led0");
    write32(GDEN, 3);
    write32(GPUR, 2);
    ck_assert_uint_eq(read32(GALL), 2); /* not pressed: the pull-up */
    gpio_key_press(key, true);
    ck_assert_uint_eq(read32(GALL), 0);
    gpio_key_press(key, false);
    ck_assert_uint_eq(read32(GALL), 2);
    ck_assert(!gpio_led_lit(led)); /* not an output yet */
    write32(GDIR, 1);
    write32(GALL, 1);
    ck_assert(gpio_led_lit(led));
    write32(GALL, 0);
    ck_assert(!gpio_led_lit(led));
    write32(GALL, 1);
    ck_assert_uint_eq(gpio_led_flashes(led), 2);
    ck_assert(model_reg_find(led, "LIT", &view));
    ck_assert_uint_eq(view.value, 1);
    finish();
}
END_TEST

RUN_TESTS("lm3s_parts", watchdog_interrupts_then_resets, watchdog_without_reset, watchdog_lock,
          adc_temperature, adc_sequence, adc_priorities_and_always, adc_guest_errors,
          flash_programs_words, flash_pages_and_protection, flash_in_an_image, flash_guest_errors,
          flash_timing_needs_the_clock, ethernet_is_found, ethernet_management_writes, keys_and_lamp)
