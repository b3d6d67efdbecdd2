/* Seeded random streams (xoshiro256**, seeded by splitmix64 from the machine's seed and a name).
 *
 * One stream per device and purpose: drawing from one never shifts another.
 */
#pragma once

#include <stdint.h>

struct sim;
struct model;

struct sim_stream {
    uint64_t s[4];
};

void sim_stream_init(struct sim_stream *stream, uint64_t seed, const char *name);
uint64_t sim_stream_u64(struct sim_stream *stream);

/* The machine's seed, for streams of the host side. */
uint64_t sim_seed(const struct sim *sim);

/* From the device's own stream. */
uint64_t sim_random_u64(struct model *model);
/* 0 .. bound-1, without bias; 0 for bound 0. */
uint64_t sim_random_below(struct model *model, uint64_t bound);
