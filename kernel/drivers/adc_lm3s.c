/* Driver for the analog-to-digital converter of the LM3S6965 (LM3S6965 data sheet, chapter 11), for its temperature sensor only: sequencer
 * 3, one sample, started by the processor and waited for. */
#include <kernel/abi/errno.h>
#include <kernel/core/device.h>
#include <kernel/core/lock.h>
#include <kernel/core/sensor.h>
#include <kernel/drivers/drivers.h>
#include <kernel/mm/kmem.h>

enum {
    ADCACTSS = 0x00,
    ADCRIS = 0x04,
    ADCISC = 0x0c,
    ADCEMUX = 0x14,
    ADCPSSI = 0x28,
    ADCSSCTL3 = 0xa4,
    ADCSSFIFO3 = 0xa8,
    ADCSSFSTAT3 = 0xac,
    REGISTERS = 0xb0,
};

#define SS3        BIT(3)
#define CTL_END    BIT(1)
#define CTL_IE     BIT(2)
#define CTL_TS     BIT(3)
#define FIFO_DATA  0x3ffu
#define FIFO_EMPTY BIT(8)

enum { POLL_MAX = 10000 /* reads of ADCRIS, for a microsecond's sample */ };

struct lm3s_adc {
    struct io io;
    struct mutex lock;
    struct sensor sensor;
};

/* 11.2.5: SENSO = 2.7 V - (T + 55) / 75, against 3 V. */
static int32_t
temperature(uint32_t code)
{
    int32_t uv = (int32_t)((uint64_t)code * 3000000 / FIFO_DATA);

    return (2700000 - uv) * 3 / 40 - 55000;
}

static int
sample(struct lm3s_adc *d, uint32_t *code)
{
    if ((io_read32(&d->io, ADCSSFSTAT3) & FIFO_EMPTY) == 0)
        (void)io_read32(&d->io, ADCSSFIFO3); /* one that was given up */
    io_write32(&d->io, ADCISC, SS3);
    io_write32(&d->io, ADCPSSI, SS3);
    for (unsigned n = 0; n < POLL_MAX; n++) {
        if ((io_read32(&d->io, ADCRIS) & SS3) != 0) {
            *code = io_read32(&d->io, ADCSSFIFO3) & FIFO_DATA;
            return 0;
        }
    }
    return -EIO;
}

static int
lm3s_adc_read(struct sensor *s, int32_t *millidegrees)
{
    struct lm3s_adc *d = s->driver;
    uint32_t code = 0;
    int rc;

    mutex_lock(&d->lock);
    rc = sample(d, &code);
    mutex_unlock(&d->lock);
    if (rc == 0)
        *millidegrees = temperature(code);
    return rc;
}

static int
lm3s_adc_attach(struct device *dev)
{
    struct lm3s_adc *d;
    int rc;

    if (dev->io[0].size < REGISTERS)
        return -ENODEV;
    d = kmem_alloc(sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    *d = (struct lm3s_adc){ .io = dev->io[0], .sensor = { .read = lm3s_adc_read, .driver = d } };
    mutex_init(&d->lock, dev->name, RANK_DEV);
    io_write32(&d->io, ADCACTSS, 0);
    io_write32(&d->io, ADCEMUX, 0); /* the processor starts it */
    io_write32(&d->io, ADCSSCTL3, CTL_TS | CTL_IE | CTL_END);
    io_write32(&d->io, ADCACTSS, SS3);
    rc = sensor_add(&d->sensor);
    if (rc < 0) {
        kmem_free(d);
        return rc;
    }
    dev->state = d;
    return 0;
}

static const char *const compatible[] = { "luminary,adc", NULL };

const struct driver driver_adc_lm3s = { .name = "adc_lm3s",
                                        .compatible = compatible,
                                        .attach = lm3s_adc_attach };
