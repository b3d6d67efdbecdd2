/* From a number to a function.  See sys.h. */
#include <kernel/abi/errno.h>
#include <kernel/core/log.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/grant.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys.h>
#include <kernel/trusted/bounds.h>

enum { REPORTED_MAX = 512 };

static uint64_t reported[REPORTED_MAX / 64];

/* Say once for each call that it is missing. */
static void
report(uint64_t nr, const struct sys_entry *_Nullable entry)
{
    if (nr < REPORTED_MAX) {
        uint64_t bit = 1ull << nr % 64;

        if (reported[nr / 64] & bit)
            return;
        reported[nr / 64] |= bit;
    } else {
        static bool done;

        if (done)
            return;
        done = true;
    }
    const struct proc *p = proc_current();
    const char *name = SYS_NAMES && entry != NULL ? entry->name[0] : NULL;

    if (name != NULL)
        klog(LOG_INFO, "%s[%d]: system call %s (%llu) is not implemented", p->comm, p->pid, name,
             (unsigned long long)nr);
    else
        klog(LOG_INFO, "%s[%d]: there is no system call %llu", p->comm, p->pid,
             (unsigned long long)nr);
}

int64_t
sys_dispatch(uint64_t nr, const struct sysargs *args)
{
    const struct sys_entry *entry = sys_find(nr);

    if (entry == NULL || entry->fn == NULL) {
        report(nr, entry);
        return -ENOSYS;
    }

    int64_t rc = entry->fn(args);

    if (GRANTS && rc == -ENOMEM) { /* what is kept against later use may fill the process's grant */
        vfs_squeeze();
        rc = entry->fn(args);
    }
    return rc;
}
