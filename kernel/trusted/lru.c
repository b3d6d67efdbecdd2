/* Hash tables in order of use: see lru.h. */
#include <kernel/core/assert.h>
#include <kernel/trusted/bounds.h>
#include <kernel/trusted/lru.h>

static struct list *
bucket(const struct lru *l, uint64_t a, uint64_t b)
{
    uint64_t h = (b + a * 31u) *
                 0x9e3779b97f4a7c15u; /* Fibonacci hashing: the upper bits are the good ones */

    return &at(l->buckets, l->count, (h >> 32) & (l->count - 1));
}

void
lru_init(struct lru *l, struct list *buckets, size_t count)
{
    assert(count != 0 && (count & (count - 1)) == 0);
    *l = (struct lru){ .buckets = buckets, .count = count };
    for (size_t i = 0; i < count; i++)
        list_init(&at(buckets, count, i));
    list_init(&l->use);
}

struct lru_node *
lru_find(const struct lru *l, uint64_t a, uint64_t b)
{
    struct list_node *n;

    list_for_each (n, bucket(l, a, b)) {
        struct lru_node *e = container_of(n, struct lru_node, hash);

        if (e->key[0] == a && e->key[1] == b)
            return e;
    }
    return NULL;
}

void
lru_insert(struct lru *l, struct lru_node *n, uint64_t a, uint64_t b)
{
    if (list_linked(&n->use))
        bug("lru: insertion of an entry that is in a table");
    if (CHECKS && lru_find(l, a, b) != NULL)
        bug("lru: key (%#llx, %#llx) is there already", (unsigned long long)a, (unsigned long long)b);
    n->key[0] = a;
    n->key[1] = b;
    list_push_back(bucket(l, a, b), &n->hash);
    list_push_back(&l->use, &n->use);
    l->len++;
}

void
lru_remove(struct lru *l, struct lru_node *n)
{
    list_remove_from(&l->use, &n->use);
    list_remove_from(bucket(l, n->key[0], n->key[1]), &n->hash);
    l->len--;
}

void
lru_touch(struct lru *l, struct lru_node *n)
{
    list_remove_from(&l->use, &n->use);
    list_push_back(&l->use, &n->use);
}
