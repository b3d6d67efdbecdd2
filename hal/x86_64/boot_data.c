/* The boot protocols' records: Xen's hvm_start_info (xen/include/public/arch-x86/hvm/start_info.h, versions 0 and 1) and the boot
 * information of Multiboot2 (specification 2.0, section 3.6). */
#include <hal/x86_64/boot.h>
#include <hal/x86_64/layout.h>

enum {
    PAGE = 4096,
    RAM = 1, /* memory map: usable; both protocols took the numbers of the BIOS */
    MAP_MAX = 512,
    TAGS_MAX = 256,

    HVM_CMDLINE = 24, /* offsets in hvm_start_info */
    HVM_RSDP = 32,
    HVM_MAP = 40,
    HVM_MAP_COUNT = 48,
    HVM_MAP_ENTRY = 24,

    TAG_END = 0,
    TAG_CMDLINE = 1,
    TAG_MMAP = 6,
    TAG_RSDP_OLD = 14,
    TAG_RSDP_NEW = 15,
};
#define HVM_MAGIC 0x336ec578u

static uint32_t
get32(uint64_t pa)
{
    return *(const uint32_t *)pa;
}

static uint64_t
get64(uint64_t pa)
{
    return *(const uint64_t *)pa;
}

static void
copy_cmdline(struct boot_data *out, uint64_t pa)
{
    const char *from = (const char *)pa;
    unsigned n = 0;

    while (pa != 0 && n < BOOT_CMDLINE_MAX - 1 && from[n] != '\0') {
        out->cmdline[n] = from[n];
        n++;
    }
    out->cmdline[n] = '\0';
    out->cmdline_cut = pa != 0 && from[n] != '\0';
}

/* Keep the largest range; whole pages, above what is in use, below the registers. */
static void
add_range(struct boot_data *out, uint64_t base, uint64_t size, uint64_t first_free)
{
    uint64_t start = base, end = base + size;

    if (end < start)
        return;
    out->ram_total += size;
    if (start < first_free)
        start = first_free;
    if (end > MMIO_FIRST)
        end = MMIO_FIRST;
    start = (start + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    end &= ~(uint64_t)(PAGE - 1);
    if (start < end && end - start > out->ram_end - out->ram_start) {
        out->ram_start = start;
        out->ram_end = end;
    }
}

static bool
read_pvh(struct boot_data *out, uint64_t info, uint64_t first_free)
{
    if (get32(info) != HVM_MAGIC || get32(info + 4) < 1) /* version 0 has no memory map */
        return false;
    copy_cmdline(out, get64(info + HVM_CMDLINE));
    out->rsdp = get64(info + HVM_RSDP);

    uint64_t map = get64(info + HVM_MAP);
    uint32_t count = get32(info + HVM_MAP_COUNT);

    for (uint32_t i = 0; i < count && i < MAP_MAX; i++, map += HVM_MAP_ENTRY)
        if (get32(map + 16) == RAM)
            add_range(out, get64(map), get64(map + 8), first_free);
    return true;
}

static bool
read_multiboot2(struct boot_data *out, uint64_t info, uint64_t first_free)
{
    uint64_t tag = info + 8, end = info + get32(info);

    for (unsigned n = 0; n < TAGS_MAX && tag + 8 <= end && get32(tag) != TAG_END; n++) {
        uint32_t size = get32(tag + 4);

        switch (get32(tag)) {
        case TAG_CMDLINE:
            copy_cmdline(out, tag + 8);
            break;
        case TAG_MMAP:
            for (uint64_t e = tag + 16; e + 24 <= tag + size && get32(tag + 8) >= 24;
                 e += get32(tag + 8))
                if (get32(e + 16) == RAM)
                    add_range(out, get64(e), get64(e + 8), first_free);
            break;
        case TAG_RSDP_OLD:
            if (out->rsdp == 0)
                out->rsdp = tag + 8;
            break;
        case TAG_RSDP_NEW:
            out->rsdp = tag + 8;
            break;
        default:
            break;
        }
        tag += (size + 7) & ~7u;
        if (size < 8)
            return false;
    }
    return true;
}

bool
boot_data_read(struct boot_data *out, unsigned kind, uint64_t info, uint64_t first_free)
{
    if (info == 0)
        return false;
    return (kind == BOOT_PVH ? read_pvh(out, info, first_free)
                             : read_multiboot2(out, info, first_free)) &&
           out->ram_end > out->ram_start;
}
