/* Accounts of memory, and objects in grains: what is promised is there whatever the others take, nobody has more than he may, all comes
 * back; random use against a reference. */
#include <kernel/abi/errno.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>

#include <hal/cpu.h>
#include <tests/suite.h>

#include <check.h>
#include <string.h>

#include "fake_hal.h"

enum {
    RAM = 4 << 20,
    PROCS = CONFIG_PROC_MAX,
    STEPS = 60000,
    OBJECTS = 400,
    WIDTH = sizeof(void *) / 4
};

static uint32_t seed;

static uint32_t
rnd(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

static void
setup(void)
{
    seed = 7;
    fake_boot(RAM);
}

static struct grant_stats
stats(uint8_t grant)
{
    struct grant_stats s;

    kmem_drain();
    grant_stats(grant, &s);
    return s;
}

static uint64_t
free_now(void)
{
    struct page_stats s;

    kmem_drain();
    page_stats(&s);
    return s.free;
}

static uint32_t
stack_pages(void)
{
    return (uint32_t)(hal_ctx_stack_size() / PAGE_SIZE);
}

static uint8_t
create(void)
{
    uint8_t g = 0;

    ck_assert_int_eq(grant_create(&g), 0);
    ck_assert_uint_ge(g, GRANT_FIRST);
    return g;
}

static void
destroy(uint8_t g)
{
    grant_end(g);
    grant_destroy(g);
}

/* Take single pages until there are none, in a chain through their own memory; how many. */
static unsigned
take_all(uint8_t g, void **chain)
{
    unsigned n = 0;

    for (struct page *p; (p = page_alloc_on(g, 0)) != NULL; n++) {
        memcpy(page_ptr(p), chain, sizeof *chain);
        *chain = page_ptr(p);
    }
    return n;
}

static void
give_back(void **chain)
{
    while (*chain != NULL) {
        void *p = *chain;

        memcpy(chain, p, sizeof *chain);
        page_put(page_of_ptr(p));
    }
}

START_TEST(a_process_has_its_grant_and_little_more)
{
    uint64_t start = free_now();
    uint8_t g = create();
    void *chain = NULL;
    unsigned most = (CONFIG_GRANT_PAGES + CONFIG_GRANT_MORE) * WIDTH + stack_pages();

    ck_assert_uint_eq(stats(g).pages, CONFIG_GRANT_PAGES * WIDTH + stack_pages());
    ck_assert_uint_eq(take_all(g, &chain), most);
    ck_assert_uint_eq(stats(g).used, most);
    ck_assert_ptr_null(kmem_alloc_on(g, 16));
    ck_assert_ptr_nonnull(page_alloc_on(GRANT_COMMON, 0));
    give_back(&chain);
    ck_assert_uint_eq(stats(g).used, 0);
    destroy(g);
    ck_assert_uint_eq(free_now(), start - 1);
}
END_TEST

/* Whoever takes everything, those who were there before have what they were promised. */
START_TEST(a_promise_is_kept)
{
    static const uint8_t greedy[] = { GRANT_COMMON, GRANT_KEPT };
    uint64_t start = free_now();
    uint8_t g[PROCS];

    for (unsigned i = 0; i < PROCS; i++)
        g[i] = create();
    for (unsigned k = 0; k < sizeof greedy; k++) {
        void *all = NULL, *mine = NULL;

        (void)take_all(greedy[k], &all);
        ck_assert_uint_eq(free_now(), PROCS * stats(g[0]).pages +
                                          (greedy[k] == GRANT_KEPT ? CONFIG_GRANT_MIN : 0));
        for (unsigned i = 0; i < PROCS; i++)
            ck_assert_uint_eq(take_all(g[i], &mine), stats(g[i]).pages);
        ck_assert_uint_eq(free_now(), greedy[k] == GRANT_KEPT ? CONFIG_GRANT_MIN : 0);
        give_back(&mine);
        give_back(&all);
    }
    for (unsigned i = 0; i < PROCS; i++)
        destroy(g[i]);
    ck_assert_uint_eq(free_now(), start);
}
END_TEST

START_TEST(no_grant_where_there_is_no_memory)
{
    uint8_t g[PROCS], one_more = 77;
    void *all = NULL;
    struct page *page;

    for (unsigned i = 0; i < PROCS; i++)
        g[i] = create();
    ck_assert_int_eq(grant_create(&one_more), -ENOMEM); /* no account */
    for (unsigned i = 0; i < PROCS; i++)
        destroy(g[i]);
    (void)take_all(GRANT_KEPT, &all);
    ck_assert_int_eq(grant_create(&one_more), -ENOMEM);
    ck_assert_uint_eq(one_more, 77);
    for (unsigned need = CONFIG_GRANT_PAGES * WIDTH + stack_pages(); need > 1; need--) {
        page = page_of_ptr(all);
        memcpy(&all, page_ptr(page), sizeof all);
        page_put(page);
        ck_assert_int_eq(grant_create(&one_more), -ENOMEM);
    }
    page = page_of_ptr(all);
    memcpy(&all, page_ptr(page), sizeof all);
    page_put(page);
    ck_assert_int_eq(grant_create(&one_more), 0);
    destroy(one_more);
    give_back(&all);
}
END_TEST

/* What others still use when a process ends is common: found, counted and freed there. */
START_TEST(what_is_left_behind)
{
    uint64_t start = free_now();
    uint8_t g = create();
    void *object = kmem_alloc_on(g, 100), *large = kmem_alloc_on(g, PAGE_SIZE + 1);
    struct page *page = page_alloc_on(g, 1);
    uint32_t common = stats(GRANT_COMMON).used, used = stats(g).used;
    void *next;

    ck_assert(object != NULL && large != NULL && page != NULL);
    grant_end(g);
    ck_assert_uint_eq(stats(g).pages, 0);
    ck_assert_ptr_null(kmem_alloc_on(g, 3 * PAGE_SIZE));
    grant_destroy(g);
    ck_assert_uint_eq(stats(g).used, 0);
    ck_assert_uint_eq(stats(GRANT_COMMON).used, common + used);
    next = kmem_alloc_on(GRANT_COMMON, 100); /* beside it, in the same page */
    ck_assert_uint_eq(stats(GRANT_COMMON).used, common + used);
    ck_assert_uint_eq(create(), g);
    kmem_free(object);
    kmem_free(large);
    kmem_free(next);
    page_put(page);
    ck_assert_uint_eq(stats(GRANT_COMMON).used, common);
    ck_assert_uint_eq(stats(g).used, 0);
    destroy(g);
    ck_assert_uint_eq(free_now(), start);
}
END_TEST

/* The objects of two processes never share a page. */
START_TEST(pages_of_ones_own)
{
    uint8_t a = create(), b = create();
    void *of_a[8], *of_b[8];

    for (unsigned i = 0; i < 8; i++) {
        of_a[i] = kmem_alloc_on(a, 200);
        of_b[i] = kmem_alloc_on(b, 200);
        ck_assert(of_a[i] != NULL && of_b[i] != NULL);
    }
    for (unsigned i = 0; i < 8; i++)
        for (unsigned k = 0; k < 8; k++)
            ck_assert_ptr_ne(page_of_ptr(of_a[i]), page_of_ptr(of_b[k]));
    for (unsigned i = 0; i < 8; i++) {
        kmem_free(of_b[i]);
        kmem_free(of_a[i]);
    }
    destroy(a);
    destroy(b);
}
END_TEST

/* --- random use --- */

struct object {
    uint8_t *p;
    size_t size;
    uint8_t fill;
};

static struct object objects[OBJECTS];
static uint8_t alive[PROCS]; /* grants; 0: none */

static bool
filled(const uint8_t *p, size_t size, uint8_t fill)
{
    for (size_t i = 0; i < size; i++)
        if (p[i] != fill)
            return false;
    return true;
}

static void
change_object(void)
{
    struct object *o = &objects[rnd(OBJECTS)];
    uint8_t g = rnd(4) == 0 ? (uint8_t)rnd(2) : alive[rnd(PROCS)];

    if (o->p != NULL) {
        ck_assert(filled(o->p, o->size, o->fill));
        kmem_free(o->p);
        o->p = NULL;
        return;
    }
    o->size = 1 + rnd(rnd(8) == 0 ? 3 * PAGE_SIZE : PAGE_SIZE / 4);
    o->fill = (uint8_t)rnd(256);
    o->p = kmem_alloc_on(g, o->size);
    if (o->p == NULL)
        return;
    ck_assert(filled(o->p, o->size, 0));
    memset(o->p, o->fill, o->size);
}

static void
change_process(void)
{
    unsigned i = rnd(PROCS);

    if (alive[i] != 0)
        destroy(alive[i]);
    alive[i] = 0;
    if (rnd(3) != 0 && grant_create(&alive[i]) < 0)
        alive[i] = 0;
}

static void
check_promises(void)
{
    uint64_t in_use = stats(GRANT_COMMON).used + stats(GRANT_KEPT).used;

    for (unsigned i = 0; i < PROCS; i++) {
        struct grant_stats s = stats(alive[i]);

        if (alive[i] == 0)
            continue;
        in_use += s.used;
        ck_assert_uint_le(s.used, s.pages + CONFIG_GRANT_MORE * WIDTH);

        struct page *p = page_alloc_on(alive[i], 0);

        ck_assert(p != NULL || s.used >= s.pages);
        if (p != NULL)
            page_put(p);
    }

    struct page_stats p;

    page_stats(&p);
    ck_assert_uint_eq(in_use, (p.total - p.free) -
                                  (p.total * sizeof(struct page) + PAGE_SIZE - 1) / PAGE_SIZE);
}

START_TEST(random_use)
{
    uint64_t start = free_now();
    void *ballast = NULL;

    for (unsigned i = 0; i < 900; i++) { /* little is left */
        struct page *p = page_alloc_on(GRANT_KEPT, 0);

        ck_assert_ptr_nonnull(p);
        memcpy(page_ptr(p), &ballast, sizeof ballast);
        ballast = page_ptr(p);
    }
    for (unsigned step = 0; step < STEPS; step++) {
        change_object();
        if (step % 50 == 0)
            change_process();
        if (step % 100 == 0)
            check_promises();
    }
    for (unsigned i = 0; i < OBJECTS; i++)
        kmem_free(objects[i].p);
    for (unsigned i = 0; i < PROCS; i++)
        if (alive[i] != 0)
            destroy(alive[i]);
    give_back(&ballast);
    ck_assert_uint_eq(free_now(), start);
    ck_assert_uint_eq(stats(GRANT_COMMON).used + stats(GRANT_KEPT).used, 0);
}
END_TEST

/* --- kernel bugs --- */

START_TEST(double_free)
{
    void *a = kmem_alloc(40);

    kmem_free(a);
    kmem_free(a);
}
END_TEST

START_TEST(free_inside)
{
    uint8_t *a = kmem_alloc(PAGE_SIZE / 4);

    kmem_free(a + PAGE_SIZE / 32);
}
END_TEST

START_TEST(free_between)
{
    uint8_t *a = kmem_alloc(40);

    kmem_free(a + 8);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("grant");
    TCase *t = tcase_create("grant");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_process_has_its_grant_and_little_more);
    tcase_add_test(t, a_promise_is_kept);
    tcase_add_test(t, no_grant_where_there_is_no_memory);
    tcase_add_test(t, what_is_left_behind);
    tcase_add_test(t, pages_of_ones_own);
    tcase_add_test(t, random_use);
    tcase_add_exit_test(t, double_free, FAKE_PANIC_EXIT);
    tcase_add_exit_test(t, free_inside, FAKE_PANIC_EXIT);
    tcase_add_exit_test(t, free_between, FAKE_PANIC_EXIT);
    suite_add_tcase(s, t);
    return run_suite(s);
}
