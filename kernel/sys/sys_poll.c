/* System calls that wait for several files: poll, select, epoll; eventfd. */
#include <abi/stat.h>
#include <hal/time.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/statx.h>
#include <kernel/core/assert.h>
#include <kernel/fs/epoll.h>
#include <kernel/fs/file.h>
#include <kernel/fs/poll.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sigset.h>
#include <kernel/sys/sys_poll.h>
#include <kernel/sys/upath.h>
#include <kernel/trusted/bounds.h>

enum {
    NSEC_PER_SEC = 1000000000,
    NSEC_PER_MSEC = 1000000,
    USEC_PER_SEC = 1000000,
    POLL_FEW = 16,
    EFD_SEMAPHORE = 1
};
enum {
    SIGKILL = 9,
    SIGSTOP = 19,
    FDSET_WORDS = FD_MAX / 64,
    FDSET_WORD_BITS = 8 * sizeof(abi_ulong)
};

/* 0: at once; WAIT_FOREVER; else a point in time. */
static uint64_t
deadline_in(int64_t sec, int64_t nsec)
{
    uint64_t now = hal_time_now_ns();

    if (sec == 0 && nsec == 0)
        return 0;
    if (sec > INT64_MAX / NSEC_PER_SEC - 1)
        return WAIT_FOREVER;
    return now + (uint64_t)sec * NSEC_PER_SEC + (uint64_t)nsec;
}

static int
timespec_get(uint64_t addr, uint64_t *deadline)
{
    struct abi_timespec t;
    int rc;

    *deadline = WAIT_FOREVER;
    if (addr == 0)
        return 0;
    rc = ucopy_in(&t, uaddr((uintptr_t)addr), sizeof(t));
    if (rc < 0)
        return rc;
    t.nsec = (abi_long)t.nsec; /* 32 bits of it count where long has no more */
    if (t.sec < 0 || t.nsec < 0 || t.nsec >= NSEC_PER_SEC)
        return -EINVAL;
    *deadline = deadline_in(t.sec, t.nsec);
    return 0;
}

static uint64_t
time_left(uint64_t deadline)
{
    uint64_t now = hal_time_now_ns();

    return deadline > now ? deadline - now : 0;
}

/* What is left of a relative timeout goes back to the caller, as Linux does; an unwritable one is ignored. */
static void
timespec_put_left(uint64_t addr, uint64_t deadline)
{
    uint64_t left = time_left(deadline);
    struct abi_timespec t = { (int64_t)(left / NSEC_PER_SEC), (int64_t)(left % NSEC_PER_SEC) };
    int rc = 0;

    if (addr != 0 && deadline != WAIT_FOREVER)
        rc = ucopy_out(uaddr((uintptr_t)addr), &t, sizeof(t));
    (void)rc;
}

/* Wait with another signal mask: set it now; mask_end() puts the old one back unless a handler is to run first. */
static int
mask_begin(uint64_t addr, uint64_t size)
{
    struct proc *p = proc_current();
    sigset_k set = 0;
    int rc;

    if (addr == 0)
        return 0;
    rc = sigset_in(addr, size, &set);
    if (rc < 0)
        return rc;
    p->sig.saved_mask = p->sig.blocked;
    p->sig.restore_mask = true;
    p->sig.blocked = set & ~((sigset_k)1 << (SIGKILL - 1) | (sigset_k)1 << (SIGSTOP - 1));
    signal_recalc(p);
    return 0;
}

static void
mask_end(uint64_t addr, bool interrupted)
{
    struct proc *p = proc_current();

    if (addr == 0 || interrupted)
        return; /* signal_deliver() restores it */
    p->sig.blocked = p->sig.saved_mask;
    p->sig.restore_mask = false;
    signal_recalc(p);
}

/* poll(2) on a copied array. */
static int
poll_fds(struct abi_pollfd *fds, struct poll_entry *entries, unsigned n, uint64_t deadline)
{
    int bad = 0, rc;

    for (unsigned i = 0; i < n; i++) {
        at(entries, n, i) = (struct poll_entry){ .events = (uint16_t)at(fds, n, i).events };
        at(fds, n, i).revents = 0;
        if (at(fds, n, i).fd < 0)
            continue;
        at(entries, n, i).file = ufile_get(at(fds, n, i).fd, false);
        if (at(entries, n, i).file == NULL) {
            at(fds, n, i).revents = POLLNVAL;
            bad++;
        }
    }
    rc = poll_wait(entries, n, bad > 0 ? 0 : deadline);
    for (unsigned i = 0; i < n; i++) {
        if (at(entries, n, i).file == NULL)
            continue;
        at(fds, n, i).revents = (int16_t)at(entries, n, i).revents;
        file_put(at(entries, n, i).file);
    }
    return rc < 0 ? rc : rc + bad;
}

static int64_t
do_poll(uint64_t user, uint32_t n, uint64_t deadline)
{
    struct abi_pollfd few[POLL_FEW], *fds = few;
    struct poll_entry few_entries[POLL_FEW], *entries = few_entries;
    uaddr_t at = uaddr((uintptr_t)user);
    int rc = 0;

    if (n > files_limit())
        return -EINVAL;
    if (n > POLL_FEW) {
        fds = kmem_alloc(n * sizeof(*fds));
        entries = kmem_alloc(n * sizeof(*entries));
        if (fds == NULL || entries == NULL)
            rc = -ENOMEM;
    }
    if (rc == 0 && n > 0)
        rc = ucopy_in(fds, at, n * sizeof(*fds));
    if (rc == 0) {
        rc = poll_fds(fds, entries, n, deadline);
        /* Only revents is written: the array may be read by others meanwhile. */
        for (unsigned i = 0; i < n && rc >= 0; i++) {
            int rc2 = ucopy_out(uaddr(at.v + i * sizeof(*fds) + offsetof(struct abi_pollfd, revents)),
                                &at(fds, n, i).revents, sizeof(at(fds, n, i).revents));

            if (rc2 < 0)
                rc = rc2;
        }
    }
    if (n > POLL_FEW) {
        kmem_free(fds);
        kmem_free(entries);
    }
    return rc;
}

int64_t
sys_poll(const struct sysargs *a)
{
    int32_t ms = (int32_t)a->a[2];
    uint64_t deadline =
        ms < 0 ? WAIT_FOREVER : deadline_in(ms / 1000, (int64_t)(ms % 1000) * NSEC_PER_MSEC);
    int64_t rc = do_poll(a->a[0], (uint32_t)a->a[1], deadline);

    return rc == -EINTR ? -ERESTARTNOHAND : rc;
}

int64_t
sys_ppoll(const struct sysargs *a)
{
    uint64_t deadline;
    int64_t rc = timespec_get(a->a[2], &deadline);

    if (rc == 0)
        rc = mask_begin(a->a[3], a->a[4]);
    if (rc < 0)
        return rc;
    rc = do_poll(a->a[0], (uint32_t)a->a[1], deadline);
    mask_end(a->a[3], rc == -EINTR);
    timespec_put_left(a->a[2], deadline);
    return rc == -EINTR ? -ERESTARTNOHAND : rc;
}

/* select(2): three bit sets, of readable, writable, exceptional. */
struct fdsets {
    uint64_t bits[3][FDSET_WORDS];
};
static const unsigned select_events[3] = { POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
                                           POLLOUT | POLLWRNORM | POLLERR, POLLPRI };

static bool
set_has(const struct fdsets *s, unsigned which, unsigned fd)
{
    return (s->bits[which][fd / 64] >> fd % 64 & 1) != 0;
}

static unsigned
events_of(const struct fdsets *s, unsigned fd)
{
    unsigned ev = 0;

    for (unsigned k = 0; k < 3; k++)
        ev |= set_has(s, k, fd) ? select_events[k] : 0;
    return ev;
}

/* Wait for what `s` asks; it becomes the answer.  How many bits. */
static int
select_sets(struct fdsets *s, unsigned n, uint64_t deadline)
{
    struct poll_entry *entries = kmem_alloc((n != 0 ? n : 1) * sizeof(*entries));
    int rc = 0, count = 0;

    if (entries == NULL)
        return -ENOMEM;
    for (unsigned fd = 0; fd < n && rc == 0; fd++) {
        unsigned ev = events_of(s, fd);

        if (ev == 0)
            continue;
        at(entries, n, fd) = (struct poll_entry){ .file = ufile_get((int)fd, false), .events = ev };
        if (at(entries, n, fd).file == NULL)
            rc = -EBADF;
    }
    if (rc == 0)
        rc = poll_wait(entries, n, deadline);
    for (unsigned fd = 0; fd < n; fd++) {
        if (at(entries, n, fd).file == NULL)
            continue;
        for (unsigned k = 0; k < 3; k++) {
            if (!set_has(s, k, fd))
                continue;
            if ((at(entries, n, fd).revents & select_events[k]) != 0)
                count++;
            else
                s->bits[k][fd / 64] &= ~(1ull << fd % 64);
        }
        file_put(at(entries, n, fd).file);
    }
    kmem_free(entries);
    return rc < 0 ? rc : count;
}

/* User addresses of the three sets; 0: not given. */
struct user_sets {
    uint64_t at[3];
};

static int64_t
do_select(int32_t want_n, const struct user_sets *user, uint64_t deadline)
{
    uint32_t n = want_n < (int32_t)FD_MAX ? (uint32_t)want_n : FD_MAX;
    const struct files *files = proc_current()->files;
    struct fdsets s = { 0 };
    size_t bytes;
    int rc;

    if (want_n < 0)
        return -EINVAL;
    assert(files != NULL);
    if (n > files->capacity)
        n = files->capacity;
    bytes = (n + FDSET_WORD_BITS - 1) / FDSET_WORD_BITS * sizeof(abi_ulong);
    for (unsigned k = 0; k < 3; k++) {
        rc = user->at[k] != 0 && bytes > 0
                 ? ucopy_in(s.bits[k], uaddr((uintptr_t)user->at[k]), bytes)
                 : 0;
        if (rc < 0)
            return rc;
    }
    rc = select_sets(&s, n, deadline);
    for (unsigned k = 0; k < 3 && rc >= 0; k++) {
        int rc2 = user->at[k] != 0 && bytes > 0
                      ? ucopy_out(uaddr((uintptr_t)user->at[k]), s.bits[k], bytes)
                      : 0;

        if (rc2 < 0)
            rc = rc2;
    }
    return rc;
}

int64_t
sys_select(const struct sysargs *a)
{
    const struct user_sets user = { { a->a[1], a->a[2], a->a[3] } };
    uint64_t deadline = WAIT_FOREVER;
    struct abi_timeval t;
    int64_t rc;

    if (a->a[4] != 0) {
        rc = ucopy_in(&t, uaddr((uintptr_t)a->a[4]), sizeof(t));
        if (rc < 0)
            return rc;
        if (t.sec < 0 || t.usec < 0)
            return -EINVAL;
        deadline = deadline_in((int64_t)t.sec + t.usec / USEC_PER_SEC, t.usec % USEC_PER_SEC * 1000);
    }
    rc = do_select((int32_t)a->a[0], &user, deadline);
    if (a->a[4] != 0 && deadline != WAIT_FOREVER) {
        uint64_t left = time_left(deadline);
        int rc2;

        t = (struct abi_timeval){ (int64_t)(left / NSEC_PER_SEC),
                                  (int64_t)(left % NSEC_PER_SEC / 1000) };
        rc2 = ucopy_out(uaddr((uintptr_t)a->a[4]), &t, sizeof(t));
        (void)rc2; /* as Linux: an unwritable timeout is no error */
    }
    return rc == -EINTR ? -ERESTARTNOHAND : rc;
}

int64_t
sys_pselect6(const struct sysargs *a)
{
    const struct user_sets user = { { a->a[1], a->a[2], a->a[3] } };
    abi_ulong mask[2] = { 0, 0 }; /* address and size */
    uint64_t deadline;
    int64_t rc = timespec_get(a->a[4], &deadline);

    if (rc == 0 && a->a[5] != 0)
        rc = ucopy_in(mask, uaddr((uintptr_t)a->a[5]), sizeof(mask));
    if (rc == 0)
        rc = mask_begin(mask[0], mask[1]);
    if (rc < 0)
        return rc;
    rc = do_select((int32_t)a->a[0], &user, deadline);
    mask_end(mask[0], rc == -EINTR);
    timespec_put_left(a->a[4], deadline);
    return rc == -EINTR ? -ERESTARTNOHAND : rc;
}

static int64_t
install(int rc, struct file *f, bool cloexec)
{
    if (rc < 0)
        return rc;
    rc = fd_install(proc_current()->files, f, 0, cloexec);
    if (rc < 0)
        file_put(f);
    return rc;
}

int64_t
sys_epoll_create1(const struct sysargs *a)
{
    struct file *f = NULL;

    if (((uint32_t)a->a[0] & ~(uint32_t)O_CLOEXEC) != 0)
        return -EINVAL;

    int rc = epoll_create_file(&f);

    return install(rc, f, ((uint32_t)a->a[0] & O_CLOEXEC) != 0);
}

int64_t
sys_epoll_create(const struct sysargs *a)
{
    const struct sysargs none = { 0 };

    return (int32_t)a->a[0] <= 0 ? -EINVAL : sys_epoll_create1(&none);
}

int64_t
sys_epoll_ctl(const struct sysargs *a)
{
    int op = (int)a->a[1], fd = (int)a->a[2];
    struct abi_epoll_event u = { 0 };
    struct epoll_event_k ev;
    struct file *ep, *target;
    int rc;

    if (op != EPOLL_CTL_DEL) {
        rc = ucopy_in(&u, uaddr((uintptr_t)a->a[3]), sizeof(u));
        if (rc < 0)
            return rc;
    }
    ev = (struct epoll_event_k){ u.events, u.data };
    ep = ufile_get((int)a->a[0], false);
    target = ufile_get(fd, false);
    rc = ep != NULL && target != NULL ? epoll_ctl_file(ep, op, fd, target, &ev) : -EBADF;
    if (ep != NULL)
        file_put(ep);
    if (target != NULL)
        file_put(target);
    return rc;
}

static int64_t
do_epoll_wait(int fd, uint64_t user, int32_t max, uint64_t deadline)
{
    struct file *ep;
    struct epoll_event_k *events;
    int rc;

    if (max <= 0)
        return -EINVAL;
    if (max > EPOLL_EVENTS_MAX)
        max = EPOLL_EVENTS_MAX;
    ep = ufile_get(fd, false);
    if (ep == NULL)
        return -EBADF;
    if (!file_is_epoll(ep)) {
        file_put(ep);
        return -EINVAL;
    }
    events = kmem_alloc((size_t)max * sizeof(*events));
    rc = events != NULL ? epoll_wait_file(ep, events, (unsigned)max, deadline) : -ENOMEM;
    for (int i = 0; i < rc; i++) {
        struct abi_epoll_event u = { .events = at(events, (size_t)max, i).events,
                                     .data = at(events, (size_t)max, i).data };
        int rc2 = ucopy_out(uaddr((uintptr_t)user + (uintptr_t)i * sizeof(u)), &u, sizeof(u));

        if (rc2 < 0)
            rc = i > 0 ? i : rc2;
    }
    kmem_free(events);
    file_put(ep);
    return rc;
}

static uint64_t
deadline_ms(int32_t ms)
{
    return ms < 0 ? WAIT_FOREVER : deadline_in(ms / 1000, (int64_t)(ms % 1000) * NSEC_PER_MSEC);
}

int64_t
sys_epoll_wait(const struct sysargs *a)
{
    return do_epoll_wait((int)a->a[0], a->a[1], (int32_t)a->a[2], deadline_ms((int32_t)a->a[3]));
}

static int64_t
epoll_masked(const struct sysargs *a, uint64_t deadline)
{
    int64_t rc = mask_begin(a->a[4], a->a[5]);

    if (rc < 0)
        return rc;
    rc = do_epoll_wait((int)a->a[0], a->a[1], (int32_t)a->a[2], deadline);
    mask_end(a->a[4], rc == -EINTR);
    return rc;
}

int64_t
sys_epoll_pwait(const struct sysargs *a)
{
    return epoll_masked(a, deadline_ms((int32_t)a->a[3]));
}

int64_t
sys_epoll_pwait2(const struct sysargs *a)
{
    uint64_t deadline;
    int rc = timespec_get(a->a[3], &deadline);

    return rc < 0 ? rc : epoll_masked(a, deadline);
}

int64_t
sys_eventfd2(const struct sysargs *a)
{
    uint32_t flags = (uint32_t)a->a[1];
    struct file *f = NULL;

    if ((flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE)) != 0)
        return -EINVAL;

    int rc = eventfd_create_file((uint32_t)a->a[0], flags, (flags & EFD_SEMAPHORE) != 0, &f);

    return install(rc, f, (flags & O_CLOEXEC) != 0);
}

int64_t
sys_eventfd(const struct sysargs *a)
{
    const struct sysargs with_flags = { .a = { a->a[0], 0 } };

    return sys_eventfd2(&with_flags);
}
