/* Driver for the flash memory of the LM3S6965 (LM3S6965 data sheet, chapter 7), as far as the board has it for the data of programs: the
 * kernel and the first files are outside of what it knows.
 *
 * The kernel itself is executed from this flash.  That needs no code in RAM: while the controller is busy, instruction and literal fetches are
 * held off until it is done (7.2.2), 20 us for a word and 20 ms for a page in which no interrupt is served either.
 * The timing is that of USECRL's reset value, which is right for 50 MHz (7.2.2.1).  Not used: mass erase, protection (what FMPPEn protects is
 * -EPERM), its interrupts. */
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/lock.h>
#include <kernel/core/mtd.h>
#include <kernel/core/wait.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

enum {
    FMA = 0x000,
    FMD = 0x004,
    FMC = 0x008,
    FCRIS = 0x00c,
    FCMISC = 0x014,
    REGISTERS = 0x018,
};

#define FMC_WRITE  BIT(0)
#define FMC_ERASE  BIT(1)
#define FMC_KEY    0xa4420000u
#define INT_ACCESS BIT(0)

enum { PAGE = 1024, WORD = 4, RIGHT_HZ = 50000000, TEST_ADDRESS = 0x155 };

#define TIMEOUT_NS 500000000ull
#define POLL_NS    50000ull

/* The controller, and what of its memory is the programs'. */
struct flash {
    struct io io, data;
    struct mutex lock;
    struct mtd mtd;
};
static struct flash *_Nullable the_flash;

/* An operation on the word or page at `at`, a place in the data. */
static int
operate(struct flash *f, uint32_t at, uint32_t what) requires_lock(f->lock)
{
    uint64_t end = hal_time_now_ns() + TIMEOUT_NS;

    if ((io_read32(&f->io, FMC) & (FMC_WRITE | FMC_ERASE)) != 0)
        return -EIO; /* one that was given up */
    io_write32(&f->io, FCMISC, INT_ACCESS);
    io_write32(&f->io, FMA, (uint32_t)f->data.base + at); /* the flash begins at address 0 */
    io_write32(&f->io, FMC, FMC_KEY | what);
    while ((io_read32(&f->io, FMC) & what) != 0)
        if (hal_time_now_ns() >= end || thread_sleep_until(hal_time_now_ns() + POLL_NS, 0) < 0)
            return -EIO;
    return (io_read32(&f->io, FCRIS) & INT_ACCESS) != 0 ? -EPERM : 0;
}

static void
flash_read(struct mtd *m, uint32_t at, struct span to)
{
    struct flash *f = m->driver;

    for (size_t i = 0; i < to.len; i++)
        span_put(to, i, io_read8(&f->data, at + (uint32_t)i));
}

/* By words: the bytes that are not meant are programmed with what changes nothing. */
static int
flash_program(struct mtd *m, uint32_t at, struct cspan from)
{
    struct flash *f = m->driver;
    int rc = 0;

    mutex_lock(&f->lock);
    for (size_t i = 0; rc == 0 && i < from.len;) {
        uint32_t word = UINT32_MAX, start = (at + (uint32_t)i) % WORD;

        for (uint32_t k = start; k < WORD && i < from.len; k++, i++)
            word &= ~((uint32_t)(uint8_t)~span_get(from, i) << 8 * k);
        io_write32(&f->io, FMD, word);
        rc = operate(f, (at + (uint32_t)i - 1) & ~(uint32_t)(WORD - 1), FMC_WRITE);
    }
    mutex_unlock(&f->lock);
    return rc;
}

static int
flash_erase(struct mtd *m, uint32_t page)
{
    struct flash *f = m->driver;
    int rc;

    mutex_lock(&f->lock);
    rc = operate(f, page, FMC_ERASE);
    mutex_unlock(&f->lock);
    return rc;
}

static const struct mtd_ops flash_ops = { .read = flash_read,
                                          .program = flash_program,
                                          .erase = flash_erase };

static int
flash_attach(struct device *dev)
{
    struct flash *f;

    if (dev->io[0].size < REGISTERS || dev->hz != RIGHT_HZ)
        return -ENODEV;
    io_write32(&dev->io[0], FMA, TEST_ADDRESS);
    if (io_read32(&dev->io[0], FMA) != TEST_ADDRESS)
        return 0; /* QEMU has none */
    f = kmem_alloc(sizeof *f);
    if (f == NULL)
        return -ENOMEM;
    *f = (struct flash){ .io = dev->io[0], .mtd = { .ops = &flash_ops, .driver = f, .page = PAGE } };
    mutex_init(&f->lock, dev->name, RANK_DEV);
    the_flash = f;
    dev->state = f;
    return 0;
}

static int
flash_data_attach(struct device *dev)
{
    struct flash *f = the_flash;

    if (f == NULL)
        return 0;
    if (dev->io[0].size == 0 || (dev->io[0].base | dev->io[0].size) % PAGE != 0)
        return -ENODEV;
    f->data = dev->io[0];
    f->mtd.size = dev->io[0].size;
    return mtd_add(&f->mtd);
}

static const char *const compatible[] = { "luminary,flash", NULL };
static const char *const data_compatible[] = { "luminary,flash-data", NULL };

const struct driver driver_flash_lm3s = { .name = "flash_lm3s",
                                          .compatible = compatible,
                                          .attach = flash_attach };
const struct driver driver_flash_data = { .name = "flash_data",
                                          .compatible = data_compatible,
                                          .attach = flash_data_attach };
