/* R16: the result is cast to void, which silences the compiler.
 * expect: (void) throws away the result of blk_flush()
 */
#include <kernel/core/blk.h>
#include <kernel/core/log.h>

void finish(struct blkdev *dev);

void
finish(struct blkdev *dev)
{
#ifdef WRONG
    (void)blk_flush(dev);
#else
    if (blk_flush(dev) < 0)
        klog(LOG_ERR, "%s: cannot flush", dev->name);
#endif
}
