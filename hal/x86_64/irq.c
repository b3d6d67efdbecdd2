/* Interrupts of the PC: lines at the I/O APIC, delivered to the local APIC; the 8259s are programmed and masked.
 *
 * Lines 0..15 are ISA's, wherever the firmware says that they are connected; higher numbers are the I/O APIC's inputs. */
#include <hal/irq.h>
#include <hal/irq_lines.h>
#include <hal/pc/apic.h>
#include <hal/pc/pc.h>
#include <hal/power.h>
#include <hal/x86_64/boot.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/trace.h>
#include <hal/x86_64/x86.h>

enum {
    VECTOR_LINE0 = 0x40, /* above the 8259s' */
    VECTOR_TIMER = 0xe0,
    VECTOR_ERROR = 0xfe,
    VECTOR_SPURIOUS = 0xff,
};

static struct {
    struct line {
        unsigned pin;
        bool level, low;
    } line[IRQ_LINES_MAX];
    uint64_t spurious;
} irq;

static struct io
mmio(const struct board *board, const char *compatible, uint64_t said)
{
    const struct board_dev *dev = x86_board_find(board, compatible);
    struct io io = { .size = 0x1000, .space = IO_MMIO };

    if (dev == NULL && said == 0)
        hal_panic("the board has no APIC");
    io.base = said != 0 ? said : dev->base;
    return io;
}

static void
lines_init(const struct acpi_data *acpi)
{
    for (unsigned i = 0; i < irq_lines_count(); i++) {
        struct line *l = &irq.line[i];

        *l = (struct line){ .pin = i, .level = true, .low = true }; /* PCI's */
        if (i < ACPI_ISA_IRQS)
            *l = (struct line){ .pin = acpi->isa[i].gsi - acpi->ioapic_gsi_base,
                                .level = acpi->isa[i].level,
                                .low = acpi->isa[i].low };
    }
}

void
x86_irq_init(const struct board *board, const struct acpi_data *acpi)
{
    uint64_t base = x86_cpuid(1, 0).d & CPUID_APIC ? x86_rdmsr(MSR_APIC_BASE) : 0;
    const struct board_dev *pic = x86_board_find(board, "intel,i8259");
    struct io lapic = mmio(board, "intel,lapic", acpi->lapic);
    struct io ioapic = mmio(board, "intel,ioapic", acpi->ioapic);

    if (base == 0 || (base & APIC_BASE_X2APIC))
        hal_panic("the processor has no local APIC in xAPIC mode");
    x86_wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    if (pic != NULL) {
        struct io master = { .base = pic->base, .size = 2, .space = IO_PORT };
        struct io slave = { .base = pic->base + 0x80, .size = 2, .space = IO_PORT };

        pic_8259_init(&master, &slave);
    }
    lapic_init(&lapic, VECTOR_SPURIOUS, VECTOR_ERROR, VECTOR_TIMER);
    irq_lines_init(ioapic_init(&ioapic));
    lines_init(acpi);
}

void
irq_line_enable(unsigned line, bool on)
{
    const struct line *l = &irq.line[line];
    const struct ioapic_route route = { .vector = (uint8_t)(VECTOR_LINE0 + line),
                                        .dest = lapic_id(),
                                        .level = l->level,
                                        .low = l->low,
                                        .masked = !on };

    ioapic_set(l->pin, &route);
}

static void
serve_line(unsigned line)
{
    x86_trace_irq(irq.line[line].pin);
    irq_lines_serve(line);
    lapic_eoi();
}

void
x86_irq(unsigned vector)
{
    if (vector == VECTOR_TIMER) {
        x86_trace_timer();
        lapic_eoi(); /* first: the handler sets the next deadline */
        x86_timer_interrupt();
    } else if (vector >= VECTOR_LINE0 && vector < VECTOR_LINE0 + irq_lines_count()) {
        serve_line(vector - VECTOR_LINE0);
    } else {
        irq.spurious++; /* the local APIC's, or the masked 8259s': nothing is in service */
        if (vector == VECTOR_ERROR)
            lapic_eoi();
        return;
    }
    x86_this_cpu()->irqs++;
}

irqstate_t
hal_irq_save(void) no_tsa
{
    uint64_t flags = x86_flags();

    x86_cli();
    return (flags & RFLAGS_IF) != 0;
}

void
hal_irq_restore(irqstate_t state) no_tsa
{
    if (state != 0)
        x86_sti();
    else
        x86_cli();
}

bool
hal_irq_enabled(void)
{
    return (x86_flags() & RFLAGS_IF) != 0;
}

void
hal_irq_wait(void) no_tsa
{
    uint64_t before = x86_this_cpu()->irqs;

    do
        x86_sti_hlt_cli();
    while (x86_this_cpu()->irqs == before);
}
