/* From reset to kernel_main(). */
#include <hal/cortex_m/cortex_m.h>
#include <hal/power.h>
#include <hal/upcall.h>

void cm_boot(void) noreturn_fn;

extern uint8_t heap_start[], heap_end[], initrd_start[], initrd_end[];

void
cm_boot(void)
{
    const struct board *board = &board_lm3s6965evb;
    struct io mpu;

    cm_set_basepri(PRIORITY_IRQ);
    cm_board_init(board);
    cm_log_init(board);
    cm_irq_init(board);
    cm_time_init(board);
    mpu = cm_board_io(board, "arm,armv7m-mpu");
    mpu_init(&mpu);

    const struct boot_info boot = {
        .board = board,
        .ram_base = paddr((uintptr_t)heap_start),
        .ram_size = (size_t)(heap_end - heap_start),
        .initrd = initrd_start,
        .initrd_size = (size_t)(initrd_end - initrd_start),
        .initrd_at = paddr((uintptr_t)initrd_start),
        .cmdline = cm_cmdline,
    };
    kernel_main(&boot);
}
