/* Page and object allocators: random use against a reference, exhaustion, injected failures, red zones. */
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>

#include <hal/cpu.h>
#include <tests/sanitizer_exit.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"

enum { RAM = 16 << 20 };

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
    seed = 1;
    fake_boot(RAM);
}

static uint64_t
free_now(void)
{
    struct page_stats s;

    kmem_drain();
    page_stats(&s);
    return s.free;
}

/* A size the compiler does not see through. */
static size_t
opaque(size_t n)
{
    volatile size_t v = n;

    return v;
}

static bool
filled(const uint8_t *p, size_t size, uint8_t fill)
{
    for (size_t i = 0; i < size; i++) {
        if (p[i] != fill)
            return false;
    }
    return true;
}

START_TEST(page_random)
{
    enum { LIVE = 300, ROUNDS = 20000 };
    static struct {
        struct page *p;
        unsigned order;
        uint8_t fill;
    } live[LIVE];
    uint64_t start = free_now(), used = 0;

    for (int round = 0; round < ROUNDS; round++) {
        unsigned i = rnd() % LIVE;

        if (live[i].p != NULL) {
            uint8_t *m = page_ptr(live[i].p);

            ck_assert_uint_eq(m[0], live[i].fill);
            ck_assert_uint_eq(m[((size_t)PAGE_SIZE << live[i].order) - 1], live[i].fill);
            used -= 1ull << live[i].order;
            page_put(live[i].p);
            live[i].p = NULL;
        } else {
            unsigned order = rnd() % 8 == 0 ? rnd() % 6 : 0;
            struct page *p = page_alloc(order);

            if (p == NULL)
                continue;
            ck_assert_uint_eq(p->refs, 1);
            ck_assert_uint_eq(page_paddr(p).v & (((uint64_t)PAGE_SIZE << order) - 1), 0);
            ck_assert_ptr_eq(page_of(page_paddr(p)), p);
            ck_assert_ptr_eq(page_of_ptr((uint8_t *)page_ptr(p) + 5), p);
            live[i].p = p;
            live[i].order = order;
            live[i].fill = (uint8_t)rnd();
            memset(page_ptr(p), live[i].fill, (size_t)PAGE_SIZE << order);
            used += 1ull << order;
        }

        struct page_stats s;

        page_stats(&s);
        ck_assert_uint_eq(s.free, start - used);
    }
    for (unsigned i = 0; i < LIVE; i++) {
        if (live[i].p != NULL)
            page_put(live[i].p);
        live[i].p = NULL;
    }
    ck_assert_uint_eq(free_now(), start);

    /* Everything has merged again. */
    struct page *big = page_alloc(PAGE_ORDER_MAX);

    ck_assert_ptr_nonnull(big);
    page_put(big);
}
END_TEST

START_TEST(page_exhaustion)
{
    static struct page *all[RAM / PAGE_SIZE];
    uint64_t start = free_now();
    size_t n = 0;

    while ((all[n] = page_alloc(0)) != NULL) {
        memset(page_ptr(all[n]), 0x55, PAGE_SIZE);
        n++;
    }
    ck_assert_uint_eq(n, start);
    ck_assert_ptr_null(page_alloc(0));
    ck_assert_ptr_null(kmem_alloc(10));
    while (n > 0)
        page_put(all[--n]);
    ck_assert_uint_eq(free_now(), start);
    for (n = 0; (all[n] = page_alloc(PAGE_ORDER_MAX)) != NULL; n++)
        ;
    ck_assert_uint_ge(n, 2);
    while (n > 0)
        page_put(all[--n]);
}
END_TEST

START_TEST(page_lazy)
{
    /* Boot touches the metadata of what it uses only. */
    fake_boot(64 << 20);

    const uint8_t *table = fake_ram();
    size_t size = (64 << 20) / PAGE_SIZE * sizeof(struct page);
    struct page *p = page_alloc(0);

    ck_assert_ptr_nonnull(p);
    ck_assert(filled(table + size / 4, size / 4 * 3, 0));
    page_put(p);
}
END_TEST

static struct page *hoard[8];

static size_t
give_back(size_t want unused_param)
{
    size_t n = 0;

    for (unsigned i = 0; i < 8; i++) {
        if (hoard[i] != NULL) {
            page_put(hoard[i]);
            n++;
        }
        hoard[i] = NULL;
    }
    return n;
}

START_TEST(page_reclaims_when_low)
{
    static struct page *all[RAM / PAGE_SIZE];
    size_t n = 0;

    page_set_reclaim(give_back);
    for (unsigned i = 0; i < 8; i++)
        hoard[i] = page_alloc(0);
    while ((all[n] = page_alloc(0)) != NULL)
        n++;
    ck_assert_ptr_null(hoard[0]);
    while (n > 0)
        page_put(all[--n]);
}
END_TEST

START_TEST(page_refs)
{
    struct page *p = page_zalloc(1);
    uint64_t f = free_now();

    page_get(p);
    page_put(p);
    ck_assert_uint_eq(free_now(), f);
    page_put(p);
    ck_assert_uint_eq(free_now(), f + 2);
}
END_TEST

START_TEST(page_double_free)
{
    struct page *p = page_alloc(0);

    page_put(p);
    page_put(p);
}
END_TEST

START_TEST(kmem_random)
{
    enum { LIVE = 500, ROUNDS = 40000 };
    static struct {
        uint8_t *p;
        size_t size;
        uint8_t fill;
    } live[LIVE];
    uint64_t start = free_now();

    for (int round = 0; round < ROUNDS; round++) {
        unsigned i = rnd() % LIVE;

        if (live[i].p != NULL) {
            ck_assert(filled(live[i].p, live[i].size, live[i].fill));
            kmem_free(live[i].p);
            live[i].p = NULL;
            continue;
        }

        size_t size = rnd() % 50 == 0 ? rnd() % 65537 : rnd() % 700;

        live[i].p = kmem_alloc(size);
        live[i].size = size;
        ck_assert_ptr_nonnull(live[i].p);
        ck_assert_uint_eq((uintptr_t)live[i].p % 16, 0);
        ck_assert(filled(live[i].p, size, 0));
        live[i].fill = (uint8_t)rnd();
        memset(live[i].p, live[i].fill, size);
    }
    for (unsigned i = 0; i < LIVE; i++) {
        kmem_free(live[i].p);
        live[i].p = NULL;
    }

    struct kmem_stats s;

    kmem_stats(&s);
    ck_assert_uint_eq(s.objects, 0);
    ck_assert_uint_eq(s.bytes, 0);
    kmem_drain();
    kmem_stats(&s);
    ck_assert_uint_eq(s.pages, 0);
    ck_assert_uint_eq(free_now(), start);
}
END_TEST

START_TEST(kmem_failure_injection)
{
    kmem_fail_at(3, 2);
    void *a = kmem_alloc(100); /* 1: object, 2: its slab's pages */

    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_null(kmem_alloc(100));
    ck_assert_ptr_null(page_alloc(0));

    void *b = kmem_alloc(100);

    ck_assert_ptr_nonnull(b);
    kmem_free(a);
    kmem_free(b);

    struct kmem_stats s;

    kmem_stats(&s);
    ck_assert_uint_eq(s.failures, 1);
    ck_assert_ptr_null(kmem_alloc((size_t)PAGE_SIZE << (PAGE_ORDER_MAX + 1)));
    ck_assert_ptr_null(kmem_alloc(opaque(SIZE_MAX)));
    kmem_free(NULL);
}
END_TEST

START_TEST(kmem_double_free)
{
    void *a = kmem_alloc(40);

    kmem_free(a);
    kmem_free(a);
}
END_TEST

START_TEST(kmem_free_inside)
{
    uint8_t *a = kmem_alloc(40);

    kmem_free(a + 8);
}
END_TEST

START_TEST(kmem_free_stranger)
{
    static int stranger;

    kmem_free(&stranger);
}
END_TEST

START_TEST(kmem_free_page)
{
    kmem_free(page_ptr(page_alloc(0)));
}
END_TEST

START_TEST(kmem_overflow)
{
    volatile uint8_t *a = kmem_alloc(opaque(40));

    a[40] = 1;
}
END_TEST

START_TEST(kmem_big_overflow)
{
    volatile uint8_t *a = kmem_alloc(opaque(PAGE_SIZE));

    a[PAGE_SIZE] = 1;
}
END_TEST

START_TEST(kmem_use_after_free)
{
    volatile uint8_t *a = kmem_alloc(300);

    kmem_free((void *)a);
    a[0] = 1;
}
END_TEST

START_TEST(page_use_after_free)
{
    struct page *p = page_alloc(0);
    volatile uint8_t *a = page_ptr(p);

    page_put(p);
    a[0] = 1;
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("mem");
    TCase *tc = tcase_create("allocators");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, page_random);
    tcase_add_test(tc, page_exhaustion);
    tcase_add_test(tc, page_lazy);
    tcase_add_test(tc, page_reclaims_when_low);
    tcase_add_test(tc, page_refs);
    tcase_add_exit_test(tc, page_double_free, FAKE_PANIC_EXIT);
    tcase_add_test(tc, kmem_random);
    tcase_add_test(tc, kmem_failure_injection);
    tcase_add_exit_test(tc, kmem_double_free, FAKE_PANIC_EXIT);
    tcase_add_exit_test(tc, kmem_free_inside, FAKE_PANIC_EXIT);
    tcase_add_exit_test(tc, kmem_free_stranger, FAKE_PANIC_EXIT);
    tcase_add_exit_test(tc, kmem_free_page, FAKE_PANIC_EXIT);
    if (hal_mem_redzone() > 0) { /* deaths by the sanitizer */
        tcase_add_exit_test(tc, kmem_overflow, SANITIZER_EXIT);
        tcase_add_exit_test(tc, kmem_big_overflow, SANITIZER_EXIT);
        tcase_add_exit_test(tc, kmem_use_after_free, SANITIZER_EXIT);
        tcase_add_exit_test(tc, page_use_after_free, SANITIZER_EXIT);
    }
    suite_add_tcase(s, tc);
    return run_suite(s);
}
