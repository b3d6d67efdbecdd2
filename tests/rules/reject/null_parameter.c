/* R18: a parameter that may be null is used as if it never were.
 * expect: Nullable pointer is dereferenced
 */
#include <kernel/core/blk.h>

uint64_t start_of(const struct blkdev *_Nullable dev);

uint64_t
start_of(const struct blkdev *_Nullable dev)
{
#ifdef WRONG
    return dev->start;
#else
    return dev != NULL ? dev->start : 0;
#endif
}
