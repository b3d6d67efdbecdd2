/* What the tests of hosted user mode share: guest snippets, start and end of a test on each backend, expected stops. */
#pragma once

#include <check.h>

#include "user_machine.h"

/* A guest snippet: assembled here, run only in a stub. */
#define GUEST(name, text)                                                                          \
    extern const uint8_t name[], name##_end[];                                                     \
    __asm__(".pushsection .rodata.guest, \"a\", @progbits\n" #name ":\n" text "\n" #name           \
            "_end: nop\n.popsection\n")
#define START(p, name) prog_start(p, name, (size_t)(name##_end - name))

enum { BACKENDS = 3 };
extern const enum host_user_backend backends[BACKENDS];

/* Start the machine on backends[i]; from BACKENDS on, once more without binding it to one CPU. */
void begin(int i);

/* Nothing may be left: descriptors, processes, table pages. */
void end(void);

/* Run, and fail unless it stops like this. */
void expect_syscall(struct prog *p, uint64_t nr);
void expect_fault(struct prog *p, uint64_t addr, unsigned access);
void expect_trap(struct prog *p, enum hal_trap trap);
