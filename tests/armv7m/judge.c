/* The judge: the interpreter against QEMU, case by case.
 *
 *     judge generate SEED COUNT FILE    cases into FILE
 *     judge check CASES RESULTS         what target.c made of them in QEMU, against the interpreter
 *
 * `check` prints the first differences and, in the last line, how many cases were compared. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/armv7m/ops.h>

#include "generate.h"

enum { BUDGET = 64, SHOWN = 20, RARE = 1 };
enum { EXC_HARDFAULT = 3, EXC_MEMMANAGE, EXC_BUSFAULT, EXC_USAGEFAULT, EXC_SVCALL = 11 };

#define XPSR_ALIGNED UINT32_C(0x200)

static struct armv7m_memory machine;
static uint32_t memory[MEMORY_WORDS];

/* The memory and the registers as target.c sets them up. */
static void
set_up(struct armv7m *cpu, const struct judge_case *c)
{
    struct armv7m_mpu mpu = {
        .ctrl = 5, .region = { { WINDOW, RASR_WINDOW }, { STACK, RASR_STACK }, { CODE, RASR_CODE } }
    };
    uint32_t *frame = memory + (c->r[SP] - WINDOW) / 4 - 8;

    for (unsigned i = 0; i < OWN_REGIONS; i++)
        mpu.region[OWN_FIRST + i] = (struct armv7m_mpu_region){ c->rbar[i], c->rasr[i] };
    armv7m_memory_set_mpu(&machine, &mpu);
    memset(cpu, 0, sizeof *cpu);
    for (unsigned i = 0; i < 15; i++)
        cpu->r[i] = c->r[i];
    cpu->r[PC] = CODE + c->start;
    cpu->apsr = c->apsr;
    cpu->ccr = c->ccr;
    cpu->thumb = 1;
    judge_fill(memory, c);
    memcpy(frame, c->r, 16);
    frame[4] = c->r[12];
    frame[5] = c->r[LR];
    frame[6] = cpu->r[PC];
    frame[7] = armv7m_xpsr(cpu);
}

/* What the exception would stack; false if there is no room for it. */
static bool
stack_frame(const struct armv7m *cpu)
{
    uint32_t sp = cpu->r[SP], xpsr = armv7m_xpsr(cpu);
    uint32_t *frame;

    if (sp < STACK + 64 || sp > STACK + STACK_SIZE)
        return false;
    if (sp & 4)
        xpsr |= XPSR_ALIGNED;
    frame = memory + ((sp & ~UINT32_C(7)) - WINDOW) / 4 - 8;
    memcpy(frame, cpu->r, 16);
    frame[4] = cpu->r[12];
    frame[5] = cpu->r[LR];
    frame[6] = cpu->r[PC];
    frame[7] = xpsr;
    return true;
}

static void
fault_status(const struct armv7m_stop *stop, struct judge_result *r)
{
    static const uint32_t usage[] = { [ARMV7M_UNDEFINED] = 1 << 16,
                                      [ARMV7M_NOCP] = 1 << 19,
                                      [ARMV7M_INVSTATE] = 1 << 17,
                                      [ARMV7M_UNALIGNED] = 1 << 24,
                                      [ARMV7M_DIVBYZERO] = 1 << 25 };

    switch (stop->kind) {
    case ARMV7M_SVC:
        r->exception = EXC_SVCALL;
        break;
    case ARMV7M_BKPT:
        r->exception = EXC_HARDFAULT;
        break;
    case ARMV7M_MEMFAULT:
        r->exception = EXC_MEMMANAGE;
        r->cfsr = stop->access == ARMV7M_FETCH ? 1 : 0x82;
        r->mmfar = stop->access == ARMV7M_FETCH ? 0 : stop->addr;
        break;
    case ARMV7M_BUSFAULT:
        r->exception = EXC_BUSFAULT;
        r->cfsr = stop->access == ARMV7M_FETCH ? 0x100 : 0x8200;
        r->bfar = stop->access == ARMV7M_FETCH ? 0 : stop->addr;
        break;
    default:
        r->exception = EXC_USAGEFAULT;
        r->cfsr = usage[stop->kind];
        break;
    }
}

static uint16_t
halfword(uint32_t addr)
{
    uint16_t h;

    memcpy(&h, (const uint8_t *)memory + (addr - WINDOW), sizeof h);
    return h;
}

/* The instruction at an address; OP_UNDECODED outside the code's slot. */
static struct armv7m_insn
insn_at(uint32_t addr)
{
    if (addr < CODE || addr > CODE + CODE_SIZE - 4)
        return (struct armv7m_insn){ 0 };
    return armv7m_decode(halfword(addr), halfword(addr + 2));
}

/* What QEMU 7.2 executes on a Cortex-M3 though it is UNDEFINED there: of the DSP extension SMLAD and its like, UXTAB and its like, SSAT16,
 * USAT16 (DDI 0403E, A7.7: "Encoding T1 ARMv7E-M"; A5.1.1: what is not listed for the architecture is UNDEFINED), and of other profiles
 * LDREXD, STREXD and SETEND (not in A7.7 at all). */
static bool
only_qemu_knows(const struct armv7m_stop *stop, uint32_t pc)
{
    unsigned first;

    if (stop->kind != ARMV7M_UNDEFINED || insn_at(pc).op != OP_UNDEFINED)
        return false;
    first = halfword(pc) & 0xfff0;
    if (first == 0xe8c0 || first == 0xe8d0)
        return (halfword(pc + 2) & 0xf0) == 0x70;
    if (first >= 0xfa00 && first < 0xfa60)
        return (halfword(pc + 2) & 0xf080) == 0xf080;
    return (first > 0xfb00 && first < 0xfb80) || (first >= 0xfbc0 && first < 0xfc00) ||
           first == 0xf320 || first == 0xf3a0 || first == 0xb650;
}

/* QEMU 7.2 asks the MPU where a block of instructions begins, not where execution runs on into the next region, nor for the second
 * halfword of an instruction that lies in two.  B3.5.1: the MPU checks each access, and fetches are accesses. */
static bool
only_qemu_runs_on(const struct armv7m_stop *stop, uint32_t pc)
{
    return stop->kind == ARMV7M_MEMFAULT && stop->access == ARMV7M_FETCH &&
           stop->addr % ARMV7M_GRANULE == 0 && pc > CODE && pc < CODE + CODE_SIZE;
}

/* QEMU 7.2 takes a division for something that cannot fault: what the instructions before it in the same block wrote, and those behind it
 * write again, is lost.  B1.5.6: a fault's registers are those before the instruction. */
static bool
only_qemu_forgets(const struct armv7m_stop *stop, const struct armv7m *cpu)
{
    return stop->kind == ARMV7M_DIVBYZERO && cpu->executed > 1;
}

/* Exclusive accesses of different sizes in one case: UNPREDICTABLE (DDI 0403E, A3.4.5). */
static bool
mixes_exclusives(const struct judge_case *c)
{
    unsigned sizes = 0;

    for (unsigned at = 0; at < CODE_HALFWORDS;) {
        struct armv7m_insn in =
            armv7m_decode(c->code[at], at + 1 < CODE_HALFWORDS ? c->code[at + 1] : 0);

        if (in.op >= OP_LDREX && in.op <= OP_STREXH)
            sizes |= 1u << (in.op - OP_LDREX) % 3;
        at += in.size / 2;
    }
    return (sizes & (sizes - 1)) != 0;
}

/* Runs a case; false if it is none for the judge: unpredictable, without end, with a stack that holds no frame, or with a BusFault, which
 * this board of QEMU's does not have (it ignores failed transactions). */
static bool
run(const struct judge_case *c, struct judge_result *r, struct armv7m_stop *stop)
{
    struct armv7m cpu;

    if (mixes_exclusives(c))
        return false;
    set_up(&cpu, c);
    *stop = armv7m_run(&cpu, &machine, BUDGET);
    if (stop->kind == ARMV7M_BUDGET || stop->kind == ARMV7M_WFI ||
        stop->kind == ARMV7M_UNPREDICTABLE || stop->kind == ARMV7M_BUSFAULT ||
        only_qemu_knows(stop, cpu.r[PC]) || only_qemu_runs_on(stop, cpu.r[PC]) ||
        only_qemu_forgets(stop, &cpu) || !stack_frame(&cpu))
        return false;
    memset(r, 0, sizeof *r);
    memcpy(r->r, cpu.r, sizeof r->r);
    r->xpsr = armv7m_xpsr(&cpu);
    fault_status(stop, r);
    r->digest = judge_digest(memory);
    return true;
}

static void
machine_init(void)
{
    armv7m_memory_init(&machine);
    if (!armv7m_memory_add(&machine, WINDOW, sizeof memory, (uint8_t *)memory, true))
        exit(2);
}

static FILE *
open_or_exit(const char *path, const char *mode)
{
    FILE *f = fopen(path, mode);

    if (f == NULL) {
        fprintf(stderr, "judge: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    return f;
}

/* Each template in turn.  One that gives nothing usable for long is a mistake in the table. */
static int
generate(uint64_t seed, unsigned long count, const char *path)
{
    FILE *f = open_or_exit(path, "wb");
    uint64_t state = seed;
    unsigned long rejected = 0;

    for (unsigned long i = 0; i < count; i++) {
        unsigned template = (unsigned)(i % judge_template_count()), tries = 0;
        struct judge_case c;
        struct judge_result r;
        struct armv7m_stop stop;

        do {
            judge_generate(&c, template, &state);
            if (++tries > 10000) {
                fprintf(stderr, "judge: no case of %s\n", judge_templates[template].name);
                return 2;
            }
        } while (!run(&c, &r, &stop));
        rejected += tries - 1;
        fwrite(&c, sizeof c, 1, f);
    }
    printf("%lu cases, %lu rejected\n", count, rejected);
    return fclose(f) == 0 ? 0 : 2;
}

static void
show(const char *what, uint32_t ours, uint32_t theirs)
{
    if (ours != theirs)
        printf("    %-9s interpreter %08x, QEMU %08x\n", what, ours, theirs);
}

static void
show_difference(unsigned long number, const struct judge_case *c, const struct judge_result *ours,
                const struct judge_result *theirs)
{
    static const char *const names[] = { "r0", "r1", "r2",  "r3",  "r4",  "r5", "r6", "r7",
                                         "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc" };

    printf("case %lu (%s): at %08x, apsr %08x, ccr %x:", number,
           judge_templates[number % judge_template_count()].name, CODE + c->start, c->apsr, c->ccr);
    for (unsigned i = 0; i < CODE_HALFWORDS; i++)
        printf(" %04x", c->code[i]);
    printf("\n   ");
    for (unsigned i = 0; i < 15; i++)
        printf(" %s=%08x", names[i], c->r[i]);
    for (unsigned i = 0; i < OWN_REGIONS; i++)
        printf(" region %08x %08x", c->rbar[i], c->rasr[i]);
    printf("\n");
    for (unsigned i = 0; i < 16; i++)
        show(names[i], ours->r[i], theirs->r[i]);
    show("xpsr", ours->xpsr, theirs->xpsr);
    show("exception", ours->exception, theirs->exception);
    show("cfsr", ours->cfsr, theirs->cfsr);
    show("mmfar", ours->mmfar, theirs->mmfar);
    show("bfar", ours->bfar, theirs->bfar);
    show("memory", ours->digest, theirs->digest);
}

/* Where QEMU 7.2 is known not to do what the manual says, or to do the other of two things it allows. */
enum excuse {
    EXCUSE_NONE,
    /* It calls a halfword-aligned PC with EPSR.T = 0 UNALIGNED, before it calls it INVSTATE.  B1.5.14: INVSTATE; UNALIGNED is for
     * unaligned memory accesses of data. */
    EXCUSE_INVSTATE,
    /* It asks the MPU once for an unaligned access.  B2.3.5, MemU[]: such an access is made of single bytes, each checked. */
    EXCUSE_UNALIGNED,
    /* It loads registers up to the one that faults, with LDRD even the base.  A7.7.41, B1.5.6: on a fault the registers in the list, the
     * base excepted, are UNKNOWN. */
    EXCUSE_MULTIPLE,
    EXCUSES
};

static const char *const excuse_names[EXCUSES] = { "", "INVSTATE at a halfword",
                                                   "unaligned access across regions",
                                                   "LDM that faults" };

/* In the registers that the instruction loads, and so in the frame. */
static bool
only_destination_differs(const struct armv7m_insn *in, const struct judge_result *ours,
                         const struct judge_result *theirs)
{
    struct judge_result r = *theirs;
    uint32_t list = in->op == OP_LDM ? in->imm : 1u << in->d;

    list |= in->op == OP_LDRD ? 1u << in->a : 0;

    for (unsigned i = 0; i < 15; i++) {
        if ((list >> i & 1) != 0 && (i != in->n || in->op == OP_LDRD))
            r.r[i] = ours->r[i];
    }
    r.digest = ours->digest;
    return memcmp(&r, ours, sizeof r) == 0;
}

static enum excuse
excuse(const struct armv7m_stop *stop, const struct judge_result *ours,
       const struct judge_result *theirs)
{
    struct armv7m_insn in = insn_at(ours->r[PC]);

    if (stop->kind == ARMV7M_INVSTATE)
        return (ours->r[PC] & 2) != 0 && theirs->cfsr == 1 << 24 ? EXCUSE_INVSTATE : EXCUSE_NONE;
    if (stop->kind != ARMV7M_MEMFAULT || stop->access == ARMV7M_FETCH)
        return EXCUSE_NONE;
    if (in.op == OP_LDM || in.op == OP_LDRD)
        return only_destination_differs(&in, ours, theirs) ? EXCUSE_MULTIPLE : EXCUSE_NONE;
    return stop->addr % ARMV7M_GRANULE == 0 && theirs->mmfar != stop->addr ? EXCUSE_UNALIGNED
                                                                           : EXCUSE_NONE;
}

struct tally {
    unsigned long compared, different, excused[EXCUSES];
    unsigned long ops[OP_COUNT], stops[ARMV7M_BUSFAULT + 1];
};

static void
check_case(struct tally *tally, unsigned long number, const struct judge_case *c,
           struct judge_result *theirs)
{
    struct judge_result ours;
    struct armv7m_stop stop;
    enum excuse known;
    bool it = (c->code[0] & 0xff00) == 0xbf00 && (c->code[0] & 15) != 0;

    if (!run(c, &ours, &stop)) {
        printf("case %lu: was usable when it was generated\n", number);
        tally->different++;
        return;
    }
    theirs->xpsr &= ~XPSR_ALIGNED;
    tally->compared++;
    tally->stops[stop.kind]++;
    tally->ops[armv7m_decode(c->code[it], c->code[it + 1]).op]++;
    tally->ops[OP_IT] += it;
    if (memcmp(&ours, theirs, sizeof ours) == 0)
        return;
    known = excuse(&stop, &ours, theirs);
    if (known != EXCUSE_NONE)
        tally->excused[known]++;
    else if (++tally->different <= SHOWN)
        show_difference(number, c, &ours, theirs);
}

/* Every operation and every way to stop must have been seen. */
static unsigned
missing(const struct tally *tally)
{
    unsigned n = 0;

    for (unsigned op = OP_UNDEFINED; op < OP_COUNT; op++) {
        if (op != OP_UNPREDICTABLE && op != OP_WFI && tally->ops[op] < RARE) {
            printf("hardly seen: %s\n", armv7m_ops[op].name);
            n++;
        }
    }
    for (unsigned i = ARMV7M_SVC; i < ARMV7M_BUSFAULT; i++) {
        if (i != ARMV7M_WFI && i != ARMV7M_UNPREDICTABLE && tally->stops[i] < RARE) {
            printf("hardly seen: stop %u\n", i);
            n++;
        }
    }
    return n;
}

static int
check(const char *cases, const char *results)
{
    FILE *f = open_or_exit(cases, "rb"), *g = open_or_exit(results, "rb");
    static struct tally tally;
    struct judge_case c;
    struct judge_result theirs;
    unsigned long number = 0;

    for (; fread(&c, sizeof c, 1, f) == 1; number++) {
        if (fread(&theirs, sizeof theirs, 1, g) != 1) {
            printf("no result of case %lu\n", number);
            return 1;
        }
        check_case(&tally, number, &c, &theirs);
    }
    fclose(f);
    fclose(g);
    number = missing(&tally);
    for (unsigned i = EXCUSE_NONE + 1; i < EXCUSES; i++)
        printf("known difference, %s: %lu\n", excuse_names[i], tally.excused[i]);
    printf("%lu compared, %lu different\n", tally.compared, tally.different);
    return tally.different == 0 && number == 0 && tally.compared > 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
    machine_init();
    if (argc == 5 && strcmp(argv[1], "generate") == 0)
        return generate(strtoull(argv[2], NULL, 0), strtoul(argv[3], NULL, 0), argv[4]);
    if (argc == 4 && strcmp(argv[1], "check") == 0)
        return check(argv[2], argv[3]);
    fprintf(stderr, "usage: judge generate SEED COUNT FILE | judge check CASES RESULTS\n");
    return 2;
}
