/* Bytes and strings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

int str_cmp(const char *a, const char *b);
bool str_eq(const char *a, const char *b);
/* Does `s` begin with `prefix`? */
bool str_begins(const char *s, const char *prefix);
/* The first `c` of `s`, or NULL. */
char *str_find(const char *s, char c);
/* What is behind the last '/' that is followed by something. */
const char *str_base(const char *path);
/* A number, decimal, octal (0...) or hexadecimal (0x...), with a suffix k or M if `suffix`; false if it is none, or over 32 bits. */
bool str_number(const char *s, bool suffix, uint32_t *out);
/* "dir/name" into `to`; false if it is longer than `size` with its end. */
bool str_path(char *to, size_t size, const char *dir, const char *name);
