/* Kernel objects: zeroed memory of any size up to 64 KiB from size classes over pages.  Hosted with ASan: red zones and quarantine.
 *
 * Thread context, except kmem_free(), which is also allowed with interrupts off.  NULL: out of memory; never a panic.
 */
#pragma once

#include <hal/types.h>

void *_Nullable kmem_alloc(size_t size)
    __attribute__((malloc, alloc_size(1))) may_allocate fresh_memory;
/* The same on another account (mm/grant.h) than the running thread's. */
void *_Nullable kmem_alloc_on(uint8_t grant, size_t size)
    __attribute__((malloc, alloc_size(2))) may_allocate fresh_memory;
void kmem_free(void *_Nullable p);

struct kmem_stats {
    uint64_t objects, bytes; /* live; bytes as asked for, rounded up to the size class */
    uint64_t pages;          /* held by the allocator */
    uint64_t failures;
};
void kmem_stats(struct kmem_stats *out);

/* At boot, after page_init(). */
void kmem_init(void);
/* Give the quarantine of freed objects back at once (low memory, and leak checks that compare page counts). */
void kmem_drain(void);

/* Fault injection: the nth allocation from now (1 = next) fails, and all after it for `count`; n 0: off.  Pages and objects. */
void kmem_fail_at(uint64_t n, uint64_t count);
/* Asked by page_alloc() and kmem_alloc(). */
enum kmem_kind { KMEM_PAGE, KMEM_OBJECT };
bool kmem_should_fail(enum kmem_kind kind);
/* What the simulator shall let fail from now on (its --fail-alloc).  -EINVAL: no such rule, or no simulator that can. */
int must_check kmem_fail_rule(const char *rule, size_t len);
