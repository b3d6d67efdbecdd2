/* HAL: device registers.
 *
 * A `struct io` names a range of registers in one of the CPU's I/O spaces.  One access is one load, store, `in` or `out`
 * on the metal and one call into the model when hosted; it is never split, merged, repeated or reordered against other
 * register accesses of the same CPU.  `off` + width must lie inside the range: an access outside is a kernel bug and
 * stops the kernel (hal_panic), it never reaches the bus.
 *
 * Context: any, interrupts on or off.  When hosted an access advances the virtual clock and is a point where interrupts
 * are delivered if they are enabled.
 */
#pragma once

#include <hal/types.h>

enum io_space {
    IO_MMIO,
    IO_PORT,
};

struct io {
    uint64_t base;
    uint32_t size; /* bytes; 0: not present */
    enum io_space space;
};

/* Backend of the accessors below: width is 1, 2, 4 or 8 bytes (8 in IO_MMIO only). */
uint64_t hal_io_read(const struct io *io, uint32_t off, unsigned width);
void hal_io_write(const struct io *io, uint32_t off, unsigned width, uint64_t value);

/* String transfers through one register (x86 `rep insw/outsw` and the like): `count` accesses of `width` bytes. */
void hal_io_read_rep(const struct io *io, uint32_t off, unsigned width, void *buf, size_t count);
void hal_io_write_rep(const struct io *io, uint32_t off, unsigned width, const void *buf,
                      size_t count);

static inline uint8_t
io_read8(const struct io *io, uint32_t off)
{
    return (uint8_t)hal_io_read(io, off, 1);
}

static inline uint16_t
io_read16(const struct io *io, uint32_t off)
{
    return (uint16_t)hal_io_read(io, off, 2);
}

static inline uint32_t
io_read32(const struct io *io, uint32_t off)
{
    return (uint32_t)hal_io_read(io, off, 4);
}

static inline uint64_t
io_read64(const struct io *io, uint32_t off)
{
    return hal_io_read(io, off, 8);
}

static inline void
io_write8(const struct io *io, uint32_t off, uint8_t v)
{
    hal_io_write(io, off, 1, v);
}

static inline void
io_write16(const struct io *io, uint32_t off, uint16_t v)
{
    hal_io_write(io, off, 2, v);
}

static inline void
io_write32(const struct io *io, uint32_t off, uint32_t v)
{
    hal_io_write(io, off, 4, v);
}

static inline void
io_write64(const struct io *io, uint32_t off, uint64_t v)
{
    hal_io_write(io, off, 8, v);
}

/* The sub-range [off, off+size) of `io`. */
static inline struct io
io_part(const struct io *io, uint32_t off, uint32_t size)
{
    return (struct io){ .base = io->base + off, .size = size, .space = io->space };
}
