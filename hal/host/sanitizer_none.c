/* No sanitizer: nothing is told to anybody. */
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <hal/cpu.h>

#include "sanitizer.h"

bool
sanitizer_active(void)
{
    return false;
}

void
sanitizer_start_switch(void **fake_stack_save unused_param, uintptr_t stack_base unused_param,
                       size_t stack_size unused_param)
{
}

void
sanitizer_finish_switch(void *fake_stack unused_param, uintptr_t *old_base_out,
                        uintptr_t *old_size_out)
{
    *old_base_out = 0;
    *old_size_out = 0;
}

void
sanitizer_print_backtrace(void)
{
    void *frames[64];

    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
}

void
sanitizer_on_death(void (*fn)(void) unused_param)
{
}

TRUSTED_BEGIN(context)
void
sanitizer_name_pc(uintptr_t pc, char *text, size_t size)
{
    void *frame = (void *)pc;
    char **names = backtrace_symbols(&frame, 1);

    snprintf(text, size, "%s", names != NULL ? names[0] : "?");
    free(names);
}
TRUSTED_END
