/* A machine with a few models in it, driven by register accesses and clock steps: what a model test
 * needs.
 *
 * Register accesses take no virtual time here, so that times can be stated exactly.  A test ends
 * with finish(), which fails when there were guest errors that expect_error() did not announce.
 */
#pragma once

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <devices/models.h>
#include <sim/sim.h>
#include <tests/suite.h>

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

static struct {
    struct sim *sim;
    uint64_t errors_expected;
    enum sim_violation_kind last_error;
    char last_error_text[200];
    enum sim_end ended;
    int end_code;
    uint8_t out[4096]; /* what the guest sent */
    size_t out_len;
    size_t out_room; /* how many bytes the host still takes */
    unsigned ready;  /* calls of the port's ready hook */
    struct board_dev devs[8];
    struct board board;
} t;

static inline void
on_violation(void *arg, const struct sim_violation *v)
{
    (void)arg;
    t.last_error = v->kind;
    sim_violation_text(v, t.last_error_text, sizeof t.last_error_text);
}

static inline void
on_end(void *arg, enum sim_end why, int code)
{
    (void)arg;
    t.ended = why;
    t.end_code = code;
}

static inline int
on_out(void *arg, const uint8_t *bytes, size_t n)
{
    size_t i = 0;

    (void)arg;
    for (; i < n && t.out_room && t.out_len < sizeof t.out; i++, t.out_room--) {
        t.out[t.out_len++] = bytes[i];
    }
    return (int)i;
}

static inline void
on_ready(void *arg)
{
    (void)arg;
    t.ready++;
}

static inline struct sim_config
default_config(void)
{
    return (struct sim_config){
        .ram_size = 1 << 20,
        .ram_base = SIM_RAM_ANY,
        .seed = 1,
        .access_ns = SIM_ACCESS_FREE,
        .strict = SIM_STRICT,
        .violation = on_violation,
        .end = on_end,
    };
}

/* A machine of `n` devices (at most 7), made by `models` (NULL-terminated). */
static inline void
start_with(const struct sim_config *config, const struct board_dev *devs, size_t n,
           const struct model_class *const *models)
{
    memset(&t, 0, sizeof t);
    ck_assert_uint_lt(n, sizeof t.devs / sizeof t.devs[0]);
    memcpy(t.devs, devs, n * sizeof *devs);
    t.board = (struct board){ .name = "test", .devs = t.devs, .default_ram = 1 << 20 };
    t.out_room = sizeof t.out;
    t.sim = sim_create(config, &t.board, models);
    ck_assert_ptr_nonnull(t.sim);
}

/* A machine of one device. */
static inline void
start_one(const struct model_class *class, const struct board_dev *dev)
{
    const struct model_class *models[] = { class, NULL };
    struct sim_config config = default_config();

    start_with(&config, dev, 1, models);
}

static inline void
finish(void)
{
    uint64_t errors = sim_violations(t.sim);

    sim_destroy(t.sim);
    t.sim = NULL;
    ck_assert_msg(errors == t.errors_expected, "%llu guest errors instead of %llu, the last: %s",
                  (unsigned long long)errors, (unsigned long long)t.errors_expected,
                  t.last_error_text);
}

/* The access before was one guest error of this kind. */
static inline void
expect_error(enum sim_violation_kind kind)
{
    t.errors_expected++;
    ck_assert_msg(sim_violations(t.sim) == t.errors_expected, "no guest error where one was due");
    ck_assert_msg(t.last_error == kind, "another guest error: %s", t.last_error_text);
}

static inline uint8_t
inb(uint16_t port)
{
    return (uint8_t)sim_bus_read(t.sim, SIM_PORT, port, 1);
}

static inline void
outb(uint16_t port, uint8_t v)
{
    sim_bus_write(t.sim, SIM_PORT, port, 1, v);
}

static inline uint32_t
read32(uint64_t addr)
{
    return (uint32_t)sim_bus_read(t.sim, SIM_MMIO, addr, 4);
}

static inline void
write32(uint64_t addr, uint32_t v)
{
    sim_bus_write(t.sim, SIM_MMIO, addr, 4, v);
}

static inline void
step(uint64_t ns)
{
    sim_advance_to(t.sim, sim_now(t.sim) + ns);
}

static inline bool
irq(unsigned n)
{
    return sim_wire_level(t.sim, n);
}

/* A wire that the test drives itself; give it a name and connect it with start_line(). */
static inline void
start_line(struct sim_line *line, unsigned n)
{
    model_line_init(sim_model_next(t.sim, NULL), line, MODEL_LINES, "test", n);
}
