/* The commands of the SD card in SPI mode, and its medium (SD Specifications Part 1, Physical Layer Simplified Specification 2.00, chapters
 * 4.3 and 7.3). */
#include <devices/sd_internal.h>
#include <sim/model.h>

#include <string.h>

enum {
    R1_IDLE = 1 << 0,
    R1_ERASE_RESET = 1 << 1,
    R1_ILLEGAL = 1 << 2,
    R1_CRC = 1 << 3,
    R1_ERASE_SEQUENCE = 1 << 4,
    R1_ADDRESS = 1 << 5,
    R1_PARAMETER = 1 << 6,

    R2_ERROR = 1 << 2,
    R2_ECC = 1 << 4,
    R2_WP_VIOLATION = 1 << 5,
    R2_ERASE_PARAM = 1 << 6,
    R2_OUT_OF_RANGE = 1 << 7,

    TOKEN_ECC_FAILED = 0x04,
    TOKEN_OUT_OF_RANGE = 0x08,

    DATA_ACCEPTED = 0x05,
    DATA_CRC_ERROR = 0x0b,
    DATA_WRITE_ERROR = 0x0d,

    NCR = 1,
    CHECK_VOLTAGE = 1, /* CMD8: 2.7 to 3.6 V */
};

#define OCR_READY 0x80000000u
#define OCR_CCS   0x40000000u
#define OCR_RANGE 0x00ff8000u
#define ARG_HCS   0x40000000u
#define STALLED   UINT64_MAX

/* --- what goes out --- */

static uint64_t
now(const struct sd_card *c)
{
    return sim_now(c->model.sim);
}

static uint8_t
r1(const struct sd_card *c, unsigned errors)
{
    return (uint8_t)(errors | (c->ready ? 0 : R1_IDLE));
}

/* A response of `n` bytes in `tail` after R1; one byte (NCR) before it. */
static void
respond(struct sd_card *c, unsigned errors, const uint8_t *tail, size_t n)
{
    memset(c->response, 0xff, NCR);
    c->response[NCR] = r1(c, errors);
    if (n) {
        memcpy(c->response + NCR + 1, tail, n);
    }
    c->response_pos = 0;
    c->response_len = (uint8_t)(NCR + 1 + n);
}

static void
respond32(struct sd_card *c, uint32_t v)
{
    const uint8_t tail[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

    respond(c, 0, tail, sizeof tail);
}

static void
wait(struct sd_card *c, uint64_t ns)
{
    c->due_ns = ns == STALLED ? STALLED : now(c) + ns;
}

void
sd_be_busy(struct sd_card *c, uint64_t ns)
{
    c->busy = true;
    wait(c, ns);
}

/* A data block: token, bytes, CRC16. */
static void
send_block(struct sd_card *c, const uint8_t *bytes, uint32_t n)
{
    uint16_t crc = sd_crc16(bytes, n);

    c->frame[0] = SD_TOKEN_BLOCK;
    memcpy(c->frame + 1, bytes, n);
    c->frame[1 + n] = (uint8_t)(crc >> 8);
    c->frame[2 + n] = (uint8_t)crc;
    c->frame_len = n + 3;
    c->frame_pos = 0;
    c->phase = SD_READ;
}

/* R1, and then data: at least one byte (NAC) later. */
static void
respond_before_data(struct sd_card *c)
{
    respond(c, 0, NULL, 0);
    c->response[c->response_len++] = 0xff;
}

static void
send_register(struct sd_card *c, const uint8_t *bytes, uint32_t n)
{
    respond_before_data(c);
    c->multiple = false;
    wait(c, 0);
    send_block(c, bytes, n);
}

static void
send_error(struct sd_card *c, uint8_t token, uint8_t status2)
{
    c->status2 |= status2;
    c->frame[0] = token;
    c->frame_len = 1;
    c->frame_pos = 0;
    c->multiple = false; /* it goes no further */
}

/* --- the medium --- */

/* The card is pulled while block n is under way? */
static bool
pulled(struct sd_card *c)
{
    if (c->faults.pull_at && c->faults.pull_at == c->reads + c->writes) {
        c->present = false;
    }
    return !c->present;
}

void
sd_fetch(struct sd_card *c)
{
    uint8_t block[SD_BLOCK];

    c->phase = SD_READ;
    c->reads++;
    wait(c, c->faults.stall_read_at == c->reads ? STALLED : c->timing.read_ns);
    if (pulled(c)) {
        return;
    }
    if (c->at >= c->capacity) {
        send_error(c, TOKEN_OUT_OF_RANGE, R2_OUT_OF_RANGE);
    } else if (c->faults.fail_read_at == c->reads ||
               sim_image_read(c->image, c->at, block, c->block_len) != 0) {
        send_error(c, TOKEN_ECC_FAILED, R2_ECC);
    } else {
        send_block(c, block, c->block_len);
        c->frame[1] ^= c->faults.bad_read_crc_at == c->reads;
        c->at += c->block_len;
    }
}

uint8_t
sd_store(struct sd_card *c)
{
    const uint8_t *data = c->frame;
    uint16_t crc = (uint16_t)(data[SD_BLOCK] << 8 | data[SD_BLOCK + 1]);

    c->writes++;
    if (pulled(c)) {
        return 0xff;
    }
    if (c->crc_on && crc != sd_crc16(data, SD_BLOCK)) {
        return DATA_CRC_ERROR;
    }
    if (c->at >= c->capacity) {
        c->status2 |= R2_OUT_OF_RANGE;
        return DATA_WRITE_ERROR;
    }
    if (c->image->read_only) {
        c->status2 |= R2_WP_VIOLATION;
        return DATA_WRITE_ERROR;
    }
    if (c->faults.fail_write_at == c->writes ||
        sim_image_write(c->image, c->at, data, SD_BLOCK) != 0) {
        c->status2 |= R2_ERROR;
        return DATA_WRITE_ERROR;
    }
    c->at += SD_BLOCK;
    sd_be_busy(c, c->faults.stall_write_at == c->writes ? STALLED : c->timing.write_ns);
    return DATA_ACCEPTED;
}

/* --- commands --- */

static uint32_t
argument(const struct sd_card *c)
{
    const uint8_t *p = c->command + 1;

    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Byte address of an argument. */
static uint64_t
address_of(const struct sd_card *c, uint32_t arg)
{
    return sd_high_capacity(c->image->size) ? (uint64_t)arg * SD_BLOCK : arg;
}

static void
go_idle(struct sd_card *c)
{
    c->spi = true;
    c->ready = c->app = c->crc_on = c->hcs_seen = c->busy = false;
    c->polls = 0;
    c->block_len = SD_BLOCK;
    c->phase = SD_COMMAND;
    c->erase_from = c->erase_to = SD_NO_ADDRESS;
    c->status2 = 0;
    respond(c, 0, NULL, 0);
}

/* 4.2.3: a card of high capacity comes up only for a host that has said (by CMD8 and HCS) that it knows such cards. */
static void
operation_condition(struct sd_card *c, uint32_t arg)
{
    bool knows = !sd_high_capacity(c->image->size) || (c->hcs_seen && (arg & ARG_HCS));

    respond(c, 0, NULL, 0); /* the one that ends it still says idle */
    if (knows && c->polls++ >= c->timing.init_polls) {
        c->ready = true;
    }
}

static void
interface_condition(struct sd_card *c, uint32_t arg)
{
    bool fits = (arg >> 8 & 0xf) == CHECK_VOLTAGE;

    c->hcs_seen |= fits;
    respond32(c, (fits ? CHECK_VOLTAGE << 8 : 0) | (arg & 0xff));
}

static void
start_read(struct sd_card *c, uint32_t arg, bool multiple)
{
    uint64_t at = address_of(c, arg);

    if (at >= c->capacity) {
        c->status2 |= R2_OUT_OF_RANGE;
        respond(c, R1_PARAMETER, NULL, 0);
        return;
    }
    if (at % SD_BLOCK + c->block_len > SD_BLOCK) { /* no READ_BLK_MISALIGN */
        respond(c, R1_ADDRESS, NULL, 0);
        return;
    }
    respond_before_data(c);
    c->at = at;
    c->multiple = multiple;
    sd_fetch(c);
}

static void
start_write(struct sd_card *c, uint32_t arg, bool multiple)
{
    uint64_t at = address_of(c, arg);

    if (at >= c->capacity || c->block_len != SD_BLOCK) { /* no WRITE_BL_PARTIAL */
        c->status2 |= at >= c->capacity ? R2_OUT_OF_RANGE : 0;
        respond(c, R1_PARAMETER, NULL, 0);
        return;
    }
    if (at % SD_BLOCK) {
        respond(c, R1_ADDRESS, NULL, 0);
        return;
    }
    respond(c, 0, NULL, 0);
    c->at = at;
    c->multiple = multiple;
    c->phase = SD_WRITE_TOKEN;
}

static void
erase(struct sd_card *c)
{
    static const uint8_t zeros[SD_BLOCK];
    uint64_t from = c->erase_from, to = c->erase_to;

    c->erase_from = c->erase_to = SD_NO_ADDRESS;
    if (from == SD_NO_ADDRESS || to == SD_NO_ADDRESS) {
        respond(c, R1_ERASE_SEQUENCE, NULL, 0);
        return;
    }
    respond(c, 0, NULL, 0);
    if (from > to || to >= c->capacity) {
        c->status2 |= R2_ERASE_PARAM;
        return;
    }
    for (uint64_t at = from; at <= to && !c->image->read_only; at += SD_BLOCK) {
        if (sim_image_write(c->image, at, zeros, sizeof zeros) != 0) {
            c->status2 |= R2_ERROR;
            break;
        }
    }
    sd_be_busy(c, c->timing.erase_ns);
}

static void
stop(struct sd_card *c)
{
    c->multiple = false;
    c->phase = SD_COMMAND;
    respond(c, 0, NULL, 0); /* the stuff byte of 7.3.1.3 is that before R1 */
}

static void
status(struct sd_card *c)
{
    const uint8_t second = c->status2;

    c->status2 = 0;
    respond(c, 0, &second, 1);
}

static void
set_block_len(struct sd_card *c, uint32_t arg)
{
    if (sd_high_capacity(c->image->size)) { /* always 512 */
        respond(c, 0, NULL, 0);
    } else if (arg == 0 || arg > SD_BLOCK) {
        respond(c, R1_PARAMETER, NULL, 0);
    } else {
        c->block_len = arg;
        respond(c, 0, NULL, 0);
    }
}

static void
app_command(struct sd_card *c, unsigned number, uint32_t arg)
{
    uint8_t bytes[SD_STATUS] = { 0 };

    if (number != 41 && !c->ready) {
        respond(c, R1_ILLEGAL, NULL, 0);
        return;
    }
    switch (number) {
    case 13: /* SD_STATUS, after R2 */
        send_register(c, bytes, sizeof bytes);
        c->response[c->response_len - 1] = c->status2;
        c->response[c->response_len++] = 0xff;
        c->status2 = 0;
        break;
    case 22: /* the number of blocks written well: this card never stops half-way */
        send_register(c, bytes, 4);
        break;
    case 23: /* blocks to erase before a write: a hint */
    case 42: /* the pull-up of CS */
        respond(c, 0, NULL, 0);
        break;
    case 41:
        operation_condition(c, arg);
        break;
    case 51:
        sd_make_scr(bytes);
        send_register(c, bytes, 8);
        break;
    default:
        respond(c, R1_ILLEGAL, NULL, 0);
        break;
    }
}

/* Commands of an initialised card. */
static void
ready_command(struct sd_card *c, unsigned number, uint32_t arg)
{
    uint8_t bytes[SD_REGISTER];

    switch (number) {
    case 9:
        sd_make_csd(bytes, c->image->size, c->image->read_only);
        send_register(c, bytes, sizeof bytes);
        break;
    case 10:
        sd_make_cid(bytes, c->image->serial + 1);
        send_register(c, bytes, sizeof bytes);
        break;
    case 12:
        stop(c);
        break;
    case 13:
        status(c);
        break;
    case 16:
        set_block_len(c, arg);
        break;
    case 17:
    case 18:
        start_read(c, arg, number == 18);
        break;
    case 24:
    case 25:
        start_write(c, arg, number == 25);
        break;
    case 32:
        c->erase_from = address_of(c, arg) / SD_BLOCK * SD_BLOCK;
        respond(c, 0, NULL, 0);
        break;
    case 33:
        c->erase_to = address_of(c, arg) / SD_BLOCK * SD_BLOCK;
        respond(c, c->erase_from == SD_NO_ADDRESS ? R1_ERASE_SEQUENCE : 0, NULL, 0);
        break;
    case 38:
        erase(c);
        break;
    default:
        respond(c, R1_ILLEGAL, NULL, 0);
        break;
    }
}

void
sd_execute(struct sd_card *c)
{
    unsigned number = c->command[0] & 0x3f;
    uint32_t arg = argument(c);
    bool app = c->app;

    /* 7.2.2: CMD0 and CMD8 are always checked. */
    bool checked = c->crc_on || number == 0 || number == 8;

    if (!c->spi && (number != 0 || c->clocks < SD_POWER_UP_CLOCKS)) {
        if (number == 0) {
            model_guest_error(&c->model, "CMD0", c->clocks,
                              "before the 74 clocks after power-on; the card does not answer");
        }
        return;
    }
    if (checked && c->command[SD_COMMAND_BYTES - 1] != sd_crc7(c->command, SD_COMMAND_BYTES - 1)) {
        if (c->spi) {
            respond(c, R1_CRC, NULL, 0);
        }
        return;
    }
    c->app = false;
    if (number != 13 && number != 32 && number != 33 && number != 38) {
        c->erase_from = c->erase_to = SD_NO_ADDRESS; /* the sequence is broken */
    }
    if (app) {
        app_command(c, number, arg);
        return;
    }
    switch (number) {
    case 0:
        go_idle(c);
        break;
    case 1:
        operation_condition(c, arg);
        break;
    case 8:
        interface_condition(c, arg);
        break;
    case 55:
        c->app = true;
        respond(c, 0, NULL, 0);
        break;
    case 58:
        respond32(c, OCR_RANGE | (c->ready ? OCR_READY : 0) |
                         (c->ready && sd_high_capacity(c->image->size) ? OCR_CCS : 0));
        break;
    case 59:
        c->crc_on = arg & 1;
        respond(c, 0, NULL, 0);
        break;
    default:
        if (c->ready) {
            ready_command(c, number, arg);
        } else {
            respond(c, R1_ILLEGAL, NULL, 0);
        }
        break;
    }
}
