/* The system calls on memory: success and each error, as a program would see them. */
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mman.h>
#include <kernel/mm/kmem.h>
#include <kernel/sys/sys_mem.h>
#include <kernel/trusted/ucopy.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "fake_hal.h"
#include "fake_user.h"

enum { RAM = 16 << 20, FD = 3, FD_RDONLY = 4, FD_NONE = 5 };
#define AT              0x30000000ull
#define MAX             0x7fffffff0000ull
#define CALL(name, ...) sys_##name(&(struct sysargs){ { __VA_ARGS__ } })
#define ANON            (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW              (PROT_READ | PROT_WRITE)

static uint64_t free_at_start;

static void
setup(void)
{
    struct page_stats s;
    static uint8_t data[8 * PAGE_SIZE];

    fake_boot(RAM);
    fake_user_boot();
    page_stats(&s);
    free_at_start = s.free;
    memset(data, 'x', sizeof data);
    fake_file_set(0, "/f", data, sizeof data);
    ck_assert_int_eq(vfs_open_exec("/f", &fake_fds[FD]), 0);
    ck_assert_int_eq(vfs_open_exec("/f", &fake_fds[FD_RDONLY]), 0);
    fake_fds[FD]->flags = O_RDWR;
    ck_assert_int_eq(mm_create(&fake_proc.mm), 0);
    fake_proc.mm->brk_start = fake_proc.mm->brk = 0x10000000;
}

static void
teardown(void)
{
    struct page_stats s;

    mm_put(fake_proc.mm);
    fake_proc.mm = NULL;
    file_put(fake_fds[FD]);
    file_put(fake_fds[FD_RDONLY]);
    fake_cache_drop();
    kmem_drain();
    page_stats(&s);
    ck_assert_uint_eq(s.free, free_at_start);
}

static bool
touch(uint64_t addr)
{
    return ucopy_zero(uaddr(addr), 1) == 0;
}

START_TEST(brk)
{
    ck_assert_int_eq(CALL(brk, 0), 0x10000000);
    ck_assert_int_eq(CALL(brk, 0x10003001), 0x10003001);
    ck_assert(touch(0x10003000));
    ck_assert_int_eq(CALL(brk, UINT64_MAX), 0x10003001);
    ck_assert_int_eq(CALL(brk, 0x10000000), 0x10000000);
    ck_assert(!touch(0x10000000));
}
END_TEST

START_TEST(mmap)
{
    int64_t a = CALL(mmap, 0, 3 * PAGE_SIZE, RW, ANON, UINT64_MAX, 0);

    ck_assert_int_gt(a, 0);
    ck_assert(touch((uint64_t)a + 2 * PAGE_SIZE));
    ck_assert_int_eq(CALL(mmap, AT, 1, RW, ANON | MAP_FIXED, 0, 0), AT);
    ck_assert_int_eq(CALL(mmap, AT, 1, RW, ANON | MAP_FIXED_NOREPLACE, 0, 0), -EEXIST);
    ck_assert_int_eq(CALL(mmap, AT + 8, 1, RW, ANON | MAP_FIXED, 0, 0), -EINVAL);
    ck_assert_int_eq(CALL(mmap, MAX, 1, RW, ANON | MAP_FIXED, 0, 0), -ENOMEM);
    ck_assert_int_eq(CALL(mmap, 0, 1, RW, ANON | MAP_FIXED, 0, 0), -EPERM);
    ck_assert_int_eq(CALL(mmap, 0, 0, RW, ANON, 0, 0), -EINVAL);
    ck_assert_int_eq(CALL(mmap, 0, UINT64_MAX, RW, ANON, 0, 0), -ENOMEM);
    ck_assert_int_eq(CALL(mmap, 0, 1, RW, MAP_ANONYMOUS, 0, 0), -EINVAL);
    ck_assert_int_eq(CALL(mmap, 0, 1, 0x80, ANON, 0, 0), -EINVAL);
    ck_assert_int_eq(CALL(mmap, 0, 1, RW, ANON | MAP_HUGETLB, 0, 0), -EINVAL);
    ck_assert_int_eq(CALL(mmap, 0, 1, RW, MAP_SHARED_VALIDATE | MAP_SYNC, FD, 0), -EOPNOTSUPP);
    ck_assert_int_lt(CALL(mmap, 0, 1, RW, ANON | MAP_32BIT, 0, 0), 1ll << 31);
    ck_assert_int_gt(CALL(mmap, 0, 1, PROT_READ, MAP_SHARED, FD_RDONLY, PAGE_SIZE), 0);
    ck_assert_int_gt(CALL(mmap, 0, 1, RW, MAP_PRIVATE | MAP_POPULATE, FD_RDONLY, 0), 0);
    ck_assert_int_gt(CALL(mmap, 0, 1, RW, MAP_SHARED, FD, 0), 0);
    ck_assert_int_eq(CALL(mmap, 0, 1, RW, MAP_SHARED, FD_RDONLY, 0), -EACCES);
    ck_assert_int_eq(CALL(mmap, 0, 1, RW, MAP_SHARED, FD_NONE, 0), -EBADF);
    ck_assert_int_eq(CALL(mmap, 0, 1, RW, MAP_SHARED, FD, 12), -EINVAL);
    ck_assert_int_eq(CALL(mmap, 0, 1, RW, MAP_SHARED, FD, INT64_MAX & ~PAGE_MASK), -EOVERFLOW);
    fake_fds[FD]->flags = O_WRONLY;
    ck_assert_int_eq(CALL(mmap, 0, 1, PROT_READ, MAP_PRIVATE, FD, 0), -EACCES);
    fake_files[0].inode.mode = S_IFDIR;
    ck_assert_int_eq(CALL(mmap, 0, 1, PROT_READ, MAP_PRIVATE, FD_RDONLY, 0), -ENODEV);
}
END_TEST

START_TEST(munmap_mprotect)
{
    ck_assert_int_eq(CALL(mmap, AT, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED, 0, 0), AT);
    ck_assert_int_eq(CALL(mprotect, AT + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
    ck_assert(touch(AT) && !touch(AT + PAGE_SIZE) && touch(AT + 2 * PAGE_SIZE));
    ck_assert_int_eq(CALL(mprotect, AT + 1, PAGE_SIZE, PROT_READ), -EINVAL);
    ck_assert_int_eq(CALL(mprotect, AT, PAGE_SIZE, 0x40), -EINVAL);
    ck_assert_int_eq(CALL(mprotect, AT, 5 * PAGE_SIZE, PROT_READ), -ENOMEM);
    ck_assert_int_eq(CALL(mprotect, AT, 0, PROT_READ), 0);
    ck_assert_int_eq(CALL(munmap, AT + PAGE_SIZE, PAGE_SIZE), 0);
    ck_assert(touch(AT) && !touch(AT + PAGE_SIZE) && touch(AT + 2 * PAGE_SIZE));
    ck_assert_int_eq(CALL(munmap, AT + 1, PAGE_SIZE), -EINVAL);
    ck_assert_int_eq(CALL(munmap, AT, 0), -EINVAL);
    ck_assert_int_eq(CALL(munmap, MAX, UINT64_MAX - MAX), -EINVAL);
    ck_assert_int_eq(CALL(munmap, AT, 4 * PAGE_SIZE), 0);
    ck_assert_uint_eq(fake_proc.mm->vm_pages, 0);
}
END_TEST

START_TEST(mremap)
{
    int64_t a;

    ck_assert_int_eq(CALL(mmap, AT, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED, 0, 0), AT);
    ck_assert_int_eq(CALL(mmap, AT + 6 * PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, 0, 0),
                     AT + 6 * PAGE_SIZE);
    ck_assert_int_eq(CALL(mremap, AT, 4 * PAGE_SIZE, 6 * PAGE_SIZE, 0, 0), AT);
    ck_assert_int_eq(CALL(mremap, AT, 6 * PAGE_SIZE, 9 * PAGE_SIZE, 0, 0), -ENOMEM);
    a = CALL(mremap, AT, 6 * PAGE_SIZE, 9 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
    ck_assert_int_gt(a, 0);
    ck_assert(touch((uint64_t)a + 8 * PAGE_SIZE) && !touch(AT));
    ck_assert_int_eq(
        CALL(mremap, (uint64_t)a, 9 * PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, AT), AT);
    ck_assert_int_eq(CALL(mremap, AT, PAGE_SIZE, PAGE_SIZE, MREMAP_FIXED, AT), -EINVAL);
    ck_assert_int_eq(CALL(mremap, AT, PAGE_SIZE, PAGE_SIZE, 8, 0), -EINVAL);
    ck_assert_int_eq(CALL(mremap, AT + 1, PAGE_SIZE, PAGE_SIZE, 0, 0), -EINVAL);
    ck_assert_int_eq(CALL(mremap, AT, PAGE_SIZE, 0, 0, 0), -EINVAL);
    ck_assert_int_eq(CALL(mremap, AT, 0, PAGE_SIZE, MREMAP_MAYMOVE, 0), -EINVAL);
    ck_assert_int_eq(CALL(mremap, 0x50000000, PAGE_SIZE, PAGE_SIZE, 0, 0), -EFAULT);
    ck_assert_int_eq(CALL(mremap, AT, 1ull << 40, PAGE_SIZE, 0, 0), -EFAULT);
    ck_assert_int_eq(CALL(mremap, AT, PAGE_SIZE, 1ull << 40, MREMAP_MAYMOVE, 0), -ENOMEM);
}
END_TEST

START_TEST(advice)
{
    uint8_t byte = 7;

    ck_assert_int_eq(CALL(mmap, AT, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED, 0, 0), AT);
    ck_assert_int_eq(ucopy_out(uaddr(AT), &byte, 1), 0);
    for (unsigned how = 0; how < 30; how++) {
        int64_t rc = CALL(madvise, AT, 4 * PAGE_SIZE, how);

        ck_assert(rc == 0 || rc == -EINVAL);
    }
    ck_assert_int_eq(ucopy_in(&byte, uaddr(AT), 1), 0);
    ck_assert_uint_eq(byte, 0);
    ck_assert_int_eq(CALL(madvise, AT, 5 * PAGE_SIZE, MADV_DONTNEED), -ENOMEM);
    ck_assert_int_eq(CALL(madvise, AT + 1, PAGE_SIZE, MADV_DONTNEED), -EINVAL);
    ck_assert_int_eq(CALL(madvise, AT, UINT64_MAX, MADV_NORMAL), -EINVAL);
    ck_assert_int_eq(
        CALL(mmap, AT + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, FD, 0),
        AT + 4 * PAGE_SIZE);
    ck_assert_int_eq(CALL(madvise, AT + 4 * PAGE_SIZE, PAGE_SIZE, MADV_FREE), -EINVAL);
}
END_TEST

START_TEST(msync_mincore)
{
    uint8_t vec[4] = { 9, 9, 9, 9 };

    ck_assert_int_eq(CALL(mmap, AT, 8 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, FD, 0), AT);
    ck_assert_int_eq(CALL(mmap, AT + 64 * PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, 0, 0),
                     AT + 64 * PAGE_SIZE);
    ck_assert(touch(AT));
    ck_assert_int_eq(CALL(msync, AT, 8 * PAGE_SIZE, MS_SYNC), 0);
    ck_assert_int_eq(CALL(msync, AT, 9 * PAGE_SIZE, MS_ASYNC), -ENOMEM);
    ck_assert_int_eq(CALL(msync, AT + 1, PAGE_SIZE, MS_ASYNC), -EINVAL);
    ck_assert_int_eq(CALL(msync, AT, PAGE_SIZE, MS_ASYNC | MS_SYNC), -EINVAL);
    ck_assert_int_eq(CALL(msync, AT, PAGE_SIZE, 8), -EINVAL);
    ck_assert_uint_ge(fake_files[0].dirtied, 1);

    ck_assert_int_eq(CALL(mincore, AT, 3 * PAGE_SIZE + 1, AT + 64 * PAGE_SIZE), 0);
    ck_assert_int_eq(ucopy_in(vec, uaddr(AT + 64 * PAGE_SIZE), sizeof vec), 0);
    ck_assert_uint_eq(vec[0], 1);
    ck_assert_uint_eq(vec[3], 0);
    ck_assert_int_eq(CALL(mincore, AT, PAGE_SIZE, 8), -EFAULT);
    ck_assert_int_eq(CALL(mincore, AT, 9 * PAGE_SIZE, AT + 64 * PAGE_SIZE), -ENOMEM);
    ck_assert_int_eq(CALL(mincore, AT + 1, PAGE_SIZE, AT), -EINVAL);
    ck_assert_int_eq(CALL(mincore, AT, UINT64_MAX, AT), -ENOMEM);
}
END_TEST

START_TEST(locks_and_barriers)
{
    ck_assert_int_eq(CALL(mmap, AT, 4 * PAGE_SIZE, RW, ANON | MAP_FIXED, 0, 0), AT);
    ck_assert_int_eq(CALL(mlock, AT + 5, PAGE_SIZE), 0);
    ck_assert_int_eq(CALL(mlock, AT, 5 * PAGE_SIZE), -ENOMEM);
    ck_assert_int_eq(CALL(mlock, AT, UINT64_MAX), -EINVAL);
    ck_assert_int_eq(CALL(mlock2, AT, PAGE_SIZE, MLOCK_ONFAULT), 0);
    ck_assert_int_eq(CALL(mlock2, AT, PAGE_SIZE, 2), -EINVAL);
    ck_assert_int_eq(CALL(munlock, AT, PAGE_SIZE), 0);
    ck_assert_int_eq(CALL(munlock, AT, 5 * PAGE_SIZE), -ENOMEM);
    ck_assert_int_eq(CALL(mlockall, MCL_CURRENT), 0);
    ck_assert_int_eq(CALL(mlockall, 0), -EINVAL);
    ck_assert_int_eq(CALL(mlockall, 8), -EINVAL);
    ck_assert_int_eq(CALL(munlockall, 0), 0);
    ck_assert_int_gt(CALL(membarrier, 0), 0);
    ck_assert_int_eq(CALL(membarrier, 1), 0);
    ck_assert_int_eq(CALL(membarrier, 3), -EINVAL);
    ck_assert_int_eq(CALL(membarrier, 0, 1), -EINVAL);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("sys_mem");
    TCase *t = tcase_create("sys_mem");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, brk);
    tcase_add_test(t, mmap);
    tcase_add_test(t, munmap_mprotect);
    tcase_add_test(t, mremap);
    tcase_add_test(t, advice);
    tcase_add_test(t, msync_mincore);
    tcase_add_test(t, locks_and_barriers);
    suite_add_tcase(s, t);
    return run_suite(s);
}
