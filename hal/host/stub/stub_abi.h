/* What the stub program and the kernel process agree on: addresses, the two shared areas, the command queue.
 *
 * Included by the stub (C and assembly) and by hal/host.  Every stub has the same layout:
 *
 *     [0x10000, STUB_USER_MAX)    user pages: windows on simulated RAM, nothing else
 *     STUB_BASE                   the stub's code, read and execute only
 *     STUB_CTL                    control page: written by the kernel process, READ-ONLY here
 *     STUB_DATA                   data pages: written by both, with the signal stack; a user program can scribble on them, so the
 *                                 kernel process believes nothing in them that could hurt anybody but that program
 */
#pragma once

#define STUB_USER_MIN 0x10000
#define STUB_USER_MAX 0x7f0000000000
#define STUB_BASE     0x7f8000000000 /* the low 32 bits are zero: the filter counts on it */
#define STUB_CODE_MAX 0x10000
#define STUB_BASE_HI  0x7f80
#define STUB_CTL      0x7f8000100000
#define STUB_CTL_LO   0x00100000
#define STUB_CTL_SIZE 0x1000
#define STUB_DATA     0x7f8000200000
#define STUB_DATA_LO  0x00200000
#define STUB_DATA_MAX 0x20000
#define STUB_END      0x7f8000300000
#define STUB_TASK_END 0x7ffffffff000

/* File descriptors of a stub: two eventfds and the file behind simulated RAM. */
#define STUB_FD_GO   0 /* the stub waits here for its release */
#define STUB_FD_STOP 1 /* and adds 1 here when it stops */
#define STUB_FD_LISTEN                                                                             \
    2 /* notified: the filter's listener, which the kernel process takes a copy of */
#define STUB_FD_RAM 3
/* And what only the starter has. */
#define STUB_FD_CTL  4
#define STUB_FD_SOCK 5

/* stub_ctl.flags */
#define STUB_FLAG_PTRACE   1 /* traced: stop by int3, no eventfds */
#define STUB_FLAG_FSGSBASE 2 /* rdfsbase and friends may be used */
#define STUB_FLAG_SET_FS   4 /* no fsgsbase: load the bases by arch_prctl */
#define STUB_FLAG_NOTIFY   8 /* stops are notifications of the filter, but for the first */

/* stub_enter(): how to lock the door */
#define STUB_LOCK_NONE   0
#define STUB_LOCK_TRAP   1
#define STUB_LOCK_NOTIFY 2

/* stub_ctl.action, after the commands */
#define STUB_ACT_RUN  0 /* return to the user program */
#define STUB_ACT_STOP 1 /* stop again */

#define STUB_SIG_KICK 23 /* SIGURG: preempt the user program */

/* Offsets for the assembly half; checked below. */
#define CTL_ONE    0
#define CTL_COUNT  8
#define CTL_ACTION 12
#define CTL_FLAGS  16
#define CTL_FRAME  24
#define CTL_FS     32
#define CTL_GS     40
#define CTL_CMD    64
#define DATA_GO    0
#define DATA_SIGNO 8
#define DATA_FRAME 16
#define DATA_FS    24
#define DATA_GS    32
#define DATA_STACK 64
#define CMD_NR     0
#define CMD_PROT   4
#define CMD_ADDR   8
#define CMD_LEN    16
#define CMD_OFF    24
#define CMD_SHIFT  5

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* One mapping command: the system call `nr` (mmap, munmap or mprotect) with these arguments. */
struct stub_cmd {
    uint32_t nr;
    uint32_t prot;
    uint64_t addr;
    uint64_t len;
    uint64_t off;
};

enum { STUB_CMDS = (STUB_CTL_SIZE - CTL_CMD) / sizeof(struct stub_cmd) };

/* The control page. */
struct stub_ctl {
    uint64_t one;   /* 1: what is written to STUB_FD_STOP */
    uint32_t count; /* commands to run */
    uint32_t action;
    uint32_t flags;
    uint32_t unused;
    uint64_t frame; /* the stack pointer of rt_sigreturn; 0 before the first stop */
    uint64_t fs_base;
    uint64_t gs_base;
    uint64_t unused2[2];
    struct stub_cmd cmd[STUB_CMDS];
};

/* The first of the data pages; the signal stack follows at DATA_STACK. */
struct stub_data {
    uint64_t go; /* scratch: what was read from STUB_FD_GO */
    uint32_t signo;
    uint32_t unused;
    uint64_t frame; /* stack pointer at handler entry */
    uint64_t fs_base;
    uint64_t gs_base;
};

/* At offset 0 of the control file; the slots of the stubs follow at `slot_off`. */
struct stub_boot {
    uint64_t slot_off;
    uint64_t slot_size;
    uint64_t data_size;
    uint32_t kernel_pid;
    uint32_t flags;
};

_Static_assert(offsetof(struct stub_ctl, one) == CTL_ONE, "");
_Static_assert(offsetof(struct stub_ctl, count) == CTL_COUNT, "");
_Static_assert(offsetof(struct stub_ctl, action) == CTL_ACTION, "");
_Static_assert(offsetof(struct stub_ctl, flags) == CTL_FLAGS, "");
_Static_assert(offsetof(struct stub_ctl, frame) == CTL_FRAME, "");
_Static_assert(offsetof(struct stub_ctl, fs_base) == CTL_FS, "");
_Static_assert(offsetof(struct stub_ctl, gs_base) == CTL_GS, "");
_Static_assert(offsetof(struct stub_ctl, cmd) == CTL_CMD, "");
_Static_assert(sizeof(struct stub_ctl) <= STUB_CTL_SIZE, "");
_Static_assert(sizeof(struct stub_cmd) == 1 << CMD_SHIFT, "");
_Static_assert(offsetof(struct stub_cmd, prot) == CMD_PROT &&
                   offsetof(struct stub_cmd, addr) == CMD_ADDR,
               "");
_Static_assert(offsetof(struct stub_cmd, len) == CMD_LEN && offsetof(struct stub_cmd, off) == CMD_OFF,
               "");
_Static_assert(offsetof(struct stub_data, go) == DATA_GO, "");
_Static_assert(offsetof(struct stub_data, signo) == DATA_SIGNO &&
                   offsetof(struct stub_data, frame) == DATA_FRAME,
               "");
_Static_assert(offsetof(struct stub_data, fs_base) == DATA_FS &&
                   offsetof(struct stub_data, gs_base) == DATA_GS,
               "");
_Static_assert(sizeof(struct stub_data) <= DATA_STACK, "");
#endif
