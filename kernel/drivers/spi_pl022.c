/* Driver for the PL022 synchronous serial port (LM3S6965 data sheet, chapter 13; Arm PrimeCell SSP PL022 TRM, DDI 0194) as the master of an
 * SPI bus: mode 0, bytes, polled.
 *
 * A byte takes less than a microsecond at the usual rates, less than an interrupt costs.  The pins belong to the port (the board's start-up
 * has set that). */
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/spi.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

enum { CR0 = 0x00, CR1 = 0x04, DR = 0x08, SR = 0x0c, CPSR = 0x10, IM = 0x14, REGS_SIZE = 0x1000 };

#define CR0_8BIT 7u
#define CR1_SSE  BIT(1)
#define SR_RNE   BIT(2)

enum {
    FIFO_SIZE = 8,
    POLL_MAX = 20000, /* reads of SR for one byte, which takes 20 us at 400 kHz */
    PRESCALE_MIN = 2,
    PRESCALE_MAX = 254,
    DIVIDE_MAX = 256,
    FILL = 0xff,
};

struct pl022 {
    struct io io;
    uint32_t clock_hz;
    uint32_t hz; /* the rate that is set; 0: none yet */
    struct spi_bus bus;
};

/* Words that were not asked for, or whose reader gave up. */
static void
drain(struct pl022 *p)
{
    for (unsigned n = 0; n < FIFO_SIZE && (io_read32(&p->io, SR) & SR_RNE) != 0; n++)
        (void)io_read32(&p->io, DR);
}

/* The smallest product of an even prescaler and a divider that is not too fast. */
static void
pl022_set_rate(struct spi_bus *b, uint32_t hz)
{
    struct pl022 *p = b->driver;
    uint32_t prescale = PRESCALE_MIN, divide;

    if (hz == p->hz || hz == 0)
        return;
    while (prescale < PRESCALE_MAX && p->clock_hz / prescale / DIVIDE_MAX >= hz)
        prescale += 2;
    divide = (p->clock_hz / prescale + hz - 1) / hz;
    divide = divide < 1 ? 1 : divide > DIVIDE_MAX ? DIVIDE_MAX : divide;
    io_write32(&p->io, CR1, 0);
    drain(p);
    io_write32(&p->io, CR0, (divide - 1) << 8 | CR0_8BIT);
    io_write32(&p->io, CPSR, prescale);
    io_write32(&p->io, CR1, CR1_SSE);
    p->hz = hz;
}

static int
receive(struct pl022 *p, uint8_t *byte)
{
    for (unsigned n = 0; n < POLL_MAX; n++) {
        if ((io_read32(&p->io, SR) & SR_RNE) != 0) {
            *byte = (uint8_t)io_read32(&p->io, DR);
            return 0;
        }
    }
    return -EIO;
}

static int
pl022_exchange(struct spi_bus *b, struct cspan out, struct span in)
{
    struct pl022 *p = b->driver;
    size_t len = out.len > in.len ? out.len : in.len, sent = 0;

    for (size_t got = 0; got < len; got++) {
        uint8_t byte = 0;
        int rc;

        /* Never more under way than the receiver has room for. */
        for (; sent < len && sent - got < FIFO_SIZE; sent++)
            io_write32(&p->io, DR, sent < out.len ? span_get(out, sent) : FILL);
        rc = receive(p, &byte);
        if (rc < 0) {
            p->hz = 0; /* it is set up anew next time */
            return rc;
        }
        if (got < in.len)
            span_put(in, got, byte);
    }
    return 0;
}

static const struct spi_ops pl022_ops = { .set_rate = pl022_set_rate, .exchange = pl022_exchange };

static int
pl022_attach(struct device *dev)
{
    struct pl022 *p;
    int rc;

    if (dev->io[0].size < REGS_SIZE || dev->hz == 0)
        return -ENODEV;
    p = kmem_alloc(sizeof *p);
    if (p == NULL)
        return -ENOMEM;
    *p = (struct pl022){ .io = dev->io[0],
                         .clock_hz = dev->hz,
                         .bus = { .ops = &pl022_ops, .driver = p } };
    str_copy(p->bus.name, sizeof p->bus.name, dev->name);
    io_write32(&p->io, CR1, 0);
    io_write32(&p->io, IM, 0);
    drain(p);
    rc = spi_add(&p->bus);
    if (rc < 0) {
        kmem_free(p);
        return rc;
    }
    dev->state = p;
    return 0;
}

static const char *const compatible[] = { "arm,pl022", NULL };

const struct driver driver_spi_pl022 = { .name = "spi_pl022",
                                         .compatible = compatible,
                                         .attach = pl022_attach };
