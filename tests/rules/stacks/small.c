/* A program whose stack is known, for stackdepth.py; each macro makes one thing wrong. */

struct ops {
    void (*work)(int depth);
    void (*never)(int depth); /* nothing is put into it */
};

void reset(void);
void look(volatile char *at);
void use(const struct ops *ops, int n);
void each(void (*fn)(int depth), int n);

volatile char sink;
static int depth_wanted;

/* No frame, and its callers need theirs. */
__attribute__((noinline)) void
look(volatile char *at)
{
    sink = *at;
}

__attribute__((noinline)) static void
leaf(int depth)
{
    volatile char room[40];

    room[0] = (char)depth;
    look(room);
#ifdef RECURSION
    if (depth > 0)
        leaf(depth - 1);
#endif
    look(room);
}

__attribute__((noinline)) static void
large(int depth)
{
    volatile char room[200];

    room[depth & 1] = (char)depth;
#ifdef DYNAMIC
    volatile char more[depth];

    look(more);
#endif
    look(room);
    leaf(depth);
    look(room);
}

__attribute__((noinline)) static void
forgotten(int depth)
{
    depth_wanted = depth;
}

/* Through a member, through a parameter. */
__attribute__((noinline)) void
use(const struct ops *ops, int n)
{
    if (ops->never)
        ops->never(n);
    ops->work(n);
    sink = 1;
}

__attribute__((noinline)) void
each(void (*fn)(int depth), int n)
{
    fn(n);
    sink = 2;
}

static const struct ops table = { .work = large };
void (*volatile parked)(int depth);

void
reset(void)
{
    use(&table, depth_wanted);
    each(leaf, depth_wanted);
#ifdef TAKEN
    *(volatile unsigned *)&depth_wanted = (unsigned)forgotten;
#else
    forgotten(1); /* so often that its address goes into a register */
    forgotten(2);
    forgotten(3);
    forgotten(4);
#endif
#ifdef UNKNOWN
    ((void (*)(int))(unsigned)depth_wanted)(1);
#endif
    for (;;)
        ;
}
