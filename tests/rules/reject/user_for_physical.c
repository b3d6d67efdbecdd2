/* R13: a user's address taken for a physical one.
 * expect: passing 'uaddr_t' to parameter of incompatible type 'paddr_t'
 */
#include <hal/space.h>

int must_check map_one(struct hal_space *s, uaddr_t va, paddr_t pa);

int
map_one(struct hal_space *s, uaddr_t va, paddr_t pa)
{
#ifdef WRONG
    (void)pa;
    return hal_space_map(s, va, va, 1, HAL_PROT_READ);
#else
    return hal_space_map(s, va, pa, 1, HAL_PROT_READ);
#endif
}
