/* Hash tables whose entries are also kept in the order of their last use: what caches are made of.  The buckets are the caller's; a table
 * never allocates.  Intrusive; an entry is found by two numbers (a device and a sector).  Hashing them is the same in every run.
 *
 * Checked as lists are (list.h), and: a key that is there already is not inserted again. */
#pragma once

#include <hal/types.h>
#include <kernel/trusted/list.h>

struct lru_node {
    uint64_t key[2];
    struct list_node hash, use;
};

struct lru {
    struct list *buckets;
    size_t count;    /* of buckets: a power of two */
    size_t len;      /* entries */
    struct list use; /* least recently used first */
};

void lru_init(struct lru *l, struct list *buckets, size_t count);
struct lru_node *_Nullable lru_find(const struct lru *l, uint64_t a, uint64_t b);
/* As the most recently used. */
void lru_insert(struct lru *l, struct lru_node *n, uint64_t a, uint64_t b);
void lru_remove(struct lru *l, struct lru_node *n);
/* It was used: it is the last to go now. */
void lru_touch(struct lru *l, struct lru_node *n);

/* The least recently used entry, and the next; the table must not change in between, but the entry at hand may be removed after the
 * next was asked for. */
static inline struct lru_node *_Nullable
lru_oldest(const struct lru *l)
{
    struct list_node *n = list_first(&l->use);

    return n != NULL ? container_of(n, struct lru_node, use) : NULL;
}

static inline struct lru_node *_Nullable
lru_newer(const struct lru *l, const struct lru_node *n)
{
    return n->use.next == &l->use.head ? NULL : container_of(n->use.next, struct lru_node, use);
}

/* Typed: struct `name`, with name_init(), name_find(), name_insert(), name_remove(), name_touch(), name_oldest(), name_newer(). */
#define LRU_OF(name, type, member)                                                                  \
    struct name {                                                                                   \
        struct lru lru;                                                                             \
    };                                                                                              \
    static inline type *_Nullable name##_of_(struct lru_node *_Nullable n)                          \
    {                                                                                               \
        return n != NULL ? container_of(n, type, member) : NULL;                                    \
    }                                                                                               \
    static inline unused_param void name##_init(struct name *l, struct list *buckets, size_t count) \
    {                                                                                               \
        lru_init(&l->lru, buckets, count);                                                          \
    }                                                                                               \
    static inline unused_param type *_Nullable name##_find(const struct name *l, uint64_t a,        \
                                                           uint64_t b)                              \
    {                                                                                               \
        return name##_of_(lru_find(&l->lru, a, b));                                                 \
    }                                                                                               \
    static inline unused_param void name##_insert(struct name *l, type *e, uint64_t a, uint64_t b)  \
    {                                                                                               \
        lru_insert(&l->lru, &e->member, a, b);                                                      \
    }                                                                                               \
    static inline unused_param void name##_remove(struct name *l, type *e)                          \
    {                                                                                               \
        lru_remove(&l->lru, &e->member);                                                            \
    }                                                                                               \
    static inline unused_param void name##_touch(struct name *l, type *e)                           \
    {                                                                                               \
        lru_touch(&l->lru, &e->member);                                                             \
    }                                                                                               \
    static inline unused_param type *_Nullable name##_oldest(const struct name *l)                  \
    {                                                                                               \
        return name##_of_(lru_oldest(&l->lru));                                                     \
    }                                                                                               \
    static inline unused_param type *_Nullable name##_newer(const struct name *l, const type *e)    \
    {                                                                                               \
        return name##_of_(lru_newer(&l->lru, &e->member));                                          \
    }                                                                                               \
    struct name
