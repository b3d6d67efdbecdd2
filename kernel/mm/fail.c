/* Allocation failures on demand: see kmem.h for the tests' own way, hal/upcall.h for the simulator's. */
#include <hal/upcall.h>
#include <kernel/abi/errno.h>
#include <kernel/mm/kmem.h>

static uint64_t fail_after, fail_count;
static const struct alloc_faults *_Nullable faults; /* NULL: nobody wants to be asked */

void
kmem_fail_at(uint64_t n, uint64_t count)
{
    fail_after = n;
    fail_count = n != 0 ? count : 0;
}

static bool
counted_down(void)
{
    if (fail_after > 1) {
        fail_after--;
        return false;
    }
    if (fail_count == 0) {
        fail_after = 0;
        return false;
    }
    fail_count--;
    return true;
}

bool
kmem_should_fail(enum kmem_kind kind)
{
    if (fail_after != 0)
        return counted_down();
    return faults != NULL && faults->fails(kind == KMEM_OBJECT);
}

int
kmem_fail_rule(const char *rule, size_t len)
{
    return faults != NULL ? faults->arm(rule, len) : -EINVAL;
}

void
kernel_alloc_faults(const struct alloc_faults *f)
{
    faults = f;
}
