/* Names, numbers and the end of the system. */
#include <abi/elf.h>
#include <hal/cpu.h>
#include <hal/time.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/sysinfo.h>
#include <kernel/abi/time.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/core/random.h>
#include <kernel/core/version.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys_misc.h>
#include <kernel/trusted/ucopy.h>

enum { UTS_LEN = 65 };

static char hostname[UTS_LEN] = "drydock";
static char domainname[UTS_LEN] = "(none)";

const char *
sys_hostname(void)
{
    return hostname;
}

int
sys_set_hostname(struct text name)
{
    if (!capable())
        return -EPERM;
    if (name.len >= UTS_LEN)
        return -EINVAL;
    text_copy(hostname, UTS_LEN, name);
    return 0;
}

const char *
sys_domainname(void)
{
    return domainname;
}

int64_t
sys_uname(const struct sysargs *args)
{
    struct {
        char sysname[UTS_LEN], nodename[UTS_LEN], release[UTS_LEN], version[UTS_LEN],
            machine[UTS_LEN], domainname[UTS_LEN];
    } u = { 0 };

    str_copy(u.sysname, UTS_LEN, KERNEL_OSTYPE);
    str_copy(u.nodename, UTS_LEN, hostname);
    str_copy(u.release, UTS_LEN, KERNEL_RELEASE);
    str_copy(u.version, UTS_LEN, KERNEL_VERSION);
    str_copy(u.machine, UTS_LEN, UTS_MACHINE);
    str_copy(u.domainname, UTS_LEN, domainname);
    return ucopy_out(uaddr(args->a[0]), &u, sizeof u);
}

static int64_t
set_name(char *name, const struct sysargs *args)
{
    char new[UTS_LEN] = { 0 };
    int rc;

    if (!capable())
        return -EPERM;
    if (args->a[1] >= UTS_LEN)
        return -EINVAL;
    rc = ucopy_in(new, uaddr(args->a[0]), args->a[1]);
    if (rc < 0)
        return rc;
    str_copy(name, UTS_LEN, new);
    return 0;
}

int64_t
sys_sethostname(const struct sysargs *args)
{
    return set_name(hostname, args);
}

int64_t
sys_setdomainname(const struct sysargs *args)
{
    return set_name(domainname, args);
}

int64_t
sys_sysinfo(const struct sysargs *args)
{
    struct abi_sysinfo out = { .mem_unit = 1 };
    struct sched_stats sched;
    struct page_stats pages;

    sched_stats(&sched);
    page_stats(&pages);
    out.uptime = (abi_long)(hal_time_now_ns() / NS_PER_S);
    for (unsigned i = 0; i < 3; i++)
        out.loads[i] = (abi_ulong)sched.load[i] << 5; /* 16 bits of fraction */
    out.totalram = pages.total * PAGE_SIZE;
    out.freeram = pages.free * PAGE_SIZE;
    out.procs = (uint16_t)proc_count();
    return ucopy_out(uaddr(args->a[0]), &out, sizeof out);
}

enum { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4, RANDOM_MAX = 33554431 };

int64_t
sys_getrandom(const struct sysargs *args)
{
    uint64_t left = args->a[1], flags = args->a[2], done = 0;

    if (flags & ~(uint64_t)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE) ||
        (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    if (left > RANDOM_MAX)
        left = RANDOM_MAX;
    while (done < left) {
        uint8_t bytes[256];
        size_t n = left - done < sizeof bytes ? left - done : sizeof bytes;

        random_bytes(bytes, n);
        if (ucopy_out(uaddr(args->a[0] + done), bytes, n) < 0)
            return done > 0 ? (int64_t)done : -EFAULT;
        done += n;
        if (done % 65536 == 0) {
            if (signal_pending(proc_current()))
                break;
            sched_point();
        }
    }
    return (int64_t)done;
}

int64_t
sys_getcpu(const struct sysargs *args)
{
    uint32_t cpu = hal_cpu_id(), node = 0;
    int rc = args->a[0] == 0 ? 0 : ucopy_out(uaddr(args->a[0]), &cpu, sizeof cpu);

    if (rc == 0 && args->a[1] != 0)
        rc = ucopy_out(uaddr(args->a[1]), &node, sizeof node);
    return rc;
}

enum {
    SYSLOG_READ_ALL = 3,
    SYSLOG_READ_CLEAR = 4,
    SYSLOG_CONSOLE_LEVEL = 8,
    SYSLOG_SIZE_BUFFER = 10
};

static int64_t
read_log(uaddr_t to, int64_t size)
{
    size_t max = log_size(), n;
    char *text;
    int rc;

    if (size < 0 || to.v == 0)
        return -EINVAL;
    if ((uint64_t)size < max)
        max = (size_t)size;
    if (max == 0)
        return 0;
    text = kmem_alloc(max);
    if (text == NULL)
        return -ENOMEM;
    n = log_read(text, max);
    rc = ucopy_out(to, text, n);
    kmem_free(text);
    return rc < 0 ? rc : (int64_t)n;
}

int64_t
sys_syslog(const struct sysargs *args)
{
    int type = (int)args->a[0], level = (int)args->a[2];

    switch (type) {
    case SYSLOG_READ_ALL:
        return read_log(uaddr(args->a[1]), level);
    case SYSLOG_READ_CLEAR:
        return capable() ? read_log(uaddr(args->a[1]), level) : -EPERM;
    case SYSLOG_CONSOLE_LEVEL:
        if (!capable())
            return -EPERM;
        if (level < 1 || level > 8)
            return -EINVAL;
        log_set_level((enum log_level)(level - 1));
        return 0;
    case SYSLOG_SIZE_BUFFER:
        return (int64_t)log_size();
    case 0:
    case 1:
    case 5:
    case 6:
    case 7:
        return capable() ? 0 : -EPERM; /* open, close, clear, console off and on: nothing to do */
    default:
        return -EINVAL;
    }
}

#define REBOOT_MAGIC1    0xfee1deadu
#define REBOOT_RESTART   0x01234567u
#define REBOOT_HALT      0xcdef0123u
#define REBOOT_POWER_OFF 0x4321fedcu
#define REBOOT_CAD_ON    0x89abcdefu
#define REBOOT_CAD_OFF   0x00000000u

int64_t
sys_reboot(const struct sysargs *args)
{
    uint32_t magic2 = (uint32_t)args->a[1];

    if (!capable())
        return -EPERM;
    if ((uint32_t)args->a[0] != REBOOT_MAGIC1 ||
        (magic2 != 672274793 && magic2 != 85072278 && magic2 != 369367448 && magic2 != 537993216))
        return -EINVAL;
    switch ((uint32_t)args->a[2]) {
    case REBOOT_CAD_ON:
    case REBOOT_CAD_OFF:
        return 0;
    case REBOOT_RESTART:
        proc_power_off(0, true);
    case REBOOT_HALT:
    case REBOOT_POWER_OFF:
        proc_power_off(0, false);
    default:
        return -EINVAL;
    }
}

int64_t
sys_sync(const struct sysargs *args unused_param)
{
    int rc = vfs_sync();

    if (rc < 0)
        klog(LOG_ERR, "sync: error %d", -rc);
    return 0; /* sync(2) reports nothing */
}

int64_t
sys_personality(const struct sysargs *args)
{
    return args->a[0] == UINT32_MAX || args->a[0] == 0 ? 0 : -EINVAL;
}

/* Calls that C libraries try at every start and do without: known, so that they are not reported as missing. */
int64_t
sys_rseq(const struct sysargs *args unused_param)
{
    return -ENOSYS;
}

int64_t
sys_clone3(const struct sysargs *args unused_param)
{
    return -ENOSYS;
}
