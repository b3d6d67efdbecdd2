/* Strings: C's, which end with a zero byte, and text with a length, which is what to parse. */
#pragma once

#include <hal/types.h>

size_t str_len(const char *s);
size_t str_nlen(const char *s, size_t max);
bool str_eq(const char *a, const char *b);
/* True if the first n bytes are equal (strncmp == 0). */
bool must_check str_neq(const char *a, const char *b, size_t n);
bool str_starts(const char *s, const char *prefix);
const char *_Nullable str_chr(const char *s, char c);
/* `s` from its byte `i` on; from its end on, where it is shorter. */
const char *str_from(const char *s, size_t i);
/* Copy at most size-1 bytes and terminate; returns the length copied. */
size_t str_copy(char *dst, size_t size, const char *src);

struct text {
    const char *ptr;
    size_t len;
};

struct text text_of(const char *s);
/* Byte `i`; 0 at the end and behind it. */
char text_at(struct text t, size_t i);
/* The part from byte `from` on, at most `len` bytes; empty behind the end. */
struct text text_sub(struct text t, size_t from, size_t len);
/* Is `prefix` what it starts with? */
bool text_starts(struct text t, const char *prefix);
/* Where `c` first stands, from byte `from` on; the length if nowhere. */
size_t text_find(struct text t, size_t from, char c);
/* Copy at most size-1 bytes and terminate; returns the length copied. */
size_t text_copy(char *dst, size_t size, struct text t);
