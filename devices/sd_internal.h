/* Between the parts of the SD card model: devices/sd_card.c (bytes), devices/sd_command.c, devices/sd_registers.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <devices/sd_card.h>

enum {
    SD_BLOCK = 512,
    SD_REGISTER = 16,
    SD_STATUS = 64,
    SD_COMMAND_BYTES = 6,
    SD_RESPONSE_MAX = 8,
    SD_FRAME_MAX = SD_BLOCK + 3, /* token, data, CRC */
    SD_POWER_UP_CLOCKS = 74,

    SD_TOKEN_BLOCK = 0xfe,
    SD_TOKEN_MULTIPLE = 0xfc,
    SD_TOKEN_STOP = 0xfd,
};

#define SD_NO_ADDRESS UINT64_MAX

/* Bytes that a card with an image of `size` bytes has: what its CSD can say. */
uint64_t sd_capacity(uint64_t size);
/* More than 2 GiB: high capacity, addressed by blocks. */
bool sd_high_capacity(uint64_t size);

void sd_make_csd(uint8_t csd[SD_REGISTER], uint64_t size, bool read_only);
void sd_make_cid(uint8_t cid[SD_REGISTER], uint32_t serial);
void sd_make_scr(uint8_t scr[8]);

/* CRC7, with the end bit: the last byte of a command. */
uint8_t sd_crc7(const uint8_t *p, size_t n);
uint16_t sd_crc16(const uint8_t *p, size_t n);

enum sd_phase {
    SD_COMMAND,
    SD_READ, /* blocks go out */
    SD_WRITE_TOKEN,
    SD_WRITE_DATA,
};

struct sd_card {
    struct model model;
    struct sim_image *image;
    struct model *select_port;
    unsigned select_pin;
    struct sd_timing timing;

    /* State. */
    struct sd_faults faults;
    uint64_t reads, writes;
    uint64_t capacity;
    uint64_t at;     /* the next block's first byte */
    uint64_t due_ns; /* until then busy, or without data */
    uint64_t erase_from, erase_to;
    uint32_t block_len;
    uint32_t clocks; /* seen while not selected, since power-on */
    uint32_t polls;  /* ACMD41 so far */
    uint32_t frame_len, frame_pos;
    uint8_t frame[SD_FRAME_MAX]; /* the block that goes out or comes in, with token and CRC */
    uint8_t command[SD_COMMAND_BYTES];
    uint8_t command_len;
    uint8_t response[SD_RESPONSE_MAX];
    uint8_t response_len, response_pos;
    uint8_t phase;
    uint8_t status2; /* the second byte of R2, until it is told */
    bool present;
    bool spi;   /* CMD0 has switched it to SPI mode */
    bool ready; /* initialised: not in idle state */
    bool busy;
    bool crc_on;
    bool app;      /* CMD55 was the last command */
    bool multiple; /* CMD18, CMD25 */
    bool hcs_seen;
    uint8_t unused[3]; /* no padding: it is part of a saved state */
};

/* A command has come in whole. */
void sd_execute(struct sd_card *c);
/* Fetch the block at `at`; its data come after the access time. */
void sd_fetch(struct sd_card *c);
/* The block that came in whole: returns its data response, and the card is busy. */
uint8_t sd_store(struct sd_card *c);
void sd_be_busy(struct sd_card *c, uint64_t ns);
