/* execve(2).
 *
 * The new program is built completely beside the old one: address space, stack, registers, and everything that needs memory.  Until
 * exec_commit() the call can fail and nothing has changed; from there on nothing fails.  What is wanted only until then is not from
 * the process's grant: as a new process, a new program is something to ask for.
 */
#include <abi/types.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/resource.h>
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/exec.h>
#include <kernel/proc/proc.h>

enum {
    SCRIPT_LINE_MAX = 256, /* as Linux: what is looked at of a script's first line */
    SCRIPT_DEPTH_MAX = 5,  /* interpreters that are scripts themselves */
    HEAD_MAX = 2 * SCRIPT_DEPTH_MAX + 2,
    ARGS_MAX = 6 << 20,
    ARGS_MIN = 128 << 10,
    SIGCHLD_NR = 17,
};

/* What an execve() gathers on its way. */
struct exec {
    const char *path;               /* as the caller said it: AT_EXECFN, comm */
    struct file *file;              /* the program, or the innermost interpreter of a script */
    char *_Nullable head[HEAD_MAX]; /* arguments that scripts put in front, last one first; kmem */
    unsigned nhead;
    bool script;
    struct exec_strings front, argv, envp;
    size_t budget; /* bytes that these may still take */
    struct exec_image image;
    struct creds creds;
    bool secure;
    struct mm *_Nullable mm;
    struct hal_user user;
    bool user_ready;
    struct sighand *_Nullable sighand; /* a table of its own, if it was shared */
    struct files *_Nullable files;     /* the same */
};

/* --- scripts --- */

static int must_check
head_push(struct exec *x, struct cspan text)
{
    if (x->nhead == HEAD_MAX)
        return -ELOOP;

    char *copy = kmem_alloc_on(GRANT_KEPT, text.len + 1);

    if (copy == NULL)
        return -ENOMEM;
    span_copy(span_of(copy, text.len + 1), text); /* zeroed: it ends */
    x->head[x->nhead++] = copy;
    return 0;
}

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Length of the run of blanks (or of others) that `s` begins with. */
static size_t
run_of(struct cspan s, bool blank)
{
    size_t n = 0;

    while (n < s.len && is_blank(span_get(s, n)) == blank)
        n++;
    return n;
}

/* Split "#! interpreter [one argument]"; the argument may be empty.  -ENOEXEC: no such line. */
static int must_check
parse_script_line(struct cspan line, struct cspan *interp, struct cspan *arg)
{
    bool ended = false;
    size_t len = 2;

    for (; len < line.len && !ended; len++)
        ended = span_get(line, len) == '\n' || span_get(line, len) == 0;
    if (ended)
        len--;

    struct cspan rest = cspan_sub(line, 2, len - 2);
    size_t n = run_of(rest, true);

    rest = cspan_sub(rest, n, rest.len - n);
    n = run_of(rest, false);
    if (n == 0 || (!ended && n == rest.len && line.len == SCRIPT_LINE_MAX)) /* none, or cut off */
        return -ENOEXEC;
    *interp = cspan_sub(rest, 0, n);
    rest = cspan_sub(rest, n, rest.len - n);
    n = run_of(rest, true);
    rest = cspan_sub(rest, n, rest.len - n);
    while (rest.len > 0 && is_blank(span_get(rest, rest.len - 1)))
        rest.len--;
    *arg = rest;
    return 0;
}

/* The interpreter takes the place of the script that begins with `line`: 1. */
static int must_check
run_script(struct exec *x, struct cspan line)
{
    struct cspan interp, arg;
    struct file *file = NULL;
    int rc = parse_script_line(line, &interp, &arg);

    if (rc == 0 && !x->script) /* later ones: the interpreter's name is in front already */
        rc = head_push(x, cspan_of(x->path, str_len(x->path)));
    if (rc == 0 && arg.len > 0)
        rc = head_push(x, arg);
    if (rc == 0)
        rc = head_push(x, interp);
    if (rc == 0)
        rc = vfs_open_exec(x->head[x->nhead - 1], &file);
    if (rc < 0)
        return rc;
    file_put(x->file);
    x->file = file;
    x->script = true;
    return 1;
}

int
exec_read(struct file *file, uint64_t pos, struct span to)
{
    int64_t n = file_read_at(file, pos, to.ptr, to.len);

    if (n < 0)
        return (int)n;
    return (uint64_t)n == to.len ? 0 : -ENOEXEC;
}

/* If x->file is a script, put its interpreter in its place: 1.  0: it is none. */
static int must_check
step_script(struct exec *x)
{
    uint8_t mark[2];
    int64_t n = file_read_at(x->file, 0, mark, sizeof mark);

    if (n < (int64_t)sizeof mark || mark[0] != '#' || mark[1] != '!')
        return n < 0 ? (int)n : 0;

    void *line = kmem_alloc_on(
        GRANT_KEPT, SCRIPT_LINE_MAX); /* the stacks of small machines have no room for it */

    if (line == NULL)
        return -ENOMEM;
    n = file_read_at(x->file, 0, line, SCRIPT_LINE_MAX);

    int rc = n < 0 ? (int)n : run_script(x, cspan_of(line, (size_t)n));

    kmem_free(line);
    return rc;
}

static int must_check
resolve_program(struct exec *x)
{
    int rc = vfs_open_exec(x->path, &x->file);

    if (rc < 0)
        return rc;
    for (unsigned depth = 0; depth <= SCRIPT_DEPTH_MAX; depth++) {
        rc = step_script(x);
        if (rc <= 0)
            return rc;
    }
    return -ELOOP;
}

/* --- preparation --- */

/* What the caller gives; before the file is looked for, as Linux does it. */
static int must_check
gather_args(struct exec *x, uaddr_t argv, uaddr_t envp)
{
    uint64_t limit = mm_limit(RLIMIT_STACK) / 4;

    x->budget = limit > ARGS_MAX ? ARGS_MAX : limit < ARGS_MIN ? ARGS_MIN : (size_t)limit;

    int rc = exec_strings_add(&x->front, x->path, &x->budget); /* AT_EXECFN's share */

    exec_strings_free(&x->front);
    exec_strings_init(&x->front);
    if (rc == 0)
        rc = exec_strings_add_array(&x->argv, argv, &x->budget);
    if (rc == 0)
        rc = exec_strings_add_array(&x->envp, envp, &x->budget);
    return rc;
}

/* What scripts put in front of that. */
static int must_check
gather_front(struct exec *x)
{
    int rc = 0;

    if (x->argv.count == 0 && !x->script) /* a program may count on having a name */
        rc = exec_strings_add(&x->front, "", &x->budget);
    for (unsigned i = x->nhead; i > 0 && rc == 0; i--)
        rc = exec_strings_add(&x->front, x->head[i - 1], &x->budget);
    return rc;
}

/* Set-uid and set-gid bits of the program file; they mean nothing for scripts, whose interpreter is x->file. */
static void
new_creds(struct exec *x, const struct proc *p)
{
    const struct inode *inode = x->file->inode;
    struct creds *c = &x->creds;

    *c = p->creds;
    if (!p->no_new_privs) {
        if ((inode->mode & S_ISUID) != 0)
            c->euid = inode->uid;
        if ((inode->mode & (S_ISGID | 0010)) == (S_ISGID | 0010))
            c->egid = inode->gid;
    }
    c->suid = c->fsuid = c->euid;
    c->sgid = c->fsgid = c->egid;
    x->secure = c->euid != c->uid || c->egid != c->gid;
}

/* The stack and the registers of the program in x->mm; `bytes` of arguments. */
static int must_check noinline_fn
build_stack(struct exec *x, size_t bytes)
{
    struct exec_stack_args args = {
        .head = &x->front,
        .argv = &x->argv,
        .drop_argv0 = x->script,
        .envp = &x->envp,
        .filename = x->path,
        .image = &x->image,
        .uid = x->creds.uid,
        .euid = x->creds.euid,
        .gid = x->creds.gid,
        .egid = x->creds.egid,
        .secure = x->secure,
    };
    uaddr_t sp;
    int rc = exec_stack_create(x->mm, bytes, x->image.exec_stack);

    if (rc == 0)
        rc = exec_stack_fill(x->mm, &args, &sp);
    if (rc == 0)
        rc = hal_user_init(&x->user, uaddr(x->image.start), sp);
    if (rc < 0)
        return rc;
    hal_user_set_data(&x->user, uaddr(x->image.data));
    x->user_ready = true;
    return 0;
}

static int must_check
build_mm(struct exec *x)
{
    int rc = mm_create(&x->mm);

    if (rc < 0) {
        x->mm = NULL;
        return rc;
    }
    exec_layout(x->mm);

    size_t words = x->front.count + x->argv.count + x->envp.count;
    size_t bytes =
        x->front.len + x->argv.len + x->envp.len + words * sizeof(abi_ulong) + str_len(x->path);

    x->image.args = bytes;
    rc = exec_load(x->file, x->mm, &x->image);
    return rc < 0 ? rc : build_stack(x, bytes);
}

/* What the process shares with others and exec would change under them becomes its own. */
static int must_check
unshare(struct exec *x, const struct proc *p)
{
    if (p->sighand->refs > 1) {
        int rc = sighand_copy(p->sighand, &x->sighand);

        if (rc < 0) {
            x->sighand = NULL;
            return rc;
        }
    }
    assert(p->files != NULL);
    if (p->files->refs > 1) {
        int rc = files_copy(p->files, &x->files);

        if (rc < 0) {
            x->files = NULL;
            return rc;
        }
    }
    return 0;
}

/* --- commit --- */

/* Pending signals and the mask stay. */
static void
reset_signals(struct proc *p, struct exec *x)
{
    if (x->sighand != NULL) {
        sighand_put(p->sighand);
        p->sighand = x->sighand;
        x->sighand = NULL;
    }
    sighand_reset(p->sighand);
    p->sig.altstack = uaddr(0);
    p->sig.altstack_size = 0;
    p->sig.altstack_flags = 0;
}

static void
set_name(struct proc *p, const char *path)
{
    const char *name = path;

    for (const char *s = path; (s = str_chr(s, '/')) != NULL;)
        name = s = str_from(s, 1);
    str_copy(p->comm, sizeof p->comm, name);
    str_copy(p->thread.name, sizeof p->thread.name, name);
}

/* The point of no return: the running process becomes the new program.  Nothing here fails. */
static void
exec_commit(struct proc *p, struct exec *x)
{
    struct mm *old_mm = p->mm;
    struct file *old_exe = p->exe;

    p->mm = x->mm;
    x->mm = NULL;
    hal_user_fini(&p->user);
    p->user = x->user;
    x->user_ready = false;
    if (p->vfork_waiting) { /* the parent has its memory back */
        p->vfork_waiting = false;
        wake_all(&p->vfork_wait);
    }

    if (x->files != NULL) {
        files_put(p->files);
        p->files = x->files;
        x->files = NULL;
    }
    files_close_cloexec(p->files);
    reset_signals(p, x);
    p->creds = x->creds;
    p->dumpable = !x->secure;
    p->did_exec = true;
    p->exit_signal = p->exit_signal != 0 ? SIGCHLD_NR : 0;
    p->clear_child_tid = p->set_child_tid = p->robust_list = uaddr(0);
    p->restart_fn = 0;
    set_name(p, x->path);
    p->exe = x->file;
    x->file = NULL;

    if (old_exe != NULL)
        file_put(old_exe);
    if (old_mm != NULL)
        mm_put(old_mm);
}

static void
exec_free(struct exec *x)
{
    exec_strings_free(&x->front);
    exec_strings_free(&x->argv);
    exec_strings_free(&x->envp);
    for (unsigned i = 0; i < x->nhead; i++)
        kmem_free(x->head[i]);
    if (x->user_ready)
        hal_user_fini(&x->user);
    if (x->mm != NULL)
        mm_put(x->mm);
    if (x->sighand != NULL)
        sighand_put(x->sighand);
    if (x->files != NULL)
        files_put(x->files);
    if (x->file != NULL)
        file_put(x->file);
    kmem_free(x);
}

static int must_check
exec_once(const char *path, uaddr_t argv, uaddr_t envp)
{
    struct proc *p = proc_current();
    struct exec *x = kmem_alloc_on(GRANT_KEPT, sizeof *x);

    if (x == NULL)
        return -ENOMEM;
    x->path = path;
    exec_strings_init(&x->front);
    exec_strings_init(&x->argv);
    exec_strings_init(&x->envp);

    int rc = gather_args(x, argv, envp);

    if (rc == 0)
        rc = resolve_program(x);
    if (rc == 0)
        rc = gather_front(x);
    if (rc == 0) {
        new_creds(x, p);
        rc = build_mm(x);
    }
    if (rc == 0)
        rc = unshare(x, p);
    if (rc == 0)
        exec_commit(p, x);
    exec_free(x);
    return rc;
}

int64_t
proc_execve(const char *path, uaddr_t argv, uaddr_t envp)
{
    int rc = exec_once(path, argv, envp);

    if (rc == -ENOMEM) { /* what is kept against later use may be what is missing */
        vfs_squeeze();
        rc = exec_once(path, argv, envp);
    }
    return rc;
}
