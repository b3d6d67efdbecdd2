/* Any guest against the models of the PC: register accesses of every width, DMA tables and grants, clock steps, characters, state
 * saved and restored.  The models may complain of guest errors as much as they like; they may not break. */
#include <stdlib.h>

#include <hal/board.h>
#include <sim/bus.h>
#include <sim/chardev.h>
#include <sim/image.h>
#include <sim/irq.h>
#include <sim/models.h>
#include <sim/ram.h>
#include <sim/sim.h>

#include "fuzz.h"

enum { RAM = 1 << 20, DISK = 64 * 512, OPERATIONS_MAX = 500, TIME_MAX_NS = 20000000 };

struct range {
    uint16_t first, count;
};

/* Ports with something behind them; the bus master's are where its BAR was put by those who put it there. */
static const struct range ports[] = {
    { 0x20, 2 },    { 0xa0, 2 },  { 0x4d0, 2 }, { 0x40, 4 },  { 0x61, 1 },  { 0x3f8, 8 },
    { 0x70, 2 },    { 0x1f0, 8 }, { 0x3f6, 1 }, { 0x170, 8 }, { 0x376, 1 }, { 0xcf8, 8 },
    { 0xc000, 16 }, { 0xf4, 4 },  { 0x604, 4 }, { 0x1f0, 8 }, { 0x1f0, 8 },
};

static struct sim *sim;
static uint64_t time_left;

static uint16_t
port(struct fuzz_input *in)
{
    const struct range *r = &ports[fuzz_decision(in) % (sizeof ports / sizeof ports[0])];

    return (uint16_t)(r->first + fuzz_decision(in) % r->count);
}

static uint64_t
mmio(struct fuzz_input *in)
{
    uint8_t d = fuzz_decision(in);

    return d & 1 ? 0xfec00000 + (d >> 1) % 64 * 4 : 0xfee00000 + (uint64_t)(d >> 1) * 16;
}

static void
access_register(struct fuzz_input *in, bool write)
{
    uint8_t d = fuzz_decision(in);
    unsigned width = 1u << (d & 3);
    enum sim_space space = d & 0x40 ? SIM_MMIO : d & 0x20 && d & 0x10 ? SIM_MSR : SIM_PORT;
    uint64_t addr = space == SIM_MMIO  ? mmio(in)
                    : space == SIM_MSR ? SIM_MSR_ADDR(fuzz_value(in, 2))
                                       : port(in);

    if (space == SIM_MSR)
        width = 8;
    if (write)
        sim_bus_write(sim, space, addr, width, fuzz_value(in, width));
    else
        sim_bus_read(sim, space, addr, width);
}

static void
pass_time(struct fuzz_input *in)
{
    uint64_t ns = fuzz_value(in, 2) << fuzz_decision(in) % 10;

    if (ns > time_left)
        ns = time_left;
    time_left -= ns;
    sim_advance_to(sim, sim_now(sim) + ns);
}

static void
write_ram(struct fuzz_input *in)
{
    uint64_t at = fuzz_value(in, 2) * 16 % (RAM - 64);

    fuzz_bytes(in, (uint8_t *)sim_ram_base(sim) + at, 1 + fuzz_decision(in) % 64);
}

static void
grant(struct fuzz_input *in)
{
    uint64_t at = fuzz_value(in, 2) * 16, len = fuzz_value(in, 2);
    uint8_t d = fuzz_decision(in);

    if (d & 4)
        (void)sim_dma_revoke(sim, "pci00:01.1", at, len);
    else
        (void)sim_dma_grant(sim, "pci00:01.1", at, len, d & 3);
}

static void
characters(struct fuzz_input *in)
{
    uint8_t bytes[40];

    sim_char_input(sim_char_find(sim, "uart0"), bytes,
                   fuzz_bytes(in, bytes, 1 + fuzz_decision(in) % sizeof bytes));
}

/* What was saved can be restored, and is the same then. */
static void
save_and_restore(void)
{
    size_t n = sim_state_size(sim);
    uint64_t hash = sim_state_hash(sim);
    void *state = malloc(n);

    if (state == NULL)
        abort();
    sim_state_save(sim, state);
    if (sim_state_restore(sim, state, n) != 0 || sim_state_hash(sim) != hash)
        abort();
    free(state);
}

static void
operation(struct fuzz_input *in)
{
    switch (fuzz_decision(in) % 16) {
    case 0:
        pass_time(in);
        break;
    case 1:
        write_ram(in);
        break;
    case 2:
        grant(in);
        break;
    case 3:
        characters(in);
        break;
    case 4:
        (void)sim_cpu_intr_ack(sim);
        break;
    case 5:
        save_and_restore();
        break;
    case 6:
        fuzz_decision(in) % 16 == 0 ? sim_reset(sim) : pass_time(in);
        break;
    case 7:
    case 8:
    case 9:
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
    static uint8_t disks[2][DISK];
    struct sim_image images[2] = {
        { .slot = "ide0.0", .fd = -1, .mem = disks[0], .size = DISK },
        { .slot = "ide1.1", .fd = -1, .mem = disks[1], .size = DISK, .read_only = true },
    };
    struct sim_config config = {
        .ram_size = RAM, .ram_base = SIM_RAM_ANY, .seed = 1, .images = images, .image_count = 2
    };
    struct fuzz_input in = { data, size };

    memset(disks, 0x5a, sizeof disks);
    time_left = TIME_MAX_NS;
    sim = sim_create(&config, &board_pc, sim_models);
    if (sim == NULL)
        abort();
    sim_char_connect(sim_char_find(sim, "uart0"), out, NULL, NULL);
    for (unsigned i = 0; i < OPERATIONS_MAX && in.left > 0; i++)
        operation(&in);
    sim_destroy(sim);
    return 0;
}
