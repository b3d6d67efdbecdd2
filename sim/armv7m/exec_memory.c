/* Loads and stores. */
#include "ops.h"

/* An address that must be aligned whatever CCR says. */
static inline bool
misaligned(struct armv7m_memory *mem, uint32_t addr, unsigned size)
{
    mem->stop.addr = addr;
    return (addr & (size - 1)) != 0;
}

/* Where an _IDX form accesses, and what its base becomes. */
static inline uint32_t
indexed(const struct armv7m *cpu, const struct armv7m_insn *in, uint32_t *base)
{
    uint32_t n = cpu->r[in->n];

    *base = n + in->imm;
    return in->flags & INSN_POST ? n : *base;
}

static inline uint32_t
offset_register(const struct armv7m *cpu, const struct armv7m_insn *in)
{
    return cpu->r[in->n] + (cpu->r[in->m] << in->amount);
}

static inline uint32_t
literal(const struct armv7m *cpu, const struct armv7m_insn *in)
{
    return (armv7m_get_pc(cpu, in, PC) & ~UINT32_C(3)) + in->imm;
}

/* `sign`: the width to extend from, or 0. */
static inline enum armv7m_stop_kind
load(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in, uint32_t addr,
     unsigned size, unsigned sign)
{
    uint32_t v;
    enum armv7m_stop_kind kind = armv7m_load_data(cpu, mem, addr, size, &v);

    if (armv7m_unlikely(kind != ARMV7M_BUDGET))
        return kind;
    armv7m_put(cpu, in->d, sign != 0 ? sign_extend(v, sign) : v);
    return ARMV7M_BUDGET;
}

static inline enum armv7m_stop_kind
load_indexed(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in,
             unsigned size, unsigned sign)
{
    uint32_t base, addr = indexed(cpu, in, &base);
    enum armv7m_stop_kind kind = load(cpu, mem, in, addr, size, sign);

    if (kind == ARMV7M_BUDGET)
        armv7m_put(cpu, in->n, base);
    return kind;
}

static inline enum armv7m_stop_kind
store_indexed(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in,
              unsigned size)
{
    uint32_t base, addr = indexed(cpu, in, &base);
    enum armv7m_stop_kind kind = armv7m_store_data(cpu, mem, addr, size, cpu->r[in->d]);

    if (kind == ARMV7M_BUDGET)
        armv7m_put(cpu, in->n, base);
    return kind;
}

enum armv7m_stop_kind
op_ldr_imm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, cpu->r[in->n] + in->imm, 4, 0);
}

enum armv7m_stop_kind
op_ldr_reg(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, offset_register(cpu, in), 4, 0);
}

enum armv7m_stop_kind
op_ldr_idx(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load_indexed(cpu, mem, in, 4, 0);
}

enum armv7m_stop_kind
op_ldr_lit(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, literal(cpu, in), 4, 0);
}

enum armv7m_stop_kind
op_ldrb_imm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, cpu->r[in->n] + in->imm, 1, 0);
}

enum armv7m_stop_kind
op_ldrb_reg(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, offset_register(cpu, in), 1, 0);
}

enum armv7m_stop_kind
op_ldrb_idx(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load_indexed(cpu, mem, in, 1, 0);
}

enum armv7m_stop_kind
op_ldrb_lit(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, literal(cpu, in), 1, 0);
}

enum armv7m_stop_kind
op_ldrh_imm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, cpu->r[in->n] + in->imm, 2, 0);
}

enum armv7m_stop_kind
op_ldrh_reg(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, offset_register(cpu, in), 2, 0);
}

enum armv7m_stop_kind
op_ldrh_idx(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load_indexed(cpu, mem, in, 2, 0);
}

enum armv7m_stop_kind
op_ldrh_lit(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, literal(cpu, in), 2, 0);
}

enum armv7m_stop_kind
op_ldrsb_imm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, cpu->r[in->n] + in->imm, 1, 8);
}

enum armv7m_stop_kind
op_ldrsb_reg(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, offset_register(cpu, in), 1, 8);
}

enum armv7m_stop_kind
op_ldrsb_idx(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load_indexed(cpu, mem, in, 1, 8);
}

enum armv7m_stop_kind
op_ldrsb_lit(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, literal(cpu, in), 1, 8);
}

enum armv7m_stop_kind
op_ldrsh_imm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, cpu->r[in->n] + in->imm, 2, 16);
}

enum armv7m_stop_kind
op_ldrsh_reg(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, offset_register(cpu, in), 2, 16);
}

enum armv7m_stop_kind
op_ldrsh_idx(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load_indexed(cpu, mem, in, 2, 16);
}

enum armv7m_stop_kind
op_ldrsh_lit(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load(cpu, mem, in, literal(cpu, in), 2, 16);
}

enum armv7m_stop_kind
op_str_imm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return armv7m_store_data(cpu, mem, cpu->r[in->n] + in->imm, 4, cpu->r[in->d]);
}

enum armv7m_stop_kind
op_str_reg(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return armv7m_store_data(cpu, mem, offset_register(cpu, in), 4, cpu->r[in->d]);
}

enum armv7m_stop_kind
op_str_idx(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return store_indexed(cpu, mem, in, 4);
}

enum armv7m_stop_kind
op_strb_imm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return armv7m_store_data(cpu, mem, cpu->r[in->n] + in->imm, 1, cpu->r[in->d]);
}

enum armv7m_stop_kind
op_strb_reg(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return armv7m_store_data(cpu, mem, offset_register(cpu, in), 1, cpu->r[in->d]);
}

enum armv7m_stop_kind
op_strb_idx(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return store_indexed(cpu, mem, in, 1);
}

enum armv7m_stop_kind
op_strh_imm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return armv7m_store_data(cpu, mem, cpu->r[in->n] + in->imm, 2, cpu->r[in->d]);
}

enum armv7m_stop_kind
op_strh_reg(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return armv7m_store_data(cpu, mem, offset_register(cpu, in), 2, cpu->r[in->d]);
}

enum armv7m_stop_kind
op_strh_idx(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return store_indexed(cpu, mem, in, 2);
}

/* LDR to the PC: from an address that is not aligned it is UNPREDICTABLE. */
enum armv7m_stop_kind
op_ldr_pc(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    uint32_t target = 0, addr, base = 0;
    enum armv7m_stop_kind kind;

    if (in->n == PC)
        addr = literal(cpu, in);
    else if (in->flags & INSN_REG)
        addr = offset_register(cpu, in);
    else
        addr = indexed(cpu, in, &base);
    if ((addr & 3) != 0)
        return ARMV7M_UNPREDICTABLE;
    kind = armv7m_load(mem, addr, 4, &target);
    if (kind != ARMV7M_BUDGET)
        return kind;
    if (in->flags & INSN_WBACK)
        armv7m_put(cpu, in->n, base);
    armv7m_interwork(cpu, target);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_ldrd(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    uint32_t low = 0, high = 0, base = 0,
             addr = in->n == PC ? literal(cpu, in) : indexed(cpu, in, &base);
    enum armv7m_stop_kind kind;

    if (misaligned(mem, addr, 4))
        return ARMV7M_UNALIGNED;
    kind = armv7m_load(mem, addr, 4, &low);
    if (kind == ARMV7M_BUDGET)
        kind = armv7m_load(mem, addr + 4, 4, &high);
    if (kind != ARMV7M_BUDGET)
        return kind;
    cpu->r[in->d] = low;
    cpu->r[in->a] = high;
    if (in->flags & INSN_WBACK)
        armv7m_put(cpu, in->n, base);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_strd(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    uint32_t base, addr = indexed(cpu, in, &base);
    enum armv7m_stop_kind kind;

    if (misaligned(mem, addr, 4))
        return ARMV7M_UNALIGNED;
    kind = armv7m_store(mem, addr, 4, cpu->r[in->d]);
    if (kind == ARMV7M_BUDGET)
        kind = armv7m_store(mem, addr + 4, 4, cpu->r[in->a]);
    if (kind == ARMV7M_BUDGET && in->flags & INSN_WBACK)
        armv7m_put(cpu, in->n, base);
    return kind;
}

/* Where LDM and STM begin, and what their base becomes. */
static inline uint32_t
multiple(const struct armv7m *cpu, const struct armv7m_insn *in, uint32_t *base)
{
    uint32_t n = cpu->r[in->n], size = 4 * (uint32_t)__builtin_popcount(in->imm);

    *base = in->cond != 0 ? n - size : n + size;
    return in->cond != 0 ? *base : n;
}

enum armv7m_stop_kind
op_ldm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    uint32_t v[16], base, addr = multiple(cpu, in, &base);
    unsigned count = 0;

    if (misaligned(mem, addr, 4))
        return ARMV7M_UNALIGNED;
    for (uint32_t left = in->imm; left != 0; left &= left - 1) {
        enum armv7m_stop_kind kind = armv7m_load(mem, addr + 4 * count, 4, &v[count]);

        if (kind != ARMV7M_BUDGET)
            return kind;
        count++;
    }
    if (in->flags & INSN_WBACK)
        armv7m_put(cpu, in->n, base);
    count = 0;
    for (uint32_t left = in->imm; left != 0; left &= left - 1) {
        unsigned r = (unsigned)__builtin_ctz(left);

        if (r == PC)
            armv7m_interwork(cpu, v[count++]);
        else
            cpu->r[r] = v[count++];
    }
    return ARMV7M_BUDGET;
}

/* The base among the registers: where it is not the lowest, what is stored is UNKNOWN; here it is the old value. */
enum armv7m_stop_kind
op_stm(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    uint32_t base, addr = multiple(cpu, in, &base);

    if (misaligned(mem, addr, 4))
        return ARMV7M_UNALIGNED;
    for (uint32_t left = in->imm; left != 0; left &= left - 1) {
        enum armv7m_stop_kind kind = armv7m_store(mem, addr, 4, cpu->r[__builtin_ctz(left)]);

        if (kind != ARMV7M_BUDGET)
            return kind;
        addr += 4;
    }
    if (in->flags & INSN_WBACK)
        armv7m_put(cpu, in->n, base);
    return ARMV7M_BUDGET;
}

static enum armv7m_stop_kind
load_exclusive(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in,
               unsigned size)
{
    uint32_t v = 0, addr = cpu->r[in->n] + in->imm;
    enum armv7m_stop_kind kind;

    if (misaligned(mem, addr, size))
        return ARMV7M_UNALIGNED;
    kind = armv7m_load(mem, addr, size, &v);
    if (kind != ARMV7M_BUDGET)
        return kind;
    cpu->exclusive = (uint8_t)size;
    cpu->exclusive_addr = addr;
    cpu->r[in->d] = v;
    return ARMV7M_BUDGET;
}

/* The manual lets the monitor be looked at before alignment and the MPU or after (ExclusiveMonitorsPass(), B2.3.7): here it is before. */
static enum armv7m_stop_kind
store_exclusive(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in,
                unsigned size)
{
    uint32_t addr = cpu->r[in->n] + in->imm;
    bool pass = cpu->exclusive == size && cpu->exclusive_addr == addr;
    enum armv7m_stop_kind kind = pass ? armv7m_store(mem, addr, size, cpu->r[in->d]) : ARMV7M_BUDGET;

    if (kind != ARMV7M_BUDGET)
        return kind;
    cpu->exclusive = 0;
    cpu->r[in->a] = !pass;
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_ldrex(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load_exclusive(cpu, mem, in, 4);
}

enum armv7m_stop_kind
op_strex(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return store_exclusive(cpu, mem, in, 4);
}

enum armv7m_stop_kind
op_ldrexb(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load_exclusive(cpu, mem, in, 1);
}

enum armv7m_stop_kind
op_strexb(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return store_exclusive(cpu, mem, in, 1);
}

enum armv7m_stop_kind
op_ldrexh(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return load_exclusive(cpu, mem, in, 2);
}

enum armv7m_stop_kind
op_strexh(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return store_exclusive(cpu, mem, in, 2);
}
