/* R32: the way out on an error forgets the object.
 * expect: Potential leak
 */
#include <kernel/mm/kmem.h>

struct request {
    int code;
};

int must_check ask(bool ready);

int
ask(bool ready)
{
    struct request *r = kmem_alloc(sizeof *r);

    if (r == NULL)
        return -1;
    if (!ready) {
#ifndef WRONG
        kmem_free(r);
#endif
        return -2;
    }

    int code = r->code;

    kmem_free(r);
    return code;
}
