/* Any guest against the small models: random accesses to every register never upset them, and the
 * same ones give the same machine. */
#include <hal/board.h>

#include "harness.h"

enum { OPERATIONS = 150000 };

static const struct model_class *const models[] = {
    &uart_16550_class,
    &pic_8259_class,
    &pit_8254_class,
    &rtc_mc146818_class,
    &ioapic_class,
    &lapic_class,
    NULL,
};

static const struct board_dev devs[] = {
    { "intel,i8259", "pic", BOARD_PORT, 0x20, 2, BOARD_NO_IRQ, 0 },
    { "intel,i8254", "pit", BOARD_PORT, 0x40, 4, 0, 1193182 },
    { "ns16550a", "uart0", BOARD_PORT, 0x3f8, 8, 4, 1843200 },
    { "motorola,mc146818", "rtc", BOARD_PORT, 0x70, 2, 8, 32768 },
    { "intel,ioapic", "ioapic", BOARD_MMIO, 0xfec00000, 0x1000, BOARD_NO_IRQ, 0 },
    { "intel,lapic", "lapic", BOARD_MMIO, 0xfee00000, 0x1000, BOARD_NO_IRQ, 1000000000 },
};

static const uint16_t ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1, 0x40,
                                  0x41, 0x42, 0x43, 0x61, 0x70,  0x71 };

static void
access_at(struct sim_stream *s, enum sim_space space, uint64_t addr, unsigned width)
{
    uint64_t v = sim_stream_u64(s);

    if (v & 1) {
        sim_bus_write(t.sim, space, addr, width, v >> (v >> 1 & 31));
    } else {
        sim_bus_read(t.sim, space, addr, width);
    }
}

static void
operation(struct sim_stream *s)
{
    uint64_t v = sim_stream_u64(s);
    unsigned width = v & 0x700 ? 1 : 1u << (v >> 11 & 3);
    uint8_t bytes[32] = { 0 };

    switch (v % 8) {
    case 0:
    case 1:
        access_at(s, SIM_PORT, ports[(v >> 16) % (sizeof ports / sizeof ports[0])], width);
        break;
    case 2:
        access_at(s, SIM_PORT, 0x3f8 + (v >> 16) % 8, width);
        break;
    case 3:
        access_at(s, SIM_MMIO, 0xfec00000 + (v >> 16) % 2 * 0x10, v & 0x1000 ? 4 : width);
        break;
    case 4:
        access_at(s, SIM_MMIO, 0xfee00000 + ((v >> 16) & 0x3f0), v & 0xf000 ? 4 : width);
        break;
    case 5:
        access_at(s, SIM_MSR, v & 0x10000 ? SIM_MSR_ADDR(0x6e0) : SIM_MSR_ADDR(0x1b), 8);
        break;
    case 6:
        sim_char_input(sim_char_find(t.sim, "uart0"), bytes, (v >> 16) % sizeof bytes);
        sim_cpu_intr_ack(t.sim);
        break;
    default:
        /* Short steps: a guest can ask for a timer interrupt every tick, and gets it. */
        step((v >> 16) % (v & 0x800 ? 100000 : 1000));
        break;
    }
}

static uint64_t
run(uint64_t seed)
{
    struct sim_config config = default_config();
    struct sim_stream stream;
    uint64_t hash;

    config.strict = SIM_LENIENT;
    start_with(&config, devs, sizeof devs / sizeof devs[0], models);
    sim_stream_init(&stream, seed, "operations");
    for (unsigned i = 0; i < OPERATIONS; i++) {
        operation(&stream);
    }
    hash = sim_state_hash(t.sim);
    ck_assert_uint_gt(sim_violations(t.sim), 0);
    t.errors_expected = sim_violations(t.sim);
    finish();
    return hash;
}

START_TEST(random_accesses)
{
    uint64_t first = run(1);

    ck_assert_uint_eq(run(1), first);
    ck_assert_uint_ne(run(2), first);
}
END_TEST

RUN_TESTS("hostile", random_accesses)
