/* R15: a pointer into physical memory outside the allocator.
 * expect: hal_phys_ptr
 */
#include <hal/space.h>
#include <kernel/mm/page.h>

void *memory_of(struct page *p);

void *
memory_of(struct page *p)
{
#ifdef WRONG
    return hal_phys_ptr(page_paddr(p));
#else
    return page_ptr(p);
#endif
}
