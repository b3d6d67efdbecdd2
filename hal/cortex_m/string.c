/* What compilers call: the four functions of <string.h>, their names in the run-time ABI for the Arm architecture (RTABI32, 4.3.4),
 * and 64-bit division (4.3.1). */
#include <stddef.h>
#include <stdint.h>

#include <hal/attr.h>

#pragma clang diagnostic ignored "-Wmissing-prototypes"

/* By the compiler's own calls, which link-time optimization does not see coming. */
#define USED __attribute__((used))

TRUSTED_BEGIN(memory)
void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
    uint8_t *d = to;
    const uint8_t *s = from;

    if ((((uintptr_t)d | (uintptr_t)s) & 3) == 0)
        for (; n >= 4; n -= 4, d += 4, s += 4)
            *(uint32_t *)(void *)d = *(const uint32_t *)(const void *)s;
    for (; n > 0; n--)
        *d++ = *s++;
    return to;
}

void *
memmove(void *to, const void *from, size_t n)
{
    uint8_t *d = to;
    const uint8_t *s = from;

    if (d <= s || d >= s + n) {
        for (; n > 0; n--)
            *d++ = *s++;
        return to;
    }
    while (n-- > 0)
        d[n] = s[n];
    return to;
}

void *
memset(void *to, int byte, size_t n)
{
    uint8_t *d = to;

    for (; n > 0 && ((uintptr_t)d & 3) != 0; n--)
        *d++ = (uint8_t)byte;
    for (; n >= 4; n -= 4, d += 4)
        *(uint32_t *)(void *)d = (uint8_t)byte * 0x01010101u;
    for (; n > 0; n--)
        *d++ = (uint8_t)byte;
    return to;
}

int
memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;

    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

size_t
strlen(const char *s)
{
    size_t n = 0;

    while (s[n] != '\0')
        n++;
    return n;
}

USED void
__aeabi_memcpy(void *restrict to, const void *restrict from, size_t n)
{
    memcpy(to, from, n);
}

USED void
__aeabi_memmove(void *to, const void *from, size_t n)
{
    memmove(to, from, n);
}

USED void
__aeabi_memset(void *to, size_t n, int byte)
{
    memset(to, byte, n);
}

USED void
__aeabi_memclr(void *to, size_t n)
{
    memset(to, 0, n);
}

#define ALIAS(name, of) extern __typeof__(of) name USED __attribute__((alias(#of)))
ALIAS(__aeabi_memcpy4, __aeabi_memcpy);
ALIAS(__aeabi_memcpy8, __aeabi_memcpy);
ALIAS(__aeabi_memmove4, __aeabi_memmove);
ALIAS(__aeabi_memmove8, __aeabi_memmove);
ALIAS(__aeabi_memset4, __aeabi_memset);
ALIAS(__aeabi_memset8, __aeabi_memset);
ALIAS(__aeabi_memclr4, __aeabi_memclr);
ALIAS(__aeabi_memclr8, __aeabi_memclr);

/* Schoolbook, bit by bit; 32-bit division where that is enough. */
uint64_t
cm_divide(uint64_t a, uint64_t b, uint64_t *rest)
{
    uint64_t q = 0;
    unsigned shift;

    if (b == 0 || (a | b) >> 32 == 0) {
        *rest = b == 0 ? a : (uint32_t)a % (uint32_t)b;
        return b == 0 ? 0 : (uint32_t)a / (uint32_t)b;
    }
    if (a < b) {
        *rest = a;
        return 0;
    }
    shift = (unsigned)(__builtin_clzll(b) - __builtin_clzll(a));
    b <<= shift;
    for (unsigned i = 0; i <= shift; i++, b >>= 1) {
        q <<= 1;
        if (a >= b) {
            a -= b;
            q |= 1;
        }
    }
    *rest = a;
    return q;
}

int64_t
cm_divide_signed(int64_t a, int64_t b, int64_t *rest)
{
    uint64_t r,
        q = cm_divide(a < 0 ? -(uint64_t)a : (uint64_t)a, b < 0 ? -(uint64_t)b : (uint64_t)b, &r);

    *rest = (int64_t)(a < 0 ? -r : r);
    return (int64_t)((a < 0) != (b < 0) ? -q : q);
}
TRUSTED_END
