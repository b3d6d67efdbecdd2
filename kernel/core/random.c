/* Random bytes: ChaCha20 (RFC 8439, section 2.3) in counter mode.  After each request the key is replaced by fresh output, so that
 * earlier output cannot be computed from what is left in memory.  The seed is the
 * machine's random source and what random_mix() was given. */
#include <hal/cpu.h>
#include <hal/time.h>
#include <kernel/core/assert.h>
#include <kernel/core/random.h>
#include <kernel/trusted/cell.h>
#include <kernel/trusted/field.h>

enum { BLOCK = 64, KEY_WORDS = 8, ROUNDS = 10 };

struct pool {
    uint32_t key[KEY_WORDS];
    uint64_t counter;
    bool seeded;
};

static struct pool first_pool;
static CELL_THREAD(struct pool) pool_cell = CELL_INIT(&first_pool);

static uint32_t
rotl(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

struct state {
    uint32_t s[16];
};

static void
quarter(struct state *st, unsigned a, unsigned b, unsigned c, unsigned d)
{
    st->s[a] += st->s[b];
    st->s[d] = rotl(st->s[d] ^ st->s[a], 16);
    st->s[c] += st->s[d];
    st->s[b] = rotl(st->s[b] ^ st->s[c], 12);
    st->s[a] += st->s[b];
    st->s[d] = rotl(st->s[d] ^ st->s[a], 8);
    st->s[c] += st->s[d];
    st->s[b] = rotl(st->s[b] ^ st->s[c], 7);
}

static void
block(struct pool *p, struct span out)
{
    uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
    struct state st;

    for (unsigned i = 0; i < KEY_WORDS; i++)
        in[4 + i] = p->key[i];
    in[12] = (uint32_t)p->counter;
    in[13] = (uint32_t)(p->counter >> 32);
    p->counter++;
    for (unsigned i = 0; i < 16; i++)
        st.s[i] = in[i];
    for (unsigned i = 0; i < ROUNDS; i++) {
        quarter(&st, 0, 4, 8, 12);
        quarter(&st, 1, 5, 9, 13);
        quarter(&st, 2, 6, 10, 14);
        quarter(&st, 3, 7, 11, 15);
        quarter(&st, 0, 5, 10, 15);
        quarter(&st, 1, 6, 11, 12);
        quarter(&st, 2, 7, 8, 13);
        quarter(&st, 3, 4, 9, 14);
    }
    for (unsigned i = 0; i < 16; i++)
        put_le32(out, i * 4, st.s[i] + in[i]);
}

static void
rekey(struct pool *p)
{
    uint8_t b[BLOCK];

    block(p, span_of(b, sizeof(b)));
    for (unsigned i = 0; i < KEY_WORDS; i++)
        p->key[i] = get_le32(cspan_of(b, sizeof(b)), i * 4);
    __builtin_memset(b, 0, sizeof(b));
}

static void
seed(struct pool *p)
{
    p->seeded = true;
    for (unsigned i = 0; i < KEY_WORDS; i++)
        p->key[i] ^= (uint32_t)hal_cpu_random();
    p->counter = hal_time_now_ns();
    rekey(p);
}

void
random_mix(const void *data, size_t n)
{
    struct cspan in = cspan_of(data, n);

    cell_with (p, &pool_cell) {
        for (size_t i = 0; i < n; i++) {
            p->key[i / 4 % KEY_WORDS] ^= (uint32_t)span_get(in, i) << i % 4 * 8;
            if (i % (KEY_WORDS * 4) == KEY_WORDS * 4 - 1)
                rekey(p);
        }
        rekey(p);
    }
}

void
random_bytes(void *buf, size_t n)
{
    struct span out = span_of(buf, n);
    struct pool *p = cell_take(&pool_cell);
    uint8_t b[BLOCK];

    assert(p != NULL); /* nobody sleeps with it: never without bytes */
    if (!p->seeded)
        seed(p);
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t part = n - at < BLOCK ? n - at : BLOCK;

        block(p, span_of(b, sizeof(b)));
        span_copy(span_sub(out, at, part), cspan_of(b, part));
    }
    rekey(p);
    cell_put(&pool_cell, p);
}
