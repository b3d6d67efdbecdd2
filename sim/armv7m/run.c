/* The interpreter's loop: fetch, IT, faults. */
#include "ops.h"

enum { DEAD = 1 };

uint32_t
armv7m_xpsr(const struct armv7m *cpu)
{
    uint32_t it = cpu->it;

    return cpu->apsr | (it & 3) << 25 | (it >> 2) << 10 | (cpu->thumb ? UINT32_C(1) << 24 : 0);
}

void
armv7m_set_xpsr(struct armv7m *cpu, uint32_t xpsr)
{
    cpu->apsr = xpsr & (ARMV7M_N | ARMV7M_Z | ARMV7M_C | ARMV7M_V | ARMV7M_Q);
    cpu->it = (uint8_t)((xpsr >> 25 & 3) | (xpsr >> 10 & 0x3f) << 2);
    cpu->thumb = xpsr >> 24 & 1;
}

/* Makes the page of this address the one in its slot, its instructions those in memory. */
static void
load_page(struct armv7m_memory *mem, uint32_t addr, unsigned slot)
{
    uint32_t base = addr & ~(uint32_t)(ARMV7M_PAGE - 1);
    struct armv7m_code_page *page = &mem->code[slot];
    struct armv7m_tlb_entry *t = &mem->tlb[addr / ARMV7M_PAGE % ARMV7M_TLB];

    if (t->page != base)
        armv7m_tlb_fill(mem, t, addr);
    mem->live[slot] = base;
    mem->exec[slot] = t->rights[ARMV7M_FETCH];
    /* What may not be executed is not looked at either. */
    if (t->bytes == NULL || mem->exec[slot] == 0 ||
        (page->page == base && memcmp(page->raw, t->bytes, ARMV7M_PAGE) == 0))
        return;
    page->page = base;
    memcpy(page->raw, t->bytes, ARMV7M_PAGE);
    memset(page->insns, 0, sizeof page->insns);
}

/* A fetch that the cache cannot serve: of an instruction not decoded yet, one that crosses into the next page, or one that may not be
 * executed.  `in` becomes the instruction. */
static enum armv7m_stop_kind
fetch(struct armv7m_memory *mem, uint32_t pc, unsigned slot, struct armv7m_insn *in)
{
    uint16_t half[2] = { 0 };
    unsigned offset = pc % ARMV7M_PAGE;

    for (unsigned i = 0; i < armv7m_size(half[0]) / 2; i++) {
        const uint8_t *p = armv7m_at(mem, pc + 2 * i, ARMV7M_FETCH);

        if (p == NULL)
            return armv7m_fault(mem, pc + 2 * i, ARMV7M_FETCH);
        memcpy(&half[i], p, sizeof half[i]);
    }
    *in = armv7m_decode(half[0], half[1]);
    if (offset + in->size <= ARMV7M_PAGE) {
        in->granules = (uint8_t)(1u << offset / ARMV7M_GRANULE |
                                 1u << (offset + in->size - 1) / ARMV7M_GRANULE);
        mem->code[slot].insns[offset / 2] = *in;
    }
    return ARMV7M_BUDGET;
}

/* A fetch with EPSR.T = 0: that nothing can be executed comes after that it can be fetched. */
static enum armv7m_stop_kind
fetch_arm(struct armv7m_memory *mem, uint32_t pc)
{
    return armv7m_at(mem, pc, ARMV7M_FETCH) == NULL ? armv7m_fault(mem, pc, ARMV7M_FETCH)
                                                    : ARMV7M_INVSTATE;
}

/* ITAdvance(). */
static inline uint8_t
it_advance(uint8_t it)
{
    return (it & 7) == 0 ? 0 : (uint8_t)((it & 0xe0) | (it << 1 & 0x1f));
}

/* An instruction in an IT block. */
static enum armv7m_stop_kind
run_in_it(struct armv7m *cpu, struct armv7m_memory *mem, const struct armv7m_insn *in)
{
    bool last = (cpu->it & 15) == 8;
    enum armv7m_stop_kind kind = ARMV7M_BUDGET;

    if (in->flags & INSN_IT_NEVER)
        return ARMV7M_UNPREDICTABLE;
    if (in->flags & INSN_ALWAYS || armv7m_condition(cpu, cpu->it >> 4)) {
        if (in->flags & INSN_IT_LAST && !last)
            return ARMV7M_UNPREDICTABLE;
        kind = armv7m_ops[in->op].run(cpu, mem, in);
    }
    if (kind <= ARMV7M_WFI)
        cpu->it = it_advance(cpu->it);
    return kind;
}

struct armv7m_stop
armv7m_run(struct armv7m *cpu, struct armv7m_memory *mem, uint64_t budget)
{
    enum armv7m_stop_kind kind = ARMV7M_BUDGET;
    uint64_t left = budget;

    mem->stop = (struct armv7m_stop){ 0 };
    cpu->r[SP] &= ~UINT32_C(3);
    cpu->r[PC] &= ~UINT32_C(1);
    for (unsigned i = 0; i < ARMV7M_CODE_PAGES; i++)
        mem->live[i] = DEAD;
    while (left > 0 && kind == ARMV7M_BUDGET) {
        uint32_t pc = cpu->r[PC];
        unsigned slot = pc / ARMV7M_PAGE % ARMV7M_CODE_PAGES;
        const struct armv7m_insn *in = &mem->code[slot].insns[pc % ARMV7M_PAGE / 2];
        struct armv7m_insn decoded;

        left--;
        if (armv7m_unlikely(mem->live[slot] != (pc & ~(uint32_t)(ARMV7M_PAGE - 1))))
            load_page(mem, pc, slot);
        if (armv7m_unlikely(!cpu->thumb || in->op == OP_UNDECODED ||
                            (in->granules & ~mem->exec[slot]) != 0)) {
            kind = cpu->thumb ? fetch(mem, pc, slot, &decoded) : fetch_arm(mem, pc);
            if (kind != ARMV7M_BUDGET)
                break;
            in = &decoded;
        }
        cpu->r[PC] = pc + in->size;
        if (armv7m_unlikely(cpu->it != 0))
            kind = run_in_it(cpu, mem, in);
        else
            kind = armv7m_ops[in->op].run(cpu, mem, in);
        if (kind > ARMV7M_WFI)
            cpu->r[PC] = pc;
    }
    cpu->executed += budget - left;
    mem->stop.kind = kind;
    return mem->stop;
}
