/* What the HAL calls in the kernel.  Everything else goes the other way. */
#pragma once

#include <hal/board.h>
#include <hal/types.h>

struct boot_info {
    const struct board *board;
    paddr_t ram_base;  /* first byte of RAM the kernel may use (image and boot data lie outside) */
    uint64_t ram_size; /* bytes, a multiple of PAGE_SIZE */
    const void *_Nullable initrd; /* the first files: an image (romfs); NULL: none */
    size_t initrd_size;
    paddr_t initrd_at; /* where programs can read and execute it; 0: nowhere.  hal_phys_ptr() takes it too */
    const char *cmdline; /* "root=/dev/hda run=..."; words separated by blanks, "run=" takes the rest of the line */
};

/* Boot: on the boot stack, interrupts off.  Never returns. */
void kernel_main(const struct boot_info *boot) noreturn_fn;

/* The deadline of hal_time_set_deadline() has passed.  Interrupt context. */
void kernel_timer(void);

/* A zeroed page for a page table, or NULL; and its return.  Thread context. */
void *_Nullable kernel_table_page_alloc(void);
void kernel_table_page_free(void *page);

/* Fault injection.  `fails` is asked before each allocation of pages, or of an object, whether it shall fail; `arm` gets a rule that
 * a program wrote to /proc/drydock, -EINVAL if it is none.  Thread context; neither may sleep. */
struct alloc_faults {
    bool (*fails)(bool object);
    int (*arm)(const char *rule, size_t len);
};
/* Have them asked from now on; NULL, and from the start: nobody.  Before kernel_main(). */
void kernel_alloc_faults(const struct alloc_faults *_Nullable f);

/* The console wants a read-only look at the kernel: print a table named by `what` ("proc", "mem", "irq", "dev", "block", "mount")
 * line by line through `emit`.  Called while the kernel does not run; must not sleep, lock or allocate.  -EINVAL: no such table. */
int must_check kernel_info(const char *what, void (*emit)(void *arg, const char *line), void *arg);

/* What the kernel logs: set the level (3 errors, 4 warnings, 6 information, 7 everything) unless `level` is negative; returns
 * the level in force. */
int kernel_log_level(int level);
