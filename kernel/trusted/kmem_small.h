/* Small kernel objects, several in a page: what kmem.c asks of kmem_slab.c (size classes) or, with grants, of kmem_grain.c (each
 * process's objects in pages of its own).  A page of theirs has PG_SLAB; they own its spare, index, map_count and node. */
#pragma once

#include <kernel/core/lock.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>

extern struct irqlock kmem_lock;
extern struct kmem_stats kmem_counters guarded_by(kmem_lock);

/* The largest object, with its red zone. */
extern const size_t kmem_small_max;

/* Not zeroed; its first `size` bytes are accessible.  NULL: out of memory. */
void *_Nullable kmem_small_alloc(size_t size, size_t redzone) may_allocate fresh_memory;
/* The bytes that a live object takes; 0: there is no object at `p`.  A double free is a panic. */
size_t kmem_small_size(struct page *page, const void *p) requires_lock(kmem_lock);
/* Give it back for good.  Returns what became superfluous, for kmem_small_destroy() without the lock. */
struct page *_Nullable kmem_small_release(struct page *page, const void *p) requires_lock(kmem_lock);
void kmem_small_destroy(struct page *block);
/* Give back what is kept against thrashing. */
void kmem_small_drain(void) requires_lock(kmem_lock);
/* With grants: what is on the account `from` is common from now on.  Interrupts off. */
void kmem_small_inherit(uint8_t from);
void kmem_small_init(void);
