/* Inside the Cortex-M HAL: the core's registers, its priorities, and what its files know of each other.
 *
 * Manual: ARMv7-M Architecture Reference Manual, DDI 0403E, chapters B1 to B3.
 *
 * Kernel threads run in Thread mode, privileged, on the process stack; handlers run on the main stack.  A program runs in Thread mode,
 * unprivileged.  Interrupts are off while BASEPRI holds back PRIORITY_IRQ; SVC and the faults are above that. */
#pragma once

#include <hal/board.h>
#include <hal/io.h>
#include <hal/user.h>

/* Priorities, as bytes: every part has at least the upper three bits. */
enum { PRIORITY_SVC = 0x00, PRIORITY_IRQ = 0x80, PRIORITY_PENDSV = 0xe0 };

enum {
    EXC_HARDFAULT = 3,
    EXC_MEMMANAGE,
    EXC_BUSFAULT,
    EXC_USAGEFAULT,
    EXC_SVCALL = 11,
    EXC_PENDSV = 14,
    EXC_SYSTICK,
    EXC_IRQ0
};

/* What an exception stacks (B1.5.6), lowest address first. */
struct cm_frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};

TRUSTED_BEGIN(entry)
static inline uint32_t
cm_basepri(void)
{
    uint32_t v;

    __asm__ volatile("mrs %0, basepri" : "=r"(v));
    return v;
}

static inline void
cm_set_basepri(uint32_t v)
{
    __asm__ volatile("msr basepri, %0" : : "r"(v) : "memory");
}

static inline uint32_t
cm_exception(void)
{
    uint32_t v;

    __asm__ volatile("mrs %0, ipsr" : "=r"(v));
    return v;
}

static inline uint32_t
cm_control(void)
{
    uint32_t v;

    __asm__ volatile("mrs %0, control" : "=r"(v));
    return v;
}
TRUSTED_END

/* nvic.c: the interrupt controller and the system handlers' priorities. */
void nvic_init(const struct io *io);
/* One past the highest line. */
unsigned nvic_lines(void);
void nvic_enable(unsigned line, bool on);
void nvic_pend_switch(void);
/* Fault status, which is cleared by reading it here; the addresses are valid as the status says. */
struct nvic_fault {
    uint32_t cfsr, hfsr, mmfar, bfar;
};
struct nvic_fault nvic_take_fault(void);
void nvic_reset(void);

/* systick.c: a counter of clock ticks since boot, and an interrupt `wait` ticks after `now` (what systick_now() says) or up to 0.3 s before that. */
void systick_init(const struct io *io);
uint64_t systick_now(void);
void systick_alarm(uint64_t now, uint32_t wait);

/* mpu.c: a process's box. */
enum { MPU_REGIONS = 8 };
struct mpu_region {
    uint32_t rbar, rasr;
};
void mpu_init(const struct io *io);
/* The one region that lets programs do `prot` (enum hal_prot) in [start, start + size) and nothing else.  False: there is none. */
bool mpu_encode(uint32_t start, uint32_t size, unsigned prot, struct mpu_region *out);
/* What it was made for. */
unsigned mpu_prot(const struct mpu_region *region);
/* Regions 0 .. n-1; the others are off. */
void mpu_load(const struct mpu_region *regions, unsigned n);

/* space.c */
void cm_space_activate(const struct hal_space *space);
/* Is [start, start + size) mapped, as one piece? */
bool cm_space_covers(const struct hal_space *space, uint32_t start, uint32_t size,
                     unsigned *prot_out);

/* irq.c, time.c, power.c: at boot; the handlers' C side. */
void cm_irq_init(const struct board *board);
void cm_irq(unsigned line);
void cm_time_init(const struct board *board);
void cm_tick(void);
void cm_log_init(const struct board *board);
void cm_print(const char *text);
void cm_print_hex(uint32_t v);
void cm_print_frame(const struct cm_frame *f);
void cm_panic_fault(unsigned exception, const struct cm_frame *f) noreturn_fn;
/* The board's nth entry with this compatible string. */
const struct board_dev *cm_board_find(const struct board *board, const char *compatible);
struct io cm_board_io(const struct board *board, const char *compatible);

/* user.c, entry.S */
extern struct cm_switch {
    uint32_t high[8]; /* r4 .. r11 of the program */
    uint32_t psp;     /* ... and its stack pointer, at the frame */
    uint32_t exception;
    uint32_t kernel_psp;
} cm_switch;
/* Run the program in cm_switch until an exception; back in cm_switch. */
void cm_user_enter(void);

/* The board's: clocks. */
void cm_board_init(const struct board *board);
/* The board's command line and initial files. */
extern const char cm_cmdline[];
