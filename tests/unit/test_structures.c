/* The intrusive structures: random use against plain references, and every way of corrupting them. */
#include <kernel/mm/kmem.h>
#include <kernel/trusted/handle.h>
#include <kernel/trusted/heap.h>
#include <kernel/trusted/list.h>
#include <kernel/trusted/lru.h>
#include <kernel/trusted/tree.h>

#include <hal/cpu.h>
#include <tests/sanitizer_exit.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"

enum { RAM = 4 << 20, ITEMS = 200, ROUNDS = 20000 };

struct item {
    uint64_t value;
    bool in;
    uint64_t used; /* when */
    struct list_node link;
    struct heap_node heap;
    struct tree_node tree;
    struct lru_node cached;
};

LIST_OF(item_list, struct item, link);
LRU_OF(item_lru, struct item, cached);
HANDLE_OF(item, struct item, 8);

static struct item items[ITEMS];
static uint32_t seed;

static uint32_t
rnd(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

static void
setup(void)
{
    fake_boot(RAM);
    memset(items, 0, sizeof items);
    seed = 1;
}

/* --- lists --- */

static struct item_list list, other;

START_TEST(list_keeps_order)
{
    item_list_init(&list);
    ck_assert(item_list_empty(&list));
    ck_assert_ptr_null(item_list_first(&list));
    for (unsigned i = 0; i < 10; i++)
        item_list_push_back(&list, &items[i]);
    item_list_push_front(&list, &items[10]);
    item_list_insert_before(&items[5], &items[11]);
    item_list_remove(&list, &items[3]);

    static const unsigned order[] = { 10, 0, 1, 2, 4, 11, 5, 6, 7, 8, 9 };
    unsigned n = 0;

    for (struct item *e = item_list_first(&list); e != NULL; e = item_list_next(&list, e))
        ck_assert_ptr_eq(e, &items[order[n++]]);
    ck_assert_uint_eq(n, 11);
    ck_assert_ptr_eq(item_list_pop_front(&list), &items[10]);
    ck_assert_ptr_eq(item_list_last(&list), &items[9]);
    ck_assert(!list_linked(&items[3].link));
}
END_TEST

static void
two_lists(void)
{
    item_list_init(&list);
    item_list_init(&other);
    item_list_push_back(&list, &items[0]);
    item_list_push_back(&list, &items[1]);
    item_list_push_back(&other, &items[2]);
}

static void
list_insert_twice(void)
{
    two_lists();
    item_list_push_back(&list, &items[0]);
}

static void
list_insert_into_both(void)
{
    two_lists();
    item_list_push_back(&other, &items[0]);
}

static void
list_remove_twice(void)
{
    two_lists();
    item_list_remove(&list, &items[0]);
    item_list_remove(&list, &items[0]);
}

static void
list_remove_stranger(void)
{
    two_lists();
    item_list_remove(&other, &items[0]);
}

static void
list_overwritten_node(void)
{
    two_lists();
    items[0].link.next = &items[2].link;
    item_list_remove(&list, &items[1]);
}

static void
list_overwritten_insert(void)
{
    two_lists();
    list.list.head.prev = &items[2].link;
    item_list_push_back(&list, &items[3]);
}

static void
list_never_initialised(void)
{
    static struct item_list never;

    item_list_push_back(&never, &items[0]);
}

/* --- heaps --- */

static struct heap_node *table[ITEMS + 1];
static struct heap heap, heap_2;

static struct item *
least(void)
{
    struct item *best = NULL;

    for (unsigned i = 0; i < ITEMS; i++)
        if (items[i].in && (best == NULL || items[i].value < best->value))
            best = &items[i];
    return best;
}

START_TEST(heap_agrees_with_a_search)
{
    size_t len = 0;

    heap_init(&heap, table, ITEMS);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct item *e = &items[rnd() % ITEMS];

        if (e->in) {
            heap_remove(&heap, &e->heap);
            len--;
        } else {
            e->value = rnd() % 500;
            ck_assert(heap_insert(&heap, &e->heap, e->value));
            len++;
        }
        e->in = !e->in;
        ck_assert_uint_eq(heap.len, len);
        if (len > 0)
            ck_assert_uint_eq(heap_first(&heap)->key, least()->value);
        if (round % 100 == 0)
            ck_assert(heap_in_order(&heap));
    }
}
END_TEST

START_TEST(heap_bounds_and_moves)
{
    static struct heap_node *small[4], *large[9];

    heap_init(&heap, small, 3);
    for (unsigned i = 0; i < 3; i++)
        ck_assert(heap_insert(&heap, &items[i].heap, 10 - i));
    ck_assert(!heap_insert(&heap, &items[3].heap, 1));
    ck_assert(!heap_linked(&items[3].heap));
    ck_assert_ptr_eq(heap_move(&heap, large, 8), small);
    ck_assert(heap_insert(&heap, &items[3].heap, 1));
    ck_assert_ptr_eq(heap_first(&heap), &items[3].heap);
    ck_assert(heap_in_order(&heap));
}
END_TEST

static void
two_heaps(void)
{
    static struct heap_node *second[5];

    heap_init(&heap, table, ITEMS);
    heap_init(&heap_2, second, 4);
    ck_assert(heap_insert(&heap, &items[0].heap, 5));
    ck_assert(heap_insert(&heap, &items[1].heap, 6));
    ck_assert(heap_insert(&heap_2, &items[2].heap, 7));
}

static void
heap_insert_twice(void)
{
    two_heaps();
    ck_assert(heap_insert(&heap_2, &items[0].heap, 1));
}

static void
heap_remove_twice(void)
{
    two_heaps();
    heap_remove(&heap, &items[0].heap);
    heap_remove(&heap, &items[0].heap);
}

static void
heap_remove_stranger(void)
{
    two_heaps();
    heap_remove(&heap, &items[2].heap);
}

/* --- trees --- */

static struct tree tree, tree_2;

static uint64_t
item_key(const struct tree_node *n)
{
    return container_of(n, struct item, tree)->value;
}

/* The item with the largest value not above `v`. */
static struct item *
floor_of(uint64_t v)
{
    struct item *best = NULL;

    for (unsigned i = 0; i < ITEMS; i++)
        if (items[i].in && items[i].value <= v && (best == NULL || items[i].value > best->value))
            best = &items[i];
    return best;
}

START_TEST(tree_agrees_with_a_search)
{
    tree_init(&tree, item_key);
    for (unsigned i = 0; i < ITEMS; i++)
        items[i].value = i * 3 + 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct item *e = &items[rnd() % ITEMS], *want;
        uint64_t v = rnd() % (3 * ITEMS + 3);

        if (e->in)
            tree_remove(&tree, &e->tree);
        else
            tree_insert(&tree, &e->tree);
        e->in = !e->in;
        want = floor_of(v);
        ck_assert_ptr_eq(tree_floor(&tree, v), want != NULL ? &want->tree : NULL);
        if (round % 50 == 0)
            ck_assert(tree_in_order(&tree));
    }
}
END_TEST

/* In, out and back again in any order, with the walk both ways; the height stays logarithmic. */
START_TEST(tree_sorted_insertion)
{
    unsigned n = 0;

    tree_init(&tree, item_key);
    for (unsigned i = 0; i < ITEMS; i++) {
        items[i].value = i;
        tree_insert(&tree, &items[i].tree);
        ck_assert(tree_in_order(&tree));
    }
    ck_assert_uint_le(tree.root->height, 10); /* 1.44 log2(202) */
    for (struct tree_node *t = tree_first(&tree); t != NULL; t = tree_next(t))
        ck_assert_ptr_eq(t, &items[n++].tree);
    ck_assert_uint_eq(n, ITEMS);
    for (struct tree_node *t = tree_last(&tree); t != NULL; t = tree_prev(t))
        ck_assert_ptr_eq(t, &items[--n].tree);
    ck_assert_uint_eq(n, 0);
    for (unsigned i = 0; i < ITEMS; i++) {
        tree_remove(&tree, &items[i * 7 % ITEMS].tree);
        ck_assert(tree_in_order(&tree));
    }
    ck_assert_ptr_null(tree.root);
    ck_assert_ptr_null(tree_first(&tree));
}
END_TEST

static void
two_trees(void)
{
    tree_init(&tree, item_key);
    tree_init(&tree_2, item_key);
    for (unsigned i = 0; i < 4; i++)
        items[i].value = i;
    tree_insert(&tree, &items[0].tree);
    tree_insert(&tree, &items[1].tree);
    tree_insert(&tree_2, &items[2].tree);
}

static void
tree_insert_twice(void)
{
    two_trees();
    tree_insert(&tree_2, &items[0].tree);
}

static void
tree_same_key(void)
{
    two_trees();
    items[3].value = 1;
    tree_insert(&tree, &items[3].tree);
}

static void
tree_remove_twice(void)
{
    two_trees();
    tree_remove(&tree, &items[0].tree);
    tree_remove(&tree, &items[0].tree);
}

static void
tree_remove_stranger(void)
{
    two_trees();
    tree_remove(&tree, &items[2].tree);
}

/* --- hash tables in order of use --- */

static struct list buckets[16], buckets_2[16];
static struct item_lru lru, lru_2;

START_TEST(lru_agrees_with_a_search)
{
    uint64_t now = 0;
    size_t len = 0;

    item_lru_init(&lru, buckets, 16);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned i = rnd() % ITEMS;
        struct item *e = &items[i], *oldest = NULL;

        if (!e->in) {
            item_lru_insert(&lru, e, i % 3, i / 3);
            e->in = true;
            len++;
        } else if (rnd() % 3 == 0) {
            item_lru_remove(&lru, e);
            e->in = false;
            len--;
        } else {
            item_lru_touch(&lru, e);
        }
        e->used = ++now;
        i = rnd() % ITEMS;
        ck_assert_ptr_eq(item_lru_find(&lru, i % 3, i / 3), items[i].in ? &items[i] : NULL);
        for (unsigned k = 0; k < ITEMS; k++)
            if (items[k].in && (oldest == NULL || items[k].used < oldest->used))
                oldest = &items[k];
        ck_assert_ptr_eq(item_lru_oldest(&lru), oldest);
        ck_assert_uint_eq(lru.lru.len, len);
    }
    now = 0;
    for (struct item *e = item_lru_oldest(&lru); e != NULL; e = item_lru_newer(&lru, e)) {
        ck_assert_uint_gt(e->used, now);
        now = e->used;
        len--;
    }
    ck_assert_uint_eq(len, 0);
    ck_assert_ptr_null(item_lru_find(&lru, 3, 0));
}
END_TEST

static void
two_lrus(void)
{
    item_lru_init(&lru, buckets, 16);
    item_lru_init(&lru_2, buckets_2, 16);
    item_lru_insert(&lru, &items[0], 1, 1);
    item_lru_insert(&lru_2, &items[1], 1, 1);
}

static void
lru_insert_twice(void)
{
    two_lrus();
    item_lru_insert(&lru_2, &items[0], 1, 2);
}

static void
lru_same_key(void)
{
    two_lrus();
    item_lru_insert(&lru, &items[2], 1, 1);
}

static void
lru_remove_twice(void)
{
    two_lrus();
    item_lru_remove(&lru, &items[0]);
    item_lru_remove(&lru, &items[0]);
}

static void
lru_remove_stranger(void)
{
    two_lrus();
    item_lru_remove(&lru, &items[1]);
}

/* --- handles --- */

static struct item_table names;

START_TEST(handles)
{
    struct item_handle h[8], again, none = { 0 };

    ck_assert_ptr_null(item_get(&names, none));
    for (unsigned i = 0; i < 8; i++)
        ck_assert(item_name(&names, &items[i], &h[i]));
    ck_assert(!item_name(&names, &items[8], &again)); /* full */
    for (unsigned i = 0; i < 8; i++)
        ck_assert_ptr_eq(item_get(&names, h[i]), &items[i]);
    item_forget(&names, h[3]);
    ck_assert_ptr_null(item_get(&names, h[3]));
    ck_assert(item_name(&names, &items[9], &again));
    ck_assert_uint_eq(again.h.slot, h[3].h.slot); /* it lives in the same place now */
    ck_assert_ptr_eq(item_get(&names, again), &items[9]);
    ck_assert_ptr_null(item_get(&names, h[3])); /* and the old name does not find it */
    ck_assert_ptr_null(item_get(&names, (struct item_handle){ { 9, 1 } }));
}
END_TEST

/* Generations do not come round. */
START_TEST(handles_end)
{
    struct item_handle h, last;

    for (unsigned i = 0; i < 8; i++)
        names.slot[i].generation = UINT32_MAX - 1;
    for (unsigned i = 0; i < 8; i++) {
        ck_assert(item_name(&names, &items[0], &last));
        item_forget(&names, last);
    }
    ck_assert(!item_name(&names, &items[0], &h));
}
END_TEST

static void
handle_forget_twice(void)
{
    struct item_handle h, next;

    ck_assert(item_name(&names, &items[0], &h));
    item_forget(&names, h);
    ck_assert(item_name(&names, &items[1], &next));
    item_forget(&names, h);
}

/* --- corruption --- */

static void (*const mistakes[])(void) = {
    list_insert_twice,     list_insert_into_both,   list_remove_twice,      list_remove_stranger,
    list_overwritten_node, list_overwritten_insert, list_never_initialised, heap_insert_twice,
    heap_remove_twice,     heap_remove_stranger,    tree_insert_twice,      tree_same_key,
    tree_remove_twice,     tree_remove_stranger,    lru_insert_twice,       lru_same_key,
    lru_remove_twice,      lru_remove_stranger,     handle_forget_twice,
};

START_TEST(mistake_panics)
{
    mistakes[_i]();
}
END_TEST

static struct item *
freed_neighbour(void)
{
    return kmem_alloc(sizeof(struct item));
}

static void
list_with_freed_node(void)
{
    struct item *e = freed_neighbour();

    two_lists();
    item_list_push_back(&list, e);
    kmem_free(e);
    item_list_push_back(&list, &items[3]);
}

static void
heap_with_freed_node(void)
{
    struct item *e = freed_neighbour();

    two_heaps();
    ck_assert(heap_insert(&heap, &e->heap, 1));
    kmem_free(e);
    ck_assert(heap_insert(&heap, &items[3].heap, 0));
}

static void
tree_with_freed_node(void)
{
    struct item *e = freed_neighbour();

    two_trees();
    e->value = 9;
    tree_insert(&tree, &e->tree);
    kmem_free(e);
    items[3].value = 10;
    tree_insert(&tree, &items[3].tree);
}

static void
lru_with_freed_node(void)
{
    struct item *e = freed_neighbour();

    two_lrus();
    item_lru_insert(&lru, e, 7, 7);
    kmem_free(e);
    (void)item_lru_find(&lru, 7, 7);
}

static void (*const freed[])(void) = { list_with_freed_node, heap_with_freed_node,
                                       tree_with_freed_node, lru_with_freed_node };

START_TEST(freed_node_is_found)
{
    freed[_i]();
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("structures");
    TCase *tc = tcase_create("structures");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, list_keeps_order);
    tcase_add_test(tc, heap_agrees_with_a_search);
    tcase_add_test(tc, heap_bounds_and_moves);
    tcase_add_test(tc, tree_agrees_with_a_search);
    tcase_add_test(tc, tree_sorted_insertion);
    tcase_add_test(tc, lru_agrees_with_a_search);
    tcase_add_test(tc, handles);
    tcase_add_test(tc, handles_end);
    tcase_add_loop_exit_test(tc, mistake_panics, FAKE_PANIC_EXIT, 0,
                             sizeof mistakes / sizeof mistakes[0]);
    if (hal_mem_redzone() > 0)
        tcase_add_loop_exit_test(tc, freed_node_is_found, SANITIZER_EXIT, 0,
                                 sizeof freed / sizeof freed[0]);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
