/* Decoder: 32-bit loads and stores (DDI 0403E, A5.3.5 to A5.3.10). */
#include "decode.h"

static struct armv7m_insn
multiple(unsigned first, unsigned second)
{
    unsigned n = bits(first, 3, 0), order = bits(first, 8, 7);
    bool load = bit(first, 4) == 1, wback = bit(first, 5) == 1;
    struct armv7m_insn in = { .op = load ? OP_LDM : OP_STM, .n = (uint8_t)n, .imm = second };

    if (order == 0 || order == 3)
        return undefined();
    if (n == PC || bit(second, SP) == 1 || (second & (second - 1)) == 0)
        return unpredictable();
    if (load ? bits(second, 15, 14) == 3 : bit(second, PC) == 1)
        return unpredictable();
    if (wback && bit(second, n) == 1)
        return unpredictable();
    in.flags = wback ? INSN_WBACK : 0;
    if (bit(second, PC) == 1)
        in.flags |= INSN_IT_LAST;
    in.cond = order == 2; /* decrement before */
    return in;
}

static struct armv7m_insn
dual(unsigned first, unsigned second)
{
    unsigned n = bits(first, 3, 0), t = bits(second, 15, 12), t2 = bits(second, 11, 8);
    bool load = bit(first, 4) == 1, wback = bit(first, 5) == 1, before = bit(first, 8) == 1;
    uint32_t imm = bits(second, 7, 0) << 2;
    struct armv7m_insn in = {
        .op = load ? OP_LDRD : OP_STRD, .n = (uint8_t)n, .d = (uint8_t)t, .a = (uint8_t)t2
    };

    if (bad(t) || bad(t2) || (load && t == t2) || (wback && (n == t || n == t2)) ||
        (n == PC && (wback || !load)))
        return unpredictable();
    in.imm = bit(first, 7) == 1 ? imm : -imm;
    in.flags = (uint8_t)((wback ? INSN_WBACK : 0) | (before ? 0 : INSN_POST));
    return in;
}

/* STREX and LDREX, by word. */
static struct armv7m_insn
exclusive_word(unsigned first, unsigned second)
{
    unsigned n = bits(first, 3, 0), t = bits(second, 15, 12), d = bits(second, 11, 8);
    bool load = bit(first, 4) == 1;
    struct armv7m_insn in = {
        .op = load ? OP_LDREX : OP_STREX, .n = (uint8_t)n, .d = (uint8_t)t, .a = (uint8_t)d
    };

    if (bad(t) || n == PC || (load ? d != 15 : bad(d) || d == n || d == t))
        return unpredictable();
    in.imm = bits(second, 7, 0) << 2;
    return in;
}

/* TBB, TBH and the exclusives of other sizes. */
static struct armv7m_insn
table_or_exclusive(unsigned first, unsigned second)
{
    unsigned n = bits(first, 3, 0), t = bits(second, 15, 12), m = bits(second, 3, 0),
             op3 = bits(second, 7, 4);
    bool load = bit(first, 4) == 1;
    struct armv7m_insn in = { .n = (uint8_t)n, .d = (uint8_t)t, .m = (uint8_t)m, .a = (uint8_t)m };

    if (load && op3 <= 1) {
        if (bits(second, 15, 8) != 0xf0 || n == SP || bad(m))
            return unpredictable();
        in.op = op3 == 1 ? OP_TBH : OP_TBB;
        in.flags = INSN_IT_LAST;
        return in;
    }
    if (op3 != 4 && op3 != 5)
        return undefined();
    if (bad(t) || n == PC || bits(second, 11, 8) != 15 ||
        (load ? m != 15 : bad(m) || m == n || m == t))
        return unpredictable();
    if (load)
        in.op = op3 == 4 ? OP_LDREXB : OP_LDREXH;
    else
        in.op = op3 == 4 ? OP_STREXB : OP_STREXH;
    return in;
}

static struct armv7m_insn
dual_exclusive_table(unsigned first, unsigned second)
{
    unsigned op1 = bits(first, 8, 7), op2 = bits(first, 5, 4);

    if (op1 >= 2 || op2 >= 2)
        return dual(first, second);
    return op1 == 0 ? exclusive_word(first, second) : table_or_exclusive(first, second);
}

/* The forms of an address with an 8-bit offset or a register, by bits 11:6 of the second halfword. */
enum form { FORM_NONE, FORM_REGISTER, FORM_NEGATIVE, FORM_UNPRIVILEGED, FORM_INDEXED };

static enum form
form_of(unsigned second)
{
    if (bits(second, 11, 6) == 0)
        return FORM_REGISTER;
    if (bit(second, 11) == 0)
        return FORM_NONE;
    switch (bits(second, 10, 8)) {
    case 4:
        return FORM_NEGATIVE;
    case 6:
        return FORM_UNPRIVILEGED;
    case 1:
    case 3:
    case 5:
    case 7:
        return FORM_INDEXED;
    default:
        return FORM_NONE;
    }
}

/* The operations of a size and signedness. */
struct ops {
    uint8_t imm, reg, idx, lit;
};

static const struct ops loads[2][4] = {
    { { OP_LDRB_IMM, OP_LDRB_REG, OP_LDRB_IDX, OP_LDRB_LIT },
      { OP_LDRH_IMM, OP_LDRH_REG, OP_LDRH_IDX, OP_LDRH_LIT },
      { OP_LDR_IMM, OP_LDR_REG, OP_LDR_IDX, OP_LDR_LIT },
      { 0 } },
    { { OP_LDRSB_IMM, OP_LDRSB_REG, OP_LDRSB_IDX, OP_LDRSB_LIT },
      { OP_LDRSH_IMM, OP_LDRSH_REG, OP_LDRSH_IDX, OP_LDRSH_LIT },
      { 0 },
      { 0 } },
};
static const struct ops stores[4] = {
    { OP_STRB_IMM, OP_STRB_REG, OP_STRB_IDX, 0 },
    { OP_STRH_IMM, OP_STRH_REG, OP_STRH_IDX, 0 },
    { OP_STR_IMM, OP_STR_REG, OP_STR_IDX, 0 },
    { 0 },
};

enum { WORD = 2 };

/* Fills in the address; the rules on registers that hold for loads and stores alike. */
static struct armv7m_insn
addressed(const struct ops *ops, unsigned first, unsigned second)
{
    unsigned n = bits(first, 3, 0), t = bits(second, 15, 12), m = bits(second, 3, 0);
    uint32_t imm8 = bits(second, 7, 0);
    struct armv7m_insn in = { .n = (uint8_t)n, .d = (uint8_t)t };

    if (bit(first, 7) == 1) {
        in.op = ops->imm;
        in.imm = bits(second, 11, 0);
        return in;
    }
    switch (form_of(second)) {
    case FORM_REGISTER:
        if (bad(m))
            return unpredictable();
        in.op = ops->reg;
        in.m = (uint8_t)m;
        in.amount = bits(second, 5, 4);
        return in;
    case FORM_NEGATIVE:
        in.op = ops->imm;
        in.imm = -imm8;
        return in;
    case FORM_UNPRIVILEGED: /* as without privilege everything is */
        in.op = ops->imm;
        in.imm = imm8;
        return bad(t) ? unpredictable() : in;
    case FORM_INDEXED:
        in.op = ops->idx;
        in.imm = bit(second, 9) == 1 ? imm8 : -imm8;
        in.flags = (uint8_t)(INSN_WBACK | (bit(second, 10) == 1 ? 0 : INSN_POST));
        return n == t ? unpredictable() : in;
    default:
        return undefined();
    }
}

static struct armv7m_insn
store(unsigned first, unsigned second)
{
    unsigned size = bits(first, 6, 5), t = bits(second, 15, 12);
    struct armv7m_insn in;

    if (size == 3 || bits(first, 3, 0) == PC)
        return undefined();
    in = addressed(&stores[size], first, second);
    if (in.op != OP_UNDEFINED && (t == PC || (t == SP && size != WORD)))
        return unpredictable();
    return in;
}

/* Rt = 15 of a load of less than a word: PLD, PLI, hints that do nothing; or nothing that makes sense. */
static struct armv7m_insn
hint(unsigned first, unsigned second)
{
    bool simple = bits(first, 3, 0) == PC || bit(first, 7) == 1;

    if (simple)
        return of(OP_NOP);
    switch (form_of(second)) {
    case FORM_REGISTER:
        return bad(bits(second, 3, 0)) ? unpredictable() : of(OP_NOP);
    case FORM_NEGATIVE:
        return of(OP_NOP);
    case FORM_NONE:
        return undefined();
    default:
        return unpredictable();
    }
}

static struct armv7m_insn
load(unsigned first, unsigned second)
{
    unsigned sign = bit(first, 8), size = bits(first, 6, 5), n = bits(first, 3, 0),
             t = bits(second, 15, 12);
    const struct ops *ops = &loads[sign][size];
    struct armv7m_insn in = { .n = PC, .d = (uint8_t)t };

    if (ops->imm == 0)
        return undefined();
    if (t == PC && size != WORD)
        return hint(first, second);
    if (n == PC) {
        uint32_t imm = bits(second, 11, 0);

        in.op = ops->lit;
        in.imm = bit(first, 7) == 1 ? imm : -imm;
    } else {
        in = addressed(ops, first, second);
    }
    if (in.op == OP_UNDEFINED || in.op == OP_UNPREDICTABLE)
        return in;
    if (t == SP && size != WORD)
        return unpredictable();
    if (t == PC) {
        in.flags |= INSN_IT_LAST | (in.op == OP_LDR_REG ? INSN_REG : 0);
        in.op = OP_LDR_PC;
    }
    return in;
}

struct armv7m_insn
armv7m_decode_memory(uint16_t first, uint16_t second)
{
    if (bits(first, 12, 11) == 1)
        return bit(first, 6) == 1 ? dual_exclusive_table(first, second) : multiple(first, second);
    if (bit(first, 4) == 1)
        return load(first, second);
    return bit(first, 8) == 0 ? store(first, second) : undefined();
}
