/* Random cases: encodings from the templates, registers and memory that make them do something. */
#include <string.h>

#include "generate.h"

enum { SP = 13, LR = 14, PC = 15 };

uint64_t
judge_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t
below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)((judge_random(state) >> 32) * bound >> 32);
}

static bool
one_in(uint64_t *state, uint32_t n)
{
    return below(state, n) == 0;
}

/* A value as it matters to arithmetic: often at the edge of something. */
static uint32_t
value(uint64_t *state)
{
    static const uint32_t edges[] = { 0,          1,          2,          0x7f,      0x80,
                                      0xff,       0x7fff,     0x8000,     0xffff,    0x10000,
                                      0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
    uint32_t r = (uint32_t)judge_random(state);

    switch (below(state, 8)) {
    case 0:
    case 1:
        return edges[below(state, sizeof edges / sizeof edges[0])];
    case 2:
        return r & 0xff;
    case 3:
        return r >> below(state, 32);
    case 4:
        return ~(r >> below(state, 32));
    case 5:
        return WINDOW + r % WINDOW_SIZE;
    default:
        return r;
    }
}

/* Where a load or a store may go. */
static uint32_t
target_address(uint64_t *state, bool stack)
{
    uint32_t r = (uint32_t)judge_random(state), addr;

    if (stack)
        return STACK + 128 + r % (STACK_SIZE - 256);
    switch (below(state, 8)) {
    case 0: /* at the edge of a granule */
        addr = WINDOW + (r % (WINDOW_SIZE / 32)) * 32 - 4 + below(state, 8);
        break;
    case 1: /* at the window's ends */
        addr = (one_in(state, 2) ? WINDOW : STACK + STACK_SIZE) - 8 + below(state, 16);
        break;
    default:
        addr = WINDOW + r % WINDOW_SIZE;
        break;
    }
    return one_in(state, 4) ? addr : addr & ~UINT32_C(3);
}

static uint32_t
encode(const char *pattern, uint64_t *state)
{
    uint32_t v = 0, r = (uint32_t)judge_random(state),
             m = below(state, 8) | (one_in(state, 4) ? 8 : 0);

    for (unsigned i = 0; pattern[i] != 0; i++) {
        uint32_t b = pattern[i] == '1';

        if (pattern[i] == 'x') {
            b = r & 1;
            r = r >> 1 | r << 31;
        }
        v = v << 1 | b;
        if (pattern[i] == '=') { /* a register that appears twice */
            v = (v >> 1) << 4 | m;
            i += 3;
        }
    }
    return v;
}

/* How the registers should be for this instruction to have something to work on. */
static void
steer(struct judge_case *c, const struct armv7m_insn *in, uint64_t *state)
{
    uint32_t addr = target_address(state, in->n == SP);

    if (in->op == OP_BX || in->op == OP_BLX || in->op == OP_MOV_PC) {
        if (in->m < SP && one_in(state, 2))
            c->r[in->m] =
                CODE + (below(state, CODE_SIZE) | (in->op != OP_MOV_PC && !one_in(state, 8)));
        return;
    }
    if (in->op == OP_SHIFT && !one_in(state, 4))
        c->r[in->m] = (c->r[in->m] & ~UINT32_C(0xff)) | below(state, 40);
    if ((in->op == OP_SDIV || in->op == OP_UDIV) && one_in(state, 4)) {
        c->r[in->m] = 0;
        c->ccr |= one_in(state, 2) ? ARMV7M_DIV_0_TRP : 0;
    }
    if (in->op < OP_TBB || in->op == OP_CLREX || in->n == PC)
        return;
    switch (in->op) {
    case OP_TBB:
    case OP_TBH:
    case OP_LDR_REG:
    case OP_LDRB_REG:
    case OP_LDRH_REG:
    case OP_LDRSB_REG:
    case OP_LDRSH_REG:
    case OP_STR_REG:
    case OP_STRB_REG:
    case OP_STRH_REG:
    case OP_LDR_PC:
        if (in->op == OP_LDR_PC && !(in->flags & INSN_REG)) {
            addr = (addr & ~UINT32_C(3)) - (in->flags & INSN_POST ? 0 : in->imm);
            break;
        }
        if (in->m < SP)
            c->r[in->m] = below(state, 128);
        addr -= c->r[in->m] << (in->op == OP_TBH ? 1 : in->amount);
        break;
    case OP_LDM:
    case OP_STM:
        addr += in->cond != 0 ? 4 * (uint32_t)__builtin_popcount(in->imm) : 0;
        break;
    case OP_IT:
    case OP_SVC:
    case OP_BKPT:
    case OP_WFI:
    case OP_MRS:
    case OP_MSR:
        return;
    default:
        addr -= in->flags & INSN_POST ? 0 : in->imm;
        break;
    }
    if (in->n != SP)
        c->r[in->n] = addr;
    else if ((addr & 3) == 0 && addr >= STACK + 96 && addr <= STACK + STACK_SIZE - 32)
        c->r[SP] = addr;
}

static unsigned
append(struct judge_case *c, unsigned at, uint32_t insn, bool wide)
{
    if (wide)
        c->code[at++] = (uint16_t)(insn >> 16);
    c->code[at++] = (uint16_t)insn;
    return at;
}

/* Appends an encoding of the template, with the registers to match. */
static unsigned
append_template(struct judge_case *c, unsigned at, unsigned template, uint64_t *state)
{
    const char *pattern = judge_templates[template].bits;
    bool wide = strlen(pattern) == 32;
    uint32_t v = encode(pattern, state);
    struct armv7m_insn in = armv7m_decode((uint16_t)(wide ? v >> 16 : v), (uint16_t)v);

    for (unsigned i = 0; i < 20 && in.op == OP_UNPREDICTABLE; i++) {
        v = encode(pattern, state);
        in = armv7m_decode((uint16_t)(wide ? v >> 16 : v), (uint16_t)v);
    }
    steer(c, &in, state);
    return append(c, at, v, wide);
}

static unsigned
any_template(uint64_t *state)
{
    return below(state, judge_template_count());
}

/* MPU regions of the case's own: anywhere in the window, any permissions; not executable and writable at once, and executable only in
 * the code's slot. */
static void
own_regions(struct judge_case *c, uint64_t *state)
{
    for (unsigned i = 0; i < OWN_REGIONS; i++) {
        uint32_t size = 4 + below(state, 6), ap = below(state, 8), xn = below(state, 2),
                 srd = below(state, 256);
        uint32_t mask = (UINT32_C(2) << size) - 1,
                 base = (WINDOW + below(state, WINDOW_SIZE)) & ~mask;
        bool code = base < CODE + CODE_SIZE && base + mask >= CODE;

        if (ap == 4 || (code && ap == 3))
            ap = 6;
        if (base < CODE || base + mask >= CODE + CODE_SIZE)
            xn = 1;
        if (size < 7)
            srd = 0;
        c->rbar[i] = base;
        c->rasr[i] = xn << 28 | ap << 24 | srd << 8 | size << 1 | 1;
        if (i > 0 && one_in(state, 2))
            c->rbar[i] = c->rasr[i] = 0;
    }
}

void
judge_generate(struct judge_case *c, unsigned template, uint64_t *state)
{
    unsigned at = 0, more = one_in(state, 4) ? below(state, 3) : 0;
    uint32_t it = 0;

    memset(c, 0, sizeof *c);
    c->seed = (uint32_t)judge_random(state);
    c->start = 2 * below(state, (CODE_SIZE - 2 * CODE_HALFWORDS) / 2 + 1);
    c->apsr = (uint32_t)judge_random(state) & 0xf8000000;
    for (unsigned i = 0; i < 15; i++)
        c->r[i] = value(state);
    c->r[SP] = STACK + 128 + 4 * below(state, 64);
    if (one_in(state, 8))
        c->ccr = below(state, 4) << 3;
    if (one_in(state, 6))
        own_regions(c, state);
    if (one_in(state, 3)) {
        it = 0xbf00 | below(state, 15) << 4 | (1 + below(state, 15));
        if ((it & 0xf0) == 0xe0)
            it = 0xbfe0 | 1 << below(state, 4);
        at = append(c, at, it, false);
        more = below(state, 4);
    }
    for (unsigned i = 0; i <= more && at + 3 < CODE_HALFWORDS; i++)
        at = append_template(c, at, i == 0 ? template : any_template(state), state);
    /* What may have moved the stack pointer anywhere, behind a look at it: mov r12, sp; mov sp, r11. */
    if (at + 2 < CODE_HALFWORDS && one_in(state, 8)) {
        c->r[11] = STACK + 128 + 4 * below(state, 64);
        at = append(c, at, 0x46ec, false);
        at = append(c, at, 0x46dd, false);
    }
    while (at < CODE_HALFWORDS)
        c->code[at++] = FILLER;
}
