/* The driver of the LM3S6965's flash memory against a controller that answers anything.  Whatever it says: nothing is programmed or erased
 * outside of what is free for programs, and no operation but these two is ever begun. */
#include <kernel/core/device.h>
#include <kernel/core/mtd.h>
#include <kernel/drivers/drivers.h>

#include <hal/board.h>

#include <stdio.h>
#include <stdlib.h>

#include "hostile.h"

enum {
    STEPS = 20,
    CONTROLLER = 0x400fd000,
    DATA = 0x3c000,
    SIZE = 0x4000,
    PAGE = 1024,
    TEXT = 80,
    FMA = 0,
    FMC = 8,
    SLOW_NS = 20000,
};

const struct driver *const kernel_drivers[] = { &driver_flash_lm3s, &driver_flash_data, NULL };
const size_t kernel_drivers_len = 3;

static const struct board_dev devs[] = {
    { "luminary,flash", "flash0", BOARD_MMIO, CONTROLLER, 0x1000, BOARD_NO_IRQ, 50000000 },
    { "luminary,flash-data", "mtd0", BOARD_MEMORY, DATA, SIZE, BOARD_NO_IRQ, 0 },
    { 0 },
};
static const struct board board = { .name = "fuzz", .devs = devs };

static struct mtd *mtd;
static uint32_t fma;

int
mtd_add(struct mtd *m)
{
    mtd = m;
    return 0;
}

static void
written(const struct io *io, uint32_t off, unsigned width unused_param, uint64_t v)
{
    if (io->base != CONTROLLER) {
        fprintf(stderr, "a write to the memory itself\n");
        abort();
    }
    if (off == FMA)
        fma = (uint32_t)v;
    if (off != FMC)
        return;
    if ((v != 0xa4420001 || fma % 4 != 0) && (v != 0xa4420002 || fma % PAGE != 0)) {
        fprintf(stderr, "operation %#x at %#x\n", (unsigned)v, fma);
        abort();
    }
    if (fma < DATA || fma >= DATA + SIZE) {
        fprintf(stderr, "outside: %#x\n", fma);
        abort();
    }
}

static uint64_t
controller(const struct io *io, uint32_t off, unsigned width unused_param)
{
    return io->base != CONTROLLER ? 0xff : off == FMA ? fma : 0;
}

static void
step(void)
{
    uint8_t what = fuzz_decision(&hostile.in), text[TEXT];
    uint32_t at = (uint32_t)fuzz_value(&hostile.in, 2) % SIZE;
    size_t n = fuzz_decision(&hostile.in) % TEXT;
    int rc = 0;

    n = n < SIZE - at ? n : SIZE - at;
    memset(text, what, sizeof text);
    switch (what & 3) {
    case 0:
        mtd->ops->read(mtd, at, span_of(text, n));
        break;
    case 1:
        rc = mtd->ops->erase(mtd, at / PAGE * PAGE);
        break;
    default:
        rc = mtd->ops->program(mtd, at, cspan_of(text, n));
    }
    if (rc > 0)
        abort();
}

static void
use(void)
{
    device_attach_all(&board);
    for (unsigned i = 0; i < STEPS && mtd != NULL; i++)
        step();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mtd = NULL;
    fma = 0;
    hostile = (struct hostile){
        .plausible = controller, .written = written, .irq = { 5, 5 }, .access_ns = SLOW_NS
    };
    hostile_run(data, size, use);
    return 0;
}
