/* Intrusive doubly linked lists.  A node is in at most one list; a node that is in none points nowhere.
 *
 * Rules for callers: list_init() a head and list_node_init() a node before first use (zeroed memory is also a valid
 * "in no list" node); removal of a node that is in no list and insertion of one that is in a list are kernel bugs (checked always,
 * as is whether the neighbours agree).  With CHECKS a node knows its list, and list_remove_from() finds a stranger.  A node
 * freed in its list is poison to its neighbours where a sanitizer looks.
 *
 * LIST_OF(name, type, member) makes a list type of its own, with functions that take and give `type *`: what it holds is then the
 * compiler's business, and container_of() nobody's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <hal/attr.h>
#include <kernel/trusted/checks.h>

struct list_node;

struct list_mark {
    const struct list_node *owner; /* the head of the list that the node is in */
};

struct list_node {
    struct list_node *next, *prev;
    struct list_mark mark[CHECKS];
};

struct list {
    struct list_node head;
};

#define LIST_INIT(l)                                                                               \
    {                                                                                              \
        {                                                                                          \
            .next = &(l).head, .prev = &(l).head                                                   \
        }                                                                                          \
    }

void list_corrupt(const char *what) __attribute__((noreturn)); /* panics; kernel/trusted/list.c */

static inline void
list_init(struct list *l)
{
    *l = (struct list){ .head = { .next = &l->head, .prev = &l->head } };
}

static inline void
list_node_init(struct list_node *n)
{
    *n = (struct list_node){ 0 };
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
    if (pos->next == NULL || pos->prev->next != pos)
        list_corrupt("insertion into a list that is not in order");
    n->next = pos;
    n->prev = pos->prev;
    pos->prev->next = n;
    pos->prev = n;
    if (CHECKS)
        n->mark[0].owner = pos->mark[0].owner != NULL ? pos->mark[0].owner : pos;
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
    if (CHECKS)
        n->mark[0].owner = NULL;
}

/* The same, by somebody who knows which list it must be. */
static inline void
list_remove_from(struct list *l, struct list_node *n)
{
    if (CHECKS && n->next != NULL && n->mark[0].owner != &l->head)
        list_corrupt("removal of a node that is in another list");
    list_remove(n);
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

/* struct `name`: a list of `type`, by its `member`; name_init(), name_empty(), name_first(), name_last(), name_next(),
 * name_push_back(), name_push_front(), name_insert_before(), name_remove(), name_pop_front(). */
#define LIST_OF(name, type, member)                                                                \
    struct name {                                                                                  \
        struct list list;                                                                          \
    };                                                                                             \
    static inline type *name##_of_(struct list_node *n)                                            \
    {                                                                                              \
        return n != NULL ? container_of(n, type, member) : NULL;                                   \
    }                                                                                              \
    static inline unused_param void name##_init(struct name *l)                                    \
    {                                                                                              \
        list_init(&l->list);                                                                       \
    }                                                                                              \
    static inline unused_param bool name##_empty(const struct name *l)                             \
    {                                                                                              \
        return list_empty(&l->list);                                                               \
    }                                                                                              \
    static inline unused_param type *name##_first(const struct name *l)                            \
    {                                                                                              \
        return name##_of_(list_first(&l->list));                                                   \
    }                                                                                              \
    static inline unused_param type *name##_last(const struct name *l)                             \
    {                                                                                              \
        return name##_of_(list_last(&l->list));                                                    \
    }                                                                                              \
    static inline unused_param type *name##_next(const struct name *l, const type *e)              \
    {                                                                                              \
        return e->member.next == &l->list.head ? NULL : name##_of_(e->member.next);                \
    }                                                                                              \
    static inline unused_param void name##_push_back(struct name *l, type *e)                      \
    {                                                                                              \
        list_push_back(&l->list, &e->member);                                                      \
    }                                                                                              \
    static inline unused_param void name##_push_front(struct name *l, type *e)                     \
    {                                                                                              \
        list_push_front(&l->list, &e->member);                                                     \
    }                                                                                              \
    static inline unused_param void name##_insert_before(type *pos, type *e)                       \
    {                                                                                              \
        list_insert_before(&pos->member, &e->member);                                              \
    }                                                                                              \
    static inline unused_param void name##_remove(struct name *l, type *e)                         \
    {                                                                                              \
        list_remove_from(&l->list, &e->member);                                                    \
    }                                                                                              \
    static inline unused_param type *name##_pop_front(struct name *l)                              \
    {                                                                                              \
        return name##_of_(list_pop_front(&l->list));                                               \
    }                                                                                              \
    struct name
