/* See fuzz_reset_kernel() in fuzz.h: the sections of kernel/sections.h, saved before the first run and copied back before each. */
#include <stdlib.h>

#include "fuzz.h"

const char *__asan_default_options(void);

/* Kernel stacks are abandoned with their machine: the stand-ins ASan keeps for their frames would never be freed. */
const char *
__asan_default_options(void)
{
    return "detect_leaks=0:detect_stack_use_after_return=0:allocator_may_return_null=1";
}

struct section {
    uint8_t *start, *stop, *saved;
};

extern uint8_t __start_kdata[] __attribute__((weak)), __stop_kdata[] __attribute__((weak));
extern uint8_t __start_kbss[] __attribute__((weak)), __stop_kbss[] __attribute__((weak));

/* Guards between the globals are copied too, so this must not look like memcpy() to the sanitizer. */
static void
copy(uint8_t *to, const uint8_t *from, size_t n)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static void
restore(struct section *s)
{
    size_t n = (size_t)((uintptr_t)s->stop - (uintptr_t)s->start);

    if (n == 0)
        return;
    if (s->saved == NULL) {
        s->saved = malloc(n);
        if (s->saved == NULL)
            abort();
        copy(s->saved, s->start, n);
    }
    copy(s->start, s->saved, n);
}

bool
fuzz_can_reset(void)
{
    return (uintptr_t)__start_kdata != 0;
}

void
fuzz_reset_kernel(void)
{
    static struct section data, bss;

    data.start = __start_kdata;
    data.stop = __stop_kdata;
    bss.start = __start_kbss;
    bss.stop = __stop_kbss;
    restore(&data);
    restore(&bss);
}
