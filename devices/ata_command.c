/* Commands of the ATA drive (devices/ata_disk.c) that move no sectors, and the table of all
 * (manual: T13/1410D revision 3b, section 8). */
#include <devices/ata_internal.h>
#include <sim/model.h>

enum { MODE_PIO4 = 0x0c, MODE_MULTIWORD2 = 0x22, MODE_ULTRA5 = 0x45 };

struct command {
    uint8_t first, last;
    bool ext;
    void (*run)(struct ata_disk *d);
};

static void
cmd_seek(struct ata_disk *d)
{
    uint64_t lba;

    if (!ata_address_of(d->s, &lba) || lba >= ata_sectors(d)) {
        ata_fail(d, ATA_IDNF);
    } else {
        d->s->power = ATA_ACTIVE;
        ata_succeed(d);
    }
}

static void
cmd_recalibrate(struct ata_disk *d)
{
    d->s->power = ATA_ACTIVE;
    ata_succeed(d);
}

static void
cmd_identify(struct ata_disk *d)
{
    struct ata_state *s = d->s;

    ata_identify(d, s->buf);
    s->left = 0;
    s->dma = false;
    ata_offer_buffer(s, ATA_PIO_IN, 1);
    s->intrq = true;
}

static void
cmd_flush(struct ata_disk *d)
{
    d->s->flushes++;
    ata_next_step(d, ATA_FLUSH_DONE, d->timing->latency_ns);
}

void
ata_flush_done(struct ata_disk *d)
{
    const struct ata_faults *f = &d->s->faults;

    if (f->fail_flush_at && f->fail_flush_at == d->s->flushes) {
        ata_fail(d, f->error ? f->error : ATA_ABRT);
        d->s->status |= f->device_fault ? ATA_DF : 0;
    } else if (sim_image_flush(d->image) != 0) {
        ata_fail(d, ATA_ABRT);
        d->s->status |= ATA_DF;
    } else {
        ata_succeed(d);
    }
}

static void
cmd_set_multiple(struct ata_disk *d)
{
    unsigned n = d->s->reg[ATA_COUNT].now;

    if (n > ATA_MULTIPLE_MAX || (n & (n - 1)) != 0) {
        d->s->multiple = 0;
        ata_fail(d, ATA_ABRT);
        return;
    }
    d->s->multiple = (uint8_t)n; /* 0: off */
    ata_succeed(d);
}

static void
cmd_init_parameters(struct ata_disk *d)
{
    unsigned sectors = d->s->reg[ATA_COUNT].now;

    if (!sectors) {
        ata_fail(d, ATA_ABRT);
        return;
    }
    ata_set_geometry(d, (d->s->device & 0x0fu) + 1, sectors);
    ata_succeed(d);
}

static bool
set_transfer_mode(struct ata_state *s, unsigned mode)
{
    if (mode <= 0x01) { /* default PIO mode, with or without flow control: DMA modes stay */
        return true;
    }
    if (mode >= 0x08 && mode <= MODE_PIO4) {
        return true;
    }
    if ((mode >= 0x20 && mode <= MODE_MULTIWORD2) || (mode >= 0x40 && mode <= MODE_ULTRA5)) {
        s->transfer_mode = (uint8_t)mode; /* one DMA mode at a time */
        return true;
    }
    return false;
}

static void
cmd_set_features(struct ata_disk *d)
{
    struct ata_state *s = d->s;

    switch (s->reg[ATA_FEATURES].now) {
    case 0x02:
        s->write_cache = true;
        break;
    case 0x82: /* what is cached goes to the medium */
        s->write_cache = false;
        cmd_flush(d);
        return;
    case 0x03:
        if (!set_transfer_mode(s, s->reg[ATA_COUNT].now)) {
            ata_fail(d, ATA_ABRT);
            return;
        }
        break;
    case 0x55:
        s->look_ahead = false;
        break;
    case 0xaa:
        s->look_ahead = true;
        break;
    case 0x66:
        s->revert = false;
        break;
    case 0xcc:
        s->revert = true;
        break;
    default:
        ata_fail(d, ATA_ABRT);
        return;
    }
    ata_succeed(d);
}

static void
cmd_native_max(struct ata_disk *d)
{
    uint64_t max = ata_sectors(d) - 1;
    struct ata_state *s = d->s;

    if (s->ext && !(s->device & ATA_LBA)) {
        ata_fail(d, ATA_ABRT);
        return;
    }
    if (!s->ext && (s->device & ATA_LBA) && max > 0x0fffffff) {
        max = 0x0fffffff;
    }
    if (!s->ext && !(s->device & ATA_LBA)) {
        max = (uint64_t)s->cylinders * s->heads * s->sectors - 1;
    }
    ata_set_address(s, max);
    ata_succeed(d);
}

static void
cmd_check_power(struct ata_disk *d)
{
    static const uint8_t value[] = {
        [ATA_ACTIVE] = 0xff, [ATA_IDLE] = 0x80, [ATA_STANDBY] = 0x00, [ATA_SLEEP] = 0x00
    };

    d->s->reg[ATA_COUNT].now = value[d->s->power];
    ata_succeed(d);
}

static void
cmd_idle(struct ata_disk *d)
{
    d->s->power = ATA_IDLE;
    ata_succeed(d);
}

/* The cache goes to the medium first. */
static void
cmd_standby(struct ata_disk *d)
{
    if (sim_image_flush(d->image) != 0) {
        ata_fail(d, ATA_ABRT);
        return;
    }
    d->s->power = ATA_STANDBY;
    ata_succeed(d);
}

static void
cmd_sleep(struct ata_disk *d)
{
    cmd_standby(d);
    if (!(d->s->status & ATA_ERR)) {
        d->s->power = ATA_SLEEP;
    }
}

static void
cmd_abort(struct ata_disk *d)
{
    ata_fail(d, ATA_ABRT);
}

/* EXECUTE DEVICE DIAGNOSTIC is not here: it goes to both drives (ata_diagnose()). */
static const struct command commands[] = {
    { 0x00, 0x00, false, cmd_abort }, /* NOP always ends so */
    { 0x10, 0x1f, false, cmd_recalibrate },
    { 0x20, 0x21, false, ata_cmd_read_sectors },
    { 0x24, 0x24, true, ata_cmd_read_sectors },
    { 0x25, 0x25, true, ata_cmd_read_dma },
    { 0x27, 0x27, true, cmd_native_max },
    { 0x29, 0x29, true, ata_cmd_read_multiple },
    { 0x30, 0x31, false, ata_cmd_write_sectors },
    { 0x34, 0x34, true, ata_cmd_write_sectors },
    { 0x35, 0x35, true, ata_cmd_write_dma },
    { 0x39, 0x39, true, ata_cmd_write_multiple },
    { 0x40, 0x41, false, ata_cmd_verify },
    { 0x42, 0x42, true, ata_cmd_verify },
    { 0x70, 0x7f, false, cmd_seek },
    { 0x91, 0x91, false, cmd_init_parameters },
    { 0x94, 0x94, false, cmd_standby }, /* 94h to 99h: older codes of E0h to E6h */
    { 0x95, 0x95, false, cmd_idle },
    { 0x96, 0x96, false, cmd_standby },
    { 0x97, 0x97, false, cmd_idle },
    { 0x98, 0x98, false, cmd_check_power },
    { 0x99, 0x99, false, cmd_sleep },
    { 0xc4, 0xc4, false, ata_cmd_read_multiple },
    { 0xc5, 0xc5, false, ata_cmd_write_multiple },
    { 0xc6, 0xc6, false, cmd_set_multiple },
    { 0xc8, 0xc9, false, ata_cmd_read_dma },
    { 0xca, 0xcb, false, ata_cmd_write_dma },
    { 0xe0, 0xe0, false, cmd_standby },
    { 0xe1, 0xe1, false, cmd_idle },
    { 0xe2, 0xe2, false, cmd_standby },
    { 0xe3, 0xe3, false, cmd_idle },
    { 0xe5, 0xe5, false, cmd_check_power },
    { 0xe6, 0xe6, false, cmd_sleep },
    { 0xe7, 0xe7, false, cmd_flush },
    { 0xea, 0xea, true, cmd_flush },
    { 0xec, 0xec, false, cmd_identify },
    { 0xef, 0xef, false, cmd_set_features },
    { 0xf8, 0xf8, false, cmd_native_max },
};

void
ata_execute(struct ata_disk *d)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (d->s->command >= commands[i].first && d->s->command <= commands[i].last) {
            d->s->ext = commands[i].ext;
            commands[i].run(d);
            return;
        }
    }
    ata_fail(d, ATA_ABRT);
}
