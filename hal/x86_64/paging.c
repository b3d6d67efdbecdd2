/* The kernel's half of the address space (layout.h) and physical memory as the kernel sees it.
 *
 * The direct map is made of large pages; one that holds a kernel stack's guard page is split on demand.  All entries of the top-level
 * table are made at boot, so that user spaces can copy them once.  Manual: SDM volume 3, 4.5. */
#include <hal/x86_64/paging.h>

#include <hal/cpu.h>
#include <hal/layout.h>
#include <hal/power.h>
#include <hal/pt/x86_64.h>
#include <hal/space.h>
#include <hal/upcall.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/layout.h>
#include <hal/x86_64/x86.h>

enum { ENTRIES = 512, INDEX_BITS = 9, TOP = 4, KERNEL_FIRST = 256 };
#define LARGE_SIZE 0x200000ull

#define PTE_WRITE_THROUGH 0x008ull
#define PTE_CACHE_DISABLE 0x010ull
#define PTE_LARGE         0x080ull
#define PTE_GLOBAL        0x100ull
#define PTE_GUARD         0x200ull /* ignored by the CPU: a page of RAM that is not present on purpose */

#define KERNEL_RW                                                                                  \
    (PT_X86_PRESENT | PT_X86_WRITE | PT_X86_ACCESSED | PT_X86_DIRTY | PTE_GLOBAL | PT_X86_NX)
#define KERNEL_RO (PT_X86_PRESENT | PT_X86_ACCESSED | PTE_GLOBAL | PT_X86_NX)
#define KERNEL_RX (PT_X86_PRESENT | PT_X86_ACCESSED | PTE_GLOBAL)
#define KERNEL_IO (KERNEL_RW | PTE_WRITE_THROUGH | PTE_CACHE_DISABLE)

/* Link script and entry.S. */
extern uint8_t image_start[], text_end[], rodata_end[], stacks_start[], image_end[];
extern uint8_t boot_guard[], ist_df_guard[], ist_nmi_guard[], ist_mc_guard[];

static uint64_t kernel_pml4[ENTRIES] __attribute__((aligned(4096)));
static uint64_t ram_start, ram_end;
static uint64_t free_end; /* boot: pages are taken from here down */
static bool booted;       /* the direct map is in use */

static uint64_t
image_pa(const void *p)
{
    return (uintptr_t)p - KERNEL_VMA;
}

static uint64_t *
table_ptr(uint64_t entry)
{
    uint64_t pa = entry & PT_X86_ADDR;

    return (uint64_t *)(booted ? DIRECT_VMA + pa : pa);
}

static unsigned
index_of(uintptr_t va, unsigned level)
{
    return (unsigned)(va >> (PAGE_SHIFT + INDEX_BITS * (level - 1))) & (ENTRIES - 1);
}

/* The entry of `level` for `va`; missing tables are made (boot only). */
static uint64_t *
make_entry(uintptr_t va, unsigned level)
{
    uint64_t *table = kernel_pml4;

    for (unsigned l = TOP; l > level; l--) {
        uint64_t *e = &table[index_of(va, l)];

        if (!(*e & PT_X86_PRESENT)) {
            free_end -= PAGE_SIZE;
            __builtin_memset(table_ptr(free_end), 0, PAGE_SIZE);
            *e = free_end | PT_X86_PRESENT | PT_X86_WRITE | PT_X86_ACCESSED;
        }
        table = table_ptr(*e);
    }
    return &table[index_of(va, level)];
}

static void
map(uintptr_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
    while (size > 0) {
        bool large = va % LARGE_SIZE == 0 && pa % LARGE_SIZE == 0 && size >= LARGE_SIZE;
        uint64_t step = large ? LARGE_SIZE : PAGE_SIZE;

        *make_entry(va, large ? 2 : 1) = pa | flags | (large ? PTE_LARGE : 0);
        va += step;
        pa += step;
        size -= step;
    }
}

static void
map_image(const uint8_t *from, const uint8_t *to, uint64_t flags)
{
    map((uintptr_t)from, image_pa(from), (uint64_t)(to - from), flags);
}

uint64_t
x86_paging_init(uint64_t start, uint64_t end)
{
    uint8_t *const guards[] = { boot_guard, ist_df_guard, ist_nmi_guard, ist_mc_guard };

    ram_start = start;
    ram_end = end;
    free_end = end;
    map_image(image_start, text_end, KERNEL_RX);
    map_image(text_end, rodata_end, KERNEL_RO);
    map_image(rodata_end, image_end, KERNEL_RW);
    for (unsigned i = 0; i < sizeof guards / sizeof guards[0]; i++)
        *make_entry((uintptr_t)guards[i], 1) = PTE_GUARD;
    map(DIRECT_VMA + start, start, end - start, KERNEL_RW);
    map(MMIO_VMA + MMIO_FIRST, MMIO_FIRST, 0x100000000ull - MMIO_FIRST, KERNEL_IO);
    x86_write_cr4(x86_read_cr4() | CR4_PGE);
    x86_write_cr3(image_pa(kernel_pml4));
    x86_this_cpu()->root = image_pa(kernel_pml4);
    booted = true;
    return free_end;
}

paddr_t
x86_kernel_root(void)
{
    return paddr(image_pa(kernel_pml4));
}

void
x86_kernel_half(uint64_t *pml4)
{
    __builtin_memcpy(pml4 + KERNEL_FIRST, kernel_pml4 + KERNEL_FIRST,
                     (ENTRIES - KERNEL_FIRST) * sizeof *pml4);
}

/* The entry that maps `va`, of whatever level; NULL: none.  The kernel's half only. */
static uint64_t *
find_entry(uintptr_t va, unsigned *level_out)
{
    uint64_t *table = kernel_pml4;

    if (va < DIRECT_VMA)
        return NULL;
    for (unsigned l = TOP;; l--) {
        uint64_t *e = &table[index_of(va, l)];

        *level_out = l;
        if (l == 1 || (*e & (PT_X86_PRESENT | PTE_LARGE)) != PT_X86_PRESENT)
            return e;
        table = table_ptr(*e);
    }
}

bool
x86_kernel_readable(uintptr_t va)
{
    unsigned level;
    uint64_t *e = va % 8 == 0 ? find_entry(va, &level) : NULL;

    return e != NULL && (*e & PT_X86_PRESENT) && !(*e & PTE_CACHE_DISABLE);
}

bool
x86_is_guard(uintptr_t va)
{
    unsigned level;
    uint64_t *e = find_entry(va, &level);

    return e != NULL && !(*e & PT_X86_PRESENT) && (*e & PTE_GUARD);
}

/* Replace a large page by a table of small ones that say the same.  False: no memory. */
static bool
split(uint64_t *e)
{
    uint64_t *table = kernel_table_page_alloc();

    if (table == NULL)
        return false;
    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = (*e & ~PTE_LARGE) + (uint64_t)i * PAGE_SIZE;
    *e = hal_ptr_phys(table).v | PT_X86_PRESENT | PT_X86_WRITE | PT_X86_ACCESSED;
    return true;
}

void
hal_guard_page(void *page, bool guard)
{
    uintptr_t va = (uintptr_t)page;
    unsigned level = 0;
    uint64_t *e = find_entry(va, &level);

    if (e == NULL || va % PAGE_SIZE != 0)
        hal_panic("a guard page outside of RAM");
    if (level == 2) {
        if (!guard || !split(e)) /* without memory for the table there is no guard */
            return;
        x86_invlpg(va);
        e = find_entry(va, &level);
    }
    *e = guard ? (*e & PT_X86_ADDR) | PTE_GUARD : (*e & PT_X86_ADDR) | KERNEL_RW;
    x86_invlpg(va);
}

void *
hal_phys_ptr(paddr_t pa)
{
    if (pa.v < ram_start || pa.v >= ram_end)
        hal_panic("a physical address outside of RAM");
    return (void *)(DIRECT_VMA + pa.v);
}

paddr_t
hal_ptr_phys(const void *p)
{
    uint64_t pa = (uintptr_t)p - DIRECT_VMA;

    if (pa < ram_start || pa >= ram_end)
        hal_panic("a pointer outside of RAM");
    return paddr(pa);
}

bool
x86_is_ram(paddr_t pa, uint64_t len)
{
    return pa.v >= ram_start && pa.v < ram_end && len <= ram_end - pa.v;
}

bool
hal_layout(unsigned n, struct hal_extent *out)
{
    const struct hal_extent extents[] = {
        { "user space", hal_user_min().v, hal_user_max().v },
        { "RAM: stacks, heap, pages, tables of user space", DIRECT_VMA + ram_start,
          DIRECT_VMA + free_end },
        { "RAM: the kernel's own page tables", DIRECT_VMA + free_end, DIRECT_VMA + ram_end },
        { "device registers", MMIO_VMA + MMIO_FIRST, MMIO_VMA + 0x100000000ull },
        { "kernel: code", (uintptr_t)image_start, (uintptr_t)text_end },
        { "kernel: constants, symbols", (uintptr_t)text_end, (uintptr_t)rodata_end },
        { "kernel: globals", (uintptr_t)rodata_end, (uintptr_t)stacks_start },
        { "kernel: stacks of boot and of exceptions", (uintptr_t)stacks_start, (uintptr_t)image_end },
    };

    if (n >= sizeof extents / sizeof extents[0])
        return false;
    *out = extents[n];
    return true;
}
