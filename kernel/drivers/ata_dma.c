/* ATA: transfers by the PCI IDE bus master (Programming Interface for Bus Master IDE Controller, revision 1.0; PIIX3 data sheet
 * 290550, section 2.6).  One table of physical region descriptors per channel; regions below 4 GiB, none crosses 64 KiB. */
#include <kernel/abi/errno.h>
#include <kernel/core/log.h>
#include <kernel/core/pci.h>
#include <kernel/drivers/blk_ata.h>
#include <kernel/mm/page.h>
#include <kernel/trusted/field.h>

enum { BM_COMMAND = 0, BM_STATUS = 2, BM_PRD = 4, BM_SIZE = 8 };
#define BM_START     BIT(0)
#define BM_TO_MEMORY BIT(3)
#define BM_ACTIVE    BIT(0)
#define BM_ERROR     BIT(1)
#define BM_INTERRUPT BIT(2)
#define BM_KEEP      0x60u

enum { PRD_ENTRY = 8, PRD_REGION_MAX = 0x10000 };
#define PRD_LAST  BIT(31)
#define DMA_LIMIT 0x100000000ull

static bool
table_open(struct ata_channel *ch, struct span mem)
{
    struct ata_engine *e = &ch->engine_state;

    if (!dma_open(&e->table, ch->dev->name, mem, HAL_DMA_TO_DEVICE))
        return false;
    if (dma_bus(&e->table).v + PAGE_SIZE <= DMA_LIMIT) {
        dma_keep(&e->table);
        return true;
    }
    dma_close(&e->table);
    return false;
}

void
ata_dma_init(struct ata_channel *ch)
{
    if (ch->bm.size < BM_SIZE) {
        ch->bm.size = 0;
        return;
    }

    struct page *table = page_zalloc(0);

    if (table == NULL)
        goto no_dma;
    if (!table_open(ch, span_of(page_ptr(table), PAGE_SIZE)))
        goto no_grant;
    io_write8(&ch->bm, BM_COMMAND, 0);
    ch->has_engine = true;
    cell_put(&ch->engine, &ch->engine_state);
    return;

no_grant:
    page_put(table);
no_dma:
    klog(LOG_WARN, "%s: no memory for DMA: programmed I/O only", ch->name);
}

void
ata_dma_set_mode(struct ata_drive *d)
{
    const struct ata_taskfile tf = {
        .command = ATA_SET_FEATURES,
        .feature = ATA_FEATURE_TRANSFER_MODE,
        .count = ATA_MODE_MULTIWORD | d->dma_mode,
    };

    if (!d->channel->has_engine)
        d->dma = false;
    if (!d->dma)
        return;
    if (ata_no_data(d, &tf, ATA_TIMEOUT_NS) < 0) {
        klog(LOG_WARN, "%s unit %u: refuses DMA: programmed I/O only", d->channel->name, d->unit);
        d->dma = false;
    }
}

/* Describe [addr, addr+len).  -EFAULT: more regions than the table has entries. */
static int
prd_fill(struct ata_engine *e, uint32_t addr, size_t len) requires_lock(e->table)
{
    struct span table = dma_cpu(&e->table);

    for (size_t off = 0; off + PRD_ENTRY <= table.len; off += PRD_ENTRY) {
        size_t n = PRD_REGION_MAX - addr % PRD_REGION_MAX;

        if (n > len)
            n = len;
        len -= n;
        put_le32(table, off, addr);
        put_le32(table, off + 4, (uint32_t)(n & 0xffff) | (len == 0 ? PRD_LAST : 0)); /* 0: 64 KiB */
        if (len == 0)
            return 0;
        addr += (uint32_t)n;
    }
    return -EFAULT;
}

/* Run the command with the engine set up; returns when the drive is done. */
static int
run(struct ata_drive *d, const struct ata_taskfile *tf, const struct ata_engine *e, uint8_t direction)
{
    struct ata_channel *ch = d->channel;
    uint8_t keep = io_read8(&ch->bm, BM_STATUS) & BM_KEEP;

    io_write32(&ch->bm, BM_PRD, (uint32_t)dma_bus(&e->table).v);
    io_write8(&ch->bm, BM_COMMAND, direction);
    io_write8(&ch->bm, BM_STATUS, keep | BM_ERROR | BM_INTERRUPT);

    int rc = ata_issue(d, tf);

    if (rc < 0)
        return rc;
    io_write8(&ch->bm, BM_COMMAND, direction | BM_START);
    rc = ata_wait_irq(ch, ATA_TIMEOUT_NS);
    io_write8(&ch->bm, BM_COMMAND, 0); /* stop, whatever happened */
    if (rc < 0)
        return rc;
    rc = ata_check_status(d, tf, ch->irq_status);
    if (rc < 0)
        return rc;
    if ((ch->irq_bm & BM_ERROR) != 0 || (ch->irq_bm & BM_ACTIVE) != 0) {
        klog(LOG_ERR, "%s unit %u: DMA %s at sector %llu (bus master status %#04x)", ch->name,
             d->unit, (ch->irq_bm & BM_ERROR) != 0 ? "failed" : "ended early",
             (unsigned long long)tf->lba, ch->irq_bm);
        return -EPROTO;
    }
    return 0;
}

/* A controller that does not even answer a reset may still write to memory that it was given once: take the bus from it.  That stops both
 * channels' bus masters for good. */
static void
cut_off(struct ata_channel *ch)
{
    struct ata_channel *both[] = { ch, ch->other };

    klog(LOG_ERR, "%s: the drives do not answer a reset: programmed I/O from now on", ch->name);
    pci_enable_master(ch->dev, false);
    for (unsigned i = 0; i < 2; i++) {
        both[i]->has_engine = false;
        for (unsigned unit = 0; unit < 2; unit++)
            both[i]->drives[unit].dma = false;
    }
}

/* The command, with the memory in the device's hands.  It comes back when the device is known to be done with it. */
static int
exchange(struct ata_drive *d, const struct ata_taskfile *tf, struct ata_engine *e, struct dma_buf *b)
    requires_lock(e->table, b)
{
    bool to_device = b->dir == HAL_DMA_TO_DEVICE;

    dma_submit(&e->table);
    dma_submit(b);

    int rc = run(d, tf, e, to_device ? 0 : BM_TO_MEMORY);

    if (rc == -ETIMEDOUT) {
        rc = -EAGAIN;
        if (ata_recover(d) < 0) {
            cut_off(d->channel);
            rc = -EIO;
        }
    }
    dma_complete(b);
    dma_complete(&e->table);
    return rc;
}

/* The command with an open buffer, which is closed after it. */
static int
transfer(struct ata_drive *d, const struct ata_taskfile *tf, struct ata_engine *e, struct dma_buf *b)
    requires_lock(e->table) releases(b)
{
    int rc = -EFAULT;

    if (dma_bus(b).v + b->len <= DMA_LIMIT && (dma_bus(b).v & 1) == 0)
        rc = prd_fill(e, (uint32_t)dma_bus(b).v, b->len);
    if (rc == 0)
        rc = exchange(d, tf, e, b);
    dma_close(b);
    return rc;
}

int
ata_dma_transfer(struct ata_drive *d, const struct ata_taskfile *tf, const struct ata_data *data)
{
    struct ata_channel *ch = d->channel;
    struct ata_engine *e = ch->has_engine ? cell_take(&ch->engine) : NULL;
    const char *dev = ch->dev->name;
    struct dma_buf b;
    int rc = -EFAULT;

    if (e == NULL)
        return -EFAULT;
    dma_assert_cpu(&e->table);
    if (data->write && !data->own) {
        if (dma_open_shared(&b, dev, data->out))
            rc = transfer(d, tf, e, &b);
    } else if (dma_open(&b, dev, data->in, data->write ? HAL_DMA_TO_DEVICE : HAL_DMA_FROM_DEVICE)) {
        rc = transfer(d, tf, e, &b);
    }
    cell_put(&ch->engine, e);
    return rc;
}
