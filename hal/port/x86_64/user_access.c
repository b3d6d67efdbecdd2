/* The accessors of hal/user.h to an x86-64 register file. */
#include <hal/user.h>

enum { SYSCALL_INSN = 2 }; /* bytes */

void
hal_user_set_result(struct hal_user *u, int64_t result)
{
    u->regs.rax = (uint64_t)result;
}

int64_t
hal_user_result(const struct hal_user *u)
{
    return (int64_t)u->regs.rax;
}

void
hal_user_restart_syscall(struct hal_user *u, uint64_t nr)
{
    hal_user_complete(u);
    u->regs.rax = nr;
    u->regs.rip -= SYSCALL_INSN;
}

uaddr_t
hal_user_pc(const struct hal_user *u)
{
    return uaddr(u->regs.rip);
}

uaddr_t
hal_user_sp(const struct hal_user *u)
{
    hal_user_complete(u);
    return uaddr(u->regs.rsp);
}

void
hal_user_set_sp(struct hal_user *u, uaddr_t sp)
{
    hal_user_complete(u);
    u->regs.rsp = sp.v;
}

uaddr_t
hal_user_tls(const struct hal_user *u)
{
    hal_user_complete(u);
    return uaddr(u->regs.fs_base);
}

void
hal_user_set_tls(struct hal_user *u, uaddr_t tls)
{
    hal_user_complete(u);
    u->regs.fs_base = tls.v;
}
