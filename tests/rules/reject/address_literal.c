/* R14: the same by a compound literal, with arithmetic around it.
 * expect: a paddr_t made from a uaddr_t
 */
#include <hal/space.h>

paddr_t next_page(uaddr_t va, paddr_t pa);

paddr_t
next_page(uaddr_t va, paddr_t pa)
{
#ifdef WRONG
    (void)pa;
    return (paddr_t){ .v = va.v + PAGE_SIZE };
#else
    (void)va;
    return paddr(pa.v + PAGE_SIZE);
#endif
}
