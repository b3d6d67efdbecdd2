/* Take cells: every way out of a body, who is told what when one is skipped, and the poison on the state at rest. */
#include <kernel/trusted/cell.h>
#include <tests/sanitizer_exit.h>
#include <tests/suite.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"

enum { RAM = 1 << 20 };

struct state {
    int value;
    char name[12];
};

static struct state *state; /* in simulated RAM */
static CELL(struct state) cell;
static CELL_THREAD(struct state) thread_cell;

static void
setup(void)
{
    fake_boot(RAM);
    state = fake_ram();
    state->value = 5;
    cell_put(&cell, state);
    cell_put(&thread_cell, (struct state *)fake_ram() + 8);
}

static void
teardown(void)
{
    hal_mem_unpoison(fake_ram(), RAM);
}

/* What a body does before it ends. */
enum way { FALLS_OUT, BREAKS, CONTINUES, RETURNS, GOES };

static int
use(enum way way)
{
    cell_with (p, &cell) {
        p->value++;
        if (way == BREAKS)
            break;
        if (way == CONTINUES)
            continue;
        if (way == RETURNS)
            return 1;
        if (way == GOES)
            goto out;
        p->value++;
    }
    return 0;
out:
    return 2;
}

START_TEST(every_exit_puts_back)
{
    static const int result[] = { 0, 0, 0, 1, 2 }, value[] = { 7, 8, 9, 10, 11 };

    for (enum way way = FALLS_OUT; way <= GOES; way++) {
        ck_assert_int_eq(use(way), result[way]);
        ck_assert(!cell_held(&cell));
        cell_with (p, &cell)
            ck_assert_int_eq(p->value, value[way]);
    }
    ck_assert_uint_eq(cell_skips(), 0);
}
END_TEST

/* A body inside a loop: break leaves the body, not the loop. */
START_TEST(break_leaves_the_body_only)
{
    int rounds = 0;

    for (int i = 0; i < 3; i++) {
        cell_with (p, &cell) {
            p->value++;
            break;
        }
        rounds++;
    }
    ck_assert_int_eq(rounds, 3);
    cell_with (p, &cell)
        ck_assert_int_eq(p->value, 8);
}
END_TEST

START_TEST(two_cells_nest)
{
    cell_with (p, &cell) {
        cell_with (q, &thread_cell) {
            q->value = p->value;
            ck_assert(cell_held(&cell) && cell_held(&thread_cell));
        }
        ck_assert(!cell_held(&thread_cell));
    }
    cell_with (q, &thread_cell)
        ck_assert_int_eq(q->value, 5);
}
END_TEST

START_TEST(taken_state_leaves_the_function)
{
    struct state *p = cell_take(&cell);

    ck_assert_ptr_eq(p, state);
    ck_assert_ptr_null(cell_take(&cell));
    ck_assert_uint_eq(cell_skips(), 0); /* who takes looks at what he got */
    cell_put(&cell, p);
    ck_assert(!cell_held(&cell));
}
END_TEST

/* --- skips --- */

enum { HOLDER_LINE = __LINE__ + 9, TAKER_LINE = HOLDER_LINE + 1 };

static void
skip(bool fatal)
{
    bool ran = false;

    cell_skips_are_fatal(fatal);

    cell_with (p, &cell) {
        cell_with (q, &cell)
            ran = q != p;
    }
    ck_assert(!ran);
}

START_TEST(a_skip_names_both)
{
    char holder[80], taker[80];

    skip(false);
    ck_assert_uint_eq(cell_skips(), 1);
    snprintf(holder, sizeof holder, "held since %s:%d", __FILE__, HOLDER_LINE);
    snprintf(taker, sizeof taker, "%s:%d is skipped", __FILE__, TAKER_LINE);
    ck_assert_ptr_nonnull(strstr(fake_log(), holder));
    ck_assert_ptr_nonnull(strstr(fake_log(), taker));
    ck_assert(!cell_held(&cell)); /* the skip did not put anything */
}
END_TEST

START_TEST(a_skip_can_be_fatal)
{
    skip(true);
}
END_TEST

static void
handler(void *arg)
{
    cell_with (p, &cell) {
        *(bool *)arg = true;
        p->value++;
    }
}

/* An interrupt in the middle of a body is skipped, and says so. */
START_TEST(interrupt_in_a_body)
{
    bool ran = false;

    ck_assert_int_eq(hal_irq_attach(3, handler, &ran), 0);

    irqstate_t state_before = hal_irq_save();

    hal_irq_restore(HAL_IRQS_ON);
    cell_with (p, &cell) {
        fake_irq(3);
        ck_assert(!ran);
        ck_assert_int_eq(p->value, 5);
    }
    ck_assert_uint_eq(cell_skips(), 1);
    fake_irq(3);
    ck_assert(ran);
    hal_irq_save();
    hal_irq_restore(state_before);
}
END_TEST

START_TEST(double_put_panics)
{
    cell_put(&cell, state);
}
END_TEST

/* --- the poison --- */

static struct state *escaped;

static void
escape(void)
{
    cell_with (p, &cell)
        escaped = p;
}

START_TEST(escaped_pointer_is_found)
{
    escape();
    escaped->value++;
}
END_TEST

START_TEST(untaken_state_is_poisoned)
{
    state->name[3] = 'x';
}
END_TEST

START_TEST(taken_state_is_not_poisoned)
{
    cell_with (p, &cell) {
        memset(p->name, 'x', sizeof p->name);
        state->value = 3;
    }
    cell_with (p, &cell)
        ck_assert_int_eq(p->value, 3);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("cell");
    TCase *tc = tcase_create("cell");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_exit_puts_back);
    tcase_add_test(tc, break_leaves_the_body_only);
    tcase_add_test(tc, two_cells_nest);
    tcase_add_test(tc, taken_state_leaves_the_function);
    tcase_add_test(tc, a_skip_names_both);
    tcase_add_exit_test(tc, a_skip_can_be_fatal, FAKE_PANIC_EXIT);
    tcase_add_test(tc, interrupt_in_a_body);
    tcase_add_exit_test(tc, double_put_panics, FAKE_PANIC_EXIT);
    tcase_add_exit_test(tc, escaped_pointer_is_found, SANITIZER_EXIT);
    tcase_add_exit_test(tc, untaken_state_is_poisoned, SANITIZER_EXIT);
    tcase_add_test(tc, taken_state_is_not_poisoned);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
