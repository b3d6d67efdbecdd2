/* Program loading: the input is a program file. */
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/proc/exec.h>

#include <stdio.h>
#include <stdlib.h>

#include <tests/unit/fake_hal.h>
#include <tests/unit/fake_user.h>

#include "fuzz.h"

enum { RAM = 8 << 20, SIZE_MAX_BYTES = 16 * PAGE_SIZE, ARG_BYTES = 100, INTERPRETER_SIZE = 64 };

static void
check_usage(const struct page_stats *before)
{
    struct page_stats after;
    struct kmem_stats k;

    fake_cache_drop();
    kmem_drain();
    page_stats(&after);
    kmem_stats(&k);
    if (after.free + k.pages != before->free || fake_open_files != 0 || fake_spaces != 0) {
        fprintf(stderr, "leaked: %llu pages, %u files, %u spaces\n",
                (unsigned long long)(before->free - k.pages - after.free), fake_open_files,
                fake_spaces);
        abort();
    }
}

static void
load(void)
{
    struct exec_image info;
    struct file *file;
    struct mm *mm;
    int rc;

    if (vfs_open_exec("/bin/prog", &file) != 0 || mm_create(&mm) != 0)
        abort();
    exec_layout(mm);
    rc = exec_load(file, mm, &info);
    if (rc > 0)
        abort();
    if (rc == 0)
        rc = exec_stack_create(mm, ARG_BYTES, false);
    mm_put(mm);
    file_put(file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t interpreter[INTERPRETER_SIZE] = "\177ELF\2\1\1";
    struct page_stats before;
    struct kmem_stats k;

    fuzz_reset_kernel();
    fake_boot(RAM);
    fake_user_boot();
    fake_file_set(0, "/bin/prog", data, size < SIZE_MAX_BYTES ? size : SIZE_MAX_BYTES);
    fake_file_set(1, "/lib/ld.so", interpreter, sizeof interpreter);
    kmem_drain();
    page_stats(&before);
    kmem_stats(&k);
    before.free += k.pages;
    load();
    check_usage(&before);
    return 0;
}
