/* The driver of the LM3S6965's Ethernet controller against one that answers anything: it comes to an end, nothing is sent or received, and no
 * interrupt is left on. */
#include <kernel/core/device.h>
#include <kernel/drivers/drivers.h>

#include <hal/board.h>

#include <stdio.h>
#include <stdlib.h>

#include "hostile.h"

enum {
    IM = 0x04,
    RCTL = 0x08,
    TCTL = 0x0c,
    DATA = 0x10,
    TR = 0x38,
    MCTL = 0x20,
    MII_WRITE = 2,
    SLOW_NS = 20000
};

const struct driver *const kernel_drivers[] = { &driver_eth_stellaris, NULL };
const size_t kernel_drivers_len = 2;

static const struct board_dev devs[] = {
    { "luminary,ethernet", "eth0", BOARD_MMIO, 0x40048000, 0x1000, BOARD_NO_IRQ, 50000000 },
    { "luminary,ethernet", "eth1", BOARD_MMIO, 0x40049000, 0x1000, BOARD_NO_IRQ, 5000000 },
    { "luminary,ethernet", "eth2", BOARD_MMIO, 0x4004a000, 0x1000, BOARD_NO_IRQ, 1000 },
    { 0 },
};
static const struct board board = { .name = "fuzz", .devs = devs };
static unsigned quiet;

static void
written(const struct io *io unused_param, uint32_t off, unsigned width unused_param, uint64_t v)
{
    if (off == RCTL || off == TCTL || off == DATA || off == TR || (off == IM && v != 0) ||
        (off == MCTL && (v & MII_WRITE) != 0)) {
        fprintf(stderr, "register %#x becomes %#llx\n", off, (unsigned long long)v);
        abort();
    }
    quiet += off == IM;
}

static uint64_t
controller(const struct io *io unused_param, uint32_t off unused_param, unsigned width unused_param)
{
    return 0;
}

static void
use(void)
{
    quiet = 0;
    device_attach_all(&board);
    if (quiet != 2) /* the third has no clock that the PHY could follow */
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hostile = (struct hostile){
        .plausible = controller, .written = written, .irq = { 5, 5 }, .access_ns = SLOW_NS
    };
    hostile_run(data, size, use);
    return 0;
}
