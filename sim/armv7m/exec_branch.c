/* Branches, IT, exceptions asked for, status registers; what cannot be executed. */
#include "ops.h"

enum { CONTROL = 20 };

#define CONTROL_NPRIV UINT32_C(1)
#define CONTROL_SPSEL UINT32_C(2)

bool
armv7m_condition(const struct armv7m *cpu, unsigned cond)
{
    bool n = cpu->apsr & ARMV7M_N, z = cpu->apsr & ARMV7M_Z, c = cpu->apsr & ARMV7M_C,
         v = cpu->apsr & ARMV7M_V;
    bool result;

    switch (cond >> 1) {
    case 0:
        result = z;
        break;
    case 1:
        result = c;
        break;
    case 2:
        result = n;
        break;
    case 3:
        result = v;
        break;
    case 4:
        result = c && !z;
        break;
    case 5:
        result = n == v;
        break;
    case 6:
        result = n == v && !z;
        break;
    default:
        return true;
    }
    return result != (cond & 1);
}

enum armv7m_stop_kind
op_undefined(struct armv7m *cpu unused_param, struct armv7m_memory *mem unused_param,
             const struct armv7m_insn *in unused_param)
{
    return ARMV7M_UNDEFINED;
}

enum armv7m_stop_kind
op_unpredictable(struct armv7m *cpu unused_param, struct armv7m_memory *mem unused_param,
                 const struct armv7m_insn *in unused_param)
{
    return ARMV7M_UNPREDICTABLE;
}

enum armv7m_stop_kind
op_nocp(struct armv7m *cpu unused_param, struct armv7m_memory *mem unused_param,
        const struct armv7m_insn *in unused_param)
{
    return ARMV7M_NOCP;
}

enum armv7m_stop_kind
op_nop(struct armv7m *cpu unused_param, struct armv7m_memory *mem unused_param,
       const struct armv7m_insn *in unused_param)
{
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_b(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->r[PC] = armv7m_get_pc(cpu, in, PC) + in->imm;
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_b_cond(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return armv7m_condition(cpu, in->cond) ? op_b(cpu, mem, in) : ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_bl(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    cpu->r[LR] = cpu->r[PC] | 1;
    return op_b(cpu, mem, in);
}

enum armv7m_stop_kind
op_bx(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    armv7m_interwork(cpu, armv7m_get_pc(cpu, in, in->m));
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_blx(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t target = cpu->r[in->m];

    cpu->r[LR] = cpu->r[PC] | 1;
    armv7m_interwork(cpu, target);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_cbz(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return cpu->r[in->n] == 0 ? op_b(cpu, mem, in) : ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_cbnz(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return cpu->r[in->n] != 0 ? op_b(cpu, mem, in) : ARMV7M_BUDGET;
}

static enum armv7m_stop_kind
table_branch(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in,
             unsigned size)
{
    uint32_t halfwords, pc = armv7m_get_pc(cpu, in, PC);
    uint32_t entry = armv7m_get_pc(cpu, in, in->n) + cpu->r[in->m] * size;
    enum armv7m_stop_kind kind = armv7m_load_data(cpu, mem, entry, size, &halfwords);

    if (kind == ARMV7M_BUDGET)
        cpu->r[PC] = pc + 2 * halfwords;
    return kind;
}

enum armv7m_stop_kind
op_tbb(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return table_branch(cpu, mem, in, 1);
}

enum armv7m_stop_kind
op_tbh(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    return table_branch(cpu, mem, in, 2);
}

enum armv7m_stop_kind
op_it(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    cpu->it = (uint8_t)in->imm;
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_svc(struct armv7m *cpu unused_param, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    mem->stop.number = in->imm;
    return ARMV7M_SVC;
}

enum armv7m_stop_kind
op_bkpt(struct armv7m *cpu unused_param, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    mem->stop.number = in->imm;
    return ARMV7M_BKPT;
}

enum armv7m_stop_kind
op_wfi(struct armv7m *cpu unused_param, struct armv7m_memory *mem unused_param,
       const struct armv7m_insn *in unused_param)
{
    return ARMV7M_WFI;
}

/* B5.2.2, without privilege, in Thread mode on the process stack: IPSR and EPSR read as zero. */
enum armv7m_stop_kind
op_mrs(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    uint32_t v = 0;

    if (in->imm < 8 && (in->imm & 4) == 0)
        v = cpu->apsr;
    else if (in->imm == CONTROL)
        v = CONTROL_NPRIV | CONTROL_SPSEL;
    cpu->r[in->d] = v;
    return ARMV7M_BUDGET;
}

/* B5.2.3: only the flags can be written. */
enum armv7m_stop_kind
op_msr(struct armv7m *cpu, struct armv7m_memory *mem unused_param, const struct armv7m_insn *in)
{
    if (in->imm < 4)
        cpu->apsr = cpu->r[in->n] & (ARMV7M_N | ARMV7M_Z | ARMV7M_C | ARMV7M_V | ARMV7M_Q);
    return ARMV7M_BUDGET;
}

enum armv7m_stop_kind
op_clrex(struct armv7m *cpu, struct armv7m_memory *mem unused_param,
         const struct armv7m_insn *in unused_param)
{
    cpu->exclusive = 0;
    return ARMV7M_BUDGET;
}
