/* ACPI tables (ACPI 6.4, chapter 5): MADT for the interrupt controllers, FADT and \_S5 for switching off.  No interpreter: \_S5 is
 * looked for as bytes, which works with every firmware that writes it as a package of constants, as all do.
 *
 * Left out: several I/O APICs, x2APIC entries, the extended addresses of the FADT where they lie outside of port space. */
#include <hal/x86_64/boot.h>

enum {
    HEADER = 36,
    TABLES_MAX = 128,
    TABLE_SIZE_MAX = 16 << 20,

    MADT_ENTRIES = 44,
    MADT_IOAPIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LAPIC_64 = 5,

    FADT_DSDT = 40,
    FADT_SMI_CMD = 48,
    FADT_ACPI_ENABLE = 52,
    FADT_PM1A_CNT = 64,
    FADT_MIN = 68,

    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_BYTE = 0x0a,
    AML_NAME = 0x08,
    AML_PACKAGE = 0x12,
};
#define SIGNATURE(a, b, c, d)                                                                      \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define REACH 0x100000000ull /* what is mapped */

static uint8_t
get8(uint64_t pa)
{
    return *(const uint8_t *)pa;
}

static uint32_t
get32(uint64_t pa)
{
    return (uint32_t)get8(pa) | (uint32_t)get8(pa + 1) << 8 | (uint32_t)get8(pa + 2) << 16 |
           (uint32_t)get8(pa + 3) << 24;
}

static uint64_t
get64(uint64_t pa)
{
    return get32(pa) | (uint64_t)get32(pa + 4) << 32;
}

/* The length of the table at `pa`, 0 if it is none. */
static uint32_t
table_length(uint64_t pa)
{
    uint32_t len;
    uint8_t sum = 0;

    if (pa == 0 || pa >= REACH - HEADER)
        return 0;
    len = get32(pa + 4);
    if (len < HEADER || len > TABLE_SIZE_MAX || len > REACH - pa)
        return 0;
    for (uint32_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + get8(pa + i));
    return sum == 0 ? len : 0;
}

static void
read_override(struct acpi_data *out, uint64_t at)
{
    unsigned irq = get8(at + 3);
    unsigned polarity = get8(at + 8) & 3, trigger = get8(at + 8) >> 2 & 3;

    if (irq >= ACPI_ISA_IRQS)
        return;
    out->isa[irq].gsi = get32(at + 4);
    out->isa[irq].low = polarity == 3;
    out->isa[irq].level = trigger == 3;
}

static void
read_madt(struct acpi_data *out, uint64_t madt, uint32_t len)
{
    out->madt = true;
    out->lapic = get32(madt + HEADER);
    for (uint32_t i = 0; i < ACPI_ISA_IRQS; i++) /* a MADT that says nothing means identity */
        out->isa[i].gsi = i;
    for (uint32_t off = MADT_ENTRIES; off + 2 <= len;) {
        uint64_t at = madt + off;
        uint8_t size = get8(at + 1);

        if (size < 2 || size > len - off)
            break;
        if (get8(at) == MADT_IOAPIC && size >= 12 && out->ioapic == 0) {
            out->ioapic = get32(at + 4);
            out->ioapic_gsi_base = get32(at + 8);
        } else if (get8(at) == MADT_OVERRIDE && size >= 10) {
            read_override(out, at);
        } else if (get8(at) == MADT_LAPIC_64 && size >= 12) {
            out->lapic = get64(at + 4);
        }
        off += size;
    }
}

/* Name (\_S5, Package (n) { SLP_TYPa, ... }) */
static void
read_s5(struct acpi_data *out, uint64_t dsdt, uint32_t len)
{
    for (uint32_t i = HEADER; i + 12 <= len; i++) {
        uint64_t at = dsdt + i;

        if (get32(at) != SIGNATURE('_', 'S', '5', '_') || get8(at + 4) != AML_PACKAGE)
            continue;

        uint64_t value = at + 5 + (get8(at + 5) >> 6) + 2; /* past the length and the count */

        if (get8(value) == AML_BYTE)
            out->s5_type = get8(value + 1) & 7;
        else if (get8(value) == AML_ZERO || get8(value) == AML_ONE)
            out->s5_type = get8(value);
        return;
    }
}

static void
read_fadt(struct acpi_data *out, uint64_t fadt, uint32_t len)
{
    if (len < FADT_MIN)
        return;
    out->pm1_cnt = get32(fadt + FADT_PM1A_CNT);
    out->smi_cmd = get32(fadt + FADT_SMI_CMD);
    out->acpi_enable = get8(fadt + FADT_ACPI_ENABLE);

    uint64_t dsdt = get32(fadt + FADT_DSDT);

    read_s5(out, dsdt, table_length(dsdt));
}

void
acpi_read(struct acpi_data *out, uint64_t rsdp)
{
    for (uint32_t i = 0; i < ACPI_ISA_IRQS; i++)
        out->isa[i].gsi = i == 0 ? 2 : i; /* as every PC has been wired */
    if (rsdp == 0 || rsdp >= REACH - HEADER ||
        get64(rsdp) != (SIGNATURE('R', 'S', 'D', ' ') | (uint64_t)SIGNATURE('P', 'T', 'R', ' ') << 32))
        return;

    bool wide = get8(rsdp + 15) >= 2 && get64(rsdp + 24) != 0;
    uint64_t root = wide ? get64(rsdp + 24) : get32(rsdp + 16);
    unsigned entry = wide ? 8 : 4;
    uint32_t len = table_length(root);

    for (uint32_t n = 0; n < TABLES_MAX && HEADER + (n + 1) * entry <= len; n++) {
        uint64_t at = root + HEADER + (uint64_t)n * entry;
        uint64_t table = wide ? get64(at) : get32(at);
        uint32_t size = table_length(table);

        if (size != 0 && get32(table) == SIGNATURE('A', 'P', 'I', 'C') && size >= MADT_ENTRIES)
            read_madt(out, table, size);
        if (size != 0 && get32(table) == SIGNATURE('F', 'A', 'C', 'P'))
            read_fadt(out, table, size);
    }
}
