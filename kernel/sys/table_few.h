/* A table of few system calls.  CALLS(X) lists them: X(number, function).  A byte for every number up to the highest says which of the few
 * it is. */
#pragma once

#include <kernel/sys/sys.h>
#include <kernel/trusted/bounds.h>

#define SYS_PLACE(name, function) AT_##name,
#define SYS_INDEX(name, function) [SYS_##name] = AT_##name,
#define SYS_FEW(name, function)   [AT_##name] = SYS_ENTRY(#name, sys_##function),

/* Defines sys_find(). */
#define SYS_TABLE_FEW(CALLS)                                                                       \
    enum { AT_NONE, CALLS(SYS_PLACE) NR_CALLS };                                                   \
    _Static_assert(NR_CALLS <= UINT8_MAX, "a byte");                                               \
    static const uint8_t index_of[] = { CALLS(SYS_INDEX) };                                        \
    static const struct sys_entry table[NR_CALLS] = { CALLS(SYS_FEW) };                            \
                                                                                                   \
    const struct sys_entry *_Nullable sys_find(uint64_t nr)                                        \
    {                                                                                              \
        size_t i = nr < sizeof index_of ? at(index_of, sizeof index_of, nr) : AT_NONE;             \
                                                                                                   \
        return i != AT_NONE ? &at(table, NR_CALLS, i) : NULL;                                      \
    }
