/* Model of an ATA disk drive (manual: T13/1410D revision 3b, ATA/ATAPI-6; power-on values and
 * registers after a transfer where the manual leaves them open: as QEMU's).
 *
 * Every command sets BSY at once and ends by the drive's event.  Addresses are checked before the
 * first sector moves. Not modelled: the PACKET, overlapped, queued, SMART, security, host protected
 * area and removable media feature sets, media access timers (a drive never goes to standby by
 * itself), READ/WRITE BUFFER, READ/WRITE LONG.
 */
#include <string.h>

#include <devices/ata_internal.h>
#include <sim/model.h>

enum { MODE_MULTIWORD2 = 0x22 };

/* --- progress and end of a command --- */

void
ata_next_step(struct ata_disk *d, enum ata_step step, uint64_t in_ns)
{
    struct ata_state *s = d->s;

    s->phase = ATA_BUSY;
    s->step = step;
    s->status = ATA_BSY | ATA_DRDY | ATA_DSC;
    sim_event_at(d->event, model_now(d->owner) + in_ns);
}

void
ata_succeed(struct ata_disk *d)
{
    d->s->phase = ATA_READY;
    d->s->status = ATA_DRDY | ATA_DSC;
    d->s->intrq = true;
}

void
ata_fail(struct ata_disk *d, uint8_t error)
{
    d->s->phase = ATA_READY;
    d->s->status = ATA_DRDY | ATA_ERR;
    d->s->error = error;
    d->s->intrq = true;
}

/* --- resets --- */

/* The registers as a reset or a diagnostic leaves them: the signature of a drive without PACKET. */
static void
signature(struct ata_state *s)
{
    memset(s->reg, 0, sizeof s->reg);
    s->reg[ATA_COUNT].now = 1;
    s->reg[ATA_LOW].now = 1;
    s->device = 0;
    s->error = 0x01; /* diagnostic code: passed */
    s->status = ATA_DRDY | ATA_DSC;
    s->phase = ATA_READY;
}

static void
defaults(struct ata_disk *d)
{
    d->s->multiple = 0;
    d->s->write_cache = true;
    d->s->look_ahead = true;
    d->s->revert = true;
    ata_set_geometry(d, 16, 63);
}

void
ata_power_on(struct ata_disk *d, unsigned unit, bool alone)
{
    struct ata_faults faults = d->s->faults;

    memset(d->s, 0, sizeof *d->s);
    if (!ata_present(d)) {
        return;
    }
    d->s->faults = faults;
    d->s->unit = (uint8_t)unit;
    d->s->alone = alone;
    d->s->transfer_mode = MODE_MULTIWORD2;
    defaults(d);
    signature(d->s);
}

static void
drop_command(struct ata_disk *d)
{
    sim_event_cancel(d->event);
    d->s->intrq = false;
    d->s->left = 0;
    d->s->buf_pos = d->s->buf_len = 0;
}

bool
ata_runaway(const struct ata_disk *d)
{
    const struct ata_state *s = d->s;

    return ata_present(d) && s->faults.runaway && s->faults.stall_at == s->commands &&
           s->phase != ATA_READY;
}

void
ata_srst(struct ata_disk *d, bool set)
{
    if (ata_runaway(d)) {
        return;
    }
    drop_command(d);
    if (set) {
        d->s->phase = ATA_IN_RESET;
        d->s->status = ATA_BSY;
    } else {
        ata_next_step(d, ATA_RESET_DONE, d->timing->reset_ns);
    }
}

void
ata_diagnose(struct ata_disk *d, bool interrupts)
{
    drop_command(d);
    d->s->command = 0x90;
    ata_next_step(d, interrupts ? ATA_DIAGNOSED : ATA_DIAGNOSED_QUIETLY, d->timing->reset_ns);
}

static void
reset_done(struct ata_disk *d)
{
    if (d->s->revert) {
        defaults(d);
    }
    if (d->s->power == ATA_SLEEP) {
        d->s->power = ATA_STANDBY;
    }
    signature(d->s);
}

/* --- registers --- */

void
ata_reg_write(struct ata_disk *d, unsigned reg, uint8_t value)
{
    if (reg == ATA_DEVICE) {
        d->s->device = value;
    } else if (reg >= ATA_FEATURES && reg <= ATA_HIGH) {
        d->s->reg[reg].before = d->s->reg[reg].now;
        d->s->reg[reg].now = value;
    }
}

uint8_t
ata_reg_read(const struct ata_disk *d, unsigned reg, bool hob)
{
    switch (reg) {
    case ATA_FEATURES:
        return d->s->error;
    case ATA_DEVICE:
        return d->s->device | 0xa0u; /* obsolete bits, always set */
    case ATA_COUNT:
    case ATA_LOW:
    case ATA_MID:
    case ATA_HIGH:
        return hob ? d->s->reg[reg].before : d->s->reg[reg].now;
    default:
        return 0;
    }
}

uint8_t
ata_status(struct ata_disk *d)
{
    d->s->intrq = false;
    return d->s->status;
}

void
ata_command(struct ata_disk *d, uint8_t command)
{
    struct ata_state *s = d->s;

    if (s->power == ATA_SLEEP) {
        model_guest_error(d->owner, "COMMAND", command,
                          "a command to a sleeping drive: only a reset wakes it");
        return;
    }
    s->command = command;
    s->error = 0;
    s->intrq = false;
    s->commands++;
    ata_next_step(d, ATA_EXECUTE, d->timing->command_ns);
    if (s->faults.stall_at && s->faults.stall_at == s->commands) {
        sim_event_cancel(d->event);
        s->phase = ATA_STALLED;
        if (s->faults.late_ns) {
            ata_next_step(d, ATA_EXECUTE, s->faults.late_ns);
        }
    }
}

void
ata_event(struct ata_disk *d)
{
    static void (*const steps[])(struct ata_disk *) = {
        [ATA_EXECUTE] = ata_execute,         [ATA_READ_BLOCK] = ata_read_block,
        [ATA_WRITE_BLOCK] = ata_write_block, [ATA_VERIFY_BLOCK] = ata_verify_block,
        [ATA_FLUSH_DONE] = ata_flush_done,   [ATA_RESET_DONE] = reset_done,
    };

    if (d->s->phase != ATA_BUSY) {
        return;
    }
    if (d->s->step == ATA_DIAGNOSED || d->s->step == ATA_DIAGNOSED_QUIETLY) {
        signature(d->s);
        d->s->intrq = d->s->step == ATA_DIAGNOSED;
    } else {
        steps[d->s->step](d);
    }
}

/* --- data --- */

bool
ata_data_read(struct ata_disk *d, uint16_t *value)
{
    struct ata_state *s = d->s;

    *value = 0;
    if (s->phase != ATA_PIO_IN) {
        return false;
    }
    *value = (uint16_t)(s->buf[s->buf_pos] | s->buf[s->buf_pos + 1] << 8);
    s->buf_pos += 2;
    if (s->buf_pos == s->buf_len) {
        ata_drained(d);
    }
    return true;
}

bool
ata_data_write(struct ata_disk *d, uint16_t value)
{
    struct ata_state *s = d->s;

    if (s->phase != ATA_PIO_OUT) {
        return false;
    }
    s->buf[s->buf_pos] = (uint8_t)value;
    s->buf[s->buf_pos + 1] = (uint8_t)(value >> 8);
    s->buf_pos += 2;
    if (s->buf_pos == s->buf_len) {
        ata_next_step(d, ATA_WRITE_BLOCK, ata_media_ns(d));
    }
    return true;
}

size_t
ata_dma_window(struct ata_disk *d, uint8_t **bytes, bool *to_host)
{
    struct ata_state *s = d->s;

    if (!ata_present(d) || (s->phase != ATA_DMA_IN && s->phase != ATA_DMA_OUT)) {
        return 0;
    }
    *bytes = s->buf + s->buf_pos;
    *to_host = s->phase == ATA_DMA_IN;
    return s->buf_len - s->buf_pos;
}

void
ata_dma_advance(struct ata_disk *d, size_t bytes)
{
    struct ata_state *s = d->s;

    s->buf_pos += (uint32_t)bytes;
    if (s->buf_pos < s->buf_len) {
        return;
    }
    if (s->phase == ATA_DMA_IN) {
        ata_drained(d);
    } else {
        ata_next_step(d, ATA_WRITE_BLOCK, ata_media_ns(d));
    }
}
