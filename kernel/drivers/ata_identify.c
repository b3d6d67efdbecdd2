/* ATA: what is on the cable (ATA/ATAPI-6, 9.12 signatures; 8.15 IDENTIFY DEVICE).  Every field comes from the drive and is checked. */
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/core/log.h>
#include <kernel/drivers/blk_ata.h>
#include <kernel/mm/kmem.h>
#include <kernel/trusted/field.h>

/* Registers of the signature. */
enum { SECTOR_COUNT = 2, LBA_LOW = 3, LBA_MID = 4, LBA_HIGH = 5, STATUS = 7 };

/* The IDENTIFY DEVICE data, by word. */
#define ID_FIELDS(F)                                                                               \
    F(ID_CONFIG, le16, 2 * 0)                                                                      \
    F(ID_CAPABILITIES, le16, 2 * 49)                                                               \
    F(ID_SECTORS_28, le32, 2 * 60)                                                                 \
    F(ID_MULTIWORD_DMA, le16, 2 * 63)                                                              \
    F(ID_COMMAND_SETS_2, le16, 2 * 83)                                                             \
    F(ID_SECTORS_48, le64, 2 * 100)                                                                \
    F(ID_SECTOR_SIZE, le16, 2 * 106)
FIELDS(ID_FIELDS);
enum { ID_MODEL = 27, ID_MODEL_WORDS = 20 }; /* text */
#define CONFIG_NOT_ATA      BIT(15)
#define CAPABILITY_DMA      BIT(8)
#define CAPABILITY_LBA      BIT(9)
#define MULTIWORD_MODES     0x7u
#define SET2_VALID_MASK     0xc000u /* bits 15:14 are 01 when the word means something */
#define SET2_VALID          0x4000u
#define SET2_LBA48          BIT(10)
#define SET2_FLUSH          BIT(12)
#define SET2_FLUSH_EXT      BIT(13)
#define SECTOR_SIZE_NOT_512 BIT(12)
#define SECTORS_28_MAX      0x0fffffffull
#define SECTORS_48_MAX      0xffffffffffffull

/* Words 83 and 106 carry a mark that they are in use. */
static uint16_t
marked_word(struct cspan id, struct f_le16 word)
{
    uint16_t v = field_get(id, word);

    return (v & SET2_VALID_MASK) == SET2_VALID ? v : 0;
}

/* Text is stored with the bytes of each word swapped, padded with blanks; a drive may send anything. */
static void
get_text(struct cspan id, unsigned first, unsigned words, struct span out)
{
    size_t len = 0;

    for (unsigned i = 0; i < words * 2; i++) {
        uint8_t c = span_get(id, (first * 2 + i) ^ 1);

        span_put(out, i, c >= 0x20 && c < 0x7f ? c : ' ');
        if (span_get(span_const(out), i) != ' ')
            len = i + 1;
    }
    span_put(out, len, '\0');
}

/* The status and the signature of one drive.  Both drives see what is written to the command block, so ask for both before the first
 * command. */
static bool
ata_signature(struct ata_drive *d, uint8_t *status_out)
{
    struct ata_channel *ch = d->channel;

    ata_select(ch, d->unit);

    uint8_t status = io_read8(&ch->cmd, STATUS);

    *status_out = status;
    if (status == 0 || status == ATA_GONE || (status & (ATA_BSY | ATA_DRDY)) != ATA_DRDY)
        return false;
    return io_read8(&ch->cmd, SECTOR_COUNT) == 1 && io_read8(&ch->cmd, LBA_LOW) == 1 &&
           io_read8(&ch->cmd, LBA_MID) == 0 && io_read8(&ch->cmd, LBA_HIGH) == 0;
}

/* Does something keep what is written to the command block?  An empty cable does not. */
static bool
registers_answer(struct ata_channel *ch)
{
    io_write8(&ch->cmd, SECTOR_COUNT, 0x55);
    io_write8(&ch->cmd, LBA_LOW, 0xaa);
    return io_read8(&ch->cmd, SECTOR_COUNT) == 0x55 && io_read8(&ch->cmd, LBA_LOW) == 0xaa;
}

bool
ata_signatures(struct ata_channel *ch)
{
    bool idle = true;

    for (unsigned unit = 0; unit < 2; unit++) {
        struct ata_drive *d = &ch->drives[unit];
        uint8_t status;

        d->present = ata_signature(d, &status);
        if (!d->present)
            idle = idle && (status == 0 || status == ATA_GONE);
    }
    return idle && (ch->drives[0].present || ch->drives[1].present || !registers_answer(ch));
}

static bool
parse(struct ata_drive *d, struct cspan id)
{
    uint16_t sets = marked_word(id, ID_COMMAND_SETS_2);
    uint64_t sectors_48 = field_get(id, ID_SECTORS_48);
    uint64_t sectors = field_get(id, ID_SECTORS_28);

    get_text(id, ID_MODEL, ID_MODEL_WORDS, span_of(d->model, sizeof d->model));
    if ((field_get(id, ID_CONFIG) & CONFIG_NOT_ATA) != 0 ||
        (field_get(id, ID_CAPABILITIES) & CAPABILITY_LBA) == 0) {
        klog(LOG_WARN, "%s unit %u: \"%s\" is not a disk with LBA: ignored", d->channel->name,
             d->unit, d->model);
        return false;
    }
    if ((marked_word(id, ID_SECTOR_SIZE) & SECTOR_SIZE_NOT_512) != 0) {
        klog(LOG_WARN, "%s unit %u: \"%s\" has sectors of more than 512 bytes: ignored",
             d->channel->name, d->unit, d->model);
        return false;
    }
    d->lba48 = (sets & SET2_LBA48) != 0 && sectors_48 > 0 && sectors_48 <= SECTORS_48_MAX;
    if (d->lba48)
        sectors = sectors_48;
    else if (sectors > SECTORS_28_MAX)
        sectors = SECTORS_28_MAX;
    d->flush = (sets & SET2_FLUSH) != 0;
    d->flush_ext = d->lba48 && (sets & SET2_FLUSH_EXT) != 0;

    unsigned modes = field_get(id, ID_MULTIWORD_DMA) & MULTIWORD_MODES;

    d->dma = (field_get(id, ID_CAPABILITIES) & CAPABILITY_DMA) != 0 && modes != 0;
    d->dma_mode = (modes & BIT(2)) != 0 ? 2 : (modes & BIT(1)) != 0 ? 1 : 0;
    d->blk.sectors = sectors;
    return sectors > 0;
}

bool
ata_identify_drive(struct ata_drive *d)
{
    const struct ata_taskfile tf = { .command = ATA_IDENTIFY_DEVICE };
    struct span id = span_of(kmem_alloc(SECTOR_SIZE), SECTOR_SIZE);

    if (id.ptr == NULL) {
        klog(LOG_ERR, "%s unit %u: out of memory", d->channel->name, d->unit);
        return false;
    }

    int rc = ata_pio_in(d, &tf, id);

    if (rc < 0)
        klog(LOG_WARN, "%s unit %u: no identification, error %d", d->channel->name, d->unit, -rc);
    d->present = rc == 0 && parse(d, span_const(id));
    kmem_free(id.ptr);
    return d->present;
}
