/* stress [-c LOOPS] [-m KIBIBYTES] [-p PROCESSES] [-n ROUNDS]: keep the processor, the memory and the process table busy, and check what
 * comes back.  Prints what it did and "passed" or what went wrong. */
#include <user/arm/lib/heap.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

enum { CHILDREN_MAX = 16, BAD = 9, POLYNOMIAL = 0xedb88320 };

static uint32_t loops = 20000, kib = 4, processes = 3, rounds = 2;

/* A CRC of the numbers up to n: the same twice, whatever happens in between. */
static uint32_t
compute(uint32_t n)
{
    uint32_t crc = UINT32_MAX;

    for (uint32_t i = 0; i < n; i++) {
        crc ^= i;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? (uint32_t)POLYNOMIAL : 0);
    }
    return crc;
}

/* As much of the memory as there is, filled and read back; the bytes that were had, or a negative error number. */
static int
fill(uint32_t want, uint32_t seed)
{
    uint32_t *p = heap_more(want), n;

    while (p == NULL && want > 64) {
        want /= 2;
        p = heap_more(want);
    }
    if (p == NULL)
        return 0;
    n = want / 4;
    for (uint32_t i = 0; i < n; i++)
        p[i] = i * 2654435761u ^ seed;
    sys_sched_yield();
    for (uint32_t i = 0; i < n; i++) {
        if (p[i] != (i * 2654435761u ^ seed))
            return -EIO;
    }
    heap_less(want);
    return (int)want;
}

/* What a child does: `stress -x NUMBER`. */
static int
child(uint32_t number)
{
    if (compute(loops / 4 + number) != compute(loops / 4 + number))
        return BAD;
    return fill(512, number) < 0 ? BAD : (int)(number & 7);
}

static int
start_child(const char *self, uint32_t number)
{
    char digits[] = { (char)('0' + number / 10), (char)('0' + number % 10), '\0' };
    char *argv[] = { (char *)"stress", (char *)"-x", digits, NULL };
    int pid;

    if (digits[0] == '0')
        argv[2] = digits + 1;
    pid = sys_vfork();
    if (pid == 0) {
        (void)sys_execve(self, argv, environ);
        sys_exit(127);
    }
    return pid;
}

/* All at once; each must say what it was to say.  The number of those that could be started. */
static int
breed(const char *self)
{
    int pids[CHILDREN_MAX], status, started = 0, error = 0;

    for (uint32_t i = 0; i < processes; i++) {
        int pid = start_child(self, i);

        if (pid == -ENOMEM || pid == -EAGAIN)
            break;
        if (pid < 0)
            return pid;
        pids[started++] = pid;
    }
    for (int i = 0; i < started; i++) {
        int got = sys_wait4(pids[i], &status, 0, NULL);

        if (got != pids[i] || status != (i & 7) << 8)
            error = -EPROTO;
    }
    return error < 0 ? error : started;
}

static bool
options(int argc, char **argv, uint32_t *number, bool *is_child)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        static const char names[] = "cmpnx";
        const char *at = argv[i][0] == '-' ? str_find(names, argv[i][1]) : NULL;
        uint32_t value;

        if (at == NULL || argv[i][1] == '\0' || !str_number(argv[i + 1], true, &value))
            return false;
        if (*at == 'c')
            loops = value;
        if (*at == 'm')
            kib = value;
        if (*at == 'p')
            processes = value < CHILDREN_MAX ? value : CHILDREN_MAX;
        if (*at == 'n')
            rounds = value;
        if (*at == 'x') {
            *is_child = true;
            *number = value;
        }
    }
    return argc % 2 == 1;
}

int
main(int argc, char **argv)
{
    uint32_t number = 0, first;
    bool is_child = false;

    if (!options(argc, argv, &number, &is_child))
        return usage("[-c LOOPS] [-m KIBIBYTES] [-p PROCESSES] [-n ROUNDS]");
    if (is_child)
        return child(number);
    first = compute(loops);
    for (uint32_t i = 0; i < rounds; i++) {
        int memory = fill(kib << 10, i),
            born = breed(str_find(argv[0], '/') ? argv[0] : "/bin/stress");

        if (compute(loops) != first)
            return fail("the processor", -EIO);
        if (memory < 0)
            return fail("the memory", memory);
        if (born < 0)
            return fail("the processes", born);
        print(1, "round %u: %u loops, %d bytes, %d processes\n", i + 1, loops, memory, born);
    }
    print(1, "passed\n");
    return 0;
}
