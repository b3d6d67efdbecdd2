/* The event queue and the clock. */
#include <stdlib.h>

#include "sim_toy.h"

enum { MANY = 500 };

static struct sim_event ev[MANY];
static unsigned order[4 * MANY], fired;
static uint64_t when[4 * MANY];

static void
note(void *arg)
{
    order[fired] = (unsigned)(uintptr_t)arg;
    when[fired++] = sim_now(t.sim);
}

static void
init_events(unsigned n)
{
    fired = 0;
    for (unsigned i = 0; i < n; i++) {
        sim_event_init(t.sim, &ev[i], "test", note, (void *)(uintptr_t)i);
    }
}

START_TEST(due_time_then_arming_order)
{
    start_toys();
    init_events(5);
    sim_event_at(&ev[0], 300);
    sim_event_at(&ev[1], 100);
    sim_event_at(&ev[2], 300);
    sim_event_at(&ev[3], 200);
    sim_event_at(&ev[4], 100);
    sim_event_at(&ev[0], 300); /* armed anew: after 2 */
    ck_assert_uint_eq(sim_next_event_ns(t.sim), 100);
    ck_assert_ptr_eq(sim_event_nth(t.sim, 2), &ev[3]);
    ck_assert_ptr_null(sim_event_nth(t.sim, 5));
    sim_advance_to(t.sim, 1000);
    ck_assert_uint_eq(fired, 5);
    ck_assert_mem_eq(order, ((unsigned[]){ 1, 4, 3, 2, 0 }), 5 * sizeof(unsigned));
    ck_assert_uint_eq(when[4], 300);
    ck_assert_uint_eq(sim_now(t.sim), 1000);
    ck_assert_uint_eq(sim_next_event_ns(t.sim), SIM_NEVER);
    finish();
}
END_TEST

START_TEST(random_operations_keep_order)
{
    start_toys();
    init_events(MANY);
    for (unsigned round = 0; round < 20; round++) {
        uint64_t now = sim_now(t.sim);
        unsigned armed = 0;

        for (unsigned i = 0; i < 4 * MANY; i++) {
            struct sim_event *e = &ev[sim_random_below(&toy("toy0")->model, MANY)];

            if (sim_random_below(&toy("toy0")->model, 3)) {
                sim_event_at(e, now + sim_random_below(&toy("toy0")->model, 1000));
            } else {
                sim_event_cancel(e);
            }
        }
        for (unsigned i = 0; i < MANY; i++) {
            armed += sim_event_armed(&ev[i]);
        }
        fired = 0;
        sim_advance_to(t.sim, now + 1000);
        ck_assert_uint_eq(fired, armed);
        for (unsigned i = 1; i < fired; i++) {
            ck_assert_uint_le(when[i - 1], when[i]);
            ck_assert(when[i - 1] != when[i] || ev[order[i - 1]].seq < ev[order[i]].seq);
        }
    }
    finish();
}
END_TEST

static void
again(void *arg)
{
    struct sim_event *e = arg;

    when[fired++] = e->at_ns;
    if (fired < 10) {
        sim_event_at(e, e->at_ns + 7);
    }
    sim_charge(t.sim, 1000); /* time stands still in a handler */
    sim_advance_to(t.sim, 5000);
}

START_TEST(periodic_event_does_not_drift)
{
    start_toys();
    fired = 0;
    sim_event_init(t.sim, &ev[0], "test", again, &ev[0]);
    sim_event_at(&ev[0], 7);
    sim_charge(t.sim, 100);
    ck_assert_uint_eq(fired, 10);
    ck_assert_uint_eq(when[9], 70);
    ck_assert_uint_eq(sim_now(t.sim), 100);
    finish();
}
END_TEST

START_TEST(accesses_cost_time)
{
    struct sim_config config = default_config();

    config.access_ns = 0; /* the default: 100 ns */
    start_toys_with(&config);
    sim_event_at(&toy("toy0")->alarm, 250);
    sim_bus_read(t.sim, SIM_MMIO, TOY, 1);
    sim_bus_read(t.sim, SIM_MMIO, TOY, 1);
    ck_assert_uint_eq(sim_now(t.sim), 200);
    ck_assert_uint_eq(toy("toy0")->alarms, 0);
    sim_bus_read(t.sim, SIM_MMIO, TOY, 1);
    ck_assert_uint_eq(toy("toy0")->alarms, 1);
    finish();
}
END_TEST

static uint64_t host_ns;

static uint64_t
host_clock(void *arg)
{
    (void)arg;
    return host_ns;
}

START_TEST(host_clock_is_followed)
{
    struct sim_config config = default_config();

    host_ns = 1000;
    config.clock = host_clock;
    start_toys_with(&config);
    ck_assert_uint_eq(sim_now(t.sim), 1000);
    sim_event_at(&toy("toy0")->alarm, 1500);
    sim_charge(t.sim, 10000); /* the host decides, not the cost */
    ck_assert_uint_eq(sim_now(t.sim), 1000);
    host_ns = 2000;
    sim_charge(t.sim, 1);
    ck_assert_uint_eq(toy("toy0")->alarms, 1);
    host_ns = 1900; /* never back */
    ck_assert_uint_eq(sim_now(t.sim), 2000);
    finish();
}
END_TEST

START_TEST(the_end_stops_events)
{
    start_toys();
    sim_event_at(&toy("toy0")->alarm, 500);
    sim_end(t.sim, SIM_END_POWER_OFF, 0);
    ck_assert_int_eq(sim_run_until(t.sim, 1000), SIM_END_POWER_OFF);
    ck_assert_uint_eq(toy("toy0")->alarms, 0);
    ck_assert_uint_eq(sim_now(t.sim), 0);
    finish();
}
END_TEST

START_TEST(reset_cancels_and_resets)
{
    start_toys();
    sim_event_at(&toy("toy0")->alarm, 500);
    sim_bus_write(t.sim, SIM_MMIO, TOY + 3, 1, 1);
    ck_assert(irq(TOY_IRQ));
    sim_reset(t.sim);
    ck_assert(!irq(TOY_IRQ));
    ck_assert_uint_eq(sim_next_event_ns(t.sim), SIM_NEVER);
    finish();
}
END_TEST

RUN_TESTS("sim_event", due_time_then_arming_order, random_operations_keep_order,
          periodic_event_does_not_drift, accesses_cost_time, host_clock_is_followed,
          the_end_stops_events, reset_cancels_and_resets)
