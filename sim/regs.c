/* The register-table engine: what an access does to a bank, by the masks of its table. */
#include <assert.h>
#include <string.h>

#include <sim/machine.h>

static unsigned
reg_size(const struct reg_bank *bank, const struct reg *r)
{
    return r->size ? r->size : bank->class->reg_size ? bank->class->reg_size : 1;
}

static bool
readable(const struct reg *r)
{
    return r->read || r->peek || (r->ro | r->rw | r->w1c | r->w1s | r->rc | r->unimp);
}

static bool
writable(const struct reg *r)
{
    return r->write || (r->rw | r->w1c | r->w1s | r->wo | r->unimp);
}

/* Index + 1 of the register that an access at `off` means; one that allows the direction before one
 * that does not. */
static unsigned
reg_at(const struct reg_bank *bank, uint32_t off, bool write)
{
    unsigned other = 0;

    for (unsigned i = bank->first[off]; i; i = bank->next[i - 1]) {
        const struct reg *r = &bank->class->regs[i - 1];

        if (r->when && !r->when(bank->owner)) {
            continue;
        }
        if (write ? writable(r) : readable(r)) {
            return i;
        }
        other = other ? other : i;
    }
    return other;
}

static void
violate(struct reg_bank *bank, enum sim_violation_kind kind, const char *reg, bool write,
        uint32_t off, unsigned width, uint64_t value)
{
    sim_violate(bank->owner->sim, &(struct sim_violation){
                                      .kind = kind,
                                      .write = write,
                                      .width = width,
                                      .addr = off,
                                      .value = value,
                                      .dev = bank->owner->name,
                                      .reg = reg,
                                  });
}

static uint64_t
claimed_bits(const struct reg *r)
{
    return r->ro | r->rw | r->w1c | r->w1s | r->rc | r->wo;
}

/* The value with write-only bits hidden and unclaimed bits as after reset. */
static uint64_t
visible_value(const struct reg *r, unsigned size, uint64_t value)
{
    uint64_t claimed = claimed_bits(r);

    return ((value & claimed & ~r->wo) | (r->reset & ~claimed)) & ones(size);
}

uint64_t
bank_peek(const struct reg_bank *bank, unsigned i)
{
    const struct reg *r = &bank->class->regs[i];
    unsigned size = reg_size(bank, r);

    if (r->offset == REG_INTERNAL) {
        return (r->peek ? r->peek(bank->owner, i) : bank->val[i]) & ones(size);
    }
    if (!readable(r)) {
        return bank->val[i] & ones(size); /* the console may see what the guest may not */
    }
    return visible_value(r, size, r->peek ? r->peek(bank->owner, i) : bank->val[i]);
}

/* Read bytes [lane, lane+n) of register i. */
static uint64_t
read_reg(struct reg_bank *bank, unsigned i, unsigned lane, unsigned n)
{
    const struct reg *r = &bank->class->regs[i];
    uint64_t lanes = ones(n) << (lane * 8);
    uint64_t value;

    if (!readable(r)) {
        violate(bank, SIM_V_WRITE_ONLY, r->name, false, r->offset + lane, n, 0);
        return ones(n);
    }
    value = r->read ? r->read(bank->owner, i) : r->peek ? r->peek(bank->owner, i) : bank->val[i];
    value = (visible_value(r, reg_size(bank, r), value) & lanes) >> (lane * 8);
    bank->val[i] &= ~(r->rc & lanes);
    if (bank->traced && bank->traced[i]) {
        trace_emit(bank->owner->sim, bank->owner->name, r->name, false, n, value);
    }
    return value;
}

static void
check_write(struct reg_bank *bank, const struct reg *r, unsigned lane, unsigned n, uint64_t v)
{
    uint64_t bad = v & ~r->reset & ~claimed_bits(r);

    if (bad & ~r->unimp) {
        violate(bank, SIM_V_RESERVED, r->name, true, r->offset + lane, n, v >> (lane * 8));
    } else if (bad) {
        bank->owner->sim->unimplemented++;
        sim_log(bank->owner->sim, "%s.%s: not modelled: bits %#llx", bank->owner->name, r->name,
                (unsigned long long)bad);
    }
}

static void
write_reg(struct reg_bank *bank, unsigned i, unsigned lane, unsigned n, uint64_t value)
{
    const struct reg *r = &bank->class->regs[i];
    uint64_t lanes = ones(n) << (lane * 8);
    uint64_t v = (value << (lane * 8)) & lanes;
    uint64_t stored = r->rw | r->wo;
    uint64_t *val = &bank->val[i];
    uint64_t old = *val;

    if (bank->traced && bank->traced[i]) {
        trace_emit(bank->owner->sim, bank->owner->name, r->name, true, n, value & ones(n));
    }
    if (!writable(r)) {
        if (!r->quiet_ro) {
            violate(bank, SIM_V_READ_ONLY, r->name, true, r->offset + lane, n, value & ones(n));
        }
        return;
    }
    check_write(bank, r, lane, n, v);
    *val = (*val & ~(stored & lanes)) | (v & stored & lanes);
    *val &= ~(v & r->w1c);
    *val |= v & r->w1s;
    bank->old = old;
    if (r->write) {
        r->write(bank->owner, i, v);
    }
}

/* May an access of `width` at byte `lane` of register r go through as one? */
static bool
shape_ok(const struct reg *r, unsigned size, unsigned lane, unsigned width)
{
    unsigned widths = r->widths ? r->widths : size;

    if (!(widths & width)) {
        return false;
    }
    return width <= size ? lane % width == 0 && lane + width <= size : lane == 0;
}

/* One access to a strict bank: exactly one register. */
static uint64_t
access_one(struct reg_bank *bank, uint32_t off, unsigned width, bool write, uint64_t value)
{
    unsigned i = off < bank->class->size ? reg_at(bank, off, write) : 0;
    const struct reg *r;
    unsigned size, lane;
    uint64_t result = 0;

    if (!i) {
        violate(bank, SIM_V_NO_REG, "", write, off, width, value);
        return ones(width);
    }
    r = &bank->class->regs[--i];
    size = reg_size(bank, r);
    lane = off - r->offset;
    if (!shape_ok(r, size, lane, width)) {
        violate(bank, SIM_V_WIDTH, r->name, write, off, width, value);
        return ones(width);
    }
    for (unsigned done = 0; done < width; done += size) {
        unsigned n = width < size ? width : size;

        if (write) {
            write_reg(bank, i, lane, n, value >> (done * 8));
        } else {
            result |= read_reg(bank, i, lane, n) << (done * 8);
        }
    }
    return result;
}

/* One access to a merging bank: whatever registers its bytes touch; holes read 0. */
static uint64_t
access_merged(struct reg_bank *bank, uint32_t off, unsigned width, bool write, uint64_t value)
{
    uint64_t result = 0;
    unsigned n;

    for (unsigned done = 0; done < width; done += n) {
        unsigned i = off + done < bank->class->size ? reg_at(bank, off + done, write) : 0;
        const struct reg *r;
        unsigned lane;

        n = 1;
        if (!i) {
            continue;
        }
        r = &bank->class->regs[--i];
        lane = off + done - r->offset;
        n = reg_size(bank, r) - lane;
        n = n < width - done ? n : width - done;
        if (write) {
            write_reg(bank, i, lane, n, value >> (done * 8));
        } else if (readable(r)) {
            result |= read_reg(bank, i, lane, n) << (done * 8);
        }
    }
    return result;
}

static uint64_t
bank_access(struct reg_bank *bank, uint32_t off, unsigned width, bool write, uint64_t value)
{
    if (bank->class->merge) {
        return access_merged(bank, off, width, write, value);
    }
    return access_one(bank, off, width, write, value);
}

uint64_t
bank_read(struct reg_bank *bank, uint32_t off, unsigned width)
{
    return bank_access(bank, off, width, false, 0) & ones(width);
}

void
bank_write(struct reg_bank *bank, uint32_t off, unsigned width, uint64_t value)
{
    bank_access(bank, off, width, true, value & ones(width));
}

uint64_t
model_bank_read(struct reg_bank *bank, uint32_t off, unsigned width)
{
    uint64_t value = bank_read(bank, off, width);

    model_update(bank->owner);
    return value;
}

void
model_bank_write(struct reg_bank *bank, uint32_t off, unsigned width, uint64_t value)
{
    bank_write(bank, off, width, value);
    model_update(bank->owner);
}

void
model_guest_error(struct model *model, const char *reg, uint64_t value, const char *text)
{
    sim_violate(model->sim, &(struct sim_violation){
                                .kind = SIM_V_STATE,
                                .write = true,
                                .width = 1,
                                .value = value,
                                .dev = model->name,
                                .reg = reg,
                                .text = text,
                            });
}

static bool
view(const struct reg_bank *bank, unsigned i, struct reg_view *out)
{
    const struct reg *r = &bank->class->regs[i];

    *out = (struct reg_view){
        .bank = bank->class->name,
        .reg = r,
        .size = reg_size(bank, r),
        .value = bank_peek(bank, i),
        .visible = r->offset != REG_INTERNAL && (!r->when || r->when(bank->owner)),
    };
    return true;
}

bool
model_reg_nth(const struct model *model, unsigned i, struct reg_view *out)
{
    for (const struct reg_bank *bank = model->banks; bank; bank = bank->next_of_model) {
        if (i < bank->class->count) {
            return view(bank, i, out);
        }
        i -= bank->class->count;
    }
    return false;
}

bool
model_reg_find(const struct model *model, const char *name, struct reg_view *out)
{
    for (const struct reg_bank *bank = model->banks; bank; bank = bank->next_of_model) {
        for (unsigned i = 0; i < bank->class->count; i++) {
            if (strcmp(bank->class->regs[i].name, name) == 0) {
                return view(bank, i, out);
            }
        }
    }
    return false;
}
