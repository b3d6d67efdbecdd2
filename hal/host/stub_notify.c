/* Moving a stub by notifications of its seccomp filter: the notify backend.
 *
 * Most system calls of the user program become a notification (SECCOMP_RET_USER_NOTIF; seccomp_unotify(2)): the host holds the process
 * in the call until we answer with its result.  No signal is delivered and no frame is written, so this costs a third less than the
 * seccomp backend.  What a notification does not carry (the stack pointer, the registers that calls preserve, the FPU) stays in the process
 * meanwhile.  Mostly nobody asks; when somebody does, or the kernel has mappings to change, stub_settle() interrupts the call: the stub's
 * handler stops with a frame, and from there on all is as with the seccomp backend.
 *
 * Calls after which that is the rule, faults and exceptions reach the handler by signal, as there.  The handler's wait for its release is
 * itself a system call that the filter makes a notification.  So each stop we hear of is the host's word.
 *
 * A kick may arrive while the program is in a call that we have not answered: the host then repeats the call after the signal
 * (SA_RESTART).  Hence no call is reported while a kick is under way.
 *
 * Left out: newer hosts let the system calls uretprobe and uprobe (335, 336) through any filter.  They do nothing for a program that has no
 * probes: the first is told from its SIGILL (user.c), the second fails with the host's ENXIO.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <hal/host/stub.h>

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hal/user.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#define SYNC_WAKE_UP                                                                               \
    1ull /* SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP: we wait next, so wake the other on this CPU */

enum { REPEAT_LOOKS = 20 /* of a tenth of a second at most */ };
enum { WAIT_RESULT = 8, SYSCALL_LEN = 2, CODE_SECCOMP = 1 };

static struct seccomp_notif notice; /* the last one */

/* The filter notifies from one place of the stub's code only. */
static bool
from_handler(void)
{
    return notice.data.instruction_pointer >= STUB_BASE;
}

static int
receive(struct stub *s)
{
    memset(&notice, 0, sizeof(notice)); /* the host insists */
    if (ioctl(s->listen_fd, SECCOMP_IOCTL_NOTIF_RECV, &notice) < 0)
        return errno == EINTR || errno == ENOENT ? 0 : -1;
    if (s->kick_pending && !from_handler())
        return 0; /* the signal interrupts it */
    s->notice = notice.id;
    s->notice_from = notice.data.instruction_pointer;
    return 1;
}

/* Somebody on the host has stopped the process in its call, and it repeats the call when it goes on: wait for that. */
static bool
receive_again(struct stub *s)
{
    for (unsigned looks = 0; looks < REPEAT_LOOKS; looks++) {
        int stop;

        if (s->kick_pending || !stub_check(s))
            return false;
        stop = receive(s);
        if (stop != 0)
            return stop > 0;
    }
    return false;
}

static bool
answer(struct stub *s, uint64_t result)
{
    uint64_t from = s->notice_from;

    for (;;) {
        struct seccomp_notif_resp resp = { .id = s->notice, .val = (int64_t)result };

        if (ioctl(s->listen_fd, SECCOMP_IOCTL_NOTIF_SEND, &resp) == 0)
            return true;
        if (errno != ENOENT || !receive_again(s) || s->notice_from != from)
            return false;
    }
}

static const struct stub_channel notifications = { .release = answer, .wait = receive };
static const uint64_t go = WAIT_RESULT;

/* The first stop is announced by eventfd.  Then the listener, a copy of the stub's, has the stop itself. */
static bool
notify_first_stop(struct stub *s)
{
    uint64_t flags = SYNC_WAKE_UP;
    int pidfd;

    if (!stub_seccomp_first_stop(s))
        return false;
    pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
    if (pidfd < 0)
        return false;
    s->listen_fd = (int)syscall(SYS_pidfd_getfd, pidfd, STUB_FD_LISTEN, 0);
    close(pidfd);
    if (s->listen_fd < 0)
        return false;
    (void)ioctl(s->listen_fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags); /* newer hosts only */
    close(s->go_fd);
    close(s->stop_fd);
    s->go_fd = -1;
    s->stop_fd = -1;
    return stub_hand_over(s, &notifications, NULL, UINT64_MAX, NULL) && from_handler();
}

/* What the stub stopped with. */
static bool
stopped(struct stub *s, struct stub_event *ev)
{
    const struct seccomp_data *d = &notice.data;

    if (from_handler())
        return stub_frame_stop(s, ev);
    stub_batch_done(s); /* the program has run, so the commands have */
    s->in_call = true;
    ev->call = true;
    ev->signo = SIGSYS;
    ev->code = CODE_SECCOMP;
    ev->arch = d->arch;
    ev->nr = (uint32_t)d->nr;
    ev->call_addr = d->instruction_pointer;
    ev->regs.rip = d->instruction_pointer;
    ev->regs.rdi = d->args[0];
    ev->regs.rsi = d->args[1];
    ev->regs.rdx = d->args[2];
    ev->regs.r10 = d->args[3];
    ev->regs.r8 = d->args[4];
    ev->regs.r9 = d->args[5];
    return true;
}

static bool
notify_run(struct stub *s, const struct hal_user_regs *regs, uint64_t slice_ns, struct stub_event *ev)
{
    stub_fill_frame(s, regs);
    s->ctl->action = STUB_ACT_RUN;
    return stub_hand_over(s, &notifications, &go, slice_ns, &ev->kicked) && stopped(s, ev);
}

static bool
notify_resume(struct stub *s, uint64_t result, uint64_t slice_ns, struct stub_event *ev)
{
    s->in_call = false;
    return stub_hand_over(s, &notifications, &result, slice_ns, &ev->kicked) && stopped(s, ev);
}

static bool
notify_flush(struct stub *s)
{
    if (!stub_settle(s))
        return false;
    s->ctl->action = STUB_ACT_STOP;
    if (!stub_hand_over(s, &notifications, &go, UINT64_MAX, NULL) || !from_handler())
        return false;
    stub_batch_done(s);
    return true;
}

/* Interrupt the call: the handler's frame has the registers as before the instruction, which the host would repeat. */
static bool
interrupt(struct stub *s)
{
    struct hal_user *u = s->fp_owner;
    struct stub_event ev = { 0 };
    uint32_t queued = s->ctl->count;
    bool cleans = s->first_cleans;

    s->in_call = false;
    stub_kick(s);
    if (!stub_hand_over(s, &notifications, NULL, UINT64_MAX, NULL) || !stub_frame_stop(s, &ev))
        return false;
    s->ctl->count = queued; /* no command has run */
    s->first_cleans = cleans;
    if (ev.signo != STUB_SIG_KICK)
        return false;
    if (u == NULL)
        return true;
    if (ev.regs.rip + SYSCALL_LEN != u->regs.rip)
        return false;
    ev.regs.rip = u->regs.rip;
    ev.regs.rax = u->regs.rax; /* the number, or the result already */
    ev.regs.rcx = ev.regs.rip; /* as the instruction leaves them */
    ev.regs.r11 = ev.regs.rflags;
    u->regs = ev.regs;
    return true;
}

bool
stub_settle(struct stub *s)
{
    if (!s->in_call)
        return s->alive;
    if (interrupt(s))
        return true;
    stub_lose(s);
    return false;
}

const struct stub_ops stub_notify_ops = {
    .first_stop = notify_first_stop,
    .run = notify_run,
    .flush = notify_flush,
    .resume = notify_resume,
    .fp_read = stub_frame_fp_read,
    .fp_write = stub_frame_fp_write,
};
