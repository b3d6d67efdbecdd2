/* The memory protection unit (DDI 0403E, B3.5), by struct io.  The kernel itself runs on the default memory map (PRIVDEFENA). */
#include <hal/cortex_m/cortex_m.h>
#include <hal/space.h>

enum { TYPE = 0x0, CTRL = 0x4, RNR = 0x8, RBAR = 0xc, RASR = 0x10 };
enum { SIZE_LOG2_MIN = 8, SUBREGIONS = 8 }; /* a smaller region is subregions of one of 256 bytes */

#define CTRL_ENABLE     BIT(0)
#define CTRL_PRIVDEFENA BIT(2)
#define RBAR_VALID      BIT(4) /* and the region's number below it */
#define RASR_ENABLE     BIT(0)
#define RASR_XN         BIT(28)
#define RASR_AP_RO                                                                                 \
    (2u << 24) /* the kernel still may write: the page may be its own again before the regions change */
#define RASR_AP_RW  (3u << 24)
#define RASR_NORMAL (7u << 16) /* shareable, write-back: what internal RAM and flash are */

static struct io mpu;
static unsigned on; /* regions 0 .. on-1 */

void
mpu_init(const struct io *io)
{
    mpu = *io;
    on = MPU_REGIONS; /* who knows what was before */
    mpu_load(NULL, 0);
}

/* The smallest block that has the span in it and its borders at eighths.  A block ends at 4 GiB at most, so a span does, too. */
bool
mpu_encode(uint32_t start, uint32_t size, unsigned prot, struct mpu_region *out)
{
    uint64_t end = (uint64_t)start + size;

    if (size == 0 || (prot & HAL_PROT_READ) == 0 ||
        ((prot & HAL_PROT_WRITE) != 0 && (prot & HAL_PROT_EXEC) != 0))
        return false;
    for (unsigned log2 = SIZE_LOG2_MIN; log2 <= 32; log2++) {
        uint64_t all = UINT64_C(1) << log2, base = start & ~(all - 1), step = all / SUBREGIONS;
        uint32_t srd = 0;

        if (end > base + all || start % step != 0 || end % step != 0)
            continue;
        for (unsigned i = 0; i < SUBREGIONS; i++) {
            uint64_t at = base + i * step;

            srd |= at < start || at >= end ? BIT(i) : 0;
        }
        out->rbar = (uint32_t)base;
        out->rasr = RASR_NORMAL | srd << 8 | (uint32_t)(log2 - 1) << 1 | RASR_ENABLE;
        out->rasr |= (prot & HAL_PROT_WRITE) != 0 ? RASR_AP_RW : RASR_AP_RO;
        out->rasr |= (prot & HAL_PROT_EXEC) != 0 ? 0 : RASR_XN;
        return true;
    }
    return false;
}

unsigned
mpu_prot(const struct mpu_region *region)
{
    return HAL_PROT_READ | ((region->rasr & RASR_AP_RW) == RASR_AP_RW ? HAL_PROT_WRITE : 0) |
           ((region->rasr & RASR_XN) != 0 ? 0 : HAL_PROT_EXEC);
}

TRUSTED_BEGIN(mmio)
void
mpu_load(const struct mpu_region *regions, unsigned n)
{
    io_write32(&mpu, CTRL, 0); /* a base must not meet the size of what was there before */
    for (unsigned i = 0; i < n; i++) {
        io_write32(&mpu, RBAR, regions[i].rbar | RBAR_VALID | i);
        io_write32(&mpu, RASR, regions[i].rasr);
    }
    for (unsigned i = n; i < on; i++) {
        io_write32(&mpu, RNR, i);
        io_write32(&mpu, RASR, 0);
    }
    on = n;
    io_write32(&mpu, CTRL, CTRL_ENABLE | CTRL_PRIVDEFENA);
}
TRUSTED_END
