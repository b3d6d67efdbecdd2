/* Where the stack and the mappings of a new address space lie. */
#include <kernel/abi/errno.h>
#include <kernel/abi/resource.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/exec.h>

enum {
    STACK_FIRST = 128 << 10, /* mapped at once, beyond the arguments */
    MMAP_GAP_MIN = 128 << 20,
};

void
exec_layout(struct mm *mm)
{
    uintptr_t max = hal_user_max().v, top = max & ~PAGE_MASK;
    uint64_t gap = mm_limit(RLIMIT_STACK);

    if (gap < MMAP_GAP_MIN)
        gap = MMAP_GAP_MIN;
    if (gap > max / 6 * 5)
        gap = max / 6 * 5;
    mm->stack_top = top;
    mm->mmap_top = (top - (uintptr_t)gap - STACK_GUARD) & ~PAGE_MASK;
}

int
exec_stack_create(struct mm *mm, size_t args, bool executable)
{
    uintptr_t at;
    uint64_t len = (args + STACK_FIRST + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
    struct mm_map_args map = {
        .addr = mm->stack_top - (uintptr_t)len,
        .len = len,
        .flags = VMA_READ | VMA_WRITE | (executable ? VMA_EXEC : 0u) | VMA_GROWSDOWN | VMA_STACK,
        .noreplace = true,
    };

    return mm_map(mm, &map, &at);
}
