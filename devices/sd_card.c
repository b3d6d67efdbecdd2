/* Model of an SD memory card in SPI mode (SD Specifications Part 1, Physical Layer Simplified Specification 2.00, chapter 7), on a PL022's
 * bus, selected by a GPIO pin.  Its medium is the image in the slot of its name ("sd0"); without one the holder is empty.
 *
 * The card comes up in SD mode: it hears nothing but CMD0, after 74 clocks while it is not selected.  Up to 2 GiB it is a standard
 * capacity card, addressed by bytes; above, high capacity, addressed by blocks.  A response begins one byte after its command (NCR 1).
 *
 * Not modelled: CMD6, passwords (CMD42), write-protected groups, reading without an image of whole blocks.
 */
#include <devices/gpio_pl061.h>
#include <devices/models.h>
#include <devices/sd_card.h>
#include <devices/sd_internal.h>
#include <devices/ssi_pl022.h>

/* --- bytes --- */

static uint64_t
now(const struct sd_card *c)
{
    return sim_now(c->model.sim);
}

static uint8_t
next_out(struct sd_card *c)
{
    uint8_t out;

    if (!c->present) {
        return 0xff;
    }
    if (c->response_pos < c->response_len) {
        return c->response[c->response_pos++];
    }
    if (c->busy) {
        if (now(c) < c->due_ns) {
            return 0;
        }
        c->busy = false;
    }
    if (c->phase != SD_READ || now(c) < c->due_ns) {
        return 0xff;
    }
    out = c->frame[c->frame_pos++];
    if (c->frame_pos == c->frame_len) {
        if (c->multiple) { /* the next block, at least a byte (NAC) later */
            sd_fetch(c);
            c->response[0] = 0xff;
            c->response_pos = 0;
            c->response_len = 1;
        } else {
            c->phase = SD_COMMAND;
        }
    }
    return out;
}

static void
take_token(struct sd_card *c, uint8_t in)
{
    if (in == (c->multiple ? SD_TOKEN_MULTIPLE : SD_TOKEN_BLOCK)) {
        c->phase = SD_WRITE_DATA;
        c->frame_pos = 0;
    } else if (c->multiple && in == SD_TOKEN_STOP) {
        c->phase = SD_COMMAND;
        c->response[0] = 0xff; /* busy begins a byte later */
        c->response_pos = 0;
        c->response_len = 1;
        sd_be_busy(c, c->timing.write_ns);
    } else if (in != 0xff && (in & 0xc0) != 0x40) {
        model_guest_error(&c->model, "data", in, "not a token of this command");
    }
}

static void
take_data(struct sd_card *c, uint8_t in)
{
    c->frame[c->frame_pos++] = in;
    if (c->frame_pos == SD_BLOCK + 2) {
        c->phase = c->multiple ? SD_WRITE_TOKEN : SD_COMMAND;
        c->response[0] = sd_store(c);
        c->response_pos = 0;
        c->response_len = 1;
    }
}

static void
take_in(struct sd_card *c, uint8_t in)
{
    if (!c->present) {
        return;
    }
    if (c->phase == SD_WRITE_DATA) {
        take_data(c, in);
        return;
    }
    if (c->command_len == 0) {
        if ((c->response_pos < c->response_len && c->phase != SD_READ) || c->busy) {
            return;
        }
        if (c->phase == SD_WRITE_TOKEN) {
            take_token(c, in);
        }
        if ((in & 0xc0) != 0x40) {
            return;
        }
    }
    c->command[c->command_len++] = in;
    if (c->command_len == SD_COMMAND_BYTES) {
        c->command_len = 0;
        if (c->phase != SD_READ || (c->command[0] & 0x3f) == 12 || (c->command[0] & 0x3f) == 0) {
            c->phase = SD_COMMAND;
            sd_execute(c);
        } else {
            model_guest_error(&c->model, "command", c->command[0] & 0x3f, "while data come");
        }
    }
}

static uint16_t
exchange(void *dev, uint16_t out, unsigned bits)
{
    struct sd_card *c = dev;
    uint16_t in = 0;

    if (bits % 8) {
        model_guest_error(&c->model, "", bits, "a word that is not of whole bytes");
        return 0xffff;
    }
    for (unsigned shift = bits; shift > 0; shift -= 8) {
        in = (uint16_t)(in << 8 | next_out(c));
        take_in(c, (uint8_t)(out >> (shift - 8)));
    }
    return in;
}

static bool
selected(const void *dev)
{
    const struct sd_card *c = dev;

    return gpio_pl061_drives(c->select_port, c->select_pin) &&
           !gpio_pl061_level(c->select_port, c->select_pin);
}

/* On the bus all the time, to count clocks. */
static bool
listens(const void *dev)
{
    (void)dev;
    return true;
}

static uint16_t
clocked(void *dev, uint16_t out, unsigned bits)
{
    struct sd_card *c = dev;

    if (selected(c)) {
        return exchange(c, out, bits);
    }
    c->clocks += c->clocks < SD_POWER_UP_CLOCKS ? bits : 0;
    c->command_len = 0; /* deselected: what was begun is forgotten */
    c->response_pos = c->response_len = 0;
    return 0xffff;
}

/* --- the host side --- */

static void
power_on(struct sd_card *c, bool in)
{
    c->present = in && c->image;
    c->spi = c->ready = c->busy = c->crc_on = c->app = c->hcs_seen = c->multiple = false;
    c->phase = SD_COMMAND;
    c->command_len = c->response_len = c->response_pos = 0;
    c->clocks = c->polls = 0;
    c->reads = c->writes = 0;
    c->status2 = 0;
    c->due_ns = 0;
    c->block_len = SD_BLOCK;
    c->erase_from = c->erase_to = SD_NO_ADDRESS;
    c->capacity = c->image ? sd_capacity(c->image->size) : 0;
}

void
sd_card_insert(struct model *card, bool in)
{
    power_on((struct sd_card *)card, in);
}

static void
plug(void *dev, struct sim_image *image)
{
    struct sd_card *c = dev;

    c->image = image;
    power_on(c, true);
}

bool
sd_card_present(const struct model *card)
{
    return ((const struct sd_card *)card)->present;
}

void
sd_card_set_timing(struct model *card, const struct sd_timing *timing)
{
    ((struct sd_card *)card)->timing = *timing;
}

struct sd_faults *
sd_card_faults(struct model *card)
{
    return &((struct sd_card *)card)->faults;
}

uint64_t
sd_card_reads(const struct model *card)
{
    return ((const struct sd_card *)card)->reads;
}

uint64_t
sd_card_writes(const struct model *card)
{
    return ((const struct sd_card *)card)->writes;
}

static void
reset(void *dev)
{
    power_on(dev, true);
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct sd_card *c = (struct sd_card *)model;
    struct ssi_peripheral on_bus = { model, listens, clocked };
    struct board_wires wires = board_wires(where->base);
    struct model *ssi = ssi_pl022_find(model->sim, wires.controller);

    c->image = sim_image_find(model->sim, where->name);
    c->select_port = gpio_pl061_find(model->sim, wires.select);
    c->select_pin = wires.select % BOARD_PORT_PINS;
    c->timing = SD_TIMING_DEFAULT;
    return ssi && c->select_port ? ssi_pl022_attach(ssi, &on_bus) : -ENODEV;
}

const struct model_class sd_card_class = {
    .compatible = "sd-card-spi",
    .size = sizeof(struct sd_card),
    .state = offsetof(struct sd_card, faults),
    .create = create,
    .reset = reset,
    .plug = plug,
};
