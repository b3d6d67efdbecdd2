/* Probe of the MC146818A (Motorola data sheet ADI-1018R1) and of the CMOS RAM around it. */
#include "probe.h"

enum { INDEX = 0x70, DATA = 0x71, A = 0x0a, B = 0x0b, C = 0x0c, D = 0x0d, CENTURY = 0x32 };

static uint8_t
get(unsigned reg)
{
    out8(INDEX, (uint8_t)reg);
    return in8(DATA);
}

static void
set(unsigned reg, uint8_t v)
{
    out8(INDEX, (uint8_t)reg);
    out8(DATA, v);
}

static void
time_now(void)
{
    for (unsigned reg = 0; reg < 10; reg++) {
        get(reg);
    }
    get(CENTURY);
}

static void
control(void)
{
    for (unsigned reg = A; reg <= D; reg++) {
        get(reg);
    }
}

static void
set_time(uint8_t hour, uint8_t minute, uint8_t second)
{
    set(B, (uint8_t)(get(B) | 0x80));
    set(4, hour);
    set(2, minute);
    set(0, second);
    set(B, (uint8_t)(get(B) & 0x7f));
}

static void
formats(void)
{
    static const uint8_t modes[] = { 0x02, 0x00, 0x06, 0x04 }; /* BCD and binary, 24 and 12 hours */
    static const uint8_t hours[4][4] = { { 0x00, 0x09, 0x12, 0x23 },
                                         { 0x12, 0x09, 0x92, 0x91 },
                                         { 0, 9, 12, 23 },
                                         { 12, 9, 0x8c, 0x8b } };

    for (unsigned m = 0; m < 4; m++) {
        scenario("hours in BCD and binary, of 24 and of 12");
        set(B, modes[m]);
        get(B);
        for (unsigned i = 0; i < 4; i++) {
            set_time(hours[m][i], m < 2 ? 0x59 : 59, m < 2 ? 0x58 : 58);
            time_now();
            wait_us(3000000);
            time_now();
        }
    }
    set(B, 0x02);
}

static void
dates(void)
{
    static const uint8_t date[][4] = { { 0x20, 0x24, 0x02, 0x28 },
                                       { 0x20, 0x23, 0x02, 0x28 },
                                       { 0x20, 0x26, 0x12, 0x31 },
                                       { 0x19, 0x99, 0x12, 0x31 } };

    scenario("the end of a month and of a year, leap years");
    for (unsigned i = 0; i < 4; i++) {
        set(B, 0x82);
        set(CENTURY, date[i][0]);
        set(9, date[i][1]);
        set(8, date[i][2]);
        set(7, date[i][3]);
        set(4, 0x23);
        set(2, 0x59);
        set(0, 0x59);
        set(B, 0x02);
        wait_us(1500000);
        time_now();
    }
}

static void
flags(void)
{
    scenario("update in progress, then the update-ended flag; reading C clears it");
    get(C);
    wait_us(2000000);
    get(C);
    get(C);
    scenario("set stops the clock");
    set(B, 0x82);
    get(0);
    wait_us(2500000);
    get(0);
    get(C);
    get(A);
    set(B, 0x02);
    wait_us(1700000);
    get(0);
    get(C);
    scenario("alarm: at its second, and at every second with don't-care bytes");
    set_time(0x10, 0x20, 0x30);
    set(1, 0x33);
    set(3, 0x20);
    set(5, 0x10);
    get(C);
    wait_us(1500000);
    get(C);
    wait_us(2500000);
    get(C);
    set(1, 0xc0);
    set(3, 0xff);
    set(5, 0xc0);
    get(C);
    wait_us(1200000);
    get(C);
}

static void
interrupts(void)
{
    scenario("interrupts: periodic, held until C is read");
    pic_init();
    pic_unmask(8);
    set(A, 0x26);
    set(B, 0x42);
    for (unsigned i = 0; i < 4; i++) {
        pic_eoi(irq_wait());
        irq_poll();
        get(C);
    }
    set(B, 0x02);
    scenario("interrupts: update ended");
    get(C);
    set(B, 0x12);
    pic_eoi(irq_wait());
    get(C);
    get(0);
    scenario("interrupts: alarm");
    set_time(0x10, 0x20, 0x30);
    set(1, 0x31);
    set(3, 0x20);
    set(5, 0x10);
    get(C);
    set(B, 0x22);
    pic_eoi(irq_wait());
    get(C);
    get(0);
    set(B, 0x02);
    scenario("enabling an interrupt whose flag is set interrupts");
    wait_us(2000000);
    set(B, 0x12);
    irq_poll();
    get(C);
    set(B, 0x02);
}

static void
ram(void)
{
    scenario("CMOS RAM keeps what is written");
    for (unsigned reg = 0x40; reg < 0x50; reg++) {
        set(reg, (uint8_t)(reg * 7));
    }
    for (unsigned reg = 0x40; reg < 0x50; reg++) {
        get(reg);
    }
    scenario("bit 7 of the index does not count");
    get(D);
    get(0x80 | D);
    get(0x80 | 0x42);
}

void
probe(void)
{
    scenario("control registers after reset");
    control();
    scenario("date and time after reset");
    time_now();
    formats();
    dates();
    flags();
    ram();
    interrupts();
}
