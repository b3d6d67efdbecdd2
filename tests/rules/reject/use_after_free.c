/* R32: an object is used after it was freed.
 * expect: Use of memory after it is
 */
#include <kernel/mm/kmem.h>

struct job {
    int result;
};

int finish(int (*run)(struct job *j));

int
finish(int (*run)(struct job *j))
{
    struct job *j = kmem_alloc(sizeof *j);
    int rc;

    if (j == NULL)
        return -1;
    rc = run(j);
#ifdef WRONG
    kmem_free(j);
    return rc + j->result;
#else
    rc += j->result;
    kmem_free(j);
    return rc;
#endif
}
