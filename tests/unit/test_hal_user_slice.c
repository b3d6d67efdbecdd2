/* Slices of the program's own time (hal/host/stub_slice.c) on a host that lets the kernel wait, or the program: what a program is charged
 * follows what it has computed.  The handler of the timer that ends the kernel's wait is replaced by one that comes in between. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <check.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hal/host/stub.h>
#include <tests/suite.h>

#include "user_guest.h"

enum { SECCOMP, PTRACE }; /* of backends[] */
enum { SPINS = 400000000, SPINS_SHORT = 1000000, WAITS_MAX = 100000 };
#define SLICE_NS 20000000ull /* much less than SPINS take, much more than SPINS_SHORT do */

GUEST(g_spin, "1: dec %rcx\n jnz 1b\n mov $39, %eax\n syscall\n");

static struct sigaction timer_action;
static volatile int stub_pid;
static volatile unsigned looks;

/* In a signal handler: system calls only. */
static bool
stub_computes(void)
{
    char path[64], text[256];
    const char *after_name;
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/stat", stub_pid);
    fd = open(path, O_RDONLY);
    if (fd < 0)
        abort();
    n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    after_name = strrchr(text, ')');
    return after_name != NULL && after_name[2] == 'R';
}

/* The kernel runs again when the program has stopped by itself. */
static void
late(int sig)
{
    looks++;
    for (unsigned i = 0; i < WAITS_MAX && stub_computes(); i++)
        usleep(1000);
    timer_action.sa_handler(sig);
}

/* The program has been stopped for some slices; the kernel lets it go on when it looks. */
static void
starved(int sig)
{
    if (looks++ == 0)
        usleep(5 * SLICE_NS / 1000);
    timer_action.sa_handler(sig);
}

/* Until put_back_handler(): a timer may go off when the stub is no more. */
static void
replace_handler(void (*handler)(int))
{
    struct sigaction act;

    ck_assert_int_eq(sigaction(SIGVTALRM, NULL, &timer_action), 0);
    act = timer_action;
    act.sa_handler = handler;
    ck_assert_int_eq(sigaction(SIGVTALRM, &act, NULL), 0);
}

static void
put_back_handler(void)
{
    ck_assert_int_eq(sigaction(SIGVTALRM, &timer_action, NULL), 0);
}

static void
block_timer(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGVTALRM);
    ck_assert_int_eq(sigprocmask(how, &set, NULL), 0);
}

static void
spin_start(int backend, struct prog *p)
{
    machine.own_time = true;
    begin(backend);
    START(p, g_spin);
    /* Once, so that the stub is there and waits. */
    p->user.regs.rcx = 1;
    expect_syscall(p, 39);
    p->user.regs.rip = CODE_VA;
    stub_pid = p->space->stub->pid;
    machine.slice_ns = SLICE_NS;
    machine.irq = true;
    machine.preemptions = 0;
}

static void
spin_until_call(struct prog *p, uint64_t spins)
{
    p->user.regs.rcx = spins;
    do
        prog_run(p);
    while (p->stop.kind == HAL_STOP_IRQ);
    ck_assert_int_eq(p->stop.kind, HAL_STOP_SYSCALL);
    ck_assert_uint_eq(p->stop.nr, 39);
}

START_TEST(test_look_too_late)
{
    struct prog p;

    spin_start(_i, &p);
    replace_handler(late);
    spin_until_call(&p, SPINS);
    put_back_handler();
    ck_assert_uint_gt(looks, 0);
    ck_assert_uint_ge(machine.preemptions, 1);
    prog_end(&p);
    end();
}
END_TEST

/* The stop is there before the kernel has heard of the timer.  By ptrace only: the others look when they have heard of it. */
START_TEST(test_no_look)
{
    struct prog p;

    spin_start(PTRACE, &p);
    block_timer(SIG_BLOCK);
    spin_until_call(&p, SPINS);
    ck_assert_uint_ge(machine.preemptions, 1);
    block_timer(SIG_UNBLOCK);
    prog_end(&p);
    end();
}
END_TEST

/* By seccomp only: the others hear of the SIGSTOP at once. */
START_TEST(test_starved)
{
    struct prog p;

    spin_start(SECCOMP, &p);
    replace_handler(starved);
    kill(stub_pid, SIGSTOP);
    spin_until_call(&p, SPINS_SHORT);
    put_back_handler();
    ck_assert_uint_gt(looks, 0);
    ck_assert_uint_eq(machine.preemptions, 0);
    prog_end(&p);
    end();
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("hal_user_slice");
    TCase *tc = tcase_create("hal_user_slice");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_look_too_late, 0, BACKENDS);
    tcase_add_test(tc, test_no_look);
    tcase_add_test(tc, test_starved);
    suite_add_tcase(s, tc);
    return s;
}

int
main(void)
{
    return run_suite(suite());
}
