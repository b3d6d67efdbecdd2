/* Private to the ATA drive: what devices/ata_disk.c, ata_media.c and ata_command.c share. */
#pragma once

#include <devices/ata_disk.h>

/* ata_disk.c: progress and end of a command */
void ata_next_step(struct ata_disk *d, enum ata_step step, uint64_t in_ns);
void ata_succeed(struct ata_disk *d);
void ata_fail(struct ata_disk *d, uint8_t error);

/* ata_media.c: addresses */
void ata_set_geometry(struct ata_disk *d, unsigned heads, unsigned sectors);
/* The address in the registers; false: there is no such cylinder, head or sector. */
bool ata_address_of(const struct ata_state *s, uint64_t *lba);
void ata_set_address(struct ata_state *s, uint64_t lba);

/* ata_media.c: steps */
void ata_offer_buffer(struct ata_state *s, enum ata_phase phase, unsigned sectors);
uint64_t ata_media_ns(const struct ata_disk *d);
void ata_read_block(struct ata_disk *d);
void ata_write_block(struct ata_disk *d);
void ata_verify_block(struct ata_disk *d);
/* The host or the controller has emptied the buffer. */
void ata_drained(struct ata_disk *d);

/* ata_media.c: commands */
void ata_cmd_read_sectors(struct ata_disk *d);
void ata_cmd_write_sectors(struct ata_disk *d);
void ata_cmd_read_multiple(struct ata_disk *d);
void ata_cmd_write_multiple(struct ata_disk *d);
void ata_cmd_read_dma(struct ata_disk *d);
void ata_cmd_write_dma(struct ata_disk *d);
void ata_cmd_verify(struct ata_disk *d);

/* ata_command.c */
void ata_execute(struct ata_disk *d);
void ata_flush_done(struct ata_disk *d);
