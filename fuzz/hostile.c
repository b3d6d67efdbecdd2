/* See hostile.h. */
#include <kernel/sched/thread.h>

#include <stdio.h>
#include <stdlib.h>

#include <tests/unit/fake_hal.h>

#include "hostile.h"

enum { RAM = 2 << 20, ACCESS_NS = 500, ACCESSES_MAX = 20000000, NOISE = 0x80, IRQ_MASK = 0x1f };

struct hostile hostile;
static uint64_t accesses;
static void (*body)(void);
static bool finished;

static void
one_access(void)
{
    if (++accesses > ACCESSES_MAX) {
        fprintf(stderr, "the driver never stops asking\n");
        abort();
    }
    fake_consume(hostile.access_ns != 0 ? hostile.access_ns : ACCESS_NS);
}

static uint64_t
answer(const struct io *io, uint32_t off, unsigned width)
{
    uint8_t d = fuzz_decision(&hostile.in);

    one_access();
    if ((d & IRQ_MASK) == 1 || (d & IRQ_MASK) == 2)
        fake_irq(hostile.irq[(d & IRQ_MASK) - 1]);
    return d & NOISE ? fuzz_value(&hostile.in, width) : hostile.plausible(io, off, width);
}

static void
take(const struct io *io, uint32_t off, unsigned width, uint64_t v)
{
    one_access();
    if (hostile.written != NULL)
        hostile.written(io, off, width, v);
}

static void
thread_body(void *arg unused_param)
{
    body();
    finished = true;
    thread_exit();
}

void
hostile_run(const uint8_t *data, size_t size, void (*fn)(void))
{
    static struct thread t;

    fuzz_reset_kernel();
    fake_boot(RAM);
    memset(&t, 0, sizeof t);
    hostile.in = (struct fuzz_input){ data, size };
    fake_io_read = answer;
    fake_io_write = take;
    accesses = 0;
    body = fn;
    finished = false;
    if (thread_create(&t, "fuzz", thread_body, NULL) != 0)
        abort();
    thread_start(&t);
    fake_run();
    if (!finished) {
        fprintf(stderr, "a deadlock: nothing more will happen\n");
        abort();
    }
}
