/* R16: nobody looks whether the write worked.
 * expect: ignoring return value
 */
#include <kernel/core/blk.h>

int must_check save(struct blkdev *dev, struct cspan data);

int
save(struct blkdev *dev, struct cspan data)
{
#ifdef WRONG
    blk_write(dev, 0, data);
    return 0;
#else
    return blk_write(dev, 0, data);
#endif
}
