/* See futex.h.  Sleepers are keyed by the physical word where it is shared, else by address space and address; one list serves, as
 * there are never many. */
#include <hal/space.h>
#include <kernel/abi/errno.h>
#include <kernel/core/wait.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/futex.h>
#include <kernel/trusted/ucopy.h>

struct sleeper {
    struct list_node node;
    const struct mm *mm;
    uintptr_t addr;
    uint64_t phys;
    uint32_t bitset;
    bool woken;
    struct waitq wait;
};

static struct list sleepers;
static bool ready;

static void
init_once(void)
{
    if (!ready)
        list_init(&sleepers);
    ready = true;
}

static uint64_t
phys_of(struct mm *mm, uaddr_t addr)
{
    paddr_t pa;

    return hal_space_query(mm->space, uaddr(addr.v & ~PAGE_MASK), &pa, NULL) ? pa.v + (addr.v & PAGE_MASK) : UINT64_MAX;
}

static bool
same(const struct sleeper *s, const struct mm *mm, uintptr_t addr, uint64_t phys)
{
    return (s->mm == mm && s->addr == addr) || (phys != UINT64_MAX && s->phys == phys);
}

int
futex_wait(struct mm *mm, uaddr_t addr, uint32_t expected, uint32_t bitset, uint64_t deadline_ns)
{
    struct sleeper s = {.mm = mm, .addr = addr.v, .bitset = bitset};
    uint32_t value;
    int rc = ucopy_in(&value, addr, sizeof value);

    init_once();
    if (rc < 0)
        return rc;
    if (value != expected)
        return -EAGAIN;
    s.phys = phys_of(mm, addr);
    waitq_init(&s.wait);
    list_push_back(&sleepers, &s.node);
    while (!s.woken && rc == 0)
        rc = wait_on(&s.wait, WAIT_INTR, deadline_ns);
    if (list_linked(&s.node))
        list_remove(&s.node);
    return s.woken ? 0 : rc;
}

unsigned
futex_wake_bitset(struct mm *mm, uaddr_t addr, uint32_t count, uint32_t bitset)
{
    uint64_t phys = phys_of(mm, addr);
    struct list_node *n, *tmp;
    unsigned woken = 0;

    init_once();
    list_for_each_safe(n, tmp, &sleepers)
    {
        struct sleeper *s = container_of(n, struct sleeper, node);

        if (woken == count)
            break;
        if (!same(s, mm, addr.v, phys) || !(s->bitset & bitset))
            continue;
        list_remove(&s->node);
        s->woken = true;
        wake_all(&s->wait);
        woken++;
    }
    return woken;
}

unsigned
futex_wake(struct mm *mm, uaddr_t addr, uint32_t count)
{
    return futex_wake_bitset(mm, addr, count, UINT32_MAX);
}

unsigned
futex_requeue(struct mm *mm, uaddr_t from, uint32_t wake, uint32_t requeue, uaddr_t to)
{
    unsigned woken = futex_wake(mm, from, wake), moved = 0;
    uint64_t phys = phys_of(mm, from), to_phys = phys_of(mm, to);
    struct list_node *n, *tmp;

    list_for_each_safe(n, tmp, &sleepers)
    {
        struct sleeper *s = container_of(n, struct sleeper, node);

        if (moved == requeue)
            break;
        if (!same(s, mm, from.v, phys))
            continue;
        s->mm = mm;
        s->addr = to.v;
        s->phys = to_phys;
        moved++;
    }
    return woken + moved;
}
