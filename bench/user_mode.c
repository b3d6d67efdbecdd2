/* The cost of user mode on the hosted PC below the kernel: what hal_user_run() and the spaces take by themselves.
 *
 *     bench_user_mode [seccomp|notify|ptrace] [unpinned]
 *
 * Prints nanoseconds, the least of many batches each, beside a system call of the host's.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "user_machine.h"

enum { BATCHES = 100, CALLS = 500, FAULTS = 200, SPACES = 20, ALIVE = 64 };

#define GUEST(name, text)                                                                          \
    extern const uint8_t name[], name##_end[];                                                     \
    __asm__(".pushsection .rodata.guest, \"a\", @progbits\n" #name ":\n" text "\n" #name           \
            "_end: nop\n.popsection\n")
#define START(p, name) prog_start(p, name, (size_t)(name##_end - name))

GUEST(g_getpid, "1: mov $39, %eax\n syscall\n jmp 1b\n");
GUEST(g_touch, "1: movb $1, (%rdi)\n add $4096, %rdi\n jmp 1b\n");

static uint64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void
fail(const char *what)
{
    fprintf(stderr, "bench_user_mode: %s\n", what);
    exit(1);
}

static void
host_call(unsigned n)
{
    while (n-- > 0)
        syscall(SYS_getppid);
}

static void
getpid_calls(unsigned n)
{
    struct prog p;

    START(&p, g_getpid);
    while (n-- > 0) {
        prog_run_on(&p);
        if (p.stop.kind != HAL_STOP_SYSCALL)
            fail("no system call");
        hal_user_set_result(&p.user, 1);
    }
    prog_end(&p);
}

/* Demand faults, the frames `stride` pages apart. */
static void
faults(unsigned n, unsigned stride)
{
    struct prog p;

    START(&p, g_touch);
    p.user.regs.rdi = 0x10000000;
    for (unsigned i = 0; i < n; i++) {
        prog_run_on(&p);
        if (p.stop.kind != HAL_STOP_FAULT ||
            hal_space_map(p.space, uaddr(p.stop.addr.v),
                          paddr((64 + (uint64_t)i * stride) * PAGE_SIZE), 1, 3) != 0)
            fail("no fault");
    }
    prog_end(&p);
}

static void
faults_contiguous(unsigned n)
{
    faults(n, 1);
}

static void
faults_scattered(unsigned n)
{
    faults(n, 2);
}

/* Spaces one after the other: recycled stubs. */
static void
spaces_in_turn(unsigned n)
{
    while (n-- > 0)
        getpid_calls(1);
}

/* More spaces at once than idle stubs are kept. */
static void
spaces_at_once(unsigned n)
{
    static struct prog p[ALIVE];

    for (unsigned i = 0; i < n; i++) {
        START(&p[i], g_getpid);
        prog_run(&p[i]);
    }
    for (unsigned i = 0; i < n; i++)
        prog_end(&p[i]);
}

static void
measure(const char *name, void (*fn)(unsigned n), unsigned n)
{
    uint64_t least = UINT64_MAX;

    for (int i = 0; i < BATCHES; i++) {
        uint64_t start = now_ns(), took;

        fn(n);
        took = now_ns() - start;
        if (took < least)
            least = took;
    }
    printf("%-40s %8.0f ns\n", name, (double)least / n);
}

int
main(int argc, char **argv)
{
    enum host_user_backend backend = HOST_USER_SECCOMP;
    uint64_t start;

    if (argc > 1 && strcmp(argv[1], "ptrace") == 0)
        backend = HOST_USER_PTRACE;
    if (argc > 1 && strcmp(argv[1], "notify") == 0)
        backend = HOST_USER_NOTIFY;
    start = now_ns();
    if (machine_start(backend, argc < 3) != 0)
        fail("the host does not allow this backend");
    printf("%-40s %8.0f ns\n", "start, RAM included", (double)(now_ns() - start));
    measure("system call of the host", host_call, CALLS);
    measure("system call", getpid_calls, CALLS);
    measure("demand fault, contiguous frames", faults_contiguous, FAULTS);
    measure("demand fault, scattered frames", faults_scattered, FAULTS);
    measure("space: create, map 3, 1 call, destroy", spaces_in_turn, SPACES);
    measure("the same, 64 at once", spaces_at_once, ALIVE);
    machine_stop();
    return 0;
}
