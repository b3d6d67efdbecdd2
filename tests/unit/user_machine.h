/* A machine just large enough for user code: RAM in a memfd, the HAL's user mode on it, guest snippets to run.
 * Shared by the tests and the benchmark of hal/host user mode.
 */
#pragma once

#include <hal/host/space.h>
#include <hal/host/user.h>
#include <hal/space.h>
#include <hal/user.h>

enum {
    RAM_PAGES = 16384,
    TABLE_PAGE = 8192, /* table pages come from here on; below: the test's own */
};

struct machine {
    uint8_t *ram;
    int fd;
    long tables;     /* table pages in use */
    long fail_after; /* fail the n-th table allocation from now; -1: never */
    uint64_t slice_ns;
    bool irq;      /* tick() reports an interrupt when a slice ended */
    bool own_time; /* at start: slices are of the program's own time */
    unsigned ticks, preemptions;
};

extern struct machine machine;

/* One program: a space and a context. */
struct prog {
    struct hal_space *space;
    struct hal_user user;
    struct hal_stop stop;
};

/* 0, or host_user_init()'s error. */
int machine_start(enum host_user_backend backend, bool pin);
void machine_stop(void);

/* Guest virtual addresses the programs use. */
enum { CODE_VA = 0x400000, DATA_VA = 0x600000, STACK_VA = 0x700000 };
/* RAM pages behind them. */
enum { CODE_PAGE = 16, DATA_PAGE = 32, STACK_PAGE = 48 };

/* Copy a snippet to CODE_PAGE and map code, one data page and one stack page. */
void prog_start(struct prog *p, const void *code, size_t size);
void prog_end(struct prog *p);
void prog_run(struct prog *p);
/* The same as a kernel does it: user.regs need not be complete. */
void prog_run_on(struct prog *p);
