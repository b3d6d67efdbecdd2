/* R18: memory that may not be there is written.
 * expect: Nullable pointer is dereferenced
 */
#include <kernel/core/blk.h>

uint64_t sectors_of(const char *name);

uint64_t
sectors_of(const char *name)
{
    struct blkdev *dev = blk_find(name);

#ifndef WRONG
    if (dev == NULL)
        return 0;
#endif
    return dev->sectors;
}
