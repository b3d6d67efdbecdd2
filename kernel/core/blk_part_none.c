/* A kernel that knows whole drives only. */
#include <kernel/core/blk.h>

void
blk_scan_partitions(struct blkdev *dev unused_param)
{
}
