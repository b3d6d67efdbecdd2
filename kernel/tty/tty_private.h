/* Inside the terminal layer: one tty, its two rings, its line discipline.
 *
 * Everything of a tty is guarded by its irqlock: input arrives from interrupt handlers, and is edited, echoed and turned into signals
 * there.  Bytes move to and from user memory outside the lock, through small bounce buffers.
 */
#pragma once

#include <kernel/abi/errno.h>
#include <kernel/abi/termios.h>
#include <kernel/core/wait.h>
#include <kernel/tty/tty.h>

enum {
    TTY_INPUT_SIZE = CONFIG_TTY_BUFFER_SIZE / 2,
    TTY_OUTPUT_SIZE = CONFIG_TTY_BUFFER_SIZE,
    TTY_ECHO_ROOM = 64
};

struct tty;

/* The line beneath. */
struct tty_port_ops {
    /* Queue up to n bytes for sending; how many were taken.  Calls tty_port_ready() when there is room again. Any context. */
    size_t (*write)(struct tty *tty, const uint8_t *bytes, size_t n);
    /* The termios changed (speed, size).  May be NULL. */
    void (*set)(struct tty *tty, const struct termios_k *t);
    bool (*drained)(struct tty *tty); /* nothing left in the hardware */
};

struct tty {
    const char *name;
    uint32_t rdev;
    const struct tty_port_ops *ops;
    void *port;
    struct irqlock lock;
    struct waitq read_wait, write_wait;
    struct termios_k termios guarded_by(&lock);
    struct winsize_k winsize guarded_by(&lock);

    /* Input: a ring.  [tail, canon) is ready for canonical readers, [canon, head) is the line being edited. */
    uint8_t in[TTY_INPUT_SIZE] guarded_by(&lock);
    uint8_t in_eol[TTY_INPUT_SIZE / 8] guarded_by(&lock); /* bit: this byte ends a line */
    uint32_t tail guarded_by(&lock), canon guarded_by(&lock), head guarded_by(&lock); /* free running */
    bool lnext guarded_by(&lock);            /* the next byte is literal */
    bool stopped guarded_by(&lock);          /* output held by ^S or TCOOFF */
    uint32_t column guarded_by(&lock);       /* of the cursor */
    uint32_t canon_column guarded_by(&lock); /* where the line being edited began */
    uint64_t dropped guarded_by(&lock);      /* input bytes lost because the ring was full */

    uint8_t out[TTY_OUTPUT_SIZE] guarded_by(&lock);
    uint32_t out_tail guarded_by(&lock), out_head guarded_by(&lock);

    struct session *_Nullable session; /* whose controlling terminal it is */
    int32_t pgrp;                      /* foreground process group; 0: none */
    bool exclusive;
    uint32_t opens;
};

/* input.c */
void tty_ldisc_input(struct tty *t, uint8_t c) requires_lock(t->lock);
void tty_ldisc_break(struct tty *t) requires_lock(t->lock);
void tty_flush_input(struct tty *t) requires_lock(t->lock);
bool tty_input_ready(const struct tty *t) requires_lock(t->lock); /* would a reader get something? */
uint32_t tty_input_count(const struct tty *t) requires_lock(t->lock); /* TIOCINQ */
void tty_ldisc_set(struct tty *t, const struct termios_k *new_termios) requires_lock(t->lock);

/* output.c */
/* Queue one byte with output processing; false: no room. */
bool tty_put(struct tty *t, uint8_t c) requires_lock(t->lock);
bool tty_put_raw(struct tty *t, uint8_t c) requires_lock(t->lock);
uint32_t tty_output_room(const struct tty *t) requires_lock(t->lock);
void tty_start(struct tty *t) requires_lock(t->lock); /* move output to the port */
void tty_flush_output(struct tty *t) requires_lock(t->lock);
int must_check tty_drain(struct tty *t); /* wait until everything was sent; -ERESTARTSYS */

/* read.c */
struct file;
struct iobuf;
int64_t tty_read(struct file *file, struct iobuf *buf, uint64_t *pos);

/* job.c */
/* May the running process do this to its terminal?  Sends `signo` to a background group: -ERESTARTSYS, or -EIO. */
int must_check tty_check_background(struct tty *t, int signo);
int64_t must_check tty_job_ioctl(struct tty *t, uint32_t cmd,
                                 uintptr_t arg); /* -ENOTTY: not one of them */
void tty_set_controlling(struct tty *t);         /* of the running session leader, if it has none */

/* ioctl.c */
int64_t tty_ioctl(struct file *file, uint32_t cmd, uintptr_t arg);

/* For ports, any context. */
void tty_port_input(struct tty *t, const uint8_t *bytes, size_t n);
void tty_port_break(struct tty *t);
void tty_port_ready(struct tty *t);

/* port_uart.c: the console's UART behind `t`; false: there is none. */
bool tty_uart_attach(struct tty *t);
