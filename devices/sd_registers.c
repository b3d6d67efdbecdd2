/* The SD card's registers and check sums (SD Specifications Part 1, Physical Layer Simplified Specification 2.00, chapters 4.5, 5). */
#include <devices/sd_internal.h>

#include <string.h>

enum {
    HC_UNIT = 512 << 10, /* of C_SIZE in CSD version 2.0 */
    C_SIZE_MAX = 4096,
    CCC = 0x135, /* command classes: basic, read, write, erase, application */
};

#define SC_MAX (UINT64_C(2) << 30)

uint8_t
sd_crc7(const uint8_t *p, size_t n)
{
    unsigned crc = 0;

    for (size_t i = 0; i < n; i++) {
        for (unsigned bit = 8; bit-- > 0;) {
            crc = crc << 1 ^ ((crc >> 6 ^ (unsigned)p[i] >> bit) & 1 ? 0x09 : 0);
        }
    }
    return (uint8_t)(crc << 1 | 1);
}

uint16_t
sd_crc16(const uint8_t *p, size_t n)
{
    unsigned crc = 0;

    for (size_t i = 0; i < n; i++) {
        for (unsigned bit = 8; bit-- > 0;) {
            crc = crc << 1 ^ ((crc >> 15 ^ (unsigned)p[i] >> bit) & 1 ? 0x1021 : 0);
        }
    }
    return (uint16_t)crc;
}

bool
sd_high_capacity(uint64_t size)
{
    return size > SC_MAX;
}

/* CSD version 1.0: (C_SIZE + 1) << (C_SIZE_MULT + 2) blocks of 1 << READ_BL_LEN. */
struct shape {
    unsigned block_bits, mult;
    uint64_t c_size;
};

static struct shape
shape_of(uint64_t size)
{
    struct shape s = { 9, 0, 0 };

    while (size >> (s.block_bits + s.mult + 2) > C_SIZE_MAX) {
        if (s.mult < 7) {
            s.mult++;
        } else {
            s.block_bits++;
        }
    }
    s.c_size = size >> (s.block_bits + s.mult + 2);
    return s;
}

uint64_t
sd_capacity(uint64_t size)
{
    struct shape s;

    if (sd_high_capacity(size)) {
        return size / HC_UNIT * HC_UNIT;
    }
    s = shape_of(size);
    return s.c_size << (s.block_bits + s.mult + 2);
}

/* Bits high..low of a register of 128 bits. */
static void
put(uint8_t *reg, unsigned high, unsigned low, uint64_t value)
{
    for (unsigned bit = low; bit <= high; bit++, value >>= 1) {
        reg[SD_REGISTER - 1 - bit / 8] |= (uint8_t)((value & 1) << bit % 8);
    }
}

void
sd_make_csd(uint8_t csd[SD_REGISTER], uint64_t size, bool read_only)
{
    bool hc = sd_high_capacity(size);
    struct shape s = { 9, 0, 0 };

    memset(csd, 0, SD_REGISTER);
    if (hc) {
        put(csd, 127, 126, 1);
        put(csd, 69, 48, size / HC_UNIT - 1);
    } else {
        s = shape_of(size);
        put(csd, 79, 79, 1); /* READ_BL_PARTIAL */
        put(csd, 73, 62, s.c_size ? s.c_size - 1 : 0);
        put(csd, 49, 47, s.mult);
    }
    put(csd, 119, 112, 0x0e); /* TAAC: 1 ms */
    put(csd, 103, 96, 0x32);  /* TRAN_SPEED: 25 Mbit/s */
    put(csd, 95, 84, CCC);
    put(csd, 83, 80, s.block_bits);
    put(csd, 46, 46, 1);    /* ERASE_BLK_EN: single blocks */
    put(csd, 45, 39, 0x7f); /* SECTOR_SIZE */
    put(csd, 28, 26, 2);    /* R2W_FACTOR */
    put(csd, 25, 22, s.block_bits);
    put(csd, 12, 12, read_only); /* TMP_WRITE_PROTECT */
    csd[SD_REGISTER - 1] = sd_crc7(csd, SD_REGISTER - 1);
}

void
sd_make_cid(uint8_t cid[SD_REGISTER], uint32_t serial)
{
    static const uint8_t id[SD_REGISTER - 1] = {
        0xdd,                                     /* MID: nobody's */
        'D',  'D',  'D',  'R',  'Y',  'D',  'K',  /* OID, PNM */
        0x10, 0x00, 0x00, 0x00, 0x01, 0x01, 0xa1, /* PRV 1.0, PSN, MDT January 2026 */
    };

    memcpy(cid, id, sizeof id);
    for (unsigned i = 0; i < 4; i++) {
        cid[9 + i] = (uint8_t)(serial >> (24 - 8 * i));
    }
    cid[SD_REGISTER - 1] = sd_crc7(cid, SD_REGISTER - 1);
}

void
sd_make_scr(uint8_t scr[8])
{
    memset(scr, 0, 8);
    scr[0] = 0x02; /* SCR 1.0, SD_SPEC: version 2.00 */
    scr[1] = 0x05; /* no security, 1 and 4 bits wide; erased bits are 0 */
}
