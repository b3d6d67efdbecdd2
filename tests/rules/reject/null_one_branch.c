/* R18: checked on one branch, used on both.
 * expect: Nullable pointer is dereferenced
 */
#include <kernel/core/blk.h>

uint64_t sectors_or(const char *name, bool careful);

uint64_t
sectors_or(const char *name, bool careful)
{
    struct blkdev *dev = blk_find(name);

#ifdef WRONG
    if (careful && dev == NULL)
        return 0;
#else
    if (dev == NULL)
        return careful ? 0 : 1;
#endif
    return dev->sectors;
}
