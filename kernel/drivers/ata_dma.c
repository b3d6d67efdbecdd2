/* ATA: transfers by the PCI IDE bus master (Programming Interface for Bus Master IDE Controller, revision 1.0; PIIX3 data sheet
 * 290550, section 2.6).  One table of physical region descriptors per channel; regions below 4 GiB, none crosses 64 KiB. */
#include <kernel/abi/errno.h>
#include <kernel/core/log.h>
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

void
ata_dma_init(struct ata_channel *ch)
{
    if (ch->bm.size < BM_SIZE) {
        ch->bm.size = 0;
        return;
    }

    struct page *prd = page_zalloc(0);

    if (prd == NULL)
        goto no_dma;
    ch->prd = span_of(page_ptr(prd), PAGE_SIZE);
    if (hal_dma_grant(ch->dev->name, page_paddr(prd), PAGE_SIZE, HAL_DMA_TO_DEVICE, &ch->prd_addr) < 0)
        goto no_grant;
    if (ch->prd_addr.v + PAGE_SIZE > DMA_LIMIT)
        goto revoke;
    io_write8(&ch->bm, BM_COMMAND, 0);
    return;

revoke:
    hal_dma_revoke(ch->dev->name, ch->prd_addr, PAGE_SIZE);
no_grant:
    page_put(prd);
no_dma:
    klog(LOG_WARN, "%s: no memory for DMA: programmed I/O only", ch->name);
    ch->prd = span_of(NULL, 0);
}

void
ata_dma_set_mode(struct ata_drive *d)
{
    const struct ata_taskfile tf = {
        .command = ATA_SET_FEATURES,
        .feature = ATA_FEATURE_TRANSFER_MODE,
        .count = ATA_MODE_MULTIWORD | d->dma_mode,
    };

    if (d->channel->prd.len == 0)
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
prd_fill(struct ata_channel *ch, uint32_t addr, size_t len)
{
    for (size_t off = 0; off + PRD_ENTRY <= ch->prd.len; off += PRD_ENTRY) {
        size_t n = PRD_REGION_MAX - addr % PRD_REGION_MAX;

        if (n > len)
            n = len;
        len -= n;
        put_le32(ch->prd, off, addr);
        put_le32(ch->prd, off + 4, (uint32_t)(n & 0xffff) | (len == 0 ? PRD_LAST : 0)); /* 0: 64 KiB */
        if (len == 0)
            return 0;
        addr += (uint32_t)n;
    }
    return -EFAULT;
}

/* Run the command with the engine set up; returns when the drive is done. */
static int
run(struct ata_drive *d, const struct ata_taskfile *tf, uint8_t direction)
{
    struct ata_channel *ch = d->channel;
    uint8_t keep = io_read8(&ch->bm, BM_STATUS) & BM_KEEP;

    io_write32(&ch->bm, BM_PRD, (uint32_t)ch->prd_addr.v);
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

int
ata_dma_transfer(struct ata_drive *d, const struct ata_taskfile *tf, struct cspan buf, bool to_device)
{
    struct ata_channel *ch = d->channel;
    enum hal_dma_dir dir = to_device ? HAL_DMA_TO_DEVICE : HAL_DMA_FROM_DEVICE;
    dma_addr_t addr;
    int rc = hal_dma_grant(ch->dev->name, page_ptr_paddr(buf.ptr), buf.len, dir, &addr);

    if (rc < 0)
        return -EFAULT;
    rc = -EFAULT;
    if (addr.v + buf.len > DMA_LIMIT || (addr.v & 1) != 0)
        goto revoke;
    rc = prd_fill(ch, (uint32_t)addr.v, buf.len);
    if (rc < 0)
        goto revoke;
    hal_dma_release(buf.ptr, buf.len);
    hal_dma_release(ch->prd.ptr, ch->prd.len);
    rc = run(d, tf, to_device ? 0 : BM_TO_MEMORY);
    hal_dma_acquire(buf.ptr, buf.len);
revoke:
    hal_dma_revoke(ch->dev->name, addr, buf.len);
    return rc;
}
