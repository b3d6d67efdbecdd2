/* Intrusive binary heaps: see heap.h. */
#include <kernel/core/assert.h>
#include <kernel/trusted/heap.h>

static struct heap_node *
node(const struct heap *h, size_t i)
{
    return at(h->table, h->cap + 1, i);
}

static void
put(struct heap *h, size_t i, struct heap_node *n)
{
    at(h->table, h->cap + 1, i) = n;
    n->index = i;
}

static void
sift_up(struct heap *h, size_t i, struct heap_node *n)
{
    for (; i > 1 && node(h, i / 2)->key > n->key; i /= 2)
        put(h, i, node(h, i / 2));
    put(h, i, n);
}

static void
sift_down(struct heap *h, size_t i, struct heap_node *n)
{
    for (;;) {
        size_t child = 2 * i;

        if (child > h->len)
            break;
        if (child < h->len && node(h, child + 1)->key < node(h, child)->key)
            child++;
        if (node(h, child)->key >= n->key)
            break;
        put(h, i, node(h, child));
        i = child;
    }
    put(h, i, n);
}

void
heap_init(struct heap *h, struct heap_node **table, size_t cap)
{
    *h = (struct heap){ .table = table, .cap = cap };
}

struct heap_node **
heap_move(struct heap *h, struct heap_node **table, size_t cap)
{
    struct heap_node **old = h->table;

    assert(cap >= h->len);
    for (size_t i = 1; i <= h->len; i++)
        at(table, cap + 1, i) = at(old, h->cap + 1, i);
    h->table = table;
    h->cap = cap;
    return old;
}

bool
heap_insert(struct heap *h, struct heap_node *n, uint64_t key)
{
    if (n->index != 0)
        bug("heap: insertion of a node that is in a heap");
    if (h->len == h->cap)
        return false;
    n->key = key;
    sift_up(h, ++h->len, n);
    return true;
}

void
heap_remove(struct heap *h, struct heap_node *n)
{
    size_t i = n->index;

    if (i == 0 || i > h->len || node(h, i) != n)
        bug("heap: removal of a node that is not in the heap");

    struct heap_node *last = node(h, h->len--);

    n->index = 0;
    if (last == n)
        return;
    if (i > 1 && node(h, i / 2)->key > last->key)
        sift_up(h, i, last);
    else
        sift_down(h, i, last);
}

bool
heap_in_order(const struct heap *h)
{
    for (size_t i = 1; i <= h->len; i++)
        if (node(h, i)->index != i || (i > 1 && node(h, i / 2)->key > node(h, i)->key))
            return false;
    return true;
}
