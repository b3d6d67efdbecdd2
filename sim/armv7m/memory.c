/* Memory of the interpreter: the MPU (DDI 0403E, B3.5), and the cache of its verdicts by page.
 *
 * A region that the manual calls UNPREDICTABLE grants nothing and hides nothing: smaller than 32 bytes, or not aligned to its size. */
#include "memory.h"

enum { SIZE_MIN = 4, SUBREGION_SIZE_MIN = 7, NO_PAGE = 1 };

#define MPU_ENABLE  UINT32_C(1)
#define RASR_ENABLE UINT32_C(1)
#define RASR_XN     (UINT32_C(1) << 28)
#define PPB_BASE    UINT32_C(0xe0000000)
#define PPB_END     UINT32_C(0xe00fffff)

void
armv7m_memory_init(struct armv7m_memory *mem)
{
    memset(mem, 0, sizeof *mem);
    for (unsigned i = 0; i < ARMV7M_TLB; i++)
        mem->tlb[i].page = NO_PAGE;
    for (unsigned i = 0; i < ARMV7M_CODE_PAGES; i++)
        mem->code[i].page = mem->live[i] = NO_PAGE;
}

bool
armv7m_memory_add(struct armv7m_memory *mem, uint32_t base, uint32_t size, uint8_t *bytes,
                  bool writable)
{
    uint32_t last = base + (size - 1);

    if (mem->count == ARMV7M_MEMORIES || size == 0 || last < base || (base | size) % ARMV7M_PAGE != 0)
        return false;
    for (unsigned i = 0; i < mem->count; i++) {
        const struct armv7m_bytes *b = &mem->bytes[i];

        if (base <= b->base + (b->size - 1) && b->base <= last)
            return false;
    }
    mem->bytes[mem->count++] = (struct armv7m_bytes){ base, size, bytes, writable };
    for (unsigned i = 0; i < ARMV7M_TLB; i++)
        mem->tlb[i].page = NO_PAGE;
    return true;
}

void
armv7m_memory_set_mpu(struct armv7m_memory *mem, const struct armv7m_mpu *mpu)
{
    mem->mpu = *mpu;
    for (unsigned i = 0; i < ARMV7M_TLB; i++)
        mem->tlb[i].page = NO_PAGE;
}

/* The default memory map (B3.1): what may be executed. */
static bool
default_allows(uint32_t addr, enum armv7m_access access)
{
    if (access != ARMV7M_FETCH)
        return true;
    return addr < 0x40000000 || (addr >= 0x60000000 && addr < 0xa0000000);
}

static bool
region_holds(const struct armv7m_mpu_region *region, uint32_t addr)
{
    unsigned size = region->rasr >> 1 & 31, srd = region->rasr >> 8 & 0xff;
    uint32_t last, base = region->rbar & ~UINT32_C(31);

    if ((region->rasr & RASR_ENABLE) == 0 || size < SIZE_MIN)
        return false;
    last = (UINT32_C(2) << size) - 1;
    if ((base & last) != 0 || (addr & ~last) != base)
        return false;
    return size < SUBREGION_SIZE_MIN || (srd >> ((addr & last) >> (size - 2)) & 1) == 0;
}

/* Access permissions without privilege (table B3-15), and XN. */
static bool
region_allows(const struct armv7m_mpu_region *region, enum armv7m_access access)
{
    static const bool readable[8] = { [2] = true, [3] = true, [6] = true, [7] = true };
    unsigned ap = region->rasr >> 24 & 7;

    if (access == ARMV7M_WRITE)
        return ap == 3;
    return readable[ap] && !(access == ARMV7M_FETCH && region->rasr & RASR_XN);
}

bool
armv7m_mpu_allows(const struct armv7m_mpu *mpu, uint32_t addr, enum armv7m_access access)
{
    bool ppb = addr >= PPB_BASE && addr <= PPB_END;

    /* The system space is never executed, the private peripheral bus not the MPU's business. */
    if (access == ARMV7M_FETCH && addr >= PPB_BASE)
        return false;
    if ((mpu->ctrl & MPU_ENABLE) == 0 || ppb)
        return default_allows(addr, access);
    for (unsigned i = ARMV7M_MPU_REGIONS; i-- > 0;) {
        if (region_holds(&mpu->region[i], addr))
            return region_allows(&mpu->region[i], access);
    }
    return false;
}

static const struct armv7m_bytes *
bytes_at(const struct armv7m_memory *mem, uint32_t addr)
{
    for (unsigned i = 0; i < mem->count; i++) {
        if (addr - mem->bytes[i].base < mem->bytes[i].size)
            return &mem->bytes[i];
    }
    return NULL;
}

void
armv7m_tlb_fill(const struct armv7m_memory *mem, struct armv7m_tlb_entry *entry, uint32_t addr)
{
    const struct armv7m_bytes *b = bytes_at(mem, addr);

    memset(entry, 0, sizeof *entry);
    entry->page = addr & ~(uint32_t)(ARMV7M_PAGE - 1);
    if (b == NULL)
        return;
    entry->bytes = b->bytes + (entry->page - b->base);
    for (unsigned g = 0; g < ARMV7M_PAGE / ARMV7M_GRANULE; g++) {
        for (unsigned access = ARMV7M_READ; access <= ARMV7M_FETCH; access++) {
            bool may = armv7m_mpu_allows(&mem->mpu, entry->page + g * ARMV7M_GRANULE,
                                         (enum armv7m_access)access);

            if (may && (access != ARMV7M_WRITE || b->writable))
                entry->rights[access] |= (uint8_t)(1u << g);
        }
    }
}

enum armv7m_stop_kind
armv7m_fault(struct armv7m_memory *mem, uint32_t addr, enum armv7m_access access)
{
    mem->stop.addr = addr;
    mem->stop.access = access;
    return armv7m_mpu_allows(&mem->mpu, addr, access) ? ARMV7M_BUSFAULT : ARMV7M_MEMFAULT;
}

enum armv7m_stop_kind
armv7m_load_bytes(struct armv7m_memory *mem, uint32_t addr, unsigned size, uint32_t *value)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < size; i++) {
        const uint8_t *p = armv7m_at(mem, addr + i, ARMV7M_READ);

        if (p == NULL)
            return armv7m_fault(mem, addr + i, ARMV7M_READ);
        v |= (uint32_t)*p << 8 * i;
    }
    *value = v;
    return ARMV7M_BUDGET;
}

/* The bytes before the one that faults are written. */
enum armv7m_stop_kind
armv7m_store_bytes(struct armv7m_memory *mem, uint32_t addr, unsigned size, uint32_t value)
{
    for (unsigned i = 0; i < size; i++) {
        uint8_t *p = armv7m_at(mem, addr + i, ARMV7M_WRITE);

        if (p == NULL)
            return armv7m_fault(mem, addr + i, ARMV7M_WRITE);
        *p = (uint8_t)(value >> 8 * i);
        armv7m_written(mem, addr + i);
    }
    return ARMV7M_BUDGET;
}
