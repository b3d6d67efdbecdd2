/* The end of a kernel that found itself wrong. */
#include <hal/irq.h>
#include <hal/power.h>
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>

void
panic(const char *fmt, ...) no_tsa
{
    static char text[240];
    static bool again;
    va_list ap;

    hal_irq_save();
    if (again) /* the panic panics: say what was said first */
        hal_panic(text);
    again = true;
    va_start(ap, fmt);
    fmt_vprint(text, sizeof text, fmt, ap);
    va_end(ap);
    klog(LOG_ERR, "panic: %s", text);
    hal_panic(text);
}

void
assert_fail(const char *expr, const char *file, int line)
{
    panic("assertion failed: %s (%s:%d)", expr, file, line);
}
