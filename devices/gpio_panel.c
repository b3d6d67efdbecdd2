/* Models of what people touch on the evaluation board (EK-LM3S6965 user's manual, appendix A): keys that pull a pin low, whose resting
 * level is the port's pull-up; a lamp that is lit by a high pin.
 */
#include <devices/gpio_panel.h>
#include <devices/gpio_pl061.h>
#include <devices/models.h>

enum { R_STATE, R_COUNT };

struct panel {
    struct model model;
    struct reg_bank bank;
    struct model *port;
    unsigned pin;

    /* State. */
    uint64_t val[R_COUNT];
    uint64_t flashes;
};

static bool
lit(const struct panel *p)
{
    return gpio_pl061_drives(p->port, p->pin) && gpio_pl061_level(p->port, p->pin);
}

void
gpio_key_press(struct model *key, bool down)
{
    struct panel *p = (struct panel *)key;

    p->val[R_STATE] = down;
    if (down) {
        gpio_pl061_drive(p->port, p->pin, false);
    } else {
        gpio_pl061_release(p->port, p->pin);
    }
}

bool
gpio_led_lit(const struct model *led)
{
    return lit((const struct panel *)led);
}

uint64_t
gpio_led_flashes(const struct model *led)
{
    return ((const struct panel *)led)->flashes;
}

static void
led_watch(void *dev)
{
    struct panel *p = dev;

    p->flashes += lit(p) && !p->val[R_STATE];
    p->val[R_STATE] = lit(p);
}

static const struct reg key_regs[R_COUNT] = {
    [R_STATE] = { "DOWN", REG_INTERNAL, .ro = 1 },
};
static const struct reg led_regs[R_COUNT] = {
    [R_STATE] = { "LIT", REG_INTERNAL, .ro = 1 },
};
static const struct bank_class key_bank = { .regs = key_regs, .count = R_COUNT };
static const struct bank_class led_bank = { .regs = led_regs, .count = R_COUNT };

static int
create(struct model *model, const struct board_dev *where, const struct bank_class *bank)
{
    struct panel *p = (struct panel *)model;
    struct board_wires wires = board_wires(where->base);

    p->port = gpio_pl061_find(model->sim, wires.select);
    p->pin = wires.select % BOARD_PORT_PINS;
    return p->port ? model_bank_init(model, &p->bank, bank, p->val) : -ENODEV;
}

static int
key_create(struct model *model, const struct board_dev *where)
{
    return create(model, where, &key_bank);
}

static int
led_create(struct model *model, const struct board_dev *where)
{
    int err = create(model, where, &led_bank);

    return err ? err : gpio_pl061_watch(((struct panel *)model)->port, model, led_watch);
}

static void
key_reset(void *dev)
{
    gpio_key_press(dev, false);
}

static void
led_reset(void *dev)
{
    ((struct panel *)dev)->flashes = 0;
}

const struct model_class gpio_key_class = {
    .compatible = "gpio-keys",
    .size = sizeof(struct panel),
    .state = offsetof(struct panel, val),
    .create = key_create,
    .reset = key_reset,
};

const struct model_class gpio_led_class = {
    .compatible = "gpio-leds",
    .size = sizeof(struct panel),
    .state = offsetof(struct panel, val),
    .create = led_create,
    .reset = led_reset,
};
