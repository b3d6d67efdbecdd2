/* User memory: random mappings against a model that knows one byte of each page, forks, shared memory, stack growth, failing
 * allocations, and nothing left over at the end. */
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/vma.h>
#include <kernel/trusted/ucopy.h>
#include <tests/suite.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"
#include "fake_user.h"

enum { RAM = 32 << 20, WINDOW_PAGES = 160, STEPS = 6000 };
#define WINDOW 0x20000000ul
#define PG(n)  ((uintptr_t)(WINDOW + (uintptr_t)(n) * PAGE_SIZE))

static uint64_t seed, free_at_start;
static struct kmem_stats objects_at_start;

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
    seed = 7;
    page_stats(&s);
    free_at_start = s.free;
    kmem_stats(&objects_at_start);
}

/* Everything has come back. */
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
map_at(struct mm *mm, uintptr_t addr, uint64_t len, unsigned flags, struct file *file, uint64_t offset)
{
    struct mm_map_args args = {
        .addr = addr, .len = len, .flags = flags, .fixed = true, .file = file, .offset = offset
    };
    uintptr_t at;
    int rc = mm_map(mm, &args, &at);

    if (rc == 0)
        ck_assert_uint_eq(at, addr);
    return rc;
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

/* --- the model --- */

struct model {
    bool mapped[WINDOW_PAGES];
    unsigned prot[WINDOW_PAGES];
    uint8_t byte[WINDOW_PAGES]; /* first of the page */
    int back[WINDOW_PAGES];     /* the file page behind it, -1: anonymous */
};

struct world {
    struct mm *mm;
    struct model m;
};

/* Page tables, resident set and areas agree. */
struct audit {
    struct mm *mm;
    uint64_t mapped;
};

static void
audit_mapping(void *arg, uintptr_t va, paddr_t pa, unsigned prot) no_tsa
{
    struct audit *a = arg;
    struct vma *v = vma_at(a->mm, va);
    struct chunk *c = resident_find(&a->mm->resident, va >> PAGE_SHIFT);
    unsigned bit = chunk_bit(va >> PAGE_SHIFT);

    ck_assert_ptr_nonnull(v);
    ck_assert_ptr_nonnull(c);
    ck_assert(c->present >> bit & 1);
    ck_assert(c->mapped >> bit & 1);
    ck_assert_ptr_eq(c->pages[bit], page_of(pa));
    ck_assert_uint_eq(prot & ~vma_prot(v, true), 0);
    ck_assert_uint_eq((prot & HAL_PROT_WRITE) != 0, c->writable >> bit & 1);
    if ((prot & HAL_PROT_WRITE) != 0 && (v->flags & VMA_SHARED) == 0)
        ck_assert_uint_eq(page_of(pa)->refs, 1);
    a->mapped++;
}

static void
audit(struct mm *mm) no_tsa
{
    struct audit a = { .mm = mm };
    uint64_t pages = 0;
    unsigned areas = 0;
    uintptr_t end = 0;

    ck_assert(tree_in_order(&mm->vmas));
    fake_space_each(mm->space, audit_mapping, &a);
    ck_assert_uint_le(a.mapped, mm->rss_pages);
    for (const struct vma *v = vma_first(mm); v != NULL; v = vma_next(mm, v)) {
        ck_assert_uint_ge(v->start, end);
        ck_assert_uint_lt(v->start, v->end);
        end = v->end;
        pages += vma_pages(v);
        areas++;
    }
    ck_assert_uint_eq(pages, mm->vm_pages);
    ck_assert_uint_eq(areas, mm->nvmas);
}

static void
check_page(struct world *w, unsigned i)
{
    int want = !w->m.mapped[i] || w->m.prot[i] == 0 ? -EFAULT : w->m.byte[i];
    int got = peek(w->mm, PG(i));

    if (want != got)
        ck_abort_msg("page %u: %d, not %d (seed %llu)", i, got, want, (unsigned long long)seed);
}

static void
check_world(struct world *w)
{
    for (unsigned i = 0; i < WINDOW_PAGES; i++)
        check_page(w, i);
    audit(w->mm);
}

static unsigned
random_prot(void)
{
    static const unsigned prots[] = {
        0, VMA_READ, VMA_READ | VMA_WRITE, VMA_READ | VMA_WRITE, VMA_READ | VMA_EXEC, VMA_WRITE
    };

    return prots[rnd(6)];
}

static void
step_map(struct world *w, unsigned at, unsigned n, struct file *file)
{
    unsigned prot = random_prot(), first = rnd(FAKE_FILE_PAGES);
    bool use_file = rnd(3) == 0 && first + n <= FAKE_FILE_PAGES;

    if (map_at(w->mm, PG(at), (uint64_t)n * PAGE_SIZE, prot, use_file ? file : NULL,
               (uint64_t)first * PAGE_SIZE) < 0)
        return;
    for (unsigned i = 0; i < n; i++) {
        w->m.mapped[at + i] = true;
        w->m.prot[at + i] = prot;
        w->m.back[at + i] = use_file ? (int)(first + i) : -1;
        w->m.byte[at + i] = use_file ? (uint8_t)(first + i + 1) : 0;
    }
}

static void
step_protect(struct world *w, unsigned at, unsigned n)
{
    unsigned prot = random_prot();
    int rc = mm_protect(w->mm, PG(at), (uint64_t)n * PAGE_SIZE, prot);
    bool whole = true;

    for (unsigned i = at; i < at + n; i++)
        whole &= w->m.mapped[i];
    if (!whole)
        ck_assert_int_eq(rc, -ENOMEM);
    for (unsigned i = at; rc == 0 && i < at + n; i++)
        w->m.prot[i] = prot;
}

static void
step_write(struct world *w, unsigned i)
{
    uint8_t b = (uint8_t)(rnd(255) + 1);
    int rc = poke(w->mm, PG(i), b);
    bool allowed = w->m.mapped[i] && (w->m.prot[i] & VMA_WRITE) != 0;

    if (!allowed)
        ck_assert_int_eq(rc, -EFAULT);
    else if (rc == 0)
        w->m.byte[i] = b;
    else
        ck_assert_int_eq(rc, -ENOMEM);
}

/* Move [at, at+n) to [to, to+m), in the model. */
static void
model_move(struct model *m, unsigned at, unsigned n, unsigned to, unsigned len)
{
    struct model old = *m;

    for (unsigned i = 0; i < n; i++)
        m->mapped[at + i] = false;
    for (unsigned i = 0; i < len; i++) {
        unsigned from = at + (i < n ? i : 0);
        int back = old.back[at] < 0 ? -1 : old.back[at] + (int)i;

        m->mapped[to + i] = true;
        m->prot[to + i] = old.prot[from];
        m->back[to + i] = back;
        m->byte[to + i] = i < n ? old.byte[from] : back < 0 ? 0 : (uint8_t)(back + 1);
    }
}

static void
step_remap(struct world *w, unsigned at, unsigned n)
{
    unsigned len = 1 + rnd(20), to = rnd(WINDOW_PAGES - len);
    uintptr_t got = 0;
    struct model before = w->m;

    if (to < at + n && at < to + len)
        return;
    if (before.mapped[at] && before.back[at] >= 0 && before.back[at] + (int)len > FAKE_FILE_PAGES)
        return;

    int rc = mm_remap(w->mm, PG(at), (uint64_t)n * PAGE_SIZE, (uint64_t)len * PAGE_SIZE,
                      MM_REMAP_MAYMOVE | MM_REMAP_FIXED, PG(to), &got);

    if (rc == 0) {
        ck_assert_uint_eq(got, PG(to));
        model_move(&w->m, at, n, to, len);
        return;
    }
    for (unsigned i = to; i < to + len; i++) /* the target may be gone nevertheless */
        w->m.mapped[i] = w->m.mapped[i] && mm_check_range(w->mm, PG(i), PAGE_SIZE) == 0;
}

static void
step_shrink_or_grow(struct world *w, unsigned at, unsigned n)
{
    unsigned len = 1 + rnd(n + 8);
    uintptr_t got = 0;

    if (at + len > WINDOW_PAGES ||
        (w->m.mapped[at] && w->m.back[at] >= 0 && w->m.back[at] + (int)len > FAKE_FILE_PAGES))
        return;
    if (mm_remap(w->mm, PG(at), (uint64_t)n * PAGE_SIZE, (uint64_t)len * PAGE_SIZE, 0, 0, &got) < 0)
        return;
    ck_assert_uint_eq(got, PG(at));
    if (len < n) {
        for (unsigned i = at + len; i < at + n; i++)
            w->m.mapped[i] = false;
    } else {
        model_move(&w->m, at, n, at, len);
    }
}

static void
step_discard(struct world *w, unsigned at, unsigned n)
{
    if (mm_discard(w->mm, PG(at), (uint64_t)n * PAGE_SIZE, false) < 0 &&
        mm_check_range(w->mm, PG(at), n * PAGE_SIZE) == 0)
        return;
    for (unsigned i = at; i < at + n; i++)
        w->m.byte[i] = w->m.back[i] >= 0 ? (uint8_t)(w->m.back[i] + 1) : 0;
}

static void
step(struct world *w, struct file *file)
{
    unsigned n = 1 + rnd(rnd(4) == 0 ? 70 : 12), at = rnd(WINDOW_PAGES - n);

    switch (rnd(12)) {
    case 0:
    case 1:
        step_map(w, at, n, file);
        break;
    case 2:
        if (mm_unmap(w->mm, PG(at), (uint64_t)n * PAGE_SIZE) == 0)
            memset(&w->m.mapped[at], 0, n);
        break;
    case 3:
        step_protect(w, at, n);
        break;
    case 4:
        step_remap(w, at, n);
        break;
    case 5:
        step_shrink_or_grow(w, at, n);
        break;
    case 6:
        step_discard(w, at, n);
        break;
    case 7:
        mm_populate(w->mm, PG(at), (uint64_t)n * PAGE_SIZE, rnd(2) == 0);
        break;
    default:
        step_write(w, at);
        break;
    }
}

static struct file *
pattern_file(void)
{
    static uint8_t data[FAKE_FILE_PAGES * PAGE_SIZE];
    struct file *file;

    for (unsigned i = 0; i < FAKE_FILE_PAGES; i++)
        data[(size_t)i * PAGE_SIZE] = (uint8_t)(i + 1);
    fake_file_set(0, "/pattern", data, sizeof data);
    ck_assert_int_eq(vfs_open_exec("/pattern", &file), 0);
    return file;
}

/* Random steps in up to four processes that fork from each other. */
static void
run_random(unsigned fail_every)
{
    enum { WORLDS = 4 };
    struct world w[WORLDS] = { 0 };
    struct file *file = pattern_file();

    ck_assert_int_eq(mm_create(&w[0].mm), 0);
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned k = rnd(WORLDS), from = rnd(WORLDS);

        if (fail_every > 0 && rnd(4) == 0)
            kmem_fail_at(1 + rnd(fail_every), 1 + rnd(3));
        if (w[k].mm != NULL)
            step(&w[k], file);
        if (rnd(20) == 0 && w[k].mm == NULL && w[from].mm != NULL) {
            if (mm_fork(w[from].mm, &w[k].mm) == 0)
                w[k].m = w[from].m;
            else
                w[k].mm = NULL;
        } else if (rnd(60) == 0 && k != 0 && w[k].mm != NULL) {
            mm_put(w[k].mm);
            w[k].mm = NULL;
        }
        kmem_fail_at(0, 0);
        if (i % 16 == 0 && w[k].mm != NULL)
            check_world(&w[k]);
    }
    for (unsigned k = 0; k < WORLDS; k++) {
        if (w[k].mm == NULL)
            continue;
        check_world(&w[k]);
        mm_put(w[k].mm);
    }
    file_put(file);
    check_no_leak();
}

START_TEST(random_against_model)
{
    seed = (uint64_t)_i + 1;
    run_random(0);
}
END_TEST

START_TEST(random_with_failures)
{
    seed = (uint64_t)_i + 100;
    run_random(6);
}
END_TEST

/* --- single properties --- */

START_TEST(copy_on_write)
{
    struct mm *parent, *child;

    ck_assert_int_eq(mm_create(&parent), 0);
    ck_assert_int_eq(map_at(parent, PG(0), 100 * PAGE_SIZE, VMA_READ | VMA_WRITE, NULL, 0), 0);
    for (unsigned i = 0; i < 100; i++)
        ck_assert_int_eq(poke(parent, PG(i), (uint8_t)i), 0);
    ck_assert_int_eq(mm_fork(parent, &child), 0);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_int_eq(peek(child, PG(i)), (int)i);
        ck_assert_int_eq(poke(i % 2 ? child : parent, PG(i), 200), 0);
        ck_assert_int_eq(peek(i % 2 ? parent : child, PG(i)), (int)i);
    }
    audit(parent);
    audit(child);
    mm_put(child);

    /* Alone again: a write to a page that was shared moves nothing. */
    paddr_t before, after;
    ck_assert_int_eq(peek(parent, PG(99)), 99);
    ck_assert(hal_space_query(parent->space, uaddr(PG(99)), &before, NULL));
    ck_assert_int_eq(poke(parent, PG(99), 1), 0);
    ck_assert(hal_space_query(parent->space, uaddr(PG(99)), &after, NULL));
    ck_assert_uint_eq(before.v, after.v);
    mm_put(parent);
    check_no_leak();
}
END_TEST

START_TEST(shared_memory_across_fork)
{
    struct mm *parent, *child;

    ck_assert_int_eq(mm_create(&parent), 0);
    ck_assert_int_eq(
        map_at(parent, PG(0), 20 * PAGE_SIZE, VMA_READ | VMA_WRITE | VMA_SHARED, NULL, 0), 0);
    ck_assert_int_eq(poke(parent, PG(3), 33), 0);
    ck_assert_int_eq(mm_fork(parent, &child), 0);
    ck_assert_int_eq(peek(child, PG(3)), 33);
    ck_assert_int_eq(poke(child, PG(3), 44), 0);
    ck_assert_int_eq(peek(parent, PG(3)), 44);
    ck_assert_int_eq(poke(child, PG(19), 55), 0);
    mm_put(child);
    ck_assert_int_eq(peek(parent, PG(19)), 55);
    mm_put(parent);
    check_no_leak();
}
END_TEST

START_TEST(shared_file)
{
    struct file *file = pattern_file();
    struct mm *mm;

    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(map_at(mm, PG(0), 4 * PAGE_SIZE, VMA_READ | VMA_WRITE | VMA_SHARED, file, 0),
                     -EACCES);
    ck_assert_int_eq(map_at(mm, PG(0), 4 * PAGE_SIZE, VMA_READ | VMA_SHARED, file, 0), 0);
    ck_assert_int_eq(mm_protect(mm, PG(0), PAGE_SIZE, VMA_READ | VMA_WRITE), -EACCES);
    file->flags = O_RDWR;
    ck_assert_int_eq(mm_protect(mm, PG(0), 4 * PAGE_SIZE, VMA_READ | VMA_WRITE), 0);
    ck_assert_int_eq(peek(mm, PG(2)), 3);
    ck_assert_uint_eq(fake_files[0].dirtied, 0);
    ck_assert_int_eq(poke(mm, PG(2), 77), 0);
    ck_assert_uint_eq(fake_files[0].dirtied, 1);
    ck_assert_uint_eq(*(uint8_t *)page_ptr(fake_files[0].cached[2]), 77);
    ck_assert_int_eq(mm_sync(mm, PG(0), 4 * PAGE_SIZE, true), 0);
    ck_assert_int_eq(poke(mm, PG(2), 78), 0);
    ck_assert_uint_ge(fake_files[0].dirtied, 3);

    fake_files[0].inode.size = 2 * PAGE_SIZE + 1;
    ck_assert_int_eq(mm_unmap(mm, PG(0), 4 * PAGE_SIZE), 0);
    ck_assert_int_eq(map_at(mm, PG(0), 4 * PAGE_SIZE, VMA_READ, file, 0), 0);
    ck_assert_int_eq(mm_fault(mm, PG(2), HAL_PROT_READ), 0);
    ck_assert_int_eq(mm_fault(mm, PG(3), HAL_PROT_READ), -EIO);
    mm_put(mm);
    file_put(file);
    check_no_leak();
}
END_TEST

START_TEST(stack_grows)
{
    struct mm *mm;
    uintptr_t top = PG(4096);

    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(map_at(mm, top - PAGE_SIZE, PAGE_SIZE,
                            VMA_READ | VMA_WRITE | VMA_GROWSDOWN | VMA_STACK, NULL, 0),
                     0);
    ck_assert_int_eq(poke(mm, top - 100 * PAGE_SIZE, 1), 0);
    ck_assert_int_eq(poke(mm, top - (8 << 20), 1), 0);
    ck_assert_int_eq(poke(mm, top - (8 << 20) - 1, 1), -EFAULT);
    ck_assert_int_eq(map_at(mm, PG(100), PAGE_SIZE, VMA_READ, NULL, 0), 0);
    mm_put(mm);

    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(map_at(mm, top - PAGE_SIZE, PAGE_SIZE,
                            VMA_READ | VMA_WRITE | VMA_GROWSDOWN | VMA_STACK, NULL, 0),
                     0);
    ck_assert_int_eq(map_at(mm, top - 400 * PAGE_SIZE, PAGE_SIZE, VMA_READ, NULL, 0), 0);
    ck_assert_int_eq(poke(mm, top - 398 * PAGE_SIZE, 1), -EFAULT); /* inside the guard gap */
    ck_assert_int_eq(poke(mm, top - (399 - 256) * PAGE_SIZE, 1), 0);
    mm_put(mm);
    check_no_leak();
}
END_TEST

START_TEST(brk_moves)
{
    struct mm *mm;
    uintptr_t brk;

    ck_assert_int_eq(mm_create(&mm), 0);
    mm->brk_start = mm->brk = PG(1);
    ck_assert_int_eq(mm_set_brk(mm, 0, &brk), -ENOMEM);
    ck_assert_uint_eq(brk, PG(1));
    ck_assert_int_eq(mm_set_brk(mm, PG(9) + 5, &brk), 0);
    ck_assert_int_eq(poke(mm, PG(9) + 4, 9), 0);
    ck_assert_int_eq(mm_set_brk(mm, PG(9), &brk), 0);
    ck_assert_int_eq(peek(mm, PG(9)), -EFAULT);
    ck_assert_int_eq(mm_set_brk(mm, PG(10), &brk), 0);
    ck_assert_int_eq(peek(mm, PG(9) + 4), 0);
    ck_assert_uint_eq(mm->nvmas, 1);
    ck_assert_int_eq(map_at(mm, PG(12), PAGE_SIZE, VMA_READ, NULL, 0), 0);
    ck_assert_int_eq(mm_set_brk(mm, PG(13), &brk), -ENOMEM);
    ck_assert_uint_eq(brk, PG(10));
    ck_assert_int_eq(mm_set_brk(mm, UINTPTR_MAX, &brk), -ENOMEM);
    ck_assert_int_eq(mm_set_brk(mm, PG(1), &brk), 0);
    ck_assert_uint_eq(mm->vm_pages, 1);
    fake_proc.rlimits->of[2].cur = 3 * PAGE_SIZE;
    ck_assert_int_eq(mm_set_brk(mm, PG(4) + 1, &brk), -ENOMEM);
    ck_assert_int_eq(mm_set_brk(mm, PG(4), &brk), 0);
    mm_put(mm);
    check_no_leak();
}
END_TEST

START_TEST(hostile_ranges)
{
    static const uint64_t odd[] = {
        0,          1,          PAGE_SIZE,      PAGE_SIZE + 1, 0x7ffffffef000,      0x7fffffff0000,
        1ull << 47, 1ull << 63, UINT64_MAX - 1, UINT64_MAX,    ~(uint64_t)PAGE_MASK
    };
    enum { N = sizeof odd / sizeof odd[0] };
    struct mm *mm;
    uintptr_t out;
    uint8_t buf[16];

    ck_assert_int_eq(mm_create(&mm), 0);
    fake_proc.mm = mm;
    for (unsigned a = 0; a < N; a++) {
        for (unsigned l = 0; l < N; l++) {
            struct mm_map_args args = {
                .addr = odd[a], .len = odd[l], .flags = VMA_READ, .fixed = true
            };

            if (mm_map(mm, &args, &out) == 0)
                ck_assert_uint_lt(out, hal_user_max().v);
            args.fixed = false;
            if (mm_map(mm, &args, &out) == 0)
                ck_assert_uint_lt(out, hal_user_max().v);
            ck_assert_int_le(mm_protect(mm, odd[a], odd[l], VMA_READ | VMA_WRITE), 0);
            if (mm_sync(mm, odd[a], odd[l], true) == 0 || mm_discard(mm, odd[a], odd[l], true) == 0)
                mm_populate(mm, odd[a], odd[l] > RAM ? PAGE_SIZE : odd[l], false);
            for (unsigned k = 0; k < N; k++) {
                int rc = mm_remap(mm, odd[a], odd[l], odd[k], k % 4, odd[(a + k) % N], &out);
                ck_assert_int_le(rc, 0);
            }
            ck_assert_int_ne(ucopy_in(buf, uaddr(odd[a]), odd[l] > 16 ? 1ul << 50 : 0), 1);
            ck_assert_int_le(ucopy_zero(uaddr(odd[a] | 1), SIZE_MAX), -1);
            if (odd[l] <= RAM / 2)
                ck_assert_int_le(ucopy_in(buf, uaddr(hal_user_max().v - 3), 4), -1);
            ck_assert_int_le(mm_unmap(mm, odd[a], odd[l]), 0);
            audit(mm);
        }
    }
    mm_put(mm);
    fake_proc.mm = NULL;
    check_no_leak();
}
END_TEST

START_TEST(overcommit_and_limits)
{
    struct mm *mm;
    uintptr_t at;
    struct mm_map_args args = { .len = 1ull << 40, .flags = VMA_READ | VMA_WRITE };

    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(mm_map(mm, &args, &at), -ENOMEM);
    args.flags |= VMA_NORESERVE;
    ck_assert_int_eq(mm_map(mm, &args, &at), 0);
    ck_assert_int_eq(poke(mm, at + (1ull << 39), 1), 0);
    ck_assert_int_eq(mm_unmap(mm, at, args.len), 0);
    args.flags = VMA_READ | VMA_WRITE;
    args.len = PAGE_SIZE;
    fake_proc.rlimits->of[9].cur = 3 * PAGE_SIZE;
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(mm_map(mm, &args, &at), 0);
    ck_assert_int_eq(mm_map(mm, &args, &at), -ENOMEM);
    mm_put(mm);
    check_no_leak();
}
END_TEST

/* All of RAM, then nothing: -ENOMEM, and it all comes back. */
START_TEST(exhaustion)
{
    struct mm *mm;
    struct mm_map_args args = { .len = 2 * RAM, .flags = VMA_READ | VMA_WRITE | VMA_NORESERVE };
    uintptr_t at;
    int rc = 0;
    uint64_t n;

    ck_assert_int_eq(mm_create(&mm), 0);
    ck_assert_int_eq(mm_map(mm, &args, &at), 0);
    for (n = 0; n < args.len / PAGE_SIZE && rc == 0; n++)
        rc = poke(mm, at + n * PAGE_SIZE, 1);
    ck_assert_int_eq(rc, -ENOMEM);
    ck_assert_uint_ge(n, RAM / PAGE_SIZE * 9 / 10);
    mm_put(mm);
    check_no_leak();
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("mm");
    TCase *t = tcase_create("mm");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, random_against_model, 0, 8);
    tcase_add_loop_test(t, random_with_failures, 0, 8);
    tcase_add_test(t, copy_on_write);
    tcase_add_test(t, shared_memory_across_fork);
    tcase_add_test(t, shared_file);
    tcase_add_test(t, stack_grows);
    tcase_add_test(t, brk_moves);
    tcase_add_test(t, hostile_ranges);
    tcase_add_test(t, overcommit_and_limits);
    tcase_add_test(t, exhaustion);
    suite_add_tcase(s, t);
    return run_suite(s);
}
