/* R08: memory of the stack by the caller's measure.
 * expect: __builtin_alloca
 */
#include <kernel/mm/kmem.h>

int must_check with_buffer(size_t n, int (*use)(void *p));

int
with_buffer(size_t n, int (*use)(void *p))
{
#ifdef WRONG
    void *p = __builtin_alloca(n);

    return use(p);
#else
    void *p = kmem_alloc(n);
    int rc = p != NULL ? use(p) : -1;

    kmem_free(p);
    return rc;
#endif
}
