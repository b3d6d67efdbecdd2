/* The kernel's table of contents: what is brought up, in which order.
 *
 * kernel_main() runs on the boot stack with interrupts off and may not sleep; what has to wait for devices is done by the
 * thread "boot", which ends when process 1 runs. */
#include <hal/upcall.h>
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/core/timer.h>
#include <kernel/fs/initrd.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/proc/proc.h>
#include <kernel/sched/thread.h>
#include <kernel/trusted/cell.h>
#include <kernel/tty/tty.h>

enum { WORD_MAX = 64 };
#define DEFAULT_ROOT "/dev/hda"

static struct thread boot_thread;

/* "log=N": lines up to this level are printed. */
static void
log_level_from_cmdline(void)
{
    char word[WORD_MAX];
    uint64_t level;

    if (cmdline_word("log", word, sizeof word) && str_to_u64(word, &level) == 0)
        log_set_level(level < LOG_DEBUG ? (enum log_level)level : LOG_DEBUG);
}

/* "cell=fatal": a take cell that is skipped is a panic, not a warning. */
static void
cell_skips_from_cmdline(void)
{
    char word[WORD_MAX];

    cell_skips_are_fatal(cmdline_word("cell", word, sizeof word) && str_eq(word, "fatal"));
}

/* The end of a boot that cannot go on.  Want of memory is said in the same words everywhere (docs/oom.md). */
static void boot_failed(int rc, const char *what) noreturn_fn;

static void
boot_failed(int rc, const char *what)
{
    if (rc == -ENOMEM)
        panic("no memory for %s", what);
    panic("cannot start %s: error %d", what, -rc);
}

/* "root=DEVICE", and "rootflags=ro". */
static void
mount_root(void)
{
    char root[WORD_MAX], flags[WORD_MAX];

    if (!cmdline_word("root", root, sizeof root))
        str_copy(root, sizeof root, DEFAULT_ROOT);

    bool read_only = cmdline_word("rootflags", flags, sizeof flags) && str_eq(flags, "ro");
    int rc = vfs_mount_root(root, read_only);

    if (rc == -ENOMEM)
        boot_failed(rc, "the root file system and /dev");
    if (rc < 0)
        panic("cannot mount %s as the root file system: error %d", root, -rc);
}

static void
start_init(const struct boot_info *boot)
{
    int rc = proc_start_init(boot);

    if (rc < 0)
        boot_failed(rc, "process 1");
}

static void
boot_rest(void *arg)
{
    const struct boot_info *boot = arg;

    device_attach_all(boot->board);
    proc_init();
    vfs_init();
    tty_init();
    initrd = (struct initrd){ cspan_of(boot->initrd, boot->initrd_size), boot->initrd_at };
    mount_root();
    start_init(boot);
}

static void
start_boot_thread(struct boot_info *boot)
{
    if (thread_create(&boot_thread, "boot", boot_rest, boot) < 0)
        panic("no memory for the boot thread");
    thread_start(&boot_thread);
}

void
kernel_main(const struct boot_info *info)
{
    static struct boot_info boot;

    boot = *info;

    const bool small = boot.ram_size < 1 << 20;

    cmdline_set(boot.cmdline);
    log_level_from_cmdline();
    cell_skips_from_cmdline();
    page_init(boot.ram_base, boot.ram_size);
    kmem_init();
    timer_table_init();
    sched_init();
    klog(LOG_INFO, "Drydock on %s, %u %s of RAM", boot.board->name,
         (unsigned)(boot.ram_size >> (small ? 10 : 20)), small ? "KiB" : "MiB");
    start_boot_thread(&boot);
    sched_idle_loop();
}
