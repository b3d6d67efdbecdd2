/* See user_guest.h. */
#include "user_guest.h"

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

const enum host_user_backend backends[BACKENDS] = { HOST_USER_SECCOMP, HOST_USER_PTRACE,
                                                    HOST_USER_NOTIFY };

static int
count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static int fds_before;

void
begin(int i)
{
    fds_before = count_fds();
    ck_assert_int_eq(machine_start(backends[i % BACKENDS], i < BACKENDS), 0);
}

void
end(void)
{
    ck_assert_int_eq(machine.tables, 0);
    machine_stop();
    ck_assert_int_eq(count_fds(), fds_before);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    ck_assert_int_eq(errno, ECHILD);
}

void
expect_syscall(struct prog *p, uint64_t nr)
{
    prog_run(p);
    ck_assert_msg(p->stop.kind == HAL_STOP_SYSCALL, "kind %d trap %d for system call %#lx",
                  p->stop.kind, p->stop.trap, nr);
    ck_assert_uint_eq(p->stop.nr, nr);
}

void
expect_fault(struct prog *p, uint64_t addr, unsigned access)
{
    prog_run(p);
    ck_assert_int_eq(p->stop.kind, HAL_STOP_FAULT);
    ck_assert_uint_eq(p->stop.addr.v, addr);
    ck_assert_uint_eq(p->stop.access, access);
}

void
expect_trap(struct prog *p, enum hal_trap trap)
{
    prog_run(p);
    ck_assert_msg(p->stop.kind == HAL_STOP_TRAP, "kind %d addr %#lx for trap %d", p->stop.kind,
                  p->stop.addr.v, trap);
    ck_assert_int_eq(p->stop.trap, trap);
}
