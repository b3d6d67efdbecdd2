/* QEMU's isa-debugcon (-debugcon): what is written comes out as it is; reading says whether it is there. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <hal/x86_64/x86.h>

enum { DEBUG_PORT = 0xe9 };

static inline bool
debug_port_there(void)
{
    return x86_in8(DEBUG_PORT) == DEBUG_PORT;
}

TRUSTED_BEGIN(mmio)
static inline void
debug_port_write(const char *text, size_t len)
{
    __asm__ volatile("rep outsb" : "+S"(text), "+c"(len) : "d"((uint16_t)DEBUG_PORT) : "memory");
}
TRUSTED_END
