/* What the boot loader and the firmware say, copied out of their memory before that is used for anything else. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { BOOT_CMDLINE_MAX = 4096, ACPI_ISA_IRQS = 16 };

struct boot_data {
    char cmdline[BOOT_CMDLINE_MAX];
    bool cmdline_cut;
    uint64_t ram_start, ram_end; /* the largest range of free RAM that can be used */
    uint64_t ram_total;          /* what the memory map says in all */
    uint64_t rsdp;               /* physical address, or 0 */
};

/* `kind` is BOOT_PVH or BOOT_MULTIBOOT2, `info` the physical address that came with it; RAM below `first_free` is in use.  Physical
 * addresses must be mapped where they are.  False: nothing that can be understood. */
bool boot_data_read(struct boot_data *out, unsigned kind, uint64_t info, uint64_t first_free);

/* ACPI 6.4: the few things that a PC needs of it. */
struct acpi_data {
    bool madt;
    uint64_t lapic, ioapic; /* physical addresses; 0: not said */
    uint32_t ioapic_gsi_base;
    struct {
        uint32_t gsi;
        bool level, low;
    } isa[ACPI_ISA_IRQS];
    uint32_t pm1_cnt; /* port of PM1a_CNT; 0: none */
    uint32_t smi_cmd; /* port; with `acpi_enable` written to it the firmware hands the power management over */
    uint8_t acpi_enable;
    uint8_t s5_type; /* SLP_TYPa of \_S5 */
};

/* Always fills in what a PC without tables would have. */
void acpi_read(struct acpi_data *out, uint64_t rsdp);
