/* Intrusive binary heaps: what has the smallest key comes first.  The table of pointers is the caller's: a heap never allocates, and
 * is for any context (with the caller's lock).
 *
 * Checked always: inserting a node that is in a heap, removing one that is in none or in another (its slot holds somebody
 * else).  Nodes are zeroed memory or heap_node_init(). */
#pragma once

#include <hal/types.h>
#include <kernel/trusted/bounds.h>

struct heap_node {
    uint64_t key;
    size_t index; /* 0: in no heap; table[0] is unused */
};

struct heap {
    struct heap_node **table; /* cap + 1 pointers */
    size_t len, cap;
};

static inline void
heap_node_init(struct heap_node *n)
{
    *n = (struct heap_node){ 0 };
}

static inline bool
heap_linked(const struct heap_node *n)
{
    return n->index != 0;
}

static inline struct heap_node *_Nullable
heap_first(const struct heap *h)
{
    return h->len > 0 ? at(h->table, h->cap + 1, 1) : NULL;
}

/* `table` has room for cap + 1 pointers; nothing in it. */
void heap_init(struct heap *h, struct heap_node **table, size_t cap);
/* A bigger table, with what the old one holds; returns the old one. */
struct heap_node **heap_move(struct heap *h, struct heap_node **table, size_t cap);
/* False: no room. */
bool must_check heap_insert(struct heap *h, struct heap_node *n, uint64_t key);
void heap_remove(struct heap *h, struct heap_node *n);
/* Is every node where its key belongs?  For tests. */
bool heap_in_order(const struct heap *h);
