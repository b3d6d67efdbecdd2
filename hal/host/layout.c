/* What lies where in the simulator's process and in its guests.  Contract: hal/layout.h. */
#include <hal/layout.h>
#include <hal/space.h>
#include <sim/ram.h>

#include "host.h"

/* The linker's: the program, and the kernel's globals in it (kernel/sections.h; only clang puts them there). */
extern uint8_t __executable_start[], etext[], end[];
extern uint8_t __start_kdata[] __attribute__((weak)), __stop_kdata[] __attribute__((weak));
extern uint8_t __start_kbss[] __attribute__((weak)), __stop_kbss[] __attribute__((weak));

static uint64_t
at(const void *p)
{
    return (uintptr_t)p;
}

bool
hal_layout(unsigned n, struct hal_extent *out)
{
    uint64_t ram = at(sim_ram_base(host.sim));
    const struct hal_extent extents[] = {
        { "user space, as programs see it", hal_user_min().v, hal_user_max().v },
        { "simulator: code, constants", at(__executable_start), at(etext) },
        { "simulator: globals, with the kernel's:", at(etext), at(end) },
        { "kernel: initialised globals", at(__start_kdata), at(__stop_kdata) },
        { "kernel: zeroed globals", at(__start_kbss), at(__stop_kbss) },
        { "RAM: page tables, stacks, heap, pages", ram, ram + sim_ram_size(host.sim) },
    };

    if (n >= sizeof extents / sizeof extents[0])
        return false;
    *out = extents[n];
    return true;
}
