/* x86-64 page tables in RAM: see x86_64.h.  Manual: Intel SDM volume 3, 4.5 (4-level paging).
 *
 * Not here: large pages, protection keys, five levels.
 */
#include <hal/pt/x86_64.h>

#include <hal/space.h>
#include <hal/upcall.h>

enum { LEVELS = 4, INDEX_BITS = 9, ENTRIES = 1 << INDEX_BITS };

/* Bits 9..11 are ignored by the CPU: the protection asked for. */
enum { SOFT_PROT_SHIFT = 9 };
#define SOFT_PROT (7ull << SOFT_PROT_SHIFT)

#define PT_ENOMEM 12

/* Pages that one entry of a table of `level` (1: page table) covers. */
static size_t
entry_pages(unsigned level)
{
    return (size_t)1 << (INDEX_BITS * (level - 1));
}

static unsigned
entry_index(uaddr_t va, unsigned level)
{
    return (unsigned)(va.v >> (PAGE_SHIFT + INDEX_BITS * (level - 1))) & (ENTRIES - 1);
}

/* A page table, as the CPU walks it. */
struct table {
    uint64_t e[ENTRIES];
};

TRUSTED_BEGIN(mmio)
static struct table *
table_at(paddr_t pa)
{
    return hal_phys_ptr(pa);
}
TRUSTED_END

static uint64_t
entry_make(paddr_t pa, unsigned prot)
{
    uint64_t e =
        pa.v | PT_X86_PRESENT | PT_X86_USER | PT_X86_ACCESSED | ((uint64_t)prot << SOFT_PROT_SHIFT);

    if (prot & HAL_PROT_WRITE)
        e |= PT_X86_WRITE | PT_X86_DIRTY;
    if (!(prot & HAL_PROT_EXEC))
        e |= PT_X86_NX;
    return e;
}

static unsigned
entry_prot(uint64_t e)
{
    return (unsigned)((e & SOFT_PROT) >> SOFT_PROT_SHIFT);
}

/* The table of `level` that holds `va`'s entry.  NULL: none; *missing_out is then the level of the entry that is not present. */
static struct table *
walk(paddr_t root, uaddr_t va, unsigned level, unsigned *missing_out)
{
    struct table *table = table_at(root);

    for (unsigned l = LEVELS; l > level; l--) {
        uint64_t e = table->e[entry_index(va, l)];

        if (!(e & PT_X86_PRESENT)) {
            *missing_out = l;
            return NULL;
        }
        table = table_at(paddr(e & PT_X86_ADDR));
    }
    return table;
}

/* Pages from `va` to the end of the entry of `level` that holds it, at most `npages`. */
static size_t
pages_in_entry(uaddr_t va, unsigned level, size_t npages)
{
    size_t span = entry_pages(level);
    size_t left = span - ((va.v >> PAGE_SHIFT) & (span - 1));

    return left < npages ? left : npages;
}

static uaddr_t
advance(uaddr_t va, size_t npages)
{
    return uaddr(va.v + npages * PAGE_SIZE);
}

int
pt_x86_create(paddr_t *root_out)
{
    void *page = kernel_table_page_alloc();

    if (page == NULL)
        return -PT_ENOMEM;
    *root_out = hal_ptr_phys(page);
    return 0;
}

/* Free the tables below `table`, which is of `level`; the depth is bounded by LEVELS. */
static void
free_below(struct table *table, unsigned level)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (!(table->e[i] & PT_X86_PRESENT))
            continue;
        struct table *sub = table_at(paddr(table->e[i] & PT_X86_ADDR));

        if (level > 2)
            free_below(sub, level - 1);
        kernel_table_page_free(sub);
        table->e[i] = 0;
    }
}

void
pt_x86_destroy(paddr_t root)
{
    struct table *top = table_at(root);

    free_below(top, LEVELS);
    kernel_table_page_free(top);
}

int
pt_x86_reserve(paddr_t root, uaddr_t va, size_t npages)
{
    while (npages > 0) {
        struct table *table = table_at(root);

        for (unsigned l = LEVELS; l > 1; l--) {
            uint64_t *e = &table->e[entry_index(va, l)];

            if (!(*e & PT_X86_PRESENT)) {
                void *page = kernel_table_page_alloc();

                if (page == NULL)
                    return -PT_ENOMEM;
                *e = hal_ptr_phys(page).v | PT_X86_PRESENT | PT_X86_WRITE | PT_X86_USER |
                     PT_X86_ACCESSED;
            }
            table = table_at(paddr(*e & PT_X86_ADDR));
        }
        size_t n = pages_in_entry(va, 2, npages);

        va = advance(va, n);
        npages -= n;
    }
    return 0;
}

void
pt_x86_map(paddr_t root, uaddr_t va, paddr_t pa, size_t npages, unsigned prot)
{
    while (npages > 0) {
        unsigned missing = 0;
        struct table *table = walk(root, va, 1, &missing);
        size_t n = pages_in_entry(va, 2, npages);
        unsigned first = entry_index(va, 1);

        for (size_t i = 0; table != NULL && i < n; i++)
            table->e[first + i] = entry_make(paddr(pa.v + i * PAGE_SIZE), prot);
        va = advance(va, n);
        pa.v += n * PAGE_SIZE;
        npages -= n;
    }
}

static bool
table_empty(const struct table *table)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (table->e[i] != 0)
            return false;
    }
    return true;
}

/* Free the tables on the way to `va` that hold nothing any more, from the lowest up; the top one stays. */
static void
prune(paddr_t root, uaddr_t va)
{
    for (unsigned level = 1; level < LEVELS; level++) {
        unsigned missing = 0;
        struct table *table = walk(root, va, level, &missing);
        struct table *parent = walk(root, va, level + 1, &missing);

        if (table == NULL || parent == NULL || !table_empty(table))
            return;
        parent->e[entry_index(va, level + 1)] = 0;
        kernel_table_page_free(table);
    }
}

void
pt_x86_unmap(paddr_t root, uaddr_t va, size_t npages)
{
    while (npages > 0) {
        unsigned missing = 2;
        struct table *table = walk(root, va, 1, &missing);
        size_t n = pages_in_entry(va, table != NULL ? 2 : missing, npages);

        if (table != NULL) {
            unsigned first = entry_index(va, 1);

            for (size_t i = 0; i < n; i++)
                table->e[first + i] = 0;
            prune(root, va);
        }
        va = advance(va, n);
        npages -= n;
    }
}

void
pt_x86_protect(paddr_t root, uaddr_t va, size_t npages, unsigned prot)
{
    while (npages > 0) {
        unsigned missing = 2;
        struct table *table = walk(root, va, 1, &missing);
        size_t n = pages_in_entry(va, table != NULL ? 2 : missing, npages);
        unsigned first = entry_index(va, 1);

        for (size_t i = 0; table != NULL && i < n; i++) {
            if (table->e[first + i] & PT_X86_PRESENT)
                table->e[first + i] = entry_make(paddr(table->e[first + i] & PT_X86_ADDR), prot);
        }
        va = advance(va, n);
        npages -= n;
    }
}

/* True if `e` continues a run whose next page would be `pa` (mapped) or nothing (not mapped). */
static bool
entry_continues(uint64_t e, bool mapped, uint64_t pa, unsigned prot)
{
    if (!(e & PT_X86_PRESENT))
        return !mapped;
    return mapped && (e & PT_X86_ADDR) == pa && entry_prot(e) == prot;
}

struct pt_run
pt_x86_run(paddr_t root, uaddr_t va, size_t npages)
{
    struct pt_run run = { 0 };

    while (run.npages < npages) {
        uaddr_t at = advance(va, run.npages);
        unsigned missing = 2;
        struct table *table = walk(root, at, 1, &missing);
        size_t n = pages_in_entry(at, table != NULL ? 2 : missing, npages - run.npages);

        if (table == NULL) {
            if (run.mapped)
                return run;
            run.npages += n;
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            uint64_t e = table->e[entry_index(at, 1) + i];

            if (run.npages == 0 && (e & PT_X86_PRESENT)) {
                run.mapped = true;
                run.pa = paddr(e & PT_X86_ADDR);
                run.prot = entry_prot(e);
            } else if (!entry_continues(e, run.mapped, run.pa.v + run.npages * PAGE_SIZE, run.prot)) {
                return run;
            }
            run.npages++;
        }
    }
    return run;
}
