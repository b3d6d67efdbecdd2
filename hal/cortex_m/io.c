/* Register accesses: one load or store each. */
#include <hal/io.h>
#include <hal/power.h>

static uintptr_t
address(const struct io *io, uint32_t off, unsigned width)
{
    if (io->space != IO_MMIO || off > io->size || width > io->size - off || width > 4)
        hal_panic("register access outside the device");
    return (uintptr_t)(io->base + off);
}

TRUSTED_BEGIN(mmio)
uint64_t
hal_io_read(const struct io *io, uint32_t off, unsigned width)
{
    uintptr_t a = address(io, off, width);

    return width == 1   ? *(volatile uint8_t *)a
           : width == 2 ? *(volatile uint16_t *)a
                        : *(volatile uint32_t *)a;
}

void
hal_io_write(const struct io *io, uint32_t off, unsigned width, uint64_t value)
{
    uintptr_t a = address(io, off, width);

    if (width == 1)
        *(volatile uint8_t *)a = (uint8_t)value;
    else if (width == 2)
        *(volatile uint16_t *)a = (uint16_t)value;
    else
        *(volatile uint32_t *)a = (uint32_t)value;
    __asm__ volatile("dsb" : : : "memory");
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
TRUSTED_END
