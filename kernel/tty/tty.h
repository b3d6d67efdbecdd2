/* Terminals: line discipline (termios(3)), job control, and the devices beneath. */
#pragma once

#include <kernel/core/wait.h>

struct tty;
struct proc;
struct session;

/* Claims /dev/ttyS0.., /dev/tty, /dev/console; attaches the console UART. */
void tty_init(void);
/* The console's tty, for init's standard streams. */
struct tty *_Nullable tty_console(void);
/* The session leader exits: SIGHUP and SIGCONT to the foreground group, the terminal is given up. */
void tty_session_exit(struct session *s);
/* st_rdev and foreground group for /proc/PID/stat; 0 and -1 without a terminal. */
uint32_t tty_rdev(const struct tty *t);
int32_t tty_pgrp(const struct tty *t);
