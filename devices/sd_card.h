/* The SD card model as the host side sees it.  See devices/sd_card.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sim/model.h>

/* Virtual time that things take. */
struct sd_timing {
    uint32_t init_polls; /* ACMD41 (or CMD1) says once more than that that it is not ready yet */
    uint64_t read_ns;    /* from a command or block to the next block */
    uint64_t write_ns;   /* busy after each block */
    uint64_t erase_ns;
};

#define SD_TIMING_DEFAULT ((struct sd_timing){ 2, 100000, 250000, 1000000 })
#define SD_TIMING_INSTANT ((struct sd_timing){ 0, 0, 0, 0 })

/* Faults on request of the host side.  Counts are of blocks of that kind since power-on, from 1; 0: never. */
struct sd_faults {
    uint64_t fail_read_at;    /* a data error token: the card's ECC has failed */
    uint64_t fail_write_at;   /* the data response says write error */
    uint64_t bad_read_crc_at; /* a bit of the block is wrong on the wire */
    uint64_t stall_read_at;   /* the block never comes */
    uint64_t stall_write_at;  /* busy for ever */
    uint64_t pull_at;         /* the card is pulled with the nth block, read or written */
};

void sd_card_set_timing(struct model *card, const struct sd_timing *timing);
struct sd_faults *sd_card_faults(struct model *card);

/* Pull the card out of its holder, or put it in again: it comes up as after power-on.  Another one: model_plug(). */
void sd_card_insert(struct model *card, bool in);
bool sd_card_present(const struct model *card);
/* Blocks read and written since power-on. */
uint64_t sd_card_reads(const struct model *card);
uint64_t sd_card_writes(const struct model *card);
