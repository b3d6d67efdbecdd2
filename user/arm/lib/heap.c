/* The heap.  See heap.h. */
#include <user/arm/lib/heap.h>
#include <user/arm/lib/sys.h>

void *
heap_more(size_t n)
{
    uintptr_t end = sys_brk(0);

    if (n > 0 && (end + n < end || sys_brk(end + n) != end + n))
        return NULL;
    return (void *)end;
}

void
heap_less(size_t n)
{
    sys_brk(sys_brk(0) - n);
}
