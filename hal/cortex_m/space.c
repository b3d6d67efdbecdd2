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

static uint64_t
end_of(const struct extent *e)
{
    return e->start + (uint64_t)e->size;
}

/* Has the extent anything in the range?  An empty range has nothing in it. */
static bool
meets(const struct extent *e, uint64_t from, uint64_t to)
{
    return from < to && e->start < to && end_of(e) > from;
}

/* Make extent i this.  What no region can express goes away: a program may lose memory that way, but never gets any. */
static bool
set(struct hal_space *space, unsigned i, uint32_t start, uint32_t size, unsigned prot)
{
    bool kept = mpu_encode(start, size, prot, &space->region[i]);

    if (active == space)
        active = NULL;
    if (kept) {
        space->extent[i] = (struct extent){ start, size };
    } else {
        space->extent[i] = space->extent[--space->count];
        space->region[i] = space->region[space->count];
    }
    return kept;
}

/* Extents lie apart, so that no region decides for another.  A new one replaces old ones as a whole. */
int
hal_space_map(struct hal_space *space, uaddr_t va, paddr_t pa, size_t npages, unsigned prot)
{
    struct mpu_region region;
    uint32_t start = (uint32_t)va.v, size = (uint32_t)npages * PAGE_SIZE;
    unsigned replaced = 0;

    if (npages == 0)
        return 0;
    if (va.v != pa.v || va.v < USER_MIN || va.v >= USER_MAX || npages > (USER_MAX - va.v) / PAGE_SIZE)
        return -EINVAL;
    if (!mpu_encode(start, size, prot, &region))
        return -EINVAL;
    for (unsigned i = 0; i < space->count; i++) {
        const struct extent *e = &space->extent[i];

        if (!meets(e, start, (uint64_t)start + size))
            continue;
        if (e->start < start || end_of(e) > (uint64_t)start + size)
            return -EINVAL;
        replaced++;
    }
    if (space->count - replaced == MPU_REGIONS)
        return -ENOMEM;
    hal_space_unmap(space, va, npages);
    set(space, space->count++, start, size, prot);
    return 0;
}

/* Of an extent that lies in the range in part, an end stays, if there is a region for it. */
void
hal_space_unmap(struct hal_space *space, uaddr_t va, size_t npages)
{
    uint64_t from = va.v, to = from + (uint64_t)npages * PAGE_SIZE;

    for (unsigned i = 0; i < space->count;) {
        struct extent *e = &space->extent[i];
        uint64_t start = e->start, end = end_of(e);

        if (meets(e, from, to)) {
            if (start >= from)
                start = to;
            else if (end <= to)
                end = from;
            else
                end = start;
            if (!set(space, i, (uint32_t)start, end > start ? (uint32_t)(end - start) : 0,
                     mpu_prot(&space->region[i])))
                continue;
        }
        i++;
    }
}

/* Of an extent that lies in the range in part, all gets what both protections allow. */
void
hal_space_protect(struct hal_space *space, uaddr_t va, size_t npages, unsigned prot)
{
    uint64_t from = va.v, to = from + (uint64_t)npages * PAGE_SIZE;

    for (unsigned i = 0; i < space->count;) {
        struct extent *e = &space->extent[i];
        bool whole = e->start >= from && end_of(e) <= to;

        if (meets(e, from, to) &&
            !set(space, i, e->start, e->size, whole ? prot : prot & mpu_prot(&space->region[i])))
            continue;
        i++;
    }
}

bool
cm_space_covers(const struct hal_space *space, uint32_t start, uint32_t size, unsigned *prot_out)
{
    for (unsigned i = 0; i < space->count; i++) {
        uint32_t off = start - space->extent[i].start;

        if (off >= space->extent[i].size)
            continue;
        *prot_out = mpu_prot(&space->region[i]);
        return size <= space->extent[i].size - off;
    }
    return false;
}

bool
hal_space_query(const struct hal_space *space, uaddr_t va, paddr_t *pa_out, unsigned *prot_out)
{
    unsigned prot;

    if (!cm_space_covers(space, (uint32_t)va.v, 1, &prot))
        return false;
    if (pa_out != NULL)
        *pa_out = paddr(va.v & ~PAGE_MASK);
    if (prot_out != NULL)
        *prot_out = prot;
    return true;
}

void
cm_space_activate(const struct hal_space *space)
{
    if (active == space)
        return;
    mpu_load(space->region, space->count);
    active = space;
}
