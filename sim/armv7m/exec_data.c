/* Data processing. */
#include "ops.h"

#define FLAGS_NZCV (ARMV7M_N | ARMV7M_Z | ARMV7M_C | ARMV7M_V)

struct operand {
    uint32_t value, carry; /* carry: 0 or 1 */
};

static inline uint32_t
carry_of(const struct armv7m *cpu)
{
    return cpu->apsr >> 29 & 1;
}

static inline bool
sets_flags(const struct armv7m *cpu, const struct armv7m_insn *in)
{
    return in->flags & INSN_S || (in->flags & INSN_S_OUTSIDE && cpu->it == 0);
}

static inline uint32_t
nz(uint32_t v)
{
    return (v & ARMV7M_N) | (v == 0 ? ARMV7M_Z : 0);
}

/* Shift_C(): any amount. */
static struct operand
shift_c(uint32_t v, unsigned type, unsigned amount, uint32_t carry)
{
    if (type == SHIFT_RRX)
        return (struct operand){ carry << 31 | v >> 1, v & 1 };
    if (amount == 0)
        return (struct operand){ v, carry };
    switch (type) {
    case SHIFT_LSL:
        if (amount > 32)
            return (struct operand){ 0, 0 };
        return (struct operand){ amount == 32 ? 0 : v << amount, v >> (32 - amount) & 1 };
    case SHIFT_LSR:
        if (amount > 32)
            return (struct operand){ 0, 0 };
        return (struct operand){ amount == 32 ? 0 : v >> amount, v >> (amount - 1) & 1 };
    case SHIFT_ASR:
        if (amount > 31)
            return (struct operand){ v >> 31 == 1 ? UINT32_MAX : 0, v >> 31 };
        return (struct operand){ (uint32_t)((int32_t)v >> amount), v >> (amount - 1) & 1 };
    default:
        amount %= 32;
        if (amount != 0)
            v = v >> amount | v << (32 - amount);
        return (struct operand){ v, v >> 31 };
    }
}

/* The second operand, and the carry out of its shifter. */
static inline struct operand
operand(const struct armv7m *cpu, const struct armv7m_insn *in)
{
    if (in->shift == SHIFT_IMM)
        return (struct operand){ in->imm, in->a == CARRY_KEPT ? carry_of(cpu) : in->a == CARRY_SET };
    if (in->amount == 0)
        return (struct operand){ cpu->r[in->m], carry_of(cpu) };
    return shift_c(cpu->r[in->m], in->shift, in->amount, carry_of(cpu));
}

static inline void
set_logical_flags(struct armv7m *cpu, uint32_t v, uint32_t carry)
{
    cpu->apsr = (cpu->apsr & ~(ARMV7M_N | ARMV7M_Z | ARMV7M_C)) | nz(v) | carry << 29;
}

static inline enum armv7m_stop_kind
logical(struct armv7m *cpu, const struct armv7m_insn *in, uint32_t v, uint32_t carry)
{
    armv7m_put(cpu, in->d, v);
    if (sets_flags(cpu, in))
        set_logical_flags(cpu, v, carry);
    return ARMV7M_BUDGET;
}

/* AddWithCarry(); sets the flags. */
static inline uint32_t
add_flags(struct armv7m *cpu, uint32_t a, uint32_t b, uint32_t carry)
{
    uint64_t sum = (uint64_t)a + b + carry;
    uint32_t v = (uint32_t)sum;
    uint32_t overflow = (~(a ^ b) & (a ^ v)) >> 31;

    cpu->apsr = (cpu->apsr & ~FLAGS_NZCV) | nz(v) | (uint32_t)(sum >> 32) << 29 | overflow << 28;
    return v;
}

static inline enum armv7m_stop_kind
add(struct armv7m *cpu, const struct armv7m_insn *in, uint32_t a, uint32_t b, uint32_t carry)
{
    uint32_t v = a + b + carry;

    if (sets_flags(cpu, in))
        add_flags(cpu, a, b, carry);
    armv7m_put(cpu, in->d, v);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_and(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = operand(cpu, in);

    return logical(cpu, in, cpu->r[in->n] & b.value, b.carry);
}

enum armv7m_stop_kind
op_bic(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = operand(cpu, in);

    return logical(cpu, in, cpu->r[in->n] & ~b.value, b.carry);
}

enum armv7m_stop_kind
op_orr(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = operand(cpu, in);

    return logical(cpu, in, cpu->r[in->n] | b.value, b.carry);
}

enum armv7m_stop_kind
op_orn(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = operand(cpu, in);

    return logical(cpu, in, cpu->r[in->n] | ~b.value, b.carry);
}

enum armv7m_stop_kind
op_eor(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = operand(cpu, in);

    return logical(cpu, in, cpu->r[in->n] ^ b.value, b.carry);
}

enum armv7m_stop_kind
op_mov(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = operand(cpu, in);

    return logical(cpu, in, b.value, b.carry);
}

enum armv7m_stop_kind
op_mvn(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = operand(cpu, in);

    return logical(cpu, in, ~b.value, b.carry);
}

enum armv7m_stop_kind
op_tst(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = operand(cpu, in);

    set_logical_flags(cpu, cpu->r[in->n] & b.value, b.carry);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_teq(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = operand(cpu, in);

    set_logical_flags(cpu, cpu->r[in->n] ^ b.value, b.carry);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_add(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return add(cpu, in, cpu->r[in->n], operand(cpu, in).value, 0);
}

enum armv7m_stop_kind
op_adc(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return add(cpu, in, cpu->r[in->n], operand(cpu, in).value, carry_of(cpu));
}

enum armv7m_stop_kind
op_sub(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return add(cpu, in, cpu->r[in->n], ~operand(cpu, in).value, 1);
}

enum armv7m_stop_kind
op_sbc(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return add(cpu, in, cpu->r[in->n], ~operand(cpu, in).value, carry_of(cpu));
}

enum armv7m_stop_kind
op_rsb(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return add(cpu, in, ~cpu->r[in->n], operand(cpu, in).value, 1);
}

enum armv7m_stop_kind
op_cmp(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    add_flags(cpu, cpu->r[in->n], ~operand(cpu, in).value, 1);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_cmn(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    add_flags(cpu, cpu->r[in->n], operand(cpu, in).value, 0);
    return ARMV7M_BUDGET;
}

/* LSL, LSR, ASR, ROR by register. */
enum armv7m_stop_kind
op_shift(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    struct operand b = shift_c(cpu->r[in->n], in->shift, cpu->r[in->m] & 0xff, carry_of(cpu));

    return logical(cpu, in, b.value, b.carry);
}

enum armv7m_stop_kind
op_movt(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = (cpu->r[in->d] & 0xffff) | in->imm << 16;
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_adr(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = (armv7m_get_pc(cpu, in, PC) & ~UINT32_C(3)) + in->imm;
    return ARMV7M_BUDGET;
}

/* ADD (register) and MOV (register) with the PC as a register: ALUWritePC() ignores bit 0. */
enum armv7m_stop_kind
op_add_pc(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t v = armv7m_get_pc(cpu, in, in->n) + armv7m_get_pc(cpu, in, in->m);

    armv7m_put(cpu, in->d, in->d == PC ? v & ~UINT32_C(1) : v);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_mov_pc(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t v = armv7m_get_pc(cpu, in, in->m);

    armv7m_put(cpu, in->d, in->d == PC ? v & ~UINT32_C(1) : v);
    return ARMV7M_BUDGET;
}
