/* procfs for machines that count their flash in KiB: of the machine's files those that the programs here read.  procfs_sys.c has all. */
#include <hal/time.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/procfs.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>

enum { KIB_PER_PAGE = PAGE_SIZE / 1024 };

static int
show_meminfo(struct seq *s, unused_param struct inode *inode)
{
    struct page_stats p;
    struct kmem_stats k;

    page_stats(&p);
    kmem_stats(&k);
    seq_printf(s, "MemTotal: %8u kB\nMemFree:  %8u kB\nSlab:     %8u kB\n",
               (unsigned)p.total * KIB_PER_PAGE, (unsigned)p.free * KIB_PER_PAGE,
               (unsigned)k.pages * KIB_PER_PAGE);
    return 0;
}

/* The accounts of mm/grant.h, in pages. */
static int
show_grants(struct seq *s, unused_param struct inode *inode)
{
    seq_printf(s, "account used promised\n");
    for (uint8_t i = 0; i < GRANTS_MAX; i++) {
        struct grant_stats g;

        grant_stats(i, &g);
        seq_printf(s, "%7u %4u %8u\n", i, (unsigned)g.used, (unsigned)g.pages);
    }
    return 0;
}

static int
show_uptime(struct seq *s, unused_param struct inode *inode)
{
    unsigned hundredths = (unsigned)(hal_time_now_ns() / 10000000);

    seq_printf(s, "%u.%02u 0.00\n", hundredths / 100, hundredths % 100);
    return 0;
}

const struct procfs_file procfs_root_files[] = {
    { "grants", 0444, show_grants, NULL },
    { "meminfo", 0444, show_meminfo, NULL },
    { "mounts", 0444, procfs_show_mounts, NULL },
    { "uptime", 0444, show_uptime, NULL },
    { NULL, 0, NULL, NULL },
};
const size_t procfs_root_files_len = sizeof procfs_root_files / sizeof procfs_root_files[0];

const bool procfs_has_sys = false;

int
procfs_sys_inode(unused_param struct superblock *sb, unused_param struct inode **out)
{
    return -ENOENT;
}
