/* Probe of the SD card in SPI mode (Physical Layer Simplified Specification 2.00, chapter 7). */
#include "spi.h"

enum { RESPONSE_MAX = 9, POLLS = 20000 };

static void
select(bool on)
{
    store32(0x40007004, !on);
}

static uint8_t
command(uint8_t number, uint32_t arg)
{
    uint8_t c[5] = { (uint8_t)(0x40 | number), (uint8_t)(arg >> 24), (uint8_t)(arg >> 16),
                     (uint8_t)(arg >> 8), (uint8_t)arg };
    uint8_t crc = 0, r = 0xff;

    for (unsigned i = 0; i < 40; i++) {
        bool bit = (c[i / 8] >> (7 - i % 8) & 1) != (crc >> 6 & 1);

        crc = (uint8_t)((crc << 1 & 0x7f) ^ (bit ? 9 : 0));
    }
    for (unsigned i = 0; i < 5; i++) {
        spi(c[i]);
    }
    spi((uint8_t)(crc << 1 | 1));
    for (unsigned i = 0; i < RESPONSE_MAX && (r & 0x80); i++) {
        r = spi(0xff);
    }
    return r;
}

static void
more(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        spi(0xff);
    }
}

static void
block(unsigned n)
{
    for (unsigned i = 0; spi(0xff) == 0xff; i++) {
        if (i == POLLS) {
            fail("no data token");
        }
    }
    more(n + 2);
}

static void
end(void)
{
    spi(0xff); /* QEMU's card needs it to come to the end of its response */
    select(false);
    spi(0xff);
    select(true);
}

static void
write_block(uint8_t token, uint8_t fill)
{
    spi(0xff);
    spi(token);
    for (unsigned i = 0; i < 514; i++) {
        spi((uint8_t)(fill + i));
    }
    spi(0xff);
    for (unsigned i = 0; spi(0xff) != 0xff; i++) {
        if (i == POLLS) {
            fail("busy for ever");
        }
    }
}

static void
bring_up(void)
{
    pins();
    store32(CR0, 7);
    store32(CPSR, 2);
    store32(CR1, 2);
    scenario("bring-up");
    more(10);
    select(true);
    command(0, 0);
    end();
    command(8, 0x1aa);
    more(4);
    end();
    command(58, 0);
    more(4);
    end();
    for (unsigned i = 0; i < 100; i++) {
        command(55, 0);
        end();
        if (command(41, 0x40000000) == 0) {
            break;
        }
        end();
    }
    end();
    command(58, 0);
    more(4);
    end();
}

static void
registers_and_reading(void)
{
    scenario("registers");
    command(9, 0);
    block(16);
    end();
    command(10, 0);
    block(16);
    end();
    command(13, 0);
    more(1);
    end();
    scenario("reading");
    command(16, 512);
    end();
    command(17, 512 * 3);
    block(512);
    end();
    command(18, 512 * 5);
    block(512);
    block(512);
    command(12, 0); /* before the next block: QEMU's counts go wrong if one is cut off */
    more(4);
    end();
}

static void
writing_and_errors(void)
{
    scenario("writing");
    command(24, 512 * 7);
    write_block(0xfe, 0x11);
    end();
    command(17, 512 * 7);
    block(512);
    end();
    command(25, 512 * 9);
    write_block(0xfc, 0x22);
    write_block(0xfc, 0x33);
    spi(0xfd);
    more(4);
    end();
    command(17, 512 * 10);
    block(512);
    end();
    scenario("errors");
    command(17, 0x7fffffff & ~511u);
    more(4);
    end();
    command(13, 0);
    more(1);
    end();
    command(63, 0);
    end();
}

void
probe(void)
{
    bring_up();
    registers_and_reading();
    writing_and_errors();
}
