/* The starter: the stub program's main process.
 *
 * The kernel process executes it once.  It strips its address space to what stub_abi.h says, then forks a stub for every slot
 * number it reads from the socket, with the stub's two eventfds, and answers with the process id.  The stubs are made children of the kernel process
 * (CLONE_PARENT) and inherit the signal handlers and the signal stack.  Forking this tiny process costs a third of a fork and exec,
 * and far less than a fork of a kernel process under AddressSanitizer.
 *
 * No libc.  Starter and stubs end when the kernel process does, however it ends.
 */
#include <asm/unistd.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/signal.h>

#include <hal/attr.h>

#include "stub_abi.h"

#define RESTORER         0x04000000ul /* SA_RESTORER */
#define AUTODISARM       (1u << 31)   /* SS_AUTODISARM */
#define MAP_SHARED_FIXED 0x11
#define PROT_R           1
#define PROT_RW          3

#pragma GCC visibility push(hidden)
void stub_start(void);
void stub_main(void);
void stub_handler(void);
void stub_enter(uint64_t addr, uint64_t len, uint64_t lock);

extern char stub_private_start[], stub_private_end[];
#pragma GCC visibility pop

/* The kernel's struct sigaction. */
struct action {
    void (*handler)(void);
    uint64_t flags;
    void (*restorer)(void);
    uint64_t mask;
};

struct stack {
    uint64_t sp;
    uint32_t flags;
    uint32_t unused;
    uint64_t size;
};

/* The kernel's struct msghdr and friends, for one message with two descriptors. */
struct iovec {
    void *base;
    uint64_t len;
};

struct message {
    void *name;
    uint64_t name_len;
    struct iovec *iov;
    uint64_t iov_len;
    void *control;
    uint64_t control_len;
    uint64_t flags;
};

struct control {
    uint64_t len;
    int32_t level;
    int32_t type;
    int32_t fd[2];
};

static struct stub_boot boot;
__attribute__((aligned(16), used)) char starter_stack[8192];

TRUSTED_BEGIN(entry)
/* The entry point: a stack of our own, because the host's goes away. */
__asm__(".section .text.start, \"ax\", @progbits\n"
        ".globl stub_start\n"
        "stub_start:\n"
        "    lea starter_stack+8192(%rip), %rsp\n"
        "    xor %ebp, %ebp\n"
        "    call stub_main\n"
        "    ud2\n"
        ".previous\n");

static long
call(long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    long ret;

    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}
TRUSTED_END

__attribute__((noreturn)) static void
leave(int status)
{
    for (;;)
        call(__NR_exit_group, (uint64_t)status, 0, 0, 0, 0, 0);
}

static void
want(long ret, int step)
{
    if (ret < 0)
        leave(step);
}

/* Unmap [addr, end).  A host may have sealed the vdso: then that stays, and the rest goes in pieces. */
static void
unmap(uint64_t addr, uint64_t end)
{
    uint64_t len = end - addr;

    for (unsigned i = 0; addr < end && i < 4096; i++) {
        if (len > end - addr)
            len = end - addr;
        if (call(__NR_munmap, addr, len, 0, 0, 0, 0) == 0) {
            addr += len;
            len *= 2;
        } else if (len > 4096) {
            len = (len / 2 + 4095) & ~4095ul;
        } else {
            addr += 4096;
        }
    }
}

/* In the traced variant the handler's frame is abandoned, not returned through, so entering it changes no mask and no stack. */
static void
set_signals(void)
{
    static const uint8_t sigs[] = { SIGSYS, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, STUB_SIG_KICK };
    int traced = (boot.flags & STUB_FLAG_PTRACE) != 0;
    const struct stack stack = {
        .sp = STUB_DATA + DATA_STACK,
        .flags = traced ? 0 : AUTODISARM,
        .size = boot.data_size - DATA_STACK,
    };
    const uint64_t mask = 0;

    want(call(__NR_sigaltstack, (uint64_t)&stack, 0, 0, 0, 0, 0), 10);
    for (unsigned i = 0; i < sizeof(sigs); i++) {
        const struct action act = {
            .handler = stub_handler,
            .flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | RESTORER | (traced ? SA_NODEFER : 0),
            .restorer = stub_handler, /* never reached */
            .mask = traced ? 0 : ~0ul,
        };

        if (traced && (sigs[i] == SIGTRAP || sigs[i] == STUB_SIG_KICK))
            continue;
        want(call(__NR_rt_sigaction, sigs[i], (uint64_t)&act, 0, 8, 0, 0), 11);
    }
    want(call(__NR_rt_sigprocmask, SIG_SETMASK, (uint64_t)&mask, 0, 8, 0, 0), 12);
}

/* A new stub: map its slot, give up what it must not have, stop. */
__attribute__((noreturn)) static void
become_stub(uint32_t slot)
{
    uint64_t off = boot.slot_off + slot * boot.slot_size;
    int traced = (boot.flags & STUB_FLAG_PTRACE) != 0, notify = (boot.flags & STUB_FLAG_NOTIFY) != 0;

    want(call(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0), 20);
    if (call(__NR_getppid, 0, 0, 0, 0, 0, 0) != boot.kernel_pid)
        leave(21);
    want(call(__NR_mmap, STUB_CTL, STUB_CTL_SIZE, PROT_R, MAP_SHARED_FIXED, STUB_FD_CTL, off), 22);
    want(call(__NR_mmap, STUB_DATA, boot.data_size, PROT_RW, MAP_SHARED_FIXED, STUB_FD_CTL,
              off + STUB_CTL_SIZE),
         23);
    want(call(__NR_close, STUB_FD_CTL, 0, 0, 0, 0, 0), 24);
    want(call(__NR_close, STUB_FD_SOCK, 0, 0, 0, 0, 0), 25);
    if (traced)
        want(call(__NR_ptrace, 0 /* PTRACE_TRACEME */, 0, 0, 0, 0, 0), 26);
    else if (!notify) /* where the host has it: newer hosts let uprobe and uretprobe through any seccomp filter */
        call(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, STUB_BASE, STUB_CODE_MAX,
             0, 0);
    stub_enter((uint64_t)stub_private_start, (uint64_t)(stub_private_end - stub_private_start),
               traced   ? STUB_LOCK_NONE
               : notify ? STUB_LOCK_NOTIFY
                        : STUB_LOCK_TRAP);
    leave(27);
}

TRUSTED_BEGIN(entry)
static void
read_boot(void)
{
    const struct stub_boot *b = (const struct stub_boot *)STUB_CTL;

    want(call(__NR_mmap, STUB_CTL, STUB_CTL_SIZE, PROT_R, MAP_SHARED_FIXED, STUB_FD_CTL, 0), 2);
    boot = *b;
    want(call(__NR_munmap, STUB_CTL, STUB_CTL_SIZE, 0, 0, 0, 0), 3);
}
TRUSTED_END

/* The next request.  Its descriptors take the numbers 0 and 1, which are free. */
static uint32_t
next_request(void)
{
    uint32_t slot = 0;
    struct control control = { .fd = { -1, -1 } };
    struct iovec iov = { &slot, sizeof(slot) };
    struct message msg = {
        .iov = &iov, .iov_len = 1, .control = &control, .control_len = sizeof(control)
    };

    if (call(__NR_recvmsg, STUB_FD_SOCK, (uint64_t)&msg, 0, 0, 0, 0) != sizeof(slot))
        leave(0);
    if (!(boot.flags & STUB_FLAG_PTRACE) &&
        (control.fd[0] != STUB_FD_GO || control.fd[1] != STUB_FD_STOP))
        leave(30);
    return slot;
}

void
stub_main(void)
{
    const struct rlimit no_core = { 0, 0 };

    want(call(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0), 1);
    read_boot();
    if (call(__NR_getppid, 0, 0, 0, 0, 0, 0) != boot.kernel_pid)
        leave(4);
    call(__NR_prctl, PR_SET_NAME, (uint64_t)"drydock-user", 0, 0, 0, 0);
    call(__NR_setsid, 0, 0, 0, 0, 0, 0); /* the terminal's signals are not for us */
    call(__NR_setrlimit, RLIMIT_CORE, (uint64_t)&no_core, 0, 0, 0, 0);
    want(call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0), 5);
    unmap(0, STUB_BASE);
    unmap((uint64_t)stub_private_end, STUB_TASK_END);
    set_signals();
    for (int fd = 0; fd < STUB_FD_RAM; fd++)
        call(__NR_close, (uint64_t)fd, 0, 0, 0, 0, 0);
    for (;;) {
        uint32_t slot = next_request();
        int32_t pid;

        pid = (int32_t)call(__NR_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0, 0);
        if (pid == 0)
            become_stub(slot);
        call(__NR_close, STUB_FD_GO, 0, 0, 0, 0, 0);
        call(__NR_close, STUB_FD_STOP, 0, 0, 0, 0, 0);
        if (call(__NR_write, STUB_FD_SOCK, (uint64_t)&pid, sizeof(pid), 0, 0, 0) != sizeof(pid))
            leave(0);
    }
}
