/* t_random SEED COUNT: COUNT system calls with random numbers and arguments, in a child that is killed if it blocks.
 *
 * Left out are only the calls that end the caller by design (exit, exit_group) and, of those that signal processes, all targets but the
 * caller itself: everything else, with pointers that are valid, almost valid and wild, is the kernel's to survive. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t state;

static uint64_t
rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static char *page; /* one readable and writable page, followed by nothing */

static uint64_t
argument(void)
{
    static const uint64_t odd[] = { 0,
                                    1,
                                    2,
                                    3,
                                    7,
                                    8,
                                    511,
                                    512,
                                    4095,
                                    4096,
                                    65536,
                                    0x7fffffff,
                                    0x80000000,
                                    0xffffffff,
                                    0x100000000,
                                    0x7fffffffffff,
                                    0x800000000000,
                                    0xffff800000000000,
                                    0xffffffff80000000,
                                    0xfffffffffffff000,
                                    0x7fffffffffffffff,
                                    0x8000000000000000,
                                    UINT64_MAX - 1,
                                    UINT64_MAX };

    switch (rnd() % 8) {
    case 0:
        return rnd();
    case 1:
        return odd[rnd() % (sizeof odd / sizeof odd[0])];
    case 2:
        return (uint64_t)(page + rnd() % 4096);
    case 3:
        return (uint64_t)(page + 4096 - rnd() % 16); /* runs over the end */
    case 4:
        return (uint64_t)page;
    case 5:
        return (uint64_t)(uintptr_t)argument; /* read-only */
    default:
        return rnd() % 64;
    }
}

static void
fill_page(void)
{
    static const char *const strings[] = { "/tmp/r",          "/tmp/r/a",  "..",        "",
                                           "/proc/self/maps", "/dev/null", "/dev/zero", "/tmp",
                                           "/etc/passwd" };

    for (int i = 0; i < 4096; i += 8) {
        uint64_t v = argument();

        memcpy(page + i, &v, 8);
    }
    for (int i = 0; i < 4; i++)
        strcpy(page + rnd() % 4000, strings[rnd() % (sizeof strings / sizeof strings[0])]);
}

static int
left_out(long nr)
{
    return nr == SYS_exit || nr == SYS_exit_group || nr == SYS_vhangup;
}

static int
signals(long nr)
{
    return nr == SYS_kill || nr == SYS_tkill || nr == SYS_tgkill || nr == SYS_rt_sigqueueinfo ||
           nr == SYS_rt_tgsigqueueinfo || nr == SYS_pidfd_send_signal;
}

static void
child(unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        long nr = rnd() % 16 == 0 ? (long)rnd() : (long)(rnd() % 470);
        uint64_t a[6];

        if (left_out(nr))
            continue;
        if (rnd() % 4 == 0)
            fill_page();
        for (int j = 0; j < 6; j++)
            a[j] = argument();
        if (signals(nr)) {
            a[0] = (uint64_t)getpid();
            if (nr == SYS_tgkill)
                a[1] = a[0];
        }
        if (nr == SYS_fork || nr == SYS_vfork ||
            nr == SYS_clone) { /* the copy does one more call and ends */
            if (syscall(SYS_fork) == 0)
                _exit(0);
            continue;
        }
        syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    _exit(0);
}

int
main(int argc, char **argv)
{
    unsigned long seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1,
                  count = argc > 2 ? strtoul(argv[2], NULL, 10) : 500;

    state = seed * 0x9e3779b97f4a7c15u + 1;
    for (int i = 0; i < 10; i++)
        rnd();
    page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    signal(SIGTTOU, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        for (int fd = 0; fd < 3; fd++)
            close(fd);
        child(count);
    }
    for (int i = 0; i < 200; i++) {
        int status;
        struct timespec ts = { .tv_nsec = 10000000 };

        if (waitpid(pid, &status, WNOHANG | WUNTRACED) == pid && !WIFSTOPPED(status))
            return 0;
        nanosleep(&ts, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 0;
}
