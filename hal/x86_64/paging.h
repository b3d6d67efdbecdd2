/* The kernel's half of the page tables. */
#pragma once

#include <hal/types.h>

/* Build and load the final tables: image, direct map of [start, end), registers.  Takes pages for itself from the end of that range.
 * Boot only: physical addresses are mapped where they are until this returns.  Returns the new end. */
uint64_t x86_paging_init(uint64_t start, uint64_t end);

/* The top-level table without user mappings. */
paddr_t x86_kernel_root(void);
/* Copy the kernel's half into a top-level table. */
void x86_kernel_half(uint64_t *pml4);

/* True if the kernel can read the 8 bytes at `va`. */
bool x86_kernel_readable(uintptr_t va);
/* True if `va` lies in a guard page under a stack. */
bool x86_is_guard(uintptr_t va);
/* True if [pa, pa+len) is RAM of the direct map. */
bool x86_is_ram(paddr_t pa, uint64_t len);
