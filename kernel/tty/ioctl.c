/* Terminal ioctls (tty_ioctl(4)). */
#include <kernel/abi/signal.h>
#include <kernel/fs/vfs.h>
#include <kernel/proc/signal.h>
#include <kernel/tty/tty_private.h>

static int
get_termios(struct tty *t, uaddr_t arg, bool two)
{
    struct termios2_k out = { .c_ispeed = 115200, .c_ospeed = 115200 };

    irqlock_lock(&t->lock);
    out.t = t->termios;
    irqlock_unlock(&t->lock);
    return ucopy_out(arg, &out, two ? sizeof out : sizeof out.t);
}

static int
set_termios(struct tty *t, uint32_t cmd, uaddr_t arg)
{
    bool two = cmd == TCSETS2 || cmd == TCSETSW2 || cmd == TCSETSF2;
    bool drain = cmd != TCSETS && cmd != TCSETS2, flush = cmd == TCSETSF || cmd == TCSETSF2;
    struct termios2_k in;
    int rc = tty_check_background(t, SIGTTOU);

    if (rc == 0)
        rc = ucopy_in(&in, arg, two ? sizeof in : sizeof in.t);
    if (rc == 0 && drain)
        rc = tty_drain(t);
    if (rc < 0)
        return rc;
    irqlock_lock(&t->lock);
    if (flush)
        tty_flush_input(t);
    tty_ldisc_set(t, &in.t);
    if (t->ops->set != NULL)
        t->ops->set(t, &in.t);
    irqlock_unlock(&t->lock);
    return 0;
}

static int
set_winsize(struct tty *t, uaddr_t arg)
{
    struct winsize_k w;
    bool changed;
    int rc = ucopy_in(&w, arg, sizeof w);

    if (rc < 0)
        return rc;
    irqlock_lock(&t->lock);
    changed = w.ws_row != t->winsize.ws_row || w.ws_col != t->winsize.ws_col ||
              w.ws_xpixel != t->winsize.ws_xpixel || w.ws_ypixel != t->winsize.ws_ypixel;
    t->winsize = w;
    irqlock_unlock(&t->lock);
    if (changed && t->pgrp > 0)
        (void)signal_send_group(t->pgrp, SIGWINCH, NULL);
    return 0;
}

static int
get_winsize(struct tty *t, uaddr_t arg)
{
    struct winsize_k w;

    irqlock_lock(&t->lock);
    w = t->winsize;
    irqlock_unlock(&t->lock);
    return ucopy_out(arg, &w, sizeof w);
}

static int
flush(struct tty *t, uintptr_t what)
{
    int rc = tty_check_background(t, SIGTTOU);

    if (rc < 0)
        return rc;
    if (what > TCIOFLUSH)
        return -EINVAL;
    irqlock_lock(&t->lock);
    if (what != TCOFLUSH)
        tty_flush_input(t);
    if (what != TCIFLUSH)
        tty_flush_output(t);
    irqlock_unlock(&t->lock);
    return 0;
}

static int
flow(struct tty *t, uintptr_t what)
{
    int rc = tty_check_background(t, SIGTTOU);

    if (rc < 0)
        return rc;
    if (what > TCION)
        return -EINVAL;
    irqlock_lock(&t->lock);
    if (what == TCOOFF)
        t->stopped = true;
    if (what == TCOON)
        t->stopped = false;
    if (what == TCIOFF)
        (void)tty_put_raw(t, t->termios.c_cc[VSTOP]);
    if (what == TCION)
        (void)tty_put_raw(t, t->termios.c_cc[VSTART]);
    tty_start(t);
    irqlock_unlock(&t->lock);
    return 0;
}

static int
count_out(struct tty *t, uint32_t cmd, uaddr_t arg)
{
    uint32_t n;

    irqlock_lock(&t->lock);
    n = cmd == TIOCINQ ? tty_input_count(t) : t->out_head - t->out_tail;
    irqlock_unlock(&t->lock);
    return ucopy_out(arg, &n, sizeof n);
}

int64_t
tty_ioctl(struct file *file, uint32_t cmd, uintptr_t arg)
{
    struct tty *t = file->data;
    static const uint32_t zero;

    switch (cmd) {
    case TCGETS:
        return get_termios(t, uaddr(arg), false);
    case TCGETS2:
        return get_termios(t, uaddr(arg), true);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TCSETS2:
    case TCSETSW2:
    case TCSETSF2:
        return set_termios(t, cmd, uaddr(arg));
    case TIOCGWINSZ:
        return get_winsize(t, uaddr(arg));
    case TIOCSWINSZ:
        return set_winsize(t, uaddr(arg));
    case TIOCINQ:
    case TIOCOUTQ:
        return count_out(t, cmd, uaddr(arg));
    case TCFLSH:
        return flush(t, arg);
    case TCXONC:
        return flow(t, arg);
    case TCSBRK:
    case TCSBRKP:
        return tty_drain(t);
    case TIOCEXCL:
    case TIOCNXCL:
        t->exclusive = cmd == TIOCEXCL;
        return 0;
    case TIOCGETD:
    case TIOCMGET:
        return ucopy_out(uaddr(arg), &zero, sizeof zero);
    default:
        return tty_job_ioctl(t, cmd, arg);
    }
}
