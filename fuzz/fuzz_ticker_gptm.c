/* The driver of the LM3S6965's timers and its file, against a timer that answers anything and strikes whenever it likes. */
#include <kernel/abi/fcntl.h>
#include <kernel/core/device.h>
#include <kernel/drivers/drivers.h>
#include <kernel/fs/file.h>

#include <hal/board.h>

#include <stdlib.h>

#include <tests/unit/fake_hal.h>

#include "hostile.h"

enum { STEPS = 60, IRQ = 6, MAJOR = 242, MIS = 0x20, TEXT = 16 };

const struct driver *const kernel_drivers[] = { &driver_ticker_gptm, NULL };
const size_t kernel_drivers_len = 2;

static const struct board_dev devs[] = {
    { "luminary,gptm", "timer0", BOARD_MMIO, 0x40030000, 0x1000, IRQ, 50000000 },
    { "luminary,gptm", "timer1", BOARD_MMIO, 0x40031000, 0x1000, IRQ + 1, 1000000 },
    { 0 },
};
static const struct board board = { .name = "fuzz", .devs = devs };

static uint64_t
timer(const struct io *io unused_param, uint32_t off, unsigned width unused_param)
{
    return off == MIS;
}

static void
step(struct file *f)
{
    uint8_t what = fuzz_decision(&hostile.in);
    char text[TEXT] = "100000";
    struct iobuf b = iobuf_kernel(text, 1u + (what >> 4));
    uint64_t pos = 0;
    int64_t n = 0;

    if ((what & 3) == 0) {
        if ((what & 4) == 0)
            fuzz_bytes(&hostile.in, text, sizeof text);
        n = f->ops->write(f, &b, &pos);
    } else if ((what & 3) == 1) {
        n = f->ops->read(f, &b, &pos);
        for (int64_t i = 0; i < n; i++)
            if (text[i] != '\n' && (text[i] < '0' || text[i] > '9'))
                abort();
    } else if ((what & 3) == 2) {
        (void)f->ops->poll(f, NULL);
    } else {
        fake_irq(IRQ);
    }
    if (n > TEXT)
        abort();
}

static void
use(void)
{
    struct inode inode[2] = { { .rdev = MAJOR << 8 }, { .rdev = MAJOR << 8 | 1 } };
    struct file f[2] = { 0 };

    device_attach_all(&board);
    for (unsigned i = 0; i < 2; i++) {
        f[i] = (struct file){ .flags = O_RDWR | O_NONBLOCK,
                              .ops = chrdev_find(inode[i].rdev),
                              .inode = &inode[i] };
        if (f[i].ops == NULL || f[i].ops->open(&f[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < STEPS; i++)
        step(&f[i & 1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hostile = (struct hostile){ .plausible = timer, .irq = { IRQ, IRQ + 1 } };
    hostile_run(data, size, use);
    return 0;
}
