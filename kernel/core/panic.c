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

static void say_last(struct last_words *words, const char *fmt, va_list ap) printf_like(2, 0);

/* Once: what panics in here does not come here again. */
static void noinline_fn
say_last(struct last_words *words, const char *fmt, va_list ap)
{
    fmt_vprint(words->text, sizeof words->text, fmt, ap);
}

void
panic(const char *fmt, ...)
{
    struct last_words *words = cell_take(&words_cell);
    va_list ap;

    hal_irq_save();
    if (words == NULL) /* the panic panics: say what was said first */
        hal_panic(first_words.text);
    va_start(ap, fmt);
    say_last(words, fmt, ap);
    va_end(ap);
    hal_panic(words->text);
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
