/* User memory without an MMU: random areas against a list of what there should be, what a protection unit could do with them, contents,
 * failing allocations, and nothing left over at the end. */
#include <kernel/abi/errno.h>
#include <kernel/abi/resource.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/vma.h>
#include <kernel/trusted/ucopy.h>
#include <tests/suite.h>

#include <check.h>
#include <string.h>

#include "fake_hal.h"
#include "fake_user.h"

enum { RAM = 4 << 20, AREAS = 40, STEPS = 4000, RW = VMA_READ | VMA_WRITE, EIGHTHS = 8 };

static uint64_t seed, free_at_start;
static struct kmem_stats objects_at_start;

struct area {
    uintptr_t start;
    uint64_t len; /* as asked for */
    unsigned flags;
    uint8_t byte; /* first and last */
};

static unsigned
rnd(unsigned n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(seed >> 33) % n;
}

static void
setup(void)
{
    struct page_stats s;

    fake_boot(RAM);
    fake_user_boot();
    seed = 11;
    page_stats(&s);
    free_at_start = s.free;
    kmem_stats(&objects_at_start);
}

static void
check_no_leak(void)
{
    struct page_stats s;
    struct kmem_stats k;

    kmem_fail_at(0, 0);
    fake_cache_drop();
    kmem_drain();
    kmem_stats(&k);
    ck_assert_uint_eq(k.objects, objects_at_start.objects);
    page_stats(&s);
    ck_assert_uint_eq(s.free, free_at_start);
    ck_assert_uint_eq(fake_open_files, 0);
    ck_assert_uint_eq(fake_spaces, 0);
}

static int
map(struct mm *mm, uint64_t len, unsigned flags, uintptr_t *at)
{
    struct mm_map_args args = { .len = len, .flags = flags };

    return mm_map(mm, &args, at);
}

static int
peek(struct mm *mm, uintptr_t va)
{
    uint8_t b;
    int rc = ucopy_in_mm(mm, &b, uaddr(va), 1);

    return rc < 0 ? rc : b;
}

static int
poke(struct mm *mm, uintptr_t va, uint8_t b)
{
    return ucopy_out_mm(mm, uaddr(va), &b, 1);
}

/* --- what must hold of every area --- */

/* One region of an ARMv7-M MPU can be exactly this: a power of two, aligned to it, some of its eighths left out at either end. */
static void
check_region(uintptr_t start, uintptr_t end)
{
    for (uint64_t size = PAGE_SIZE; size <= (uint64_t)PAGE_SIZE << PAGE_ORDER_MAX; size *= 2) {
        uint64_t step = size / EIGHTHS < PAGE_SIZE ? PAGE_SIZE : size / EIGHTHS;

        if (start % step == 0 && end % step == 0 && start / size == (end - 1) / size)
            return;
    }
    ck_abort_msg("%#lx to %#lx is no region", (unsigned long)start, (unsigned long)end);
}

struct count {
    struct mm *mm;
    uint64_t pages;
};

static void
check_mapping(void *arg, uintptr_t va, paddr_t pa, unsigned prot) no_tsa
{
    struct count *c = arg;
    struct vma *v = vma_at(c->mm, va);

    ck_assert_ptr_nonnull(v);
    ck_assert_uint_eq(va, pa.v);
    ck_assert((prot & (HAL_PROT_WRITE | HAL_PROT_EXEC)) != (HAL_PROT_WRITE | HAL_PROT_EXEC));
    ck_assert_uint_eq(prot & HAL_PROT_WRITE, v->flags & VMA_WRITE);
    ck_assert_uint_eq(prot & HAL_PROT_EXEC, v->flags & VMA_EXEC);
    ck_assert_uint_eq(page_of(pa)->refs, 1);
    c->pages++;
}

static void
audit(struct mm *mm) no_tsa
{
    struct count c = { .mm = mm };
    uint64_t accessible = 0, pages = 0;

    fake_space_each(mm->space, check_mapping, &c);
    for (const struct vma *v = vma_first(mm); v != NULL; v = vma_next(mm, v)) {
        check_region(v->start, v->end);
        pages += vma_pages(v);
        accessible += (v->flags & VMA_ACCESS) != 0 ? vma_pages(v) : 0;
    }
    ck_assert_uint_eq(c.pages, accessible);
    ck_assert_uint_eq(mm->rss_pages, pages);
    ck_assert_uint_eq(mm->vm_pages, pages);
}

static void
check_area(struct mm *mm, const struct area *a)
{
    bool read = (a->flags & VMA_ACCESS) != 0;

    ck_assert_int_eq(peek(mm, a->start), read ? a->byte : -EFAULT);
    ck_assert_int_eq(peek(mm, a->start + a->len - 1), read ? a->byte : -EFAULT);
}

/* --- random --- */

static void
step_map(struct mm *mm, struct area *a)
{
    static const unsigned kinds[] = { RW, VMA_READ, VMA_READ | VMA_EXEC, RW | VMA_SHARED };

    a->len = 1 + rnd(rnd(4) == 0 ? 40 * PAGE_SIZE : 4 * PAGE_SIZE);
    a->flags = kinds[rnd(4)];
    a->byte = 0;
    if (map(mm, a->len, a->flags, &a->start) < 0) {
        a->len = 0;
        return;
    }
    check_area(mm, a);
    if ((a->flags & VMA_WRITE) != 0) {
        a->byte = (uint8_t)(1 + rnd(255));
        ck_assert_int_eq(poke(mm, a->start, a->byte), 0);
        ck_assert_int_eq(poke(mm, a->start + a->len - 1, a->byte), 0);
    } else {
        ck_assert_int_eq(poke(mm, a->start, 1), -EFAULT);
    }
}

static void
step_protect(struct mm *mm, struct area *a)
{
    static const unsigned kinds[] = { RW, VMA_READ, VMA_READ | VMA_EXEC, 0 };
    unsigned prot = kinds[rnd(4)];

    if (mm_protect(mm, a->start, a->len, prot) == 0)
        a->flags = (a->flags & ~(unsigned)VMA_ACCESS) | prot;
}

static void
random_steps(struct mm *mm, bool failures)
{
    struct area areas[AREAS] = { 0 };

    for (unsigned i = 0; i < STEPS; i++) {
        struct area *a = &areas[rnd(AREAS)];

        if (failures && rnd(3) == 0)
            kmem_fail_at(1 + rnd(3), 1);
        if (a->len == 0) {
            step_map(mm, a);
        } else if (rnd(3) == 0) {
            step_protect(mm, a);
        } else {
            ck_assert_int_eq(mm_unmap(mm, a->start, a->len), 0);
            a->len = 0;
        }
        kmem_fail_at(0, 0);
        for (unsigned k = 0; k < AREAS; k++)
            if (areas[k].len != 0)
                check_area(mm, &areas[k]);
        if (i % 16 == 0)
            audit(mm);
    }
}

START_TEST(random_areas)
{
    struct mm *mm;

    seed += (unsigned)_i;
    ck_assert_int_eq(mm_create(&mm), 0);
    random_steps(mm, _i % 2 == 1);
    audit(mm);
    mm_put(mm);
    check_no_leak();
}
END_TEST

/* --- one by one --- */

START_TEST(refusals)
{
    struct fake_file *f = fake_file_set(0, "/f", "x", 1);
    struct mm_map_args fixed = { .addr = 0x40000, .len = PAGE_SIZE, .flags = RW, .fixed = true };
    struct mm_map_args shared = { .len = PAGE_SIZE, .flags = RW | VMA_SHARED };
    struct mm *mm, *child;
    uintptr_t at;

    (void)f;
    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(mm_map(mm, &fixed, &at), -EINVAL);
    ck_assert_int_eq(map(mm, PAGE_SIZE, RW | VMA_EXEC, &at), -EACCES);
    ck_assert_int_eq(map(mm, 0, RW, &at), -ENOMEM);
    ck_assert_int_eq(map(mm, UINT64_MAX, RW, &at), -ENOMEM);
    ck_assert_int_eq(map(mm, 2ull << (PAGE_ORDER_MAX + PAGE_SHIFT), RW, &at), -ENOMEM);
    ck_assert_int_eq(vfs_open_exec("/f", &shared.file), 0);
    ck_assert_int_eq(mm_map(mm, &shared, &at), -ENODEV);
    file_put(shared.file);
    ck_assert_int_eq(mm_fork(mm, &child), -ENOSYS);

    ck_assert_int_eq(map(mm, 4 * PAGE_SIZE, RW, &at), 0);
    ck_assert_int_eq(mm_unmap(mm, at + PAGE_SIZE, PAGE_SIZE), -EINVAL);
    ck_assert_int_eq(mm_unmap(mm, at, PAGE_SIZE), -EINVAL);
    ck_assert_int_eq(mm_unmap(mm, at + 1, PAGE_SIZE), -EINVAL);
    ck_assert_int_eq(mm_protect(mm, at, PAGE_SIZE, VMA_READ), -EINVAL);
    ck_assert_int_eq(mm_protect(mm, at, PAGE_SIZE, RW), 0); /* it has that */
    ck_assert_int_eq(mm_protect(mm, at, 5 * PAGE_SIZE, RW), -ENOMEM);
    ck_assert_int_eq(mm_protect(mm, at, 4 * PAGE_SIZE, RW | VMA_EXEC), -EACCES);
    ck_assert_int_eq(mm_protect(mm, at + 64 * PAGE_SIZE, PAGE_SIZE, RW), -ENOMEM);
    ck_assert_int_eq(mm_fault(mm, at, HAL_PROT_EXEC), -EACCES);
    ck_assert_int_eq(mm_fault(mm, at + 64 * PAGE_SIZE, HAL_PROT_READ), -EFAULT);
    ck_assert_int_eq(mm_in_core(mm, at), 1);
    ck_assert_int_eq(mm_in_core(mm, at + 64 * PAGE_SIZE), -ENOMEM);
    ck_assert_int_eq(mm_check_range(mm, at, 5 * PAGE_SIZE), -ENOMEM);
    audit(mm);
    mm_put(mm);
    check_no_leak();
}
END_TEST

/* A limit of the process binds it. */
START_TEST(limit)
{
    struct mm *mm;
    uintptr_t at;

    ck_assert_int_eq(mm_create(&mm), 0);
    fake_proc.rlimits->of[RLIMIT_AS].cur = 5 * PAGE_SIZE;
    ck_assert_int_eq(map(mm, 3 * PAGE_SIZE, RW, &at), 0);
    ck_assert_int_eq(map(mm, 3 * PAGE_SIZE, RW, &at), -ENOMEM);
    ck_assert_int_eq(map(mm, 2 * PAGE_SIZE, RW, &at), 0);
    mm_put(mm);
    check_no_leak();
}
END_TEST

/* A file is copied: as far as it goes, zeroes behind; an unreadable one is nobody's memory. */
START_TEST(file_copy)
{
    char text[PAGE_SIZE + 10];
    struct fake_file *f;
    struct mm_map_args a = { .len = 3 * PAGE_SIZE, .flags = VMA_READ | VMA_EXEC };
    struct mm *mm;
    uintptr_t at;

    memset(text, 'x', sizeof text);
    f = fake_file_set(0, "/f", text, sizeof text);
    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(vfs_open_exec("/f", &a.file), 0);
    ck_assert_int_eq(mm_map(mm, &a, &at), 0);
    ck_assert_int_eq(peek(mm, at), 'x');
    ck_assert_int_eq(peek(mm, at + sizeof text - 1), 'x');
    ck_assert_int_eq(peek(mm, at + sizeof text), 0);
    ck_assert_int_eq(peek(mm, at + 3 * PAGE_SIZE - 1), 0);
    ck_assert_int_eq(poke(mm, at, 'y'), -EFAULT);
    f->broken = true;
    fake_cache_drop();
    ck_assert_int_eq(mm_map(mm, &a, &at), -EIO);
    file_put(a.file);
    audit(mm);
    mm_put(mm);
    check_no_leak();
}
END_TEST

static paddr_t direct_at;
static uint64_t direct_room;

static int
fake_direct(struct inode *inode unused_param, paddr_t *at_out, uint64_t *room_out)
{
    *at_out = direct_at;
    *room_out = direct_room;
    return direct_at.v != 0 ? 0 : -ENODEV;
}

/* A file that lies in memory is mapped where it lies, and costs no page; a part of it that is not aligned, or whose region would show
 * more than the file's, is copied. */
START_TEST(file_in_place)
{
    static const struct inode_ops ops = { .direct = fake_direct };
    char text[3 * PAGE_SIZE];
    struct fake_file *f;
    struct mm_map_args a = { .len = 3 * PAGE_SIZE, .flags = VMA_READ | VMA_EXEC };
    struct page *block = page_alloc(2);
    struct mm *mm;
    unsigned prot;
    uintptr_t at;

    memset(text, 'x', sizeof text);
    f = fake_file_set(0, "/f", text, sizeof text);
    f->inode.ops = &ops;
    ck_assert_ptr_nonnull(block);
    page_split(block);
    direct_at = page_paddr(block);
    direct_room = sizeof text;
    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(vfs_open_exec("/f", &a.file), 0);
    ck_assert_int_eq(mm_map(mm, &a, &at), 0);
    ck_assert_uint_eq(at, direct_at.v);
    ck_assert_uint_eq(mm->rss_pages, 0);
    ck_assert(hal_space_query(mm->space, uaddr(at), NULL, &prot));
    ck_assert_uint_eq(prot, HAL_PROT_READ | HAL_PROT_EXEC);
    ck_assert_int_eq(mm_protect(mm, at, a.len, VMA_READ | VMA_WRITE), -EACCES);
    ck_assert_int_eq(mm_protect(mm, at, a.len, VMA_READ), 0);
    ck_assert_int_eq(mm_unmap(mm, at, a.len), 0);
    ck_assert_uint_eq(mm->rss_pages, 0);

    a.offset = PAGE_SIZE;
    a.len = PAGE_SIZE;
    ck_assert_int_eq(mm_map(mm, &a, &at), 0);
    ck_assert_uint_eq(at, direct_at.v + PAGE_SIZE);
    mm_put(mm); /* with it there */
    ck_assert_int_eq(mm_create(&mm), 0);

    a.flags = VMA_READ | VMA_WRITE;
    ck_assert_int_eq(mm_map(mm, &a, &at), 0);
    ck_assert_uint_ne(at, direct_at.v + PAGE_SIZE);
    a.flags = VMA_READ;
    direct_at.v += 16;
    ck_assert_int_eq(mm_map(mm, &a, &at), 0);
    ck_assert_uint_ne(at, direct_at.v + PAGE_SIZE);
    direct_at = page_paddr(block);
    direct_room = 2 * PAGE_SIZE - 1;
    ck_assert_int_eq(mm_map(mm, &a, &at), 0);
    ck_assert_int_eq(peek(mm, at), 'x');
    file_put(a.file);
    audit(mm);
    mm_put(mm);
    for (unsigned i = 0; i < 4; i++)
        page_put(page_of(paddr(page_paddr(block).v + i * PAGE_SIZE)));
    check_no_leak();
}
END_TEST

/* The break stays within its area, and what it gives is zero, the second time too. */
START_TEST(brk_moves)
{
    struct mm *mm;
    uintptr_t at, brk;

    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(mm_set_brk(mm, 0x50000, &brk), -ENOMEM); /* there is no heap */
    ck_assert_int_eq(map(mm, 4 * PAGE_SIZE, RW, &at), 0);
    mm->brk_start = mm->brk = at + 100;
    ck_assert_int_eq(mm_set_brk(mm, at + 3 * PAGE_SIZE, &brk), 0);
    ck_assert_uint_eq(brk, at + 3 * PAGE_SIZE);
    ck_assert_int_eq(poke(mm, at + 2 * PAGE_SIZE, 7), 0);
    ck_assert_int_eq(mm_set_brk(mm, at + 200, &brk), 0);
    ck_assert_int_eq(mm_set_brk(mm, at + 4 * PAGE_SIZE, &brk), 0);
    ck_assert_int_eq(peek(mm, at + 2 * PAGE_SIZE), 0);
    ck_assert_int_eq(mm_set_brk(mm, at + 4 * PAGE_SIZE + 1, &brk), -ENOMEM);
    ck_assert_int_eq(mm_set_brk(mm, at + 99, &brk), -ENOMEM);
    ck_assert_uint_eq(brk, at + 4 * PAGE_SIZE);
    mm_put(mm);
    check_no_leak();
}
END_TEST

START_TEST(remap_and_discard)
{
    struct mm *mm;
    uintptr_t at, to;

    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(map(mm, 9 * PAGE_SIZE, RW, &at), 0); /* ten: eighths of sixteen */
    ck_assert_int_eq(mm_remap(mm, at, 9 * PAGE_SIZE, 10 * PAGE_SIZE, MM_REMAP_MAYMOVE, 0, &to), 0);
    ck_assert_uint_eq(to, at);
    ck_assert_int_eq(mm_remap(mm, at, 9 * PAGE_SIZE, 11 * PAGE_SIZE, MM_REMAP_MAYMOVE, 0, &to),
                     -ENOMEM);
    ck_assert_int_eq(mm_remap(mm, at, 4 * PAGE_SIZE, PAGE_SIZE, 0, 0, &to), -EINVAL);
    ck_assert_int_eq(mm_remap(mm, at + 64 * PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, 0, 0, &to), -EFAULT);
    ck_assert_int_eq(poke(mm, at + PAGE_SIZE, 3), 0);
    ck_assert_int_eq(mm_discard(mm, at, 2 * PAGE_SIZE, true), 0);
    ck_assert_int_eq(peek(mm, at + PAGE_SIZE), 0);
    ck_assert_int_eq(mm_discard(mm, at, 11 * PAGE_SIZE, true), -ENOMEM);
    mm_put(mm);
    check_no_leak();
}
END_TEST

/* All of it, then -ENOMEM, and it comes back. */
START_TEST(exhaustion)
{
    struct mm *mm;
    uintptr_t at;
    unsigned n = 0;

    ck_assert_int_eq(mm_create(&mm), 0);
    while (map(mm, 8 * PAGE_SIZE, RW, &at) == 0)
        n++;
    ck_assert_uint_ge(n, RAM / PAGE_SIZE / 8 * 8 / 10);
    audit(mm);
    mm_put(mm);
    check_no_leak();
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("nommu");
    TCase *t = tcase_create("nommu");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, random_areas, 0, 6);
    tcase_add_test(t, refusals);
    tcase_add_test(t, limit);
    tcase_add_test(t, file_copy);
    tcase_add_test(t, file_in_place);
    tcase_add_test(t, brk_moves);
    tcase_add_test(t, remap_and_discard);
    tcase_add_test(t, exhaustion);
    suite_add_tcase(s, t);
    return run_suite(s);
}
