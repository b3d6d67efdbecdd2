/* t_futex: futex(2) between processes that share memory, and between clone(2)'s that share an address space. */
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

/* The expression holds. */
#define OK(e) ok((e), "line %d: %s", __LINE__, #e)

enum {
    FUTEX_WAIT = 0,
    FUTEX_WAKE = 1,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE = 4,
    FUTEX_WAIT_BITSET = 9,
    FUTEX_WAKE_BITSET = 10,
    FUTEX_PRIVATE = 128,
    FUTEX_CLOCK_REALTIME = 256,
};

struct shared {
    uint32_t word, other, state;
};

static struct shared *s;

static long
futex(uint32_t *addr, int op, uint32_t val, const void *timeout, uint32_t *addr2, uint32_t val3)
{
    return syscall(SYS_futex, addr, op, val, timeout, addr2, val3);
}

static uint32_t
load(uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static void
store(uint32_t *p, uint32_t v)
{
    __atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}

/* Until `count` sleepers of `addr` have been woken; some may not have gone to sleep yet. */
static int
wake(uint32_t *addr, int op, int count, uint32_t bitset)
{
    int woken = 0;

    for (int i = 0; i < 1000 && woken < count; i++) {
        long n = futex(addr, op, (uint32_t)(count - woken), NULL, NULL, bitset);

        if (n > 0)
            woken += (int)n;
        usleep(1000);
    }
    return woken;
}

static pid_t
waiter(uint32_t *addr, int op, uint32_t bitset)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(futex(addr, op, 0, NULL, NULL, bitset) == 0 ? 0 : 1);
    return pid;
}

static int
reap(void)
{
    int st;

    return wait(&st) > 0 && WIFEXITED(st) && WEXITSTATUS(st) == 0;
}

static void
errors(void)
{
    struct timespec soon = { 0, 10000000 }, wrong = { 0, 1000000000 }, past = { 0, 0 };
    uint32_t word = 5;

    CALL(-EAGAIN, futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0));
    CALL(-EAGAIN, futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 4, NULL, NULL, 0));
    CALL(-ETIMEDOUT, futex(&word, FUTEX_WAIT, 5, &soon, NULL, 0));
    CALL(-ETIMEDOUT, futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 5, &soon, NULL, 0));
    CALL(-ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET, 5, &past, NULL, 1));
    CALL(-ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &past, NULL, 1));
    CALL(-EINVAL, futex(&word, FUTEX_WAIT, 5, &wrong, NULL, 0));
    CALL(-EFAULT, futex(&word, FUTEX_WAIT, 5, bad, NULL, 0));
    CALL(-EINVAL, futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT, 5, NULL, NULL, 0));
    CALL(-EINVAL, futex((uint32_t *)((char *)&word + 2), FUTEX_WAKE, 1, NULL, NULL, 0));
    CALL(-EFAULT, futex((uint32_t *)8, FUTEX_WAIT, 5, NULL, NULL, 0));
    CALL(-EFAULT, futex((uint32_t *)8, FUTEX_WAKE, 1, NULL, NULL, 0));
    CALL(-EINVAL, futex(&word, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0));
    CALL(-EINVAL, futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0));
    CALL(-ENOSYS, futex(&word, 63, 1, NULL, NULL, 0));
    OK(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0);
    CALL(-EAGAIN, futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &s->other, 4));
    OK(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &s->other, 5) == 0);
    OK(futex(&word, FUTEX_REQUEUE, 1, (void *)1, &s->other, 0) == 0);
}

static void
between_processes(void)
{
    waiter(&s->word, FUTEX_WAIT, 0);
    OK(wake(&s->word, FUTEX_WAKE, 1, 0) == 1 && reap());
    for (int i = 0; i < 3; i++)
        waiter(&s->word, FUTEX_WAIT, 0);
    OK(wake(&s->word, FUTEX_WAKE, 2, 0) == 2 && reap() && reap());
    usleep(10000);
    OK(waitpid(-1, NULL, WNOHANG) == 0); /* the third sleeps on */
    OK(wake(&s->word, FUTEX_WAKE, 1, 0) == 1 && reap());

    /* Bit sets: only those that have a bit in common. */
    pid_t a = waiter(&s->word, FUTEX_WAIT_BITSET, 1), b = waiter(&s->word, FUTEX_WAIT_BITSET, 2);
    int st;
    OK(wake(&s->word, FUTEX_WAKE_BITSET, 1, 2) == 1 && waitpid(b, &st, 0) == b && st == 0);
    OK(futex(&s->word, FUTEX_WAKE_BITSET, 9, NULL, NULL, 4) == 0);
    OK(wake(&s->word, FUTEX_WAKE_BITSET, 1, 7) == 1 && waitpid(a, &st, 0) == a && st == 0);
}

static void
requeueing(void)
{
    long n = 0;

    for (int i = 0; i < 3; i++)
        waiter(&s->word, FUTEX_WAIT, 0);
    usleep(100000);
    n = futex(&s->word, FUTEX_CMP_REQUEUE, 1, (void *)10, &s->other, 0);
    OK(n == 3 && reap());
    OK(futex(&s->word, FUTEX_WAKE, 10, NULL, NULL, 0) == 0);
    OK(futex(&s->other, FUTEX_WAKE, 1, NULL, NULL, 0) == 1 && reap());
    OK(futex(&s->other, FUTEX_WAKE, 10, NULL, NULL, 0) == 1 && reap());
}

/* Private memory after a fork: same address, same page until someone writes, and still not the same word. */
static void
not_shared(void)
{
    static uint32_t word;
    int st;
    pid_t a = waiter(&word, FUTEX_WAIT, 0), b = waiter(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0);

    usleep(50000);
    OK(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0) == 0);
    OK(futex(&word, FUTEX_WAKE | FUTEX_PRIVATE, 10, NULL, NULL, 0) == 0);
    OK(waitpid(-1, NULL, WNOHANG) == 0);
    kill(a, SIGKILL);
    kill(b, SIGKILL);
    OK(waitpid(a, &st, 0) == a && waitpid(b, &st, 0) == b);

    /* A word of a shared mapping is the same word at another address. */
    char name[] = "/tmp/t_futexXXXXXX";
    int fd = mkstemp(name);
    if (fd < 0 || ftruncate(fd, 4096) != 0)
        exit(1);
    uint32_t *here = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    uint32_t *there = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    waiter(here + 9, FUTEX_WAIT, 0);
    OK(wake(there + 9, FUTEX_WAKE, 1, 0) == 1 && reap());
    munmap(here, 4096);
    munmap(there, 4096);
    close(fd);
    unlink(name);
}

static void
handler(int signo)
{
    (void)signo;
}

static void
interrupted(void)
{
    struct sigaction sa = { .sa_handler = handler };
    struct timespec ten = { 10, 0 };

    sigaction(SIGALRM, &sa, NULL);
    ualarm(20000, 0);
    CALL(-EINTR, futex(&s->word, FUTEX_WAIT, 0, NULL, NULL, 0));
    ualarm(20000, 0);
    CALL(-EINTR, futex(&s->word, FUTEX_WAIT, 0, &ten, NULL,
                       0)); /* with a timeout even SA_RESTART does not restart */
    sa.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &sa, NULL);
    ualarm(20000, 0);
    pid_t pid = fork();
    if (pid == 0) {
        usleep(50000);
        _exit(wake(&s->word, FUTEX_WAKE, 1, 0) != 1);
    }
    OK(futex(&s->word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0);
    OK(reap());
}

/* --- clone(2) with a shared address space --- */

static char stacks[2][65536] __attribute__((aligned(16)));
static uint32_t lock, turns, tid_word;

static void
lock_it(void)
{
    uint32_t zero = 0;

    if (__atomic_compare_exchange_n(&lock, &zero, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return;
    while (__atomic_exchange_n(&lock, 2, __ATOMIC_SEQ_CST) != 0)
        futex(&lock, FUTEX_WAIT | FUTEX_PRIVATE, 2, NULL, NULL, 0);
}

static void
unlock_it(void)
{
    if (__atomic_exchange_n(&lock, 0, __ATOMIC_SEQ_CST) == 2)
        futex(&lock, FUTEX_WAKE | FUTEX_PRIVATE, 1, NULL, NULL, 0);
}

static int
contender(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        lock_it();
        uint32_t seen = turns;
        if (i % 16 == 0)
            syscall(SYS_sched_yield);
        turns = seen + 1;
        unlock_it();
    }
    (void)arg;
    return 0;
}

static void
shared_address_space(void)
{
    int st, flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD;
    pid_t a = clone(contender, stacks[0] + sizeof stacks[0], flags, NULL);
    pid_t b = clone(contender, stacks[1] + sizeof stacks[1], flags, NULL);

    OK(a > 0 && b > 0);
    OK(waitpid(a, &st, 0) == a && st == 0);
    OK(waitpid(b, &st, 0) == b && st == 0);
    OK(turns == 4000);

    tid_word = 1;
    a = clone(contender, stacks[0] + sizeof stacks[0],
              flags | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID, NULL, &tid_word, NULL, &tid_word);
    uint32_t tid;
    while ((tid = load(&tid_word)) != 0) /* cleared and woken at its end, as pthread_join() wants it */
        futex(&tid_word, FUTEX_WAIT, tid, NULL, NULL, 0);
    OK(waitpid(a, &st, 0) == a && st == 0);
    store(&lock, 0);
}

int
main(void)
{
    s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    errors();
    between_processes();
    requeueing();
    not_shared();
    interrupted();
    shared_address_space();
    return tap_end();
}
