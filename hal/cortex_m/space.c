/* User address spaces with an MPU: a handful of extents, one region each; addresses are physical ones. */
#include <hal/space.h>

#include <hal/cortex_m/cortex_m.h>

enum { SPACES = 8, EINVAL = 22, ENOMEM = 12 };
#define USER_MIN 0x00000100u
#define USER_MAX 0x40000000u /* flash and RAM; devices are above */

struct hal_space {
    bool used;
    unsigned count;
    struct extent {
        uint32_t start, size;
        unsigned prot;
    } extent[MPU_REGIONS];
    struct mpu_region region[MPU_REGIONS];
};

static struct hal_space spaces[SPACES];
static const struct hal_space *active;

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

int
hal_space_create(struct hal_space **space_out)
{
    for (unsigned i = 0; i < SPACES; i++) {
        if (spaces[i].used)
            continue;
        spaces[i] = (struct hal_space){ .used = true };
        *space_out = &spaces[i];
        return 0;
    }
    return -ENOMEM;
}

void
hal_space_destroy(struct hal_space *space)
{
    space->used = false;
    space->count = 0;
    if (active == space)
        active = NULL;
}

/* The extent that holds this address, or one that ends the list. */
static struct extent *
extent_of(struct hal_space *space, uint32_t addr)
{
    for (unsigned i = 0; i < space->count; i++)
        if (addr - space->extent[i].start < space->extent[i].size)
            return &space->extent[i];
    return NULL;
}

int
hal_space_map(struct hal_space *space, uaddr_t va, paddr_t pa, size_t npages, unsigned prot)
{
    struct extent *e;
    struct mpu_region region;
    uint32_t size = (uint32_t)npages * PAGE_SIZE;

    if (npages == 0)
        return 0;
    if (va.v != pa.v || va.v < USER_MIN || va.v >= USER_MAX || npages > (USER_MAX - va.v) / PAGE_SIZE)
        return -EINVAL;
    if (!mpu_encode(va.v, size, prot, &region))
        return -EINVAL;
    e = extent_of(space, va.v);
    if (e == NULL) {
        if (space->count == MPU_REGIONS)
            return -ENOMEM;
        e = &space->extent[space->count++];
    }
    *e = (struct extent){ va.v, size, prot };
    space->region[e - space->extent] = region;
    if (active == space)
        active = NULL;
    return 0;
}

void
hal_space_unmap(struct hal_space *space, uaddr_t va, size_t npages)
{
    uint64_t end = va.v + (uint64_t)npages * PAGE_SIZE;

    for (unsigned i = 0; i < space->count;) {
        struct extent *e = &space->extent[i];

        if (e->start < va.v || e->start + (uint64_t)e->size > end) {
            i++;
            continue;
        }
        *e = space->extent[--space->count];
        space->region[i] = space->region[space->count];
    }
    if (active == space)
        active = NULL;
}

void
hal_space_protect(struct hal_space *space unused_param, uaddr_t va unused_param,
                  size_t npages unused_param, unsigned prot unused_param)
{
}

bool
hal_space_query(const struct hal_space *space, uaddr_t va, paddr_t *pa_out, unsigned *prot_out)
{
    for (unsigned i = 0; i < space->count; i++) {
        const struct extent *e = &space->extent[i];

        if (va.v - e->start >= e->size)
            continue;
        if (pa_out != NULL)
            *pa_out = paddr(va.v & ~PAGE_MASK);
        if (prot_out != NULL)
            *prot_out = e->prot;
        return true;
    }
    return false;
}

void
cm_space_activate(const struct hal_space *space)
{
    if (active == space)
        return;
    mpu_load(space->region, space->count);
    active = space;
}

TRUSTED_BEGIN(memory)
void *
hal_phys_ptr(paddr_t pa)
{
    return (void *)(uintptr_t)pa.v;
}
TRUSTED_END

paddr_t
hal_ptr_phys(const void *p)
{
    return paddr((uintptr_t)p);
}
