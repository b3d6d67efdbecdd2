/* User address spaces on the metal: the page tables of hal/pt/x86_64.c, and the TLB.  Contract: hal/space.h.
 *
 * A space is its top-level table.  The kernel never reads through a user mapping, so what a change leaves in the TLB matters to the
 * user program only and may wait for hal_user_run(), with one exception: the CPU may walk tables by itself, so a table that is freed
 * must be out of its caches at once. */
#include <hal/space.h>

#include <hal/pt/x86_64.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/paging.h>
#include <hal/x86_64/space.h>
#include <hal/x86_64/x86.h>

enum { ENTRIES = 512, INVLPG_MAX = 16, EINVAL = 22 };
#define USER_MIN 0x10000ull
#define USER_MAX 0x7ffffffff000ull

struct hal_space {
    uint64_t pml4[ENTRIES];
};

uaddr_t
hal_user_min(void)
{
    return uaddr(USER_MIN);
}

uaddr_t
hal_user_max(void)
{
    return uaddr(USER_MAX);
}

static bool
range_ok(uaddr_t va, size_t npages)
{
    return va.v % PAGE_SIZE == 0 && va.v >= USER_MIN && va.v < USER_MAX &&
           npages <= (USER_MAX - va.v) / PAGE_SIZE;
}

static paddr_t
root_of(const struct hal_space *space)
{
    return hal_ptr_phys(space);
}

static void
load(paddr_t root)
{
    struct x86_cpu *cpu = x86_this_cpu();

    cpu->root = root.v;
    cpu->flush = false;
    x86_write_cr3(root.v);
}

void
x86_space_activate(const struct hal_space *space)
{
    struct x86_cpu *cpu = x86_this_cpu();
    paddr_t root = root_of(space);

    if (cpu->root != root.v || cpu->flush)
        load(root);
}

/* Forget what the TLB holds of the range, now. */
static void
flush(const struct hal_space *space, uaddr_t va, size_t npages)
{
    paddr_t root = root_of(space);

    if (x86_this_cpu()->root != root.v)
        return;
    if (npages > INVLPG_MAX) {
        load(root);
        return;
    }
    for (size_t i = 0; i < npages; i++)
        x86_invlpg(va.v + i * PAGE_SIZE);
}

int
hal_space_create(struct hal_space **space_out)
{
    paddr_t root;
    int rc = pt_x86_create(&root);

    if (rc < 0)
        return rc;

    struct hal_space *space = hal_phys_ptr(root);

    x86_kernel_half(space->pml4);
    *space_out = space;
    return 0;
}

void
hal_space_destroy(struct hal_space *space)
{
    paddr_t root = root_of(space);

    if (x86_this_cpu()->root == root.v)
        load(x86_kernel_root());
    __builtin_memset(space->pml4 + ENTRIES / 2, 0, sizeof space->pml4 / 2); /* not its own */
    pt_x86_destroy(root);
}

int
hal_space_map(struct hal_space *space, uaddr_t va, paddr_t pa, size_t npages, unsigned prot)
{
    paddr_t root = root_of(space);
    struct pt_run run;
    int rc;

    if (npages == 0)
        return 0;
    if (!range_ok(va, npages) || pa.v % PAGE_SIZE != 0 || prot == 0 || prot > 7)
        return -EINVAL;
    rc = pt_x86_reserve(root, va, npages);
    if (rc < 0)
        return rc;
    run = pt_x86_run(root, va, npages);
    pt_x86_map(root, va, pa, npages, prot);
    if (run.mapped || run.npages != npages) /* the TLB holds nothing of what is not mapped */
        flush(space, va, npages);
    return 0;
}

void
hal_space_unmap(struct hal_space *space, uaddr_t va, size_t npages)
{
    if (!range_ok(va, npages))
        return;
    pt_x86_unmap(root_of(space), va, npages);
    flush(space, va, npages);
}

void
hal_space_protect(struct hal_space *space, uaddr_t va, size_t npages, unsigned prot)
{
    if (!range_ok(va, npages) || prot == 0 || prot > 7)
        return;
    pt_x86_protect(root_of(space), va, npages, prot);
    if (x86_this_cpu()->root != root_of(space).v)
        return;
    if (npages > INVLPG_MAX)
        x86_this_cpu()->flush = true; /* fork() does many of these */
    else
        flush(space, va, npages);
}

bool
hal_space_query(const struct hal_space *space, uaddr_t va, paddr_t *pa_out, unsigned *prot_out)
{
    struct pt_run run;

    if (va.v < USER_MIN || va.v >= USER_MAX)
        return false;
    run = pt_x86_run(root_of(space), uaddr(va.v & ~PAGE_MASK), 1);
    if (!run.mapped)
        return false;
    if (pa_out != NULL)
        *pa_out = run.pa;
    if (prot_out != NULL)
        *prot_out = run.prot;
    return true;
}
