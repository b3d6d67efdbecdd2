/* Strings, formatted text, the log ring, lists, spans, take cells. */
#include <kernel/abi/errno.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/trusted/list.h>
#include <tests/suite.h>

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"

#define SAME(...)                                                                                  \
    do {                                                                                           \
        char ours[256], libc[256];                                                                 \
        size_t n = fmt_print(ours, sizeof ours, __VA_ARGS__);                                      \
        int m = snprintf(libc, sizeof libc, __VA_ARGS__);                                          \
        ck_assert_str_eq(ours, libc);                                                              \
        ck_assert_uint_eq(n, (size_t)m);                                                           \
    } while (0)

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"

START_TEST(fmt_agrees_with_libc)
{
    SAME("plain 100%%");
    SAME("%d %i %u", -5, INT_MIN, UINT_MAX);
    SAME("%5d|%-5d|%05d|%+d|%+05d|%.3d|%8.3d|%-8.3d|", 42, 42, 42, 42, 42, 42, 42, 42);
    SAME("%x %X %#x %#X %o %#o %#x", 0xbeefu, 0xbeefu, 0xbeefu, 0xbeefu, 8u, 8u, 0u);
    SAME("%08x %#010x %.8x", 0x1234u, 0x1234u, 0x1234u);
    SAME("%hhd %hd %ld %lld %zu %jd %td", (signed char)-1, (short)-2, -3l, -4ll, (size_t)5,
         (intmax_t)-6, (ptrdiff_t)7);
    SAME("%hhu %hx %lx %llx", 300, 0x12345, ULONG_MAX, ULLONG_MAX);
    SAME("%lld %llu", LLONG_MIN, ULLONG_MAX);
    SAME("%s|%10s|%-10s|%.2s|%10.1s|", "abc", "abc", "abc", "abc", "abc");
    SAME("%c|%3c|%-3c|", 'x', 'y', 'z');
    SAME("%*d|%-*d|%*d|%.*s|%.*d", 6, 1, 6, 2, -6, 3, 2, "abcdef", -1, 5);
    SAME("%p", (void *)0x1234);
    SAME("%.0d|%.d|%5.0d|", 0, 0, 0);
}
END_TEST

START_TEST(fmt_truncates)
{
    char buf[8];

    memset(buf, '!', sizeof buf);
    ck_assert_uint_eq(fmt_print(buf, 4, "%s", "abcdef"), 6);
    ck_assert_str_eq(buf, "abc");
    ck_assert_int_eq(buf[4], '!');
    ck_assert_uint_eq(fmt_print(buf, 0, "xyz"), 3);
    ck_assert_int_eq(buf[0], 'a');
    ck_assert_uint_eq(fmt_print(buf, sizeof buf, "trailing %"), 9);
}
END_TEST

START_TEST(strings)
{
    char buf[4];
    uint64_t v = 7;

    ck_assert(str_eq("abc", "abc") && !str_eq("abc", "ab") && !str_eq("", "a"));
    ck_assert(str_neq("abcd", "abxx", 2) && !str_neq("abc", "abd", 3) && str_neq("ab", "ab", 9));
    ck_assert(str_starts("/dev/hda", "/dev/") && !str_starts("/d", "/dev"));
    ck_assert_uint_eq(str_nlen("hello", 3), 3);
    ck_assert_uint_eq(str_copy(buf, sizeof buf, "hello"), 3);
    ck_assert_str_eq(buf, "hel");
    ck_assert_ptr_null(str_chr("abc", 'x'));
    ck_assert_int_eq(*str_chr("abc", 'b'), 'b');
    ck_assert_int_eq(str_to_u64("0xff", &v), 0);
    ck_assert_uint_eq(v, 255);
    ck_assert_int_eq(str_to_u64("18446744073709551615", &v), 0);
    ck_assert_uint_eq(v, UINT64_MAX);
    ck_assert_int_eq(str_to_u64("18446744073709551616", &v), -ERANGE);
    ck_assert_int_eq(str_to_u64("12a", &v), -EINVAL);
    ck_assert_int_eq(str_to_u64("", &v), -EINVAL);
    ck_assert_int_eq(str_to_u64("0x", &v), -EINVAL);
    ck_assert_int_eq(str_to_u64("-1", &v), -EINVAL);
}
END_TEST

START_TEST(log_ring)
{
    static char text[65536];
    bool once = false;

    fake_boot(4 << 20);
    log_set_level(LOG_INFO);
    klog(LOG_INFO, "hello %d", 1);
    klog(LOG_DEBUG, "not shown");
    ck_assert_str_eq(fake_log(), "[    0.000000] hello 1\n");
    ck_assert_uint_eq(log_read(text, sizeof text), log_size());
    ck_assert(strstr(text, "<6>[    0.000000] hello 1\n<7>[    0.000000] not shown\n") != NULL);
    for (int i = 0; i < 3000; i++)
        klog(LOG_DEBUG, "line %d", i);

    size_t n = log_read(text, sizeof text);

    ck_assert_uint_le(n, 16384);
    ck_assert_uint_ge(n, 16000);
    ck_assert_mem_eq(text, "<7>[", 4);
    text[n] = '\0';
    ck_assert(strstr(text, "line 2999\n") != NULL);
    ck_assert(klog_once(&once, LOG_DEBUG, "x"));
    ck_assert(!klog_once(&once, LOG_DEBUG, "x"));
    memset(text, 'z', 500);
    text[500] = '\0';
    klog(LOG_DEBUG, "%s", text); /* cut, still a line */
    ck_assert_uint_eq(log_read(text, 1), 1);
    ck_assert_int_eq(text[0], '\n');
}
END_TEST

START_TEST(lists)
{
    struct list l;
    struct list_node n[3] = { 0 }, *it, *tmp;
    int count = 0;

    list_init(&l);
    ck_assert(list_empty(&l) && list_pop_front(&l) == NULL);
    list_push_back(&l, &n[1]);
    list_push_back(&l, &n[2]);
    list_push_front(&l, &n[0]);
    list_for_each (it, &l)
        ck_assert_ptr_eq(it, &n[count++]);
    ck_assert_int_eq(count, 3);
    list_for_each_safe (it, tmp, &l)
        list_remove(it);
    ck_assert(list_empty(&l) && !list_linked(&n[1]));
}
END_TEST

START_TEST(list_double_insert_panics)
{
    struct list l;
    struct list_node n = { 0 };

    list_init(&l);
    list_push_back(&l, &n);
    list_push_back(&l, &n);
}
END_TEST

START_TEST(list_double_remove_panics)
{
    struct list l;
    struct list_node n = { 0 };

    list_init(&l);
    list_push_back(&l, &n);
    list_remove(&n);
    list_remove(&n);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("fmt");
    TCase *tc = tcase_create("base");

    tcase_add_test(tc, fmt_agrees_with_libc);
    tcase_add_test(tc, fmt_truncates);
    tcase_add_test(tc, strings);
    tcase_add_test(tc, log_ring);
    tcase_add_test(tc, lists);
    tcase_add_exit_test(tc, list_double_insert_panics, FAKE_PANIC_EXIT);
    tcase_add_exit_test(tc, list_double_remove_panics, FAKE_PANIC_EXIT);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
