/* x86-64 page tables: four levels of 4 KiB pages (Intel SDM volume 3, chapter 4), kept in RAM.
 *
 * Pure data structure: no CPU register is touched and no TLB flushed, so the hosted backend and the metal share it.  Table pages come
 * from kernel_table_page_alloc().  The protection asked for is also kept in bits the CPU ignores, so that a query answers exactly it
 * (the CPU cannot express "write only" or "execute only").
 * Callers check that [va, va + npages) lies in user space; nothing here is reentrant.
 */
#pragma once

#include <hal/types.h>

#define PT_X86_PRESENT  0x001ull
#define PT_X86_WRITE    0x002ull
#define PT_X86_USER     0x004ull
#define PT_X86_ACCESSED 0x020ull
#define PT_X86_DIRTY    0x040ull
#define PT_X86_NX       (1ull << 63)
#define PT_X86_ADDR     0x000ffffffffff000ull

/* What a run of pages is mapped to: see pt_x86_run(). */
struct pt_run {
    bool mapped;
    paddr_t pa;
    unsigned prot;
    size_t npages;
};

/* An empty top-level table; its physical address goes to *root_out.  -ENOMEM. */
int must_check pt_x86_create(paddr_t *root_out);

/* Free every table page, the top one included. */
void pt_x86_destroy(paddr_t root);

/* Make sure that every page of the range has a table entry.  -ENOMEM: nothing is mapped (spare tables may stay). */
int must_check pt_x86_reserve(paddr_t root, uaddr_t va, size_t npages);

/* Map; the range must have been reserved. */
void pt_x86_map(paddr_t root, uaddr_t va, paddr_t pa, size_t npages, unsigned prot);

/* Unmap what is mapped of the range and free the tables that became empty. */
void pt_x86_unmap(paddr_t root, uaddr_t va, size_t npages);

/* Set the protection of what is mapped of the range. */
void pt_x86_protect(paddr_t root, uaddr_t va, size_t npages, unsigned prot);

/* The longest run from `va`, at most `npages` (> 0), that is not mapped, or mapped to consecutive frames with one protection. */
struct pt_run pt_x86_run(paddr_t root, uaddr_t va, size_t npages);
