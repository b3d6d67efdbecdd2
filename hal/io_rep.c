/* Many accesses of one register, where the machine has no instruction for that (or each access is to be seen). */
#include <hal/io.h>

TRUSTED_BEGIN(mmio)
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
