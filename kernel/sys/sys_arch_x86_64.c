/* Calls that only x86-64 has, or takes its arguments for in an order of its own. */
#include <kernel/abi/errno.h>
#include <kernel/proc/proc.h>
#include <kernel/sys/sys_proc.h>
#include <kernel/trusted/ucopy.h>
#include <hal/space.h>

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004 };

int64_t
sys_arch_prctl(const struct sysargs *args)
{
    struct hal_user_regs *regs = hal_user_registers(&proc_current()->user);

    switch (args->a[0]) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
        if (args->a[1] >= hal_user_max().v)
            return -EPERM;
        if (args->a[0] == ARCH_SET_FS)
            regs->fs_base = args->a[1];
        else
            regs->gs_base = args->a[1];
        return 0;
    case ARCH_GET_FS:
        return ucopy_out(uaddr(args->a[1]), &regs->fs_base, sizeof regs->fs_base);
    case ARCH_GET_GS:
        return ucopy_out(uaddr(args->a[1]), &regs->gs_base, sizeof regs->gs_base);
    default:
        return -EINVAL;
    }
}

/* flags, stack, parent_tid, child_tid, tls (CONFIG_CLONE_BACKWARDS is another order) */
int64_t
sys_clone(const struct sysargs *args)
{
    return proc_clone(args->a[0] & UINT32_MAX, uaddr(args->a[1]), uaddr(args->a[2]),
                      uaddr(args->a[3]), uaddr(args->a[4]));
}
