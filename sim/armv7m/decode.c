/* Decoder: dispatch, and the 16-bit encodings (DDI 0403E, A5.2). */
#include "decode.h"

static struct armv7m_insn
three_low(enum armv7m_op op, unsigned insn, unsigned flags)
{
    return (struct armv7m_insn){ .op = (uint8_t)op,
                                 .flags = (uint8_t)flags,
                                 .d = bits(insn, 2, 0),
                                 .n = bits(insn, 5, 3),
                                 .m = bits(insn, 8, 6) };
}

/* 00xxxx: shift by immediate, add, subtract, move, compare. */
static struct armv7m_insn
shift_add_sub_move(unsigned insn)
{
    static const uint8_t imm8_ops[] = { OP_MOV, OP_CMP, OP_ADD, OP_SUB };
    static const uint8_t add_sub[] = { OP_ADD, OP_SUB };
    unsigned op = bits(insn, 12, 11), r = bits(insn, 10, 8);
    struct armv7m_insn in;

    if (bit(insn, 13) == 1) {
        in = of(imm8_ops[op]);
        in.d = (uint8_t)r;
        in.n = (uint8_t)r;
        in.imm = bits(insn, 7, 0);
        in.shift = SHIFT_IMM;
        in.flags = in.op == OP_CMP ? INSN_S : INSN_S_OUTSIDE;
        return in;
    }
    if (op == 3) {
        in = three_low(add_sub[bit(insn, 9)], insn, INSN_S_OUTSIDE);
        in.imm = in.m;
        in.shift = bit(insn, 10) == 1 ? SHIFT_IMM : SHIFT_LSL;
        return in;
    }
    in = of(OP_MOV);
    in.d = bits(insn, 2, 0);
    in.m = bits(insn, 5, 3);
    in.flags = INSN_S_OUTSIDE;
    decode_shift(&in, op, bits(insn, 10, 6));
    if (op == SHIFT_LSL && in.amount == 0)
        in.flags = INSN_S | INSN_IT_NEVER; /* MOV (register) T2 */
    return in;
}

/* 010000: data processing of two low registers. */
static struct armv7m_insn
data_processing(unsigned insn)
{
    static const uint8_t ops[16] = {
        OP_AND, OP_EOR, OP_SHIFT, OP_SHIFT, OP_SHIFT, OP_ADC, OP_SBC, OP_SHIFT,
        OP_TST, OP_RSB, OP_CMP,   OP_CMN,   OP_ORR,   OP_MUL, OP_BIC, OP_MVN,
    };
    unsigned op = bits(insn, 9, 6);
    struct armv7m_insn in = of(ops[op]);

    in.d = bits(insn, 2, 0);
    in.n = in.d;
    in.m = bits(insn, 5, 3);
    in.flags = INSN_S_OUTSIDE;
    switch (in.op) {
    case OP_TST:
    case OP_CMP:
    case OP_CMN:
        in.flags = INSN_S;
        break;
    case OP_RSB:
        in.n = in.m;
        in.shift = SHIFT_IMM;
        break;
    case OP_SHIFT:
        in.shift = op == 7 ? SHIFT_ROR : (uint8_t)(op - 2);
        break;
    default:
        break;
    }
    return in;
}

/* 010001: operations on high registers, BX, BLX. */
static struct armv7m_insn
special(unsigned insn)
{
    unsigned m = bits(insn, 6, 3), d = bits(insn, 2, 0) | bit(insn, 7) << 3;
    struct armv7m_insn in = { .d = (uint8_t)d, .n = (uint8_t)d, .m = (uint8_t)m };

    switch (bits(insn, 9, 8)) {
    case 0:
        if (d == PC && m == PC)
            return unpredictable();
        in.op = d == PC || m == PC ? OP_ADD_PC : OP_ADD;
        in.flags = d == PC ? INSN_IT_LAST : 0;
        return in;
    case 1:
        if ((d < 8 && m < 8) || d == PC || m == PC)
            return unpredictable();
        in.op = OP_CMP;
        in.flags = INSN_S;
        return in;
    case 2:
        in.op = d == PC || m == PC ? OP_MOV_PC : OP_MOV;
        in.flags = d == PC ? INSN_IT_LAST : 0;
        return in;
    default:
        if (bits(insn, 2, 0) != 0 || (bit(insn, 7) == 1 && m == PC))
            return unpredictable();
        in.op = bit(insn, 7) == 1 ? OP_BLX : OP_BX;
        in.flags = INSN_IT_LAST;
        return in;
    }
}

static struct armv7m_insn
load_store(enum armv7m_op op, unsigned t, unsigned n, uint32_t imm)
{
    return (struct armv7m_insn){ .op = (uint8_t)op, .d = (uint8_t)t, .n = (uint8_t)n, .imm = imm };
}

/* 0101xx, 011xxx, 100xxx: loads and stores of one register. */
static struct armv7m_insn
load_store_single(unsigned insn)
{
    static const uint8_t reg_ops[] = { OP_STR_REG, OP_STRH_REG, OP_STRB_REG, OP_LDRSB_REG,
                                       OP_LDR_REG, OP_LDRH_REG, OP_LDRB_REG, OP_LDRSH_REG };
    unsigned t = bits(insn, 2, 0), n = bits(insn, 5, 3), imm5 = bits(insn, 10, 6);
    bool load = bit(insn, 11) == 1;

    switch (bits(insn, 15, 12)) {
    case 5:
        return three_low(reg_ops[bits(insn, 11, 9)], insn, 0);
    case 6:
        return load_store(load ? OP_LDR_IMM : OP_STR_IMM, t, n, imm5 << 2);
    case 7:
        return load_store(load ? OP_LDRB_IMM : OP_STRB_IMM, t, n, imm5);
    case 8:
        return load_store(load ? OP_LDRH_IMM : OP_STRH_IMM, t, n, imm5 << 1);
    default:
        return load_store(load ? OP_LDR_IMM : OP_STR_IMM, bits(insn, 10, 8), SP,
                          bits(insn, 7, 0) << 2);
    }
}

static struct armv7m_insn
push_pop(unsigned insn)
{
    bool pop = bit(insn, 11) == 1;
    struct armv7m_insn in = { .op = pop ? OP_LDM : OP_STM, .n = SP, .flags = INSN_WBACK, .cond = !pop };

    in.imm = bits(insn, 7, 0) | bit(insn, 8) << (pop ? PC : LR);
    if (in.imm == 0)
        return unpredictable();
    if (pop && bit(insn, 8) == 1)
        in.flags |= INSN_IT_LAST;
    return in;
}

/* 10111111: IT and hints. */
static struct armv7m_insn
it_hints(unsigned insn)
{
    unsigned first = bits(insn, 7, 4), mask = bits(insn, 3, 0);
    struct armv7m_insn in = of(OP_NOP);

    if (mask == 0) {
        if (first == 3)
            in.op = OP_WFI;
        return in;
    }
    if (first == 15 || (first == 14 && (mask & (mask - 1)) != 0))
        return unpredictable();
    in.op = OP_IT;
    in.imm = bits(insn, 7, 0);
    in.flags = INSN_IT_NEVER | INSN_ALWAYS;
    return in;
}

/* 1011xx: miscellaneous. */
static struct armv7m_insn
miscellaneous(unsigned insn)
{
    static const uint8_t extend[] = { OP_SXTH, OP_SXTB, OP_UXTH, OP_UXTB };
    static const uint8_t reverse[] = { OP_REV, OP_REV16, OP_UNDEFINED, OP_REVSH };
    struct armv7m_insn in = { .d = bits(insn, 2, 0), .m = bits(insn, 5, 3) };

    switch (bits(insn, 11, 8)) {
    case 0x0:
        in.op = bit(insn, 7) == 1 ? OP_SUB : OP_ADD;
        in.d = in.n = SP;
        in.imm = bits(insn, 6, 0) << 2;
        in.shift = SHIFT_IMM;
        return in;
    case 0x2:
        in.op = extend[bits(insn, 7, 6)];
        return in;
    case 0x1:
    case 0x3:
    case 0x9:
    case 0xb:
        in.op = bit(insn, 11) == 1 ? OP_CBNZ : OP_CBZ;
        in.n = bits(insn, 2, 0);
        in.imm = (bits(insn, 7, 3) | bit(insn, 9) << 5) << 1;
        in.flags = INSN_IT_NEVER | INSN_ALWAYS;
        return in;
    case 0x4:
    case 0x5:
    case 0xc:
    case 0xd:
        return push_pop(insn);
    case 0x6: /* CPS: no effect without privilege */
        if (bits(insn, 7, 5) != 3)
            return undefined();
        in.op = OP_NOP;
        in.flags = INSN_IT_NEVER | INSN_ALWAYS;
        return bits(insn, 3, 2) != 0 || bits(insn, 1, 0) == 0 ? unpredictable() : in;
    case 0xa:
        in.op = reverse[bits(insn, 7, 6)];
        return in.op == OP_UNDEFINED ? undefined() : in;
    case 0xe:
        in.op = OP_BKPT;
        in.imm = bits(insn, 7, 0);
        in.flags = INSN_ALWAYS;
        return in;
    case 0xf:
        return it_hints(insn);
    default:
        return undefined();
    }
}

static struct armv7m_insn
load_store_multiple(unsigned insn)
{
    bool load = bit(insn, 11) == 1;
    unsigned n = bits(insn, 10, 8);
    struct armv7m_insn in = { .op = load ? OP_LDM : OP_STM, .n = (uint8_t)n, .flags = INSN_WBACK };

    in.imm = bits(insn, 7, 0);
    if (in.imm == 0)
        return unpredictable();
    if (load && bit(in.imm, n) == 1)
        in.flags = 0;
    return in;
}

/* 1101xx: conditional branch, UDF, SVC. */
static struct armv7m_insn
branch_svc(unsigned insn)
{
    struct armv7m_insn in = of(OP_B_COND);

    in.cond = bits(insn, 11, 8);
    if (in.cond == 14)
        return undefined();
    if (in.cond == 15) {
        in.op = OP_SVC;
        in.imm = bits(insn, 7, 0);
        return in;
    }
    in.imm = sign_extend(bits(insn, 7, 0) << 1, 9);
    in.flags = INSN_IT_NEVER | INSN_ALWAYS;
    return in;
}

struct armv7m_insn
armv7m_decode16(uint16_t insn)
{
    struct armv7m_insn in;

    switch (bits(insn, 15, 12)) {
    case 0x0:
    case 0x1:
    case 0x2:
    case 0x3:
        return shift_add_sub_move(insn);
    case 0x4:
        if (bit(insn, 11) == 1)
            return load_store(OP_LDR_LIT, bits(insn, 10, 8), PC, bits(insn, 7, 0) << 2);
        return bit(insn, 10) == 1 ? special(insn) : data_processing(insn);
    case 0x5:
    case 0x6:
    case 0x7:
    case 0x8:
    case 0x9:
        return load_store_single(insn);
    case 0xa:
        in = load_store(bit(insn, 11) == 1 ? OP_ADD : OP_ADR, bits(insn, 10, 8), SP,
                        bits(insn, 7, 0) << 2);
        in.shift = SHIFT_IMM;
        return in;
    case 0xb:
        return miscellaneous(insn);
    case 0xc:
        return load_store_multiple(insn);
    case 0xd:
        return branch_svc(insn);
    default: /* 0xe: the others are 32-bit instructions */
        in = of(OP_B);
        in.imm = sign_extend(bits(insn, 10, 0) << 1, 12);
        in.flags = INSN_IT_LAST;
        return in;
    }
}

/* The 32-bit encodings' classes (A5.3). */
static struct armv7m_insn
decode32(uint16_t first, uint16_t second)
{
    unsigned op1 = bits(first, 12, 11), op2 = bits(first, 10, 4);

    if (bit(op2, 6) == 1 && op1 != 2)
        return bits(op2, 5, 4) == 3 ? undefined() : of(OP_NOCP);
    if (op1 == 1)
        return op2 >> 5 == 0 ? armv7m_decode_memory(first, second)
                             : armv7m_decode_data(first, second);
    if (op1 == 2)
        return bit(second, 15) == 1 ? armv7m_decode_branch(first, second)
                                    : armv7m_decode_data(first, second);
    return op2 >> 5 == 0 ? armv7m_decode_memory(first, second) : armv7m_decode_data(first, second);
}

struct armv7m_insn
armv7m_decode(uint16_t first, uint16_t second)
{
    struct armv7m_insn in;

    if (armv7m_size(first) == 2) {
        in = armv7m_decode16(first);
        in.size = 2;
    } else {
        in = decode32(first, second);
        in.size = 4;
    }
    return in;
}
