/* R32: an object is freed twice on one path.
 * expect: Attempt to
 */
#include <kernel/mm/kmem.h>

int must_check build(size_t n, int (*fill)(void *p, size_t n));

int
build(size_t n, int (*fill)(void *p, size_t n))
{
    void *p = kmem_alloc(n);
    int rc;

    if (p == NULL)
        return -1;
    rc = fill(p, n);
#ifdef WRONG
    if (rc < 0)
        kmem_free(p);
#endif
    kmem_free(p);
    return rc;
}
