/* Physical pages: a buddy allocator over RAM, and what is known of each page.
 *
 * No allocation panics: NULL when nothing is left after reclaim.  Thread context; page_put() also with interrupts off.
 */
#pragma once

#include <hal/space.h>
#include <kernel/trusted/list.h>

struct pagecache;

enum page_flags {
    PG_DIRTY = BIT(0),    /* page cache: newer than the disk */
    PG_UPTODATE = BIT(1), /* page cache: contents valid */
    PG_WRITEBACK = BIT(2),
    PG_RESERVED = BIT(3), /* never freed */
    PG_FREE = BIT(4),     /* private to the allocator */
    PG_REFERENCED = BIT(5),
    PG_SLAB = BIT(6), /* holds small objects: trusted/kmem_small.h */
    PG_KMEM = BIT(7), /* heads one big object of kmem.c; index is its size */
};

struct page {
    uint32_t refs;         /* 0: free */
    uint16_t flags;        /* enum page_flags */
    uint8_t order;         /* of the block this page heads */
    uint8_t spare;         /* of a slab: its class; with grants: whose account it is on */
    uint32_t map_count;    /* user mappings */
    struct list_node node; /* free list, or the page cache's LRU */
    struct pagecache *_Nullable cache; /* owner, if it is a page cache page */
    page_index_t index;                /* page number within the file */
    struct page *_Nullable hash_next;
};

/* The largest file that a page cache can number the pages of. */
#define PAGE_FILE_MAX ((uint64_t)(page_index_t) - 1 >> 1 << PAGE_SHIFT)

enum { PAGE_ORDER_MAX = 10 }; /* blocks up to 4 MiB */

/* Take over [base, base+size) of RAM; the page table of struct page is carved from its start. */
void page_init(paddr_t base, uint64_t size);

/* 2^order pages, physically contiguous, contents undefined (page_zalloc: zero), refs = 1.  NULL: none left. */
struct page *_Nullable page_alloc(unsigned order) may_allocate;
struct page *_Nullable page_zalloc(unsigned order) may_allocate;
/* On another account (mm/grant.h) than the running thread's. */
struct page *_Nullable page_alloc_on(uint8_t grant, unsigned order) may_allocate;
/* `n` pages in a row, each a block of its own, contents undefined, wherever `fits` (given the first one's number, its address divided by
 * PAGE_SIZE) agrees: the shortest free stretch that has such a place.  For machines of so few pages that looking at all of them costs
 * nothing.  NULL: none, after reclaim. */
struct page *_Nullable page_alloc_run(uint64_t n,
                                      bool (*fits)(uint64_t first, uint64_t n)) may_allocate;
/* The memory of a block that page_zalloc() just gave, to become whatever structure is wanted. */
void *page_fresh(struct page *p) fresh_memory;
/* Fill `n` pages with zeroes; copy a page. */
void page_zero(struct page *p, size_t n);
void page_copy(struct page *to, const struct page *from);
/* Whatever is on the account `from` is on `to` from now on; the accounts are the caller's.  Interrupts off.  See mm/grant.h. */
void page_inherit(uint8_t from, uint8_t to);
/* Make every page of a block (refs 1, nobody else knows it) one of its own: order 0, refs 1. */
void page_split(struct page *block);
void page_get(struct page *p);
/* Drop a reference; the last one frees the block. */
void page_put(struct page *p);

void *page_ptr(const struct page *p);
paddr_t page_paddr(const struct page *p);
struct page *page_of(paddr_t pa); /* pa in RAM */
struct page *page_of_ptr(const void *p);
/* The physical address of a pointer into RAM. */
paddr_t page_ptr_paddr(const void *p);
/* Do the `len` bytes at `p` lie in the allocator's RAM (so that a device can reach them)? */
bool page_ptr_is_ram(const void *p, size_t len);

struct page_stats {
    uint64_t total, free; /* pages */
    uint64_t allocs, frees, failures;
};
void page_stats(struct page_stats *out);

/* Reclaim: called by page_alloc() when memory is low; frees up to `want` pages without sleeping, returns how many it freed.
 * Several parts may each add one (at most PAGE_RECLAIM_MAX); adding the same twice does nothing. */
enum { PAGE_RECLAIM_MAX = 8 };
void page_set_reclaim(size_t (*fn)(size_t want));
/* Call them now, for up to `want` pages; returns how many came back. */
size_t page_reclaim(size_t want);
