/* Loads, stores and fetches of the interpreter: through the MPU, at its real granularity. */
#pragma once

#include <string.h>

#include <sim/armv7m/armv7m.h>

#define armv7m_unlikely(x) __builtin_expect(!!(x), 0)

/* Fills the entry for an address. */
void armv7m_tlb_fill(const struct armv7m_memory *mem, struct armv7m_tlb_entry *entry, uint32_t addr);
/* Notes in mem->stop why an access to this byte is not possible. */
enum armv7m_stop_kind armv7m_fault(struct armv7m_memory *mem, uint32_t addr,
                                   enum armv7m_access access);
/* As armv7m_load() and armv7m_store(), byte by byte: where the address is not aligned (MemU[], B2.3.5). */
enum armv7m_stop_kind armv7m_load_bytes(struct armv7m_memory *mem, uint32_t addr, unsigned size,
                                        uint32_t *value);
enum armv7m_stop_kind armv7m_store_bytes(struct armv7m_memory *mem, uint32_t addr, unsigned size,
                                         uint32_t value);

/* Where the byte at this address is for such an access, or a null pointer. */
static inline uint8_t *
armv7m_at(struct armv7m_memory *mem, uint32_t addr, enum armv7m_access access)
{
    struct armv7m_tlb_entry *t = &mem->tlb[addr / ARMV7M_PAGE % ARMV7M_TLB];

    if (armv7m_unlikely(t->page != (addr & ~(uint32_t)(ARMV7M_PAGE - 1))))
        armv7m_tlb_fill(mem, t, addr);
    if (armv7m_unlikely((t->rights[access] >> (addr / ARMV7M_GRANULE % 8) & 1) == 0))
        return NULL;
    return t->bytes + addr % ARMV7M_PAGE;
}

/* The page's decoded instructions are to be looked at again: it is being written. */
static inline void
armv7m_written(struct armv7m_memory *mem, uint32_t addr)
{
    uint32_t *live = &mem->live[addr / ARMV7M_PAGE % ARMV7M_CODE_PAGES];

    if (armv7m_unlikely(*live == (addr & ~(uint32_t)(ARMV7M_PAGE - 1))))
        *live = 1;
}

/* Of 1, 2 or 4 bytes, zero-extended.  Not ARMV7M_BUDGET: why it is not possible; nothing was changed. */
static inline enum armv7m_stop_kind
armv7m_load(struct armv7m_memory *mem, uint32_t addr, unsigned size, uint32_t *value)
{
    const uint8_t *p;

    if (armv7m_unlikely((addr & (size - 1)) != 0))
        return armv7m_load_bytes(mem, addr, size, value);
    p = armv7m_at(mem, addr, ARMV7M_READ);
    if (armv7m_unlikely(p == NULL))
        return armv7m_fault(mem, addr, ARMV7M_READ);
    *value = 0;
    memcpy(value, p, size);
    return ARMV7M_BUDGET;
}

static inline enum armv7m_stop_kind
armv7m_store(struct armv7m_memory *mem, uint32_t addr, unsigned size, uint32_t value)
{
    uint8_t *p;

    if (armv7m_unlikely((addr & (size - 1)) != 0))
        return armv7m_store_bytes(mem, addr, size, value);
    p = armv7m_at(mem, addr, ARMV7M_WRITE);
    if (armv7m_unlikely(p == NULL))
        return armv7m_fault(mem, addr, ARMV7M_WRITE);
    memcpy(p, &value, size);
    armv7m_written(mem, addr);
    return ARMV7M_BUDGET;
}
