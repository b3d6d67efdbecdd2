/* One-word types that must not be mixed: physical, bus (DMA) and user addresses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hal/attr.h>
#include <hal/page.h>

#define BIT(n) (1u << (n))

/* A CPU physical address.  On the hosted PC: an offset into simulated RAM. */
typedef struct {
    uint64_t v;
} paddr_t;

/* An address as a device puts it on the bus. */
typedef struct {
    uint64_t v;
} dma_addr_t;

/* An address in a user program.  Never dereferenced by the kernel: kernel/trusted/ucopy.h walks the page tables. */
typedef struct {
    uintptr_t v;
} uaddr_t;

static inline paddr_t
paddr(uint64_t v)
{
    return (paddr_t){ v };
}

static inline uaddr_t
uaddr(uintptr_t v)
{
    return (uaddr_t){ v };
}

/* The port says how large a page is: the granularity of hal/space.h. */
enum { PAGE_SIZE = 1 << PAGE_SHIFT };
#define PAGE_MASK ((uintptr_t)PAGE_SIZE - 1)
