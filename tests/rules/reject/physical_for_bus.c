/* R13: a bus address where a physical one belongs.
 * expect: passing 'dma_addr_t' to parameter of incompatible type 'paddr_t'
 */
#include <kernel/mm/page.h>

struct page *page_at(paddr_t pa, dma_addr_t da);

struct page *
page_at(paddr_t pa, dma_addr_t da)
{
#ifdef WRONG
    (void)pa;
    return page_of(da);
#else
    (void)da;
    return page_of(pa);
#endif
}
