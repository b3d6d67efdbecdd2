/* R19: a function returns NULL without saying that it may.
 * expect: pick may return NULL but does not say _Nullable
 */
#include <kernel/core/blk.h>

struct pair {
    struct blkdev *first, *second;
};

#ifdef WRONG
struct blkdev *pick(struct pair *p, unsigned n);

struct blkdev *
pick(struct pair *p, unsigned n)
#else
struct blkdev *_Nullable pick(struct pair *p, unsigned n);

struct blkdev *_Nullable
pick(struct pair *p, unsigned n)
#endif
{
    if (n == 0)
        return p->first;
    if (n == 1)
        return p->second;
    return NULL;
}
