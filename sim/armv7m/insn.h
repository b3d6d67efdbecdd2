/* A decoded Thumb instruction of ARMv7-M, and the decoder.
 *
 * Manual: ARMv7-M Architecture Reference Manual, DDI 0403E, chapters A5 (encodings) and A7 (instructions).  What is decoded is a
 * Cortex-M3: no floating point, no DSP extension, no coprocessors.
 */
#pragma once

#include <stdint.h>

/* What an instruction does; op_*() in ops.h is how.  Data processing: the second operand is register m, shifted, or `imm`.  Loads and
 * stores: _IMM at n + imm, _REG at n + (m << amount), _IDX with the base written back. */
enum armv7m_op {
    OP_UNDECODED, /* of a cache slot: nothing known yet */
    OP_UNDEFINED,
    OP_UNPREDICTABLE,
    OP_NOCP,
    OP_NOP,
    OP_AND,
    OP_BIC,
    OP_ORR,
    OP_ORN,
    OP_EOR,
    OP_MOV,
    OP_MVN,
    OP_TST,
    OP_TEQ,
    OP_ADD,
    OP_ADC,
    OP_SUB,
    OP_SBC,
    OP_RSB,
    OP_CMP,
    OP_CMN,
    OP_SHIFT,
    OP_MOVT,
    OP_ADR,
    OP_ADD_PC,
    OP_MOV_PC,
    OP_CLZ,
    OP_RBIT,
    OP_REV,
    OP_REV16,
    OP_REVSH,
    OP_SXTB,
    OP_SXTH,
    OP_UXTB,
    OP_UXTH,
    OP_BFI,
    OP_BFC,
    OP_SBFX,
    OP_UBFX,
    OP_SSAT,
    OP_USAT,
    OP_MUL,
    OP_MLA,
    OP_MLS,
    OP_UMULL,
    OP_SMULL,
    OP_UMLAL,
    OP_SMLAL,
    OP_SDIV,
    OP_UDIV,
    OP_B,
    OP_B_COND,
    OP_BL,
    OP_BX,
    OP_BLX,
    OP_CBZ,
    OP_CBNZ,
    OP_TBB,
    OP_TBH,
    OP_IT,
    OP_SVC,
    OP_BKPT,
    OP_WFI,
    OP_MRS,
    OP_MSR,
    OP_LDR_IMM,
    OP_LDR_REG,
    OP_LDR_IDX,
    OP_LDRB_IMM,
    OP_LDRB_REG,
    OP_LDRB_IDX,
    OP_LDRH_IMM,
    OP_LDRH_REG,
    OP_LDRH_IDX,
    OP_LDRSB_IMM,
    OP_LDRSB_REG,
    OP_LDRSB_IDX,
    OP_LDRSH_IMM,
    OP_LDRSH_REG,
    OP_LDRSH_IDX,
    OP_STR_IMM,
    OP_STR_REG,
    OP_STR_IDX,
    OP_STRB_IMM,
    OP_STRB_REG,
    OP_STRB_IDX,
    OP_STRH_IMM,
    OP_STRH_REG,
    OP_STRH_IDX,
    OP_LDR_LIT,
    OP_LDRB_LIT,
    OP_LDRH_LIT,
    OP_LDRSB_LIT,
    OP_LDRSH_LIT,
    OP_LDR_PC, /* any form of LDR that loads the PC */
    OP_LDRD,
    OP_STRD,
    OP_LDM,
    OP_STM,
    OP_LDREX,
    OP_LDREXB,
    OP_LDREXH,
    OP_STREX,
    OP_STREXB,
    OP_STREXH,
    OP_CLREX,
    OP_COUNT
};

/* SHIFT_IMM: the second operand of data processing is not a register at all, but `imm`. */
enum armv7m_shift { SHIFT_LSL, SHIFT_LSR, SHIFT_ASR, SHIFT_ROR, SHIFT_RRX, SHIFT_IMM };

/* What an immediate operand does to the carry, where the flags are set. */
enum { CARRY_KEPT, CARRY_CLEAR, CARRY_SET };

/* armv7m_insn.flags */
enum {
    INSN_S = 1 << 0,         /* sets the flags */
    INSN_S_OUTSIDE = 1 << 1, /* sets the flags outside an IT block */
    INSN_IT_LAST = 1 << 2,   /* UNPREDICTABLE in an IT block but as its last */
    INSN_IT_NEVER = 1 << 3,  /* UNPREDICTABLE in an IT block */
    INSN_ALWAYS = 1 << 4,    /* executed whatever the IT block's condition */
    INSN_WBACK = 1 << 5,     /* loads and stores: n is written back */
    INSN_POST = 1 << 6,      /* ... and the offset is added after the access */
    INSN_REG = 1 << 7,       /* OP_LDR_PC: the offset is a register */
};

struct armv7m_insn {
    uint8_t op;       /* enum armv7m_op */
    uint8_t size;     /* 2 or 4 bytes */
    uint8_t granules; /* of its page, those it lies in; memory.c */
    uint8_t flags;
    uint8_t d, n, m,
        a; /* registers, as the manual names them (t is d, t2 is a); with SHIFT_IMM a is what becomes of the carry */
    uint8_t shift;  /* enum armv7m_shift */
    uint8_t amount; /* of the shift, lsb of a bit field */
    uint8_t width;  /* of a bit field, what SSAT and USAT saturate to */
    uint8_t cond;
    uint32_t imm;
};

/* The size of the instruction whose first halfword this is. */
static inline unsigned
armv7m_size(uint16_t first)
{
    return first >= 0xe800 ? 4 : 2;
}

/* Decodes one instruction (`second` counts if its size is 4).  Every encoding gives something: what the architecture does not define
 * is OP_UNDEFINED, OP_UNPREDICTABLE or OP_NOCP. */
struct armv7m_insn armv7m_decode(uint16_t first, uint16_t second);

/* The parts of the decoder. */
struct armv7m_insn armv7m_decode16(uint16_t insn);
struct armv7m_insn armv7m_decode_data(uint16_t first, uint16_t second);
struct armv7m_insn armv7m_decode_branch(uint16_t first, uint16_t second);
struct armv7m_insn armv7m_decode_memory(uint16_t first, uint16_t second);
