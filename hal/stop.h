/* For hal_user_run(): say why user code stopped. */
#pragma once

#include <hal/user.h>

static inline void
stop_trap(struct hal_stop *stop, enum hal_trap trap)
{
    stop->kind = HAL_STOP_TRAP;
    stop->trap = trap;
}

static inline void
stop_fault(struct hal_stop *stop, uintptr_t addr, unsigned access)
{
    stop->kind = HAL_STOP_FAULT;
    stop->addr = uaddr(addr);
    stop->access = access;
}
