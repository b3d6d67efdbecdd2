/* t_many: more of a thing than the kernel keeps room for beforehand: descriptors to poll, pieces of a vector, pages of a pipe, timers;
 * and what the other tests need only once: /dev/zero in memory, an interpreter, handlers shared with another process. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "tap.h"

enum { FDS = 100, PIECES = 40, SLEEPERS = 100, PAGE = 4096 };

static char page[PAGE];

static void
polling(void)
{
    struct pollfd fds[FDS];
    fd_set set;
    struct timeval soon = { .tv_usec = 1000 };
    int p[2], last = -1;

    if (GOOD(pipe2(p, O_NONBLOCK)) < 0)
        return;
    for (int i = 0; i < FDS; i++)
        fds[i] = (struct pollfd){ .fd = p[0], .events = POLLIN };
    CALL(0, poll(fds, FDS, 1));
    fds[FDS - 1] = (struct pollfd){ .fd = p[1], .events = POLLOUT };
    CALL(1, poll(fds, FDS, 1));
    FD_ZERO(&set);
    for (int i = 0; i < FDS; i++) {
        int fd = fcntl(p[0], F_DUPFD, 3);

        if (fd < 0)
            break;
        last = fd;
        FD_SET(fd, &set);
    }
    ok(last >= FDS, "%d descriptors", FDS);
    CALL(0, select(last + 1, &set, NULL, NULL, &soon));
    for (int fd = 3; fd <= last; fd++)
        close(fd);
}

static void
vectors(void)
{
    struct iovec v[PIECES];
    int p[2], fd;

    for (int i = 0; i < PIECES; i++)
        v[i] = (struct iovec){ page + 10 * i, 10 };
    if (GOOD(pipe2(p, O_NONBLOCK)) < 0)
        return;
    CALL(10 * PIECES, writev(p[1], v, PIECES));
    CALL(10 * PIECES, readv(p[0], v, PIECES));
    CALL(131072, fcntl(p[1], F_SETPIPE_SZ, 131072));
    for (int i = 0; i < 20; i++)
        CALL(PAGE, write(p[1], page, PAGE));
    CALL(-EBUSY, fcntl(p[1], F_SETPIPE_SZ, PAGE));
    close(p[0]);
    close(p[1]);
    fd = (int)GOOD(open("many", O_RDWR | O_CREAT | O_TRUNC, 0666));
    CALL(10 * PIECES, pwritev(fd, v, PIECES, 0));
    CALL(10 * PIECES, preadv(fd, v, PIECES, 0));
    if (GOOD(pipe2(p, O_NONBLOCK)) == 0) {
        CALL(0, lseek(fd, 0, SEEK_SET));
        CALL(10 * PIECES, sendfile(p[1], fd, NULL, PAGE));
        close(p[0]);
        close(p[1]);
    }
    close(fd);
    CALL(0, unlink("many"));
}

static void
zeroes(void)
{
    int fd = (int)GOOD(open("/dev/zero", O_RDWR));
    char *mine = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    ok(mine != MAP_FAILED && mine[PAGE] == 0 && (mine[0] = 5) == 5, "/dev/zero, private");
    ok(shared != MAP_FAILED && shared[PAGE] == 0, "/dev/zero, shared");
    if (mine != MAP_FAILED)
        munmap(mine, 4 * PAGE);
    if (shared != MAP_FAILED)
        munmap(shared, 4 * PAGE);
    close(fd);
}

/* Timers that run at the same time: each sleeper has its own. */
static void
sleepers(void)
{
    int n = 0, status;

    for (int i = 0; i < SLEEPERS; i++) {
        if (fork() == 0) {
            struct itimerval t = { .it_value = { .tv_sec = 5 } };

            setitimer(ITIMER_REAL, &t, NULL);
            nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
            _exit(0);
        }
    }
    while (wait(&status) > 0)
        n += status == 0;
    CALL(SLEEPERS, n);
}

struct small_elf {
    Elf64_Ehdr e;
    Elf64_Phdr p[2];
    char interp[16];
    unsigned char code[16];
};

/* A program of two headers, the first for the interpreter or unused. */
static void
write_elf(const char *name, unsigned type)
{
    struct small_elf f = {
        .e = { .e_ident = ELFMAG,
               .e_type = ET_DYN,
               .e_machine = EM_X86_64,
               .e_version = EV_CURRENT,
               .e_entry = offsetof(struct small_elf, code),
               .e_phoff = offsetof(struct small_elf, p),
               .e_ehsize = sizeof(Elf64_Ehdr),
               .e_phentsize = sizeof(Elf64_Phdr),
               .e_phnum = 2 },
        .p = { { .p_type = type,
                 .p_flags = PF_R,
                 .p_offset = offsetof(struct small_elf, interp),
                 .p_filesz = sizeof "./interp",
                 .p_memsz = sizeof "./interp",
                 .p_align = 1 },
               { .p_type = PT_LOAD,
                 .p_flags = PF_R | PF_X,
                 .p_filesz = sizeof f,
                 .p_memsz = sizeof f,
                 .p_align = PAGE } },
        .interp = "./interp",
        .code = { 0xb8, 60, 0, 0, 0, 0xbf, 7, 0, 0, 0, 0x0f, 0x05 }, /* exit(7) */
    };
    int fd = (int)GOOD(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755));

    f.e.e_ident[EI_CLASS] = ELFCLASS64;
    f.e.e_ident[EI_DATA] = ELFDATA2LSB;
    f.e.e_ident[EI_VERSION] = EV_CURRENT;
    CALL(sizeof f, write(fd, &f, sizeof f));
    close(fd);
}

/* A program that names an interpreter. */
static void
interpreter(void)
{
    int status = -1;

    write_elf("interp", PT_NULL);
    write_elf("program", PT_INTERP);
    if (fork() == 0) {
        execl("./program", "program", (char *)NULL);
        _exit(99);
    }
    wait(&status);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 7, "an interpreter is run (status %#x)",
       (unsigned)status);
    unlink("program");
    unlink("interp");
}

static int
become_true(void *arg)
{
    (void)arg;
    execl("/bin/true", "true", (char *)NULL);
    return 99;
}

/* exec(2) gives a process handlers of its own. */
static void
shared_handlers(void)
{
    static char stack[4 * PAGE];
    int status = -1;
    pid_t pid = (pid_t)GOOD(clone(become_true, stack + sizeof stack,
                                  CLONE_VM | CLONE_SIGHAND | CLONE_FILES | CLONE_FS | SIGCHLD, NULL));

    CALL(pid, waitpid(pid, &status, 0));
    ok(status == 0, "a program started by a process that shares everything");
}

int
main(int argc, char **argv)
{
    tap_begin(argc, argv, "t_many");
    polling();
    vectors();
    zeroes();
    interpreter();
    shared_handlers();
    sleepers();
    return tap_end();
}
