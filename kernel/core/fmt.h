/* Formatted text. */
#pragma once

#include <stdarg.h>

#include <hal/types.h>
#include <kernel/trusted/str.h>

/* Decimal (base 10) or 0x-hexadecimal number at `s`; -EINVAL if it is none, -ERANGE if it does not fit. */
int must_check str_to_u64(const char *s, uint64_t *out);

/* printf subset: %d %i %u %x %X %o %c %s %p %% with - 0 + # width precision * and hh h l ll z j t.  Always terminates when
 * size > 0; returns the length the whole text would have. */
size_t fmt_vprint(char *buf, size_t size, const char *fmt, va_list ap) printf_like(3, 0);
size_t fmt_print(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);
