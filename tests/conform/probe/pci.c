/* Probe of PCI configuration space through mechanism 1 (PCI 2.1, section 3.7.4.1) on the 440FX (Intel 290549) and the PIIX3 (290550),
 * as reset leaves them. */
#include "probe.h"

enum { ADDRESS = 0xcf8, DATA = 0xcfc };

static void
select(unsigned dev, unsigned fn, unsigned reg)
{
    out32(ADDRESS, 0x80000000u | dev << 11 | fn << 8 | (reg & 0xfc));
}

static uint32_t
get32(unsigned dev, unsigned fn, unsigned reg)
{
    select(dev, fn, reg);
    return in32(DATA);
}

static void
set32(unsigned dev, unsigned fn, unsigned reg, uint32_t v)
{
    select(dev, fn, reg);
    out32(DATA, v);
}

static void
dump(unsigned dev, unsigned fn)
{
    for (unsigned reg = 0; reg < 256; reg += 4) {
        get32(dev, fn, reg);
    }
}

static void
mechanism(void)
{
    scenario("CONFADD keeps what is written, but reserved bits");
    in32(ADDRESS);
    out32(ADDRESS, 0x80fffffc);
    in32(ADDRESS);
    out32(ADDRESS, 0x80000000);
    in32(ADDRESS);
    scenario("bytes and words of a register");
    select(1, 1, 0x00);
    for (uint16_t i = 0; i < 4; i++) {
        in8((uint16_t)(DATA + i));
    }
    in16(DATA);
    in16(DATA + 2);
    select(1, 1, 0x08);
    for (uint16_t i = 0; i < 4; i++) {
        in8((uint16_t)(DATA + i));
    }
    scenario("functions and devices that are not there");
    get32(0, 1, 0);
    get32(1, 4, 0);
    for (unsigned dev = 2; dev < 32; dev++) {
        get32(dev, 0, 0);
    }
    set32(5, 0, 0x10, 0x12345678);
    get32(5, 0, 0x10);
    out32(ADDRESS, 0x80010000); /* bus 1 */
    in32(DATA);
}

static void
command_and_bars(void)
{
    scenario("IDE: command register");
    for (unsigned i = 0; i < 16; i++) {
        select(1, 1, 0x04);
        out16(DATA, (uint16_t)(1u << i));
        in16(DATA);
    }
    out16(DATA, 0);
    scenario("IDE: sizes of base address registers");
    for (unsigned reg = 0x10; reg <= 0x30; reg += 4) {
        set32(1, 1, reg, 0xffffffff);
        get32(1, 1, reg);
        set32(1, 1, reg, 0);
        get32(1, 1, reg);
    }
    scenario("IDE: bus master base, then its registers");
    set32(1, 1, 0x20, 0xc001);
    get32(1, 1, 0x20);
    select(1, 1, 0x04);
    out16(DATA, 0x0005);
    in16(DATA);
    for (uint16_t port = 0xc000; port < 0xc010; port += 8) {
        in8(port);
        in8(port + 2);
        in32(port + 4);
        out32(port + 4, 0x12345678);
        in32(port + 4);
        out8(port + 2, 0x60);
        in8(port + 2);
        out8(port + 2, 0x06);
        in8(port + 2);
        out8(port, 0x08);
        in8(port);
        out8(port, 0x00);
    }
    scenario("IDE: interrupt line and timing keep what is written");
    select(1, 1, 0x3c);
    out8(DATA, 0x0e);
    in8(DATA);
    out8(DATA + 1, 0xff);
    in8(DATA + 1);
    select(1, 1, 0x40);
    out16(DATA, 0x8000);
    in16(DATA);
    out16(DATA + 2, 0xa307);
    in16(DATA + 2);
}

static void
read_only(void)
{
    scenario("identification is read-only");
    set32(0, 0, 0x00, 0xffffffff);
    get32(0, 0, 0x00);
    set32(1, 0, 0x00, 0xffffffff);
    get32(1, 0, 0x00);
    set32(1, 1, 0x00, 0xffffffff);
    get32(1, 1, 0x00);
    select(0, 0, 0x0c);
    out8(DATA + 2, 0xff);
    in8(DATA + 2);
    scenario("ISA bridge: interrupt routing keeps what is written");
    for (unsigned i = 0; i < 4; i++) {
        select(1, 0, 0x60);
        in8((uint16_t)(DATA + i));
        out8((uint16_t)(DATA + i), (uint8_t)(0x09 + i));
        in8((uint16_t)(DATA + i));
        out8((uint16_t)(DATA + i), 0x80);
        in8((uint16_t)(DATA + i));
    }
    scenario("reset control");
    in8(0xcf9);
    out8(0xcf9, 0x02);
    in8(0xcf9);
    out8(0xcf9, 0x00);
    in8(0xcf9);
}

void
probe(void)
{
    mechanism();
    scenario("00.0, the host bridge, after reset");
    dump(0, 0);
    scenario("01.0, the ISA bridge, after reset");
    dump(1, 0);
    scenario("01.1, the IDE function, after reset");
    dump(1, 1);
    command_and_bars();
    read_only();
}
