/* A PL022 with an SD card and a display, wired as on the LM3S6965 evaluation board, and the bytes between them. */
#pragma once

#include "harness.h"

enum {
    GPIOA = 0x40004000,
    GPIOC = 0x40006000,
    GPIOD = 0x40007000,
    SSI = 0x40008000,
    G_DIR = 0x400,
    G_AFSEL = 0x420,
    G_DEN = 0x51c,

    CR0 = SSI,
    CR1 = SSI + 0x04,
    DR = SSI + 0x08,
    SR = SSI + 0x0c,
    CPSR = SSI + 0x10,
    IM = SSI + 0x14,
    RIS = SSI + 0x18,
    MIS = SSI + 0x1c,
    ICR = SSI + 0x20,

    SSI_IRQ = 7,
    BYTE_NS = 640, /* 8 bits at 12.5 Mbit/s */
};

static const struct board_dev ssi_devs[] = {
    { "arm,pl061", "gpioa", BOARD_MMIO, GPIOA, 0x1000, 0, 0 },
    { "arm,pl061", "gpioc", BOARD_MMIO, GPIOC, 0x1000, 2, 0 },
    { "arm,pl061", "gpiod", BOARD_MMIO, GPIOD, 0x1000, 3, 0 },
    { "arm,pl022", "ssi0", BOARD_MMIO, SSI, 0x1000, SSI_IRQ, 50000000 },
    { "sd-card-spi", "sd0", BOARD_WIRED, BOARD_WIRES(0, BOARD_PIN('D', 0), BOARD_NO_PIN), 0,
      BOARD_NO_IRQ, 0 },
    { "solomon,ssd0323", "oled0", BOARD_WIRED, BOARD_WIRES(0, BOARD_PIN('A', 3), BOARD_PIN('C', 7)),
      0, BOARD_NO_IRQ, 0 },
};

/* The bus without its pins and its speed set; `image` may be NULL. */
static inline void
ssi_start_cold(const struct sim_image *image)
{
    static const struct model_class *const models[] = { &gpio_pl061_class, &ssi_pl022_class,
                                                        &sd_card_class, &oled_ssd0323_class, NULL };
    struct sim_config config = default_config();

    config.images = image;
    config.image_count = image != NULL;
    start_with(&config, ssi_devs, sizeof ssi_devs / sizeof ssi_devs[0], models);
}

static inline void
ssi_start(const struct sim_image *image)
{
    ssi_start_cold(image);
    write32(GPIOA + G_DEN, 0x3c);
    write32(GPIOA + G_AFSEL, 0x34); /* clock, in and out; the display's select is an output, high */
    write32(GPIOA + G_DIR, 0x08);
    write32(GPIOA + 0x3fc, 0x08);
    write32(GPIOC + G_DEN, 0x8f);
    write32(GPIOC + G_DIR, 0x80);
    write32(GPIOD + G_DEN, 0x01);
    write32(GPIOD + G_DIR, 0x01);
    write32(GPIOD + 0x3fc, 0x01);
    write32(CR0, 7);
    write32(CPSR, 4);
    write32(CR1, 2);
}

static inline uint8_t
spi(uint8_t out)
{
    write32(DR, out);
    step(BYTE_NS);
    ck_assert_uint_eq(read32(SR) & 4, 4);
    return (uint8_t)read32(DR);
}

static inline void
select_card(bool on)
{
    write32(GPIOD + 4, !on);
}

static inline void
select_display(bool on)
{
    write32(GPIOA + 4 * 8, on ? 0 : 8);
}
