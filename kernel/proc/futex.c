/* See futex.h.  One list of sleepers serves, as there are never many.  Nothing sleeps between the look at the word and entering the
 * list, or between a look and waking, so no wake-up is lost.
 *
 * A key does not hold on to its object: a sleeper whose mapping is taken away may be woken by whoever maps something else at the same
 * place in kernel memory, which futex(2) allows (callers look at the word again).
 */
#include <kernel/abi/errno.h>
#include <kernel/core/wait.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/mm.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/futex.h>
#include <kernel/trusted/ucopy.h>

struct sleeper {
    struct list_node node;
    struct futex_key key;
    uint32_t bitset;
    bool woken;
    struct waitq wait;
};

static struct list sleepers = LIST_INIT(sleepers);

int
futex_key(struct mm *mm, uaddr_t addr, bool private, struct futex_key *out)
{
    struct futex_key key = { .object = mm, .offset = addr.v };
    int rc = 0;

    if (!private) {
        mutex_lock(&mm->lock);

        const struct vma *v = vma_at(mm, addr.v);

        if (v == NULL) {
            rc = -EFAULT;
        } else if ((v->flags & VMA_SHARED) != 0 && v->file != NULL) {
            key.object = v->file->inode != NULL ? (const void *)v->file->inode : v->file;
            key.offset = v->offset + (addr.v - v->start);
        }
        mutex_unlock(&mm->lock);
    }
    if (rc == 0)
        *out = key;
    return rc;
}

static bool
same(const struct futex_key *a, const struct futex_key *b)
{
    return a->object == b->object && a->offset == b->offset;
}

int
futex_wait(const struct futex_key *key, uaddr_t addr, uint32_t expected, uint32_t bitset,
           uint64_t deadline_ns)
{
    struct sleeper s = { .key = *key, .bitset = bitset };
    uint32_t value;
    int rc = ucopy_in(&value, addr, sizeof value);

    if (rc < 0)
        return rc;
    if (value != expected)
        return -EAGAIN;
    waitq_init(&s.wait);
    list_push_back(&sleepers, &s.node);
    while (!s.woken && rc == 0)
        rc = wait_on(&s.wait, WAIT_INTR, deadline_ns);
    if (list_linked(&s.node))
        list_remove(&s.node);
    return s.woken ? 0 : rc;
}

unsigned
futex_wake(const struct futex_key *key, uint32_t count, uint32_t bitset)
{
    struct list_node *n, *tmp;
    unsigned woken = 0;

    list_for_each_safe (n, tmp, &sleepers) {
        struct sleeper *s = container_of(n, struct sleeper, node);

        if (woken == count)
            break;
        if (!same(&s->key, key) || (s->bitset & bitset) == 0)
            continue;
        list_remove(&s->node);
        s->woken = true;
        wake_all(&s->wait);
        woken++;
    }
    return woken;
}

unsigned
futex_requeue(const struct futex_key *from, const struct futex_key *to, uint32_t wake,
              uint32_t requeue)
{
    unsigned woken = futex_wake(from, wake, UINT32_MAX), moved = 0;
    struct list_node *n, *tmp;

    if (same(from, to))
        return woken;
    list_for_each_safe (n, tmp, &sleepers) {
        struct sleeper *s = container_of(n, struct sleeper, node);

        if (moved == requeue)
            break;
        if (!same(&s->key, from))
            continue;
        s->key = *to;
        moved++;
    }
    return woken + moved;
}

void
futex_wake_joiner(struct mm *mm, uaddr_t addr)
{
    struct futex_key key;

    if (futex_key(mm, addr, false, &key) == 0)
        (void)futex_wake(&key, 1, UINT32_MAX);
}
