/* The PC's: 8259A pair, 8254, MC146818. */
#include <hal/pc/pc.h>
#include <hal/power.h>

#include "host.h"
#include "machine.h"

const struct host_machine host_machine = {
    .board = &board_pc,
    .what = "a modelled PC",
    .ram_min = 4 << 20,
    .ram_max = 64ull << 30,
    .ram_range = "memory must be 4M to 64G, in whole pages",
    .cpu = "Drydock hosted x86-64",
    .root = "/dev/hda",
    .shell = "exec /bin/sh -i",
    .drive = "disk.img",
    .slots = { "ide0.0", "ide0.1", "ide1.0", "ide1.1" },
};

void
host_machine_start(struct boot_info *boot unused_param)
{
}

void
host_intc_init(const struct board *board)
{
    const struct board_dev *dev = host_board_find(board, "intel,i8259");

    if (dev == NULL)
        hal_panic("the board has no interrupt controller");
    struct io master = { .base = dev->base, .size = 2, .space = IO_PORT };
    struct io slave = { .base = dev->base + 0x80, .size = 2, .space = IO_PORT };
    pic_8259_init(&master, &slave);
}

unsigned
host_intc_lines(void)
{
    return PIC_LINES;
}

void
host_intc_mask(unsigned line, bool masked)
{
    pic_8259_mask(line, masked);
}

int
host_intc_line(int vector)
{
    return vector >= PIC_VECTOR_BASE && vector < PIC_VECTOR_BASE + PIC_LINES
               ? vector - PIC_VECTOR_BASE
               : -1;
}

bool
host_intc_begin(unsigned line)
{
    return pic_8259_begin(line);
}

void
host_intc_end(unsigned line)
{
    pic_8259_end(line);
}

unsigned
host_timer_init(const struct board *board)
{
    const struct board_dev *pit = host_board_find(board, "intel,i8254");

    if (pit == NULL)
        hal_panic("the board has no timer");
    struct io io = { .base = pit->base, .size = pit->size, .space = IO_PORT };
    pit_8254_init(&io, pit->hz);
    return pit->irq;
}

void
host_timer_arm(uint64_t ns)
{
    pit_8254_arm(ns);
}

void
host_timer_stop(void)
{
    pit_8254_stop();
}

uint64_t
host_clock_read(const struct board *board)
{
    const struct board_dev *rtc = host_board_find(board, "motorola,mc146818");

    if (rtc == NULL)
        return 0;
    struct io io = { .base = rtc->base, .size = rtc->size, .space = IO_PORT };
    return rtc_mc146818_read(&io);
}
