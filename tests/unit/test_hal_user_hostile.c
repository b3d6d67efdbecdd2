/* User mode of the hosted PC against programs and neighbours that mean harm: nothing reaches the host, the kernel process neither
 * hangs nor leaks, and no page is seen that was not given.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <check.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tests/suite.h>

#include "user_guest.h"

GUEST(g_jump, "jmp *%rdi\n");
GUEST(g_loop, "1: inc %rax\n jmp 1b\n");
GUEST(g_syscall, "syscall\n ud2\n");

START_TEST(test_bad_rsp)
{
    static const uint64_t bad[] = { 0,
                                    1,
                                    8,
                                    CODE_VA,
                                    STUB_CTL,
                                    STUB_DATA,
                                    STUB_DATA + 0x800,
                                    STUB_DATA + 0x1000,
                                    STUB_DATA + 0x2000,
                                    STUB_BASE,
                                    0x7fffffffffff,
                                    0x800000000000,
                                    0xffff800000000000,
                                    ~0ull };
    struct prog p;

    begin(_i);
    START(&p, g_syscall);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        hal_user_set_sp(&p.user, uaddr(bad[i]));
        p.user.regs.rip = CODE_VA;
        p.user.regs.rax = i;
        expect_syscall(&p, i);
        ck_assert_uint_eq(hal_user_sp(&p.user).v, bad[i]);
        expect_trap(&p, HAL_TRAP_ILLEGAL);
        ck_assert_uint_eq(hal_user_sp(&p.user).v, bad[i]);
    }
    prog_end(&p);
    end();
}
END_TEST

enum { NR_UPROBE = 336 };

/* Every system call number with random arguments comes back to us and to nobody else. */
START_TEST(test_no_syscall_escapes)
{
    struct prog p;
    int pid;

    begin(_i);
    srand(2);
    START(&p, g_syscall);
    expect_syscall(&p, 0);
    pid = p.space->stub->pid;
    for (unsigned nr = 0; nr <= 600; nr++) {
        for (int x32 = 0; x32 < 2; x32++) {
            struct hal_user_regs *r = &p.user.regs;
            uint64_t n = nr | (x32 ? 0x40000000u : 0);

            r->rip = CODE_VA;
            r->rax = n | 0xabcd000000000000;
            r->rdi = (uint64_t)rand();
            r->rsi = (uint64_t)(rand() % 5);
            r->rdx = (uint64_t)rand() << 30;
            r->r10 = (uint64_t)(rand() % 100);
            r->r8 = (uint64_t)rand() % 10;
            if (n == NR_UPROBE && backends[_i] == HOST_USER_NOTIFY) {
                prog_run(&p); /* newer hosts let it through, to no effect */
                ck_assert(p.stop.kind == HAL_STOP_SYSCALL || (int64_t)r->rax == -ENXIO);
                continue;
            }
            expect_syscall(&p, n);
            ck_assert_uint_eq(p.stop.arg[0], r->rdi);
        }
    }
    ck_assert_int_eq(p.space->stub->pid, pid);
    prog_end(&p);
    end();
}
END_TEST

enum { SECRET_PAGE = 2000, LOOT_VA = 0x20000000 };
static const char secret[] = "the kernel's own";

/* Jump to rcx; when the stub brings us back to the start, look at the loot. */
GUEST(g_thief, "mov $0x600000, %r11d\n btsl $0, (%r11)\n jc 1f\n jmp *%rcx\n 1: mov (%rdi), %rbx\n "
               "mov $1000, %eax\n syscall\n");

/* Run the thief with `regs`: it must not come back with the secret, now or later. */
static bool
thief_gone(const struct hal_user_regs *regs)
{
    struct prog p;
    uint64_t want, rip;
    bool gone;

    START(&p, g_thief);
    memset(machine.ram + (size_t)DATA_PAGE * PAGE_SIZE, 0, PAGE_SIZE);
    memcpy(&want, secret, sizeof(want));
    rip = p.user.regs.rip;
    for (int run = 0; run < 3; run++) {
        p.user.regs = *regs;
        p.user.regs.rip = rip;
        prog_run(&p);
        gone = p.stop.kind == HAL_STOP_GONE;
        ck_assert_msg(gone || p.user.regs.rbx != want, "the secret is out: rcx %#lx", regs->rcx);
    }
    prog_end(&p);
    return gone;
}

/* Into every byte of the stub's code, with registers that a mapping of the kernel's memory needs. */
START_TEST(test_jump_into_stub)
{
    unsigned gone = 0;

    begin(_i);
    srand(3);
    memcpy(machine.ram + (size_t)SECRET_PAGE * PAGE_SIZE, secret, sizeof(secret));
    machine.slice_ns = 2000000;
    machine.irq = true;
    for (uint64_t off = 0; off < PAGE_SIZE; off++) {
        for (int variant = 0; variant < (off < 1024 ? 4 : 1); variant++) {
            struct hal_user_regs r = {
                .rcx = STUB_BASE + off,
                .rax = 9,
                .rdi = LOOT_VA,
                .rsi = PAGE_SIZE,
                .rdx = 3,
                .r10 = 0x11,
                .r8 = STUB_FD_RAM,
                .r9 = (uint64_t)SECRET_PAGE * PAGE_SIZE,
                .rbx = variant == 2 ? (uint64_t)rand() : STUB_DATA,
                .r15 = variant == 2 ? DATA_VA : STUB_CTL,
                .rbp = variant == 0 ? 0 : (uint64_t)rand(),
                .r12 = variant == 0 ? 2 : 1,
                .r13 = 9,
                .rsp = variant == 3 ? STUB_DATA + 0x1000 : STACK_VA + 0x800,
            };

            if (variant == 1) {
                r.rax = 202;
                r.rdi = STUB_CTL;
                r.rsi = 0;
                r.rdx = 2;
                r.r10 = 0;
            }
            gone += thief_gone(&r);
        }
    }
    ck_assert_uint_gt(gone, 100);
    end();
}
END_TEST

/* Where in the stub's code these bytes are. */
static uint64_t
stub_address(const uint8_t *code, size_t size)
{
    extern const uint8_t host_stub_elf[];

    for (uint64_t off = 0; off < 1024; off++) {
        if (memcmp(host_stub_elf + PAGE_SIZE + off, code, size) == 0)
            return STUB_BASE + off;
    }
    ck_abort_msg("the stub's code has changed");
}

GUEST(g_round, "1: jmp 1b\n");

/* Lay out a frame of the program's own in its data page, and let the stub's rt_sigreturn take it. */
static struct stub_frame *
forge(struct prog *p)
{
    static const uint8_t sigreturn[] = { 0xb8, 15, 0, 0, 0, 0x0f, 0x05 };
    struct stub_frame *f;

    START(p, g_jump);
    expect_fault(p, 0, HAL_PROT_EXEC); /* so that the frame's model is known */
    memcpy(machine.ram + (size_t)CODE_PAGE * PAGE_SIZE + 64, g_round,
           (size_t)(g_round_end - g_round));
    f = (struct stub_frame *)(void *)(machine.ram + (size_t)DATA_PAGE * PAGE_SIZE);
    *f = stub_host.model;
    f->fpstate = 0;
    f->uc_flags = 6;
    f->gregs[16] = CODE_VA + 64;
    p->user.regs.rip = CODE_VA;
    p->user.regs.rdi = stub_address(sigreturn, sizeof(sigreturn));
    hal_user_set_sp(&p->user, uaddr(DATA_VA + 8));
    machine.slice_ns = 1000000;
    machine.irq = true;
    return f;
}

/* Every signal blocked, another signal stack, then for ever round and round. */
START_TEST(test_forged_sigreturn)
{
    struct prog p;
    struct stub_frame *f;
    struct timespec a, b;

    begin(_i);
    f = forge(&p);
    f->sigmask = ~0ull;
    f->stack_sp = DATA_VA;
    clock_gettime(CLOCK_MONOTONIC, &a);
    prog_run(&p);
    clock_gettime(CLOCK_MONOTONIC, &b);
    ck_assert_int_le(b.tv_sec - a.tv_sec, 5);
    if (backends[_i] == HOST_USER_SECCOMP)
        ck_assert_int_eq(p.stop.kind, HAL_STOP_GONE);
    prog_end(&p);
    end();
}
END_TEST

/* A stop announced with the trap flag set: the trap between announcement and wait must not announce again. */
START_TEST(test_forged_announcement)
{
    static const uint8_t announce[] = { 0xbf, STUB_FD_STOP, 0, 0, 0, 0x48, 0xbe };
    struct prog p;
    struct stub_frame *f;

    begin(_i);
    for (unsigned flags = 0x202; flags <= 0x302; flags += 0x100) {
        f = forge(&p);
        f->gregs[8] = STUB_FD_STOP;                                   /* rdi */
        f->gregs[9] = STUB_CTL;                                       /* rsi */
        f->gregs[12] = 8;                                             /* rdx */
        f->gregs[13] = 1;                                             /* rax: write */
        f->gregs[16] = stub_address(announce, sizeof(announce)) + 25; /* rip */
        f->gregs[17] = flags;
        prog_run(&p);
        if (flags == 0x302) {
            prog_run(&p);
            prog_run(&p);
            ck_assert_int_eq(p.stop.kind, HAL_STOP_GONE);
        }
        prog_end(&p);
    }
    end();
}
END_TEST

/* A program that says it stopped and runs on: it may not write to a page that was taken from it. */
GUEST(g_forged_stop, "movl $1, (%rdi)\n 1: incq (%rsi)\n jmp 1b\n");

START_TEST(test_forged_stop)
{
    struct prog p;
    volatile uint64_t *word;
    uint64_t seen;

    begin(_i);
    START(&p, g_forged_stop);
    p.user.regs.rdi = STUB_DATA;
    p.user.regs.rsi = DATA_VA;
    machine.slice_ns = 5000000;
    machine.irq = true;
    prog_run(&p);
    hal_space_unmap(p.space, uaddr(DATA_VA), 1);
    word = (volatile uint64_t *)(void *)(machine.ram + (size_t)DATA_PAGE * PAGE_SIZE);
    seen = *word;
    usleep(50000);
    ck_assert_uint_eq(*word, seen);
    machine.slice_ns = 1000000;
    prog_run(&p);
    seen = *word;
    usleep(10000);
    ck_assert_uint_eq(*word, seen);
    prog_end(&p);
    end();
}
END_TEST

/* Signals from outside, while it runs: each time the kernel goes on. */
static void
outside(int sig)
{
    struct prog p;
    pid_t helper;
    int pid;

    START(&p, g_loop);
    machine.slice_ns = 3000000;
    machine.irq = true;
    prog_run(&p);
    ck_assert_int_eq(p.stop.kind, HAL_STOP_IRQ);
    machine.slice_ns = sig == SIGKILL ? UINT64_MAX : 200000000;
    pid = p.space->stub->pid;
    helper = fork();
    if (helper == 0) {
        usleep(30000);
        kill(pid, sig);
        _exit(0);
    }
    prog_run(&p);
    if (sig == SIGKILL)
        ck_assert_int_eq(p.stop.kind, HAL_STOP_GONE);
    if (sig == SIGSTOP) /* job control of the host: the program goes on */
        ck_assert_int_ne(p.stop.kind, HAL_STOP_GONE);
    waitpid(helper, NULL, 0);
    prog_run(&p);
    prog_end(&p);
}

START_TEST(test_outside)
{
    begin(_i);
    outside(SIGKILL);
    outside(SIGSEGV);
    outside(SIGSYS);
    outside(SIGSTOP);
    outside(SIGKILL);
    outside(SIGTERM);
    end();
}
END_TEST

/* Killed in mid-run, the kernel process takes its stubs with it. */
START_TEST(test_no_orphans)
{
    int pipefd[2];
    pid_t kernel;
    int pids[4] = { 0 };

    ck_assert_int_eq(pipe(pipefd), 0);
    kernel = fork();
    if (kernel == 0) {
        struct prog p[4];

        if (machine_start(backends[_i], true) != 0)
            _exit(1);
        for (int i = 0; i < 4; i++) {
            START(&p[i], g_loop);
            machine.slice_ns = 1000000;
            machine.irq = true;
            prog_run(&p[i]);
            pids[i] = p[i].space->stub->pid;
        }
        machine.slice_ns = UINT64_MAX;
        if (write(pipefd[1], pids, sizeof(pids)) != sizeof(pids))
            _exit(1);
        prog_run(&p[0]);
        _exit(0);
    }
    ck_assert_int_eq(read(pipefd[0], pids, sizeof(pids)), sizeof(pids));
    kill(kernel, SIGKILL);
    waitpid(kernel, NULL, 0);
    for (int tries = 0; tries < 100; tries++) {
        int alive = 0;

        for (int i = 0; i < 4; i++) {
            char path[64], state = 'X';
            FILE *f;

            snprintf(path, sizeof(path), "/proc/%d/stat", pids[i]);
            f = fopen(path, "r");
            if (f == NULL)
                continue;
            if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
                state = 'X';
            fclose(f);
            alive += state != 'Z' && state != 'X';
        }
        if (alive == 0)
            break;
        ck_assert_int_lt(tries, 99);
        usleep(10000);
    }
    close(pipefd[0]);
    close(pipefd[1]);
}
END_TEST

/* Where the host refuses seccomp filters, ptrace takes over by itself. */
START_TEST(test_fallback)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { sizeof(code) / sizeof(code[0]), code };
    struct prog p;

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
    ck_assert_int_eq(machine_start(HOST_USER_SECCOMP, true), -ENOSYS);
    ck_assert_int_eq(machine_start(HOST_USER_AUTO, true), 0);
    ck_assert_int_eq(host_user_backend(), HOST_USER_PTRACE);
    START(&p, g_syscall);
    expect_syscall(&p, 0);
    prog_end(&p);
    machine_stop();
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("hal_user_hostile");
    TCase *tc = tcase_create("hal_user_hostile");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_bad_rsp, 0, BACKENDS);
    tcase_add_loop_test(tc, test_no_syscall_escapes, 0, BACKENDS);
    tcase_add_loop_test(tc, test_jump_into_stub, 0, BACKENDS);
    tcase_add_loop_test(tc, test_forged_sigreturn, 0, BACKENDS);
    tcase_add_loop_test(tc, test_forged_announcement, 0, BACKENDS);
    tcase_add_loop_test(tc, test_forged_stop, 0, BACKENDS);
    tcase_add_loop_test(tc, test_outside, 0, BACKENDS);
    tcase_add_loop_test(tc, test_no_orphans, 0, BACKENDS);
    tcase_add_test(tc, test_fallback);
    suite_add_tcase(s, tc);
    return s;
}

int
main(void)
{
    return run_suite(suite());
}
