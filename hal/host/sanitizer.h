/* What AddressSanitizer must be told: sanitizer_asan.c does, sanitizer_none.c does nothing; the build picks one. */
#pragma once

#include <hal/types.h>

bool sanitizer_active(void);
void sanitizer_start_switch(void **fake_stack_save, uintptr_t stack_base, size_t stack_size);
void sanitizer_finish_switch(void *fake_stack, uintptr_t *old_base_out, uintptr_t *old_size_out);
void sanitizer_print_backtrace(void);
/* Have `fn` called when a finding ends the process, after it was printed. */
void sanitizer_on_death(void (*fn)(void));
/* "function file:line" of a return address, as well as is known here. */
void sanitizer_name_pc(uintptr_t pc, char *text, size_t size);
/* symbolize.c: start what gives names to addresses; false: there is none. */
bool sanitizer_symbolizer_start(void);
