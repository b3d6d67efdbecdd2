/* A machine with nothing but the PCI host bridge and what is behind it, for the tests of the IDE
 * controller.  Numbers are typed in from the manuals, not taken from the model. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <devices/ide_piix3.h>
#include <devices/pci_i440fx.h>
#include <sim/bus.h>
#include <sim/image.h>
#include <sim/irq.h>
#include <sim/ram.h>
#include <sim/sim.h>

struct bench {
    struct sim *sim;
    struct sim_violation last; /* the last guest error */
};

static struct bench bench;

static const struct board_dev bench_devs[] = {
    { "intel,i440fx", "pci0", BOARD_PORT, 0xcf8, 8, BOARD_NO_IRQ, 0 },
    { 0 },
};
static const struct board_dev bench_cold_devs[] = {
    { "intel,i440fx-cold", "pci0", BOARD_PORT, 0xcf8, 8, BOARD_NO_IRQ, 0 },
    { 0 },
};
static const struct board bench_board __attribute__((unused)) = { "bench", bench_devs, 1 << 20 };
static const struct board bench_cold_board
    __attribute__((unused)) = { "bench", bench_cold_devs, 1 << 20 };
static const struct model_class *const bench_models[] = { &pci_i440fx_class, &pci_i440fx_cold_class,
                                                          NULL };

static inline void
bench_violation(void *arg, const struct sim_violation *v)
{
    (void)arg;
    bench.last = *v;
}

static inline void
bench_start_on(const struct board *board, const struct sim_image *images, size_t count)
{
    struct sim_config config = {
        .ram_base = SIM_RAM_ANY,
        .access_ns = SIM_ACCESS_FREE,
        .strict = SIM_STRICT,
        .violation = bench_violation,
        .images = images,
        .image_count = count,
    };

    memset(&bench, 0, sizeof bench);
    bench.sim = sim_create(&config, board, bench_models);
    ck_assert_ptr_nonnull(bench.sim);
}

static inline void
bench_start(const struct sim_image *images, size_t count)
{
    bench_start_on(&bench_board, images, count);
}

/* Ends the machine; every test says how many guest errors it made. */
static inline void
bench_stop(unsigned violations)
{
    ck_assert_uint_eq(sim_violations(bench.sim), violations);
    sim_destroy(bench.sim);
    bench.sim = NULL;
}

static inline uint8_t
inb(uint16_t port)
{
    return (uint8_t)sim_bus_read(bench.sim, SIM_PORT, port, 1);
}

static inline uint16_t
inw(uint16_t port)
{
    return (uint16_t)sim_bus_read(bench.sim, SIM_PORT, port, 2);
}

static inline uint32_t
inl(uint16_t port)
{
    return (uint32_t)sim_bus_read(bench.sim, SIM_PORT, port, 4);
}

static inline void
outb(uint16_t port, uint8_t v)
{
    sim_bus_write(bench.sim, SIM_PORT, port, 1, v);
}

static inline void
outw(uint16_t port, uint16_t v)
{
    sim_bus_write(bench.sim, SIM_PORT, port, 2, v);
}

static inline void
outl(uint16_t port, uint32_t v)
{
    sim_bus_write(bench.sim, SIM_PORT, port, 4, v);
}

/* A register of bus 0's configuration space through mechanism 1; returns the data port of its byte.
 */
static inline uint16_t
cfg(unsigned dev, unsigned fn, unsigned reg)
{
    outl(0xcf8, 0x80000000u | dev << 11 | fn << 8 | (reg & 0xfc));
    return (uint16_t)(0xcfc + (reg & 3));
}

static inline void
pass_ns(uint64_t ns)
{
    sim_advance_to(bench.sim, sim_now(bench.sim) + ns);
}

static inline bool
irq(unsigned n)
{
    return sim_wire_level(bench.sim, n);
}
