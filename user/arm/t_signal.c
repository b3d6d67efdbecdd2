/* t_signal: handlers, with and without their three arguments; what they find, and what is as before after them. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/signals.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>
#include <user/arm/lib/tap.h>

static volatile int seen, nested, code, sender;
static volatile uint32_t fault_addr, pc;
static int data = 42; /* found through r9 in the handler, too */

static void
plain(int signo)
{
    seen = signo + (data == 42 ? 0 : 1000);
}

static void
inner(int signo)
{
    nested = signo;
}

static void
outer(int signo)
{
    sys_kill(sys_getpid(), SIGUSR2);
    seen = signo + nested * 100;
}

/* siginfo_t and the ucontext, by their words (see kernel/abi/arm). */
static void
informed(int signo, const int32_t *info, uint32_t *context)
{
    seen = signo == info[0] ? signo : -1;
    code = info[2];
    sender = info[3];
    pc = context[8 + 15];
}

/* At a bad address: go on behind the load, which has two bytes. */
static void
on_fault(int signo, const int32_t *info, uint32_t *context)
{
    seen = signo;
    fault_addr = (uint32_t)info[3];
    context[8 + 15] += 2;
    context[8 + 0] = 77; /* r0: what the load seems to have read */
}

/* The load has two bytes, into r0. */
static uint32_t __attribute__((noinline))
load(uint32_t address)
{
    register uint32_t r0 __asm__("r0") = address;

    __asm__ volatile("ldr r0, [r0]" : "+r"(r0) : : "memory");
    return r0;
}

/* Registers and flags across a handler: all set, a signal sent by a call, all compared.  0, or which is another. */
static int __attribute__((noinline))
registers_kept(int pid)
{
    register int r0 __asm__("r0") = pid;
    register int r1 __asm__("r1") = SIGUSR1;
    register int r7 __asm__("r7") = 37;

    __asm__ volatile(
        "mov r2, #2\n\tmov r3, #3\n\tmov r4, #4\n\tmov r5, #5\n\tmov r6, #6\n\tmov r8, #8\n\t"
        "mov r10, #10\n\tmov r12, #12\n\tmov lr, #14\n\tcmp r2, r2\n\tsvc #0\n\t"
        "bne 1f\n\tcmp r2, #2\n\tit eq\n\tcmpeq r3, #3\n\tit eq\n\tcmpeq r4, #4\n\t"
        "it eq\n\tcmpeq r5, #5\n\tit eq\n\tcmpeq r6, #6\n\tit eq\n\tcmpeq r8, #8\n\t"
        "it eq\n\tcmpeq r10, #10\n\tit eq\n\tcmpeq r12, #12\n\tit eq\n\tcmpeq lr, #14\n\t"
        "it eq\n\tcmpeq r1, #10\n\tbeq 2f\n1:\tmov r0, #99\n2:"
        : "+r"(r0), "+r"(r1), "+r"(r7)
        :
        : "r2", "r3", "r4", "r5", "r6", "r8", "r10", "r12", "lr", "cc", "memory");
    return r0;
}

static void
masks(int pid)
{
    uint64_t set = UINT64_C(1) << (SIGUSR1 - 1), old = 0;

    seen = 0;
    IS(0, sys_rt_sigprocmask(SIG_BLOCK, &set, &old, sizeof set));
    OK((old & set) == 0);
    IS(0, sys_kill(pid, SIGUSR1));
    OK(seen == 0);
    IS(0, sys_rt_sigprocmask(SIG_UNBLOCK, &set, &old, sizeof set));
    OK(seen == SIGUSR1 && (old & set) != 0);
    IS(-EINVAL, sys_rt_sigprocmask(SIG_BLOCK, &set, NULL, 4));
    IS(-EINVAL, sys_rt_sigprocmask(77, &set, NULL, sizeof set));
}

int
main(int argc __attribute__((unused)), char **argv __attribute__((unused)))
{
    int pid = sys_getpid();

    IS(0, signal_handle(SIGUSR1, plain, 0));
    IS(0, sys_kill(pid, SIGUSR1));
    OK(seen == SIGUSR1);
    IS(0, registers_kept(pid));
    masks(pid);

    IS(0, signal_handle(SIGUSR1, outer, 0));
    IS(0, signal_handle(SIGUSR2, inner, 0));
    IS(0, sys_kill(pid, SIGUSR1));
    OK(seen == SIGUSR1 + SIGUSR2 * 100);

    IS(0, signal_handle(SIGUSR1, (void (*)(int))(uintptr_t)informed, SA_SIGINFO));
    IS(0, sys_kill(pid, SIGUSR1));
    OK(seen == SIGUSR1 && code == SI_USER && sender == pid && pc != 0);
    IS(0, registers_kept(pid));

    IS(0, signal_handle(SIGSEGV, (void (*)(int))(uintptr_t)on_fault, SA_SIGINFO));
    IS(77, load(8));
    OK(seen == SIGSEGV && fault_addr == 8);

    IS(0, signal_handle(SIGUSR1, plain, SA_RESETHAND));
    IS(0, sys_kill(pid, SIGUSR1));
    IS(0, signal_handle(SIGUSR1, plain, 0));
    IS(-EINVAL, signal_handle(SIGKILL, plain, 0));
    IS(-EINVAL, signal_handle(77, plain, 0));
    return tap_end();
}
