/* Register accesses: one load, store, `in` or `out` each. */
#include <hal/io.h>
#include <hal/x86_64/io_raw.h>
#include <hal/x86_64/trace.h>

uint64_t
hal_io_read(const struct io *io, uint32_t off, unsigned width)
{
    io_check(io, off, width);
    return io_raw_read(io, off, width);
}

void
hal_io_write(const struct io *io, uint32_t off, unsigned width, uint64_t value)
{
    io_check(io, off, width);
    io_raw_write(io, off, width, value);
}

void
hal_io_read_rep(const struct io *io, uint32_t off, unsigned width, void *buf, size_t count)
{
    uint8_t *to = buf;

    io_check(io, off, width);
    if (io->space == IO_PORT && width == 2) {
        x86_insw((uint16_t)(io->base + off), buf, count);
        return;
    }
    TRUSTED_BEGIN(mmio)
    for (size_t i = 0; i < count; i++, to += width) {
        uint64_t v = io_raw_read(io, off, width);

        __builtin_memcpy(to, &v, width);
    }
    TRUSTED_END
}

void
hal_io_write_rep(const struct io *io, uint32_t off, unsigned width, const void *buf, size_t count)
{
    const uint8_t *from = buf;

    io_check(io, off, width);
    if (io->space == IO_PORT && width == 2) {
        x86_outsw((uint16_t)(io->base + off), buf, count);
        return;
    }
    TRUSTED_BEGIN(mmio)
    for (size_t i = 0; i < count; i++, from += width) {
        uint64_t v = 0;

        __builtin_memcpy(&v, from, width);
        io_raw_write(io, off, width, v);
    }
    TRUSTED_END
}

void
x86_trace_irq(unsigned gsi unused_param)
{
}

void
x86_trace_timer(void)
{
}

bool
x86_trace_active(void)
{
    return false;
}

void
x86_trace_release(const void *p unused_param, size_t len unused_param)
{
}

void
x86_trace_acquire(const void *p unused_param, size_t len unused_param)
{
}
