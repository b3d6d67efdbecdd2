/* An ATA disk drive as its cable sees it (manual: T13/1410D, ATA/ATAPI-6), without a host
 * controller.
 *
 * The controller owns a `struct ata_disk` (plumbing) and a `struct ata_state` (plain data, saved
 * with the controller's state) for each place on the cable, passes register accesses on, calls
 * ata_event() when the drive's event is due, and moves DMA data through ata_dma_window().  Nothing
 * here draws a conclusion about interrupt lines: `intrq` is the drive's pending interrupt, and
 * gating it by selection and nIEN is the controller's part.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;
struct sim_event;
struct sim_image;

enum {
    ATA_SECTOR = 512,
    ATA_MULTIPLE_MAX = 16, /* sectors in a DRQ block of READ/WRITE MULTIPLE */
    ATA_BUFFER = ATA_MULTIPLE_MAX * ATA_SECTOR,
};

/* Status register */
#define ATA_BSY  0x80u
#define ATA_DRDY 0x40u
#define ATA_DF   0x20u
#define ATA_DSC  0x10u
#define ATA_DRQ  0x08u
#define ATA_ERR  0x01u

/* Error register */
#define ATA_ICRC 0x80u
#define ATA_UNC  0x40u
#define ATA_WP   0x40u /* in a write */
#define ATA_IDNF 0x10u
#define ATA_ABRT 0x04u

/* Device register */
#define ATA_LBA 0x40u
#define ATA_DEV 0x10u

/* Command block registers, by offset. */
enum { ATA_DATA, ATA_FEATURES, ATA_COUNT, ATA_LOW, ATA_MID, ATA_HIGH, ATA_DEVICE, ATA_COMMAND };

/* Virtual time that things take; a fast disk by default. */
struct ata_timing {
    uint64_t command_ns; /* from the command to its execution */
    uint64_t latency_ns; /* first access to the medium */
    uint64_t sector_ns;  /* each sector */
    uint64_t reset_ns;   /* from the end of a software reset to ready */
};

#define ATA_TIMING_DEFAULT ((struct ata_timing){ 1000, 20000, 1000, 500000 })
#define ATA_TIMING_INSTANT ((struct ata_timing){ 100, 100, 1, 1000 })

/* Faults on request of the host side.  Counts are of commands of that kind since power-on, from 1;
 * 0: never.  A fault hits once and leaves the counts alone. */
struct ata_faults {
    uint64_t fail_read_at, fail_write_at, fail_flush_at;
    uint64_t stall_at;    /* the nth command of any kind never ends; only a reset helps */
    uint64_t late_ns;     /* 0, or: that command ends after all, so much later */
    uint64_t fail_sector; /* with fail_read_at and fail_write_at: this many sectors of it go well
                             before */
    uint64_t bad_lba, bad_count;
    bool bad; /* sectors [bad_lba, bad_lba + bad_count) cannot be read (UNC); writing all of them
                 heals */
    bool device_fault; /* report DF, too */
    uint8_t error;     /* error register bits to report; 0: UNC for reads, ABRT for others */
    bool runaway;      /* while that command lasts, the bus master goes on when it is told to stop,
                          and the drive does not hear resets */
    uint8_t unused[4]; /* no padding: it is part of a saved state */
};

enum ata_phase {
    ATA_READY,   /* BSY 0, DRQ 0 */
    ATA_BUSY,    /* the event brings it on */
    ATA_STALLED, /* no event will */
    ATA_IN_RESET,
    ATA_PIO_IN,  /* DRQ: the host reads the buffer */
    ATA_PIO_OUT, /* DRQ: the host fills the buffer */
    ATA_DMA_IN,  /* DMARQ: the controller takes the buffer */
    ATA_DMA_OUT, /* DMARQ: the controller fills the buffer */
};

enum ata_step {
    ATA_EXECUTE,
    ATA_READ_BLOCK,
    ATA_WRITE_BLOCK,
    ATA_VERIFY_BLOCK,
    ATA_FLUSH_DONE,
    ATA_RESET_DONE,
    ATA_DIAGNOSED,
    ATA_DIAGNOSED_QUIETLY,
};

enum ata_power { ATA_ACTIVE, ATA_IDLE, ATA_STANDBY, ATA_SLEEP };

/* A task-file register is two deep: a write pushes what was there (48-bit addresses). */
struct ata_fifo {
    uint8_t now, before;
};

struct ata_state {
    uint8_t unit; /* 0 or 1 */
    uint8_t phase, step;
    uint8_t status, error, command;
    struct ata_fifo reg[7]; /* by offset: ATA_FEATURES .. ATA_HIGH */
    uint8_t device;
    bool intrq;
    bool alone; /* no other drive on the cable */

    /* settings */
    uint8_t power, multiple, transfer_mode;
    bool write_cache, look_ahead, revert;
    uint8_t heads, sectors;
    uint16_t cylinders;

    /* the command in progress */
    bool dma, ext;
    uint16_t block; /* sectors in a DRQ block or DMA burst */
    uint32_t left;  /* sectors still to go */
    uint32_t done;  /* sectors behind us */
    uint64_t lba;   /* of the next */
    uint32_t buf_len, buf_pos;

    uint64_t commands, reads, writes, flushes; /* since power-on */
    struct ata_faults faults;
    uint8_t buf[ATA_BUFFER];
};

struct ata_disk {
    struct model *owner;
    struct sim_event *event;
    struct sim_image *image; /* NULL: no drive here */
    const struct ata_timing *timing;
    struct ata_state *s;
    unsigned serial;
};

static inline bool
ata_present(const struct ata_disk *d)
{
    return d->image;
}

/* Power-on; faults stay armed, counts start again.  `alone`: there is no other drive on the cable.
 */
void ata_power_on(struct ata_disk *d, unsigned unit, bool alone);

/* Is a command under way that ata_faults made a runaway? */
bool ata_runaway(const struct ata_disk *d);

/* The SRST bit of the device control register went up or down. */
void ata_srst(struct ata_disk *d, bool set);

/* EXECUTE DEVICE DIAGNOSTIC, which goes to both drives; only one of them interrupts. */
void ata_diagnose(struct ata_disk *d, bool interrupts);

/* A command block register but data and command.  The caller has checked BSY and DRQ. */
void ata_reg_write(struct ata_disk *d, unsigned reg, uint8_t value);
uint8_t ata_reg_read(const struct ata_disk *d, unsigned reg, bool hob);

static inline uint8_t
ata_alt_status(const struct ata_disk *d)
{
    return d->s->status;
}

/* Reading the status register clears the pending interrupt. */
uint8_t ata_status(struct ata_disk *d);

/* The caller has checked BSY and DRQ. */
void ata_command(struct ata_disk *d, uint8_t command);

/* The data register; false: the drive does not ask for data in that direction (a guest error), and
 * *value is 0. */
bool ata_data_read(struct ata_disk *d, uint16_t *value);
bool ata_data_write(struct ata_disk *d, uint16_t value);

/* The drive's event is due. */
void ata_event(struct ata_disk *d);

/* DMA: the bytes that the drive wants to give (*to_host) or get now; 0: none.  ata_dma_advance()
 * says how many were moved. */
size_t ata_dma_window(struct ata_disk *d, uint8_t **bytes, bool *to_host);
void ata_dma_advance(struct ata_disk *d, size_t bytes);

uint64_t ata_sectors(const struct ata_disk *d);

/* ata_identify.c: the 512 bytes of IDENTIFY DEVICE. */
void ata_identify(const struct ata_disk *d, uint8_t *out);
