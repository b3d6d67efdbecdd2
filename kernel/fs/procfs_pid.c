/* procfs: /proc/PID (proc(5)).  Formats are Linux's, as ps(1), top(1), lsof(8) and their like parse them. */
#include <kernel/core/fmt.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/path.h>
#include <kernel/fs/procfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/bounds.h>
#include <kernel/tty/tty.h>

enum {
    USER_HZ = 100,
    NSEC_PER_TICK = 1000000000 / USER_HZ,
    COPY_CHUNK = 128,
    MAPS_PATH_COL = 73,
    KIB_PER_PAGE = PAGE_SIZE / 1024
};
enum { POS_FDS = 2 };

static struct proc *_Nullable
proc_of(const struct inode *inode)
{
    return proc_find(procfs_pid(inode));
}

static char
state_of(const struct proc *p)
{
    const struct thread *t = &p->thread;

    if (p->zombie)
        return 'Z';
    switch (t->state) {
    case THREAD_RUNNABLE:
    case THREAD_NEW:
        return 'R';
    case THREAD_STOPPED:
        return 'T';
    case THREAD_DEAD:
        return 'X';
    default:
        return (t->wait_flags & WAIT_INTR) != 0 ? 'S' : 'D';
    }
}

static const char *
state_name(char c)
{
    switch (c) {
    case 'R':
        return "R (running)";
    case 'S':
        return "S (sleeping)";
    case 'T':
        return "T (stopped)";
    case 'Z':
        return "Z (zombie)";
    case 'X':
        return "X (dead)";
    default:
        return "D (disk sleep)";
    }
}

static int32_t
ppid_of(const struct proc *p)
{
    return p->parent != NULL ? p->parent->tgid : 0;
}

/* Masks of the ignored and the caught signals. */
static void
signal_masks(const struct proc *p, uint64_t *ignored, uint64_t *caught)
{
    *ignored = *caught = 0;
    for (unsigned i = 0; p->sighand != NULL && i < NSIG; i++) {
        uintptr_t h = sighand_get(p->sighand, (int)i + 1).handler;

        if (h == 1)
            *ignored |= 1ull << i;
        else if (h != 0)
            *caught |= 1ull << i;
    }
}

static unsigned long long
ticks(uint64_t ns)
{
    return ns / NSEC_PER_TICK;
}

static int
show_stat(struct seq *s, struct inode *inode)
{
    const struct proc *p = proc_of(inode);
    const struct mm *mm;
    const struct tty *tty;
    uint64_t ignored, caught;

    if (p == NULL)
        return -ESRCH;
    mm = p->mm;
    tty = p->session != NULL ? p->session->tty : NULL;
    signal_masks(p, &ignored, &caught);
    seq_printf(
        s, "%d (%s) %c %d %d %d %d %d 0 %llu 0 %llu 0 %llu %llu %llu %llu %d %d 1 0 %llu %llu %llu %llu ",
        p->pid, p->comm, state_of(p), ppid_of(p), p->pgid, p->session != NULL ? p->session->sid : 0,
        tty != NULL ? (int)tty_rdev(tty) : 0, tty != NULL ? tty_pgrp(tty) : -1,
        mm != NULL ? (unsigned long long)mm->faults_minor : (unsigned long long)p->min_faults,
        mm != NULL ? (unsigned long long)mm->faults_major : (unsigned long long)p->maj_faults,
        ticks(p->thread.user_ns), ticks(p->thread.sys_ns), ticks(p->children_user_ns),
        ticks(p->children_sys_ns), 20 + p->thread.nice, p->thread.nice, ticks(p->thread.start_ns),
        mm != NULL ? (unsigned long long)mm->vm_pages * PAGE_SIZE : 0ull,
        mm != NULL ? (unsigned long long)mm->rss_pages : 0ull,
        (unsigned long long)p->rlimits->of[5].cur);
    seq_printf(
        s, "0 0 %llu 0 0 %llu %llu %llu %llu %d 0 0 %d 0 0 0 0 0 0 0 0 %llu %llu %llu %llu %llu %d\n",
        mm != NULL ? (unsigned long long)mm->stack_top : 0ull,
        (unsigned long long)p->sig.pending & 0x7fffffff,
        (unsigned long long)p->sig.blocked & 0x7fffffff, (unsigned long long)ignored & 0x7fffffff,
        (unsigned long long)caught & 0x7fffffff, state_of(p) == 'R' ? 0 : 1, p->exit_signal,
        mm != NULL ? (unsigned long long)mm->brk_start : 0ull,
        mm != NULL ? (unsigned long long)mm->arg_start : 0ull,
        mm != NULL ? (unsigned long long)mm->arg_end : 0ull,
        mm != NULL ? (unsigned long long)mm->env_start : 0ull,
        mm != NULL ? (unsigned long long)mm->env_end : 0ull, p->exit_code);
    return 0;
}

static int
show_statm(struct seq *s, struct inode *inode)
{
    const struct proc *p = proc_of(inode);

    if (p == NULL)
        return -ESRCH;
    if (p->mm == NULL)
        seq_printf(s, "0 0 0 0 0 0 0\n");
    else
        seq_printf(s, "%llu %llu 0 0 0 %llu 0\n", (unsigned long long)p->mm->vm_pages,
                   (unsigned long long)p->mm->rss_pages, (unsigned long long)p->mm->vm_pages);
    return 0;
}

static int
show_status(struct seq *s, struct inode *inode)
{
    const struct proc *p = proc_of(inode);
    const struct creds *c;
    uint64_t ignored, caught;

    if (p == NULL)
        return -ESRCH;
    c = &p->creds;
    seq_printf(
        s, "Name:\t%s\nUmask:\t%04o\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
        p->comm, p->fs != NULL ? p->fs->umask : 0, state_name(state_of(p)), p->tgid, p->pid,
        ppid_of(p));
    seq_printf(s, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\nGroups:\t", c->uid,
               c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid,
               p->files != NULL ? p->files->capacity : 0);
    for (uint32_t i = 0; i < c->ngroups && i < NGROUPS_MAX; i++)
        seq_printf(s, "%u ", c->groups[i]);
    seq_printf(s, "\n");
    if (p->mm != NULL)
        seq_printf(s, "VmPeak:\t%8llu kB\nVmSize:\t%8llu kB\nVmHWM:\t%8llu kB\nVmRSS:\t%8llu kB\n",
                   (unsigned long long)p->mm->vm_pages * KIB_PER_PAGE,
                   (unsigned long long)p->mm->vm_pages * KIB_PER_PAGE,
                   (unsigned long long)p->mm->rss_peak * KIB_PER_PAGE,
                   (unsigned long long)p->mm->rss_pages * KIB_PER_PAGE);
    signal_masks(p, &ignored, &caught);
    seq_printf(
        s, "Threads:\t1\nSigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
        (unsigned long long)p->sig.pending, 0ull, (unsigned long long)p->sig.blocked,
        (unsigned long long)ignored, (unsigned long long)caught);
    seq_printf(s, "NoNewPrivs:\t%d\nvoluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t0\n",
               p->no_new_privs, (unsigned long long)p->thread.switches);
    return 0;
}

/* A stretch of a process's memory (arguments, environment). */
static int
show_memory(struct seq *s, struct mm *mm, uintptr_t start, uintptr_t end)
{
    char chunk[COPY_CHUNK];

    while (start < end && !s->overflow) {
        size_t n = end - start < sizeof(chunk) ? end - start : sizeof(chunk);

        if (ucopy_in_mm(mm, chunk, uaddr(start), n) < 0)
            break; /* what is readable is shown */
        seq_write(s, chunk, n);
        start += n;
    }
    return 0;
}

static int
show_args(struct seq *s, struct inode *inode, bool env)
{
    struct proc *p = proc_of(inode);
    struct mm *mm;
    int rc;

    if (p == NULL)
        return -ESRCH;
    if (p->mm == NULL)
        return 0;
    mm = mm_get(p->mm);
    rc = env ? show_memory(s, mm, mm->env_start, mm->env_end)
             : show_memory(s, mm, mm->arg_start, mm->arg_end);
    mm_put(mm);
    return rc;
}

static int
show_cmdline(struct seq *s, struct inode *inode)
{
    return show_args(s, inode, false);
}

static int
show_environ(struct seq *s, struct inode *inode)
{
    return show_args(s, inode, true);
}

static int
show_comm(struct seq *s, struct inode *inode)
{
    const struct proc *p = proc_of(inode);

    if (p == NULL)
        return -ESRCH;
    seq_printf(s, "%s\n", p->comm);
    return 0;
}

static int
write_comm(struct inode *inode, const char *text, size_t len)
{
    struct proc *p = proc_of(inode);

    if (p == NULL)
        return -ESRCH;

    text_copy(p->comm, sizeof p->comm, procfs_word(text, len));
    return 0;
}

static void noinline_fn
show_vma(struct seq *s, const struct mm *mm, const struct vma *v, char *path)
{
    const struct inode *inode = v->file != NULL ? v->file->inode : NULL;
    const char *name = "";
    size_t start = s->len;

    seq_printf(s, "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %llu", (unsigned long)v->start,
               (unsigned long)v->end, (v->flags & VMA_READ) != 0 ? 'r' : '-',
               (v->flags & VMA_WRITE) != 0 ? 'w' : '-', (v->flags & VMA_EXEC) != 0 ? 'x' : '-',
               (v->flags & VMA_SHARED) != 0 ? 's' : 'p', (unsigned long long)v->offset,
               inode != NULL ? dev_major(inode->sb->st_dev) : 0,
               inode != NULL ? dev_minor(inode->sb->st_dev) : 0,
               inode != NULL ? (unsigned long long)inode->ino : 0ull);
    if (v->file != NULL && v->file->dentry != NULL &&
        dentry_path(v->file->dentry, path, PATH_MAX) >= 0)
        name = path;
    else if ((v->flags & VMA_HEAP) != 0 ||
             (v->start >= mm->brk_start && v->end <= mm->brk && v->file == NULL))
        name = "[heap]";
    else if ((v->flags & VMA_STACK) != 0)
        name = "[stack]";
    if (*name != '\0')
        seq_printf(s, "%*s%s",
                   s->len - start < MAPS_PATH_COL ? (int)(MAPS_PATH_COL - (s->len - start)) : 1, "",
                   name);
    seq_printf(s, "\n");
}

static int
show_maps(struct seq *s, struct inode *inode)
{
    struct proc *p = proc_of(inode);
    struct mm *mm;
    char *path;

    if (p == NULL)
        return -ESRCH;
    if (p->mm == NULL)
        return 0;
    path = kmem_alloc(PATH_MAX);
    if (path == NULL)
        return -ENOMEM;
    mm = mm_get(p->mm);
    mutex_lock(&mm->lock);
    for (const struct tree_node *n = tree_first(&mm->vmas); n != NULL; n = tree_next(n))
        show_vma(s, mm, container_of(n, const struct vma, node), path);
    mutex_unlock(&mm->lock);
    mm_put(mm);
    kmem_free(path);
    return 0;
}

struct mount_text {
    struct seq *seq;
    char line[512];
};

static bool
show_mount(struct mount *m, void *arg)
{
    struct mount_text *t = arg;

    seq_write(t->seq, t->line, mount_line(m, t->line, sizeof t->line));
    return !t->seq->overflow;
}

int
procfs_show_mounts(struct seq *s, unused_param struct inode *inode)
{
    struct mount_text *t = kmem_alloc(sizeof *t);

    if (t == NULL)
        return -ENOMEM;
    t->seq = s;
    mount_for_each(show_mount, t);
    kmem_free(t);
    return 0;
}

static int
show_limits(struct seq *s, struct inode *inode)
{
    static const struct {
        const char *name, *unit;
    } names[RLIM_NLIMITS] = {
        { "Max cpu time", "seconds" },     { "Max file size", "bytes" },
        { "Max data size", "bytes" },      { "Max stack size", "bytes" },
        { "Max core file size", "bytes" }, { "Max resident set", "bytes" },
        { "Max processes", "processes" },  { "Max open files", "files" },
        { "Max locked memory", "bytes" },  { "Max address space", "bytes" },
        { "Max file locks", "locks" },     { "Max pending signals", "signals" },
        { "Max msgqueue size", "bytes" },  { "Max nice priority", "" },
        { "Max realtime priority", "" },   { "Max realtime timeout", "us" },
    };
    const struct proc *p = proc_of(inode);
    char cur[24], max[24];

    if (p == NULL)
        return -ESRCH;
    seq_printf(s, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
        fmt_print(cur, sizeof(cur), "%llu", (unsigned long long)p->rlimits->of[i].cur);
        fmt_print(max, sizeof(max), "%llu", (unsigned long long)p->rlimits->of[i].max);
        seq_printf(s, "%-25s %-20s %-20s %-10s\n", names[i].name,
                   p->rlimits->of[i].cur == UINT64_MAX ? "unlimited" : cur,
                   p->rlimits->of[i].max == UINT64_MAX ? "unlimited" : max, names[i].unit);
    }
    return 0;
}

static int
show_wchan(struct seq *s, struct inode *inode)
{
    const struct proc *p = proc_of(inode);

    if (p == NULL)
        return -ESRCH;
    seq_printf(s, "%s",
               p->thread.state == THREAD_SLEEPING && p->thread.wait_what != NULL ? p->thread.wait_what
                                                                                 : "0");
    return 0;
}

static int
show_zero(struct seq *s, unused_param struct inode *inode)
{
    seq_printf(s, "0\n");
    return 0;
}

static const struct procfs_file pid_files[] = {
    { "stat", 0444, show_stat, NULL },       { "status", 0444, show_status, NULL },
    { "statm", 0444, show_statm, NULL },     { "cmdline", 0444, show_cmdline, NULL },
    { "comm", 0644, show_comm, write_comm }, { "maps", 0444, show_maps, NULL },
    { "environ", 0400, show_environ, NULL }, { "mounts", 0444, procfs_show_mounts, NULL },
    { "limits", 0444, show_limits, NULL },   { "wchan", 0444, show_wchan, NULL },
    { "oom_score", 0444, show_zero, NULL },  { NULL, 0, NULL, NULL },
};

/* Links and directories of /proc/PID, after the files. */
enum pid_kind {
    KIND_DIR,
    KIND_FILE_FIRST = 1,
    KIND_CWD = 100,
    KIND_ROOT,
    KIND_EXE,
    KIND_FD_DIR,
    KIND_FD,
    KIND_END
};
static const char *const pid_specials[] = { "cwd", "root", "exe", "fd" };
enum { NR_PID_SPECIALS = sizeof(pid_specials) / sizeof(pid_specials[0]) };

static struct file *_Nullable
fd_of(const struct proc *p, unsigned fd)
{
    return p->files != NULL ? fd_get(p->files, (int)fd) : NULL;
}

/* May the running process look through `p`'s links? */
static bool
may_inspect(const struct proc *p)
{
    const struct thread *t = thread_current();

    return t->proc == NULL || capable() ||
           (t->proc->creds.fsuid == p->creds.uid && p->creds.uid == p->creds.suid);
}

/* Where a link leads: a dentry with a reference, or (for files without one) NULL and the file with a reference. */
static int
link_target(const struct inode *inode, struct dentry **d, struct file **f)
{
    const struct proc *p = proc_of(inode);

    *d = NULL;
    *f = NULL;
    if (p == NULL)
        return -ESRCH;
    if (!may_inspect(p))
        return -EACCES;
    switch (procfs_kind(inode)) {
    case KIND_CWD:
        *d = p->fs != NULL ? dentry_ref(p->fs->cwd) : NULL;
        break;
    case KIND_ROOT:
        *d = p->fs != NULL ? dentry_ref(p->fs->root) : NULL;
        break;
    case KIND_EXE:
        *d = p->exe != NULL && p->exe->dentry != NULL ? dentry_ref(p->exe->dentry) : NULL;
        break;
    default:
        *f = fd_of(p, procfs_fd(inode));
        break;
    }
    if (*f != NULL && (*f)->dentry != NULL) {
        *d = dentry_ref((*f)->dentry);
        file_put(*f);
        *f = NULL;
    }
    return *d != NULL || *f != NULL ? 0 : -ENOENT;
}

static int64_t
link_readlink(struct inode *inode, char *buf, size_t size)
{
    struct dentry *d;
    struct file *f;
    char *path = kmem_alloc(PATH_MAX);
    int64_t n;

    if (path == NULL)
        return -ENOMEM;
    n = link_target(inode, &d, &f);
    if (n == 0 && d != NULL) {
        n = dentry_path(d, path, PATH_MAX);
        dentry_put(d);
    } else if (n == 0) {
        const struct inode *i = f->inode;

        if (i == NULL)
            n = (int64_t)fmt_print(path, PATH_MAX, "anon_inode:[%s]",
                                   f->ops->read != NULL ? "eventfd" : "eventpoll");
        else
            n = (int64_t)fmt_print(path, PATH_MAX, "%s:[%llu]",
                                   inode_is(i, S_IFIFO) ? "pipe" : "socket",
                                   (unsigned long long)i->ino);
        file_put(f);
    }
    if (n > 0) {
        n = (size_t)n < size ? n : (int64_t)size;
        span_copy(span_of(buf, size), cspan_of(path, (size_t)n));
    }
    kmem_free(path);
    return n;
}

static int
link_follow(struct inode *inode, struct dentry **out)
{
    struct file *f;
    int rc = link_target(inode, out, &f);

    if (rc < 0 || *out != NULL)
        return rc;
    rc = f->inode != NULL ? dentry_make_root(inode_ref(f->inode), out) : -ENXIO;
    file_put(f);
    return rc;
}

static const struct inode_ops link_ops = { .readlink = link_readlink, .follow = link_follow };

static int
pid_owned(struct inode *inode, const struct proc *p)
{
    inode->uid = p->creds.euid;
    inode->gid = p->creds.egid;
    return 0;
}

static int
fd_lookup(struct inode *dir, struct name name, struct inode **out)
{
    const struct proc *p = proc_of(dir);
    int64_t fd = procfs_number(name);
    struct file *f;
    int rc;

    if (p == NULL || fd < 0 || fd >= FD_MAX)
        return -ENOENT;
    f = fd_of(p, (unsigned)fd);
    if (f == NULL)
        return -ENOENT;
    rc = procfs_inode(dir->sb, procfs_ino(p->pid, KIND_FD, (unsigned)fd),
                      S_IFLNK | (file_can_read(f) ? 0500u : 0u) | (file_can_write(f) ? 0300u : 0u),
                      &link_ops, out);
    file_put(f);
    return rc < 0 ? rc : pid_owned(*out, p);
}

/* "." and ".." of any directory here; the position of the first other name is 2. */
static bool
emit_dots(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg)
{
    static const char *const dots[] = { ".", ".." };

    for (; *pos < 2; ++*pos) {
        if (!emit(arg, name_of(dots[*pos], (size_t)*pos + 1), dir->ino, S_IFDIR >> 12, *pos + 1))
            return false;
    }
    return true;
}

static int
fd_readdir(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg)
{
    const struct proc *p = proc_of(dir);

    if (p == NULL)
        return -ENOENT;
    if (!may_inspect(p))
        return -EACCES;
    if (!emit_dots(dir, pos, emit, arg))
        return 0;
    for (; p->files != NULL && *pos - POS_FDS < p->files->capacity; ++*pos) {
        unsigned fd = (unsigned)(*pos - POS_FDS);
        char text[16];
        size_t n = fmt_print(text, sizeof(text), "%u", fd);

        if (at(p->files->slots, p->files->capacity, fd).file != NULL &&
            !emit(arg, name_of(text, n), procfs_ino(p->pid, KIND_FD, fd), S_IFLNK >> 12, *pos + 1))
            return 0;
    }
    return 0;
}

static const struct inode_ops fd_dir_ops = { .lookup = fd_lookup, .readdir = fd_readdir };

static int
pid_lookup(struct inode *dir, struct name name, struct inode **out)
{
    const struct proc *p = proc_of(dir);
    int rc = -ENOENT;

    if (p == NULL)
        return -ENOENT;
    for (unsigned i = 0; pid_files[i].name != NULL; i++) {
        if (name_eq(name, name_of(pid_files[i].name, str_len(pid_files[i].name)))) {
            rc = procfs_file_inode(dir->sb, procfs_ino(p->pid, KIND_FILE_FIRST + i, 0),
                                   &pid_files[i], out);
            break;
        }
    }
    for (unsigned i = 0; rc == -ENOENT && i < NR_PID_SPECIALS; i++) {
        bool is_dir = KIND_CWD + i == KIND_FD_DIR;

        if (name_eq(name, name_of(pid_specials[i], str_len(pid_specials[i])))) {
            rc = procfs_inode(dir->sb, procfs_ino(p->pid, KIND_CWD + i, 0),
                              is_dir ? S_IFDIR | 0500u : S_IFLNK | 0777u,
                              is_dir ? &fd_dir_ops : &link_ops, out);
            break;
        }
    }
    return rc < 0 ? rc : pid_owned(*out, p);
}

static int
pid_readdir(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg)
{
    enum { NR_FILES = sizeof(pid_files) / sizeof(pid_files[0]) - 1 };

    if (proc_of(dir) == NULL)
        return -ENOENT;
    if (!emit_dots(dir, pos, emit, arg))
        return 0;
    for (; *pos - 2 < NR_FILES + NR_PID_SPECIALS; ++*pos) {
        unsigned i = (unsigned)(*pos - 2);
        const char *name = i < NR_FILES ? pid_files[i].name : pid_specials[i - NR_FILES];
        unsigned kind = i < NR_FILES ? KIND_FILE_FIRST + i : KIND_CWD + i - NR_FILES;
        uint32_t type = i < NR_FILES ? S_IFREG : kind == KIND_FD_DIR ? S_IFDIR : S_IFLNK;

        if (!emit(arg, name_of(name, str_len(name)), procfs_ino(procfs_pid(dir), kind, 0),
                  type >> 12, *pos + 1))
            return 0;
    }
    return 0;
}

static const struct inode_ops pid_dir_ops = { .lookup = pid_lookup, .readdir = pid_readdir };

int
procfs_pid_lookup(struct superblock *sb, int32_t pid, struct inode **out)
{
    const struct proc *p = proc_find(pid);
    int rc;

    if (p == NULL)
        return -ENOENT;
    rc = procfs_inode(sb, procfs_ino(pid, KIND_DIR, 0), S_IFDIR | 0555, &pid_dir_ops, out);
    return rc < 0 ? rc : pid_owned(*out, p);
}
