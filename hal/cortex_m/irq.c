/* Interrupts: BASEPRI is the kernel's switch, the NVIC has the lines. */
#include <hal/irq.h>

#include <hal/cortex_m/cortex_m.h>
#include <hal/irq_lines.h>

static uint32_t taken; /* of all lines, and ticks */

void
cm_irq_init(const struct board *board)
{
    struct io io = cm_board_io(board, "arm,armv7m-nvic");

    nvic_init(&io);
    irq_lines_init(nvic_lines());
}

void
irq_line_enable(unsigned line, bool on)
{
    nvic_enable(line, on);
}

/* The vector of all lines and of SysTick.  If it came while a program ran, hal_user_run() is to return. */
void cm_irq_entry(void);

void
cm_irq_entry(void)
{
    uint32_t exception = cm_exception();

    taken++;
    if (exception == EXC_SYSTICK)
        cm_tick();
    else
        irq_lines_serve(exception - EXC_IRQ0);
    if ((cm_control() & 1) != 0)
        nvic_pend_switch();
}

irqstate_t
hal_irq_save(void) no_tsa
{
    uint32_t was = cm_basepri();

    cm_set_basepri(PRIORITY_IRQ);
    return was == 0;
}

void
hal_irq_restore(irqstate_t state) no_tsa
{
    cm_set_basepri(state != 0 ? 0 : PRIORITY_IRQ);
}

bool
hal_irq_enabled(void)
{
    return cm_basepri() == 0 && cm_exception() == 0;
}

/* WFI wakes for what PRIMASK holds back, but not for what BASEPRI does (DDI 0403E, B1.5.19). */
TRUSTED_BEGIN(entry)
void
hal_irq_wait(void) no_tsa
{
    uint32_t before = *(volatile uint32_t *)&taken;

    do {
        __asm__ volatile("cpsid i" : : : "memory");
        cm_set_basepri(0);
        __asm__ volatile("dsb\n\twfi\n\tcpsie i\n\tisb" : : : "memory");
        cm_set_basepri(PRIORITY_IRQ);
    } while (*(volatile uint32_t *)&taken == before);
}
TRUSTED_END
