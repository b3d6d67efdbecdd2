/* Terminal interface (asm-generic/termbits.h, asm-generic/ioctls.h). */
#pragma once

#include <stdint.h>

enum { TERMIOS_NCCS = 19 };

/* struct termios of TCGETS/TCSETS; termios2 adds the speeds. */
struct termios_k {
    uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
    uint8_t c_line;
    uint8_t c_cc[TERMIOS_NCCS];
};

struct termios2_k {
    struct termios_k t;
    uint32_t c_ispeed, c_ospeed;
};

struct winsize_k {
    uint16_t ws_row, ws_col, ws_xpixel, ws_ypixel;
};

enum {
    VINTR = 0,
    VQUIT = 1,
    VERASE = 2,
    VKILL = 3,
    VEOF = 4,
    VTIME = 5,
    VMIN = 6,
    VSWTC = 7,
    VSTART = 8,
    VSTOP = 9,
    VSUSP = 10,
    VEOL = 11,
    VREPRINT = 12,
    VDISCARD = 13,
    VWERASE = 14,
    VLNEXT = 15,
    VEOL2 = 16,
};

/* c_iflag */
enum {
    IGNBRK = 01,
    BRKINT = 02,
    IGNPAR = 04,
    PARMRK = 010,
    INPCK = 020,
    ISTRIP = 040,
    INLCR = 0100,
    IGNCR = 0200,
    ICRNL = 0400,
    IUCLC = 01000,
    IXON = 02000,
    IXANY = 04000,
    IXOFF = 010000,
    IMAXBEL = 020000,
    IUTF8 = 040000,
};
/* c_oflag */
enum {
    OPOST = 01,
    OLCUC = 02,
    ONLCR = 04,
    OCRNL = 010,
    ONOCR = 020,
    ONLRET = 040,
    TABDLY = 014000,
    XTABS = 014000
};
/* c_cflag */
enum {
    CBAUD = 010017,
    B9600 = 015,
    B38400 = 017,
    B115200 = 010002,
    CSIZE = 060,
    CS8 = 060,
    CREAD = 0200,
    HUPCL = 02000,
    CLOCAL = 04000
};
/* c_lflag */
enum {
    ISIG = 01,
    ICANON = 02,
    XCASE = 04,
    ECHO = 010,
    ECHOE = 020,
    ECHOK = 040,
    ECHONL = 0100,
    NOFLSH = 0200,
    TOSTOP = 0400,
    ECHOCTL = 01000,
    ECHOPRT = 02000,
    ECHOKE = 04000,
    FLUSHO = 010000,
    IEXTEN = 0100000,
};

enum {
    TCGETS = 0x5401,
    TCSETS = 0x5402,
    TCSETSW = 0x5403,
    TCSETSF = 0x5404,
    TCSBRK = 0x5409,
    TCXONC = 0x540a,
    TCFLSH = 0x540b,
    TIOCEXCL = 0x540c,
    TIOCNXCL = 0x540d,
    TIOCSCTTY = 0x540e,
    TIOCGPGRP = 0x540f,
    TIOCSPGRP = 0x5410,
    TIOCOUTQ = 0x5411,
    TIOCGWINSZ = 0x5413,
    TIOCSWINSZ = 0x5414,
    TIOCMGET = 0x5415,
    TIOCINQ = 0x541b,
    TIOCNOTTY = 0x5422,
    TIOCSETD = 0x5423,
    TIOCGETD = 0x5424,
    TCSBRKP = 0x5425,
    TIOCGSID = 0x5429,
};
#define TCGETS2  0x802c542au
#define TCSETS2  0x402c542bu
#define TCSETSW2 0x402c542cu
#define TCSETSF2 0x402c542du

/* TCFLSH and TCXONC arguments */
enum { TCIFLUSH = 0, TCOFLUSH = 1, TCIOFLUSH = 2 };
enum { TCOOFF = 0, TCOON = 1, TCIOFF = 2, TCION = 3 };
