/* ATA: the task file registers and the command protocols (ATA/ATAPI-6, T13/1410D revision 3b, sections 7 and 9). */
#include <hal/irq.h>
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/core/log.h>
#include <kernel/drivers/blk_ata.h>

/* Command block. */
enum {
    DATA = 0,
    ERROR_FEATURES = 1,
    SECTOR_COUNT = 2,
    LBA_LOW = 3,
    LBA_MID = 4,
    LBA_HIGH = 5,
    DEVICE = 6,
    STATUS_COMMAND = 7,
};
/* Control block. */
enum { ALT_STATUS_CONTROL = 0 };

#define DEVICE_OBSOLETE 0xa0u /* bits 7 and 5: ones, for devices before ATA-6 */
#define DEVICE_LBA      BIT(6)
#define DEVICE_UNIT     BIT(4)
#define CONTROL_SRST    BIT(2)

/* Bus master status (PIIX3 data sheet, 2.6.2). */
enum { BM_STATUS = 2 };
#define BM_ERROR     BIT(1)
#define BM_INTERRUPT BIT(2)
#define BM_KEEP      0x60u /* the drives' DMA capability: software's */

enum {
    POLLS = 200, /* reads of the alternate status before the thread sleeps between them */
};
#define POLL_SLEEP_NS   1000000ull
#define SELECT_DELAY_NS 400ull
#define SRST_HOLD_NS    5000ull
#define SRST_SETTLE_NS  2000000ull

void
ata_irq(void *arg)
{
    struct ata_channel *ch = arg;
    uint8_t bm = 0;

    if (ch->bm.size != 0) {
        bm = io_read8(&ch->bm, BM_STATUS);
        io_write8(&ch->bm, BM_STATUS, (bm & BM_KEEP) | BM_INTERRUPT);
    }

    uint8_t status = io_read8(&ch->cmd, STATUS_COMMAND); /* this quiets the drive */

    irqlock_lock(&ch->lock);
    ch->irqs++;

    struct ata_answer *answer = (status & ATA_BSY) != 0 ? NULL : cell_take(&ch->wanted);

    if (answer == NULL) {
        ch->spurious++;
    } else {
        *answer = (struct ata_answer){ .status = status, .bm = bm };
        cell_put(&ch->answered, answer);
        wake_all(&ch->irq_queue);
    }
    irqlock_unlock(&ch->lock);
}

/* From now on an interrupt is an answer; one that came before is none. */
static void
want_answer(struct ata_channel *ch)
{
    irqlock_lock(&ch->lock);

    struct ata_answer *answer = cell_take(&ch->answered);

    if (answer != NULL)
        cell_put(&ch->wanted, answer);
    irqlock_unlock(&ch->lock);
}

int
ata_wait_irq(struct ata_channel *ch, uint64_t timeout_ns)
{
    uint64_t deadline = hal_time_now_ns() + timeout_ns;
    struct ata_answer *answer;
    int rc = 0;

    irqlock_lock(&ch->lock);
    while ((answer = cell_take(&ch->answered)) == NULL && rc == 0)
        rc = wait_on_irqlock(&ch->irq_queue, &ch->lock, 0, deadline);
    if (answer != NULL) {
        rc = 0;
        ch->irq_status = answer->status;
        ch->irq_bm = answer->bm;
        cell_put(&ch->wanted, answer); /* the next block may be ready at once */
    }
    irqlock_unlock(&ch->lock);
    return rc;
}

/* Wait until the bits in `mask` of the alternate status are `want`, without an interrupt to tell. */
static int
wait_status(struct ata_channel *ch, uint8_t mask, uint8_t want, uint64_t timeout_ns,
            uint8_t *status_out)
{
    uint64_t deadline = hal_time_now_ns() + timeout_ns;
    unsigned polls = 0;

    for (;;) {
        uint8_t status = io_read8(&ch->control, ALT_STATUS_CONTROL);

        if (status == ATA_GONE)
            return -ENODEV;
        if ((status & mask) == want) {
            *status_out = status;
            return 0;
        }
        if (hal_time_now_ns() >= deadline)
            return -ETIMEDOUT;
        if (++polls < POLLS)
            continue;

        int rc = thread_sleep_until(hal_time_now_ns() + POLL_SLEEP_NS, 0);

        if (rc < 0)
            return rc;
    }
}

void
ata_select(struct ata_channel *ch, unsigned unit)
{
    io_write8(&ch->cmd, DEVICE, (uint8_t)(DEVICE_OBSOLETE | (unit != 0 ? DEVICE_UNIT : 0)));
    hal_time_delay_ns(SELECT_DELAY_NS);
    ch->selected = unit;
}

int
ata_issue(struct ata_drive *d, const struct ata_taskfile *tf)
{
    struct ata_channel *ch = d->channel;
    uint8_t device = (uint8_t)(DEVICE_OBSOLETE | DEVICE_LBA | (d->unit != 0 ? DEVICE_UNIT : 0));
    uint8_t status;
    int rc = wait_status(ch, ATA_BSY | ATA_DRQ, 0, ATA_TIMEOUT_NS, &status);

    if (rc < 0)
        return rc;
    if (ch->selected != d->unit) {
        ata_select(ch, d->unit);
        rc = wait_status(ch, ATA_BSY | ATA_DRQ, 0, ATA_TIMEOUT_NS, &status);
        if (rc < 0)
            return rc;
    }
    if ((status & ATA_DRDY) == 0)
        return -ENODEV;
    if (tf->ext) { /* two bytes each, the high one first */
        io_write8(&ch->cmd, SECTOR_COUNT, (uint8_t)(tf->count >> 8));
        io_write8(&ch->cmd, LBA_LOW, (uint8_t)(tf->lba >> 24));
        io_write8(&ch->cmd, LBA_MID, (uint8_t)(tf->lba >> 32));
        io_write8(&ch->cmd, LBA_HIGH, (uint8_t)(tf->lba >> 40));
    } else {
        device |= (uint8_t)(tf->lba >> 24 & 0x0f);
    }
    io_write8(&ch->cmd, ERROR_FEATURES, tf->feature);
    io_write8(&ch->cmd, SECTOR_COUNT, (uint8_t)tf->count);
    io_write8(&ch->cmd, LBA_LOW, (uint8_t)tf->lba);
    io_write8(&ch->cmd, LBA_MID, (uint8_t)(tf->lba >> 8));
    io_write8(&ch->cmd, LBA_HIGH, (uint8_t)(tf->lba >> 16));
    io_write8(&ch->cmd, DEVICE, device);

    want_answer(ch);
    io_write8(&ch->cmd, STATUS_COMMAND, tf->command);
    return 0;
}

int
ata_check_status(struct ata_drive *d, const struct ata_taskfile *tf, uint8_t status)
{
    if (status == ATA_GONE)
        return -ENODEV;
    if ((status & (ATA_ERR | ATA_DF)) == 0)
        return 0;

    uint8_t error = (status & ATA_ERR) != 0 ? io_read8(&d->channel->cmd, ERROR_FEATURES) : 0;

    klog(LOG_ERR, "%s unit %u: command %#04x at sector %llu: status %#04x%s, error %#04x%s%s%s%s",
         d->channel->name, d->unit, tf->command, (unsigned long long)tf->lba, status,
         (status & ATA_DF) != 0 ? " (device fault)" : "", error,
         (error & ATA_UNC) != 0 ? " (uncorrectable data)" : "",
         (error & ATA_IDNF) != 0 ? " (no such sector)" : "",
         (error & ATA_ABRT) != 0 ? " (aborted)" : "",
         (error & ATA_ICRC) != 0 ? " (interface CRC)" : "");
    return (error & ATA_ICRC) != 0 ? -EPROTO : -EIO;
}

/* The answer of a command or of one block of it, by interrupt. */
static int
wait_answer(struct ata_drive *d, const struct ata_taskfile *tf, uint64_t timeout_ns)
{
    int rc = ata_wait_irq(d->channel, timeout_ns);

    return rc < 0 ? rc : ata_check_status(d, tf, d->channel->irq_status);
}

int
ata_no_data(struct ata_drive *d, const struct ata_taskfile *tf, uint64_t timeout_ns)
{
    int rc = ata_issue(d, tf);

    return rc < 0 ? rc : wait_answer(d, tf, timeout_ns);
}

static int
no_data_request(struct ata_drive *d, const struct ata_taskfile *tf)
{
    klog(LOG_ERR, "%s unit %u: command %#04x: the drive does not ask for data", d->channel->name,
         d->unit, tf->command);
    return -EIO;
}

int
ata_pio_in(struct ata_drive *d, const struct ata_taskfile *tf, struct span buf)
{
    int rc = ata_issue(d, tf);

    for (size_t off = 0; off < buf.len && rc == 0; off += SECTOR_SIZE) {
        rc = wait_answer(d, tf, ATA_TIMEOUT_NS);
        if (rc < 0)
            break;
        if ((d->channel->irq_status & ATA_DRQ) == 0)
            return no_data_request(d, tf);
        hal_io_read_rep(&d->channel->cmd, DATA, 2, span_sub(buf, off, SECTOR_SIZE).ptr,
                        SECTOR_SIZE / 2);
    }
    return rc;
}

int
ata_pio_out(struct ata_drive *d, const struct ata_taskfile *tf, struct cspan buf)
{
    uint8_t status;
    int rc = ata_issue(d, tf);

    if (rc == 0) /* no interrupt announces the first block */
        rc = wait_status(d->channel, ATA_BSY, 0, ATA_TIMEOUT_NS, &status);
    if (rc == 0)
        rc = ata_check_status(d, tf, status);
    for (size_t off = 0; off < buf.len && rc == 0; off += SECTOR_SIZE) {
        if ((status & ATA_DRQ) == 0)
            return no_data_request(d, tf);
        hal_io_write_rep(&d->channel->cmd, DATA, 2, cspan_sub(buf, off, SECTOR_SIZE).ptr,
                         SECTOR_SIZE / 2);
        rc = wait_answer(d, tf, ATA_TIMEOUT_NS);
        status = d->channel->irq_status;
    }
    return rc;
}

void
ata_allow_irq(struct ata_channel *ch)
{
    io_write8(&ch->control, ALT_STATUS_CONTROL, 0);
}

int
ata_reset(struct ata_channel *ch)
{
    uint8_t status;

    io_write8(&ch->control, ALT_STATUS_CONTROL, CONTROL_SRST);
    hal_time_delay_ns(SRST_HOLD_NS);
    ata_allow_irq(ch); /* and the end of the reset */

    int rc = thread_sleep_until(hal_time_now_ns() + SRST_SETTLE_NS, 0);

    if (rc < 0)
        return rc;
    ch->selected = 0; /* a reset selects the master */
    return wait_status(ch, ATA_BSY, 0, ATA_RESET_TIMEOUT_NS, &status);
}

int
ata_recover(struct ata_drive *d)
{
    struct ata_channel *ch = d->channel;

    klog(LOG_WARN, "%s: unit %u does not answer: reset", ch->name, d->unit);

    int rc = ata_reset(ch);

    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < 2; i++) {
        if (ch->drives[i].present)
            ata_dma_set_mode(&ch->drives[i]);
    }
    return 0;
}
