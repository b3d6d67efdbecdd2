/* The LM3S6965's: NVIC, SysTick; no clock knows the time of day.  SysTick is an exception of its own: it counts as the line behind the
 * NVIC's.
 *
 * The flash holds the board's first files behind the place of the kernel, which is a program of the host here.
 */
#include <hal/cortex_m/cortex_m.h>
#include <hal/power.h>
#include <hal/space.h>
#include <hal/upcall.h>

#include "host.h"
#include "machine.h"
#include "user_interp.h"

enum { CSR = 0x0, FILES_AT = 64 << 10, NS_PER_S = 1000000000 };
#define CSR_ON 7u /* ENABLE, TICKINT, CLKSOURCE */

/* The kernel's stacks and structures are larger than on the board. */
const struct host_machine host_machine = {
    .board = &board_lm3s6965evb,
    .what = "a modelled LM3S6965 evaluation board",
    .ram_base = 0x20000000,
    .ram_size = 4 << 20,
    .ram_min = 64 << 10,
    .ram_max = 512 << 20,
    .ram_range = "memory must be 64K to 512M, in units of 4K",
    .cpu = "ARM Cortex-M3, interpreted",
    .root = "romfs",
    .shell = "exec /bin/sh",
    .slots = { "sd0", "flash0" },
};

extern const uint8_t initrd_start[], initrd_end[];

static struct {
    struct io systick;
    uint32_t hz;
} timer;

void
host_machine_start(struct boot_info *boot)
{
    struct io mpu = cm_board_io(boot->board, "arm,armv7m-mpu");
    size_t size = (size_t)(initrd_end - initrd_start);

    cm_board_init(boot->board);
    mpu_init(&mpu);
    if (!armv7m_core_program(interp_core(), FILES_AT, initrd_start, size))
        hal_panic("the first files do not fit the flash");
    boot->initrd_at = paddr(FILES_AT);
    boot->initrd = hal_phys_ptr(boot->initrd_at);
    boot->initrd_size = size;
}

/* --- interrupts --- */

static unsigned
systick_line(void)
{
    return nvic_lines();
}

void
host_intc_init(const struct board *board)
{
    struct io io = cm_board_io(board, "arm,armv7m-nvic");

    nvic_init(&io);
}

unsigned
host_intc_lines(void)
{
    return systick_line() + 1;
}

void
host_intc_mask(unsigned line, bool masked)
{
    nvic_enable(line, !masked);
}

int
host_intc_line(int vector)
{
    if (vector == EXC_SYSTICK)
        return (int)systick_line();
    return vector >= EXC_IRQ0 ? vector - EXC_IRQ0 : -1;
}

/* SysTick goes round; the contract is a timer that strikes once. */
bool
host_intc_begin(unsigned line)
{
    if (line == systick_line())
        host_timer_stop();
    return true;
}

void
host_intc_end(unsigned line)
{
    armv7m_core_handled(interp_core(), line == systick_line() ? EXC_SYSTICK : EXC_IRQ0 + line);
}

/* --- the timer --- */

unsigned
host_timer_init(const struct board *board)
{
    timer.systick = cm_board_io(board, "arm,armv7m-systick");
    timer.hz = cm_board_find(board, "arm,armv7m-systick")->hz;
    systick_init(&timer.systick);
    host_timer_stop();
    return systick_line();
}

void
host_timer_arm(uint64_t ns)
{
    uint64_t ticks = ns / (NS_PER_S / timer.hz);

    systick_alarm(systick_now(), ticks < UINT32_MAX ? (uint32_t)ticks + 1 : UINT32_MAX);
    io_write32(&timer.systick, CSR, CSR_ON);
}

/* Nobody here takes the time from the counter, so it need not go on. */
void
host_timer_stop(void)
{
    io_write32(&timer.systick, CSR, 0);
}

uint64_t
host_clock_read(const struct board *board unused_param)
{
    return 0;
}
