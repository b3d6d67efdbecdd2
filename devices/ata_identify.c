/* The answer to IDENTIFY DEVICE (manual: T13/1410D revision 3b, section 8.15). */
#include <string.h>

#include <devices/ata_disk.h>

static void
put(uint8_t *out, unsigned word, uint64_t value)
{
    out[2 * word] = (uint8_t)value;
    out[2 * word + 1] = (uint8_t)(value >> 8);
}

static void
put32(uint8_t *out, unsigned word, uint64_t value)
{
    put(out, word, value);
    put(out, word + 1, value >> 16);
}

/* ATA strings: padded with spaces, the first character of a word in its high byte. */
static void
put_string(uint8_t *out, unsigned word, unsigned words, const char *text)
{
    size_t len = strlen(text);

    for (unsigned i = 0; i < 2 * words; i++) {
        out[(2 * word + i) ^ 1] = i < len ? (uint8_t)text[i] : ' ';
    }
}

static void
put_serial(const struct ata_disk *d, uint8_t *out)
{
    char serial[] = "DD00000000";

    serial[sizeof serial - 2] = (char)('0' + d->serial % 10);
    put_string(out, 10, 10, serial);
}

/* Words 1 to 6 (as shipped) and 54 to 58 (as set by INITIALIZE DEVICE PARAMETERS). */
static void
put_geometry(const struct ata_disk *d, uint8_t *out)
{
    uint64_t sectors = ata_sectors(d);
    uint64_t cylinders = sectors / (16 * 63);

    put(out, 1, cylinders > 16383 ? 16383 : cylinders);
    put(out, 3, 16);
    put(out, 6, 63);
    put(out, 54, d->s->cylinders);
    put(out, 55, d->s->heads);
    put(out, 56, d->s->sectors);
    put32(out, 57, (uint64_t)d->s->cylinders * d->s->heads * d->s->sectors);
}

static void
put_transfer_modes(const struct ata_disk *d, uint8_t *out)
{
    unsigned mode = d->s->transfer_mode;

    put(out, 51, 0x0200); /* PIO mode 2 without flow control */
    put(out, 53, 0x0007); /* words 54-58, 64-70 and 88 are valid */
    put(out, 63, 0x0007 | (mode >> 3 == 4 ? 0x0100u << (mode & 7) : 0)); /* multiword DMA 0 to 2 */
    put(out, 64, 0x0003);                                                /* PIO 3 and 4 */
    for (unsigned word = 65; word <= 68; word++) {
        put(out, word, 120); /* cycle times in ns */
    }
    put(out, 88, 0x003f | (mode >> 3 == 8 ? 0x0100u << (mode & 7) : 0)); /* Ultra DMA 0 to 5 */
}

static void
put_features(const struct ata_disk *d, uint8_t *out)
{
    const struct ata_state *s = d->s;

    put(out, 80, 0x0078); /* ATA-3 to ATA/ATAPI-6 */
    put(out, 81, 0x0019); /* T13/1410D revision 3a */
    put(out, 82, 0x4068); /* NOP, look-ahead, write cache, power management */
    put(out, 83, 0x7400); /* FLUSH CACHE EXT, FLUSH CACHE, 48-bit addresses */
    put(out, 84, 0x4000);
    put(out, 85, 0x4008u | (s->look_ahead ? 0x40u : 0) | (s->write_cache ? 0x20u : 0));
    put(out, 86, 0x3400);
    put(out, 87, 0x4000);
    /* How the reset went, over a 40-conductor cable: jumpered, diagnostics passed; device 0 answers
     * for a missing device 1. */
    put(out, 93, s->unit ? 0x4b00u : 0x400bu | (s->alone ? 0x40u : 0));
}

void
ata_identify(const struct ata_disk *d, uint8_t *out)
{
    uint64_t sectors = ata_sectors(d);
    unsigned sum = 0;

    memset(out, 0, ATA_SECTOR);
    put(out, 0, 0x0040); /* a fixed ATA device */
    put(out, 2, 0xc837); /* needs no SET FEATURES to spin up; this data is complete */
    put_geometry(d, out);
    put_serial(d, out);
    put_string(out, 23, 4, "1.0");
    put_string(out, 27, 20, "DRYDOCK HARDDISK");
    put(out, 47, 0x8000 | ATA_MULTIPLE_MAX);
    put(out, 49, 0x2f00); /* standard standby timer, IORDY, LBA, DMA */
    put(out, 50, 0x4000);
    put(out, 59, d->s->multiple ? 0x0100u | d->s->multiple : 0);
    put32(out, 60, sectors > 0x0fffffff ? 0x0fffffff : sectors);
    put_transfer_modes(d, out);
    put_features(d, out);
    put32(out, 100, sectors);
    put32(out, 102, sectors >> 32);
    out[510] = 0xa5;
    for (unsigned i = 0; i < 511; i++) {
        sum += out[i];
    }
    out[511] = (uint8_t)-sum;
}
