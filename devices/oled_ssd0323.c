/* Model of the SSD0323 OLED controller (Solomon Systech SSD0323 data sheet, revision 2.3: chapters 7 and 9), with a panel of 128 x 64
 * pixels of 16 greys, and of its sister SSD1329 (128 x 96), on a PL022's bus: 8-bit words, a pin that tells data (high) from commands.
 *
 * The picture is as the glass on the evaluation board is mounted: with COM re-map the first row of memory is at the top, with nibble re-map
 * the high half of a byte is the left pixel.  Contrast, current range and grey scale table do not change the greys that are rendered.
 *
 * Not modelled: graphic acceleration and scrolling (commands 23 to 2F), the vertical offset, which is kept only, timing.
 */
#include <devices/gpio_pl061.h>
#include <devices/models.h>
#include <devices/ssi_pl022.h>

#include <string.h>

enum {
    WIDTH = 128,
    COLUMNS = WIDTH / 2, /* bytes */
    ROWS_MAX = 128,
    ARGS_MAX = 16,
    GREY_MAX = 15,

    REMAP_COLUMNS = 1 << 0,
    REMAP_NIBBLES = 1 << 1,
    REMAP_VERTICAL = 1 << 2, /* the address counts rows first */
    REMAP_COM = 1 << 4,

    MODE_NORMAL = 0xa4,
    MODE_ALL_ON = 0xa5,
    MODE_ALL_OFF = 0xa6,
    MODE_INVERSE = 0xa7,
};

/* What the sisters differ in. */
struct kind {
    const char *compatible;
    uint8_t rows;        /* of memory */
    uint8_t panel_rows;  /* that are seen */
    uint8_t grey_levels; /* arguments of B8h */
};

struct oled {
    struct model model;
    struct sim_display display;
    struct kind kind;
    struct model *select_port, *data_port;
    unsigned select_pin, data_pin;

    /* State. */
    uint8_t ram[ROWS_MAX * COLUMNS];
    uint8_t args[ARGS_MAX];
    uint8_t command, have, want;
    uint8_t column, column_start, column_end;
    uint8_t row, row_start, row_end;
    uint8_t remap, start_line, offset, mux, mode, contrast;
    bool on;
};

static const struct kind ssd0323 = { "solomon,ssd0323", 80, 64, 8 };
static const struct kind ssd1329 = { "solomon,ssd1329", 128, 96, 15 };

/* --- commands: chapter 9, table 9-1 --- */

/* How many arguments; -1: there is no such command. */
static int
arguments(const struct oled *o, uint8_t command)
{
    switch (command) {
    case 0x15: /* column address */
    case 0x75: /* row address */
        return 2;
    case 0x81: /* contrast */
    case 0xa0: /* re-map */
    case 0xa1: /* start line */
    case 0xa2: /* offset */
    case 0xa8: /* multiplex ratio */
    case 0xad: /* DC-DC converter */
    case 0xb0: /* pre-charge compensation */
    case 0xb1: /* phase length */
    case 0xb2: /* row period */
    case 0xb3: /* clock */
    case 0xb4: /* pre-charge compensation level */
    case 0xbc: /* pre-charge voltage */
    case 0xbe: /* VCOMH */
    case 0xbf: /* VSL */
        return 1;
    case 0xb8: /* grey scale table */
        return o->kind.grey_levels;
    case 0x84:
    case 0x85:
    case 0x86: /* current range */
    case MODE_NORMAL:
    case MODE_ALL_ON:
    case MODE_ALL_OFF:
    case MODE_INVERSE:
    case 0xae:
    case 0xaf: /* display off, on */
    case 0xe3: /* no operation */
        return 0;
    default:
        return -1;
    }
}

/* A window of the address counter: first and last, from the arguments. */
static void
set_window(struct oled *o, uint8_t *start, uint8_t *end, uint8_t *at, unsigned count)
{
    if (o->args[0] >= count || o->args[1] >= count || o->args[0] > o->args[1]) {
        model_guest_error(&o->model, "address", (uint64_t)o->args[0] << 8 | o->args[1],
                          "outside the memory, or backwards");
        return;
    }
    *start = *at = o->args[0];
    *end = o->args[1];
}

static void
execute(struct oled *o)
{
    switch (o->command) {
    case 0x15:
        set_window(o, &o->column_start, &o->column_end, &o->column, COLUMNS);
        break;
    case 0x75:
        set_window(o, &o->row_start, &o->row_end, &o->row, o->kind.rows);
        break;
    case 0x81:
        o->contrast = o->args[0];
        break;
    case 0xa0:
        o->remap = o->args[0];
        break;
    case 0xa1:
        o->start_line = o->args[0] % o->kind.rows;
        break;
    case 0xa2:
        o->offset = o->args[0] % o->kind.rows;
        break;
    case 0xa8:
        if (o->args[0] < 15 || o->args[0] >= o->kind.rows) {
            model_guest_error(&o->model, "multiplex ratio", o->args[0], "not 16 to all rows");
            break;
        }
        o->mux = o->args[0] + 1;
        break;
    case MODE_NORMAL:
    case MODE_ALL_ON:
    case MODE_ALL_OFF:
    case MODE_INVERSE:
        o->mode = o->command;
        break;
    case 0xae:
    case 0xaf:
        o->on = o->command & 1;
        break;
    default: /* electrical */
        break;
    }
}

static void
take_command(struct oled *o, uint8_t in)
{
    int n;

    if (o->have < o->want) {
        o->args[o->have++] = in;
    } else {
        n = arguments(o, in);
        if (n < 0) {
            model_guest_error(&o->model, "command", in, "there is no such command");
            return;
        }
        o->command = in;
        o->have = 0;
        o->want = (uint8_t)n;
    }
    if (o->have == o->want) {
        execute(o);
        o->have = o->want = 0;
    }
}

/* Move on by one in a window; true: it has begun anew. */
static bool
next(uint8_t *at, uint8_t start, uint8_t end)
{
    *at = *at == end ? start : (uint8_t)(*at + 1);
    return *at == start;
}

static void
take_data(struct oled *o, uint8_t in)
{
    o->ram[o->row * COLUMNS + o->column] = in;
    if (o->remap & REMAP_VERTICAL) {
        if (next(&o->row, o->row_start, o->row_end)) {
            next(&o->column, o->column_start, o->column_end);
        }
    } else if (next(&o->column, o->column_start, o->column_end)) {
        next(&o->row, o->row_start, o->row_end);
    }
}

static uint16_t
exchange(void *dev, uint16_t out, unsigned bits)
{
    struct oled *o = dev;

    if (bits != 8) {
        model_guest_error(&o->model, "", bits, "a word that is not a byte");
    } else if (gpio_pl061_level(o->data_port, o->data_pin)) {
        take_data(o, (uint8_t)out);
    } else {
        take_command(o, (uint8_t)out);
    }
    return 0xffff; /* it has no way back */
}

/* Its pin is the controller's own select, unless it is used as a plain output. */
static bool
selected(const void *dev)
{
    const struct oled *o = dev;

    return gpio_pl061_alternate(o->select_port, o->select_pin) ||
           (gpio_pl061_drives(o->select_port, o->select_pin) &&
            !gpio_pl061_level(o->select_port, o->select_pin));
}

/* --- the picture --- */

static uint8_t
pixel(const struct oled *o, unsigned x, unsigned y)
{
    unsigned row, column;
    bool high;

    y = o->remap & REMAP_COM ? y : o->mux - 1u - y;
    x = o->remap & REMAP_COLUMNS ? WIDTH - 1 - x : x;
    row = (y + o->start_line) % o->kind.rows;
    column = x / 2;
    high = (x % 2 == 0) == ((o->remap & REMAP_NIBBLES) != 0);
    return high ? o->ram[row * COLUMNS + column] >> 4 : o->ram[row * COLUMNS + column] & 0xf;
}

static void
render(const void *dev, uint8_t *grey)
{
    const struct oled *o = dev;

    memset(grey, 0, (size_t)WIDTH * o->kind.panel_rows);
    if (!o->on || o->mode == MODE_ALL_OFF) {
        return;
    }
    for (unsigned y = 0; y < o->kind.panel_rows && y < o->mux; y++) {
        for (unsigned x = 0; x < WIDTH; x++) {
            uint8_t v = pixel(o, x, y);

            grey[y * WIDTH + x] = o->mode == MODE_ALL_ON    ? GREY_MAX
                                  : o->mode == MODE_INVERSE ? GREY_MAX - v
                                                            : v;
        }
    }
}

static void
reset(void *dev)
{
    struct oled *o = dev;

    memset(o->ram, 0, sizeof o->ram);
    o->command = o->have = o->want = 0;
    o->column = o->column_start = o->row = o->row_start = 0;
    o->column_end = COLUMNS - 1;
    o->row_end = (uint8_t)(o->kind.rows - 1);
    o->remap = o->start_line = o->offset = 0;
    o->mux = o->kind.rows;
    o->mode = MODE_NORMAL;
    o->contrast = 0x40;
    o->on = false;
}

static int
create(struct model *model, const struct board_dev *where)
{
    struct oled *o = (struct oled *)model;
    struct ssi_peripheral on_bus = { model, selected, exchange };
    struct board_wires wires = board_wires(where->base);
    struct model *ssi = ssi_pl022_find(model->sim, wires.controller);

    o->kind = strcmp(where->compatible, ssd1329.compatible) == 0 ? ssd1329 : ssd0323;
    o->select_port = gpio_pl061_find(model->sim, wires.select);
    o->data_port = gpio_pl061_find(model->sim, wires.other);
    if (!ssi || !o->select_port || !o->data_port) {
        return -ENODEV;
    }
    o->select_pin = wires.select % BOARD_PORT_PINS;
    o->data_pin = wires.other % BOARD_PORT_PINS;
    o->display = (struct sim_display){
        .width = WIDTH, .height = o->kind.panel_rows, .max = GREY_MAX, .render = render
    };
    model_display_init(model, &o->display);
    return ssi_pl022_attach(ssi, &on_bus);
}

#define OLED_CLASS(name)                                                                           \
    {                                                                                              \
        .compatible = name,                                                                        \
        .size = sizeof(struct oled),                                                               \
        .state = offsetof(struct oled, ram),                                                       \
        .create = create,                                                                          \
        .reset = reset,                                                                            \
    }

const struct model_class oled_ssd0323_class = OLED_CLASS("solomon,ssd0323");
const struct model_class oled_ssd1329_class = OLED_CLASS("solomon,ssd1329");
