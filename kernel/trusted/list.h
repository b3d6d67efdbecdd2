/* Intrusive doubly linked lists.  A node is in at most one list; a node that is in none points to itself.
 *
 * Rules for callers: list_init() a head and list_node_init() a node before first use (zeroed memory is also a valid
 * "in no list" node); removal of a node that is in no list and insertion of one that is in a list are kernel bugs (checked).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *next, *prev;
};

struct list {
    struct list_node head;
};

#define LIST_INIT(l)                                                                               \
    {                                                                                              \
        {                                                                                          \
            &(l).head, &(l).head                                                                   \
        }                                                                                          \
    }

void list_corrupt(const char *what) __attribute__((noreturn)); /* panics; kernel/trusted/list.c */

static inline void
list_init(struct list *l)
{
    l->head.next = l->head.prev = &l->head;
}

static inline void
list_node_init(struct list_node *n)
{
    n->next = n->prev = NULL;
}

static inline bool
list_empty(const struct list *l)
{
    return l->head.next == &l->head;
}

/* Is the node in some list? */
static inline bool
list_linked(const struct list_node *n)
{
    return n->next != NULL;
}

static inline void
list_insert_before(struct list_node *pos, struct list_node *n)
{
    if (n->next != NULL)
        list_corrupt("insertion of a node that is in a list");
    n->next = pos;
    n->prev = pos->prev;
    pos->prev->next = n;
    pos->prev = n;
}

static inline void
list_push_back(struct list *l, struct list_node *n)
{
    list_insert_before(&l->head, n);
}

static inline void
list_push_front(struct list *l, struct list_node *n)
{
    if (l->head.next == NULL)
        list_corrupt("insertion into a list that was never initialised");
    list_insert_before(l->head.next, n);
}

static inline void
list_remove(struct list_node *n)
{
    if (n->next == NULL || n->next->prev != n || n->prev->next != n)
        list_corrupt("removal of a node that is in no list");
    n->next->prev = n->prev;
    n->prev->next = n->next;
    n->next = n->prev = NULL;
}

static inline struct list_node *
list_first(const struct list *l)
{
    return list_empty(l) ? NULL : l->head.next;
}

static inline struct list_node *
list_last(const struct list *l)
{
    return list_empty(l) ? NULL : l->head.prev;
}

static inline struct list_node *
list_pop_front(struct list *l)
{
    struct list_node *n = list_first(l);

    if (n != NULL)
        list_remove(n);
    return n;
}

TRUSTED_BEGIN(cell)
/* The structure that holds the node. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))
TRUSTED_END

/* Walk: `n` is a struct list_node *; the safe form allows removal of `n`. */
#define list_for_each(n, l) for (n = (l)->head.next; n != &(l)->head; n = n->next)
#define list_for_each_safe(n, tmp, l)                                                              \
    for (n = (l)->head.next, tmp = n->next; n != &(l)->head; n = tmp, tmp = n->next)
