/* /proc/drydock: what the kernel itself holds, for leak tests, and what lies where.  Writing "drop" gives back every cache first; writing "bug NAME"
 * provokes a kernel bug where bug.h has one, "fail RULE" arms the simulator's --fail-alloc. */
#include <hal/layout.h>
#include <kernel/core/bug.h>
#include <kernel/core/fmt.h>
#include <kernel/fs/buf.h>
#include <kernel/fs/dentry.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/procfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/proc/proc.h>
#include <kernel/sched/thread.h>

int
procfs_show_drydock(struct seq *s, unused_param struct inode *inode)
{
    struct page_stats pages;
    struct kmem_stats kmem;
    struct buf_stats buf;
    uint64_t cached, dirty;

    page_stats(&pages);
    kmem_stats(&kmem);
    buf_stats(&buf);
    pagecache_stats(&cached, &dirty);
    seq_printf(s, "KernelObjects: %llu\nKernelPages: %llu\nCachedPages: %llu\nBuffers: %llu\n",
               (unsigned long long)kmem.objects, (unsigned long long)kmem.pages,
               (unsigned long long)cached, (unsigned long long)buf.count);
    seq_printf(s, "UserPages: %llu\nProcesses: %u\nFailures: %llu\n",
               (unsigned long long)(pages.total - pages.free - kmem.pages - cached), proc_count(),
               (unsigned long long)(pages.failures + kmem.failures));

    struct hal_extent e;

    for (unsigned n = 0; hal_layout(n, &e); n++)
        seq_printf(s, "Extent: %016llx-%016llx %s\n", (unsigned long long)e.start,
                   (unsigned long long)e.end, e.name);
    return 0;
}

static void
drop_caches(void)
{
    dentry_trim(0);
    inode_trim(0);
    while (page_reclaim(SIZE_MAX) > 0)
        continue;
    buf_trim();
    sched_drain_stacks();
    kmem_drain();
}

int
procfs_write_drydock(unused_param struct inode *inode, const char *text, size_t len)
{
    struct text t = { text, len };

    while (t.len > 0 && (text_at(t, t.len - 1) == '\n' || text_at(t, t.len - 1) == ' '))
        t.len--;
    if (t.len == 4 && text_starts(t, "drop")) {
        drop_caches();
        return 0;
    }
    if (text_starts(t, "bug "))
        return bug_provoke(text_sub(t, 4, t.len).ptr, t.len - 4);
    if (text_starts(t, "fail "))
        return kmem_fail_rule(text_sub(t, 5, t.len).ptr, t.len - 5);
    return -EINVAL;
}
