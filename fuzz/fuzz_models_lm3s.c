/* Any guest against the models of the LM3S6965 evaluation board: register accesses of every width, the processor's exceptions and masks,
 * words to the SD card and the display, clock steps, characters, keys, faults, state saved and restored.  The models may complain of guest
 * errors as much as they like; they may not break. */
#include <stdlib.h>

#include <hal/board.h>
#include <sim/bus.h>
#include <sim/chardev.h>
#include <sim/display.h>
#include <sim/image.h>
#include <sim/irq.h>
#include <sim/model.h>
#include <sim/models.h>
#include <sim/sim.h>

#include <devices/gpio_panel.h>
#include <devices/mpu_armv7m.h>
#include <devices/nvic_armv7m.h>
#include <devices/sd_card.h>

#include "fuzz.h"

enum { CARD = 64 * 1024, OPERATIONS_MAX = 500, TIME_MAX_NS = 20000000 };

static struct sim *sim;
static uint64_t time_left;

/* Pages with registers, and how much of them. */
static const struct {
    uint32_t base, size;
} pages[] = {
    { 0xe000e000, 0x1000 }, { 0xe000ed90, 0x2c },  { 0xe000e010, 0x10 },  { 0x400fe000, 0x200 },
    { 0x40004000, 0x600 },  { 0x40006000, 0x600 }, { 0x40007000, 0x600 }, { 0x40024000, 0x600 },
    { 0x40025000, 0x600 },  { 0x4000c000, 0x50 },  { 0x40030000, 0x50 },  { 0x40031000, 0x50 },
    { 0x40008000, 0x28 },   { 0x40000000, 0x420 }, { 0x40000c00, 0x8 },   { 0x40038000, 0x110 },
    { 0x400fd000, 0x18 },   { 0x400fe130, 0x2e0 }, { 0x40048000, 0x40 },  { 0x00000000, 0x40000 },
    { 0x40004fd0, 0x30 },   { 0x40008000, 0x28 },
};

enum { PAGES = sizeof pages / sizeof pages[0] };

static void
access_register(struct fuzz_input *in, bool write)
{
    uint8_t d = fuzz_decision(in);
    unsigned page = fuzz_decision(in) % PAGES;
    unsigned width = d & 0xe0 ? 4 : 1u << (d & 3);
    uint32_t off = (uint32_t)(fuzz_value(in, 2) << (d & 0xe0 ? 2 : 0)) % pages[page].size;

    if (write) {
        sim_bus_write(sim, SIM_MMIO, pages[page].base + off, width, fuzz_value(in, width));
    } else {
        sim_bus_read(sim, SIM_MMIO, pages[page].base + off, width);
    }
}

static void
pass_time(struct fuzz_input *in)
{
    uint64_t ns = fuzz_value(in, 2) << fuzz_decision(in) % 10;

    if (ns > time_left) {
        ns = time_left;
    }
    time_left -= ns;
    sim_advance_to(sim, sim_now(sim) + ns);
}

static void
put(uint32_t addr, uint32_t v)
{
    sim_bus_write(sim, SIM_MMIO, addr, 4, v);
}

/* Words on the SPI bus: to the card if the decision says so, else to the display. */
static void
words(struct fuzz_input *in)
{
    uint8_t bytes[32];
    uint8_t d = fuzz_decision(in);
    size_t n = fuzz_bytes(in, bytes, 1 + d % sizeof bytes);

    put(0x40007004, d & 0x80 ? 1 : 0);
    put(0x40004020, d & 0x80 ? 0 : 8);
    put(0x40006200, d & 0x40 ? 0x80 : 0);
    for (size_t i = 0; i < n; i++) {
        put(0x40008008, bytes[i]);
        sim_advance_to(sim, sim_now(sim) + 1000);
        sim_bus_read(sim, SIM_MMIO, 0x40008008, 4);
    }
}

/* Pins and rate as the kernel sets them, so that what goes over the bus arrives. */
static void
prepare(void)
{
    put(0x400fe104, 0x000f0017);
    put(0x400fe108, 0x1000007f);
    put(0x400fe100, 0x00010008);
    put(0x4000451c, 0x3c);
    put(0x40004420, 0x34);
    put(0x40004400, 0x08);
    put(0x4000651c, 0x8f);
    put(0x40006400, 0x80);
    put(0x4000751c, 0x01);
    put(0x40007400, 0x01);
    put(0x400073fc, 0x01);
    put(0x40008000, 7);
    put(0x40008010, 2);
    put(0x40008004, 2);
}

static void
processor(struct fuzz_input *in)
{
    struct model *nvic = nvic_armv7m_find(sim);
    uint8_t d = fuzz_decision(in);
    int e;

    switch (d % 6) {
    case 0:
        e = sim_cpu_intr_ack(sim);
        if (e >= 0 && nvic_armv7m_active(nvic) != (unsigned)e) {
            abort();
        }
        break;
    case 1:
        if (nvic_armv7m_active(nvic)) {
            nvic_armv7m_return(nvic, nvic_armv7m_active(nvic));
        }
        break;
    case 2:
        nvic_armv7m_return(nvic, fuzz_decision(in));
        break;
    case 3:
        nvic_armv7m_set_masks(nvic, d & 0x80, d & 0x40, fuzz_decision(in));
        break;
    case 4:
        (void)nvic_armv7m_pend(nvic, fuzz_decision(in));
        break;
    default:
        nvic_armv7m_fault_status(nvic, (uint32_t)fuzz_value(in, 4), (uint32_t)fuzz_value(in, 4));
        break;
    }
}

static void
memory(struct fuzz_input *in)
{
    struct model *mpu = sim_model_find(sim, "mpu");
    uint8_t d = fuzz_decision(in);
    uint32_t addr = (uint32_t)fuzz_value(in, 4), size = (uint32_t)fuzz_value(in, 1);
    struct mpu_asker user = { false, false }, kernel = { true, false };
    enum mpu_access access = (enum mpu_access)(d % 3);

    /* What a user may do the kernel may, too, and all of a range is as its parts are. */
    if (size && mpu_armv7m_allows(mpu, addr, size, access, user)) {
        if (!mpu_armv7m_allows(mpu, addr, size, access, kernel) ||
            !mpu_armv7m_allows(mpu, addr + size / 2, size - size / 2, access, user)) {
            abort();
        }
    }
}

static void
host_side(struct fuzz_input *in)
{
    struct model *card = sim_model_find(sim, "sd0");
    struct sd_faults *f = sd_card_faults(card);
    uint8_t d = fuzz_decision(in), bytes[40];

    switch (d % 4) {
    case 0:
        sim_char_input(sim_char_find(sim, "uart0"), bytes,
                       fuzz_bytes(in, bytes, 1 + fuzz_decision(in) % sizeof bytes));
        break;
    case 1:
        gpio_key_press(sim_model_find(sim, "select"), d & 0x80);
        break;
    case 2:
        sd_card_insert(card, d & 0x80);
        break;
    default:
        *f = (struct sd_faults){ d & 0x80 ? d >> 3 & 3 : 0, d & 0x40 ? d >> 3 & 3 : 0,
                                 d & 0x20 ? d >> 3 & 3 : 0, 0,
                                 d & 0xf0 ? 0 : 2,          d & 0x08 ? 3 : 0 };
        break;
    }
}

/* What was saved can be restored, and is the same then; the picture can be drawn at any time. */
static void
save_and_restore(void)
{
    const struct sim_display *display = sim_display_find(sim, NULL);
    size_t n = sim_state_size(sim), len = 0;
    uint64_t hash = sim_state_hash(sim);
    void *state = malloc(n);
    uint8_t *pgm;

    if (state == NULL) {
        abort();
    }
    sim_state_save(sim, state);
    if (sim_state_restore(sim, state, n) != 0 || sim_state_hash(sim) != hash) {
        abort();
    }
    free(state);
    pgm = sim_display_pgm(display, &len);
    if (pgm == NULL || len < (size_t)display->width * display->height) {
        abort();
    }
    for (size_t i = len - (size_t)display->width * display->height; i < len; i++) {
        if (pgm[i] > display->max) {
            abort();
        }
    }
    free(pgm);
}

static void
operation(struct fuzz_input *in)
{
    uint8_t d = fuzz_decision(in);

    switch (d % 16) {
    case 0:
        pass_time(in);
        break;
    case 1:
        processor(in);
        break;
    case 2:
        memory(in);
        break;
    case 3:
        host_side(in);
        break;
    case 4:
        d & 0x10 ? save_and_restore() : d & 0x20 ? sim_reset(sim) : prepare();
        break;
    case 5:
    case 6:
    case 7:
        words(in);
        break;
    case 8:
    case 9:
    case 10:
        access_register(in, false);
        break;
    default:
        access_register(in, true);
        break;
    }
}

static int
out(void *arg, const uint8_t *bytes, size_t n)
{
    (void)arg;
    (void)bytes;
    return (int)n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t card[CARD];
    struct sim_image image = { .slot = "sd0", .fd = -1, .mem = card, .size = CARD };
    struct sim_config config = {
        .ram_base = SIM_RAM_ANY, .seed = 1, .images = &image, .image_count = 1
    };
    struct fuzz_input in = { data, size };

    memset(card, 0x5a, sizeof card);
    time_left = TIME_MAX_NS;
    sim = sim_create(&config, &board_lm3s6965evb, sim_models);
    if (sim == NULL) {
        abort();
    }
    sim_char_connect(sim_char_find(sim, "uart0"), out, NULL, NULL);
    prepare();
    for (unsigned i = 0; i < OPERATIONS_MAX && in.left > 0; i++) {
        operation(&in);
    }
    sim_destroy(sim);
    return 0;
}
