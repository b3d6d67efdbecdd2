/* User address spaces of the hosted PC: the page tables of hal/pt/x86_64.c in simulated RAM, and a stub process that is told of every
 * change.  Contract: hal/space.h.
 */
#include <hal/host/space.h>

#include <errno.h>
#include <stdlib.h>

enum { SPACES = 1024 };

static struct hal_space spaces[SPACES];
static unsigned next_space;

uaddr_t
hal_user_min(void)
{
    return uaddr(STUB_USER_MIN);
}

uaddr_t
hal_user_max(void)
{
    return uaddr(STUB_USER_MAX);
}

TRUSTED_BEGIN(memory)
void *
hal_phys_ptr(paddr_t pa)
{
    if (pa.v >= stub_host.config.ram_size)
        abort(); /* a kernel bug: not RAM */
    return (uint8_t *)stub_host.config.ram_base + pa.v;
}
TRUSTED_END

paddr_t
hal_ptr_phys(const void *p)
{
    uintptr_t off = (uintptr_t)p - (uintptr_t)stub_host.config.ram_base;

    if (off >= stub_host.config.ram_size)
        abort();
    return paddr(off);
}

static bool
range_ok(uaddr_t va, size_t npages)
{
    return va.v % PAGE_SIZE == 0 && va.v >= STUB_USER_MIN && va.v < STUB_USER_MAX &&
           npages <= (STUB_USER_MAX - va.v) / PAGE_SIZE;
}

static bool
frames_ok(paddr_t pa, size_t npages)
{
    uint64_t size = stub_host.config.ram_size;

    return pa.v % PAGE_SIZE == 0 && pa.v < size && npages <= (size - pa.v) / PAGE_SIZE;
}

int
hal_space_create(struct hal_space **space_out)
{
    struct hal_space *space = NULL;
    int err;

    for (unsigned i = 0; i < SPACES && space == NULL; i++) {
        unsigned n = (next_space + i) % SPACES;

        if (spaces[n].stub == NULL)
            space = &spaces[n];
    }
    if (space == NULL)
        return -EAGAIN;
    err = pt_x86_create(&space->root);
    if (err < 0)
        return err;
    err = stub_get(space, &space->stub);
    if (err < 0) {
        pt_x86_destroy(space->root);
        space->stub = NULL;
        return err;
    }
    next_space = (unsigned)(space - spaces) + 1;
    *space_out = space;
    return 0;
}

void
hal_space_destroy(struct hal_space *space)
{
    stub_put(space->stub);
    pt_x86_destroy(space->root);
    *space = (struct hal_space){ 0 };
}

int
hal_space_map(struct hal_space *space, uaddr_t va, paddr_t pa, size_t npages, unsigned prot)
{
    int err;

    if (npages == 0)
        return 0;
    if (!range_ok(va, npages) || !frames_ok(pa, npages) || prot == 0 || prot > 7)
        return -EINVAL;
    err = pt_x86_reserve(space->root, va, npages);
    if (err < 0)
        return err;
    stub_queue_map(space->stub, va.v, pa.v, npages, prot);
    pt_x86_map(space->root, va, pa, npages, prot);
    return 0;
}

void
hal_space_unmap(struct hal_space *space, uaddr_t va, size_t npages)
{
    if (!range_ok(va, npages))
        return;
    /* One command for all of it when anything is mapped. */
    for (size_t done = 0; done < npages;) {
        struct pt_run run = pt_x86_run(space->root, uaddr(va.v + done * PAGE_SIZE), npages - done);

        if (run.mapped) {
            stub_queue_unmap(space->stub, va.v, npages);
            pt_x86_unmap(space->root, va, npages);
            return;
        }
        done += run.npages;
    }
}

void
hal_space_protect(struct hal_space *space, uaddr_t va, size_t npages, unsigned prot)
{
    if (!range_ok(va, npages) || prot == 0 || prot > 7)
        return;
    for (size_t done = 0; done < npages;) {
        uaddr_t at = uaddr(va.v + done * PAGE_SIZE);
        struct pt_run run = pt_x86_run(space->root, at, npages - done);

        if (run.mapped && run.prot != prot && !stub_queue_protect(space->stub, at.v, run.npages, prot))
            stub_queue_map(space->stub, at.v, run.pa.v, run.npages, prot);
        done += run.npages;
    }
    pt_x86_protect(space->root, va, npages, prot);
}

bool
hal_space_query(const struct hal_space *space, uaddr_t va, paddr_t *pa_out, unsigned *prot_out)
{
    struct pt_run run;

    if (va.v < STUB_USER_MIN || va.v >= STUB_USER_MAX)
        return false;
    run = pt_x86_run(space->root, uaddr(va.v & ~PAGE_MASK), 1);
    if (!run.mapped)
        return false;
    if (pa_out != NULL)
        *pa_out = run.pa;
    if (prot_out != NULL)
        *prot_out = run.prot;
    return true;
}
