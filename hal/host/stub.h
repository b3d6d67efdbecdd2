/* Stub processes as hal/host/{space,user}.c see them: get, queue mapping commands, run, put.  Private to hal/host.
 *
 * Whenever kernel code runs, every stub is stopped (its user context is in the event last returned): by the host's word, not by the
 * stub's, so a page taken away from a user program is out of its reach at once.
 */
#pragma once

#include <hal/host/stub/stub_abi.h>
#include <hal/host/user.h>
#include <hal/user_regs.h>

/* A mapped or unmapped page of the signal frame the host writes (struct rt_sigframe of arch/x86/include/asm/sigframe.h). */
struct stub_frame {
    uint64_t pretcode;
    uint64_t uc_flags;
    uint64_t uc_link;
    uint64_t stack_sp;
    uint32_t stack_flags;
    uint32_t stack_unused;
    uint64_t stack_size;
    uint64_t gregs[18]; /* in the order of struct hal_user_regs */
    uint16_t cs, gs, fs, ss;
    uint64_t err;
    uint64_t trapno;
    uint64_t oldmask;
    uint64_t cr2;
    uint64_t fpstate;
    uint64_t reserved[8];
    uint64_t sigmask;
    int32_t sig_signo;
    int32_t sig_errno;
    int32_t sig_code;
    int32_t sig_unused;
    uint64_t sig_addr; /* SIGSYS: address after the instruction */
    int32_t sig_nr;
    uint32_t sig_arch;
    uint8_t sig_rest[96];
};

/* Why user code stopped.  Copied out of shared memory once, then judged. */
struct stub_event {
    int signo; /* SIGSYS: system call; STUB_SIG_KICK: preempted */
    int code;
    struct hal_user_regs regs;
    uint16_t cs;
    uint32_t arch; /* SIGSYS only */
    uint64_t nr;
    uint64_t call_addr;
    uint64_t err;
    uint64_t trapno;
    uint64_t cr2;
    bool kicked; /* the slice ended during this run */
    bool call;   /* a notification: of `regs` only rip and what carries the arguments is there */
};

struct hal_space;
struct hal_user;

struct stub {
    const struct hal_space *space;
    unsigned slot;
    int pid;
    bool used;  /* belongs to a space */
    bool alive; /* the process exists and behaved so far */
    bool fresh; /* not yet seen at its first stop */
    bool kick_pending;
    bool fp_in_frame;     /* ptrace: the FPU image is in the frame, not in the process */
    bool first_cleans;    /* command 0 removes everything */
    int go_fd, stop_fd;   /* seccomp: STUB_FD_GO, STUB_FD_STOP */
    int listen_fd;        /* notify: the filter's listener */
    uint64_t notice;      /* notify: the notification that waits for an answer */
    uint64_t notice_from; /* its instruction */
    bool in_call; /* notify: it is that of a system call; no frame, the registers are fp_owner's and still in the process */
    struct stub_ctl *ctl; /* our views of the slot */
    struct stub_data *data;
    struct stub_frame *frame;
    uint8_t *fp;
    struct hal_user *fp_owner; /* whose FPU state is live here */
    uint64_t lo, hi;           /* hull of the queued commands' addresses */
    uint64_t cpu_ns,
        cpu_at; /* the time that the process had computed when it was last asked, by stub_now_ns() */
};

/* How a backend moves a stub.  Every function: false means that the stub is lost. */
struct stub_ops {
    bool (*first_stop)(struct stub *s);
    /* Run the queued commands, then user code from `regs`, for about slice_ns. */
    bool (*run)(struct stub *s, const struct hal_user_regs *regs, uint64_t slice_ns,
                struct stub_event *ev);
    /* Run the queued commands only. */
    bool (*flush)(struct stub *s);
    /* Answer the system call that the stub is in (in_call) and run on, as with run(). */
    bool (*resume)(struct stub *s, uint64_t result, uint64_t slice_ns, struct stub_event *ev);
    bool (*fp_read)(struct stub *s, void *image);
    bool (*fp_write)(struct stub *s, const void *image);
};

extern const struct stub_ops stub_seccomp_ops;
extern const struct stub_ops stub_ptrace_ops;
extern const struct stub_ops stub_notify_ops;
void stub_ptrace_fini(void);
void stub_seccomp_fini(void);

/* What is the same for all stubs, learnt from the first stop of the first one, before any user code ran. */
struct stub_host {
    const struct stub_ops *ops;
    bool fsgsbase;
    bool learnt;
    uint32_t slot_size;
    uint32_t data_size;
    uint64_t frame_addr; /* in the stub */
    uint64_t fp_addr;
    size_t fp_size;          /* XSAVE area and the magic number after it */
    struct stub_frame model; /* the frame of a stub that has done nothing */
    uint8_t *fp_init;        /* its FPU image */
    struct host_user_config config;
    struct host_user_stats stats;
};

extern struct stub_host stub_host;

/* stub.c */
int must_check stub_get(const struct hal_space *space,
                        struct stub **out); /* -EAGAIN: no more processes or slots */
void stub_put(struct stub *s);
/* Kill and reap: for a stub that misbehaves, or is not needed. */
void stub_lose(struct stub *s);
/* True while the process exists; reaps it otherwise. */
bool stub_check(struct stub *s);
/* Wait for a new stub's first stop.  False: it did not come. */
bool stub_ready(struct stub *s);
struct stub *stub_by_slot(unsigned slot); /* NULL: no such slot */
/* The process is known to be dead and has been waited for. */
void stub_reaped(struct stub *s);
/* At the first stop: learn or compare the layout of the frame.  `sp`: the stack pointer at handler entry. */
bool stub_learn(struct stub *s, uint64_t sp);
/* Fill the frame for rt_sigreturn to `regs`: everything in it is forced. */
void stub_fill_frame(struct stub *s, const struct hal_user_regs *regs);
/* Read the frame into `ev`. */
void stub_read_frame(const struct stub *s, struct stub_event *ev);
uint64_t stub_now_ns(void);

/* stub_seccomp.c: waiting for a stub.  wait(): 1: it has stopped; 0: have a look, and wait again; -1: broken. */
struct stub_channel {
    bool (*release)(struct stub *s, uint64_t value);
    int (*wait)(struct stub *s);
};
#define STUB_SLICE_MIN_NS 2000ull /* shorter: kicked at once */

/* stub_slice.c: when user code is to be interrupted; `at` is the next look, by stub_now_ns(). */
struct stub_slice {
    uint64_t at, limit;
    uint64_t due; /* of the program's own time; before that no look can find the slice over */
    uint64_t need, cpu_ns; /* so much more than cpu_ns; 0: by the host's clock */
};
/* Just before `s` is released. */
void stub_slice_begin(struct stub_slice *slice, struct stub *s, uint64_t now, uint64_t ns);
/* `at` has come: is the slice over?  Else `at` moves on. */
bool stub_slice_over(struct stub_slice *slice, struct stub *s, uint64_t now);
/* The stub has stopped by itself: had it used up a slice of its own time, for which it was not interrupted? */
bool stub_slice_spent(struct stub_slice *slice, struct stub *s);

bool stub_wait_start(void);
/* Release the stub with *release (NULL: it runs already) and wait for its stop; kick it when slice_ns are over.  False: it is gone, or
 * deaf. */
bool stub_hand_over(struct stub *s, const struct stub_channel *ch, const uint64_t *release,
                    uint64_t slice_ns, bool *kicked);
void stub_kick(struct stub *s);
bool stub_seccomp_first_stop(struct stub *s);
/* The stub has stopped in its handler: read what it says.  False: it has been tampered with. */
bool stub_frame_stop(struct stub *s, struct stub_event *ev);
void stub_batch_done(struct stub *s);
bool stub_frame_fp_read(struct stub *s, void *image);
bool stub_frame_fp_write(struct stub *s, const void *image);

/* stub_notify.c: have the stub in its handler and its registers in its fp_owner.  False: it is lost. */
bool stub_settle(struct stub *s);

/* stub_queue.c: pages of a space. */
void stub_queue_map(struct stub *s, uint64_t va, uint64_t pa, size_t npages, unsigned prot);
void stub_queue_unmap(struct stub *s, uint64_t va, size_t npages);
/* False: part of the range is in the queue as a mapping; map it again instead. */
bool stub_queue_protect(struct stub *s, uint64_t va, size_t npages, unsigned prot);
void stub_queue_clean(struct stub *s);

/* user_fp.c */
void host_fp_forget(struct stub *s, bool save);
