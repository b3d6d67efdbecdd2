/* Waiting for children. */
#pragma once

#include <hal/types.h>

struct wait_query {
    int which; /* P_ALL, P_PID, P_PGID */
    int32_t id;
    uint32_t options; /* WEXITED, WSTOPPED, WCONTINUED, WNOHANG, WNOWAIT, WCLONE, WALL */
};

struct wait_result {
    int32_t pid; /* 0: nothing to report (WNOHANG) */
    uint32_t uid;
    int code, status; /* as siginfo tells it */
    int32_t wstatus;  /* as wait4 tells it */
    bool reap;
    uint64_t user_ns, sys_ns, min_faults, maj_faults, rss_peak /* pages */;
};

/* 1: `r` tells of a child; 0: none has news and WNOHANG; -ECHILD; -ERESTARTSYS. */
int must_check proc_wait(const struct wait_query *q, struct wait_result *r);
