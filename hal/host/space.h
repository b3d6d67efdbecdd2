/* Inside of a hosted address space, for hal/host/user.c.  Private to hal/host. */
#pragma once

#include <hal/host/stub.h>
#include <hal/pt/x86_64.h>
#include <hal/space.h>

struct hal_space {
    paddr_t root;      /* top-level page table */
    struct stub *stub; /* NULL: this entry is free */
};
