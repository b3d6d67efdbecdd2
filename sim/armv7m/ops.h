/* What the instructions do: one function per armv7m_op. */
#pragma once

#include <sim/armv7m/armv7m.h>

#include "decode.h"
#include "memory.h"

/* Executes one instruction, the PC being behind it already.  Anything but ARMV7M_BUDGET ends the run, with details in mem->stop; then
 * nothing is changed but where the manual says so. */
typedef enum armv7m_stop_kind armv7m_op_fn(struct armv7m *cpu, struct armv7m_memory *mem,
                                           const struct armv7m_insn *in);

armv7m_op_fn op_undefined, op_unpredictable, op_nocp, op_nop;
armv7m_op_fn op_and, op_bic, op_orr, op_orn, op_eor;
armv7m_op_fn op_mov, op_mvn, op_tst, op_teq;
armv7m_op_fn op_add, op_adc, op_sub, op_sbc, op_rsb;
armv7m_op_fn op_cmp, op_cmn, op_shift, op_movt, op_adr, op_add_pc, op_mov_pc;
armv7m_op_fn op_clz, op_rbit, op_rev, op_rev16, op_revsh, op_sxtb, op_sxth, op_uxtb, op_uxth;
armv7m_op_fn op_bfi, op_bfc, op_sbfx, op_ubfx, op_ssat, op_usat;
armv7m_op_fn op_mul, op_mla, op_mls, op_umull, op_smull, op_umlal, op_smlal, op_sdiv, op_udiv;
armv7m_op_fn op_b, op_b_cond, op_bl, op_bx, op_blx, op_cbz, op_cbnz, op_tbb, op_tbh, op_it, op_svc,
    op_bkpt, op_wfi, op_mrs, op_msr;
armv7m_op_fn op_ldr_imm, op_ldr_reg, op_ldr_idx, op_ldrb_imm, op_ldrb_reg, op_ldrb_idx, op_ldrh_imm,
    op_ldrh_reg, op_ldrh_idx;
armv7m_op_fn op_ldrsb_imm, op_ldrsb_reg, op_ldrsb_idx, op_ldrsh_imm, op_ldrsh_reg, op_ldrsh_idx;
armv7m_op_fn op_str_imm, op_str_reg, op_str_idx, op_strb_imm, op_strb_reg, op_strb_idx, op_strh_imm,
    op_strh_reg, op_strh_idx;
armv7m_op_fn op_ldr_lit, op_ldrb_lit, op_ldrh_lit, op_ldrsb_lit, op_ldrsh_lit, op_ldr_pc, op_ldrd,
    op_strd, op_ldm, op_stm;
armv7m_op_fn op_ldrex, op_ldrexb, op_ldrexh, op_strex, op_strexb, op_strexh, op_clrex;

#define unused_param __attribute__((unused))

/* A name for people, and the function. */
struct armv7m_op_info {
    const char *name;
    armv7m_op_fn *run;
};

extern const struct armv7m_op_info armv7m_ops[OP_COUNT];

/* ConditionPassed() of a condition other than IT's. */
bool armv7m_condition(const struct armv7m *cpu, unsigned cond);

static inline void
armv7m_put(struct armv7m *cpu, unsigned d, uint32_t value)
{
    cpu->r[d] = d == SP ? value & ~UINT32_C(3) : value;
}

/* Register n as an operand, at its value for an instruction that began `size` bytes before the PC. */
static inline uint32_t
armv7m_get_pc(const struct armv7m *cpu, const struct armv7m_insn *in, unsigned n)
{
    return n == PC ? cpu->r[PC] - in->size + 4 : cpu->r[n];
}

/* BXWritePC() in Thread mode, LoadWritePC(). */
static inline void
armv7m_interwork(struct armv7m *cpu, uint32_t target)
{
    cpu->thumb = target & 1;
    cpu->r[PC] = target & ~UINT32_C(1);
}

/* armv7m_load() and armv7m_store() where the instruction allows any alignment and CCR.UNALIGN_TRP may not. */
static inline enum armv7m_stop_kind
armv7m_load_data(const struct armv7m *cpu, struct armv7m_memory *mem, uint32_t addr, unsigned size,
                 uint32_t *value)
{
    if (armv7m_unlikely((addr & (size - 1)) != 0 && cpu->ccr & ARMV7M_UNALIGN_TRP)) {
        mem->stop.addr = addr;
        return ARMV7M_UNALIGNED;
    }
    return armv7m_load(mem, addr, size, value);
}

static inline enum armv7m_stop_kind
armv7m_store_data(const struct armv7m *cpu, struct armv7m_memory *mem, uint32_t addr, unsigned size,
                  uint32_t value)
{
    if (armv7m_unlikely((addr & (size - 1)) != 0 && cpu->ccr & ARMV7M_UNALIGN_TRP)) {
        mem->stop.addr = addr;
        return ARMV7M_UNALIGNED;
    }
    return armv7m_store(mem, addr, size, value);
}
