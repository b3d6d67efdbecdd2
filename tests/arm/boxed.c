/* Runs a program of the Cortex-M boards in the interpreter, as a kernel would on the board: a reference for loaders.
 *
 *     arm_boxed PROGRAM [ARGUMENT...]
 *
 * The text lies at an odd place in flash, the data far from where the file has them, each behind an MPU region; a few of Linux's calls are
 * passed on to the host.  Exit status: the program's, or 128 + the signal that Linux would send; 125: the file is refused. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <sim/armv7m/armv7m.h>

enum {
    FLASH = 0x40000,
    RAM = 32 << 10,
    FILE_MAX = FLASH / 2,
    BOX = 16 << 10,
    REFUSED = 125,
    PATH = 256
};
#define FLASH_BASE 0u
#define TEXT_AT    0x00011220u /* of 32 bytes' alignment only */
#define RAM_BASE   0x20000000u
#define BOX_AT     0x20004000u
#define LINKED     0x10000000u

static uint8_t flash[FLASH], ram[RAM], file[FILE_MAX];
static struct armv7m_memory memory;
static struct armv7m cpu;
static uint32_t brk_start, brk_now;

struct segment {
    uint32_t type, offset, vaddr, filesz, memsz, flags;
};

static uint32_t
word(size_t at)
{
    uint32_t w;

    memcpy(&w, file + at, sizeof w);
    return w;
}

static struct segment
segment(unsigned i)
{
    size_t at = 52 + 32 * i;

    return (struct segment){ word(at),      word(at + 4),  word(at + 8),
                             word(at + 16), word(at + 20), word(at + 24) };
}

static _Noreturn void
refuse(const char *why)
{
    fprintf(stderr, "arm_boxed: %s\n", why);
    exit(REFUSED);
}

/* Exactly what docs/arm.md asks a loader to check. */
static void
check(size_t size, const struct segment *text, const struct segment *data, const struct segment *stack)
{
    uint32_t entry = word(24);

    if (size < 148 || memcmp(file, "\177ELF\1\1\1", 7) != 0 || word(16) != (40u << 16 | 3))
        refuse("not a program for this machine");
    if ((word(42) & 0xffff) != 32 || (word(44) & 0xffff) != 3 || word(28) != 52)
        refuse("not three program headers");
    if (text->type != 1 || text->flags != 5 || data->type != 1 || data->flags != 6 ||
        stack->type != 0x6474e551)
        refuse("not a text, a data and a stack segment");
    if (text->offset != 0 || text->vaddr != 0 || text->filesz != text->memsz ||
        text->filesz > size || data->filesz > data->memsz || data->offset > size ||
        data->filesz > size - data->offset || data->vaddr < LINKED)
        refuse("segments out of place");
    if ((entry & 1) == 0 || entry >= text->filesz)
        refuse("the entry is not in the text");
    if (stack->memsz > BOX || data->memsz > BOX - stack->memsz)
        refuse("too large");
}

/* Strings and their pointers, below the top of the stack; the stack pointer. */
static uint32_t
put_arguments(uint32_t top, int argc, char **argv)
{
    uint32_t words[64] = { (uint32_t)argc }, n = 1, at = top;

    if (argc > 32)
        refuse("too many arguments");
    for (int i = 0; i < argc; i++) {
        uint32_t len = (uint32_t)strlen(argv[i]) + 1;

        if (at - BOX_AT < len + sizeof words)
            refuse("no room for the arguments");
        at -= len;
        memcpy(ram + (at - RAM_BASE), argv[i], len);
        words[n++] = at;
    }
    n += 4; /* ends of argv, of envp, of the auxiliary vector */
    at = (at - n * 4) & ~7u;
    memcpy(ram + (at - RAM_BASE), words, n * 4);
    return at;
}

static void
load(const char *path, int argc, char **argv)
{
    struct armv7m_mpu mpu = { .ctrl = 1 };
    int fd = open(path, O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, file, sizeof file);
    struct segment text = segment(0), data = segment(1), stack = segment(2);
    uint32_t data_at;

    if (size < 0)
        refuse(strerror(errno));
    close(fd);
    check((size_t)size, &text, &data, &stack);
    memcpy(flash + TEXT_AT, file, text.filesz);
    data_at = (BOX_AT + stack.memsz + 7) & ~7u;
    memcpy(ram + (data_at - RAM_BASE), file + data.offset, data.filesz);
    brk_start = brk_now = (data_at + data.memsz + 7) & ~7u;

    armv7m_memory_init(&memory);
    if (!armv7m_memory_add(&memory, FLASH_BASE, FLASH, flash, false) ||
        !armv7m_memory_add(&memory, RAM_BASE, RAM, ram, true))
        refuse("memory");
    /* All of the flash may be read and run (AP 6), the box read and written and not run (AP 3, XN). */
    mpu.region[0].rbar = FLASH_BASE;
    mpu.region[0].rasr = 1 | (18 - 1) << 1 | 6 << 24;
    mpu.region[1].rbar = BOX_AT;
    mpu.region[1].rasr = 1 | (14 - 1) << 1 | 3 << 24 | 1u << 28;
    armv7m_memory_set_mpu(&memory, &mpu);

    cpu = (struct armv7m){ .thumb = 1 };
    cpu.r[9] = data_at;
    cpu.r[13] = put_arguments((BOX_AT + stack.memsz) & ~7u, argc, argv);
    cpu.r[15] = TEXT_AT + (word(24) & ~1u);
}

/* --- the program's memory --- */

static void *
user(uint32_t at, uint32_t len, enum armv7m_access access)
{
    for (uint32_t i = 0; i < len; i++) {
        if (at + i < at || !armv7m_mpu_allows(&memory.mpu, at + i, access))
            return NULL;
    }
    if (at >= RAM_BASE && at - RAM_BASE < RAM && len <= RAM - (at - RAM_BASE))
        return ram + (at - RAM_BASE);
    if (at < FLASH && len <= FLASH - at && access == ARMV7M_READ)
        return flash + at;
    return NULL;
}

static bool
user_path(uint32_t at, char path[PATH])
{
    for (uint32_t i = 0; i < PATH; i++) {
        const char *c = user(at + i, 1, ARMV7M_READ);

        if (c == NULL)
            return false;
        path[i] = *c;
        if (*c == '\0')
            return true;
    }
    return false;
}

/* --- calls --- */

static long
result(long rc)
{
    return rc < 0 ? -errno : rc;
}

static int
host_flags(uint32_t f)
{
    return (int)(f & ~0740000u) | ((f & 040000) ? O_DIRECTORY : 0) | ((f & 0100000) ? O_NOFOLLOW : 0);
}

static long
do_stat(int rc, const struct stat *st, uint32_t to)
{
    uint8_t *out = user(to, 104, ARMV7M_WRITE);
    uint32_t mode[4] = { st->st_mode, (uint32_t)st->st_nlink, st->st_uid, st->st_gid };
    uint64_t dev = st->st_rdev, size = (uint64_t)st->st_size, ino = st->st_ino;

    if (rc < 0)
        return -errno;
    if (out == NULL)
        return -EFAULT;
    memset(out, 0, 104);
    memcpy(out + 16, mode, 16);
    memcpy(out + 32, &dev, 8);
    memcpy(out + 48, &size, 8);
    memcpy(out + 96, &ino, 8);
    return 0;
}

static long
do_brk(uint32_t to)
{
    if (to >= brk_start && to <= BOX_AT + BOX) {
        if (to > brk_now)
            memset(ram + (brk_now - RAM_BASE), 0, to - brk_now);
        brk_now = to;
    }
    return (long)brk_now;
}

static long
do_clock(uint32_t clock, uint32_t to)
{
    struct timespec t;
    int64_t out[2];
    void *p = user(to, sizeof out, ARMV7M_WRITE);

    if (p == NULL)
        return -EFAULT;
    if (clock_gettime((clockid_t)clock, &t) < 0)
        return -errno;
    out[0] = t.tv_sec;
    out[1] = t.tv_nsec;
    memcpy(p, out, sizeof out);
    return 0;
}

static long
path_call(uint32_t nr, const char *path, uint32_t a1, uint32_t a2)
{
    struct stat st;

    switch (nr) {
    case 5:
        return result(open(path, host_flags(a1), a2));
    case 10:
        return result(unlink(path));
    case 12:
        return result(chdir(path));
    case 39:
        return result(mkdir(path, a1));
    case 40:
        return result(rmdir(path));
    case 195:
        return do_stat(stat(path, &st), &st, a1);
    default:
        return do_stat(lstat(path, &st), &st, a1);
    }
}

static long
call(uint32_t nr, const uint32_t *a)
{
    char path[PATH];
    struct stat st;
    void *buf;

    switch (nr) {
    case 1:
    case 248:
        exit((int)a[0] & 0xff);
    case 3:
    case 217:
        buf = user(a[1], a[2], ARMV7M_WRITE);
        return buf == NULL ? -EFAULT
               : nr == 3   ? result(read((int)a[0], buf, a[2]))
                           : result(syscall(SYS_getdents64, (int)a[0], buf, a[2]));
    case 4:
        buf = user(a[1], a[2], ARMV7M_READ);
        return buf == NULL ? -EFAULT : result(write((int)a[0], buf, a[2]));
    case 5:
    case 10:
    case 12:
    case 39:
    case 40:
    case 195:
    case 196:
        return user_path(a[0], path) ? path_call(nr, path, a[1], a[2]) : -EFAULT;
    case 6:
        return result(close((int)a[0]));
    case 19:
        return result(lseek((int)a[0], (int32_t)a[1], (int)a[2]));
    case 20:
        return getpid();
    case 45:
        return do_brk(a[0]);
    case 93:
        return result(ftruncate((int)a[0], (int32_t)a[1]));
    case 158:
    case 407: /* sleeps end at once */
        return 0;
    case 197:
        return do_stat(fstat((int)a[0], &st), &st, a[1]);
    case 199:
        return getuid();
    case 403:
        return do_clock(a[0], a[1]);
    default:
        return -ENOSYS;
    }
}

int
main(int argc, char **argv)
{
    if (argc < 2)
        refuse("PROGRAM [ARGUMENT...]");
    load(argv[1], argc - 1, argv + 1);
    for (;;) {
        struct armv7m_stop stop = armv7m_run(&cpu, &memory, 100000000);

        switch (stop.kind) {
        case ARMV7M_SVC:
            cpu.r[0] = (uint32_t)call(cpu.r[7], cpu.r);
            break;
        case ARMV7M_BUDGET:
        case ARMV7M_WFI:
            break;
        case ARMV7M_MEMFAULT:
        case ARMV7M_BUSFAULT:
            fprintf(stderr, "arm_boxed: access %d to %#x at %#x\n", stop.access, stop.addr,
                    cpu.r[15]);
            return 128 + 11;
        default:
            fprintf(stderr, "arm_boxed: stop %d at %#x\n", stop.kind, cpu.r[15]);
            return 128 + 4;
        }
    }
}
