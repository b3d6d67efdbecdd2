/* The bus master registers of the PIIX3's IDE function (manual: Intel 82371FB/82371SB, order number
 * 290550, sections 2.8 and 3.4).
 *
 * The bus master moves data whenever it is active and the drive asks for DMA; the drive's own time
 * is what a transfer takes. A program that the manual forbids is reported and moves nothing until
 * the bus master is stopped and started again.
 */
#include <devices/ide_internal.h>

static const char *const bm_names[CHANNELS] = { "BMICOMP", "BMICOMS" };

/* Something forbids the transfer to go on; say it once. */
static void
refuse(struct ide_piix3 *ide, unsigned c, uint64_t value, const char *text)
{
    ide->channel[c].refused = true;
    model_guest_error(&ide->model, bm_names[c], value, text);
}

/* Memory did not answer. */
static void
bm_abort(struct ide_piix3 *ide, unsigned c)
{
    uint64_t *sta = ide_bm_reg(ide, c, BM_STA);

    *sta = (*sta | BMISTA_ERR) & ~(uint64_t)BMISTA_ACT;
    ide->config_val[C_PCISTS] |= PCISTS_MAS;
}

static uint32_t
get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Fetch the next physical region descriptor; false: memory did not answer. */
static bool
fetch_prd(struct ide_piix3 *ide, unsigned c)
{
    struct ide_channel *ch = &ide->channel[c];
    uint8_t prd[8];
    uint32_t addr, count;

    if ((ch->table & 0xffff) == 0 && ch->table != *ide_bm_reg(ide, c, BM_DTP)) {
        model_guest_error(&ide->model, "BMIDTP", ch->table,
                          "the descriptor table crosses a 64 KiB boundary");
    }
    if (!sim_dma_read(&ide->model, ch->table, prd, sizeof prd)) {
        return false;
    }
    addr = get32(prd);
    count = get32(prd + 4);
    if ((addr & 1) || (count & 0x7fff0001)) {
        model_guest_error(&ide->model, "PRD", (uint64_t)count << 32 | addr,
                          "reserved bits set in a descriptor");
    }
    ch->prd_addr = addr & ~1u;
    ch->prd_left = count & 0xfffe ? count & 0xfffe : 0x10000;
    ch->prd_last = count >> 31;
    ch->table += sizeof prd;
    if ((ch->prd_addr & 0xffff) + ch->prd_left > 0x10000) {
        model_guest_error(&ide->model, "PRD", (uint64_t)count << 32 | addr,
                          "a region crosses a 64 KiB boundary");
    }
    return true;
}

/* What forbids this transfer from the start?  NULL: nothing. */
static const char *
transfer_fault(const struct ide_piix3 *ide, unsigned c, const struct ata_disk *d, bool to_host)
{
    if (!(ide->config_val[C_PCICMD] & PCICMD_BME)) {
        return "bus master transfer with bus mastering off in PCICMD";
    }
    if (to_host != !!(ide->bm_val[c * BM_REGS + BM_COM] & BMICOM_RWCON)) {
        return "bus master direction does not match the drive's command";
    }
    if (d->s->transfer_mode >= 0x40) {
        return "the drive is set to Ultra DMA, which this controller does not do";
    }
    return NULL;
}

/* One step of a transfer: `avail` bytes of the drive against what is left of the descriptor. False:
 * no further. */
static bool
bm_move(struct ide_piix3 *ide, unsigned c, struct ata_disk *d, uint8_t *bytes, size_t avail,
        bool to_host)
{
    struct ide_channel *ch = &ide->channel[c];
    size_t n;
    bool ok;

    if (!ch->prd_left && !fetch_prd(ide, c)) {
        bm_abort(ide, c);
        return false;
    }
    n = avail < ch->prd_left ? avail : ch->prd_left;
    ok = to_host ? sim_dma_write(&ide->model, ch->prd_addr, bytes, n)
                 : sim_dma_read(&ide->model, ch->prd_addr, bytes, n);
    if (!ok) {
        bm_abort(ide, c);
        return false;
    }
    ch->prd_addr += (uint32_t)n;
    ch->prd_left -= (uint32_t)n;
    ata_dma_advance(d, n);
    if (!ch->prd_left && ch->prd_last) {
        *ide_bm_reg(ide, c, BM_STA) &= ~(uint64_t)BMISTA_ACT;
        return false;
    }
    return true;
}

/* Move what can be moved now.  Ends: every step moves bytes, and the drive's burst is finite. */
void
ide_bm_pump(struct ide_piix3 *ide, unsigned c)
{
    struct ide_channel *ch = &ide->channel[c];
    struct ata_disk *d;
    uint8_t *bytes;
    bool to_host;
    size_t avail;

    for (unsigned i = 0; i < DRIVES; i++) {
        d = &ide->disk[c][i];
        while ((*ide_bm_reg(ide, c, BM_STA) & BMISTA_ACT) && !ch->refused &&
               (avail = ata_dma_window(d, &bytes, &to_host))) {
            const char *fault = transfer_fault(ide, c, d, to_host);

            if (fault && ata_runaway(d)) {
                ide->channel[c].refused = true; /* nobody's fault: this is what stops it */
            } else if (fault) {
                refuse(ide, c, *ide_bm_reg(ide, c, BM_COM), fault);
            } else if (!bm_move(ide, c, d, bytes, avail, to_host)) {
                break;
            }
        }
    }
}

static void
bm_start(struct ide_piix3 *ide, unsigned c)
{
    struct ide_channel *ch = &ide->channel[c];
    uint64_t *sta = ide_bm_reg(ide, c, BM_STA);

    ch->refused = false;
    ch->prd_left = 0;
    ch->prd_last = false;
    ch->table = (uint32_t)*ide_bm_reg(ide, c, BM_DTP);
    if (*sta & (BMISTA_INT | BMISTA_ERR)) {
        model_guest_error(&ide->model, bm_names[c], *sta,
                          "bus master started with old interrupt or error bits in BMISTA");
    }
    *sta |= BMISTA_ACT;
    if (!(ide->config_val[C_PCICMD] & PCICMD_BME)) {
        refuse(ide, c, *ide_bm_reg(ide, c, BM_COM),
               "bus master started with bus mastering off in PCICMD");
    } else if (!ch->table) {
        refuse(ide, c, *ide_bm_reg(ide, c, BM_COM), "bus master started without a descriptor table");
    }
    ide_bm_pump(ide, c);
}

static void
bmicom_write(void *dev, unsigned reg, uint64_t value)
{
    struct ide_piix3 *ide = dev;
    unsigned c = reg / BM_REGS;
    struct ide_channel *ch = &ide->channel[c];
    uint64_t *com = ide_bm_reg(ide, c, BM_COM);
    bool was = ch->com & BMICOM_SSBM, is = *com & BMICOM_SSBM;

    if (was && !is && (ata_runaway(&ide->disk[c][0]) || ata_runaway(&ide->disk[c][1]))) {
        *com = ch->com; /* it does not listen */
        return;
    }
    if (was && is && (*ide_bm_reg(ide, c, BM_STA) & BMISTA_ACT) && ((*com ^ ch->com) & BMICOM_RWCON)) {
        model_guest_error(&ide->model, bm_names[c], value, "direction changed during a transfer");
        *com ^= BMICOM_RWCON; /* read-only now */
    }
    ch->com = (uint8_t)*com;
    if (is && !was) {
        bm_start(ide, c);
    } else if (was && !is) { /* all state is lost; the drive keeps its place */
        *ide_bm_reg(ide, c, BM_STA) &= ~(uint64_t)BMISTA_ACT;
    }
}

static void
bmidtp_write(void *dev, unsigned reg, uint64_t value)
{
    struct ide_piix3 *ide = dev;
    unsigned c = reg / BM_REGS;

    if (*ide_bm_reg(ide, c, BM_STA) & BMISTA_ACT) {
        model_guest_error(&ide->model, "BMIDTP", value,
                          "descriptor table pointer written during a transfer");
    }
}

/* clang-format off */
#define BM_CHANNEL(c_, suffix_) \
    [(c_) * BM_REGS + BM_COM] = {.name = "BMICOM" suffix_, .offset = (c_) * 8, .size = 1, \
                                 .rw = BMICOM_SSBM | BMICOM_RWCON, .write = bmicom_write}, \
    [(c_) * BM_REGS + BM_STA] = {.name = "BMISTA" suffix_, .offset = (c_) * 8 + 2, .size = 1, \
                                 .rw = 0x60, .w1c = BMISTA_ERR | BMISTA_INT, .ro = BMISTA_ACT}, \
    [(c_) * BM_REGS + BM_DTP] = {.name = "BMIDTP" suffix_, .offset = (c_) * 8 + 4, .size = 4, \
                                 .rw = 0xfffffffc, .write = bmidtp_write}
/* clang-format on */

static const struct reg bm_regs[CHANNELS * BM_REGS] = { BM_CHANNEL(0, "P"), BM_CHANNEL(1, "S") };

/* The manual: byte, word or dword accesses. */
const struct bank_class ide_bm_bank = {
    .regs = bm_regs, .count = CHANNELS * BM_REGS, .size = BM_SIZE, .merge = true
};
