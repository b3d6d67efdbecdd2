/* The kernel's log: the newest text is kept in a ring, in the form of syslog(2): "<level>[seconds.micros] text\n". */
#include <hal/irq.h>
#include <hal/power.h>
#include <hal/time.h>
#include <hal/upcall.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/trusted/bounds.h>

enum {
    RING_SIZE = CONFIG_LOG_RING_SIZE,
    LINE_MAX = 240,
    PREFIX_LEN = 3, /* "<6>", not shown on the console */
};

static char ring[RING_SIZE] guarded_by(hal_irqs_off);
static uint64_t ring_end guarded_by(hal_irqs_off);    /* bytes ever written */
static uint64_t lines_start guarded_by(hal_irqs_off); /* where the oldest whole line starts */
static enum log_level shown = LOG_INFO;

static void
ring_write(const char *text, size_t len) requires_lock(hal_irqs_off)
{
    for (size_t i = 0; i < len; i++)
        ring[(ring_end + i) % RING_SIZE] = at(text, len, i);
    ring_end += len;
    if (ring_end - lines_start <= RING_SIZE)
        return;
    lines_start = ring_end - RING_SIZE + 1; /* the byte before it is still there to look at */
    for (unsigned n = 0; n < RING_SIZE && ring[(lines_start - 1) % RING_SIZE] != '\n'; n++)
        lines_start++;
}

static void log_line(enum log_level level, const char *fmt, va_list ap) printf_like(2, 0);

/* The line lies not on the stack: this is what every deepest chain of calls ends with. */
static void
log_line(enum log_level level, const char *fmt, va_list ap)
{
    static char line[LINE_MAX + 32] guarded_by(hal_irqs_off);
    irqstate_t state = hal_irq_save();
    uint64_t us = hal_time_now_ns() / 1000;
    size_t head = fmt_print(line, sizeof line, "<%d>[%5llu.%06llu] ", (int)level,
                            (unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000));
    size_t room = LINE_MAX + 1;
    size_t len = fmt_vprint(&line[head], room, fmt, ap);

    if (len >= room)
        len = room - 1;
    line[head + len] = '\n';
    len += head + 1;
    ring_write(line, len);
    if (level <= shown)
        hal_log_write(&line[PREFIX_LEN], len - PREFIX_LEN);
    hal_irq_restore(state);
}

void
klog(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    log_line(level, fmt, ap);
    va_end(ap);
}

bool
klog_once(bool *done, enum log_level level, const char *fmt, ...)
{
    va_list ap;

    if (*done)
        return false;
    *done = true;
    va_start(ap, fmt);
    log_line(level, fmt, ap);
    va_end(ap);
    return true;
}

void
log_set_level(enum log_level level)
{
    shown = level;
}

enum log_level
log_level(void)
{
    return shown;
}

size_t
log_read(char *buf, size_t size)
{
    irqstate_t state = hal_irq_save();
    uint64_t start = lines_start;

    if (ring_end - start > size)
        start = ring_end - size;

    size_t len = (size_t)(ring_end - start);

    for (size_t i = 0; i < len; i++)
        at(buf, len, i) = ring[(start + i) % RING_SIZE];
    hal_irq_restore(state);
    return len;
}

size_t
log_size(void)
{
    irqstate_t state = hal_irq_save();
    size_t len = (size_t)(ring_end - lines_start);

    hal_irq_restore(state);
    return len;
}

int
kernel_log_level(int level)
{
    if (level >= 0)
        shown = level < LOG_DEBUG ? (enum log_level)level : LOG_DEBUG;
    return (int)shown;
}
