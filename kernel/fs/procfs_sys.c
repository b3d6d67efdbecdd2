/* procfs: the machine's files, and the small part of /proc/sys that programs read. */
#include <hal/cpu.h>
#include <hal/irq.h>
#include <hal/time.h>
#include <kernel/core/blk.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/fmt.h>
#include <kernel/core/random.h>
#include <kernel/core/version.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/file.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/procfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys_misc.h>
#include <kernel/trusted/bounds.h>

enum {
    USER_HZ = 100,
    NSEC_PER_TICK = 1000000000 / USER_HZ,
    NSEC_PER_CENTI = 10000000,
    IRQ_LINES = 24,
    LOAD_SHIFT = 11,
    KIB_PER_PAGE = PAGE_SIZE / 1024,
    KIND_SYS = 201,
};

static unsigned long long
kib(uint64_t pages)
{
    return pages * KIB_PER_PAGE;
}

static int
show_meminfo(struct seq *s, unused_param struct inode *inode)
{
    struct page_stats p;
    struct kmem_stats k;
    uint64_t cached, dirty;

    page_stats(&p);
    kmem_stats(&k);
    pagecache_stats(&cached, &dirty);
    seq_printf(s, "MemTotal:       %8llu kB\nMemFree:        %8llu kB\nMemAvailable:   %8llu kB\n",
               kib(p.total), kib(p.free), kib(p.free + cached - dirty));
    seq_printf(s, "Buffers:        %8llu kB\nCached:         %8llu kB\nSwapCached:     %8llu kB\n",
               0ull, kib(cached), 0ull);
    seq_printf(
        s, "Active:         %8llu kB\nInactive:       %8llu kB\nSwapTotal:      %8llu kB\nSwapFree:       %8llu kB\n",
        0ull, kib(cached), 0ull, 0ull);
    seq_printf(
        s, "Dirty:          %8llu kB\nWriteback:      %8llu kB\nAnonPages:      %8llu kB\nMapped:         %8llu kB\n",
        kib(dirty), 0ull, 0ull, 0ull);
    seq_printf(
        s, "Shmem:          %8llu kB\nSlab:           %8llu kB\nSReclaimable:   %8llu kB\nSUnreclaim:     %8llu kB\n",
        0ull, kib(k.pages), 0ull, kib(k.pages));
    return 0;
}

static int
show_uptime(struct seq *s, unused_param struct inode *inode)
{
    struct sched_stats st;
    uint64_t up = hal_time_now_ns() / NSEC_PER_CENTI, idle;

    sched_stats(&st);
    idle = st.idle_ns / NSEC_PER_CENTI;
    seq_printf(s, "%llu.%02llu %llu.%02llu\n", (unsigned long long)up / 100,
               (unsigned long long)up % 100, (unsigned long long)idle / 100,
               (unsigned long long)idle % 100);
    return 0;
}

static uint64_t
irq_total(void)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < IRQ_LINES; i++)
        n += hal_irq_count(i);
    return n;
}

static int
show_stat(struct seq *s, unused_param struct inode *inode)
{
    struct sched_stats st;
    unsigned long long user, sys, idle;

    sched_stats(&st);
    user = st.user_ns / NSEC_PER_TICK;
    sys = st.sys_ns / NSEC_PER_TICK;
    idle = st.idle_ns / NSEC_PER_TICK;
    seq_printf(s, "cpu  %llu 0 %llu %llu 0 0 0 0 0 0\ncpu0 %llu 0 %llu %llu 0 0 0 0 0 0\n", user,
               sys, idle, user, sys, idle);
    seq_printf(
        s, "intr %llu\nctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %u\nprocs_blocked 0\n",
        (unsigned long long)irq_total(), (unsigned long long)st.switches,
        (unsigned long long)(time_wall().sec - (int64_t)(hal_time_now_ns() / 1000000000)),
        (unsigned long long)st.forks, st.runnable);
    return 0;
}

static bool
max_pid(struct proc *p, void *arg)
{
    int32_t *max = arg;

    if (p->pid > *max)
        *max = p->pid;
    return true;
}

static int
show_loadavg(struct seq *s, unused_param struct inode *inode)
{
    struct sched_stats st;
    int32_t last = 0;

    sched_stats(&st);
    proc_for_each(max_pid, &last);
    for (unsigned i = 0; i < 3; i++)
        seq_printf(s, "%u.%02u ", st.load[i] >> LOAD_SHIFT,
                   (st.load[i] & ((1u << LOAD_SHIFT) - 1)) * 100 >> LOAD_SHIFT);
    seq_printf(s, "%u/%u %d\n", st.runnable, proc_count(), last);
    return 0;
}

static int
show_version(struct seq *s, unused_param struct inode *inode)
{
    seq_printf(s, "%s version %s (drydock) %s\n", KERNEL_OSTYPE, KERNEL_RELEASE, KERNEL_VERSION);
    return 0;
}

static int
show_cpuinfo(struct seq *s, unused_param struct inode *inode)
{
    seq_printf(
        s, "processor\t: 0\nvendor_id\t: Drydock\ncpu family\t: 6\nmodel\t\t: 0\nmodel name\t: %s\n",
        hal_cpu_name());
    seq_printf(s, "stepping\t: 0\ncpu MHz\t\t: 1000.000\ncpu cores\t: 1\nflags\t\t:\nbogomips\t: "
                  "2000.00\n\n");
    return 0;
}

static int
show_filesystems(struct seq *s, unused_param struct inode *inode)
{
    for (unsigned i = 0; at(kernel_fstypes, kernel_fstypes_len, i) != NULL; i++)
        seq_printf(s, "%s\t%s\n", at(kernel_fstypes, kernel_fstypes_len, i)->needs_dev ? "" : "nodev",
                   at(kernel_fstypes, kernel_fstypes_len, i)->name);
    return 0;
}

static int
show_devices(struct seq *s, unused_param struct inode *inode)
{
    const char *name;
    uint32_t major;

    seq_printf(s, "Character devices:\n");
    for (unsigned i = 0; (name = chrdev_name(i, &major)) != NULL; i++)
        seq_printf(s, "%3u %s\n", major, name);
    seq_printf(s, "\nBlock devices:\n  3 ide0\n");
    return 0;
}

static int
show_interrupts(struct seq *s, unused_param struct inode *inode)
{
    seq_printf(s, "           CPU0\n");
    for (unsigned i = 0; i < IRQ_LINES; i++) {
        uint64_t n = hal_irq_count(i);

        if (n > 0)
            seq_printf(s, "%3u: %10llu\n", i, (unsigned long long)n);
    }
    return 0;
}

static int
show_cmdline(struct seq *s, unused_param struct inode *inode)
{
    const char *line = cmdline_get();

    seq_printf(s, "%s\n", line != NULL ? line : "");
    return 0;
}

static void
partition_line(struct blkdev *dev, void *arg)
{
    seq_printf(arg, "%4u %8u %10llu %s\n", dev_major(dev->rdev), dev_minor(dev->rdev),
               (unsigned long long)dev->sectors / 2, dev->name);
}

static int
show_partitions(struct seq *s, unused_param struct inode *inode)
{
    seq_printf(s, "major minor  #blocks  name\n\n");
    blk_for_each(partition_line, s);
    return 0;
}

static void
diskstats_line(struct blkdev *dev, void *arg)
{
    seq_printf(arg, "%4u %7u %s %llu 0 %llu 0 %llu 0 %llu 0 0 0 0\n", dev_major(dev->rdev),
               dev_minor(dev->rdev), dev->name, (unsigned long long)dev->reads,
               (unsigned long long)dev->sectors_read, (unsigned long long)dev->writes,
               (unsigned long long)dev->sectors_written);
}

static int
show_diskstats(struct seq *s, unused_param struct inode *inode)
{
    blk_for_each(diskstats_line, s);
    return 0;
}

static int
show_swaps(struct seq *s, unused_param struct inode *inode)
{
    seq_printf(s, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    return 0;
}

static int
show_vmstat(struct seq *s, unused_param struct inode *inode)
{
    struct page_stats p;
    uint64_t cached, dirty;

    page_stats(&p);
    pagecache_stats(&cached, &dirty);
    seq_printf(
        s,
        "nr_free_pages %llu\nnr_file_pages %llu\nnr_dirty %llu\npgalloc_normal %llu\npgfree %llu\n",
        (unsigned long long)p.free, (unsigned long long)cached, (unsigned long long)dirty,
        (unsigned long long)p.allocs, (unsigned long long)p.frees);
    seq_printf(s, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n");
    return 0;
}

const bool procfs_has_sys = true;

const struct procfs_file procfs_root_files[] = {
    { "cmdline", 0444, show_cmdline, NULL },
    { "cpuinfo", 0444, show_cpuinfo, NULL },
    { "devices", 0444, show_devices, NULL },
    { "diskstats", 0444, show_diskstats, NULL },
    { "drydock", 0644, procfs_show_drydock, procfs_write_drydock },
    { "filesystems", 0444, show_filesystems, NULL },
    { "interrupts", 0444, show_interrupts, NULL },
    { "loadavg", 0444, show_loadavg, NULL },
    { "meminfo", 0444, show_meminfo, NULL },
    { "mounts", 0444, procfs_show_mounts, NULL },
    { "partitions", 0444, show_partitions, NULL },
    { "stat", 0444, show_stat, NULL },
    { "swaps", 0444, show_swaps, NULL },
    { "uptime", 0444, show_uptime, NULL },
    { "version", 0444, show_version, NULL },
    { "vmstat", 0444, show_vmstat, NULL },
    { NULL, 0, NULL, NULL },
};
const size_t procfs_root_files_len = sizeof procfs_root_files / sizeof procfs_root_files[0];

/* /proc/sys: a table of whole paths; a directory is a prefix. */
static int
show_text(struct seq *s, const char *text)
{
    seq_printf(s, "%s\n", text);
    return 0;
}

static int
show_ostype(struct seq *s, unused_param struct inode *inode)
{
    return show_text(s, KERNEL_OSTYPE);
}

static int
show_osrelease(struct seq *s, unused_param struct inode *inode)
{
    return show_text(s, KERNEL_RELEASE);
}

static int
show_KERNEL_VERSION(struct seq *s, unused_param struct inode *inode)
{
    return show_text(s, KERNEL_VERSION);
}

static int
show_hostname(struct seq *s, unused_param struct inode *inode)
{
    return show_text(s, sys_hostname());
}

static int
write_hostname(unused_param struct inode *inode, const char *text, size_t len)
{
    return sys_set_hostname(procfs_word(text, len));
}

static int
show_pid_max(struct seq *s, unused_param struct inode *inode)
{
    seq_printf(s, "%d\n", PID_MAX);
    return 0;
}

static int
show_uuid(struct seq *s, unused_param struct inode *inode)
{
    uint8_t b[16];

    random_bytes(b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4 (RFC 4122) */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    for (unsigned i = 0; i < sizeof(b); i++)
        seq_printf(s, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
    seq_printf(s, "\n");
    return 0;
}

static int
show_entropy(struct seq *s, unused_param struct inode *inode)
{
    return show_text(s, "256");
}

static int
show_zero(struct seq *s, unused_param struct inode *inode)
{
    return show_text(s, "0");
}

static int
show_file_max(struct seq *s, unused_param struct inode *inode)
{
    seq_printf(s, "%d\n", PROC_MAX * FD_MAX);
    return 0;
}

static const struct procfs_file sys_files[] = {
    { "kernel/ostype", 0444, show_ostype, NULL },
    { "kernel/osrelease", 0444, show_osrelease, NULL },
    { "kernel/version", 0444, show_KERNEL_VERSION, NULL },
    { "kernel/hostname", 0644, show_hostname, write_hostname },
    { "kernel/pid_max", 0444, show_pid_max, NULL },
    { "kernel/random/uuid", 0444, show_uuid, NULL },
    { "kernel/random/entropy_avail", 0444, show_entropy, NULL },
    { "vm/overcommit_memory", 0444, show_zero, NULL },
    { "fs/file-max", 0444, show_file_max, NULL },
    { NULL, 0, NULL, NULL },
};
static const char *const sys_dirs[] = { "", "kernel/", "kernel/random/", "vm/", "fs/" };
enum { NR_SYS_DIRS = sizeof(sys_dirs) / sizeof(sys_dirs[0]) };

/* The name of `path` within directory `dir`: its part up to the next slash; len 0: it is not in there. */
static struct name
sys_child(const char *path, const char *dir)
{
    struct text rest = text_of(str_from(path, str_len(dir)));
    size_t slash = text_find(rest, 0, '/');

    if (!str_starts(path, dir) || slash + 1 < rest.len)
        return name_of(path, 0);
    return name_of(rest.ptr, slash);
}

static int sys_lookup(struct inode *dir, struct name name, struct inode **out);
static int sys_readdir(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg);
static const struct inode_ops sys_dir_ops = { .lookup = sys_lookup, .readdir = sys_readdir };

static int
sys_lookup(struct inode *dir, struct name name, struct inode **out)
{
    const char *prefix = sys_dirs[procfs_fd(dir)];

    for (unsigned i = 1; i < NR_SYS_DIRS; i++) {
        if (name_eq(sys_child(sys_dirs[i], prefix), name))
            return procfs_inode(dir->sb, procfs_ino(-1, KIND_SYS, i), S_IFDIR | 0555, &sys_dir_ops,
                                out);
    }
    for (unsigned i = 0; sys_files[i].name != NULL; i++) {
        if (name_eq(sys_child(sys_files[i].name, prefix), name))
            return procfs_file_inode(dir->sb, procfs_ino(-1, KIND_SYS, NR_SYS_DIRS + i),
                                     &sys_files[i], out);
    }
    return -ENOENT;
}

static int
sys_readdir(struct inode *dir, uint64_t *pos, dir_emit_fn emit, void *arg)
{
    static const char *const dots[] = { ".", ".." };
    const char *prefix = sys_dirs[procfs_fd(dir)];

    for (;; ++*pos) {
        unsigned i = (unsigned)*pos - 2;
        bool is_dir = i < NR_SYS_DIRS;
        struct name name;

        if (*pos < 2) {
            if (!emit(arg, name_of(dots[*pos], (size_t)*pos + 1), dir->ino, S_IFDIR >> 12, *pos + 1))
                return 0;
            continue;
        }
        if (!is_dir && (i - NR_SYS_DIRS >= sizeof(sys_files) / sizeof(sys_files[0]) - 1))
            return 0;
        name = sys_child(is_dir ? sys_dirs[i] : sys_files[i - NR_SYS_DIRS].name, prefix);
        if (name.len != 0 && !emit(arg, name, procfs_ino(-1, KIND_SYS, i),
                                   (is_dir ? S_IFDIR : S_IFREG) >> 12, *pos + 1))
            return 0;
    }
}

int
procfs_sys_inode(struct superblock *sb, struct inode **out)
{
    return procfs_inode(sb, procfs_ino(-1, KIND_SYS, 0), S_IFDIR | 0555, &sys_dir_ops, out);
}
