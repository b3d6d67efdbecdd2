/* The ATA driver's parts: blk_ata.c (channels, requests), ata_command.c (the task file and its protocols), ata_identify.c,
 * ata_dma.c (bus master). */
#pragma once

#include <kernel/core/blk.h>
#include <kernel/core/device.h>
#include <kernel/core/wait.h>
#include <kernel/trusted/cell.h>
#include <kernel/trusted/dma_buf.h>

/* Status register (ATA/ATAPI-6, 7.15). */
#define ATA_ERR  BIT(0)
#define ATA_DRQ  BIT(3)
#define ATA_DF   BIT(5) /* device fault */
#define ATA_DRDY BIT(6)
#define ATA_BSY  BIT(7)
#define ATA_GONE 0xffu /* an empty bus */

/* Error register (ATA/ATAPI-6, 7.9). */
#define ATA_ABRT BIT(2)
#define ATA_IDNF BIT(4)
#define ATA_UNC  BIT(6)
#define ATA_ICRC BIT(7)

/* Commands (ATA/ATAPI-6, table 10). */
enum ata_opcode {
    ATA_READ_SECTORS = 0x20,
    ATA_READ_SECTORS_EXT = 0x24,
    ATA_READ_DMA_EXT = 0x25,
    ATA_WRITE_SECTORS = 0x30,
    ATA_WRITE_SECTORS_EXT = 0x34,
    ATA_WRITE_DMA_EXT = 0x35,
    ATA_READ_DMA = 0xc8,
    ATA_WRITE_DMA = 0xca,
    ATA_FLUSH_CACHE = 0xe7,
    ATA_FLUSH_CACHE_EXT = 0xea,
    ATA_IDENTIFY_DEVICE = 0xec,
    ATA_SET_FEATURES = 0xef,
};
enum { ATA_FEATURE_TRANSFER_MODE = 0x03, ATA_MODE_MULTIWORD = 0x20 };

enum {
    ATA_COUNT_MAX = 256,      /* sectors per 28-bit command */
    ATA_COUNT_MAX_EXT = 2048, /* sectors per 48-bit command; the standard's limit is 65536 */
    ATA_BOUNCE_ORDER = 4,     /* 64 KiB */
    ATA_BOUNCE_SECTORS = 128,
    ATA_DMA_FAILURES_MAX = 2, /* then the drive is driven by PIO */
};
#define ATA_TIMEOUT_NS       5000000000ull
#define ATA_FLUSH_TIMEOUT_NS 30000000000ull
#define ATA_RESET_TIMEOUT_NS 31000000000ull

struct ata_channel;

struct ata_drive {
    struct ata_channel *channel;
    uint8_t unit; /* 0: master, 1: slave */
    bool present, lba48, flush, flush_ext;
    bool dma;
    uint8_t dma_mode; /* multiword DMA mode 0 .. 2 */
    unsigned dma_failures;
    char model[41];
    struct blkdev blk;
};

/* What the interrupt handler read. */
struct ata_answer {
    uint8_t status; /* of the device */
    uint8_t bm;     /* of the bus master */
} __attribute__((aligned(8)));

/* The bus master's half of a channel: whoever has it may start it. */
struct ata_engine {
    struct dma_buf table; /* of physical region descriptors: one page */
};

struct ata_channel {
    struct device *dev;
    struct ata_channel *other; /* of the controller */
    char name[16];             /* "ide0" */
    struct io cmd;             /* command block */
    struct io control;         /* device control / alternate status: one byte */
    struct io bm;              /* this channel's half of the bus master registers; size 0: none */
    struct mutex busy;         /* both drives share the channel */
    struct irqlock lock;
    struct waitq irq_queue;
    /* The handler takes what is wanted, fills it in and puts it where it is answered; an interrupt when nothing is wanted is a
     * spurious one. */
    struct ata_answer answer;
    CELL(struct ata_answer) wanted;
    CELL(struct ata_answer) answered;
    uint8_t irq_status, irq_bm; /* the last answer, for the thread that waited for it */
    uint64_t irqs, spurious;
    unsigned selected; /* unit */
    bool has_engine;
    struct ata_engine engine_state;
    CELL_THREAD(struct ata_engine)
    engine;             /* empty for good when the bus was taken from the controller */
    struct span bounce; /* for buffers the device cannot reach */
    struct ata_drive drives[2];
};

struct ata_taskfile {
    uint8_t command, feature;
    bool ext; /* a 48-bit command */
    uint64_t lba;
    unsigned count; /* as the register has it: the standard's 0 for the maximum is up to ata_issue() */
};

/* What a request moves: into `in`, or, a write, from `out`. */
struct ata_data {
    bool write;
    bool own; /* the memory is the driver's: nobody else looks at it */
    struct span in;
    struct cspan out;
};

/* Protocols: each waits for the device, with the channel's mutex held.  -EIO: the device reports an error (logged); -ETIMEDOUT:
 * no answer, ata_reset() is due; -ENODEV: nothing there any more. */
int must_check ata_no_data(struct ata_drive *d, const struct ata_taskfile *tf, uint64_t timeout_ns);
int must_check ata_pio_in(struct ata_drive *d, const struct ata_taskfile *tf, struct span buf);
int must_check ata_pio_out(struct ata_drive *d, const struct ata_taskfile *tf, struct cspan buf);
/* Select the drive and give it the command; for ata_dma.c. */
int must_check ata_issue(struct ata_drive *d, const struct ata_taskfile *tf);
/* Wait for the interrupt; the status is in irq_status then. */
int must_check ata_wait_irq(struct ata_channel *ch, uint64_t timeout_ns);
/* What the status says: 0, or -EIO after a log line; -EPROTO: the data was damaged on the cable, try again. */
int must_check ata_check_status(struct ata_drive *d, const struct ata_taskfile *tf, uint8_t status);
/* After a time-out: reset, and program what a reset forgets. */
int must_check ata_recover(struct ata_drive *d);
/* Software reset of both drives; -ETIMEDOUT: they stay busy. */
int must_check ata_reset(struct ata_channel *ch);
/* Let the drives interrupt; after power-on and a reset they may, firmware may have forbidden it. */
void ata_allow_irq(struct ata_channel *ch);
void ata_select(struct ata_channel *ch, unsigned unit);
void ata_irq(void *channel);

/* Set `present` of both drives by the signature that an ATA drive shows after power-on and after a reset.  False: some drive shows
 * neither it nor an idle, empty place, because somebody has used it or it is not ready; only a reset can tell. */
bool ata_signatures(struct ata_channel *ch);
/* Read what the drive is; false: nothing that can be used. */
bool ata_identify_drive(struct ata_drive *d);

/* Set the bus master up, if there is one. */
void ata_dma_init(struct ata_channel *ch);
/* Program the drive for DMA; clears d->dma if it refuses. */
void ata_dma_set_mode(struct ata_drive *d);
/* Transfer by bus master.  The memory is given to the device and comes back before this returns, whatever happens: a controller
 * that does not answer is reset first, and if that fails the bus is taken from it.  -EFAULT: the memory cannot be reached, or the
 * channel has no bus master (any more); -EAGAIN: no answer, the drives were reset. */
int must_check ata_dma_transfer(struct ata_drive *d, const struct ata_taskfile *tf,
                                const struct ata_data *data);
