/* The medium of the ATA drive (devices/ata_disk.c): addresses, sectors, and the commands that move
 * them (manual: T13/1410D revision 3b, sections 6.2 and 8). */
#include <devices/ata_internal.h>
#include <sim/model.h>

/* --- addresses --- */

uint64_t
ata_sectors(const struct ata_disk *d)
{
    uint64_t n = d->image->size / ATA_SECTOR;

    return n < UINT64_C(1) << 48 ? n : UINT64_C(1) << 48;
}

void
ata_set_geometry(struct ata_disk *d, unsigned heads, unsigned sectors)
{
    uint64_t cylinders = ata_sectors(d) / (heads * sectors);
    uint64_t most = heads == 16 && sectors == 63 ? 16383 : 65535;

    d->s->heads = (uint8_t)heads;
    d->s->sectors = (uint8_t)sectors;
    d->s->cylinders = (uint16_t)(cylinders < most ? cylinders : most);
}

static uint32_t
count_of(const struct ata_state *s)
{
    uint32_t n = s->reg[ATA_COUNT].now;

    if (s->ext) {
        n |= (uint32_t)s->reg[ATA_COUNT].before << 8;
        return n ? n : 65536;
    }
    return n ? n : 256;
}

static uint64_t
joined(uint8_t high, uint8_t mid, uint8_t low)
{
    return (uint64_t)high << 16 | (uint64_t)mid << 8 | low;
}

/* The address in the registers; false: there is no such cylinder, head or sector. */
bool
ata_address_of(const struct ata_state *s, uint64_t *lba)
{
    uint64_t low = joined(s->reg[ATA_HIGH].now, s->reg[ATA_MID].now, s->reg[ATA_LOW].now);
    unsigned cylinder, head = s->device & 0x0fu, sector;

    if (s->ext) {
        *lba = joined(s->reg[ATA_HIGH].before, s->reg[ATA_MID].before, s->reg[ATA_LOW].before) << 24 |
               low;
        return true;
    }
    if (s->device & ATA_LBA) {
        *lba = (uint64_t)head << 24 | low;
        return true;
    }
    cylinder = (unsigned)(low >> 8);
    sector = (unsigned)(low & 0xff);
    if (cylinder >= s->cylinders || head >= s->heads || sector == 0 || sector > s->sectors) {
        return false;
    }
    *lba = ((uint64_t)cylinder * s->heads + head) * s->sectors + sector - 1;
    return true;
}

void
ata_set_address(struct ata_state *s, uint64_t lba)
{
    unsigned per_cylinder = (unsigned)s->heads * s->sectors, rest;

    if (s->ext) {
        s->reg[ATA_LOW].before = (uint8_t)(lba >> 24);
        s->reg[ATA_MID].before = (uint8_t)(lba >> 32);
        s->reg[ATA_HIGH].before = (uint8_t)(lba >> 40);
    } else if (s->device & ATA_LBA) {
        s->device = (uint8_t)((s->device & 0xf0u) | (lba >> 24 & 0x0fu));
    } else {
        rest = (unsigned)(lba % per_cylinder);
        s->device = (uint8_t)((s->device & 0xf0u) | rest / s->sectors);
        lba = lba / per_cylinder << 8 | (rest % s->sectors + 1);
    }
    s->reg[ATA_LOW].now = (uint8_t)lba;
    s->reg[ATA_MID].now = (uint8_t)(lba >> 8);
    s->reg[ATA_HIGH].now = (uint8_t)(lba >> 16);
}

static void
set_count(struct ata_state *s, uint32_t count)
{
    s->reg[ATA_COUNT].now = (uint8_t)count;
    if (s->ext) {
        s->reg[ATA_COUNT].before = (uint8_t)(count >> 8);
    }
}

/* Take address and count of a media command from the registers; false: it has failed. */
static bool
take_range(struct ata_disk *d)
{
    struct ata_state *s = d->s;
    uint64_t sectors = ata_sectors(d);

    if (s->ext && !(s->device & ATA_LBA)) {
        model_guest_error(d->owner, "DEVICE", s->command, "a 48-bit command without the LBA bit");
        ata_fail(d, ATA_ABRT);
        return false;
    }
    s->left = count_of(s);
    s->done = 0;
    if (!ata_address_of(s, &s->lba)) {
        ata_fail(d, ATA_IDNF);
        return false;
    }
    if (s->lba >= sectors || s->left > sectors - s->lba) {
        ata_set_address(s, s->lba < sectors ? sectors : s->lba);
        ata_fail(d, ATA_IDNF);
        return false;
    }
    s->power = ATA_ACTIVE;
    return true;
}

/* --- the medium --- */

/* Count what has moved. */
static void
moved(struct ata_state *s, unsigned sectors)
{
    s->lba += sectors;
    s->left -= sectors;
    s->done += sectors;
    ata_set_address(s, s->lba);
    set_count(s, s->left);
}

/* Is the fault armed for this command, and how many of the next `n` sectors go well before it?  n:
 * all of them. */
static unsigned
good_sectors(const struct ata_state *s, bool write, unsigned n)
{
    const struct ata_faults *f = &s->faults;
    uint64_t at = write ? f->fail_write_at : f->fail_read_at;

    if (!at || at != (write ? s->writes : s->reads) || f->fail_sector >= s->done + n) {
        return n;
    }
    return f->fail_sector > s->done ? (unsigned)(f->fail_sector - s->done) : 0;
}

static bool
is_bad(const struct ata_faults *f, uint64_t lba)
{
    return f->bad && lba >= f->bad_lba && lba - f->bad_lba < f->bad_count;
}

/* One sector between the image and its place in the buffer; 0 or a negative errno. */
static int
one_sector(struct ata_disk *d, bool write, unsigned i)
{
    struct ata_state *s = d->s;
    uint64_t at = (s->lba + i) * ATA_SECTOR;
    uint8_t *buf = s->buf + (size_t)i * ATA_SECTOR;

    if (write) {
        return sim_image_write(d->image, at, buf, ATA_SECTOR);
    }
    return is_bad(&s->faults, s->lba + i) ? -EIO : sim_image_read(d->image, at, buf, ATA_SECTOR);
}

/* Move `n` sectors at the current address between the image and the buffer.  True: all went well.
 * False: the command has failed, and the registers name the sector that is to blame. */
static bool
media(struct ata_disk *d, bool write, unsigned n)
{
    struct ata_state *s = d->s;
    unsigned good = good_sectors(s, write, n);
    int err = 0;

    if (good == n && !s->faults.bad) { /* as usual: in one go */
        err = write ? sim_image_write(d->image, s->lba * ATA_SECTOR, s->buf, (size_t)n * ATA_SECTOR)
                    : sim_image_read(d->image, s->lba * ATA_SECTOR, s->buf, (size_t)n * ATA_SECTOR);
        if (!err) {
            return true;
        }
    }
    for (unsigned i = 0; i < good; i++) {
        err = one_sector(d, write, i);
        if (err) {
            moved(s, i);
            ata_fail(d, write ? (err == -EROFS ? ATA_WP | ATA_ABRT : ATA_ABRT) : ATA_UNC);
            s->status |= write && err != -EROFS ? ATA_DF : 0;
            return false;
        }
    }
    if (good < n) {
        moved(s, good);
        ata_fail(d, s->faults.error ? s->faults.error : write ? ATA_ABRT : ATA_UNC);
        s->status |= s->faults.device_fault ? ATA_DF : 0;
        return false;
    }
    return true;
}

/* The sectors of the next DRQ block, DMA burst or piece of a verify. */
static unsigned
next_block(const struct ata_state *s)
{
    return s->left < s->block ? (unsigned)s->left : s->block;
}

uint64_t
ata_media_ns(const struct ata_disk *d)
{
    return (d->s->done ? 0 : d->timing->latency_ns) + next_block(d->s) * d->timing->sector_ns;
}

void
ata_offer_buffer(struct ata_state *s, enum ata_phase phase, unsigned sectors)
{
    s->phase = (uint8_t)phase;
    s->buf_pos = 0;
    s->buf_len = sectors * ATA_SECTOR;
    if (phase == ATA_PIO_IN || phase == ATA_PIO_OUT) {
        s->status = ATA_DRDY | ATA_DSC | ATA_DRQ;
    } /* DMA: BSY stays to the end */
}

/* --- steps of media commands --- */

void
ata_read_block(struct ata_disk *d)
{
    struct ata_state *s = d->s;
    unsigned n = next_block(s);

    if (!media(d, false, n)) {
        return;
    }
    moved(s, n);
    ata_offer_buffer(s, s->dma ? ATA_DMA_IN : ATA_PIO_IN, n);
    s->intrq = s->intrq || !s->dma;
}

/* Everything is in the image. */
static void
finish_write(struct ata_disk *d)
{
    if (!d->s->write_cache && sim_image_flush(d->image) != 0) {
        ata_fail(d, ATA_ABRT);
        d->s->status |= ATA_DF;
        return;
    }
    ata_succeed(d);
}

void
ata_write_block(struct ata_disk *d)
{
    struct ata_state *s = d->s;
    unsigned n = next_block(s);

    if (!media(d, true, n)) {
        return;
    }
    if (s->faults.bad && s->lba <= s->faults.bad_lba &&
        s->faults.bad_lba + s->faults.bad_count <= s->lba + n) {
        s->faults.bad = false; /* rewritten: reallocated */
    }
    moved(s, n);
    if (!s->left) {
        finish_write(d);
        return;
    }
    ata_offer_buffer(s, s->dma ? ATA_DMA_OUT : ATA_PIO_OUT, next_block(s));
    s->intrq = s->intrq || !s->dma;
}

void
ata_verify_block(struct ata_disk *d)
{
    unsigned n = next_block(d->s);

    if (!media(d, false, n)) {
        return;
    }
    moved(d->s, n);
    if (d->s->left) {
        ata_next_step(d, ATA_VERIFY_BLOCK, ata_media_ns(d));
    } else {
        ata_succeed(d);
    }
}

/* The host or the controller has emptied the buffer. */
void
ata_drained(struct ata_disk *d)
{
    if (d->s->left) {
        ata_next_step(d, ATA_READ_BLOCK, ata_media_ns(d));
    } else if (d->s->dma) {
        ata_succeed(d);
    } else { /* PIO: the last block has had its interrupt */
        d->s->phase = ATA_READY;
        d->s->status = ATA_DRDY | ATA_DSC;
    }
}

static void
start_read(struct ata_disk *d, unsigned block, bool dma)
{
    struct ata_state *s = d->s;

    s->block = (uint16_t)block;
    s->dma = dma;
    if (take_range(d)) {
        s->reads++;
        ata_next_step(d, ATA_READ_BLOCK, ata_media_ns(d));
    }
}

static void
start_write(struct ata_disk *d, unsigned block, bool dma)
{
    struct ata_state *s = d->s;

    s->block = (uint16_t)block;
    s->dma = dma;
    if (d->image->read_only) {
        ata_fail(d, ATA_WP | ATA_ABRT);
    } else if (take_range(d)) {
        s->writes++;
        ata_offer_buffer(s, dma ? ATA_DMA_OUT : ATA_PIO_OUT,
                         next_block(s)); /* no interrupt for the first block */
    }
}

void
ata_cmd_read_sectors(struct ata_disk *d)
{
    start_read(d, 1, false);
}

void
ata_cmd_write_sectors(struct ata_disk *d)
{
    start_write(d, 1, false);
}

void
ata_cmd_read_multiple(struct ata_disk *d)
{
    if (d->s->multiple) {
        start_read(d, d->s->multiple, false);
    } else {
        ata_fail(d, ATA_ABRT);
    }
}

void
ata_cmd_write_multiple(struct ata_disk *d)
{
    if (d->s->multiple) {
        start_write(d, d->s->multiple, false);
    } else {
        ata_fail(d, ATA_ABRT);
    }
}

void
ata_cmd_read_dma(struct ata_disk *d)
{
    start_read(d, ATA_MULTIPLE_MAX, true);
}

void
ata_cmd_write_dma(struct ata_disk *d)
{
    start_write(d, ATA_MULTIPLE_MAX, true);
}

void
ata_cmd_verify(struct ata_disk *d)
{
    d->s->block = ATA_MULTIPLE_MAX;
    if (take_range(d)) {
        d->s->reads++;
        ata_next_step(d, ATA_VERIFY_BLOCK, ata_media_ns(d));
    }
}
