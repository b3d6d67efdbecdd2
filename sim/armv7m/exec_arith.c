/* Bit fields, extensions, reversals, saturation, multiplication, division. */
#include "ops.h"

static inline uint32_t
rotated(const struct armv7m *cpu, const struct armv7m_insn *in)
{
    uint32_t v = cpu->r[in->m];

    return in->amount == 0 ? v : v >> in->amount | v << (32 - in->amount);
}

/* `width` ones. */
static inline uint32_t
ones(unsigned width)
{
    return width >= 32 ? UINT32_MAX : (UINT32_C(1) << width) - 1;
}

enum armv7m_stop_kind
op_clz(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t v = cpu->r[in->m];

    cpu->r[in->d] = v == 0 ? 32 : (uint32_t)__builtin_clz(v);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_rbit(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t v = __builtin_bswap32(cpu->r[in->m]);

    v = (v & 0x0f0f0f0f) << 4 | (v >> 4 & 0x0f0f0f0f);
    v = (v & 0x33333333) << 2 | (v >> 2 & 0x33333333);
    v = (v & 0x55555555) << 1 | (v >> 1 & 0x55555555);
    cpu->r[in->d] = v;
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_rev(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = __builtin_bswap32(cpu->r[in->m]);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_rev16(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t v = cpu->r[in->m];

    cpu->r[in->d] = (v & 0x00ff00ff) << 8 | (v >> 8 & 0x00ff00ff);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_revsh(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = sign_extend(__builtin_bswap16((uint16_t)cpu->r[in->m]), 16);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_sxtb(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = sign_extend(rotated(cpu, in) & 0xff, 8);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_sxth(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = sign_extend(rotated(cpu, in) & 0xffff, 16);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_uxtb(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = rotated(cpu, in) & 0xff;
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_uxth(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = rotated(cpu, in) & 0xffff;
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_bfi(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t mask = ones(in->width) << in->amount;

    cpu->r[in->d] = (cpu->r[in->d] & ~mask) | (cpu->r[in->n] << in->amount & mask);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_bfc(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = cpu->r[in->d] & ~(ones(in->width) << in->amount);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_sbfx(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = sign_extend(cpu->r[in->n] >> in->amount & ones(in->width), in->width);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_ubfx(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = cpu->r[in->n] >> in->amount & ones(in->width);
    return ARMV7M_BUDGET;
}

/* The operand of SSAT and USAT: LSL by 0 to 31, or ASR by 1 to 31. */
static inline int32_t
saturated_operand(const struct armv7m *cpu, const struct armv7m_insn *in)
{
    uint32_t v = cpu->r[in->m];

    return in->shift == SHIFT_ASR ? (int32_t)v >> in->amount : (int32_t)(v << in->amount);
}

static inline enum armv7m_stop_kind
saturate(struct armv7m *cpu, const struct armv7m_insn *in, int64_t low, int64_t high)
{
    int64_t v = saturated_operand(cpu, in);

    if (v < low || v > high) {
        v = v < low ? low : high;
        cpu->apsr |= ARMV7M_Q;
    }
    cpu->r[in->d] = (uint32_t)v;
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_ssat(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    int64_t limit = INT64_C(1) << (in->width - 1);

    return saturate(cpu, in, -limit, limit - 1);
}

enum armv7m_stop_kind
op_usat(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return saturate(cpu, in, 0, (INT64_C(1) << in->width) - 1);
}

enum armv7m_stop_kind
op_mul(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t v = cpu->r[in->n] * cpu->r[in->m];

    cpu->r[in->d] = v;
    if (in->flags & INSN_S_OUTSIDE && cpu->it == 0)
        cpu->apsr = (cpu->apsr & ~(ARMV7M_N | ARMV7M_Z)) | (v & ARMV7M_N) | (v == 0 ? ARMV7M_Z : 0);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_mla(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = cpu->r[in->a] + cpu->r[in->n] * cpu->r[in->m];
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_mls(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[in->d] = cpu->r[in->a] - cpu->r[in->n] * cpu->r[in->m];
    return ARMV7M_BUDGET;
}

/* RdLo is a, RdHi is d. */
static inline enum armv7m_stop_kind
put_long(struct armv7m *cpu, const struct armv7m_insn *in, uint64_t v)
{
    cpu->r[in->a] = (uint32_t)v;
    cpu->r[in->d] = (uint32_t)(v >> 32);
    return ARMV7M_BUDGET;
}

static inline uint64_t
get_long(const struct armv7m *cpu, const struct armv7m_insn *in)
{
    return (uint64_t)cpu->r[in->d] << 32 | cpu->r[in->a];
}

static inline uint64_t
signed_product(const struct armv7m *cpu, const struct armv7m_insn *in)
{
    return (uint64_t)((int64_t)(int32_t)cpu->r[in->n] * (int32_t)cpu->r[in->m]);
}

static inline uint64_t
unsigned_product(const struct armv7m *cpu, const struct armv7m_insn *in)
{
    return (uint64_t)cpu->r[in->n] * cpu->r[in->m];
}

enum armv7m_stop_kind
op_umull(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return put_long(cpu, in, unsigned_product(cpu, in));
}

enum armv7m_stop_kind
op_smull(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return put_long(cpu, in, signed_product(cpu, in));
}

enum armv7m_stop_kind
op_umlal(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return put_long(cpu, in, get_long(cpu, in) + unsigned_product(cpu, in));
}

enum armv7m_stop_kind
op_smlal(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    return put_long(cpu, in, get_long(cpu, in) + signed_product(cpu, in));
}

/* A division by zero gives 0, or a fault if CCR says so. */
enum armv7m_stop_kind
op_udiv(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t a = cpu->r[in->n], b = cpu->r[in->m];

    if (b == 0 && cpu->ccr & ARMV7M_DIV_0_TRP)
        return ARMV7M_DIVBYZERO;
    cpu->r[in->d] = b == 0 ? 0 : a / b;
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_sdiv(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    int32_t a = (int32_t)cpu->r[in->n], b = (int32_t)cpu->r[in->m];

    if (b == 0 && cpu->ccr & ARMV7M_DIV_0_TRP)
        return ARMV7M_DIVBYZERO;
    cpu->r[in->d] = b == 0 ? 0 : (uint32_t)((int64_t)a / b); /* INT32_MIN / -1 is INT32_MIN */
    return ARMV7M_BUDGET;
}
