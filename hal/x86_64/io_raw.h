/* The accesses themselves, for io.c and io_trace.c. */
#pragma once

#include <hal/io.h>
#include <hal/power.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/x86.h>

/* Registers in memory are mapped from MMIO_FIRST to 4 GiB. */
static inline void
io_check(const struct io *io, uint32_t off, unsigned width)
{
    if (off > io->size || width > io->size - off)
        hal_panic("register access outside its range");
    if (io->space == IO_MMIO && (io->base < MMIO_FIRST || io->base + io->size > 0x100000000ull))
        hal_panic("registers outside of the mapped range");
}

TRUSTED_BEGIN(mmio)
static inline uint64_t
mmio_read(uint64_t at, unsigned width)
{
    switch (width) {
    case 1:
        return *(const volatile uint8_t *)at;
    case 2:
        return *(const volatile uint16_t *)at;
    case 4:
        return *(const volatile uint32_t *)at;
    default:
        return *(const volatile uint64_t *)at;
    }
}

static inline void
mmio_write(uint64_t at, unsigned width, uint64_t v)
{
    switch (width) {
    case 1:
        *(volatile uint8_t *)at = (uint8_t)v;
        break;
    case 2:
        *(volatile uint16_t *)at = (uint16_t)v;
        break;
    case 4:
        *(volatile uint32_t *)at = (uint32_t)v;
        break;
    default:
        *(volatile uint64_t *)at = v;
        break;
    }
}
TRUSTED_END

static inline uint64_t
io_raw_read(const struct io *io, uint32_t off, unsigned width)
{
    uint64_t at = io->base + off;

    if (io->space == IO_PORT)
        return width == 1   ? x86_in8((uint16_t)at)
               : width == 2 ? x86_in16((uint16_t)at)
                            : x86_in32((uint16_t)at);
    return mmio_read(at + MMIO_VMA, width);
}

static inline void
io_raw_write(const struct io *io, uint32_t off, unsigned width, uint64_t v)
{
    uint64_t at = io->base + off;

    if (io->space != IO_PORT)
        mmio_write(at + MMIO_VMA, width, v);
    else if (width == 1)
        x86_out8((uint16_t)at, (uint8_t)v);
    else if (width == 2)
        x86_out16((uint16_t)at, (uint16_t)v);
    else
        x86_out32((uint16_t)at, (uint32_t)v);
}
