/* The queue of mapping commands in a stub's control page.
 *
 * The stub runs the whole batch before it returns to user code, so a batch costs one hand-over.  No two commands of a batch overlap
 * (but for a clean-up in front): a user program that jumps into the stub's code and repeats one of the last batch changes nothing.
 */
#include <hal/host/stub.h>

#include <sys/mman.h>
#include <sys/syscall.h>

#include <hal/space.h>

/* Run what is queued now.  False: the stub is lost. */
static bool
flush(struct stub *s)
{
    stub_host.stats.flushes++;
    if (stub_ready(s) && stub_host.ops->flush(s))
        return true;
    stub_lose(s);
    return false;
}

static struct stub_cmd *
append(struct stub *s)
{
    if (s->ctl->count == STUB_CMDS && !flush(s))
        return NULL;
    stub_host.stats.commands++;
    return &s->ctl->cmd[s->ctl->count++];
}

static void
widen(struct stub *s, uint64_t lo, uint64_t hi)
{
    if (s->ctl->count == 0) {
        s->lo = UINT64_MAX;
        s->hi = 0;
    }
    if (lo < s->lo)
        s->lo = lo;
    if (hi > s->hi)
        s->hi = hi;
}

static unsigned
first_command(const struct stub *s)
{
    return s->first_cleans && s->ctl->count > 0 ? 1 : 0;
}

static bool
overlaps(const struct stub_cmd *c, uint64_t lo, uint64_t hi)
{
    return c->addr < hi && lo < c->addr + c->len;
}

/* Take [lo, hi) out of every queued command.  A command cut in two needs a second entry; false: there is none left. */
static bool
cut(struct stub *s, uint64_t lo, uint64_t hi)
{
    struct stub_ctl *ctl = s->ctl;

    if (ctl->count == 0 || lo >= s->hi || hi <= s->lo)
        return true;
    for (unsigned i = first_command(s); i < ctl->count;) {
        struct stub_cmd *c = &ctl->cmd[i];
        uint64_t end = c->addr + c->len;

        if (!overlaps(c, lo, hi)) {
            i++;
        } else if (lo <= c->addr && hi >= end) {
            *c = ctl->cmd[--ctl->count];
        } else if (lo > c->addr && hi < end) {
            if (ctl->count == STUB_CMDS)
                return false;
            struct stub_cmd *tail = &ctl->cmd[ctl->count++];

            *tail = *c;
            tail->addr = hi;
            tail->len = end - hi;
            tail->off += c->nr == SYS_mmap ? hi - c->addr : 0;
            c->len = lo - c->addr;
            i++;
        } else if (lo <= c->addr) {
            c->off += c->nr == SYS_mmap ? hi - c->addr : 0;
            c->len = end - hi;
            c->addr = hi;
            i++;
        } else {
            c->len = lo - c->addr;
            i++;
        }
    }
    return true;
}

/* Lengthen the last command by this one if it can be. */
static bool
merge(struct stub *s, const struct stub_cmd *n)
{
    struct stub_ctl *ctl = s->ctl;
    struct stub_cmd *last;

    if (ctl->count <= first_command(s))
        return false;
    last = &ctl->cmd[ctl->count - 1];
    if (last->nr != n->nr || last->prot != n->prot || last->addr + last->len != n->addr)
        return false;
    if (n->nr == SYS_mmap && last->off + last->len != n->off)
        return false;
    last->len += n->len;
    return true;
}

static void
queue(struct stub *s, struct stub_cmd n)
{
    struct stub_cmd *c;

    if (!s->alive)
        return;
    if (!cut(s, n.addr, n.addr + n.len) && !flush(s))
        return;
    if (!merge(s, &n)) {
        c = append(s);
        if (c == NULL)
            return;
        *c = n;
        if (s->ctl->count == 1) {
            s->lo = UINT64_MAX;
            s->hi = 0;
        }
    }
    widen(s, n.addr, n.addr + n.len);
}

static uint32_t
host_prot(unsigned prot)
{
    /* As the CPU has it: what is mapped can be read. */
    uint32_t p = PROT_READ;

    if (prot & HAL_PROT_WRITE)
        p |= PROT_WRITE;
    if (prot & HAL_PROT_EXEC)
        p |= PROT_EXEC;
    return p;
}

void
stub_queue_map(struct stub *s, uint64_t va, uint64_t pa, size_t npages, unsigned prot)
{
    queue(s, (struct stub_cmd){ SYS_mmap, host_prot(prot), va, npages * PAGE_SIZE, pa });
}

void
stub_queue_unmap(struct stub *s, uint64_t va, size_t npages)
{
    queue(s, (struct stub_cmd){ SYS_munmap, 0, va, npages * PAGE_SIZE, 0 });
}

bool
stub_queue_protect(struct stub *s, uint64_t va, size_t npages, unsigned prot)
{
    uint64_t end = va + npages * PAGE_SIZE;

    if (s->ctl->count > 0 && va < s->hi && end > s->lo) {
        for (unsigned i = first_command(s); i < s->ctl->count; i++) {
            if (s->ctl->cmd[i].nr == SYS_mmap && overlaps(&s->ctl->cmd[i], va, end))
                return false;
        }
    }
    queue(s, (struct stub_cmd){ SYS_mprotect, host_prot(prot), va, npages * PAGE_SIZE, 0 });
    return true;
}

void
stub_queue_clean(struct stub *s)
{
    s->ctl->count = 0;
    s->first_cleans = true;
    queue(s, (struct stub_cmd){ SYS_munmap, 0, STUB_USER_MIN, STUB_USER_MAX - STUB_USER_MIN, 0 });
    /* It is exempt from the overlap check. */
    s->lo = UINT64_MAX;
    s->hi = 0;
}
