/* Register accesses, each written to the debug port as a line; instead of io.c in drydock-metal-trace.elf.
 *
 *     P 1f7 1 R 50 5f5e100      port, width in bytes, read or written, value, time; numbers but the width are hexadecimal
 *     M fee000b0 4 W 0 5f5e200  memory
 *     I 14 5f5e100              an interrupt on input 14 of the I/O APIC (decimal) is about to be served
 *     I timer 5f5e100           the local APIC's timer
 *     D 1f4000 00ff...          memory that a device is about to see: address and bytes
 *     F 1f4000 1000 ee          the same, where all bytes are one
 *     E 1f4000 1000 811c9dc5    memory that a device has written, as the CPU finds it: address, length, FNV-1a
 *     L text            a line of the kernel's log
 *
 * The time is the time stamp counter: nanoseconds under QEMU's -icount.  A string transfer is as many lines as it has accesses.  Lines come in the order of the accesses: interrupts are off in between. */
#include <hal/irq.h>
#include <hal/space.h>
#include <hal/x86_64/debug_port.h>
#include <hal/x86_64/io_raw.h>
#include <hal/x86_64/trace.h>
#include <hal/x86_64/x86.h>

enum { LINE_MAX = 96, BYTES_PER_LINE = 32 };

struct line {
    char text[LINE_MAX];
    unsigned len;
};

static void
put_char(struct line *l, char c)
{
    l->text[l->len++] = c;
}

static void
put_number(struct line *l, uint64_t v, unsigned base)
{
    char digits[24];
    unsigned n = 0;

    do {
        digits[n++] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v != 0);
    while (n > 0)
        put_char(l, digits[--n]);
}

static void
put_time(struct line *l, uint64_t at)
{
    put_char(l, ' ');
    put_number(l, at, 16);
    put_char(l, '\n');
}

/* Whole: an interrupt's lines come before it or after it. */
static void
put_line(const struct line *l) no_tsa
{
    irqstate_t s = hal_irq_save();

    debug_port_write(l->text, l->len);
    hal_irq_restore(s);
}

static void
log_access(const struct io *io, uint32_t off, unsigned width, char direction, uint64_t value,
           uint64_t at)
{
    struct line l = { .len = 0 };

    put_char(&l, io->space == IO_PORT ? 'P' : 'M');
    put_char(&l, ' ');
    put_number(&l, io->base + off, 16);
    put_char(&l, ' ');
    put_number(&l, width, 10);
    put_char(&l, ' ');
    put_char(&l, direction);
    put_char(&l, ' ');
    put_number(&l, value, 16);
    put_time(&l, at);
    put_line(&l);
}

uint64_t
hal_io_read(const struct io *io, uint32_t off, unsigned width) no_tsa
{
    irqstate_t s = hal_irq_save();
    uint64_t at = x86_rdtsc(), v;

    io_check(io, off, width);
    v = io_raw_read(io, off, width);
    log_access(io, off, width, 'R', v, at);
    hal_irq_restore(s);
    return v;
}

void
hal_io_write(const struct io *io, uint32_t off, unsigned width, uint64_t value) no_tsa
{
    irqstate_t s = hal_irq_save();
    uint64_t at = x86_rdtsc();

    io_check(io, off, width);
    io_raw_write(io, off, width,
                 value); /* first: writing the line takes time, which a timer would show */
    log_access(io, off, width, 'W', value, at);
    hal_irq_restore(s);
}

void
x86_trace_irq(unsigned gsi)
{
    struct line l = { .len = 0 };

    put_char(&l, 'I');
    put_char(&l, ' ');
    put_number(&l, gsi, 10);
    put_time(&l, x86_rdtsc());
    put_line(&l);
}

void
x86_trace_timer(void)
{
    struct line l = { .len = 0 };

    for (const char *p = "I timer"; *p != '\0'; p++)
        put_char(&l, *p);
    put_time(&l, x86_rdtsc());
    put_line(&l);
}

static void
put_memory(struct line *l, char kind, const void *p)
{
    put_char(l, kind);
    put_char(l, ' ');
    put_number(l, hal_ptr_phys(p).v, 16);
    put_char(l, ' ');
}

static void
log_bytes(const uint8_t *bytes, size_t len)
{
    struct line l = { .len = 0 };

    put_memory(&l, 'D', bytes);
    for (size_t i = 0; i < len; i++) {
        put_number(&l, bytes[i] >> 4, 16);
        put_number(&l, bytes[i] & 15, 16);
    }
    put_char(&l, '\n');
    put_line(&l);
}

void
x86_trace_release(const void *p, size_t len)
{
    const uint8_t *bytes = p;
    struct line l = { .len = 0 };
    size_t same = 0;

    while (same < len && bytes[same] == bytes[0])
        same++;
    if (same < len) {
        for (size_t i = 0; i < len; i += BYTES_PER_LINE)
            log_bytes(bytes + i, len - i < BYTES_PER_LINE ? len - i : BYTES_PER_LINE);
    } else if (len > 0) {
        put_memory(&l, 'F', p);
        put_number(&l, len, 16);
        put_char(&l, ' ');
        put_number(&l, bytes[0], 16);
        put_char(&l, '\n');
        put_line(&l);
    }
}

void
x86_trace_acquire(const void *p, size_t len)
{
    const uint8_t *bytes = p;
    struct line l = { .len = 0 };
    uint32_t sum = 0x811c9dc5;

    for (size_t i = 0; i < len; i++)
        sum = (sum ^ bytes[i]) * 0x01000193;
    put_memory(&l, 'E', p);
    put_number(&l, len, 16);
    put_char(&l, ' ');
    put_number(&l, sum, 16);
    put_char(&l, '\n');
    put_line(&l);
}

bool
x86_trace_active(void)
{
    return true;
}
