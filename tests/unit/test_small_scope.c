/* Every schedule of up to four contexts through the take cell, the wait queue and the locks, against a reference.  The number of
 * schedules is printed, and must not shrink to nothing. */
#include <kernel/core/assert.h>
#include <kernel/trusted/cell.h>
#include <tests/suite.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "small_scope.h"

/* What cells report to; skips are checked by the programs themselves. */
void
cell_refilled(const struct cell_raw *c)
{
    (void)c;
    explore_violation("put into a full cell");
}

void
cell_skipped(const struct cell_raw *c, const char *taker)
{
    (void)c;
    (void)taker;
}

void
hal_mem_poison(const void *p, size_t n)
{
    (void)p;
    (void)n;
}

void
hal_mem_unpoison(const void *p, size_t n)
{
    (void)p;
    (void)n;
}

static void
report(const char *name, const struct explore_result *r)
{
    printf("# %s: %llu schedules, up to %u steps%s%s\n", name, (unsigned long long)r->schedules,
           r->steps, r->violation != NULL ? ", found: " : "",
           r->violation != NULL ? r->violation : "");
    fflush(stdout);
}

/* --- the cell --- */

static const struct cell_subject *subject;
static unsigned rounds;
static bool sleeps;

static void
cell_setup(void)
{
    subject->setup(rounds, sleeps);
}

enum use { SCOPED, CARRIED, THREAD };

static const struct cell_case {
    const char *name;
    const struct cell_subject *subject;
    enum use use;
    enum explore_mode mode;
    unsigned threads, handlers, rounds;
    bool sleeps;
    const char *mistake; /* made on purpose: what the search must find */
    uint64_t at_least;   /* schedules */
} cell_cases[] = {
    { "cell, x86-64: three CPUs", &cell_subject_x86_64, SCOPED, EXPLORE_CPUS, 3, 0, 1,
      .at_least = 2000 },
    { "cell, x86-64: two CPUs, twice each", &cell_subject_x86_64, SCOPED, EXPLORE_CPUS, 2, 0, 2,
      .at_least = 500 },
    { "cell, x86-64: three CPUs, twice each", &cell_subject_x86_64, SCOPED, EXPLORE_CPUS, 3, 0, 2,
      .at_least = 100000 },
    { "cell carried, x86-64: three CPUs", &cell_subject_x86_64, CARRIED, EXPLORE_CPUS, 3, 0, 1,
      .at_least = 2000 },
    { "thread cell, x86-64: three CPUs", &cell_subject_x86_64, THREAD, EXPLORE_CPUS, 3, 0, 1,
      .at_least = 2000 },
    { "cell, Cortex-M: a thread and two nested handlers", &cell_subject_cortex_m, SCOPED,
      EXPLORE_NESTED, 1, 2, 2, .at_least = 100 },
    { "cell, Cortex-M: two threads that sleep with it, a handler", &cell_subject_cortex_m, SCOPED,
      EXPLORE_ONE_CPU, 2, 1, 2, true, .at_least = 40 },
    { "cell carried, Cortex-M: a thread and two nested handlers", &cell_subject_cortex_m, CARRIED,
      EXPLORE_NESTED, 1, 2, 2, .at_least = 100 },
    { "thread cell, Cortex-M: three threads that sleep with it", &cell_subject_cortex_m, THREAD,
      EXPLORE_ONE_CPU, 3, 0, 2, true, .at_least = 40 },
    { "thread cell, Cortex-M, used on two CPUs (broken)", &cell_subject_cortex_m, THREAD,
      EXPLORE_CPUS, 2, 0, 1, .mistake = "put into a full cell", .at_least = 1 },
};
enum { CELL_CASES = sizeof cell_cases / sizeof cell_cases[0] };

START_TEST(cells)
{
    const struct cell_case *c = &cell_cases[_i];
    struct explore_program p = { c->mode,    c->threads, c->handlers,
                                 cell_setup, NULL,       c->subject->verify };

    subject = c->subject;
    rounds = c->rounds;
    sleeps = c->sleeps;
    p.run = c->use == SCOPED    ? subject->scoped
            : c->use == CARRIED ? subject->carried
                                : subject->thread;

    struct explore_result r = explore(&p);

    report(c->name, &r);
    ck_assert_pstr_eq(r.violation, c->mistake);
    ck_assert_uint_ge(r.schedules, c->at_least);
}
END_TEST

/* --- locks and wait queues --- */

START_TEST(sleeps_and_locks)
{
    const struct sleep_scenario *s = &sleep_scenarios[_i];
    struct explore_result r = explore(&s->program);

    report(s->name, &r);
    ck_assert_pstr_eq(r.violation, s->mistake);
    ck_assert_uint_ge(r.schedules, s->mistake != NULL ? 1 : 10);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("small_scope");
    TCase *tc = tcase_create("small_scope");

    tcase_set_timeout(tc, 100);
    tcase_add_loop_test(tc, cells, 0, CELL_CASES);
    tcase_add_loop_test(tc, sleeps_and_locks, 0, (int)sleep_scenario_count);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
