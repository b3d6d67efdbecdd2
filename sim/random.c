/* Random streams: xoshiro256** 1.0 and splitmix64 (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators"). */
#include <sim/machine.h>
#include <sim/random.h>

static uint64_t
splitmix64(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t
rotl(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

void
sim_stream_init(struct sim_stream *stream, uint64_t seed, const char *name)
{
    uint64_t x = seed;

    /* Fold the name in a byte at a time; splitmix64 is a bijection, so seeds stay apart for one
     * name. */
    for (const char *p = name; *p; p++) {
        x ^= (unsigned char)*p;
        x = splitmix64(&x);
    }
    for (unsigned i = 0; i < 4; i++) {
        stream->s[i] = splitmix64(&x);
    }
}

uint64_t
sim_stream_u64(struct sim_stream *stream)
{
    uint64_t *s = stream->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t
sim_seed(const struct sim *sim)
{
    return sim->config.seed;
}

uint64_t
sim_random_u64(struct model *model)
{
    return sim_stream_u64(&model->random);
}

uint64_t
sim_random_below(struct model *model, uint64_t bound)
{
    uint64_t limit, v;

    if (bound == 0) {
        return 0;
    }
    limit = UINT64_MAX - UINT64_MAX % bound; /* a multiple of bound */
    do {
        v = sim_random_u64(model);
    } while (v >= limit);
    return v % bound;
}
