/* Typed fields of on-disk and in-memory structures: read and written through a span, little or big endian, bounds checked.
 * No buffer is ever cast to a structure. */
#pragma once

#include <kernel/trusted/span.h>

TRUSTED_BEGIN(mmio)
static inline uint16_t
get_le16(struct cspan s, size_t off)
{
    struct cspan f = cspan_sub(s, off, 2);
    return (uint16_t)(f.ptr[0] | f.ptr[1] << 8);
}

static inline uint32_t
get_le32(struct cspan s, size_t off)
{
    struct cspan f = cspan_sub(s, off, 4);
    return (uint32_t)f.ptr[0] | (uint32_t)f.ptr[1] << 8 | (uint32_t)f.ptr[2] << 16 |
           (uint32_t)f.ptr[3] << 24;
}
TRUSTED_END

static inline uint64_t
get_le64(struct cspan s, size_t off)
{
    return (uint64_t)get_le32(s, off) | (uint64_t)get_le32(s, off + 4) << 32;
}

TRUSTED_BEGIN(mmio)
static inline void
put_le16(struct span s, size_t off, uint16_t v)
{
    struct span f = span_sub(s, off, 2);
    f.ptr[0] = (uint8_t)v;
    f.ptr[1] = (uint8_t)(v >> 8);
}
TRUSTED_END

static inline void
put_le32(struct span s, size_t off, uint32_t v)
{
    put_le16(s, off, (uint16_t)v);
    put_le16(s, off + 2, (uint16_t)(v >> 16));
}

static inline void
put_le64(struct span s, size_t off, uint64_t v)
{
    put_le32(s, off, (uint32_t)v);
    put_le32(s, off + 4, (uint32_t)(v >> 32));
}
