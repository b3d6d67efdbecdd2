/* User mode of the hosted PC (hal/user.h, hal/space.h) on both backends: guest snippets in a fake RAM. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <check.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tests/suite.h>

#include "user_guest.h"

GUEST(g_syscalls,
      "mov $0x1234, %eax\n mov $1, %edi\n mov $-2, %rsi\n movabs $0x123456789abcdef0, %rdx\n mov "
      "$4, %r10d\n"
      "mov $5, %r8d\n mov $6, %r9d\n syscall\n mov %rax, %rdi\n mov $39, %eax\n syscall\n");

START_TEST(test_syscall)
{
    struct prog p;

    begin(_i);
    START(&p, g_syscalls);
    expect_syscall(&p, 0x1234);
    ck_assert_uint_eq(p.stop.arg[0], 1);
    ck_assert_uint_eq(p.stop.arg[1], (uint64_t)-2);
    ck_assert_uint_eq(p.stop.arg[2], 0x123456789abcdef0);
    ck_assert_uint_eq(p.stop.arg[3], 4);
    ck_assert_uint_eq(p.stop.arg[4], 5);
    ck_assert_uint_eq(p.stop.arg[5], 6);
    ck_assert_uint_eq(p.user.regs.rcx, p.user.regs.rip);
    ck_assert_uint_eq(p.user.regs.r11, p.user.regs.rflags);
    /* Again, as a restart would. */
    hal_user_restart_syscall(&p.user, 0x1235);
    expect_syscall(&p, 0x1235);
    hal_user_set_result(&p.user, -77);
    ck_assert_int_eq(hal_user_result(&p.user), -77);
    expect_syscall(&p, 39);
    ck_assert_uint_eq(p.stop.arg[0], (uint64_t)-77);
    prog_end(&p);
    end();
}
END_TEST

GUEST(g_load, "mov (%rdi), %rax\n syscall\n");
GUEST(g_store, "mov %rsi, (%rdi)\n syscall\n");
GUEST(g_jump, "jmp *%rdi\n");

START_TEST(test_faults)
{
    static const uint64_t bad[] = { 0,
                                    8,
                                    0xffff,
                                    0x10000,
                                    DATA_VA - 1,
                                    DATA_VA + PAGE_SIZE,
                                    STUB_USER_MAX - 8,
                                    STUB_USER_MAX,
                                    0xffff800000000000,
                                    0xffffffffffffffff };
    struct prog p;

    begin(_i);
    START(&p, g_load);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        p.user.regs.rdi = bad[i];
        if (bad[i] == DATA_VA - 1)
            expect_fault(&p, bad[i], HAL_PROT_READ);
        else if (bad[i] == 0xffffffffffffffff) /* wraps: a protection fault or a page fault, by CPU */
            prog_run(&p);
        else
            expect_fault(&p, bad[i], HAL_PROT_READ);
        ck_assert_uint_eq(p.user.regs.rip, CODE_VA);
    }
    p.user.regs.rdi = 0x800000000000; /* not canonical */
    expect_trap(&p, HAL_TRAP_PROTECTION);
    prog_end(&p);

    START(&p, g_store);
    p.user.regs.rdi = CODE_VA;
    expect_fault(&p, CODE_VA, HAL_PROT_WRITE);
    p.user.regs.rdi = 0x12345678;
    expect_fault(&p, 0x12345678, HAL_PROT_WRITE);
    prog_end(&p);

    START(&p, g_jump);
    p.user.regs.rdi = DATA_VA + 5;
    expect_fault(&p, DATA_VA + 5, HAL_PROT_EXEC);
    p.user.regs.rip = CODE_VA;
    p.user.regs.rdi = 0x1000;
    expect_fault(&p, 0x1000, HAL_PROT_EXEC);
    p.user.regs.rip = STUB_USER_MAX;
    expect_fault(&p, STUB_USER_MAX, HAL_PROT_EXEC);
    p.user.regs.rip = CODE_VA;
    p.user.regs.rdi = 0xffff880000000000;
    expect_fault(&p, 0xffff880000000000, HAL_PROT_EXEC);
    prog_end(&p);
    end();
}
END_TEST

/* The guest reads a page: true and the value, or false when it faults. */
static bool
probe(struct prog *p, uint64_t va, uint64_t *value)
{
    p->user.regs.rip = CODE_VA;
    p->user.regs.rdi = va;
    prog_run(p);
    if (p->stop.kind == HAL_STOP_SYSCALL) {
        *value = p->user.regs.rax;
        return true;
    }
    ck_assert_int_eq(p->stop.kind, HAL_STOP_FAULT);
    ck_assert_uint_eq(p->stop.addr.v, va);
    return false;
}

GUEST(g_probe, "mov (%rdi), %rbx\n mov %rbx, (%rdi)\n mov %rbx, %rax\n syscall\n");

enum { AREA_PAGES = 512, AREA_VA = 0x10000000, AREA_RAM = 2048, MODEL_RAM = 4096 };

struct model_page {
    unsigned page; /* 0: not mapped */
    unsigned prot;
};

static void
check_page(struct prog *p, const struct model_page *m, unsigned i)
{
    uint64_t va = AREA_VA + i * PAGE_SIZE, value = 0;
    bool ok = probe(p, va, &value);
    unsigned prot = 0;
    paddr_t pa = { 0 };
    bool mapped = hal_space_query(p->space, uaddr(va), &pa, &prot);

    ck_assert_int_eq(mapped, m->page != 0);
    if (mapped) {
        ck_assert_uint_eq(pa.v, (uint64_t)m->page * PAGE_SIZE);
        ck_assert_uint_eq(prot, m->prot);
    }
    ck_assert_int_eq(ok, m->page != 0 && (m->prot & HAL_PROT_WRITE));
    if (ok)
        ck_assert_uint_eq(value, m->page);
    else
        ck_assert_uint_eq(p->stop.access, m->page != 0 ? HAL_PROT_WRITE : HAL_PROT_READ);
}

/* Random changes against a model, in batches of random length, many longer than the command queue. */
START_TEST(test_random_maps)
{
    struct model_page model[AREA_PAGES] = { 0 };
    struct host_user_stats stats;
    struct prog p;

    begin(_i);
    srand(1);
    for (unsigned i = 0; i < MODEL_RAM; i++) {
        uint64_t n = AREA_RAM + i;

        memcpy(machine.ram + n * PAGE_SIZE, &n, sizeof(n));
    }
    START(&p, g_probe);
    for (int round = 0; round < 400; round++) {
        int ops = rand() % 8 == 0 ? 700 : rand() % 8 + 1;

        for (int op = 0; op < ops; op++) {
            unsigned at = (unsigned)rand() % AREA_PAGES;
            unsigned n = (unsigned)rand() % (rand() % 40 == 0 ? AREA_PAGES - at : 3) +
                         (at < AREA_PAGES - 4 ? 1 : 0);
            unsigned page = AREA_RAM + (unsigned)rand() % (MODEL_RAM - AREA_PAGES);
            unsigned prot = (unsigned)rand() % 7 + 1;
            int what = rand() % 4;
            uaddr_t va = uaddr(AREA_VA + at * PAGE_SIZE);

            if (n > AREA_PAGES - at)
                n = AREA_PAGES - at;
            if (what < 2)
                ck_assert_int_eq(
                    hal_space_map(p.space, va, paddr((uint64_t)page * PAGE_SIZE), n, prot), 0);
            else if (what == 2)
                hal_space_unmap(p.space, va, n);
            else
                hal_space_protect(p.space, va, n, prot);
            for (unsigned i = at; i < at + n; i++) {
                if (what < 2)
                    model[i] = (struct model_page){ page + i - at, prot };
                else if (what == 2)
                    model[i] = (struct model_page){ 0, 0 };
                else if (model[i].page != 0)
                    model[i].prot = prot;
            }
        }
        for (unsigned i = 0; i < AREA_PAGES; i += round % 10 == 0 ? 1 : 7)
            check_page(&p, &model[i], i);
    }
    host_user_stats(&stats);
    ck_assert_uint_eq(stats.repushed, 0);
    ck_assert_uint_gt(stats.flushes, 0);
    prog_end(&p);
    end();
}
END_TEST

START_TEST(test_map_errors)
{
    struct prog p;
    long before;

    begin(_i);
    START(&p, g_load);
    ck_assert_int_eq(hal_space_map(p.space, uaddr(0), paddr(0), 1, 1), -EINVAL);
    ck_assert_int_eq(hal_space_map(p.space, uaddr(0xf000), paddr(0), 1, 1), -EINVAL);
    ck_assert_int_eq(hal_space_map(p.space, uaddr(STUB_USER_MAX), paddr(0), 1, 1), -EINVAL);
    ck_assert_int_eq(hal_space_map(p.space, uaddr(STUB_BASE), paddr(0), 1, 1), -EINVAL);
    ck_assert_int_eq(hal_space_map(p.space, uaddr(STUB_USER_MAX - PAGE_SIZE), paddr(0), 2, 1),
                     -EINVAL);
    ck_assert_int_eq(hal_space_map(p.space, uaddr(0x10000), paddr(0), SIZE_MAX, 1), -EINVAL);
    ck_assert_int_eq(
        hal_space_map(p.space, uaddr(0x10000), paddr((uint64_t)RAM_PAGES * PAGE_SIZE), 1, 1),
        -EINVAL);
    ck_assert_int_eq(hal_space_map(p.space, uaddr(0x10000), paddr(0), 1, 0), -EINVAL);
    ck_assert_int_eq(hal_space_map(p.space, uaddr(0x10001), paddr(0), 1, 1), -EINVAL);
    hal_space_unmap(p.space, uaddr(STUB_BASE), 1);
    hal_space_unmap(p.space, uaddr(0), SIZE_MAX);
    hal_space_protect(p.space, uaddr(STUB_BASE), 1, 7);
    hal_space_unmap(p.space, uaddr(0x10000), (STUB_USER_MAX - 0x10000) / PAGE_SIZE);
    expect_fault(&p, CODE_VA, HAL_PROT_EXEC);

    /* Each allocation of a mapping over two tables fails in turn: nothing is mapped. */
    before = machine.tables;
    for (long n = 0; n < 6; n++) {
        int err;

        machine.fail_after = n;
        err = hal_space_map(p.space, uaddr(0x7effffe00000 - PAGE_SIZE), paddr(0), 2, 1);
        machine.fail_after = -1;
        if (err == 0) {
            ck_assert_int_ge(n, 3);
            break;
        }
        ck_assert_int_eq(err, -ENOMEM);
        ck_assert(!hal_space_query(p.space, uaddr(0x7effffe00000 - PAGE_SIZE), NULL, NULL));
        ck_assert(!hal_space_query(p.space, uaddr(0x7effffe00000), NULL, NULL));
    }
    hal_space_unmap(p.space, uaddr(0x7effffe00000 - PAGE_SIZE), 2);
    ck_assert_int_eq(machine.tables, before);
    machine.fail_after = 0;
    struct hal_space *none = NULL;
    struct hal_user user = { 0 };

    ck_assert_int_eq(hal_space_create(&none), -ENOMEM);
    ck_assert_int_eq(hal_user_init(&user, uaddr(0), uaddr(0)), -ENOMEM);
    ck_assert_int_eq(hal_user_copy(&user, &p.user), -ENOMEM);
    machine.fail_after = -1;
    prog_end(&p);
    end();
}
END_TEST

GUEST(g_div, "xor %edx, %edx\n xor %ecx, %ecx\n mov $1, %eax\n div %ecx\n");
GUEST(g_int3, "int3\n nop\n");
GUEST(g_ud2, "ud2\n");
GUEST(g_hlt, "hlt\n");
GUEST(g_in, "in $0x60, %al\n");
GUEST(g_int80, "mov $1, %eax\n int $0x80\n nop\n");
GUEST(g_step, "pushf\n orl $0x100, (%rsp)\n popf\n nop\n nop\n");
GUEST(g_align, "pushf\n orl $0x40000, (%rsp)\n popf\n mov -15(%rsp), %rax\n");
GUEST(g_sse, "movl $0x1d80, -8(%rsp)\n ldmxcsr -8(%rsp)\n pxor %xmm1, %xmm1\n mov $1, %eax\n "
             "cvtsi2sd %eax, %xmm0\n"
             "divsd %xmm1, %xmm0\n");
GUEST(g_x87, "fninit\n movw $0x0300, -8(%rsp)\n fldcw -8(%rsp)\n fld1\n fchs\n fsqrt\n fwait\n");
GUEST(g_compat, "push $0x23\n lea 1f(%rip), %rax\n push %rax\n lretq\n 1: nop\n int $0x80\n");
GUEST(g_vsyscall,
      "mov $0xffffffffff600000, %rax\n xor %edi, %edi\n xor %esi, %esi\n call *%rax\n syscall\n");

START_TEST(test_traps)
{
    struct prog p;

    begin(_i);
#define TRAPS(g, t)                                                                                \
    START(&p, g);                                                                                  \
    expect_trap(&p, t);                                                                            \
    prog_end(&p)
    TRAPS(g_div, HAL_TRAP_DIVIDE);
    START(&p, g_int3);
    expect_trap(&p, HAL_TRAP_BREAKPOINT);
    ck_assert_uint_eq(p.user.regs.rip, CODE_VA + 1);
    prog_end(&p);
    TRAPS(g_ud2, HAL_TRAP_ILLEGAL);
    TRAPS(g_hlt, HAL_TRAP_PROTECTION);
    TRAPS(g_in, HAL_TRAP_PROTECTION);
    TRAPS(g_int80, HAL_TRAP_PROTECTION);
    TRAPS(g_step, HAL_TRAP_STEP);
    TRAPS(g_align, HAL_TRAP_ALIGN);
    TRAPS(g_sse, HAL_TRAP_FPU);
    TRAPS(g_x87, HAL_TRAP_FPU);
    START(&p, g_compat);
    prog_run(&p);
    ck_assert_int_eq(p.stop.kind, HAL_STOP_TRAP);
    prog_end(&p);
    if (backends[_i] == HOST_USER_SECCOMP) {
        START(&p, g_vsyscall);
        expect_fault(&p, 0xffffffffff600000, HAL_PROT_EXEC);
        ck_assert_uint_eq(p.user.regs.rip, 0xffffffffff600000);
        ck_assert_uint_eq(p.user.regs.rsp, STACK_VA + PAGE_SIZE - 8);
        prog_end(&p);
    }
    end();
}
END_TEST

GUEST(g_fp, "1: movq %xmm0, %rax\n movq %rdi, %xmm0\n movq %xmm15, %rbx\n movq %rsi, %xmm15\n "
            "syscall\n jmp 1b\n");

START_TEST(test_fp)
{
    struct prog a, b;
    uint8_t image[HAL_USER_FP_MAX], back[HAL_USER_FP_MAX];
    size_t size;
    struct hal_user c = { 0 };

    begin(_i);
    size = hal_user_fp_size();
    ck_assert_uint_ge(size, 512);
    ck_assert_uint_le(size, HAL_USER_FP_MAX);
    START(&a, g_fp);
    START(&b, g_fp);
    /* Two contexts take turns in one space (vfork), each keeps its registers. */
    for (uint64_t i = 1; i < 50; i++) {
        a.user.regs.rdi = i;
        a.user.regs.rsi = ~i;
        expect_syscall(&a, i - 1);
        ck_assert_uint_eq(a.user.regs.rbx, i == 1 ? 0 : ~(i - 1));
        b.user.regs.rdi = 1000 + i;
        b.user.regs.rsi = i << 32;
        hal_user_run(&b.user, i % 3 == 0 ? b.space : a.space, &b.stop);
        (void)hal_user_registers(&b.user);
        ck_assert_int_eq(b.stop.kind, HAL_STOP_SYSCALL);
        ck_assert_uint_eq(b.stop.nr, i == 1 ? 0 : 1000 + i - 1);
        ck_assert_uint_eq(b.user.regs.rbx, (i - 1) << 32);
    }
    /* A copy has them too, and its own from then on. */
    ck_assert_int_eq(hal_user_copy(&c, &a.user), 0);
    a.user.regs.rdi = 7;
    expect_syscall(&a, 49);
    hal_user_run(&c, b.space, &b.stop);
    ck_assert_uint_eq(b.stop.nr, 49);
    hal_user_fini(&c);
    /* Out and in again. */
    a.user.regs.rdi = 5;
    expect_syscall(&a, 7);
    hal_user_fp_get(&a.user, image, size);
    a.user.regs.rdi = 6;
    expect_syscall(&a, 5);
    ck_assert_int_eq(hal_user_fp_set(&a.user, image, size), 0);
    expect_syscall(&a, 5);
    ck_assert_int_eq(hal_user_fp_set(&a.user, image, size), 0);
    hal_user_fp_get(&a.user, back, size);
    ck_assert_mem_eq(image, back, size);
    /* FXSAVE only. */
    ck_assert_int_eq(hal_user_fp_set(&a.user, image, 512), 0);
    expect_syscall(&a, 5);
    /* What the CPU would refuse. */
    image[24 + 3] = 0xff; /* MXCSR */
    ck_assert_int_eq(hal_user_fp_set(&a.user, image, size), -EINVAL);
    image[24 + 3] = 0;
    if (size > 576) {
        image[512 + 7] = 0x40; /* XSTATE_BV */
        ck_assert_int_eq(hal_user_fp_set(&a.user, image, size), -EINVAL);
        image[512 + 7] = 0;
        image[520] = 1; /* XCOMP_BV */
        ck_assert_int_eq(hal_user_fp_set(&a.user, image, size), -EINVAL);
        image[520] = 0;
    }
    ck_assert_int_eq(hal_user_fp_set(&a.user, image, 100), -EINVAL);
    ck_assert_int_eq(hal_user_fp_set(&a.user, image, size), 0);
    expect_syscall(&a, 5);
    prog_end(&a);
    prog_end(&b);
    end();
}
END_TEST

GUEST(g_tls, "mov %fs:0, %rax\n syscall\n mov %fs:8, %rax\n syscall\n");

START_TEST(test_tls)
{
    struct prog p;
    uint64_t *data;

    begin(_i);
    START(&p, g_tls);
    data = (uint64_t *)(void *)(machine.ram + (size_t)DATA_PAGE * PAGE_SIZE);
    data[0] = 123;
    data[5] = 456;
    hal_user_set_tls(&p.user, uaddr(DATA_VA));
    expect_syscall(&p, 123);
    ck_assert_uint_eq(hal_user_tls(&p.user).v, DATA_VA);
    hal_user_set_tls(&p.user, uaddr(DATA_VA + 32));
    expect_syscall(&p, 456);
    hal_user_set_tls(&p.user, uaddr(0x8000000000000000));
    p.user.regs.rip = CODE_VA;
    prog_run(&p);
    ck_assert_int_ne(p.stop.kind, HAL_STOP_GONE);
    prog_end(&p);
    end();
}
END_TEST

GUEST(g_loop, "1: inc %rax\n jmp 1b\n");

START_TEST(test_preempt)
{
    struct prog p;
    uint64_t last = 0;
    unsigned progress = 0;

    begin(_i);
    START(&p, g_loop);
    machine.slice_ns = 1000000;
    machine.irq = true;
    for (int i = 0; i < 50; i++) {
        prog_run(&p);
        ck_assert_int_eq(p.stop.kind, HAL_STOP_IRQ);
        /* A slice may pass on a busy host without the stub having run at all. */
        progress += p.user.regs.rax > last;
        last = p.user.regs.rax;
    }
    ck_assert_uint_gt(progress, 10);
    ck_assert_uint_ge(machine.preemptions, 50);
    prog_end(&p);
    end();
}
END_TEST

/* Kicks that race with system calls and faults lose neither. */
GUEST(g_race, "1: inc %rbx\n mov %rsi, %rcx\n2: dec %rcx\n jnz 2b\n mov %rbx, %rax\n syscall\n mov "
              "(%rdi), %rax\n jmp 1b\n");

START_TEST(test_preempt_race)
{
    struct prog p;
    uint64_t count = 0;
    unsigned irqs = 0;

    begin(_i);
    START(&p, g_race);
    p.user.regs.rbx = 1000; /* numbers that the host has no call for */
    machine.irq = true;
    for (int i = 0; i < 20000; i++) {
        machine.slice_ns = (uint64_t)(i % 40) * 500;
        p.user.regs.rdi = i % 2 ? DATA_VA : 0;
        p.user.regs.rsi = 1 + i % 8 * 4000; /* now nothing between the calls, now more than a slice */
        prog_run(&p);
        switch (p.stop.kind) {
        case HAL_STOP_SYSCALL:
            count++;
            ck_assert_uint_eq(p.stop.nr, 1000 + count);
            break;
        case HAL_STOP_FAULT:
            ck_assert_uint_eq(p.stop.addr.v, 0);
            p.user.regs.rip += 3; /* over the load */
            break;
        default:
            ck_assert_int_eq(p.stop.kind, HAL_STOP_IRQ);
            irqs++;
        }
    }
    ck_assert_uint_gt(count, 1000);
    ck_assert_uint_gt(irqs, 0);
    prog_end(&p);
    end();
}
END_TEST

/* Calls numbered from 1000, every other one after a while; the results, the other registers and the FPU must be as they should. */
GUEST(g_calls,
      "mov %rsp, %rbp\n mov $0x1234567, %r12\n movq %r12, %xmm7\n mov $1000, %ebx\n"
      "1: mov %rbx, %rcx\n and $7, %ecx\n shl $15, %ecx\n inc %ecx\n 2: dec %ecx\n jnz 2b\n"
      " mov %rbx, %rax\n lea 1(%rbx), %r8\n stc\n syscall\n jnc 3f\n"
      " lea (%rbx, %rbx, 2), %rdx\n cmp %rdx, %rax\n jne 3f\n cmp %rsp, %rbp\n jne 3f\n"
      " movq %xmm7, %rdx\n cmp %rdx, %r12\n jne 3f\n lea 1(%rbx), %rdx\n cmp %rdx, %r8\n jne 3f\n"
      " inc %rbx\n jmp 1b\n 3: ud2\n");

/* A context that is not looked at between its calls, one that is, one whose mappings change; kicks at any time. */
START_TEST(test_calls_resumed)
{
    struct prog p;
    uint64_t count = 1000;
    unsigned irqs = 0;

    begin(_i);
    START(&p, g_calls);
    machine.irq = true;
    for (int i = 0; i < 20000; i++) {
        machine.slice_ns = i % 3 == 0 ? (uint64_t)(i % 100) * 1000 : UINT64_MAX;
        prog_run_on(&p);
        if (p.stop.kind != HAL_STOP_SYSCALL) {
            ck_assert_int_eq(p.stop.kind, HAL_STOP_IRQ);
            irqs++;
            continue;
        }
        ck_assert_uint_eq(p.stop.nr, count);
        ck_assert_uint_eq(p.stop.arg[4], count + 1);
        hal_user_set_result(&p.user, (int64_t)(count * 3));
        count++;
        if (i % 7 == 0)
            ck_assert_uint_eq(hal_user_registers(&p.user)->r12, 0x1234567);
        if (i % 11 == 0)
            hal_space_protect(p.space, uaddr(DATA_VA), 1,
                              i % 2 ? HAL_PROT_READ : HAL_PROT_READ | HAL_PROT_WRITE);
        if (i % 13 == 0)
            ck_assert_uint_eq(hal_user_sp(&p.user).v, STACK_VA + PAGE_SIZE);
    }
    ck_assert_uint_gt(count, 2000);
    ck_assert_uint_gt(irqs, 0);
    prog_end(&p);
    end();
}
END_TEST

/* A context that is in a call can be copied, restarted, and left for another one in the same space; a stub in a call can be used again. */
START_TEST(test_calls_left)
{
    struct prog p;
    struct hal_user copy = { 0 };

    begin(_i);
    for (uint64_t i = 0; i < 40; i++) {
        struct hal_stop stop;

        START(&p, g_calls);
        for (uint64_t nr = 1000; nr < 1000 + i % 5; nr++) {
            prog_run_on(&p);
            ck_assert_uint_eq(p.stop.nr, nr);
            hal_user_set_result(&p.user, (int64_t)nr * 3);
        }
        prog_run_on(&p);
        ck_assert_uint_eq(p.stop.nr, 1000 + i % 5);
        ck_assert_int_eq(hal_user_copy(&copy, &p.user), 0);
        hal_user_set_result(&copy, (int64_t)p.stop.nr * 3);
        hal_user_run(&copy, p.space, &stop);
        ck_assert_int_eq(stop.kind, HAL_STOP_SYSCALL);
        ck_assert_uint_eq(stop.nr, p.stop.nr + 1);
        hal_user_restart_syscall(&p.user, 77777);
        prog_run_on(&p);
        ck_assert_uint_eq(p.stop.nr, 77777);
        hal_user_set_result(&copy, (int64_t)stop.nr * 3);
        hal_user_run(&copy, p.space, &stop);
        ck_assert_uint_eq(stop.nr, 1000 + i % 5 + 2);
        hal_user_fini(&copy);
        prog_end(&p);
    }
    end();
}
END_TEST

START_TEST(test_many_in_turn)
{
    begin(_i);
    for (int i = 0; i < 300; i++) {
        struct prog p;
        uint64_t value;

        START(&p, g_load);
        ck_assert(!probe(&p, AREA_VA, &value)); /* the last one's */
        ck_assert_int_eq(hal_space_map(p.space, uaddr(AREA_VA), paddr(PAGE_SIZE), 1, 3), 0);
        ck_assert(probe(&p, AREA_VA, &value));
        prog_end(&p);
        ck_assert_int_eq(machine.tables, 0);
    }
    end();
}
END_TEST

START_TEST(test_many_at_once)
{
    struct prog p[64];
    struct host_user_stats stats;

    begin(_i);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 64; i++)
            START(&p[i], g_loop);
        machine.slice_ns = 300000;
        machine.irq = true;
        for (int i = 0; i < 64; i++) {
            p[i].user.regs.rax = (uint64_t)i << 56;
            prog_run(&p[i]);
            ck_assert_int_eq(p[i].stop.kind, HAL_STOP_IRQ);
        }
        for (int i = 0; i < 64; i++) {
            prog_run(&p[i]);
            ck_assert_uint_eq(p[i].user.regs.rax >> 56, (uint64_t)i);
            prog_end(&p[i]);
        }
        ck_assert_int_eq(machine.tables, 0);
    }
    host_user_stats(&stats);
    ck_assert_uint_eq(stats.lost, 0);
    ck_assert_uint_le(stats.stubs_alive, 33);
    end();
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("hal_user");
    TCase *tc = tcase_create("hal_user");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_syscall, 0, BACKENDS);
    tcase_add_loop_test(tc, test_faults, 0, BACKENDS);
    tcase_add_loop_test(tc, test_random_maps, 0, BACKENDS);
    tcase_add_loop_test(tc, test_map_errors, 0, BACKENDS);
    tcase_add_loop_test(tc, test_traps, 0, BACKENDS);
    tcase_add_loop_test(tc, test_fp, 0, BACKENDS);
    tcase_add_loop_test(tc, test_tls, 0, BACKENDS);
    tcase_add_loop_test(tc, test_preempt, 0, BACKENDS);
    tcase_add_loop_test(tc, test_preempt_race, 0, BACKENDS);
    tcase_add_loop_test(tc, test_calls_resumed, 0, 2 * BACKENDS);
    tcase_add_loop_test(tc, test_calls_left, 0, BACKENDS);
    tcase_add_loop_test(tc, test_many_in_turn, 0, BACKENDS);
    tcase_add_loop_test(tc, test_many_at_once, 0, BACKENDS);
    suite_add_tcase(s, tc);
    return s;
}

int
main(void)
{
    return run_suite(suite());
}
