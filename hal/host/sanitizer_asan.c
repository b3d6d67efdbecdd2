/* AddressSanitizer: fibers for the kernel's stacks, poison for the allocators. */
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

#include <hal/cpu.h>

#include "sanitizer.h"

/* The kernel keeps nothing in the host's heap that could leak; what the machine allocates lives as long as the process. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *
__asan_default_options(void)
{
    return "exitcode=86:detect_leaks=0:abort_on_error=0:allow_user_segv_handler=1:detect_stack_use_"
           "after_return=0:"
           "handle_segv=1";
}

const char *
__ubsan_default_options(void)
{
    return "print_stacktrace=1:halt_on_error=1:exitcode=86";
}

bool
sanitizer_active(void)
{
    return true;
}

void
sanitizer_start_switch(void **fake_stack_save, uintptr_t stack_base, size_t stack_size)
{
    __sanitizer_start_switch_fiber(fake_stack_save, (const void *)stack_base, stack_size);
}

void
sanitizer_finish_switch(void *fake_stack, uintptr_t *old_base_out, uintptr_t *old_size_out)
{
    const void *bottom;
    size_t size;

    __sanitizer_finish_switch_fiber(fake_stack, &bottom, &size);
    *old_base_out = (uintptr_t)bottom;
    *old_size_out = size;
}

void
sanitizer_print_backtrace(void)
{
    (void)sanitizer_symbolizer_start();
    __sanitizer_print_stack_trace();
}

void
sanitizer_on_death(void (*fn)(void))
{
    __sanitizer_set_death_callback(fn);
}

void
sanitizer_name_pc(uintptr_t pc, char *text, size_t size)
{
    (void)sanitizer_symbolizer_start();
    __sanitizer_symbolize_pc((void *)(pc - 1), "%f %S", text, size);
}

void
hal_mem_poison(const void *p, size_t n)
{
    __asan_poison_memory_region(p, n);
}

void
hal_mem_unpoison(const void *p, size_t n)
{
    __asan_unpoison_memory_region(p, n);
}

size_t
hal_mem_redzone(void)
{
    return 32;
}
