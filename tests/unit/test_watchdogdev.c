/* /dev/watchdog's ioctl(2)s, on a watchdog that notes what it is told.  (tests/driver/test_lm3s_files.c has the real one, and its resets.) */
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/core/watchdog.h>
#include <kernel/fs/file.h>
#include <kernel/fs/namei.h>
#include <tests/suite.h>

#include <stdlib.h>
#include <string.h>

#include "vfs_machine.h"

enum { MAX_S = 100, LEFT_S = 12 };

#define WDIOC_GETSUPPORT    0x80285700u
#define WDIOC_GETSTATUS     0x80045701u
#define WDIOC_GETBOOTSTATUS 0x80045702u
#define WDIOC_KEEPALIVE     0x80045705u
#define WDIOC_SETTIMEOUT    0xc0045706u
#define WDIOC_GETTIMEOUT    0x80045707u
#define WDIOC_GETTIMELEFT   0x8004570au

static uint32_t started, pings;

static void
start(struct watchdog *w unused_param, uint32_t seconds)
{
    started = seconds;
}

static void
ping(struct watchdog *w unused_param)
{
    pings++;
}

static uint32_t
left(struct watchdog *w unused_param)
{
    return LEFT_S;
}

static const struct watchdog_ops ops = { .start = start, .ping = ping, .left = left };
static struct watchdog watchdog = { .ops = &ops, .max_s = MAX_S }, second = { .ops = &ops };

static int64_t
ask(struct file *f, uint32_t cmd, void *arg)
{
    return file_ioctl(f, cmd, (uintptr_t)arg);
}

static void
ioctls_body(void)
{
    struct {
        uint32_t options, firmware;
        char identity[32];
    } info;
    struct file *f = NULL;
    int32_t v = -1;

    ck_assert_int_eq(watchdog_add(&watchdog), 0);
    ck_assert_int_eq(watchdog_add(&second), -EBUSY);
    ck_assert_int_eq(vfs_mknod(NULL, "/watchdog", S_IFCHR | 0600, dev_make(10, 130)), 0);
    ck_assert_int_eq(vfs_open(NULL, "/watchdog", O_WRONLY, 0, &f), 0);
    ck_assert_uint_eq(started, 30);
    ck_assert_int_eq(ask(f, WDIOC_GETSUPPORT, &info), 0);
    ck_assert_uint_eq(info.options, 0x8180);
    ck_assert_str_eq(info.identity, "drydock");
    ck_assert_int_eq(ask(f, WDIOC_GETTIMEOUT, &v), 0);
    ck_assert_int_eq(v, 30);
    v = MAX_S;
    ck_assert_int_eq(ask(f, WDIOC_SETTIMEOUT, &v), 0);
    ck_assert_uint_eq(started, MAX_S);
    v = MAX_S + 1;
    ck_assert_int_eq(ask(f, WDIOC_SETTIMEOUT, &v), -EINVAL);
    v = 0;
    ck_assert_int_eq(ask(f, WDIOC_SETTIMEOUT, &v), -EINVAL);
    ck_assert_int_eq(ask(f, WDIOC_SETTIMEOUT, NULL), -EFAULT);
    ck_assert_int_eq(ask(f, WDIOC_GETTIMEOUT, NULL), -EFAULT);
    ck_assert_int_eq(ask(f, WDIOC_GETTIMEOUT, &v), 0);
    ck_assert_int_eq(v, MAX_S);
    ck_assert_int_eq(ask(f, WDIOC_GETTIMELEFT, &v), 0);
    ck_assert_int_eq(v, LEFT_S);
    ck_assert_int_eq(ask(f, WDIOC_GETSTATUS, &v), 0);
    ck_assert_int_eq(v, 0);
    v = 1;
    ck_assert_int_eq(ask(f, WDIOC_GETBOOTSTATUS, &v), 0);
    ck_assert_int_eq(v, 0);
    pings = 0;
    ck_assert_int_eq(ask(f, WDIOC_KEEPALIVE, NULL), 0);
    ck_assert_uint_eq(pings, 1);
    ck_assert_int_eq(ask(f, 0x5701, &v), -ENOTTY);
    ck_assert_int_eq(file_seek(f, 0, SEEK_SET), -ESPIPE);
    file_put(f);
    ck_assert_uint_eq(pings, 2);
}

START_TEST(ioctls)
{
    run(ioctls_body);
}
END_TEST

RUN_TESTS("watchdogdev", ioctls)
