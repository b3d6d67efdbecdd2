/* Register accesses, each written to the debug port as a line; instead of io.c in drydock-metal-trace.elf.
 *
 *     P 1f7 1 R 50      port, width in bytes, read or written, value; numbers but the width are hexadecimal
 *     M fee000b0 4 W 0  memory
 *     I 14              an interrupt on input 14 of the I/O APIC (decimal) is about to be served
 *     I timer           the local APIC's timer
 *     L text            a line of the kernel's log
 *
 * A string transfer is as many lines as it has accesses.  Lines come in the order of the accesses: interrupts are off in between. */
#include <hal/irq.h>
#include <hal/x86_64/debug_port.h>
#include <hal/x86_64/io_raw.h>
#include <hal/x86_64/trace.h>

enum { LINE_MAX = 48 };

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
log_access(const struct io *io, uint32_t off, unsigned width, char direction, uint64_t value)
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
    put_char(&l, '\n');
    debug_port_write(l.text, l.len);
}

uint64_t
hal_io_read(const struct io *io, uint32_t off, unsigned width) no_tsa
{
    irqstate_t s = hal_irq_save();
    uint64_t v;

    io_check(io, off, width);
    v = io_raw_read(io, off, width);
    log_access(io, off, width, 'R', v);
    hal_irq_restore(s);
    return v;
}

void
hal_io_write(const struct io *io, uint32_t off, unsigned width, uint64_t value) no_tsa
{
    irqstate_t s = hal_irq_save();

    io_check(io, off, width);
    log_access(io, off, width, 'W', value);
    io_raw_write(io, off, width, value);
    hal_irq_restore(s);
}

void
hal_io_read_rep(const struct io *io, uint32_t off, unsigned width, void *buf, size_t count)
{
    uint8_t *to = buf;

    for (size_t i = 0; i < count; i++, to += width) {
        uint64_t v = hal_io_read(io, off, width);

        __builtin_memcpy(to, &v, width);
    }
}

void
hal_io_write_rep(const struct io *io, uint32_t off, unsigned width, const void *buf, size_t count)
{
    const uint8_t *from = buf;

    for (size_t i = 0; i < count; i++, from += width) {
        uint64_t v = 0;

        __builtin_memcpy(&v, from, width);
        hal_io_write(io, off, width, v);
    }
}

void
x86_trace_irq(unsigned gsi)
{
    struct line l = { .len = 0 };

    put_char(&l, 'I');
    put_char(&l, ' ');
    put_number(&l, gsi, 10);
    put_char(&l, '\n');
    debug_port_write(l.text, l.len);
}

void
x86_trace_timer(void)
{
    debug_port_write("I timer\n", 8);
}

bool
x86_trace_active(void)
{
    return true;
}
