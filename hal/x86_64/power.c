/* The end: ACPI soft-off, reset, QEMU's exit port.  And the kernel's raw log: to the debug port where there is one (QEMU's
 * -debugcon), else to the first serial port. */
#include <hal/irq.h>
#include <hal/power.h>

#include <hal/time.h>
#include <hal/x86_64/boot.h>
#include <hal/x86_64/cpu.h>
#include <hal/x86_64/debug_port.h>
#include <hal/x86_64/trace.h>
#include <hal/x86_64/x86.h>

enum {
    EXIT_PANIC = 3, /* as hosted; QEMU ends with 2 * code + 1 */
    RESET_CONTROL = 0xcf9,
    KBC_COMMAND = 0x64,
    KBC_RESET = 0xfe,

    THR = 0, /* 16550 */
    DLM = 1,
    FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    SCR = 7,
    LSR_THRE = 0x20,
    SEND_READS_MAX = 100000,

    ENABLE_MS_MAX = 3000, /* for the firmware to hand over: Linux waits as long */
};
#define RESET_CPU        0x06u
#define RESET_ARM        0x02u
#define PM1_SCI_EN       0x0001u
#define PM1_SLP_TYP      10
#define PM1_SLP_EN       0x2000u
#define PANIC_TO_READ_NS 10000000000ull
#define OFF_WAIT_NS      100000000ull
#define NS_PER_MS        1000000ull

static struct {
    uint16_t exit_port; /* 0: none */
    struct {
        uint16_t port, smi_cmd;
        uint8_t enable, s5_type;
    } pm;
    bool debug_port;
    uint16_t uart; /* 0: none */
} power;

void
x86_log_init(const struct board *board)
{
    const struct board_dev *exit_dev = x86_board_find(board, "qemu,debug-exit");
    const struct board_dev *uart = x86_board_find(board, "ns16550a");

    power.exit_port = (uint16_t)(exit_dev != NULL ? exit_dev->base : 0);
    power.debug_port = debug_port_there();
    if (power.debug_port || uart == NULL)
        return;

    uint16_t port = (uint16_t)uart->base;

    x86_out8(port + SCR, 0x5a);
    if (x86_in8(port + SCR) != 0x5a)
        return;
    x86_out8(port + LCR, 0x83); /* 8 bits, divisor latch */
    x86_out8(port + THR, 1);    /* 115200 baud */
    x86_out8(port + DLM, 0);
    x86_out8(port + LCR, 0x03);
    x86_out8(port + FCR, 0x07);
    x86_out8(port + MCR, 0x03);
    power.uart = port;
}

void
x86_power_init(const struct board *board, const struct acpi_data *acpi)
{
    const struct board_dev *pm = x86_board_find(board, "acpi,pm");

    if (pm != NULL)
        power.pm.port = (uint16_t)pm->base;
    if (acpi->pm1_cnt == 0)
        return;
    power.pm.port = (uint16_t)acpi->pm1_cnt;
    power.pm.smi_cmd = (uint16_t)acpi->smi_cmd;
    power.pm.enable = acpi->acpi_enable;
    power.pm.s5_type = acpi->s5_type;
}

static void noreturn_fn
halt(void)
{
    for (;;)
        x86_cli_hlt();
}

static void
exit_port(int code)
{
    if (power.exit_port != 0)
        x86_out32(power.exit_port, (uint32_t)code);
}

/* ACPI 6.4, 4.8.3.2: first the firmware must have handed the registers over. */
static void
soft_off(void)
{
    uint16_t port = power.pm.port;

    if (port == 0)
        return;
    if (!(x86_in16(port) & PM1_SCI_EN) && power.pm.smi_cmd != 0 && power.pm.enable != 0) {
        x86_out8(power.pm.smi_cmd, power.pm.enable);
        for (unsigned ms = 0; ms < ENABLE_MS_MAX && !(x86_in16(port) & PM1_SCI_EN); ms++)
            hal_time_delay_ns(NS_PER_MS);
    }
    x86_out16(port, (uint16_t)((uint16_t)power.pm.s5_type << PM1_SLP_TYP | PM1_SLP_EN));
    hal_time_delay_ns(OFF_WAIT_NS);
}

void
hal_power_off(int code)
{
    x86_cli();
    if (code != 0)
        exit_port(code);
    soft_off();
    halt();
}

void
hal_reboot(void)
{
    const struct x86_table_ptr no_idt = { 0 };

    x86_cli();
    x86_out8(RESET_CONTROL, RESET_ARM);
    x86_out8(RESET_CONTROL, RESET_CPU);
    x86_out8(KBC_COMMAND, KBC_RESET);
    x86_lidt(&no_idt);
    x86_int3(); /* a triple fault is a reset */
    halt();
}

void
x86_panic_end(void)
{
    x86_cli();
    exit_port(EXIT_PANIC);
    hal_time_delay_ns(PANIC_TO_READ_NS);
    hal_reboot();
}

static void
serial_write(char c)
{
    for (unsigned n = 0; !(x86_in8(power.uart + LSR) & LSR_THRE); n++)
        if (n == SEND_READS_MAX)
            return;
    x86_out8(power.uart + THR, (uint8_t)c);
}

void
hal_log_write(const char *text, size_t len) no_tsa
{
    if (power.debug_port) {
        irqstate_t s = hal_irq_save(); /* a line is whole */

        if (x86_trace_active())
            debug_port_write("L ", 2);
        debug_port_write(text, len);
        hal_irq_restore(s);
        return;
    }
    for (size_t i = 0; power.uart != 0 && i < len; i++) {
        if (text[i] == '\n')
            serial_write('\r');
        serial_write(text[i]);
    }
}
