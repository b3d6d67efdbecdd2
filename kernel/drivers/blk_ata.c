/* Driver for ATA disks behind a PCI IDE function (ATA/ATAPI-6, T13/1410D revision 3b; PIIX3 data sheet 290550).
 *
 * Both channels, master and slave; 28- and 48-bit addresses; multiword DMA, programmed I/O where DMA is impossible or fails.  A
 * command that is not answered within its time is followed by a software reset and tried once more.  Not here: ATAPI, hot plug,
 * command queuing, Ultra DMA timing. */
#include <hal/irq.h>
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/core/pci.h>
#include <kernel/drivers/blk_ata.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/trusted/bounds.h>

enum {
    CHANNELS = 2,
    BM_BAR = 4,
    BM_CHANNEL_SIZE = 8,
    CONTROL_OFFSET = 2, /* of the device control register in its range */
    CLASS_IDE = 0x0101,
    ATTEMPTS = 3, /* one, one after a reset, one by programmed I/O */

    VENDOR_INTEL = 0x8086,
    DEVICE_PIIX = 0x1230,
    DEVICE_PIIX3 = 0x7010,
    DEVICE_PIIX4 = 0x7111,
    IDETIM = 0x40, /* 16 bits per channel */
};
/* IDETIM (PIIX3 2.3.9): decode enable; IORDY sample point 3 clocks and recovery 1 clock, which is PIO 4 and multiword DMA 2;
 * fast timing, IORDY and prefetch for both drives. */
#define IDETIM_DECODE BIT(15)
#define IDETIM_MODE_4 0x2377u

static const unsigned majors[CHANNELS] = { 3, 22 }; /* Linux's numbers of hda/hdb and hdc/hdd */

static struct cspan
data_view(const struct ata_data *d)
{
    return d->write ? d->out : span_const(d->in);
}

static struct ata_data
data_sub(const struct ata_data *d, size_t off, size_t len)
{
    struct ata_data sub = { .write = d->write, .own = d->own };

    if (d->write)
        sub.out = cspan_sub(d->out, off, len);
    else
        sub.in = span_sub(d->in, off, len);
    return sub;
}

static int
transfer_once(struct ata_drive *d, uint64_t sector, const struct ata_data *data)
{
    bool write = data->write;
    size_t count = data_view(data).len >> SECTOR_SHIFT;
    /* The short form reaches below 2^28, and saves half of the register accesses. */
    bool ext = d->lba48 && (sector + count > 1ull << 28 || count > ATA_COUNT_MAX);
    struct ata_taskfile tf = { .ext = ext, .lba = sector, .count = (unsigned)count };

    if (d->dma) {
        tf.command = write ? (ext ? ATA_WRITE_DMA_EXT : ATA_WRITE_DMA)
                           : (ext ? ATA_READ_DMA_EXT : ATA_READ_DMA);
        return ata_dma_transfer(d, &tf, data);
    }
    tf.command = write ? (ext ? ATA_WRITE_SECTORS_EXT : ATA_WRITE_SECTORS)
                       : (ext ? ATA_READ_SECTORS_EXT : ATA_READ_SECTORS);
    return write ? ata_pio_out(d, &tf, data->out) : ata_pio_in(d, &tf, data->in);
}

/* One command's worth, with recovery.  The channel's mutex is held. */
static int
transfer_chunk(struct ata_drive *d, uint64_t sector, const struct ata_data *data)
{
    int rc = -EIO;

    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        bool dma = d->dma;

        rc = transfer_once(d, sector, data);
        if (rc == 0)
            d->dma_failures = 0;
        if (rc == 0 || rc == -ENODEV || rc == -EIO) /* done, gone, or the drive said no */
            break;
        if (rc == -ETIMEDOUT && ata_recover(d) < 0)
            break;
        if (!dma && attempt > 0)
            break;
        if (dma && (rc == -EFAULT || ++d->dma_failures >= ATA_DMA_FAILURES_MAX)) {
            klog(LOG_WARN, "%s: DMA fails: programmed I/O from now on", d->blk.name);
            d->dma = false;
        }
    }
    return rc == 0 || rc == -ENODEV ? rc : -EIO;
}

static bool
dma_reaches(const struct ata_drive *d, const struct ata_data *data)
{
    struct cspan mem = data_view(data);

    return !d->dma || (dma_reachable(mem, data->write ? HAL_DMA_TO_DEVICE : HAL_DMA_FROM_DEVICE) &&
                       (page_ptr_paddr(mem.ptr).v & 1) == 0);
}

/* Through the channel's own buffer.  Returns how many bytes it moved. */
static int
transfer_bounced(struct ata_drive *d, uint64_t sector, const struct ata_data *data, size_t *moved)
{
    struct ata_channel *ch = d->channel;
    size_t n = data_view(data).len < ch->bounce.len ? data_view(data).len : ch->bounce.len;

    if (n == 0)
        return -ENOMEM;

    struct span bounce = span_sub(ch->bounce, 0, n);
    struct ata_data piece = {
        .write = data->write, .own = true, .in = bounce, .out = span_const(bounce)
    };

    if (data->write)
        span_copy(bounce, cspan_sub(data->out, 0, n));

    int rc = transfer_chunk(d, sector, &piece);

    if (rc < 0)
        return rc;
    if (!data->write)
        span_copy(data->in, span_const(bounce));
    *moved = n;
    return 0;
}

/* Move a request in pieces of what one command can carry. */
static int
transfer(struct ata_drive *d, uint64_t sector, const struct ata_data *data)
{
    size_t most = (size_t)(d->lba48 ? ATA_COUNT_MAX_EXT : ATA_COUNT_MAX) << SECTOR_SHIFT;
    size_t len = data_view(data).len;
    int rc = 0;

    mutex_lock_nested(&d->channel->busy);
    for (size_t off = 0, n; off < len && rc == 0; off += n) {
        n = len - off < most ? len - off : most;

        struct ata_data piece = data_sub(data, off, n);

        if (dma_reaches(d, &piece))
            rc = transfer_chunk(d, sector + (off >> SECTOR_SHIFT), &piece);
        else
            rc = transfer_bounced(d, sector + (off >> SECTOR_SHIFT), &piece, &n);
    }
    mutex_unlock(&d->channel->busy);
    return rc;
}

static int
ata_read(struct blkdev *dev, uint64_t sector, struct span buf)
{
    const struct ata_data data = { .in = buf };

    return transfer(dev->state, sector, &data);
}

static int
ata_write(struct blkdev *dev, uint64_t sector, struct cspan buf)
{
    const struct ata_data data = { .write = true, .out = buf };

    return transfer(dev->state, sector, &data);
}

static int
ata_flush(struct blkdev *dev)
{
    struct ata_drive *d = dev->state;
    const struct ata_taskfile tf = { .command = d->flush_ext ? ATA_FLUSH_CACHE_EXT : ATA_FLUSH_CACHE,
                                     .ext = d->flush_ext };
    int rc = 0;

    if (!d->flush && !d->flush_ext)
        return 0;
    mutex_lock_nested(&d->channel->busy);
    for (unsigned attempt = 0; attempt < 2; attempt++) {
        rc = ata_no_data(d, &tf, ATA_FLUSH_TIMEOUT_NS);
        if (rc != -ETIMEDOUT || ata_recover(d) < 0)
            break;
    }
    mutex_unlock(&d->channel->busy);
    return rc == 0 || rc == -ENODEV ? rc : -EIO;
}

static const struct blk_ops ata_ops = { .read = ata_read, .write = ata_write, .flush = ata_flush };

static void
drive_attach(struct ata_drive *d, unsigned channel)
{
    fmt_print(d->blk.name, sizeof d->blk.name, "hd%c", (int)('a' + channel * 2 + d->unit));
    d->blk.rdev = majors[channel] << 8 | (uint32_t)d->unit << 6;
    d->blk.ops = &ata_ops;
    d->blk.state = d;
    klog(LOG_INFO, "%s: %s, %s, %s", d->blk.name, d->model, d->lba48 ? "LBA48" : "LBA28",
         d->dma ? "multiword DMA" : "programmed I/O");
    if (blk_add(&d->blk) < 0)
        klog(LOG_ERR, "%s: the name is taken", d->blk.name);
}

/* Find the drives of a channel.  0, also when there are none. */
static int
channel_attach(struct ata_channel *ch, unsigned index, uint32_t irq)
{
    fmt_print(ch->name, sizeof ch->name, "ide%u", index);
    mutex_init(&ch->busy, ch->name, RANK_DEV);
    irqlock_init(&ch->lock, ch->name);
    waitq_init(&ch->irq_queue);
    cell_put(&ch->answered, &ch->answer);
    ata_dma_init(ch);

    struct page *bounce = page_alloc(ATA_BOUNCE_ORDER);

    if (bounce != NULL)
        ch->bounce = span_of(page_ptr(bounce), (size_t)PAGE_SIZE << ATA_BOUNCE_ORDER);

    int rc = hal_irq_attach(irq, ata_irq, ch);

    if (rc < 0)
        return rc;
    for (unsigned unit = 0; unit < 2; unit++) {
        ch->drives[unit].channel = ch;
        ch->drives[unit].unit = (uint8_t)unit;
    }
    mutex_lock(&ch->busy);
    ata_allow_irq(ch);
    if (!ata_signatures(ch)) { /* somebody has used them since power-on */
        rc = ata_reset(ch);
        if (rc == 0)
            ata_signatures(ch);
    }
    for (unsigned unit = 0; unit < 2; unit++) {
        struct ata_drive *d = &ch->drives[unit];

        d->present = d->present && rc == 0 && ata_identify_drive(d);
        if (d->present)
            ata_dma_set_mode(d);
    }
    mutex_unlock(&ch->busy);
    for (unsigned unit = 0; unit < 2; unit++) {
        if (ch->drives[unit].present)
            drive_attach(&ch->drives[unit], index);
    }
    return 0; /* nothing on the cable is no error */
}

static void
piix_setup(const struct device *dev)
{
    if (dev->pci_vendor != VENDOR_INTEL ||
        (dev->pci_device != DEVICE_PIIX && dev->pci_device != DEVICE_PIIX3 &&
         dev->pci_device != DEVICE_PIIX4))
        return;
    for (uint8_t i = 0; i < CHANNELS; i++)
        pci_write16(dev, (uint8_t)(IDETIM + 2 * i), IDETIM_DECODE | IDETIM_MODE_4);
}

static int
ata_attach(struct device *dev)
{
    const uint32_t irqs[CHANNELS] = { dev->irq, dev->irq2 };
    struct ata_channel *channels = kmem_alloc(CHANNELS * sizeof *channels);

    if (channels == NULL)
        return -ENOMEM;
    dev->state = channels;
    piix_setup(dev);
    pci_enable_master(dev, true);
    for (unsigned i = 0; i < CHANNELS; i++) {
        struct ata_channel *ch = &at(channels, CHANNELS, i);

        if (dev->io[2 * i].size < 8 || dev->io[2 * i + 1].size < CONTROL_OFFSET + 1)
            continue;
        ch->dev = dev;
        ch->other = &at(channels, CHANNELS, CHANNELS - 1 - i);
        ch->cmd = dev->io[2 * i];
        ch->control = io_part(&dev->io[2 * i + 1], CONTROL_OFFSET, 1);
        if (dev->io[BM_BAR].size >= (i + 1) * BM_CHANNEL_SIZE)
            ch->bm = io_part(&dev->io[BM_BAR], i * BM_CHANNEL_SIZE, BM_CHANNEL_SIZE);

        int rc = channel_attach(ch, i, irqs[i]);

        if (rc < 0)
            klog(LOG_ERR, "%s: channel %u: error %d", dev->name, i, -rc);
    }
    return 0;
}

const struct driver driver_blk_ata = {
    .name = "blk_ata",
    .pci_class = CLASS_IDE,
    .attach = ata_attach,
};
