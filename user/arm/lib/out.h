/* Printing. */
#pragma once

#include <stdarg.h>

/* Write text to a descriptor, in pieces of OUT_BUFFER bytes.  %s %c %d %u %x %o and %%, with a minus sign, a zero and a width.
 * 0, or a negative error number. */
enum { OUT_BUFFER = 64 };
__attribute__((format(printf, 2, 3))) int print(int fd, const char *fmt, ...);
/* "NAME: WHAT: the error" on standard error; 1, for main() to return. */
int fail(const char *what, int error);
/* "usage: NAME ARGUMENTS" on standard error; 2. */
int usage(const char *arguments);
/* The message of a negative error number. */
const char *error_text(int error);
/* Write it all; 0, or a negative error number. */
int write_all(int fd, const void *buf, unsigned len);
