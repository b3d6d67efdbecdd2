/* Lines and their handlers (hal/irq_lines.c), on a controller that notes what it is told. */
#include <check.h>

#include <errno.h>
#include <stdlib.h>

#include <hal/irq.h>
#include <hal/irq_lines.h>
#include <tests/suite.h>

enum { LINES = 10, NOT_TOLD = -1, MANY = 1000 };

static bool irqs_on;
static int told[2 * IRQ_LINES_MAX]; /* NOT_TOLD, or the last */
static unsigned served[3];

irqstate_t
hal_irq_save(void) no_tsa
{
    irqstate_t was = irqs_on;

    irqs_on = false;
    return was;
}

void
hal_irq_restore(irqstate_t state) no_tsa
{
    irqs_on = state != 0;
}

void
irq_line_enable(unsigned line, bool on)
{
    ck_assert(!irqs_on);
    ck_assert_uint_lt(line, irq_lines_count());
    told[line] = on;
}

static void
handler(void *arg)
{
    ++*(unsigned *)arg;
}

static void
start(unsigned lines)
{
    irqs_on = true;
    for (unsigned i = 0; i < 2 * IRQ_LINES_MAX; i++)
        told[i] = NOT_TOLD;
    irq_lines_init(lines);
}

START_TEST(test_shared_line)
{
    start(LINES);
    ck_assert_int_eq(hal_irq_attach(3, handler, &served[0]), 0);
    ck_assert_int_eq(hal_irq_attach(4, handler, &served[1]), 0);
    ck_assert_int_eq(hal_irq_attach(3, handler, &served[2]), 0);
    ck_assert(irqs_on);
    ck_assert_int_eq(told[3], true);
    irq_lines_serve(3);
    ck_assert(served[0] == 1 && served[1] == 0 && served[2] == 1);
    irq_lines_serve(4);
    ck_assert(served[0] == 1 && served[1] == 1 && served[2] == 1);
    hal_irq_detach(3, handler, &served[0]);
    ck_assert_int_eq(told[3], true); /* the other one's */
    irq_lines_serve(3);
    ck_assert(served[0] == 1 && served[2] == 2);
    hal_irq_detach(3, handler, &served[1]); /* another line's */
    ck_assert_int_eq(told[3], true);
    hal_irq_detach(3, handler, &served[2]);
    ck_assert_int_eq(told[3], false);
    ck_assert_int_eq(told[4], true);
    irq_lines_serve(3); /* was on its way */
    ck_assert(served[2] == 2);
    ck_assert_uint_eq(hal_irq_count(3), 3);
    ck_assert_uint_eq(hal_irq_count(4), 1);
    ck_assert(irqs_on);
}
END_TEST

START_TEST(test_masked)
{
    start(LINES);
    ck_assert_int_eq(hal_irq_attach(3, handler, &served[0]), 0);
    hal_irq_mask(3);
    ck_assert_int_eq(told[3], false);
    hal_irq_unmask(3);
    ck_assert_int_eq(told[3], true);
}
END_TEST

/* The controller hears nothing of lines it has not (irq_line_enable() would fail). */
START_TEST(test_no_such_line)
{
    static const unsigned no_line[] = { LINES, IRQ_LINES_MAX, 2 * IRQ_LINES_MAX, ~0u };

    start(LINES);
    for (unsigned i = 0; i < sizeof no_line / sizeof no_line[0]; i++) {
        ck_assert_int_eq(hal_irq_attach(no_line[i], handler, &served[0]), -EINVAL);
        hal_irq_detach(no_line[i], handler, &served[0]);
        hal_irq_mask(no_line[i]);
        hal_irq_unmask(no_line[i]);
        irq_lines_serve(no_line[i]);
        ck_assert_uint_eq(hal_irq_count(no_line[i]), 0);
    }
    ck_assert_uint_eq(served[0], 0);
    ck_assert(irqs_on);
}
END_TEST

START_TEST(test_more_lines_than_places)
{
    start(MANY);
    ck_assert_uint_eq(irq_lines_count(), IRQ_LINES_MAX);
    ck_assert_int_eq(hal_irq_attach(IRQ_LINES_MAX - 1, handler, &served[0]), 0);
    ck_assert_int_eq(hal_irq_attach(IRQ_LINES_MAX, handler, &served[0]), -EINVAL);
}
END_TEST

START_TEST(test_full)
{
    unsigned n = 0;
    int err;

    start(LINES);
    while ((err = hal_irq_attach(1, handler, &served[0])) == 0 && n < MANY)
        n++;
    ck_assert_int_eq(err, -ENOMEM);
    ck_assert_uint_ge(n, 16);
    ck_assert_int_eq(hal_irq_attach(2, handler, &served[1]), -ENOMEM);
    ck_assert_int_eq(told[2], NOT_TOLD);
    irq_lines_serve(1);
    ck_assert_uint_eq(served[0], n);
    hal_irq_detach(1, handler, &served[0]); /* all of them */
    ck_assert_int_eq(told[1], false);
    ck_assert_int_eq(hal_irq_attach(2, handler, &served[1]), 0);
}
END_TEST

RUN_TESTS("irq_lines", test_shared_line, test_masked, test_no_such_line,
          test_more_lines_than_places, test_full)
