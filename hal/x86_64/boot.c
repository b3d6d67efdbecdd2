/* From the boot stub to kernel_main(). */
#include <hal/x86_64/boot.h>

#include <hal/power.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/paging.h>
#include <hal/x86_64/trace.h>
#include <hal/x86_64/user_fp.h>

void x86_boot(unsigned kind, uint64_t info) noreturn_fn;

extern uint8_t image_end[], boot_end[];

static struct boot_data data;
static struct acpi_data acpi;

const struct board_dev *
x86_board_find(const struct board *board, const char *compatible)
{
    for (const struct board_dev *d = board->devs; d->compatible != NULL; d++) {
        size_t i = 0;

        while (d->compatible[i] == compatible[i] && compatible[i] != '\0')
            i++;
        if (d->compatible[i] == compatible[i])
            return d;
    }
    return NULL;
}

/* On the boot stack, physical addresses mapped where they are, everything writable. */
void
x86_boot(unsigned kind, uint64_t info)
{
    const struct board *board = &board_pc;
    uint64_t ram_end;

    x86_segments_init();
    x86_idt_init();
    x86_log_init(board);
    /* The stub's page tables stay in use until x86_paging_init() is done; then they are RAM like any other. */
    if (!boot_data_read(&data, kind, info, (uintptr_t)image_end - KERNEL_VMA))
        hal_panic("the boot loader gave no memory map");
    acpi_read(&acpi, data.rsdp);
    x86_features_init();
    ram_end = x86_paging_init(data.ram_start, data.ram_end);
    x86_fp_setup();
    x86_power_init(board, &acpi);
    x86_irq_init(board, &acpi);
    x86_time_init(board);
    if (data.cmdline_cut)
        x86_print("drydock: the command line is too long: the end is lost\n");

    const struct boot_info boot = {
        .board = board,
        .ram_base = paddr(data.ram_start),
        .ram_size = ram_end - data.ram_start,
        .cmdline = data.cmdline,
    };
    kernel_main(&boot);
}
