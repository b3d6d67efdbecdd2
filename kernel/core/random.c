/* Random bytes: ChaCha20 (RFC 8439, section 2.3) in counter mode.  After each request the key is replaced by fresh output, so that
 * earlier output cannot be computed from what is left in memory.  The seed is the
 * machine's random source and what random_mix() was given. */
#include <hal/cpu.h>
#include <hal/irq.h>
#include <hal/time.h>
#include <kernel/core/random.h>
#include <kernel/trusted/field.h>

enum { BLOCK = 64, KEY_WORDS = 8, ROUNDS = 10 };

static uint32_t key[KEY_WORDS];
static uint64_t counter;
static bool seeded;

static uint32_t
rotl(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static void
quarter(uint32_t s[16], unsigned a, unsigned b, unsigned c, unsigned d)
{
    s[a] += s[b];
    s[d] = rotl(s[d] ^ s[a], 16);
    s[c] += s[d];
    s[b] = rotl(s[b] ^ s[c], 12);
    s[a] += s[b];
    s[d] = rotl(s[d] ^ s[a], 8);
    s[c] += s[d];
    s[b] = rotl(s[b] ^ s[c], 7);
}

static void
block(struct span out)
{
    uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
    uint32_t s[16];

    for (unsigned i = 0; i < KEY_WORDS; i++)
        in[4 + i] = key[i];
    in[12] = (uint32_t)counter;
    in[13] = (uint32_t)(counter >> 32);
    counter++;
    for (unsigned i = 0; i < 16; i++)
        s[i] = in[i];
    for (unsigned i = 0; i < ROUNDS; i++) {
        quarter(s, 0, 4, 8, 12);
        quarter(s, 1, 5, 9, 13);
        quarter(s, 2, 6, 10, 14);
        quarter(s, 3, 7, 11, 15);
        quarter(s, 0, 5, 10, 15);
        quarter(s, 1, 6, 11, 12);
        quarter(s, 2, 7, 8, 13);
        quarter(s, 3, 4, 9, 14);
    }
    for (unsigned i = 0; i < 16; i++)
        put_le32(out, i * 4, s[i] + in[i]);
}

static void
rekey(void)
{
    uint8_t b[BLOCK];

    block(span_of(b, sizeof(b)));
    for (unsigned i = 0; i < KEY_WORDS; i++)
        key[i] = get_le32(cspan_of(b, sizeof(b)), i * 4);
    __builtin_memset(b, 0, sizeof(b));
}

void
random_mix(const void *data, size_t n)
{
    struct cspan in = cspan_of(data, n);
    irqstate_t state = hal_irq_save();

    for (size_t i = 0; i < n; i++) {
        key[i / 4 % KEY_WORDS] ^= (uint32_t)span_get(in, i) << i % 4 * 8;
        if (i % (KEY_WORDS * 4) == KEY_WORDS * 4 - 1)
            rekey();
    }
    rekey();
    hal_irq_restore(state);
}

void
random_bytes(void *buf, size_t n)
{
    struct span out = span_of(buf, n);
    uint8_t b[BLOCK];
    irqstate_t state = hal_irq_save();

    if (!seeded) {
        seeded = true;
        for (unsigned i = 0; i < KEY_WORDS; i++)
            key[i] ^= (uint32_t)hal_cpu_random();
        counter = hal_time_now_ns();
        rekey();
    }
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t part = n - at < BLOCK ? n - at : BLOCK;

        block(span_of(b, sizeof(b)));
        span_copy(span_sub(out, at, part), cspan_of(b, part));
    }
    rekey();
    hal_irq_restore(state);
}
