/* R14: a bus address is made from the inside of a physical one.
 * expect: a paddr_t made from a dma_addr_t
 */
#include <kernel/mm/page.h>

struct page *page_behind(dma_addr_t da, paddr_t pa);

struct page *
page_behind(dma_addr_t da, paddr_t pa)
{
#ifdef WRONG
    (void)pa;
    return page_of(paddr(da.v));
#else
    (void)da;
    return page_of(pa);
#endif
}
