/* The process table, sending signals, and waiting for children, on the fake HAL: what can be said without user programs. */
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <kernel/abi/wait.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/proc/wait.h>
#include <tests/suite.h>

#include <check.h>
#include <stdlib.h>

#include "fake_hal.h"

#define BIT_OF(signo) ((sigset_k)1 << ((signo) - 1))

static int notified_code;
static unsigned notified;

/* Stands in for exit.c's. */
void
proc_notify_parent(struct proc *p, int code, int status)
{
    (void)p;
    (void)status;
    notified_code = code;
    notified++;
}

static void
setup(void)
{
    notified = 0;
    fake_boot(16 << 20);
    proc_init();
}

static void
set_handler(struct proc *p, int signo, uintptr_t handler)
{
    struct sigaction_k a = { .handler = handler };

    ck_assert_int_eq(sighand_set(p->sighand, signo, &a), 0);
}

/* A process without a thread: its flags show what would have happened to it. */
static struct proc *
process(struct proc *parent)
{
    struct proc *p;

    ck_assert_int_eq(proc_alloc(&p), 0);
    ck_assert_int_eq(sighand_create(&p->sighand), 0);
    p->exit_signal = SIGCHLD;
    p->parent = parent;
    if (parent != NULL)
        list_push_back(&parent->children, &p->sibling);
    return p;
}

/* --- signals --- */

/* signal(7), "Standard signals": what becomes of a process that did not ask for anything else. */
START_TEST(default_actions)
{
    for (int signo = 1; signo <= NSIG; signo++) {
        struct proc *p = process(NULL);
        bool ignored = signo == SIGCHLD || signo == SIGCONT || signo == SIGURG || signo == SIGWINCH;
        bool stops = signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;

        signal_send(p, signo, NULL);
        ck_assert_msg(signal_pending(p) == !ignored, "signal %d", signo);
        ck_assert_msg(p->thread.interrupted == !ignored, "signal %d", signo);
        ck_assert_msg(p->thread.killed == (!ignored && !stops), "signal %d", signo);
        proc_remove(p);
    }
}
END_TEST

START_TEST(blocked_and_ignored)
{
    struct proc *p = process(NULL);

    set_handler(p, SIGTERM, SIG_IGN_K);
    signal_send(p, SIGTERM, NULL);
    ck_assert(p->sig.pending == 0);
    p->sig.blocked = BIT_OF(SIGTERM) | BIT_OF(SIGHUP);
    signal_send(p, SIGTERM, NULL); /* the handler may change before it is unblocked */
    signal_send(p, SIGHUP, NULL);
    ck_assert(p->sig.pending == (BIT_OF(SIGTERM) | BIT_OF(SIGHUP)));
    ck_assert(!signal_pending(p) && !p->thread.interrupted && !p->thread.killed);
    p->sig.blocked = ~(sigset_k)0;
    signal_send(p, SIGKILL, NULL);
    ck_assert(signal_pending(p) && p->thread.killed);

    struct proc *q = process(NULL);

    set_handler(q, SIGUSR1, 0x400000); /* caught: interrupts, does not kill */
    signal_send(q, SIGUSR1, &(struct siginfo_k){ .code = SI_USER, .pid = 7 });
    ck_assert(q->thread.interrupted && !q->thread.killed);

    struct siginfo_k taken = signal_info_take(&q->sig, SIGUSR1);

    ck_assert_int_eq(taken.pid, 7);
    ck_assert_int_eq(taken.signo, SIGUSR1);
    q->sig.pending = 0;
    signal_recalc(q);
    ck_assert(!q->thread.interrupted);
    signal_send(q, 0, NULL);
    signal_send(q, NSIG + 1, NULL);
    ck_assert(q->sig.pending == 0);
    proc_remove(p);
    proc_remove(q);
}
END_TEST

START_TEST(stop_and_continue)
{
    struct proc *p = process(NULL);

    p->sig.blocked = BIT_OF(SIGTSTP) | BIT_OF(SIGCONT) | BIT_OF(SIGTTIN);
    signal_send(p, SIGTSTP, NULL);
    signal_send(p, SIGTTIN, NULL);
    signal_send(p, SIGCONT, NULL);
    ck_assert(p->sig.pending == BIT_OF(SIGCONT));
    signal_send(p, SIGTSTP, NULL);
    ck_assert(p->sig.pending == BIT_OF(SIGTSTP));

    p->sig.pending = 0;
    p->stop_signal = SIGSTOP;
    signal_send(p, SIGTERM, NULL); /* kept until it goes on */
    ck_assert(!p->thread.killed && !p->thread.interrupted && p->stop_signal == SIGSTOP);
    signal_send(p, SIGCONT, NULL);
    ck_assert(p->stop_signal == 0 && p->continued && notified == 1 && notified_code == CLD_CONTINUED);
    p->stop_signal = SIGSTOP;
    signal_send(p, SIGKILL, NULL);
    ck_assert(p->stop_signal == 0 && p->thread.killed);
    proc_remove(p);
}
END_TEST

START_TEST(process_1_is_protected)
{
    struct proc *p = process(NULL);

    p->init_protected = true;
    for (int signo = 1; signo <= NSIG; signo++)
        signal_send(p, signo, NULL);
    ck_assert(p->sig.pending == 0 && !p->thread.killed);
    p->sig.blocked = ~(sigset_k)0; /* what is blocked waits for sigtimedwait(2) */
    signal_send(p, SIGUSR2, NULL);
    signal_send(p, SIGKILL, NULL);
    ck_assert(p->sig.pending == BIT_OF(SIGUSR2) && !p->thread.killed);
    p->sig.pending = p->sig.blocked = 0;
    set_handler(p, SIGUSR1, 0x400000);
    signal_send(p, SIGUSR1, NULL);
    ck_assert(p->sig.pending == BIT_OF(SIGUSR1));
    signal_force(p, SIGSEGV,
                 &(struct siginfo_k){ .code = SEGV_MAPERR }); /* its own fault ends even it */
    ck_assert(!p->init_protected && (p->sig.pending & BIT_OF(SIGSEGV)) != 0);
    proc_remove(p);
}
END_TEST

START_TEST(faults_cannot_be_refused)
{
    struct proc *p = process(NULL);

    p->sig.blocked = BIT_OF(SIGSEGV);
    set_handler(p, SIGSEGV, 0x400000);
    signal_force(p, SIGSEGV, &(struct siginfo_k){ .addr = 0x1234 });
    ck_assert(sighand_get(p->sighand, SIGSEGV).handler == SIG_DFL_K &&
              !(p->sig.blocked & BIT_OF(SIGSEGV)) && p->thread.killed);
    ck_assert_uint_eq(signal_info_take(&p->sig, SIGSEGV).addr, 0x1234);
    proc_remove(p);
}
END_TEST

START_TEST(groups)
{
    struct session a = { .refs = 100, .sid = 1 }, b = { .refs = 100, .sid = 9 };
    struct proc *init = process(NULL), *shell = process(init), *job1 = process(shell),
                *job2 = process(shell);

    init->session = &b;
    init->pgid = init->pid;
    shell->session = job1->session = job2->session = &a;
    shell->pgid = shell->pid;
    job1->pgid = job2->pgid = job1->pid;
    ck_assert_uint_eq(signal_send_group(job1->pid, SIGINT, NULL), 2);
    ck_assert(job1->thread.killed && job2->thread.killed && !shell->thread.killed);
    ck_assert_uint_eq(signal_send_group(999, SIGINT, NULL), 0);
    ck_assert(!proc_group_orphaned(job1->pgid)); /* the shell is there to continue it */
    ck_assert(proc_group_orphaned(shell->pgid));
    job1->parent = init;
    ck_assert(!proc_group_orphaned(job1->pgid)); /* job2 still connects it */
    job2->zombie = true;
    ck_assert(proc_group_orphaned(job1->pgid));
    proc_remove(job2);
    proc_remove(job1);
    proc_remove(shell);
    proc_remove(init);
}
END_TEST

/* --- the table --- */

static bool
in_order(struct proc *p, void *arg)
{
    int32_t *last = arg;

    ck_assert_int_gt(p->pid, *last);
    *last = p->pid;
    return true;
}

START_TEST(table)
{
    static struct proc *all[PROC_MAX];
    struct kmem_stats before, after;
    struct proc *p;

    kmem_stats(&before);
    all[0] = process(NULL); /* stays: its number must be passed over */
    for (unsigned round = 0; round < PID_MAX / PROC_MAX + 2; round++) { /* round and round the numbers */
        for (unsigned i = 1; i < PROC_MAX; i++)
            all[i] = process(NULL);
        ck_assert_int_eq(proc_alloc(&p), -EAGAIN);
        ck_assert_uint_eq(proc_count(), PROC_MAX);

        int32_t last = 0;
        proc_for_each(in_order, &last);
        ck_assert_int_lt(last, PID_MAX);
        ck_assert_ptr_eq(proc_find(all[5]->pid), all[5]);
        for (unsigned i = 1; i < PROC_MAX; i++)
            proc_remove(all[i]);
    }
    ck_assert_uint_eq(proc_count(), 1);
    ck_assert_ptr_null(proc_find(0));
    ck_assert_ptr_null(proc_find(-1));
    kmem_stats(&after);
    ck_assert_uint_eq(after.objects, before.objects + 2); /* the one that stays, and its handlers */
}
END_TEST

START_TEST(table_without_memory)
{
    struct proc *p;
    unsigned count = proc_count();

    kmem_fail_at(1, 1);
    ck_assert_int_eq(proc_alloc(&p), -ENOMEM);
    kmem_fail_at(0, 0);
    ck_assert_uint_eq(proc_count(), count);
}
END_TEST

/* --- waiting --- */

struct wait_case {
    int which;
    int32_t id; /* index of the child, or -1: as it is */
    uint32_t options;
    int rc, code;
};

/* Actions: a table only as long as it must be, copied, and thrown away by exec but for what is ignored. */
START_TEST(actions)
{
    struct sigaction_k a = { .handler = SIG_IGN_K }, handler = { .handler = 0x400000, .mask = 4 };
    struct sighand *h, *copy;

    ck_assert_int_eq(sighand_create(&h), 0);
    ck_assert_int_eq(sighand_set(h, SIGTERM, &a), 0);
    ck_assert_ptr_null(h->table);
    ck_assert_uint_eq(sighand_get(h, SIGTERM).handler, SIG_IGN_K);
    kmem_fail_at(1, 1);
    ck_assert_int_eq(sighand_set(h, SIGUSR1, &handler), -ENOMEM);
    kmem_fail_at(0, 0);
    ck_assert_uint_eq(sighand_get(h, SIGUSR1).handler, SIG_DFL_K);
    ck_assert_int_eq(sighand_set(h, SIGUSR1, &handler), 0);
    ck_assert_uint_eq(h->known, SIGUSR1);
    ck_assert_uint_eq(sighand_get(h, SIGTERM).handler, SIG_IGN_K); /* 15: beyond the table */
    a.handler = SIG_DFL_K;
    ck_assert_int_eq(sighand_set(h, SIGTERM, &a), 0);
    ck_assert_uint_eq(sighand_get(h, SIGTERM).handler, SIG_DFL_K);
    a.handler = SIG_IGN_K;
    ck_assert_int_eq(sighand_set(h, SIGHUP, &a), 0); /* within it */
    ck_assert_int_eq(sighand_set(h, SIGTERM, &handler), 0);
    ck_assert_uint_eq(sighand_get(h, SIGHUP).handler, SIG_IGN_K);
    ck_assert_int_eq(sighand_copy(h, &copy), 0);
    ck_assert_uint_eq(sighand_get(copy, SIGUSR1).mask, 4);
    ck_assert_uint_eq(sighand_get(copy, SIGHUP).handler, SIG_IGN_K);
    sighand_reset(copy);
    ck_assert_ptr_null(copy->table);
    ck_assert_uint_eq(sighand_get(copy, SIGHUP).handler, SIG_IGN_K);
    ck_assert_uint_eq(sighand_get(copy, SIGUSR1).handler, SIG_DFL_K);
    ck_assert_uint_eq(sighand_get(h, SIGUSR1).handler, 0x400000);
    sighand_put(copy);
    sighand_put(h);
}
END_TEST

static struct proc *parent, *ended, *stopped, *continued, *clone_child;

static void
family(void)
{
    parent = process(NULL);
    ended = process(parent);
    ended->zombie = true;
    ended->exit_code = 5 << 8;
    ended->pgid = 70;
    stopped = process(parent);
    stopped->stop_signal = SIGTSTP;
    stopped->pgid = 71;
    continued = process(parent);
    continued->continued = true;
    continued->pgid = 71;
    clone_child = process(parent);
    clone_child->exit_signal = 0;
    clone_child->zombie = true;
    clone_child->exit_code = SIGKILL;
}

static void
wait_options(void *arg)
{
    struct wait_result r;

    (void)arg;
    thread_current()->proc = parent;
    /* Nothing of these is there, or nothing of it has happened. */
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_PID, 9999, WEXITED }, &r), -ECHILD);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_PGID, 72, WEXITED }, &r), -ECHILD);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_PID, stopped->pid, WEXITED | WNOHANG }, &r),
                     0);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_PID, ended->pid, WSTOPPED | WNOHANG }, &r), 0);
    ck_assert_int_eq(
        proc_wait(&(struct wait_query){ P_PID, continued->pid, WSTOPPED | WNOHANG }, &r), 0);

    /* Seen and kept, then taken. */
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_PGID, 71, WSTOPPED | WNOWAIT }, &r), 1);
    ck_assert(r.pid == stopped->pid && r.code == CLD_STOPPED && r.status == SIGTSTP &&
              r.wstatus == (SIGTSTP << 8 | 0x7f));
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WSTOPPED }, &r), 1);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WSTOPPED | WNOHANG }, &r), 0);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WCONTINUED | WNOWAIT }, &r), 1);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WCONTINUED }, &r), 1);
    ck_assert(r.pid == continued->pid && r.code == CLD_CONTINUED && r.status == SIGCONT &&
              r.wstatus == 0xffff);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WCONTINUED | WNOHANG }, &r), 0);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WEXITED | WNOWAIT }, &r), 1);
    ck_assert(r.pid == ended->pid && r.code == CLD_EXITED && r.status == 5 && r.wstatus == 5 << 8);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_PGID, 70, WEXITED }, &r), 1);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WEXITED | WNOHANG }, &r), 0);
    ck_assert_uint_eq(proc_count(), 4);

    /* A child that tells no SIGCHLD is waited for on request only. */
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_PID, clone_child->pid, WEXITED }, &r),
                     -ECHILD);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WEXITED | WALL | WNOWAIT }, &r), 1);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WEXITED | WCLONE }, &r), 1);
    ck_assert(r.code == CLD_KILLED && r.status == SIGKILL && r.wstatus == SIGKILL);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_ALL, 0, WEXITED | WCLONE | WNOHANG }, &r),
                     -ECHILD);
    notified = 100;
}

static struct thread waiting_thread;

START_TEST(wait_each_option)
{
    family();
    ck_assert_int_eq(thread_create(&waiting_thread, "parent", wait_options, NULL), 0);
    thread_start(&waiting_thread);
    fake_run();
    ck_assert_uint_eq(notified, 100);
    proc_remove(stopped);
    proc_remove(continued);
    proc_remove(parent);
}
END_TEST

static void
wait_sleeping(void *arg)
{
    struct wait_result r;

    (void)arg;
    thread_current()->proc = parent;
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_PID, stopped->pid, WEXITED }, &r), 1);
    ck_assert_int_eq(r.status, 3);
    ck_assert_int_eq(proc_wait(&(struct wait_query){ P_PID, continued->pid, WEXITED }, &r),
                     -ERESTARTSYS);
    notified = 200;
}

static void
child_ends(void *arg)
{
    (void)arg;
    stopped->zombie = true;
    stopped->exit_code = 3 << 8;
    wake_all(&parent->child_wait);
}

static void
signal_comes(void *arg)
{
    (void)arg;
    thread_interrupt(&waiting_thread, false);
}

START_TEST(wait_sleeps)
{
    family();
    ck_assert_int_eq(thread_create(&waiting_thread, "parent", wait_sleeping, NULL), 0);
    thread_start(&waiting_thread);
    fake_at(1000000, child_ends, NULL);
    fake_at(2000000, signal_comes, NULL);
    fake_run();
    ck_assert_uint_eq(notified, 200);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("proc");
    TCase *t = tcase_create("proc");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, actions);
    tcase_add_test(t, default_actions);
    tcase_add_test(t, blocked_and_ignored);
    tcase_add_test(t, stop_and_continue);
    tcase_add_test(t, process_1_is_protected);
    tcase_add_test(t, faults_cannot_be_refused);
    tcase_add_test(t, groups);
    tcase_add_test(t, table);
    tcase_add_test(t, table_without_memory);
    tcase_add_test(t, wait_each_option);
    tcase_add_test(t, wait_sleeps);
    suite_add_tcase(s, t);
    return run_suite(s);
}
