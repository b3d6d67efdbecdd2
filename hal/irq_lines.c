/* Lines and their handlers, in one table for all lines: there are few, and most have one. */
#include <hal/irq.h>
#include <hal/irq_lines.h>

enum { ATTACH_MAX = 4 * sizeof(void *) /* small machines have less */, EINVAL = 22, ENOMEM = 12 };

struct hal_irqs_off_cap hal_irqs_off;

static struct {
    unsigned count;
    unsigned attached;
    struct attach {
        unsigned line;
        void (*handler)(void *arg);
        void *arg;
    } attach[ATTACH_MAX];
    size_t taken[IRQ_LINES_MAX];
} lines;

void
irq_lines_init(unsigned count)
{
    lines.count = count < IRQ_LINES_MAX ? count : IRQ_LINES_MAX;
}

unsigned
irq_lines_count(void)
{
    return lines.count;
}

void
irq_lines_serve(unsigned line)
{
    if (line >= lines.count)
        return;
    lines.taken[line]++;
    for (unsigned i = 0; i < lines.attached; i++)
        if (lines.attach[i].line == line)
            lines.attach[i].handler(lines.attach[i].arg);
}

static void
enable(unsigned line, bool on)
{
    irqstate_t s = hal_irq_save();

    if (line < lines.count)
        irq_line_enable(line, on);
    hal_irq_restore(s);
}

int
hal_irq_attach(unsigned line, void (*handler)(void *arg), void *arg)
{
    irqstate_t s;

    if (line >= lines.count)
        return -EINVAL;
    if (lines.attached == ATTACH_MAX)
        return -ENOMEM;
    s = hal_irq_save();
    lines.attach[lines.attached++] = (struct attach){ line, handler, arg };
    irq_line_enable(line, true);
    hal_irq_restore(s);
    return 0;
}

void
hal_irq_detach(unsigned line, void (*handler)(void *arg), void *arg)
{
    irqstate_t s = hal_irq_save();
    unsigned kept = 0, on_line = 0;

    for (unsigned i = 0; i < lines.attached; i++) {
        struct attach *a = &lines.attach[i];

        if (a->line == line && a->handler == handler && a->arg == arg)
            continue;
        on_line += a->line == line;
        lines.attach[kept++] = *a;
    }
    lines.attached = kept;
    if (line < lines.count && on_line == 0)
        irq_line_enable(line, false);
    hal_irq_restore(s);
}

void
hal_irq_mask(unsigned line)
{
    enable(line, false);
}

void
hal_irq_unmask(unsigned line)
{
    enable(line, true);
}

uint64_t
hal_irq_count(unsigned line)
{
    return line < lines.count ? lines.taken[line] : 0;
}
