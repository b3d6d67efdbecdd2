/* DMA buffers: turns, the poison between submit and complete for every form of access, and memory that a device still has. */
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>

#include <hal/cpu.h>
#include <tests/sanitizer_exit.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"

enum { RAM = 4 << 20, SIZE = 4096 };
#define DEV "ide0"

/* What lies in the buffer, for accesses through members. */
struct layout {
    uint8_t b[8];
    uint16_t h;
    uint16_t bits_low : 4, bits_high : 12;
    uint32_t w;
    uint64_t d;
    uint8_t more[64];
};

static struct span mem;
static struct dma_buf buf;
static uint8_t *stale; /* kept from before the submission: what no compiler follows */

static void
setup(void)
{
    fake_boot(RAM);
    mem = span_of(page_ptr(page_alloc(0)), SIZE);
    stale = mem.ptr;
}

static void
submit(enum hal_dma_dir dir) no_tsa
{
    ck_assert(dma_open(&buf, DEV, mem, dir));
    dma_submit(&buf);
}

static void
complete(void) no_tsa
{
    dma_complete(&buf);
    dma_close(&buf);
}

/* --- every form of access to memory that the device has --- */

static size_t
opaque(size_t i)
{
    volatile size_t v = i;

    return v;
}

static volatile uint64_t sink;

/* clang-format off */
static void read_1_constant(void) { sink = stale[3]; }
static void read_1_variable(void) { sink = stale[opaque(3)]; }
static void read_1_last(void) { sink = stale[opaque(SIZE - 1)]; }
static void read_2(void) { uint16_t v; __builtin_memcpy(&v, stale + 2, 2); sink = v; }
static void read_4(void) { uint32_t v; __builtin_memcpy(&v, stale + 4, 4); sink = v; }
static void read_8(void) { uint64_t v; __builtin_memcpy(&v, stale + 8, 8); sink = v; }
static void write_1_constant(void) { stale[3] = 1; }
static void write_1_variable(void) { stale[opaque(3)] = 1; }
static void write_2(void) { ((struct layout *)(void *)stale)->h = 1; }
static void write_4(void) { ((struct layout *)(void *)stale)->w = 1; }
static void write_8(void) { ((struct layout *)(void *)stale)->d = 1; }
static void member_byte(void) { sink = ((struct layout *)(void *)stale)->b[5]; }
static void member_variable(void) { sink = ((struct layout *)(void *)stale)->more[opaque(9)]; }
static void member_bits(void) { ((struct layout *)(void *)stale)->bits_high = 5; }
static void copy_struct(void) { struct layout l = *(struct layout *)(void *)stale; sink = l.w; }
static void assign_struct(void) { *(struct layout *)(void *)stale = (struct layout){ .w = 1 }; }
static void memcpy_from(void) { uint8_t b[64]; memcpy(b, stale + opaque(64), opaque(64)); sink = b[opaque(1)]; }
static void memcpy_to(void) { uint8_t b[64] = { 1 }; memcpy(stale + opaque(64), b, opaque(64)); }
static void memcpy_last_byte(void) { static uint8_t b[64]; memcpy(stale + SIZE - 1, b, opaque(1)); }
static void memmove_within(void) { memmove(stale, stale + 8, opaque(16)); }
static void memset_all(void) { memset(stale, 0, opaque(SIZE)); }
static void memcmp_with(void) { static uint8_t b[8]; sink = (uint64_t)memcmp(stale, b, opaque(8)); }
static void compare_and_swap(void) { __atomic_fetch_add(stale, 1, __ATOMIC_RELAXED); }
static void read_volatile(void) { sink = *(volatile uint32_t *)(void *)(stale + 16); }
static void through_span_get(void) { sink = span_get(span_const(mem), 7); }
static void through_span_put(void) { span_put(mem, 7, 1); }
static void through_span_copy(void) { uint8_t b[16] = { 0 }; span_copy(mem, cspan_of(b, sizeof b)); }
static void through_field_get(void) { sink = get_le32(span_const(mem), 8); }
static void through_field_put(void) { put_le64(mem, 8, 1); }
/* clang-format on */

static void (*const accesses[])(void) = {
    read_1_constant,
    read_1_variable,
    read_1_last,
    read_2,
    read_4,
    read_8,
    write_1_constant,
    write_1_variable,
    write_2,
    write_4,
    write_8,
    member_byte,
    member_variable,
    member_bits,
    copy_struct,
    assign_struct,
    memcpy_from,
    memcpy_to,
    memcpy_last_byte,
    memmove_within,
    memset_all,
    memcmp_with,
    compare_and_swap,
    read_volatile,
    through_span_get,
    through_span_put,
    through_span_copy,
    through_field_get,
    through_field_put,
};
enum { ACCESSES = sizeof accesses / sizeof accesses[0] };

START_TEST(access_in_the_devices_turn)
{
    submit(HAL_DMA_FROM_DEVICE);
    accesses[_i]();
}
END_TEST

START_TEST(access_in_the_cpus_turn)
{
    submit(HAL_DMA_FROM_DEVICE);
    complete();
    accesses[_i]();
}
END_TEST

/* The neighbours of a buffer stay usable, to the byte. */
START_TEST(neighbours_are_not_poisoned)
{
    mem = span_sub(mem, 1024, 512);
    submit(HAL_DMA_FROM_DEVICE);
    stale[1023] = 1;
    stale[1536] = 1;
    complete();
    stale[1024] = 1;
    ck_assert_uint_eq(fake_dma_grants, 0);
}
END_TEST

static void
open_shared(void) no_tsa
{
    ck_assert(dma_open_shared(&buf, DEV, span_const(mem)));
    dma_submit(&buf);
}

START_TEST(shared_memory_is_not_poisoned)
{
    open_shared();
    for (size_t i = 0; i < ACCESSES; i++)
        accesses[i]();
    complete();
}
END_TEST

/* --- what can be a buffer --- */

static bool
opens(struct span m, enum hal_dma_dir dir) no_tsa
{
    struct dma_buf b;

    if (!dma_open(&b, DEV, m, dir))
        return false;
    dma_close(&b);
    return true;
}

START_TEST(reach)
{
    static uint8_t outside[64] __attribute__((aligned(64)));

    ck_assert(opens(mem, HAL_DMA_FROM_DEVICE));
    ck_assert(opens(span_sub(mem, 64, 64), HAL_DMA_FROM_DEVICE));
    ck_assert(!opens(span_sub(mem, 8, 64), HAL_DMA_FROM_DEVICE)); /* shares cache lines */
    ck_assert(!opens(span_sub(mem, 0, 60), HAL_DMA_FROM_DEVICE));
    ck_assert(!opens(span_sub(mem, 8, 64), HAL_DMA_BOTH));
    ck_assert(opens(span_sub(mem, 8, 60), HAL_DMA_TO_DEVICE));
    ck_assert(!opens(span_of(outside, sizeof outside), HAL_DMA_TO_DEVICE)); /* not RAM */
    ck_assert(!opens(span_sub(mem, 0, 0), HAL_DMA_TO_DEVICE));
    ck_assert_uint_eq(fake_dma_grants, 0);
}
END_TEST

/* --- wrong turns, where the compiler was told to look away --- */

static void
submit_twice(void) no_tsa
{
    submit(HAL_DMA_TO_DEVICE);
    dma_submit(&buf);
}

static void
close_while_submitted(void) no_tsa
{
    submit(HAL_DMA_TO_DEVICE);
    dma_close(&buf);
}

static void
complete_twice(void) no_tsa
{
    submit(HAL_DMA_TO_DEVICE);
    dma_complete(&buf);
    dma_complete(&buf);
}

static void
submit_closed(void) no_tsa
{
    submit(HAL_DMA_TO_DEVICE);
    complete();
    dma_submit(&buf);
}

static void
wrong_assertion(void)
{
    submit(HAL_DMA_TO_DEVICE);
    dma_assert_cpu(&buf);
}

/* --- memory that a device still has --- */

static void
free_page(void)
{
    submit(HAL_DMA_FROM_DEVICE);
    page_put(page_of_ptr(mem.ptr));
}

static void
free_object(void)
{
    mem = span_of(kmem_alloc(512), 512);
    submit(HAL_DMA_TO_DEVICE);
    kmem_free(mem.ptr);
}

static void
free_shared(void)
{
    open_shared();
    page_put(page_of_ptr(mem.ptr));
}

static void
use_for_two_transfers(void) no_tsa
{
    struct dma_buf other;

    submit(HAL_DMA_FROM_DEVICE);
    ck_assert(dma_open(&other, "nic0", span_sub(mem, 512, 64), HAL_DMA_FROM_DEVICE));
    dma_submit(&other);
}

static void (*const mistakes[])(void) = {
    submit_twice, close_while_submitted, complete_twice, submit_closed,         wrong_assertion,
    free_page,    free_object,           free_shared,    use_for_two_transfers,
};

START_TEST(mistake)
{
    mistakes[_i]();
}
END_TEST

static void
share(void) no_tsa
{
    struct dma_buf other;

    open_shared();
    ck_assert(dma_open_shared(&other, "ide1", span_const(mem)));
    dma_submit(&other);
    dma_complete(&other);
    dma_close(&other);
    complete();
}

/* One page of a file on its way to two disks: both only read it. */
START_TEST(two_readers_may_share)
{
    share();
    ck_assert_uint_eq(fake_dma_grants, 0);
}
END_TEST

START_TEST(free_after_completion)
{
    submit(HAL_DMA_FROM_DEVICE);
    complete();
    page_put(page_of_ptr(mem.ptr));
    ck_assert_uint_eq(fake_dma_grants, 0);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("dma_buf");
    TCase *tc = tcase_create("dma_buf");

    tcase_add_checked_fixture(tc, setup, NULL);
    if (hal_mem_redzone() > 0)
        tcase_add_loop_exit_test(tc, access_in_the_devices_turn, SANITIZER_EXIT, 0, ACCESSES);
    tcase_add_loop_test(tc, access_in_the_cpus_turn, 0, ACCESSES);
    tcase_add_test(tc, neighbours_are_not_poisoned);
    tcase_add_test(tc, shared_memory_is_not_poisoned);
    tcase_add_test(tc, reach);
    tcase_add_loop_exit_test(tc, mistake, FAKE_PANIC_EXIT, 0, sizeof mistakes / sizeof mistakes[0]);
    tcase_add_test(tc, two_readers_may_share);
    tcase_add_test(tc, free_after_completion);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
