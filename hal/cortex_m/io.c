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
TRUSTED_END
