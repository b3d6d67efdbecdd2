/* Interrupts: BASEPRI is the kernel's switch, the NVIC has the lines. */
#include <hal/irq.h>

#include <hal/cortex_m/cortex_m.h>
#include <hal/power.h>

enum { ATTACH_MAX = 16, LINES_MAX = 64, EINVAL = 22, ENOMEM = 12 };

struct hal_irqs_off_cap hal_irqs_off;

static struct {
    unsigned lines;
    uint32_t taken; /* of all lines, and ticks */
    uint32_t count[LINES_MAX];
    struct attach {
        unsigned line;
        void (*handler)(void *arg);
        void *arg;
    } attach[ATTACH_MAX];
    unsigned attached;
} irq;

void
cm_irq_init(const struct board *board)
{
    struct io io = cm_board_io(board, "arm,armv7m-nvic");

    nvic_init(&io);
    irq.lines = nvic_lines() < LINES_MAX ? nvic_lines() : LINES_MAX;
}

static void
serve_line(unsigned line)
{
    if (line >= irq.lines)
        return;
    irq.count[line]++;
    for (unsigned i = 0; i < irq.attached; i++)
        if (irq.attach[i].line == line)
            irq.attach[i].handler(irq.attach[i].arg);
}

/* The vector of all lines and of SysTick.  If it came while a program ran, hal_user_run() is to return. */
void cm_irq_entry(void);

void
cm_irq_entry(void)
{
    uint32_t exception = cm_exception();

    irq.taken++;
    if (exception == EXC_SYSTICK)
        cm_tick();
    else
        serve_line(exception - EXC_IRQ0);
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
    uint32_t before = *(volatile uint32_t *)&irq.taken;

    do {
        __asm__ volatile("cpsid i" : : : "memory");
        cm_set_basepri(0);
        __asm__ volatile("dsb\n\twfi\n\tcpsie i\n\tisb" : : : "memory");
        cm_set_basepri(PRIORITY_IRQ);
    } while (*(volatile uint32_t *)&irq.taken == before);
}
TRUSTED_END

int
hal_irq_attach(unsigned line, void (*handler)(void *arg), void *arg)
{
    irqstate_t s;

    if (line >= irq.lines)
        return -EINVAL;
    if (irq.attached == ATTACH_MAX)
        return -ENOMEM;
    s = hal_irq_save();
    irq.attach[irq.attached++] = (struct attach){ line, handler, arg };
    nvic_enable(line, true);
    hal_irq_restore(s);
    return 0;
}

void
hal_irq_detach(unsigned line, void (*handler)(void *arg), void *arg)
{
    irqstate_t s = hal_irq_save();
    unsigned kept = 0, on_line = 0;

    for (unsigned i = 0; i < irq.attached; i++) {
        struct attach *a = &irq.attach[i];

        if (a->line == line && a->handler == handler && a->arg == arg)
            continue;
        on_line += a->line == line;
        irq.attach[kept++] = *a;
    }
    irq.attached = kept;
    if (on_line == 0)
        nvic_enable(line, false);
    hal_irq_restore(s);
}

void
hal_irq_mask(unsigned line)
{
    nvic_enable(line, false);
}

void
hal_irq_unmask(unsigned line)
{
    nvic_enable(line, true);
}

uint64_t
hal_irq_count(unsigned line)
{
    return line < irq.lines ? irq.count[line] : 0;
}
