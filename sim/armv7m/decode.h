/* What the parts of the decoder share. */
#pragma once

#include <stdbool.h>

#include <sim/armv7m/insn.h>

enum { SP = 13, LR = 14, PC = 15 };

static inline unsigned
bits(unsigned v, unsigned high, unsigned low)
{
    return v >> low & ((2u << (high - low)) - 1);
}

static inline unsigned
bit(unsigned v, unsigned n)
{
    return v >> n & 1;
}

/* Of most 32-bit instructions: SP and PC are UNPREDICTABLE as this register. */
static inline bool
bad(unsigned r)
{
    return r == SP || r == PC;
}

static inline struct armv7m_insn
of(enum armv7m_op op)
{
    return (struct armv7m_insn){ .op = (uint8_t)op };
}

static inline struct armv7m_insn
undefined(void)
{
    return of(OP_UNDEFINED);
}

static inline struct armv7m_insn
unpredictable(void)
{
    return of(OP_UNPREDICTABLE);
}

static inline uint32_t
sign_extend(uint32_t v, unsigned width)
{
    uint32_t sign = UINT32_C(1) << (width - 1);

    return (v ^ sign) - sign;
}

/* DecodeImmShift(): type and a 5-bit amount. */
static inline void
decode_shift(struct armv7m_insn *in, unsigned type, unsigned amount)
{
    in->shift = (uint8_t)type;
    in->amount = (uint8_t)amount;
    if (amount == 0 && (type == SHIFT_LSR || type == SHIFT_ASR))
        in->amount = 32;
    if (amount == 0 && type == SHIFT_ROR) {
        in->shift = SHIFT_RRX;
        in->amount = 1;
    }
}
