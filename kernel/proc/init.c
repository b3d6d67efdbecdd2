/* The first processes.  See proc_start_init() in proc.h.
 *
 * With "run=COMMANDS" process 1 is the kernel's own: it starts `/bin/sh -c COMMANDS` as process 2, reaps orphans, and switches the
 * machine off when process 2 ends.
 */
#include <hal/power.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/abi/resource.h>
#include <kernel/abi/signal.h>
#include <kernel/abi/wait.h>
#include <kernel/core/assert.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/mm.h>
#include <kernel/mm/page.h>
#include <kernel/proc/proc.h>
#include <kernel/proc/wait.h>
#include <kernel/trusted/ucopy.h>

enum { WORDS_MAX = 4, ENV = 3, DATA_SHARE = 4 };

static const char *argv_text[WORDS_MAX];
static unsigned argc;
static char term_word[48] = "TERM=linux";
static bool run_mode;

/* Shared by all processes that set none; where memory is promised, a program has a quarter of it at most. */
static struct rlimits *
default_limits(void)
{
    static struct rlimits limits;
    struct page_stats ram;

    page_stats(&ram);
    for (unsigned i = 0; i < RLIM_NLIMITS; i++)
        limits.of[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
    limits.of[RLIMIT_STACK].cur = 8 << 20;
    limits.of[RLIMIT_NOFILE] = (struct rlimit){ FD_MAX, FD_MAX };
    limits.of[RLIMIT_NPROC] = (struct rlimit){ PROC_MAX / 2, PROC_MAX / 2 };
    limits.of[RLIMIT_CORE].cur = 0;
    if (GRANTS)
        limits.of[RLIMIT_DATA].cur = ram.total / DATA_SHARE * PAGE_SIZE;
    limits.refs = 1; /* ours: never freed */
    return &limits;
}

/* A process without a program: files, root directory, handlers, a session of its own. */
static int
make_process(struct proc *parent, struct proc **proc_out)
{
    struct proc *p;
    int rc = proc_alloc(&p);
    uint8_t was;

    if (rc < 0)
        return rc;
    was = grant_use(p->thread.grant);
    rc = sighand_create(&p->sighand);
    if (rc == 0)
        rc = files_create(&p->files);
    if (rc == 0)
        rc = fs_ctx_create(&p->fs);
    if (rc == 0)
        rc = session_create(p);
    (void)grant_use(was);
    if (rc < 0)
        goto remove;
    p->exit_signal = SIGCHLD;
    p->dumpable = true;
    p->rlimits = parent != NULL ? parent->rlimits : default_limits();
    p->rlimits->refs++;
    p->parent = parent;
    if (parent != NULL)
        list_push_back(&parent->children, &p->sibling);
    str_copy(p->comm, sizeof p->comm, "init");
    *proc_out = p;
    return 0;

remove:
    if (p->files != NULL)
        files_put(p->files);
    proc_remove(p);
    return rc;
}

/* There is no program yet that could be told. */
static void
need_memory(int rc, const char *what)
{
    if (rc == -ENOMEM)
        panic("no memory for %s", what);
}

/* Descriptors 0, 1 and 2 are the console, which becomes the controlling terminal. */
static void
open_console(struct proc *p)
{
    struct file *f;
    int rc = vfs_open(NULL, "/dev/console", O_RDWR, 0, &f);

    need_memory(rc, "the console");
    if (rc < 0) {
        klog(LOG_WARN, "init: /dev/console: error %d", -rc);
        return;
    }
    for (int fd = 0; fd < 3; fd++)
        if (fd_install(p->files, file_ref(f), fd, false) < 0)
            file_put(f);
    file_put(f);
    if (!run_mode)
        return;
    rc = vfs_open(NULL, "/dev/ttyS0", O_RDWR, 0, &f);
    need_memory(rc, "the console");
    if (rc == 0)
        file_put(f); /* opening it made it ours */
}

/* Arguments and environment in user memory, as execve(2) wants them: in memory of its own. */
struct arg_writer {
    uintptr_t table, text; /* next word of the table, next byte of the text */
    int rc;
};

static void
put_word(struct arg_writer *w, abi_ulong v)
{
    if (w->rc == 0)
        w->rc = ucopy_out(uaddr(w->table), &v, sizeof v);
    w->table += sizeof v;
}

static void
put_string(struct arg_writer *w, const char *s)
{
    size_t n = str_len(s) + 1;

    put_word(w, (abi_ulong)w->text);
    if (w->rc == 0)
        w->rc = ucopy_out(uaddr(w->text), s, n);
    w->text += n;
}

static const char *const env[ENV] = { "HOME=/", "PATH=/sbin:/usr/sbin:/bin:/usr/bin", term_word };

/* Bytes of the table and of the text. */
static size_t
args_size(const char *path, size_t *table)
{
    size_t text = str_len(path) + 1;

    *table = (argc + 1 + ENV + 1) * sizeof(abi_ulong);
    for (unsigned i = 1; i < argc; i++)
        text += str_len(argv_text[i]) + 1;
    for (unsigned i = 0; i < ENV; i++)
        text += str_len(env[i]) + 1;
    return *table + text;
}

static int
exec_first(struct proc *p, const char *path)
{
    size_t table = 0;
    struct mm_map_args map = { .len = args_size(path, &table), .flags = VMA_READ | VMA_WRITE };
    struct arg_writer w = { 0 };
    uintptr_t at = 0, envp;
    int rc = 0;

    if (p->mm == NULL)
        rc = mm_create(&p->mm);
    if (rc == 0)
        rc = mm_map(p->mm, &map, &at);
    if (rc < 0)
        return rc;
    w.table = at;
    w.text = at + table;
    put_string(&w, path);
    for (unsigned i = 1; i < argc; i++)
        put_string(&w, argv_text[i]);
    put_word(&w, 0);
    envp = w.table;
    for (unsigned i = 0; i < ENV; i++)
        put_string(&w, env[i]);
    put_word(&w, 0);
    rc = w.rc < 0 ? w.rc : (int)proc_execve(path, uaddr(at), uaddr(envp));
    if (rc < 0 && mm_unmap(p->mm, at, map.len) < 0)
        klog(LOG_WARN, "init: arguments stay mapped");
    return rc;
}

/* The first program, or the shell with the commands. */
static void noinline_fn
load_first(struct proc *p)
{
    static const char *const shells[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };
    char init[40];
    int rc;

    open_console(p);

    uint8_t was = grant_use(GRANT_KEPT);

    rc = vfs_mount("proc", "/proc", "proc", 0,
                   ""); /* as /dev: a process that runs mount is a sixth of a boot */
    (void)grant_use(was);
    need_memory(rc, "/proc");
    if (rc < 0)
        klog(LOG_INFO, "init: /proc is not mounted");
    if (run_mode) {
        rc = exec_first(p, "/bin/sh");
    } else if (cmdline_word("init", init, sizeof init)) {
        rc = exec_first(p, init);
    } else {
        rc = -ENOENT;
        for (unsigned i = 0; i < sizeof shells / sizeof shells[0] && rc < 0; i++)
            rc = exec_first(p, shells[i]);
    }
    need_memory(rc, "the first program");
    if (rc < 0) {
        klog(LOG_ERR,
             "no program to start: error %d (the root file system needs /sbin/init or /bin/sh)", -rc);
        proc_power_off(1, false);
    }
}

/* Thread of the first user process. */
static void
first_program(void *arg)
{
    struct proc *p = arg;

    load_first(p);
    proc_user_loop(p);
}

/* The line --run promises on standard error, whatever the log level. */
static void
say_status(int status)
{
    char line[64];

    hal_log_write(line, fmt_print(line, sizeof line, "drydock: exit status %d\n", status));
}

static void
run_reaper(void *arg unused_param)
{
    struct wait_query any = { .which = P_ALL, .options = WEXITED };
    struct wait_result r;

    for (;;) {
        int rc = proc_wait(&any, &r);

        if (rc == -ERESTARTSYS)
            thread_clear_interrupt(thread_current());
        if (rc < 0 && rc != -ERESTARTSYS)
            bug("process 1 has no children");
        if (rc != 1 || r.pid != 2)
            continue;
        int status = r.code == CLD_EXITED ? r.status : 128 + r.status;
        if (status != 0)
            say_status(status);
        proc_power_off(status == 0 ? 0 : 1, false);
    }
}

int
proc_start_init(const struct boot_info *boot unused_param)
{
    struct proc *init, *shell;
    char word[64];
    int rc = make_process(NULL, &init);

    if (rc < 0)
        return rc;
    init->init_protected = true;
    if (cmdline_word("TERM", word, sizeof word))
        fmt_print(term_word, sizeof term_word, "TERM=%s", word);
    argc = 1;
    if (cmdline_run() == NULL)
        return proc_start(init, first_program);

    run_mode = true;
    rc = make_process(init, &shell);
    if (rc < 0)
        return rc;
    str_copy(shell->comm, sizeof shell->comm, "sh");
    argv_text[1] = "-c";
    argv_text[2] = cmdline_run();
    argc = 3;
    rc = proc_start(init, run_reaper);
    return rc < 0 ? rc : proc_start(shell, first_program);
}
