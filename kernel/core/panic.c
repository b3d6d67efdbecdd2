/* The end of a kernel that found itself wrong. */
#include <hal/irq.h>
#include <hal/power.h>
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/trusted/cell.h>

struct last_words {
    char text[240];
};

/* Whoever panics first takes it, and never puts it back. */
static struct last_words first_words;
static CELL(struct last_words) words_cell = CELL_INIT(&first_words);

struct saying {
    struct last_words *words;
    const char *fmt;
    va_list ap;
};

/* Once: what panics in here does not come here again. */
static void
say_last(void *arg)
{
    struct saying *s = arg;

    fmt_vprint(s->words->text, sizeof s->words->text, s->fmt, s->ap);
    hal_panic(s->words->text);
}

void
panic(const char *fmt, ...)
{
    struct saying s = { .words = cell_take(&words_cell), .fmt = fmt };

    hal_irq_save();
    if (s.words == NULL) /* the panic panics: say what was said first */
        hal_panic(first_words.text);
    va_start(s.ap, fmt);
    hal_panic_on_stack(say_last, &s);
}

void
assert_fail(const char *expr, const char *file, int line)
{
    panic("assertion failed: %s (%s:%d)", expr, file, line);
}

void
assert_fail_here(void)
{
    panic("assertion failed at %p", __builtin_return_address(0));
}
