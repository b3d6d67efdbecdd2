/* Decoder: 32-bit data processing, branches and control (DDI 0403E, A5.3.1 to A5.3.4 and A5.3.11 to A5.3.17). */
#include "decode.h"

/* The operations that a shifted register and a modified immediate share, by bits 8:5 of the first halfword: what it is, what it is
 * with Rn = 15, and with Rd = 15 and S. */
struct operation {
    uint8_t op, without_n, without_d;
};

static const struct operation operations[16] = {
    [0] = { OP_AND, 0, OP_TST }, [1] = { OP_BIC, 0, 0 },      [2] = { OP_ORR, OP_MOV, 0 },
    [3] = { OP_ORN, OP_MVN, 0 }, [4] = { OP_EOR, 0, OP_TEQ }, [8] = { OP_ADD, 0, OP_CMN },
    [10] = { OP_ADC, 0, 0 },     [11] = { OP_SBC, 0, 0 },     [13] = { OP_SUB, 0, OP_CMP },
    [14] = { OP_RSB, 0, 0 },
};
/* ThumbExpandImm_C(). */
static bool
expand_immediate(struct armv7m_insn *in, unsigned imm12)
{
    unsigned low = bits(imm12, 7, 0), rotation = bits(imm12, 11, 7);

    in->shift = SHIFT_IMM;
    in->a = CARRY_KEPT;
    if (bits(imm12, 11, 10) != 0) {
        uint32_t value = 0x80 | bits(imm12, 6, 0);

        in->imm = value >> rotation | value << (32 - rotation);
        in->a = in->imm >> 31 == 1 ? CARRY_SET : CARRY_CLEAR;
        return true;
    }
    switch (bits(imm12, 9, 8)) {
    case 0:
        in->imm = low;
        return true;
    case 1:
        in->imm = low * 0x00010001u;
        break;
    case 2:
        in->imm = low * 0x01000100u;
        break;
    default:
        in->imm = low * 0x01010101u;
        break;
    }
    return low != 0;
}

/* ADD, SUB, CMP, CMN may have SP as n, ADD and SUB then as d too. */
static bool
is_add_sub(unsigned op)
{
    return op == 8 || op == 13;
}

/* Chooses the operation and applies the rules on d and n; m is the caller's. */
static struct armv7m_insn
choose(unsigned first, unsigned d)
{
    unsigned op = bits(first, 8, 5), n = bits(first, 3, 0), s = bit(first, 4);
    const struct operation *o = &operations[op];
    struct armv7m_insn in = {
        .op = o->op, .flags = s == 1 ? INSN_S : 0, .d = (uint8_t)d, .n = (uint8_t)n
    };

    if (o->op == 0)
        return undefined();
    if (d == PC && s == 1 && o->without_d != 0) {
        in.op = o->without_d;
        if (n == PC || (n == SP && !is_add_sub(op)))
            return unpredictable();
        return in;
    }
    if (n == PC && o->without_n != 0)
        in.op = o->without_n;
    else if (n == PC || (n == SP && !is_add_sub(op)))
        return unpredictable();
    if (d == PC || (d == SP && !(is_add_sub(op) && n == SP)))
        return unpredictable();
    return in;
}

static struct armv7m_insn
modified_immediate(unsigned first, unsigned second)
{
    struct armv7m_insn in = choose(first, bits(second, 11, 8));

    if (in.op == OP_UNDEFINED || in.op == OP_UNPREDICTABLE)
        return in;
    if (!expand_immediate(&in, bit(first, 10) << 11 | bits(second, 14, 12) << 8 | bits(second, 7, 0)))
        return unpredictable();
    return in;
}

/* MOV (register) T3 alone may have SP as one of its registers. */
static bool
move_allowed(const struct armv7m_insn *in)
{
    if (in->flags & INSN_S)
        return !bad(in->d) && !bad(in->m);
    return in->d != PC && in->m != PC && !(in->d == SP && in->m == SP);
}

static struct armv7m_insn
shifted_register(unsigned first, unsigned second)
{
    unsigned d = bits(second, 11, 8), m = bits(second, 3, 0), n = bits(first, 3, 0);
    unsigned amount = bits(second, 14, 12) << 2 | bits(second, 7, 6), type = bits(second, 5, 4);
    unsigned op = bits(first, 8, 5);
    bool move = op == 2 && n == PC && amount == 0 && type == SHIFT_LSL;
    struct armv7m_insn in = choose(first, move ? 0 : d);

    if (in.op == OP_UNDEFINED)
        return in;
    in.d = (uint8_t)d;
    in.m = (uint8_t)m;
    decode_shift(&in, type, amount);
    if (in.op == OP_UNPREDICTABLE || bit(second, 15) == 1)
        return unpredictable();
    if (move ? !move_allowed(&in) : bad(m))
        return unpredictable();
    if (is_add_sub(op) && n == SP && d == SP && (in.shift != SHIFT_LSL || in.amount > 3))
        return unpredictable();
    return in;
}

/* ADDW, SUBW, ADR, MOVW, MOVT. */
static struct armv7m_insn
plain_immediate(unsigned first, unsigned second)
{
    unsigned d = bits(second, 11, 8), n = bits(first, 3, 0);
    uint32_t imm12 = bit(first, 10) << 11 | bits(second, 14, 12) << 8 | bits(second, 7, 0);
    bool sub = bit(first, 7) == 1;
    struct armv7m_insn in = { .d = (uint8_t)d, .n = (uint8_t)n, .shift = SHIFT_IMM, .imm = imm12 };

    if (bit(first, 6) == 1) {
        in.op = sub ? OP_MOVT : OP_MOV;
        in.imm |= n << 12;
        return bad(d) ? unpredictable() : in;
    }
    if (n == PC) {
        in.op = OP_ADR;
        in.imm = sub ? -imm12 : imm12;
        return bad(d) ? unpredictable() : in;
    }
    in.op = sub ? OP_SUB : OP_ADD;
    return d == PC || (d == SP && n != SP) ? unpredictable() : in;
}

/* SSAT, USAT, SBFX, UBFX, BFI, BFC. */
static struct armv7m_insn
bit_field(unsigned first, unsigned second)
{
    unsigned d = bits(second, 11, 8), n = bits(first, 3, 0), low = bits(second, 4, 0),
             op = bits(first, 8, 4);
    unsigned lsb = bits(second, 14, 12) << 2 | bits(second, 7, 6);
    struct armv7m_insn in = { .d = (uint8_t)d, .n = (uint8_t)n, .amount = (uint8_t)lsb };
    bool zeros = bit(first, 10) == 0 && bit(second, 5) == 0;

    switch (op) {
    case 0x10:
    case 0x12:
    case 0x18:
    case 0x1a:
        if (bit(op, 1) == 1 && lsb == 0)
            return undefined(); /* SSAT16, USAT16 */
        in.op = bit(op, 3) == 1 ? OP_USAT : OP_SSAT;
        in.shift = bit(op, 1) == 1 ? SHIFT_ASR : SHIFT_LSL;
        in.m = (uint8_t)n;
        in.width = (uint8_t)(low + (in.op == OP_SSAT));
        return !zeros || bad(d) || bad(n) ? unpredictable() : in;
    case 0x14:
    case 0x1c:
        in.op = op == 0x1c ? OP_UBFX : OP_SBFX;
        in.width = (uint8_t)(low + 1);
        return !zeros || bad(d) || bad(n) || lsb + low > 31 ? unpredictable() : in;
    case 0x16:
        in.op = n == PC ? OP_BFC : OP_BFI;
        in.width = (uint8_t)(low - lsb + 1);
        return !zeros || bad(d) || n == SP || low < lsb ? unpredictable() : in;
    default:
        return undefined();
    }
}

static struct armv7m_insn
binary_immediate(unsigned first, unsigned second)
{
    switch (bits(first, 8, 4)) {
    case 0x00:
    case 0x04:
    case 0x0a:
    case 0x0c:
        return plain_immediate(first, second);
    default:
        return bit(first, 8) == 1 ? bit_field(first, second) : undefined();
    }
}

/* 11111010: shifts by register, extensions, reversals, CLZ. */
static struct armv7m_insn
data_register(unsigned first, unsigned second)
{
    static const uint8_t extend[] = { OP_SXTH, OP_UXTH, OP_UNDEFINED, OP_UNDEFINED, OP_SXTB, OP_UXTB };
    static const uint8_t reverse[] = { OP_REV, OP_REV16, OP_RBIT, OP_REVSH };
    unsigned op1 = bits(first, 7, 4), op2 = bits(second, 7, 4);
    unsigned d = bits(second, 11, 8), n = bits(first, 3, 0), m = bits(second, 3, 0);
    struct armv7m_insn in = { .d = (uint8_t)d, .n = (uint8_t)n, .m = (uint8_t)m };

    if (bits(second, 15, 12) != 15)
        return undefined();
    if (op1 < 8 && op2 == 0) {
        in.op = OP_SHIFT;
        in.shift = (uint8_t)(op1 >> 1);
        in.flags = bit(op1, 0) == 1 ? INSN_S : 0;
        return bad(d) || bad(n) || bad(m) ? unpredictable() : in;
    }
    if (op1 < 6 && op2 >= 8) {
        if (extend[op1] == OP_UNDEFINED || n != PC)
            return undefined();
        in.op = extend[op1];
        in.amount = (uint8_t)(bits(op2, 1, 0) * 8);
        return bit(op2, 2) == 1 || bad(d) || bad(m) ? unpredictable() : in;
    }
    if (op1 == 9 && op2 >= 8 && op2 < 12)
        in.op = reverse[op2 & 3];
    else if (op1 == 11 && op2 == 8)
        in.op = OP_CLZ;
    else
        return undefined();
    return n != m || bad(d) || bad(m) ? unpredictable() : in;
}

static struct armv7m_insn
multiply(unsigned first, unsigned second)
{
    unsigned a = bits(second, 15, 12), d = bits(second, 11, 8), n = bits(first, 3, 0),
             m = bits(second, 3, 0);
    unsigned op2 = bits(second, 7, 4);
    struct armv7m_insn in = { .d = (uint8_t)d, .n = (uint8_t)n, .m = (uint8_t)m, .a = (uint8_t)a };

    if (bits(first, 6, 4) != 0 || op2 > 1)
        return undefined();
    if (op2 == 1)
        in.op = OP_MLS;
    else
        in.op = a == 15 ? OP_MUL : OP_MLA;
    if (bad(d) || bad(n) || bad(m) || a == SP || (a == PC && op2 == 1))
        return unpredictable();
    return in;
}

static struct armv7m_insn
long_multiply(unsigned first, unsigned second)
{
    unsigned low = bits(second, 15, 12), high = bits(second, 11, 8), n = bits(first, 3, 0),
             m = bits(second, 3, 0);
    struct armv7m_insn in = { .d = (uint8_t)high, .a = (uint8_t)low, .n = (uint8_t)n, .m = (uint8_t)m };

    switch (bits(first, 6, 4) << 4 | bits(second, 7, 4)) {
    case 0x00:
        in.op = OP_SMULL;
        break;
    case 0x1f:
        in.op = OP_SDIV;
        break;
    case 0x20:
        in.op = OP_UMULL;
        break;
    case 0x3f:
        in.op = OP_UDIV;
        break;
    case 0x40:
        in.op = OP_SMLAL;
        break;
    case 0x60:
        in.op = OP_UMLAL;
        break;
    default:
        return undefined();
    }
    if (bad(high) || bad(n) || bad(m))
        return unpredictable();
    if (in.op == OP_SDIV || in.op == OP_UDIV ? low != 15 : bad(low) || low == high)
        return unpredictable();
    return in;
}

/* MSR, MRS, hints, barriers, UDF. */
static struct armv7m_insn
control(unsigned first, unsigned second)
{
    unsigned op = bits(first, 10, 4), sysm = bits(second, 7, 0), mask = bits(second, 11, 10),
             n = bits(first, 3, 0);
    bool known = sysm <= 9 ? sysm != 4 : sysm >= 16 && sysm <= 20;
    struct armv7m_insn in = { .imm = sysm };

    switch (op) {
    case 0x38:
    case 0x39:
        in.op = OP_MSR;
        in.n = (uint8_t)n;
        if (bit(op, 0) == 1 || bit(second, 13) == 1 || bits(second, 9, 8) != 0 || mask != 2 ||
            bad(n) || !known)
            return unpredictable();
        return in;
    case 0x3e:
    case 0x3f:
        in.op = OP_MRS;
        in.d = bits(second, 11, 8);
        if (bit(op, 0) == 1 || n != 15 || bit(second, 13) == 1 || bad(in.d) || !known)
            return unpredictable();
        return in;
    case 0x3a:
        if (bits(second, 10, 8) != 0)
            return undefined();
        in.op = sysm == 3 ? OP_WFI : OP_NOP;
        return n != 15 || bit(second, 13) == 1 || bit(second, 11) == 1 ? unpredictable() : in;
    case 0x3b:
        if (bits(sysm, 7, 4) != 2 && bits(sysm, 7, 4) != 4 && bits(sysm, 7, 4) != 5 &&
            bits(sysm, 7, 4) != 6)
            return undefined();
        in.op = bits(sysm, 7, 4) == 2 ? OP_CLREX : OP_NOP;
        if (n != 15 || bit(second, 13) == 1 || bits(second, 11, 8) != 15 ||
            (in.op == OP_CLREX && bits(sysm, 3, 0) != 15))
            return unpredictable();
        return in;
    default:
        return undefined();
    }
}

struct armv7m_insn
armv7m_decode_branch(uint16_t first, uint16_t second)
{
    uint32_t s = bit(first, 10), j1 = bit(second, 13), j2 = bit(second, 11),
             low = bits(second, 10, 0) << 1;
    uint32_t far = s << 24 | (j1 == s) << 23 | (j2 == s) << 22 | bits(first, 9, 0) << 12 | low;
    struct armv7m_insn in = of(OP_B);

    if (bit(second, 12) == 1) {
        in.op = bit(second, 14) == 1 ? OP_BL : OP_B;
        in.imm = sign_extend(far, 25);
        in.flags = INSN_IT_LAST;
        return in;
    }
    if (bit(second, 14) == 1)
        return undefined(); /* UDF, and BLX to ARM instructions */
    in.cond = bits(first, 9, 6);
    if (in.cond >= 14)
        return control(first, second);
    in.op = OP_B_COND;
    in.imm = sign_extend(s << 20 | j2 << 19 | j1 << 18 | bits(first, 5, 0) << 12 | low, 21);
    in.flags = INSN_IT_NEVER | INSN_ALWAYS;
    return in;
}

struct armv7m_insn
armv7m_decode_data(uint16_t first, uint16_t second)
{
    if (bits(first, 12, 11) == 1)
        return shifted_register(first, second);
    if (bits(first, 12, 11) == 2)
        return bit(first, 9) == 1 ? binary_immediate(first, second)
                                  : modified_immediate(first, second);
    if (bit(first, 8) == 0)
        return data_register(first, second);
    return bit(first, 7) == 0 ? multiply(first, second) : long_multiply(first, second);
}
