/* The resident set: which pages of a linear range (an address space, a shared object) are in memory.
 *
 * A hash of chunks of 64 pages.  An address space's page tables are only a cache of its resident set: a page may be resident and
 * not mapped.  Every resident page holds one reference to its struct page.  No locking of its own: the owner's lock.
 */
#pragma once

#include <kernel/mm/page.h>

enum { CHUNK_SHIFT = 6, CHUNK_PAGES = 1 << CHUNK_SHIFT };

struct chunk {
    uint64_t key; /* page number >> CHUNK_SHIFT */
    struct chunk *_Nullable next;
    uint64_t present;  /* bit n: page n of the chunk is in memory; the masks below are subsets */
    uint64_t mapped;   /* is in the page tables */
    uint64_t writable; /* is mapped writable */
    uint64_t anon;     /* a private page of ours (or shared since a fork), not the file's */
    struct page *_Nullable pages[CHUNK_PAGES];
};

struct chunk_table {
    uint32_t shift; /* log2 of the number of slots */
    struct chunk *_Nullable slots[];
};

struct resident {
    struct chunk_table *_Nullable table;
    uint32_t nchunks;
    struct chunk *_Nullable last; /* found last */
};

/* The chunk that holds page number `vpn`, or NULL. */
struct chunk *_Nullable resident_find(struct resident *r, uint64_t vpn);
/* The same, made if absent; NULL: out of memory. */
struct chunk *_Nullable resident_obtain(struct resident *r, uint64_t vpn);
/* Free the chunk if nothing is resident in it. */
void resident_trim(struct resident *r, struct chunk *c);
/* Visit every chunk that overlaps [first, first+n) in no particular order; `mask` has a bit for each page of the chunk inside the
 * range.  `fn` may trim that chunk; it must not add any to this set.  Stops early when fn returns nonzero, and returns that. */
int resident_each(struct resident *r, uint64_t first, uint64_t n,
                  int (*fn)(void *arg, struct chunk *c, uint64_t mask), void *arg);
/* Free all chunks; nothing may be resident any more. */
void resident_fini(struct resident *r);

/* Bits [lo, lo+n) of a chunk's mask, n <= CHUNK_PAGES. */
static inline uint64_t
chunk_mask(unsigned lo, unsigned n)
{
    return n == 0 ? 0 : (UINT64_MAX >> (CHUNK_PAGES - n)) << lo;
}

static inline unsigned
chunk_bit(uint64_t vpn)
{
    return (unsigned)(vpn & (CHUNK_PAGES - 1));
}

/* Take the lowest run of set bits off `mask`: its first bit and length; false when the mask is empty. */
static inline bool
chunk_next_run(uint64_t *mask, unsigned *lo, unsigned *n)
{
    if (*mask == 0)
        return false;
    *lo = (unsigned)__builtin_ctzll(*mask);

    uint64_t rest = ~(*mask >> *lo);

    *n = rest == 0 ? CHUNK_PAGES : (unsigned)__builtin_ctzll(rest);
    *mask &= ~chunk_mask(*lo, *n);
    return true;
}
