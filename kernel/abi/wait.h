/* wait4(2), waitid(2), clone(2) */
#pragma once

enum {
    WNOHANG = 1,
    WUNTRACED = 2,
    WSTOPPED = 2,
    WEXITED = 4,
    WCONTINUED = 8,
    WNOWAIT = 0x01000000
};
#define WNOTHREAD 0x20000000u
#define WALL      0x40000000u
#define WCLONE    0x80000000u
enum { P_ALL = 0, P_PID = 1, P_PGID = 2 };

#define CLONE_CSIGNAL        0x000000ffu
#define CLONE_VM             0x00000100u
#define CLONE_FS             0x00000200u
#define CLONE_FILES          0x00000400u
#define CLONE_SIGHAND        0x00000800u
#define CLONE_PIDFD          0x00001000u
#define CLONE_VFORK          0x00004000u
#define CLONE_PARENT         0x00008000u
#define CLONE_THREAD         0x00010000u
#define CLONE_SYSVSEM        0x00040000u
#define CLONE_SETTLS         0x00080000u
#define CLONE_PARENT_SETTID  0x00100000u
#define CLONE_CHILD_CLEARTID 0x00200000u
#define CLONE_DETACHED       0x00400000u
#define CLONE_CHILD_SETTID   0x01000000u
#define CLONE_NAMESPACES     0x7e020080u /* every CLONE_NEW*: not supported */
