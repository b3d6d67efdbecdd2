/* t_sigframe: what a handler finds and leaves: registers, the frame and what may be changed in it, faults, the alternate stack. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "tap.h"

/* The expression holds. */
#define OK(e) ok((e), "line %d: %s", __LINE__, #e)

static volatile int hits;
static siginfo_t last;

static void
handler(int signo)
{
    (void)signo;
    hits++;
}

static void
set_action(int signo, void (*action)(int))
{
    struct sigaction sa = { .sa_handler = action };

    sigaction(signo, &sa, NULL);
}

static void
block(int how, int signo)
{
    sigset_t s;

    sigemptyset(&s);
    sigaddset(&s, signo);
    sigprocmask(how, &s, NULL);
}

static void
clobber(int signo)
{
    (void)signo;
    hits++;
    __asm__ volatile("pxor %%xmm0, %%xmm0\n pxor %%xmm7, %%xmm7\n pxor %%xmm15, %%xmm15\n"
                     "fninit\n fld1\n fld1\n std\n cld\n" ::
                         : "xmm0", "xmm7", "xmm15");
}

/* A signal in the middle of a computation leaves every register as it was, and the 128 bytes below the stack pointer. */
static void
registers(void)
{
    struct itimerval it = { .it_interval = { 0, 2000 }, .it_value = { 0, 2000 } },
                     off = { { 0, 0 }, { 0, 0 } };
    uint64_t wrong = 0, rounds = 0;

    hits = 0;
    set_action(SIGALRM, clobber);
    setitimer(ITIMER_REAL, &it, NULL);
    while (hits < 20 && rounds < 4000000) {
        uint64_t result;

        rounds++;
        __asm__ volatile("mov $0x1122334455667788, %%rax\n movq %%rax, %%xmm0\n movq %%rax, "
                         "%%xmm7\n movq %%rax, %%xmm15\n"
                         "mov %%rax, %%rbx\n mov %%rax, %%r8\n mov %%rax, %%r15\n mov %%rax, "
                         "-8(%%rsp)\n mov %%rax, -128(%%rsp)\n"
                         "fldpi\n"
                         "mov $2000, %%ecx\n stc\n"
                         "1: dec %%ecx\n jnz 1b\n"
                         "setc %%cl\n movzx %%cl, %%ecx\n xor $1, %%ecx\n"
                         "movq %%xmm0, %%rdx\n xor %%rax, %%rdx\n or %%rdx, %%rcx\n"
                         "movq %%xmm7, %%rdx\n xor %%rax, %%rdx\n or %%rdx, %%rcx\n"
                         "movq %%xmm15, %%rdx\n xor %%rax, %%rdx\n or %%rdx, %%rcx\n"
                         "xor %%rax, %%rbx\n or %%rbx, %%rcx\n xor %%rax, %%r8\n or %%r8, %%rcx\n "
                         "xor %%rax, %%r15\n or %%r15, %%rcx\n"
                         "mov -8(%%rsp), %%rdx\n xor %%rax, %%rdx\n or %%rdx, %%rcx\n"
                         "mov -128(%%rsp), %%rdx\n xor %%rax, %%rdx\n or %%rdx, %%rcx\n"
                         "fldpi\n fcompp\n fnstsw %%ax\n and $0x4500, %%eax\n xor $0x4000, %%eax\n "
                         "or %%rax, %%rcx\n"
                         : "=c"(result)
                         :
                         : "rax", "rbx", "rdx", "r8", "r15", "xmm0", "xmm7", "xmm15", "cc", "memory");
        wrong |= result;
    }
    setitimer(ITIMER_REAL, &off, NULL);
    OK(hits >= 20);
    OK(wrong == 0);
}

/* --- the frame --- */

static volatile uintptr_t frame_address;
static unsigned magic1, magic2_ok, has_fp;

static void
look_at_frame(int signo, siginfo_t *si, void *context)
{
    ucontext_t *uc = context;
    unsigned char *fp = (unsigned char *)uc->uc_mcontext.fpregs;
    unsigned size, magic;

    (void)signo;
    frame_address = (uintptr_t)__builtin_frame_address(0);
    OK((frame_address & 15) == 0);
    OK((uintptr_t)si > (uintptr_t)uc && uc->uc_link == NULL);
    OK(uc->uc_mcontext.gregs[REG_RSP] != 0 && uc->uc_mcontext.gregs[REG_RIP] != 0);
    has_fp = fp != NULL;
    OK(fp != NULL && ((uintptr_t)fp & 15) == 0);
    memcpy(&magic1, fp + 464, 4);
    memcpy(&size, fp + 468, 4);
    if (magic1 == 0x46505853) {
        memcpy(&magic, fp + size - 4, 4);
        magic2_ok = magic == 0x46505845;
        memcpy(&size, fp + 480, 4);
        magic2_ok = magic2_ok && size >= 576;
    }
}

static void
skip_instruction(int signo, siginfo_t *si, void *context)
{
    ucontext_t *uc = context;

    (void)signo;
    last = *si;
    uc->uc_mcontext.gregs[REG_RIP] += 2;
    uc->uc_mcontext.gregs[REG_RAX] = 77;
    uc->uc_mcontext.gregs[REG_EFL] |= 0x3000; /* IOPL: not ours to set */
    sigaddset(&uc->uc_sigmask, SIGUSR2);
}

static void
frame(void)
{
    struct sigaction sa = { .sa_sigaction = look_at_frame, .sa_flags = SA_SIGINFO };
    uint64_t rax, flags;

    sigaction(SIGUSR1, &sa, NULL);
    raise(SIGUSR1);
    OK(has_fp && (magic1 != 0x46505853 || magic2_ok));
    sa.sa_sigaction = skip_instruction;
    sigaction(SIGILL, &sa, NULL);
    __asm__ volatile("mov $5, %%eax\n ud2\n mov %%rax, %0\n pushf\n pop %1\n"
                     : "=r"(rax), "=r"(flags)::"rax", "memory");
    OK(rax == 77 && (flags & 0x3000) == 0);
    OK(last.si_signo == SIGILL && last.si_code == ILL_ILLOPN && last.si_addr != NULL);

    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    OK(sigismember(&now, SIGUSR2) == 1);
    block(SIG_UNBLOCK, SIGUSR2);
    set_action(SIGILL, SIG_DFL);
}

/* --- faults --- */

static char *volatile guarded;
static sigjmp_buf back;

static void
open_page(int signo, siginfo_t *si, void *uc)
{
    (void)signo;
    (void)uc;
    last = *si;
    hits++;
    mprotect(guarded, 4096, PROT_READ | PROT_WRITE);
}

static void
jump_back(int signo, siginfo_t *si, void *uc)
{
    (void)uc;
    last = *si;
    siglongjmp(back, signo);
}

static void
faults(void)
{
    struct sigaction sa = { .sa_sigaction = open_page, .sa_flags = SA_SIGINFO };
    volatile int zero = 0, x = 1;

    guarded = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guarded == MAP_FAILED) { /* the handler would come back for ever */
        OK(false);
        exit(1);
    }
    hits = 0;
    sigaction(SIGSEGV, &sa, NULL);
    guarded[100] = 7; /* tried again after the handler */
    OK(hits == 1 && guarded[100] == 7 && last.si_code == SEGV_ACCERR && last.si_addr == guarded + 100);

    sa.sa_sigaction = jump_back;
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGFPE, &sa, NULL);
    sigaction(SIGTRAP, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    munmap(guarded, 4096);
    if (sigsetjmp(back, 1) == 0)
        guarded[8] = 1;
    OK(last.si_signo == SIGSEGV && last.si_code == SEGV_MAPERR && last.si_addr == guarded + 8);
    if (sigsetjmp(back, 1) == 0)
        x = *(volatile int *)0x8000000000001000;
    OK(last.si_signo == SIGSEGV && last.si_code == SI_KERNEL);
    if (sigsetjmp(back, 1) == 0)
        x = x / zero;
    OK(last.si_signo == SIGFPE && last.si_code == FPE_INTDIV && last.si_addr != NULL);
    if (sigsetjmp(back, 1) == 0)
        __asm__ volatile("int3");
    OK(last.si_signo == SIGTRAP && last.si_code == SI_KERNEL);
    if (sigsetjmp(back, 1) == 0)
        __asm__ volatile("hlt");
    OK(last.si_signo == SIGSEGV && last.si_code == SI_KERNEL);

    char name[] = "/tmp/t_signalXXXXXX";
    int fd = mkstemp(name);
    char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (sigsetjmp(back, 1) == 0)
        x = *(volatile char *)map;
    OK(last.si_signo == SIGBUS && last.si_code == BUS_ADRERR && last.si_addr == map);
    munmap(map, 4096);
    close(fd);
    unlink(name);
    set_action(SIGSEGV, SIG_DFL);
    set_action(SIGFPE, SIG_DFL);
    set_action(SIGBUS, SIG_DFL);
    set_action(SIGTRAP, SIG_DFL);
}

/* Run in a child: what it ended with. */
static int
ended_by(void (*fn)(void))
{
    int st;
    pid_t pid = fork();

    if (pid == 0) {
        struct rlimit none = { 0, 0 };

        setrlimit(RLIMIT_CORE, &none);
        fn();
        _exit(0);
    }
    waitpid(pid, &st, 0);
    return WIFSIGNALED(st) ? WTERMSIG(st) : -WEXITSTATUS(st);
}

static void
fault_blocked(void)
{
    set_action(SIGSEGV, handler);
    block(SIG_BLOCK, SIGSEGV);
    *(volatile int *)8 = 1;
}

static void
fault_ignored(void)
{
    set_action(SIGSEGV, SIG_IGN);
    *(volatile int *)8 = 1;
}

static void
no_room(void)
{
    set_action(SIGUSR1, handler);
    __asm__ volatile("mov $0x1000, %%rsp\n mov $39, %%eax\n syscall\n mov %%eax, %%edi\n mov $10, "
                     "%%esi\n mov $62, %%eax\n syscall\n hlt" ::
                         : "memory");
}

static void
bad_frame(void)
{
    __asm__ volatile("mov $0x1000, %%rsp\n mov $15, %%eax\n syscall\n hlt" ::: "memory");
}

static void
wild_pc(int signo, siginfo_t *si, void *context)
{
    ucontext_t *uc = context;

    (void)signo;
    (void)si;
    uc->uc_mcontext.gregs[REG_RIP] = (long long)0x8000123412341234;
}

static void
bad_pc(void)
{
    struct sigaction sa = { .sa_sigaction = wild_pc, .sa_flags = SA_SIGINFO };

    sigaction(SIGUSR1, &sa, NULL);
    raise(SIGUSR1);
}

static void
bad_fp(int signo, siginfo_t *si, void *context)
{
    ucontext_t *uc = context;

    (void)signo;
    (void)si;
    uc->uc_mcontext.fpregs = (void *)0x1001;
}

static void
bad_fp_frame(void)
{
    struct sigaction sa = { .sa_sigaction = bad_fp, .sa_flags = SA_SIGINFO };

    sigaction(SIGUSR1, &sa, NULL);
    raise(SIGUSR1);
}

static void
deadly_faults(void)
{
    OK(ended_by(fault_blocked) == SIGSEGV);
    OK(ended_by(fault_ignored) == SIGSEGV);
    OK(ended_by(no_room) == SIGSEGV);
    OK(ended_by(bad_frame) == SIGSEGV);
    OK(ended_by(bad_pc) == SIGSEGV);
    OK(ended_by(bad_fp_frame) == SIGSEGV);
}

/* --- the alternate stack --- */

static char stack[65536];
static stack_t stack_inside;
static volatile uintptr_t sp_inside;
static volatile int change_error;

static void
on_stack(int signo)
{
    char here;
    stack_t other = { .ss_sp = stack, .ss_size = sizeof stack };

    (void)signo;
    sp_inside = (uintptr_t)&here;
    sigaltstack(NULL, &stack_inside);
    errno = 0;
    change_error = sigaltstack(&other, NULL) == -1 ? errno : 0;
}

static int
recurse(int n)
{
    volatile char room[4096];

    room[n & 4095] = (char)n;
    return n < 0 ? 0 : recurse(n + 1) + room[0];
}

static void
overflow_caught(int signo)
{
    (void)signo;
    _exit(33);
}

static void
overflow(void)
{
    struct rlimit small = { 1 << 20, 1 << 20 };
    struct sigaction sa = { .sa_handler = overflow_caught, .sa_flags = SA_ONSTACK };
    stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };

    setrlimit(RLIMIT_STACK, &small);
    sigaltstack(&ss, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    recurse(0);
}

static void
altstack(void)
{
    struct sigaction sa = { .sa_handler = on_stack, .sa_flags = SA_ONSTACK };
    stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack }, old = { 0 };

    OK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
    OK(sigaltstack(&ss, NULL) == 0);
    OK(sigaltstack(NULL, &old) == 0 && old.ss_sp == stack && old.ss_size == sizeof stack &&
       old.ss_flags == 0);
    sigaction(SIGUSR1, &sa, NULL);
    raise(SIGUSR1);
    OK(sp_inside >= (uintptr_t)stack && sp_inside < (uintptr_t)stack + sizeof stack);
    OK(stack_inside.ss_flags == SS_ONSTACK && change_error == EPERM);
    OK(sigaltstack(NULL, &old) == 0 && old.ss_flags == 0 && old.ss_sp == stack);
    sa.sa_flags = 0;
    sigaction(SIGUSR1, &sa, NULL);
    raise(SIGUSR1);
    OK(sp_inside < (uintptr_t)stack || sp_inside >= (uintptr_t)stack + sizeof stack);
    ss.ss_size = 100;
    CALL(-ENOMEM, sigaltstack(&ss, NULL));
    ss = (stack_t){ .ss_sp = stack, .ss_size = sizeof stack, .ss_flags = 0x40 };
    CALL(-EINVAL, sigaltstack(&ss, NULL));
    CALL(-EFAULT, syscall(SYS_sigaltstack, 8, NULL));
    CALL(-EFAULT, syscall(SYS_sigaltstack, NULL, 8));
    ss.ss_flags = SS_DISABLE;
    OK(sigaltstack(&ss, NULL) == 0 && sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
    OK(ended_by(overflow) == -33);
}

int
main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    registers();
    frame();
    faults();
    deadly_faults();
    altstack();
    return tap_end();
}
