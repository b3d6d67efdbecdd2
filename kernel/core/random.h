/* Random bytes for programs (getrandom(2), /dev/urandom, AT_RANDOM): ChaCha20 (RFC 8439) as a generator, rekeyed from its own output. */
#pragma once

#include <hal/types.h>

/* Thread context, both; neither sleeps. */
void random_bytes(void *buf, size_t n);
/* Stir something in: a boot seed, what a user wrote to /dev/urandom, an arrival time. */
void random_mix(const void *data, size_t n);
