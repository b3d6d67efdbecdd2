/* Spans: a pointer and a length that travel together; access is checked.  An access outside is a kernel bug (panic):
 * whoever makes a span from untrusted lengths checks them first. */
#pragma once

#include <hal/types.h>

struct span {
    uint8_t *ptr;
    size_t len;
};

struct cspan {
    const uint8_t *ptr;
    size_t len;
};

void span_fail(const char *what) noreturn_fn; /* kernel/trusted/span.c */

static inline struct span
span_of(void *p, size_t len)
{
    return (struct span){ p, len };
}

static inline struct cspan
cspan_of(const void *p, size_t len)
{
    return (struct cspan){ p, len };
}

static inline struct cspan
span_const(struct span s)
{
    return (struct cspan){ s.ptr, s.len };
}

TRUSTED_BEGIN(cell)
/* The first of `len` bytes at `off`. */
static inline const uint8_t *
cspan_at(struct cspan s, size_t off, size_t len)
{
    if (off > s.len || len > s.len - off)
        span_fail("cspan_sub");
    return s.ptr + off;
}

static inline uint8_t *
span_at(struct span s, size_t off, size_t len)
{
    if (off > s.len || len > s.len - off)
        span_fail("span_sub");
    return s.ptr + off;
}

static inline struct span
span_sub(struct span s, size_t off, size_t len)
{
    return (struct span){ span_at(s, off, len), len };
}

static inline struct cspan
cspan_sub(struct cspan s, size_t off, size_t len)
{
    return (struct cspan){ cspan_at(s, off, len), len };
}

/* From `off` to the end. */
static inline struct span
span_from(struct span s, size_t off)
{
    return span_sub(s, off, off <= s.len ? s.len - off : 0);
}

static inline struct cspan
cspan_from(struct cspan s, size_t off)
{
    return cspan_sub(s, off, off <= s.len ? s.len - off : 0);
}

static inline uint8_t
span_get(struct cspan s, size_t i)
{
    if (i >= s.len)
        span_fail("span_get");
    return s.ptr[i];
}

static inline void
span_put(struct span s, size_t i, uint8_t v)
{
    if (i >= s.len)
        span_fail("span_put");
    s.ptr[i] = v;
}

/* Copy/fill; the lengths must match or fit. */
static inline void
span_copy(struct span dst, struct cspan src)
{
    if (src.len > dst.len)
        span_fail("span_copy");
    __builtin_memmove(dst.ptr, src.ptr, src.len);
}

static inline bool
span_eq(struct cspan a, struct cspan b)
{
    return a.len == b.len && __builtin_memcmp(a.ptr, b.ptr, a.len) == 0;
}

static inline void
span_fill(struct span dst, uint8_t v)
{
    __builtin_memset(dst.ptr, v, dst.len);
}
TRUSTED_END
