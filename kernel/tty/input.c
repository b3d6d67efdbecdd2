/* The line discipline's input side: editing, echo, signals and flow control (POSIX 11.1, Linux's n_tty). */
#include <kernel/abi/signal.h>
#include <kernel/proc/signal.h>
#include <kernel/trusted/bounds.h>
#include <kernel/tty/tty_private.h>

enum { DISABLED = 0 }; /* _POSIX_VDISABLE */

static bool
is_cc(const struct tty *t, unsigned index, uint8_t c) requires_lock(t->lock)
{
    return t->termios.c_cc[index] == c && c != DISABLED;
}

static bool
lflag(const struct tty *t, uint32_t flag) requires_lock(t->lock)
{
    return (t->termios.c_lflag & flag) != 0;
}

/* --- echo --- */

static bool
shown_as_caret(const struct tty *t, uint8_t c) requires_lock(t->lock)
{
    return lflag(t, ECHOCTL) && (c < 0x20 || c == 0x7f) && c != '\t' && c != '\n';
}

static void
echo_char(struct tty *t, uint8_t c) requires_lock(t->lock)
{
    if (tty_output_room(t) < TTY_ECHO_ROOM)
        return; /* a flood of input is not worth blocking for */
    if (shown_as_caret(t, c)) {
        (void)tty_put(t, '^');
        (void)tty_put(t, c ^ 0x40);
        return;
    }
    (void)tty_put(t, c);
}

/* Columns a byte of the line takes when it is echoed at column `col`. */
static uint32_t
width_at(const struct tty *t, uint8_t c, uint32_t col) requires_lock(t->lock)
{
    if (c == '\t')
        return 8 - col % 8;
    if (shown_as_caret(t, c))
        return 2;
    if (c < 0x20 || c == 0x7f || ((t->termios.c_iflag & IUTF8) && (c & 0xc0) == 0x80))
        return 0;
    return 1;
}

static void
back_over(struct tty *t, uint32_t columns) requires_lock(t->lock)
{
    for (uint32_t i = 0; i < columns && tty_output_room(t) >= TTY_ECHO_ROOM; i++) {
        (void)tty_put(t, '\b');
        (void)tty_put(t, ' ');
        (void)tty_put(t, '\b');
    }
}

/* The column at which byte `end` of the line being edited stands. */
static uint32_t
column_of(const struct tty *t, uint32_t end) requires_lock(t->lock)
{
    uint32_t col = t->canon_column;

    for (uint32_t i = t->canon; i != end; i++)
        col += width_at(t, t->in[i % TTY_INPUT_SIZE], col);
    return col;
}

/* --- editing --- */

/* Take the last character of the line away; `echo`: rub it out on the screen. */
static void
erase_one(struct tty *t) requires_lock(t->lock)
{
    uint32_t end = t->head;

    if (t->head == t->canon)
        return;
    do
        t->head--;
    while (t->head != t->canon && (t->termios.c_iflag & IUTF8) &&
           (t->in[t->head % TTY_INPUT_SIZE] & 0xc0) == 0x80);
    if (!lflag(t, ECHO))
        return;
    if (!lflag(t, ECHOE)) {
        echo_char(t, t->termios.c_cc[VERASE]);
        return;
    }
    back_over(t, column_of(t, end) - column_of(t, t->head));
}

static bool
is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c >= 0x80;
}

static void
erase_word(struct tty *t) requires_lock(t->lock)
{
    while (t->head != t->canon && !is_word(t->in[(t->head - 1) % TTY_INPUT_SIZE]))
        erase_one(t);
    while (t->head != t->canon && is_word(t->in[(t->head - 1) % TTY_INPUT_SIZE]))
        erase_one(t);
}

static void
erase_line(struct tty *t) requires_lock(t->lock)
{
    if (lflag(t, ECHO) && !(lflag(t, ECHOK) && lflag(t, ECHOKE) && lflag(t, ECHOE))) {
        t->head = t->canon;
        echo_char(t, t->termios.c_cc[VKILL]);
        if (lflag(t, ECHOK))
            (void)tty_put(t, '\n');
        t->canon_column = t->column;
        return;
    }
    while (t->head != t->canon)
        erase_one(t);
}

static void
reprint(struct tty *t) requires_lock(t->lock)
{
    echo_char(t, t->termios.c_cc[VREPRINT]);
    (void)tty_put(t, '\n');
    t->canon_column = t->column;
    for (uint32_t i = t->canon; i != t->head; i++)
        echo_char(t, t->in[i % TTY_INPUT_SIZE]);
}

/* --- the ring --- */

static bool
store(struct tty *t, uint8_t c, bool eol) requires_lock(t->lock)
{
    uint32_t i = t->head % TTY_INPUT_SIZE;

    /* A canonical line keeps one place for its end. */
    if (t->head - t->tail >= TTY_INPUT_SIZE - (lflag(t, ICANON) && !eol ? 1u : 0u)) {
        t->dropped++;
        if (t->termios.c_iflag & IMAXBEL)
            (void)tty_put(t, '\a');
        return false;
    }
    t->in[i] = c;
    t->in_eol[i / 8] = (uint8_t)((t->in_eol[i / 8] & ~(1u << i % 8)) | (unsigned)eol << i % 8);
    t->head++;
    return true;
}

void
tty_flush_input(struct tty *t)
{
    t->tail = t->canon = t->head;
    t->lnext = false;
    t->canon_column = t->column;
}

bool
tty_input_ready(const struct tty *t)
{
    if (lflag(t, ICANON))
        return t->tail != t->canon;
    return t->tail != t->head;
}

uint32_t
tty_input_count(const struct tty *t)
{
    return (lflag(t, ICANON) ? t->canon : t->head) - t->tail;
}

void
tty_ldisc_set(struct tty *t, const struct termios_k *new_termios)
{
    bool was = lflag(t, ICANON), is = (new_termios->c_lflag & ICANON) != 0;

    t->termios = *new_termios;
    if (was != is) {
        /* What was typed so far is readable now, whatever mode it was typed in. */
        if (is && t->head != t->canon) {
            uint32_t last = (t->head - 1) % TTY_INPUT_SIZE;

            t->in_eol[last / 8] |= (uint8_t)(1u << last % 8);
        }
        t->canon = t->head;
        t->lnext = false;
        t->canon_column = t->column;
    }
    if (!(new_termios->c_iflag & IXON) && t->stopped) {
        t->stopped = false;
        tty_start(t);
    }
    if (tty_input_ready(t))
        wake_all(&t->read_wait);
}

/* --- one byte --- */

static void
signal_key(struct tty *t, uint8_t c, int signo) requires_lock(t->lock)
{
    if (!lflag(t, NOFLSH)) {
        tty_flush_input(t);
        tty_flush_output(t);
    }
    if (t->stopped) {
        t->stopped = false;
        tty_start(t);
    }
    if (lflag(t, ECHO))
        echo_char(t, c);
    t->canon_column = t->column;
    if (t->pgrp > 0)
        (void)signal_send_group(t->pgrp, signo, NULL);
}

/* ^C ^\ ^Z ^S ^Q: true if the byte was one of them. */
static bool
special(struct tty *t, uint8_t c) requires_lock(t->lock)
{
    if (t->termios.c_iflag & IXON) {
        if (is_cc(t, VSTOP, c)) {
            t->stopped = true;
            return true;
        }
        if (is_cc(t, VSTART, c)) {
            t->stopped = false;
            tty_start(t);
            return true;
        }
        if (t->stopped && (t->termios.c_iflag & IXANY)) {
            t->stopped = false;
            tty_start(t);
        }
    }
    if (!lflag(t, ISIG))
        return false;
    if (is_cc(t, VINTR, c))
        signal_key(t, c, SIGINT);
    else if (is_cc(t, VQUIT, c))
        signal_key(t, c, SIGQUIT);
    else if (is_cc(t, VSUSP, c))
        signal_key(t, c, SIGTSTP);
    else
        return false;
    return true;
}

/* The line is complete with `c` (stored, except that EOF leaves only its mark). */
static void
end_line(struct tty *t, uint8_t c) requires_lock(t->lock)
{
    if (!store(t, c, true))
        return;
    t->canon = t->head;
    t->canon_column = t->column;
    wake_all(&t->read_wait);
}

/* Editing keys of canonical mode: true if the byte was one. */
static bool
edit(struct tty *t, uint8_t c) requires_lock(t->lock)
{
    if (is_cc(t, VERASE, c)) {
        erase_one(t);
    } else if (is_cc(t, VKILL, c)) {
        erase_line(t);
    } else if (lflag(t, IEXTEN) && is_cc(t, VWERASE, c)) {
        erase_word(t);
    } else if (lflag(t, IEXTEN) && is_cc(t, VREPRINT, c) && lflag(t, ECHO)) {
        reprint(t);
    } else if (lflag(t, IEXTEN) && is_cc(t, VLNEXT, c)) {
        t->lnext = true;
        if (lflag(t, ECHO) && lflag(t, ECHOCTL)) {
            (void)tty_put(t, '^');
            (void)tty_put(t, '\b');
        }
    } else if (is_cc(t, VEOF, c)) {
        end_line(t, DISABLED);
    } else {
        return false;
    }
    return true;
}

static void
ordinary(struct tty *t, uint8_t c, bool literal) requires_lock(t->lock)
{
    bool canon = lflag(t, ICANON);
    bool eol = canon && !literal &&
               (c == '\n' || is_cc(t, VEOL, c) || (lflag(t, IEXTEN) && is_cc(t, VEOL2, c)));

    if (lflag(t, ECHO) || (canon && c == '\n' && lflag(t, ECHONL))) {
        if (t->head == t->canon)
            t->canon_column = t->column;
        echo_char(t, c);
    }
    if (eol) {
        end_line(t, c);
        return;
    }
    if (!store(t, c, false))
        return;
    if (!canon) {
        t->canon = t->head;
        if (t->head - t->tail >= t->termios.c_cc[VMIN])
            wake_all(&t->read_wait);
    }
}

void
tty_ldisc_input(struct tty *t, uint8_t c)
{
    uint32_t i = t->termios.c_iflag;

    if (i & ISTRIP)
        c &= 0x7f;
    if (t->lnext) {
        t->lnext = false;
        ordinary(t, c, true);
    } else if (special(t, c)) {
        /* done */
    } else {
        if (c == '\r') {
            if (i & IGNCR)
                return;
            if (i & ICRNL)
                c = '\n';
        } else if (c == '\n' && (i & INLCR)) {
            c = '\r';
        }
        if (!lflag(t, ICANON) || !edit(t, c))
            ordinary(t, c, false);
    }
    tty_start(t);
}

void
tty_ldisc_break(struct tty *t)
{
    uint32_t i = t->termios.c_iflag;

    if (i & IGNBRK)
        return;
    if (i & BRKINT) {
        tty_flush_input(t);
        if (t->pgrp > 0)
            (void)signal_send_group(t->pgrp, SIGINT, NULL);
        return;
    }
    ordinary(t, 0, true);
    tty_start(t);
}

void
tty_port_input(struct tty *t, const uint8_t *bytes, size_t n)
{
    irqlock_lock(&t->lock);
    for (size_t i = 0; i < n; i++)
        tty_ldisc_input(t, at(bytes, n, i));
    irqlock_unlock(&t->lock);
}

void
tty_port_break(struct tty *t)
{
    irqlock_lock(&t->lock);
    tty_ldisc_break(t);
    irqlock_unlock(&t->lock);
}
