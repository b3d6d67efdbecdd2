/* HAL: user address spaces.
 *
 * A space maps user pages to physical pages.  The page tables (x86-64: four levels) are real and lie in RAM on every
 * backend with an MMU; hosted they are also pushed in batches to the process that runs the user code.  A backend with an
 * MPU keeps regions instead and may refuse (-ENOMEM) a mapping it has no region for.
 *
 * Changes reach the user program at the latest at the next hal_user_run() in that space; hal_space_query() sees them at once.
 * Context: thread, may allocate table pages through kernel_table_page_alloc() (hal/upcall.h).
 */
#pragma once

#include <hal/types.h>

enum hal_prot {
    HAL_PROT_READ = BIT(0),
    HAL_PROT_WRITE = BIT(1),
    HAL_PROT_EXEC = BIT(2),
};

struct hal_space;

/* User addresses lie in [hal_user_min(), hal_user_max()): everything outside is refused with -EINVAL. */
uaddr_t hal_user_min(void);
uaddr_t hal_user_max(void);

/* A new, empty space.  -ENOMEM: out of memory or of backend resources; -EAGAIN: the backend has too many spaces. */
int must_check hal_space_create(struct hal_space **space_out);

/* Remove every mapping and the space itself.  It must not be running.  User pages are the caller's. */
void hal_space_destroy(struct hal_space *space);

/* Map `npages` pages at `va` to consecutive physical pages from `pa`, replacing what was mapped there.  `prot` != 0.
 * -ENOMEM: no table page; then nothing of the range that was not mapped before is mapped.  With an MPU a mapping is made, replaced,
 * unmapped and protected as a whole: -EINVAL where no region can express it or it replaces a part; of what is unmapped or protected in
 * part, the rest may lose rights. */
int must_check hal_space_map(struct hal_space *space, uaddr_t va, paddr_t pa, size_t npages,
                             unsigned prot);

/* Unmap; pages not mapped are skipped. */
void hal_space_unmap(struct hal_space *space, uaddr_t va, size_t npages);

/* Change the protection of the mapped pages in the range; pages not mapped are skipped.  `prot` != 0. */
void hal_space_protect(struct hal_space *space, uaddr_t va, size_t npages, unsigned prot);

/* What `va`'s page maps to: false if not mapped.  Either result pointer may be NULL. */
bool hal_space_query(const struct hal_space *space, uaddr_t va, paddr_t *pa_out, unsigned *prot_out);

/* The kernel's own view of a physical page of RAM (direct map); `pa` must lie in RAM, or in the first files (boot_info.initrd_at). */
void *hal_phys_ptr(paddr_t pa);
/* The reverse, for a pointer into RAM. */
paddr_t hal_ptr_phys(const void *p);
