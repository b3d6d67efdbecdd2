/* /dev/mtd0 on flash memory that is an array: reading, writing, ioctl(2)s, and every error.  (tests/driver/test_flash_lm3s.c has the real one.) */
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/mtd.h>
#include <kernel/core/mtd.h>
#include <kernel/fs/file.h>
#include <kernel/fs/namei.h>
#include <tests/suite.h>

#include <stdlib.h>
#include <string.h>

#include "vfs_machine.h"

enum { SIZE = 4096, PAGE = 1024 };

static uint8_t bytes[SIZE], buf[SIZE + 10];
static uint32_t protected = SIZE; /* from there on */
static int broken;

static void
flash_read(struct mtd *m unused_param, uint32_t at, struct span to)
{
    ck_assert_uint_le(at + to.len, SIZE);
    memcpy(to.ptr, bytes + at, to.len);
}

static int
flash_program(struct mtd *m unused_param, uint32_t at, struct cspan from)
{
    ck_assert_uint_le(at + from.len, SIZE);
    if (broken != 0 || at + from.len > protected)
        return broken != 0 ? broken : -EPERM;
    for (size_t i = 0; i < from.len; i++)
        bytes[at + i] &= from.ptr[i];
    return 0;
}

static int
flash_erase(struct mtd *m unused_param, uint32_t page)
{
    ck_assert_uint_le(page, SIZE - PAGE);
    ck_assert_uint_eq(page % PAGE, 0);
    if (page + PAGE > protected)
        return -EPERM;
    memset(bytes + page, 0xff, PAGE);
    return 0;
}

static const struct mtd_ops ops = { .read = flash_read,
                                    .program = flash_program,
                                    .erase = flash_erase };
static struct mtd mtd = { .ops = &ops, .size = SIZE, .page = PAGE }, second = { .ops = &ops };

static int64_t
put(struct file *f, uint64_t pos, const void *p, size_t n)
{
    struct iobuf b = { .kernel = (uint8_t *)(uintptr_t)p, .left = n };

    return file_pwrite(f, &b, pos);
}

static int64_t
erase(struct file *f, uint32_t start, uint32_t length)
{
    struct erase_info_user e = { start, length };

    return file_ioctl(f, MEMERASE, (uintptr_t)&e);
}

static struct file *
open_mtd(uint32_t flags)
{
    struct file *f = NULL;

    OK(vfs_open(NULL, "/mtd0", flags, 0, &f));
    return f;
}

static void
start(void)
{
    memset(bytes, 0xff, sizeof bytes);
    OK(mtd_add(&mtd));
    EQ(mtd_add(&second), -EBUSY);
    OK(vfs_mknod(NULL, "/mtd0", S_IFCHR | 0600, dev_make(90, 0)));
}

static void
contents_body(void)
{
    struct file *f;

    start();
    f = open_mtd(O_RDWR);
    EQ(file_seek(f, 0, SEEK_END), SIZE);
    EQ(file_seek(f, -SIZE - 1, SEEK_END), -EINVAL);
    for (size_t i = 0; i < SIZE; i++)
        buf[i] = (uint8_t)(i * 7 + i / 256);
    EQ(put(f, 100, buf, 1000), 1000);
    EQ(file_read_at(f, 100, buf + 2000, 1000), 1000);
    ck_assert_mem_eq(buf, buf + 2000, 1000);
    ck_assert_uint_eq(bytes[99] & bytes[1100], 0xff);
    EQ(put(f, SIZE - 100, buf, 200), 100); /* as far as it goes */
    EQ(put(f, SIZE, buf, 1), -ENOSPC);
    EQ(put(f, UINT64_MAX / 2, buf, 1), -ENOSPC);
    EQ(put(f, SIZE, buf, 0), 0);
    EQ(file_read_at(f, 0, buf, sizeof buf), SIZE);
    ck_assert_mem_eq(buf, bytes, SIZE);
    EQ(file_read_at(f, SIZE, buf, 1), 0);
    EQ(file_read_at(f, UINT64_MAX / 2, buf, 1), 0);
    protected = 2000;
    EQ(put(f, 1900, buf, 200), 64); /* what had been done */
    EQ(put(f, 2000, buf, 1), -EPERM);
    broken = -EIO;
    EQ(put(f, 0, buf, 1), -EIO);
    file_put(f);
}

START_TEST(contents)
{
    run(contents_body);
}
END_TEST

static void
ioctls_body(void)
{
    static const uint32_t wrong[][2] = { { 0, 0 },
                                         { 0, PAGE - 1 },
                                         { PAGE / 2, PAGE },
                                         { SIZE, PAGE },
                                         { SIZE - PAGE, 2 * PAGE },
                                         { UINT32_MAX - PAGE + 1, PAGE },
                                         { PAGE, UINT32_MAX - PAGE + 1 } };
    struct mtd_info_user info;
    struct file *f, *r;

    start();
    f = open_mtd(O_RDWR);
    r = open_mtd(O_RDONLY);
    ck_assert_uint_eq(sizeof info, 32); /* part of its ioctl's number */
    OK(file_ioctl(r, MEMGETINFO, (uintptr_t)&info));
    ck_assert_uint_eq(info.type, MTD_NORFLASH);
    ck_assert_uint_eq(info.flags, 0xc00);
    ck_assert_uint_eq(info.size, SIZE);
    ck_assert_uint_eq(info.erasesize, PAGE);
    ck_assert_uint_eq(info.writesize, 1);
    ck_assert_uint_eq(info.oobsize, 0);
    EQ(file_ioctl(r, MEMGETINFO, BAD_ADDR), -EFAULT);
    memset(bytes, 0, SIZE);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        EQ(erase(f, wrong[i][0], wrong[i][1]), -EINVAL);
    EQ(erase(r, 0, PAGE), -EPERM);
    EQ(file_ioctl(f, MEMERASE, BAD_ADDR), -EFAULT);
    EQ(file_ioctl(f, 0x4d03, 0), -ENOTTY);
    for (size_t i = 0; i < SIZE; i++)
        ck_assert_uint_eq(bytes[i], 0);
    OK(erase(f, PAGE, 2 * PAGE));
    for (size_t i = 0; i < SIZE; i++)
        ck_assert_uint_eq(bytes[i], i >= PAGE && i < 3 * PAGE ? 0xff : 0);
    protected = 3 * PAGE;
    EQ(erase(f, 0, SIZE), -EPERM);
    ck_assert_uint_eq(bytes[0] & bytes[3 * PAGE - 1], 0xff);
    ck_assert_uint_eq(bytes[3 * PAGE], 0);
    file_put(f);
    file_put(r);
}

START_TEST(ioctls)
{
    run(ioctls_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("mtddev");
    TCase *t = tcase_create("mtddev");

    tcase_add_test(t, contents);
    tcase_add_test(t, ioctls);
    suite_add_tcase(s, t);
    return run_suite(s);
}
