/* The resident set: chunks of 64 pages in a hash table that doubles with its load. */
#include <kernel/core/assert.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/resident.h>
#include <kernel/trusted/bounds.h>

enum {
    TABLE_SHIFT_MIN = 4,
    TABLE_SHIFT_MAX = 12, /* 32 KiB of slots; chains grow beyond */
    CHAIN_LOAD = 2,       /* chunks per slot before the table doubles */
};

static uint32_t
slot_of(const struct chunk_table *t, uint64_t key)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15ull) >> (64 - t->shift));
}

static uint32_t
table_len(const struct chunk_table *t)
{
    return 1u << t->shift;
}

static struct chunk_table *
table_create(uint32_t shift)
{
    struct chunk_table *t = kmem_alloc(sizeof *t + (sizeof t->slots[0] << shift));

    if (t != NULL)
        t->shift = shift;
    return t;
}

/* Move to a table of twice the size; staying with the old one is no failure. */
static void
table_grow(struct resident *r)
{
    struct chunk_table *old = r->table;
    struct chunk_table *t;

    assert(old != NULL);
    t = table_create(old->shift + 1);
    if (t == NULL)
        return;
    for (uint32_t i = 0; i < 1u << old->shift; i++) {
        struct chunk *next;

        for (struct chunk *c = at(old->slots, table_len(old), i); c != NULL; c = next) {
            uint32_t s = slot_of(t, c->key);

            next = c->next;
            c->next = at(t->slots, table_len(t), s);
            at(t->slots, table_len(t), s) = c;
        }
    }
    r->table = t;
    kmem_free(old);
}

struct chunk *
resident_find(struct resident *r, uint64_t vpn)
{
    uint64_t key = vpn >> CHUNK_SHIFT;

    if (r->last != NULL && r->last->key == key)
        return r->last;
    if (r->table == NULL)
        return NULL;
    for (struct chunk *c = at(r->table->slots, table_len(r->table), slot_of(r->table, key));
         c != NULL; c = c->next) {
        if (c->key == key) {
            r->last = c;
            return c;
        }
    }
    return NULL;
}

struct chunk *
resident_obtain(struct resident *r, uint64_t vpn)
{
    struct chunk *c = resident_find(r, vpn);

    if (c != NULL)
        return c;
    if (r->table == NULL) {
        r->table = table_create(TABLE_SHIFT_MIN);
        if (r->table == NULL)
            return NULL;
    }
    c = kmem_alloc(sizeof *c);
    if (c == NULL)
        return NULL;
    if (r->nchunks >= (uint32_t)CHAIN_LOAD << r->table->shift && r->table->shift < TABLE_SHIFT_MAX)
        table_grow(r);

    c->key = vpn >> CHUNK_SHIFT;

    uint32_t s = slot_of(r->table, c->key);

    c->next = at(r->table->slots, table_len(r->table), s);
    at(r->table->slots, table_len(r->table), s) = c;
    r->nchunks++;
    r->last = c;
    return c;
}

void
resident_trim(struct resident *r, struct chunk *c)
{
    if (c->present != 0)
        return;

    struct chunk **link = &at(r->table->slots, table_len(r->table), slot_of(r->table, c->key));

    while (*link != c) {
        assert(*link != NULL);
        link = &(*link)->next;
    }
    *link = c->next;
    r->nchunks--;
    if (r->last == c)
        r->last = NULL;
    kmem_free(c);
}

/* The bits of chunk `key` that lie in [first, first+n). */
static uint64_t
range_mask(uint64_t key, uint64_t first, uint64_t n)
{
    uint64_t base = key << CHUNK_SHIFT;
    uint64_t lo = first > base ? first - base : 0;
    uint64_t hi = first + n - base < CHUNK_PAGES ? first + n - base : CHUNK_PAGES;

    return first + n <= base || lo >= CHUNK_PAGES ? 0 : chunk_mask((unsigned)lo, (unsigned)(hi - lo));
}

int
resident_each(struct resident *r, uint64_t first, uint64_t n,
              int (*fn)(void *arg, struct chunk *c, uint64_t mask), void *arg)
{
    int rc = 0;

    if (r->table == NULL || r->nchunks == 0 || n == 0)
        return 0;

    uint64_t key_first = first >> CHUNK_SHIFT, key_last = (first + n - 1) >> CHUNK_SHIFT;
    uint32_t slots = 1u << r->table->shift;

    if (key_last - key_first < slots) {
        for (uint64_t key = key_first; key <= key_last && rc == 0; key++) {
            struct chunk *c = resident_find(r, key << CHUNK_SHIFT);

            if (c != NULL)
                rc = fn(arg, c, range_mask(key, first, n));
        }
        return rc;
    }
    for (uint32_t i = 0; i < slots; i++) {
        struct chunk *next;

        for (struct chunk *c = at(r->table->slots, table_len(r->table), i); c != NULL && rc == 0;
             c = next) {
            uint64_t mask = range_mask(c->key, first, n);

            next = c->next;
            if (mask != 0)
                rc = fn(arg, c, mask);
        }
    }
    return rc;
}

void
resident_fini(struct resident *r)
{
    if (r->table == NULL)
        return;
    for (uint32_t i = 0; i < 1u << r->table->shift; i++) {
        while (at(r->table->slots, table_len(r->table), i) != NULL) {
            struct chunk *c = at(r->table->slots, table_len(r->table), i);

            assert(c->present == 0);
            at(r->table->slots, table_len(r->table), i) = c->next;
            kmem_free(c);
        }
    }
    kmem_free(r->table);
    *r = (struct resident){ 0 };
}
