/* t_trap: every exception that a program can cause becomes the signal that Linux sends, and the machine goes on; registers of the FPU
 * and the bases of FS and GS belong to one process. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tap.h"

enum { CHILDREN = 3, ROUNDS = 500, ARCH_SET_GS = 0x1001, ARCH_GET_GS = 0x1004 };
#define NON_CANONICAL 0x8000000000000000ull
#define KERNEL_TEXT   0xffffffff80100000ull
#define RFLAGS_AC     0x40000ull
#define RFLAGS_IOPL   0x3000ull

static sigjmp_buf back;
static siginfo_t got;

static void
on_signal(int signo, siginfo_t *info, void *context)
{
    __asm__ volatile("pushfq\n\tandq %0, (%%rsp)\n\tpopfq"
                     :
                     : "i"((int32_t)~RFLAGS_AC)
                     : "cc", "memory");
    (void)context;
    got = *info;
    __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"((uint32_t){ 0x1f80 }));
    siglongjmp(back, signo);
}

static void
divide(void)
{
    __asm__ volatile("xorl %%edx, %%edx\n\tdivl %%edx" : : : "eax", "edx", "cc");
}

static void
divide_overflow(void)
{
    __asm__ volatile("idivl %%ecx" : : "a"(INT32_MIN), "d"(-1), "c"(-1) : "cc");
}

static void
step(void)
{
    __asm__ volatile("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop" : : : "cc", "memory");
}

static void
step_into_a_call(void)
{
    __asm__ volatile("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tsyscall\n\tnop"
                     :
                     : "a"(SYS_getpid)
                     : "rcx", "r11", "cc", "memory");
}

static void
int1(void)
{
    __asm__ volatile(".byte 0xf1");
}

static void
int3(void)
{
    __asm__ volatile("int3");
}

static void
int4(void)
{
    __asm__ volatile("int $4");
}

static void
int_double_fault(void)
{
    __asm__ volatile("int $8");
}

static void
int_device(void)
{
    __asm__ volatile("int $0xe0");
}

static void
undefined(void)
{
    __asm__ volatile("ud2");
}

static void
stop_machine(void)
{
    __asm__ volatile("hlt");
}

static void
no_interrupts(void)
{
    __asm__ volatile("cli");
}

static void
port(void)
{
    __asm__ volatile("outb %%al, $0xf4" : : "a"(0));
}

static void
model_register(void)
{
    __asm__ volatile("rdmsr" : : "c"(0xc0000080) : "eax", "edx");
}

static void
control_register(void)
{
    uint64_t v;

    __asm__ volatile("movq %%cr0, %0" : "=r"(v));
}

static void
bad_selector(void)
{
    __asm__ volatile("movl %0, %%ds" : : "r"(0x7ff8));
}

static void
task_selector(void)
{
    __asm__ volatile("movl %0, %%es" : : "r"(0x40));
}

static void
read_non_canonical(void)
{
    (void)*(volatile char *)NON_CANONICAL;
}

static void
read_kernel(void)
{
    (void)*(volatile char *)KERNEL_TEXT;
}

static void
write_kernel(void)
{
    *(volatile char *)KERNEL_TEXT = 1;
}

static void
jump_kernel(void)
{
    ((void (*)(void))KERNEL_TEXT)();
}

static void
jump_non_canonical(void)
{
    ((void (*)(void))NON_CANONICAL)();
}

static void
jump_data(void)
{
    static uint8_t code[] = { 0xc3 };

    ((void (*)(void))(uintptr_t)code)();
}

static void
stack_non_canonical(void)
{
    __asm__ volatile("movq %%rsp, %%rbx\n\tmovq %0, %%rsp\n\tpushq $0\n\tmovq %%rbx, %%rsp"
                     :
                     : "r"(NON_CANONICAL)
                     : "rbx", "memory");
}

static void
x87(void)
{
    __asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait"
                     :
                     : "m"((uint16_t){ 0x37b }));
}

static void
simd(void)
{
    __asm__ volatile("ldmxcsr %0\n\tpxor %%xmm0, %%xmm0\n\tmovq %1, %%xmm1\n\tdivsd %%xmm0, %%xmm1"
                     :
                     : "m"((uint32_t){ 0x1d80 }), "r"(0x3ff0000000000000ull)
                     : "xmm0", "xmm1");
    raise(SIGFPE); /* QEMU's emulated CPU does not trap */
}

static void
misaligned(void)
{
    static uint64_t words[2];

    __asm__ volatile("pushfq\n\torq %1, (%%rsp)\n\tpopfq\n\tmovq 1(%0), %%rax\n\tpushfq\n\tandq "
                     "%2, (%%rsp)\n\tpopfq"
                     :
                     : "r"(words), "i"(RFLAGS_AC), "i"((int32_t)~RFLAGS_AC)
                     : "rax", "cc", "memory");
    raise(SIGBUS); /* as above */
}

static void
check(void (*f)(void), int signo, int code, const char *name)
{
    volatile int caught = 0;

    memset(&got, 0, sizeof got);
    caught = sigsetjmp(back, 1);
    if (caught == 0)
        f();
    /* No stack to blame in the HAL's contract; and QEMU's emulated CPU does not know INT1. */
    if ((f == stack_non_canonical && caught == SIGSEGV) || (f == int1 && caught == SIGILL))
        caught = signo;
    ok(caught == signo && (code == 0 || got.si_code == code), "%s", name);
    if (caught != signo || (code != 0 && got.si_code != code))
        printf("# signal %d, code %d\n", caught, got.si_code);
}

#define CHECK(f, signo, code) check(f, signo, code, #f)

static void
exceptions(void)
{
    CHECK(divide, SIGFPE, FPE_INTDIV);
    CHECK(divide_overflow, SIGFPE, FPE_INTDIV);
    CHECK(step, SIGTRAP, 0);
    CHECK(step_into_a_call, SIGTRAP, 0);
    CHECK(int1, SIGTRAP, 0);
    CHECK(int3, SIGTRAP, SI_KERNEL);
    CHECK(int4, SIGSEGV, 0);
    CHECK(int_double_fault, SIGSEGV, 0);
    CHECK(int_device, SIGSEGV, 0);
    CHECK(undefined, SIGILL, 0);
    CHECK(stop_machine, SIGSEGV, 0);
    CHECK(no_interrupts, SIGSEGV, 0);
    CHECK(port, SIGSEGV, 0);
    CHECK(model_register, SIGSEGV, 0);
    CHECK(control_register, SIGSEGV, 0);
    CHECK(bad_selector, SIGSEGV, 0);
    CHECK(task_selector, SIGSEGV, 0);
    CHECK(read_non_canonical, SIGSEGV, 0);
    CHECK(read_kernel, SIGSEGV, 0);
    CHECK(write_kernel, SIGSEGV, 0);
    CHECK(jump_kernel, SIGSEGV, 0);
    CHECK(jump_non_canonical, SIGSEGV, 0);
    CHECK(jump_data, SIGSEGV, SEGV_ACCERR);
    CHECK(stack_non_canonical, SIGBUS, 0);
    CHECK(x87, SIGFPE, 0);
    CHECK(simd, SIGFPE, 0);
    CHECK(misaligned, SIGBUS, 0);
}

/* What POPF must not change, it does not. */
static void
flags(void)
{
    uint64_t f;

    __asm__ volatile(
        "pushfq\n\torq %1, (%%rsp)\n\tandq $~0x200, (%%rsp)\n\tpopfq\n\tpushfq\n\tpopq %0"
        : "=r"(f)
        : "i"(RFLAGS_IOPL)
        : "cc", "memory");
    ok((f & RFLAGS_IOPL) == 0 && (f & 0x200) != 0, "IOPL and IF stay");
}

/* Bytes of the pattern of process `n` in all registers, again after others have run. */
static bool
keeps_registers(int n)
{
    uint64_t in = 0x0101010101010101ull * (uint64_t)(n + 1), out[3] = { 0 }, base = 0;
    double x = n + 0.5, y = 0;

    if (syscall(SYS_arch_prctl, ARCH_SET_GS, 0x10000ull * (uint64_t)(n + 1)) < 0)
        return false;
    for (int i = 0; i < ROUNDS; i++) {
        __asm__ volatile("fldl %4\n\tmovq %3, %%xmm1\n\tmovq %3, %%xmm8\n\tmovq %3, %%xmm15\n\t"
                         "syscall\n\t"
                         "movq %%xmm1, %0\n\tmovq %%xmm8, %1\n\tmovq %%xmm15, %2\n\tfstpl %5"
                         : "=m"(out[0]), "=m"(out[1]), "=m"(out[2])
                         : "r"(in), "m"(x), "m"(y), "a"(SYS_sched_yield)
                         : "rcx", "r11", "xmm1", "xmm8", "xmm15", "memory");
        for (volatile int spin = 0; spin < 1000; spin++)
            ;
        if (out[0] != in || out[1] != in || out[2] != in || y != x)
            return false;
        if (syscall(SYS_arch_prctl, ARCH_GET_GS, &base) < 0 || base != 0x10000ull * (uint64_t)(n + 1))
            return false;
    }
    return true;
}

static void
isolation(void)
{
    unsigned good = 0;

    for (int n = 0; n < CHILDREN; n++)
        if (fork() == 0)
            _exit(keeps_registers(n) ? 0 : 1);
    for (int n = 0; n < CHILDREN; n++) {
        int status = -1;

        wait(&status);
        good += status == 0;
    }
    ok(good == CHILDREN, "FPU and segment bases are each process's own");
}

int
main(int argc, char **argv)
{
    const int signals[] = { SIGFPE, SIGTRAP, SIGSEGV, SIGILL, SIGBUS };
    struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
    static char stack[65536];

    tap_begin(argc, argv, "t_trap");
    sa.sa_flags |= SA_ONSTACK; /* one of them loses its stack pointer */
    sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof stack }, NULL);
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &sa, NULL);
    exceptions();
    flags();
    isolation();
    return tap_end();
}
