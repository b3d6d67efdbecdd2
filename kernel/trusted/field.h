/* Typed fields of on-disk, in-register and wire structures: read and written through a span, little or big endian, bounds checked.
 * No buffer is ever cast to a structure.
 *
 * A structure is one table, which says each field's name, kind and offset once:
 *
 *     #define SB_FIELDS(F)          \
 *         F(SB_MAGIC, le16, 56)     \
 *         F(SB_STATE, le16, 58)
 *     FIELDS(SB_FIELDS);
 *
 *     if (field_get(block, SB_MAGIC) != EXT2_MAGIC) ...
 *     field_put(block, SB_STATE, STATE_ERROR);
 *
 * A field is a value of its kind's type (struct f_le16), so that neither a width nor an endianness can be mixed up, and a function
 * can take a field as a parameter.
 */
#pragma once

#include <kernel/trusted/span.h>

TRUSTED_BEGIN(mmio)
static inline uint16_t
get_le16(struct cspan s, size_t off)
{
    const uint8_t *p = cspan_at(s, off, 2);
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
get_le32(struct cspan s, size_t off)
{
    const uint8_t *p = cspan_at(s, off, 4);
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
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
    uint8_t *p = span_at(s, off, 2);
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void
put_le32(struct span s, size_t off, uint32_t v)
{
    uint8_t *p = span_at(s, off, 4);
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}
TRUSTED_END

static inline void
put_le64(struct span s, size_t off, uint64_t v)
{
    put_le32(s, off, (uint32_t)v);
    put_le32(s, off + 4, (uint32_t)(v >> 32));
}

static inline uint16_t
get_be16(struct cspan s, size_t off)
{
    return __builtin_bswap16(get_le16(s, off));
}

static inline uint32_t
get_be32(struct cspan s, size_t off)
{
    return __builtin_bswap32(get_le32(s, off));
}

static inline void
put_be16(struct span s, size_t off, uint16_t v)
{
    put_le16(s, off, __builtin_bswap16(v));
}

static inline void
put_be32(struct span s, size_t off, uint32_t v)
{
    put_le32(s, off, __builtin_bswap32(v));
}

/* --- fields from tables --- */

#define FIELD_KIND(kind, type, get, put)                                                           \
    struct f_##kind {                                                                              \
        uint16_t at;                                                                               \
    };                                                                                             \
    static inline type field_get_##kind(struct cspan s, struct f_##kind f)                         \
    {                                                                                              \
        return get(s, f.at);                                                                       \
    }                                                                                              \
    static inline void field_put_##kind(struct span s, struct f_##kind f, type v)                  \
    {                                                                                              \
        put(s, f.at, v);                                                                           \
    }

FIELD_KIND(u8, uint8_t, span_get, span_put)
FIELD_KIND(le16, uint16_t, get_le16, put_le16)
FIELD_KIND(le32, uint32_t, get_le32, put_le32)
FIELD_KIND(le64, uint64_t, get_le64, put_le64)
FIELD_KIND(be16, uint16_t, get_be16, put_be16)
FIELD_KIND(be32, uint32_t, get_be32, put_be32)

#define FIELD_DEFINE(name, kind, offset)                                                           \
    static const struct f_##kind name __attribute__((unused)) = { (offset) };
#define FIELDS(table) table(FIELD_DEFINE) _Static_assert(1, #table)

/* Every kind has its own function: `verb` of the field's kind. */
#define FIELD_DO(verb, f)                                                                          \
    _Generic((f),                                                                                  \
        struct f_u8: verb##_u8,                                                                    \
        struct f_le16: verb##_le16,                                                                \
        struct f_le32: verb##_le32,                                                                \
        struct f_le64: verb##_le64,                                                                \
        struct f_be16: verb##_be16,                                                                \
        struct f_be32: verb##_be32)

/* Read the field out of a struct cspan; write it into a struct span.  A span too short is a panic, as everywhere. */
#define field_get(s, f)    FIELD_DO(field_get, f)(s, f)
#define field_put(s, f, v) FIELD_DO(field_put, f)(s, f, v)
