/* Stub processes: the starter, the slots, getting and putting, what both backends share. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <hal/host/stub.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern const uint8_t host_stub_elf[];
extern const size_t host_stub_elf_size;

enum {
    SLOTS = 1024,   /* spaces at once */
    IDLE_MAX = 32,  /* stubs kept for the next space */
    FIRST_FD = 400, /* descriptors are moved out of the way of the starter's 3, 4, 5 */
};

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010u
#endif
#define HWCAP2_FSGSBASE_BIT 2u

struct stub_host stub_host;

static struct stub stubs[SLOTS];
static uint16_t idle[IDLE_MAX]; /* slots of idle stubs, a stack */
static unsigned nidle;
static unsigned next_slot;
static uint8_t *ctl_base; /* our view of the control file */
static size_t ctl_size;
static int ctl_fd = -1;
static int sock_fd = -1;
static pid_t starter_pid;
static cpu_set_t old_cpus;
static bool pinned;

struct stub *
stub_by_slot(unsigned slot)
{
    return slot < SLOTS ? &stubs[slot] : NULL;
}

uint64_t
stub_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint32_t
backend_flags(void)
{
    switch (stub_host.config.backend) {
    case HOST_USER_PTRACE:
        return STUB_FLAG_PTRACE;
    case HOST_USER_NOTIFY:
        return STUB_FLAG_NOTIFY;
    default:
        return 0;
    }
}

TRUSTED_BEGIN(user)
/* The page that tells a starter what to be, at the beginning of the shared memory. */
static struct stub_boot *
boot_page(void)
{
    return (struct stub_boot *)ctl_base;
}

/* Zeroed memory of a slot: the control page, then the data pages. */
static void
slot_memory(struct stub *s)
{
    uint8_t *base = ctl_base + STUB_CTL_SIZE + (size_t)s->slot * stub_host.slot_size;

    memset(base, 0, stub_host.slot_size);
    s->ctl = (struct stub_ctl *)base;
    s->data = (struct stub_data *)(base + STUB_CTL_SIZE);
}

/* Byte `addr` of the stub's data pages; the caller has checked that it is one. */
static uint8_t *
data_at(struct stub *s, uint64_t addr)
{
    return (uint8_t *)s->data + (addr - STUB_DATA);
}

static struct stub_frame *
frame_at(struct stub *s, uint64_t addr)
{
    return (struct stub_frame *)data_at(s, addr);
}
TRUSTED_END

static void
slot_init(unsigned slot)
{
    struct stub *s = &stubs[slot];

    *s = (struct stub){
        .slot = slot,
        .go_fd = -1,
        .stop_fd = -1,
        .listen_fd = -1,
    };
    slot_memory(s);
    s->ctl->flags |= backend_flags();
    if (stub_host.fsgsbase)
        s->ctl->flags |= STUB_FLAG_FSGSBASE;
    s->ctl->one = 1;
    s->lo = UINT64_MAX;
}

/* Send the slot and, if it has any, its descriptors. */
static ssize_t
send_request(const struct stub *s)
{
    uint32_t slot = s->slot;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } control = { 0 };
    struct iovec iov = { &slot, sizeof(slot) };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (s->go_fd >= 0) {
        const int fds[2] = { s->go_fd, s->stop_fd };

        msg.msg_control = &control;
        msg.msg_controllen = sizeof(control);
        control.header.cmsg_len = CMSG_LEN(sizeof(fds));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
    }
    return sendmsg(sock_fd, &msg, MSG_NOSIGNAL);
}

/* The starter answers with the new process's id or a negative errno. */
static int
starter_fork(const struct stub *s)
{
    int32_t answer = 0;
    ssize_t n;

    do {
        n = send_request(s);
    } while (n < 0 && errno == EINTR);
    if (n != sizeof(uint32_t))
        return -EAGAIN;
    do {
        n = recv(sock_fd, &answer, sizeof(answer), 0);
    } while (n < 0 && errno == EINTR);
    if (n != sizeof(answer) || answer <= 0)
        return -EAGAIN;
    return answer;
}

static void
close_fds(struct stub *s)
{
    if (s->go_fd >= 0)
        close(s->go_fd);
    if (s->stop_fd >= 0)
        close(s->stop_fd);
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    s->go_fd = -1;
    s->stop_fd = -1;
    s->listen_fd = -1;
}

static bool
open_fds(struct stub *s)
{
    if (stub_host.config.backend == HOST_USER_PTRACE)
        return true;
    s->go_fd = eventfd(0, EFD_CLOEXEC);
    s->stop_fd = eventfd(0, EFD_CLOEXEC);
    return s->go_fd >= 0 && s->stop_fd >= 0;
}

static int
stub_start(struct stub **out)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        unsigned slot = (next_slot + i) % SLOTS;
        struct stub *s = &stubs[slot];

        if (s->pid != 0)
            continue;
        next_slot = slot + 1;
        slot_init(slot);
        int pid = open_fds(s) ? starter_fork(s) : -EAGAIN;

        if (pid < 0) {
            close_fds(s);
            return pid;
        }
        s->pid = pid;
        s->alive = true;
        s->fresh = true;
        stub_host.stats.started++;
        stub_host.stats.stubs_alive++;
        *out = s;
        return 0;
    }
    return -EAGAIN;
}

int
stub_get(const struct hal_space *space, struct stub **out)
{
    struct stub *s = NULL;

    while (nidle > 0) {
        s = &stubs[idle[--nidle]];
        if (!stub_check(s)) {
            stub_lose(s);
            s = NULL;
            continue;
        }
        memset(s->data, 0, stub_host.data_size);
        stub_queue_clean(s);
        stub_host.stats.recycled++;
        break;
    }
    if (s == NULL) {
        int err = stub_start(&s);

        if (err < 0)
            return err;
    }
    s->used = true;
    s->space = space;
    *out = s;
    return 0;
}

void
stub_put(struct stub *s)
{
    if (nidle < IDLE_MAX && s->alive && stub_settle(s) && !s->fresh) {
        s->used = false;
        host_fp_forget(s, true);
        idle[nidle++] = (uint16_t)s->slot;
        return;
    }
    s->used = false;
    stub_lose(s);
}

void
stub_lose(struct stub *s)
{
    if (s->pid == 0)
        return;
    host_fp_forget(s, false);
    close_fds(s);
    if (s->pid > 0) {
        kill(s->pid, SIGKILL);
        while (waitpid(s->pid, NULL, __WALL) < 0 && errno == EINTR)
            ;
        stub_host.stats.stubs_alive--;
        if (s->used)
            stub_host.stats.lost++;
    }
    s->alive = false;
    s->pid = s->used ? -1 : 0; /* the slot stays with its space */
}

void
stub_reaped(struct stub *s)
{
    s->pid = -1;
    stub_host.stats.stubs_alive--;
    if (s->used)
        stub_host.stats.lost++;
}

bool
stub_check(struct stub *s)
{
    int status;

    if (!s->alive)
        return false;
    if (waitpid(s->pid, &status, WNOHANG | WUNTRACED | __WALL) != s->pid)
        return true;
    if (WIFSTOPPED(status) && stub_host.ops != &stub_ptrace_ops) /* by somebody on the host */
        return kill(s->pid, SIGCONT) == 0;
    if (!WIFSTOPPED(status))
        stub_reaped(s);
    return false;
}

bool
stub_ready(struct stub *s)
{
    if (!s->alive)
        return false;
    if (!s->fresh)
        return true;
    s->fresh = false;
    /* The first batch must outlive the first stop. */
    return stub_host.ops->first_stop(s);
}

bool
stub_learn(struct stub *s, uint64_t sp)
{
    const uint64_t stack_end = STUB_DATA + stub_host.data_size;

    if (stub_host.learnt) {
        if (sp != stub_host.frame_addr)
            return false;
    } else if (sp < STUB_DATA + DATA_STACK || sp > stack_end - sizeof(struct stub_frame) ||
               sp % 8 != 0) {
        return false;
    }
    s->frame = frame_at(s, sp);
    if (!stub_host.learnt) {
        uint32_t xstate_size;

        stub_host.model = *s->frame;
        stub_host.frame_addr = sp;
        stub_host.fp_addr = stub_host.model.fpstate;
        if (stub_host.fp_addr < sp || stub_host.fp_addr > stack_end - 512)
            return false;
        /* struct _fpx_sw_bytes at 464: magic1, extended_size, xfeatures, xstate_size */
        memcpy(&xstate_size, data_at(s, stub_host.fp_addr + 464 + 16), 4);
        stub_host.fp_size = (stub_host.model.uc_flags & 1) ? xstate_size + 4 : 512;
        if (stub_host.fp_addr + stub_host.fp_size > stack_end)
            return false;
        stub_host.fp_init = malloc(stub_host.fp_size);
        if (stub_host.fp_init == NULL)
            return false;
    }
    s->fp = data_at(s, stub_host.fp_addr);
    if (!stub_host.learnt)
        memcpy(stub_host.fp_init, s->fp, stub_host.fp_size);
    stub_host.learnt = true;
    s->ctl->frame = stub_host.frame_addr + 8;
    return true;
}

void
stub_fill_frame(struct stub *s, const struct hal_user_regs *regs)
{
    struct stub_frame *f = s->frame;
    const struct stub_frame *model = &stub_host.model;

    f->uc_flags = model->uc_flags;
    f->uc_link = 0;
    f->stack_sp = model->stack_sp;
    f->stack_flags = model->stack_flags;
    f->stack_size = model->stack_size;
    memcpy(f->gregs, regs, sizeof(f->gregs));
    f->gregs[17] = (regs->rflags & X86_RFLAGS_USER) | 0x202;
    f->cs = model->cs;
    f->ss = model->ss;
    f->fpstate = stub_host.fp_addr;
    f->sigmask = 0;
    s->ctl->fs_base = regs->fs_base;
    s->ctl->gs_base = regs->gs_base;
    if (!stub_host.fsgsbase)
        s->ctl->flags |= STUB_FLAG_SET_FS;
}

TRUSTED_BEGIN(user)
/* The guest may write to its frame at any time: one copy is looked at. */
static struct stub_frame
copy_of(const volatile struct stub_frame *shared)
{
    struct stub_frame f;

    memcpy(&f, (const void *)shared, sizeof(f));
    return f;
}
TRUSTED_END

void
stub_read_frame(const struct stub *s, struct stub_event *ev)
{
    struct stub_frame f = copy_of(s->frame);

    memcpy(&ev->regs, f.gregs, sizeof(f.gregs));
    if (stub_host.fsgsbase) {
        ev->regs.fs_base = s->data->fs_base;
        ev->regs.gs_base = s->data->gs_base;
    } else {
        ev->regs.fs_base = s->ctl->fs_base;
        ev->regs.gs_base = s->ctl->gs_base;
    }
    ev->code = f.sig_code;
    ev->cs = f.cs;
    ev->arch = f.sig_arch;
    ev->nr = (uint32_t)f.sig_nr;
    ev->call_addr = f.sig_addr;
    ev->err = f.err;
    ev->trapno = f.trapno;
    ev->cr2 = f.cr2;
}

static int
open_stub_elf(void)
{
    int fd = memfd_create("drydock-stub", MFD_CLOEXEC | MFD_EXEC);

    if (fd < 0)
        fd = memfd_create("drydock-stub", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (write(fd, host_stub_elf, host_stub_elf_size) != (ssize_t)host_stub_elf_size) {
        close(fd);
        return -EIO;
    }
    return fd;
}

/* In the child of vfork: system calls only.  `fds` lie above the targets. */
static void
exec_starter(int elf, const int (*fds)[3])
{
    static char name[] = "drydock-user";
    char *argv[] = { name, NULL };
    char *envp[] = { NULL };

    for (int i = 0; i < 3; i++) {
        if (syscall(SYS_dup3, (*fds)[i], STUB_FD_RAM + i, 0) < 0)
            _exit(120);
    }
    if (syscall(SYS_dup3, elf, STUB_FD_SOCK + 1, O_CLOEXEC) < 0)
        _exit(121);
    if (syscall(SYS_close_range, STUB_FD_SOCK + 2, ~0u, 0) < 0) {
        for (int fd = STUB_FD_SOCK + 2; fd < 4096; fd++)
            syscall(SYS_close, fd);
    }
    syscall(SYS_execveat, STUB_FD_SOCK + 1, "", argv, envp, AT_EMPTY_PATH);
    _exit(122);
}

static pid_t
spawn(int elf, const int (*fds)[3])
{
    pid_t pid = vfork();

    if (pid == 0)
        exec_starter(elf, fds);
    return pid;
}

static int
move_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);

    if (high < 0) /* a low descriptor limit */
        high = fcntl(fd, F_DUPFD_CLOEXEC, 16);
    return high;
}

static int
start_starter(void)
{
    int pair[2] = { -1, -1 };
    int fds[3] = { -1, -1, -1 };
    int elf = -1, high_elf = -1;
    int err = -ENOMEM;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    elf = open_stub_elf();
    if (elf < 0) {
        err = elf;
        goto out;
    }
    high_elf = move_up(elf);
    fds[0] = move_up(stub_host.config.ram_fd);
    fds[1] = move_up(ctl_fd);
    fds[2] = move_up(pair[1]);
    if (high_elf < 0 || fds[0] < 0 || fds[1] < 0 || fds[2] < 0)
        goto out;
    starter_pid = spawn(high_elf, &fds);
    err = starter_pid < 0 ? -errno : 0;
    if (err == 0) {
        sock_fd = pair[0];
        pair[0] = -1;
    } else {
        starter_pid = 0;
    }
out:
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
    }
    if (elf >= 0)
        close(elf);
    if (high_elf >= 0)
        close(high_elf);
    return err;
}

static int
map_control(void)
{
    size_t frame = getauxval(AT_MINSIGSTKSZ);

    if (frame < 2048)
        frame = 4096;
    stub_host.data_size = (uint32_t)((DATA_STACK + frame + 2048 + 4095) & ~(size_t)4095);
    if (stub_host.data_size > STUB_DATA_MAX)
        return -ENOSYS;
    stub_host.slot_size = STUB_CTL_SIZE + stub_host.data_size;
    ctl_size = STUB_CTL_SIZE + (size_t)SLOTS * stub_host.slot_size;
    ctl_fd = memfd_create("drydock-ctl", MFD_CLOEXEC);
    if (ctl_fd < 0)
        return -errno;
    if (ftruncate(ctl_fd, (off_t)ctl_size) < 0)
        return -errno;
    ctl_base = mmap(NULL, ctl_size, PROT_READ | PROT_WRITE, MAP_SHARED, ctl_fd, 0);
    if (ctl_base == MAP_FAILED) {
        ctl_base = NULL;
        return -errno;
    }
    struct stub_boot *boot = boot_page();

    boot->slot_off = STUB_CTL_SIZE;
    boot->slot_size = stub_host.slot_size;
    boot->data_size = stub_host.data_size;
    boot->kernel_pid = (uint32_t)getpid();
    boot->flags = backend_flags();
    return 0;
}

static void
pin(void)
{
    cpu_set_t one;
    int cpu = sched_getcpu();

    if (cpu < 0 || sched_getaffinity(0, sizeof(old_cpus), &old_cpus) < 0)
        return;
    CPU_ZERO(&one);
    CPU_SET((unsigned)cpu, &one);
    pinned = sched_setaffinity(0, sizeof(one), &one) == 0;
}

static int
start_backend(enum host_user_backend backend)
{
    struct stub *s;
    int err;

    stub_host.config.backend = backend;
    stub_host.ops = backend == HOST_USER_PTRACE   ? &stub_ptrace_ops
                    : backend == HOST_USER_NOTIFY ? &stub_notify_ops
                                                  : &stub_seccomp_ops;
    stub_host.fsgsbase = (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT) != 0;
    err = map_control();
    if (err == 0)
        err = start_starter();
    if (err == 0)
        err = stub_start(&s);
    if (err == 0) {
        /* The first one shows that all of it works here, and what the frames look like. */
        if (stub_ready(s)) {
            stub_put(s);
            return 0;
        }
        stub_lose(s);
        err = -ENOSYS;
    }
    return err;
}

static void
stop_backend(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        stubs[i].used = false;
        stub_lose(&stubs[i]);
    }
    nidle = 0;
    if (sock_fd >= 0)
        close(sock_fd);
    sock_fd = -1;
    if (starter_pid > 0) {
        kill(starter_pid, SIGKILL);
        while (waitpid(starter_pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    starter_pid = 0;
    if (ctl_base != NULL)
        munmap(ctl_base, ctl_size);
    ctl_base = NULL;
    if (ctl_fd >= 0)
        close(ctl_fd);
    ctl_fd = -1;
    stub_seccomp_fini();
    stub_ptrace_fini();
    free(stub_host.fp_init);
    stub_host.fp_init = NULL;
    stub_host.learnt = false;
}

/* Up to two descriptors a stub: what most hosts allow by default is too little for many. */
static void
raise_fd_limit(void)
{
    const rlim_t want = 2 * SLOTS + 256;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= want)
        return;
    limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int
host_user_init(const struct host_user_config *config)
{
    int err = -ENOSYS;

    memset(&stub_host, 0, sizeof(stub_host));
    stub_host.config = *config;
    raise_fd_limit();
    if (config->pin)
        pin();
    for (enum host_user_backend b = HOST_USER_NOTIFY; err < 0 && b <= HOST_USER_PTRACE; b++) {
        if (config->backend != HOST_USER_AUTO && config->backend != b)
            continue;
        err = start_backend(b);
        if (err < 0)
            stop_backend();
    }
    return err;
}

void
host_user_fini(void)
{
    stop_backend();
    if (pinned)
        sched_setaffinity(0, sizeof(old_cpus), &old_cpus);
    pinned = false;
}

enum host_user_backend
host_user_backend(void)
{
    return stub_host.config.backend;
}

void
host_user_stats(struct host_user_stats *out)
{
    *out = stub_host.stats;
}
