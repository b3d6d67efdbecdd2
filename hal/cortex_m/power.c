/* The end: semihosting's exit (Arm, Semihosting for AArch32 and AArch64, 2.0), panics.  And the kernel's raw log, polled, to the first
 * UART. */
#include <hal/power.h>

#include <hal/cortex_m/cortex_m.h>

enum { EXIT_PANIC = 3, SYS_EXIT_EXTENDED = 0x20, STOPPED_APPLICATION_EXIT = 0x20026 };
enum { UARTDR = 0x00, UARTFR = 0x18, UARTCR = 0x30, SEND_READS_MAX = 100000 };
#define FR_TXFF   BIT(5)
#define CR_UARTEN BIT(0)
#define CR_TXE    BIT(8)

static struct io uart;

void
cm_log_init(const struct board *board)
{
    uart = cm_board_io(board, "arm,pl011");
    io_write32(&uart, UARTCR, CR_UARTEN | CR_TXE);
}

static void
serial_write(char c)
{
    for (unsigned n = 0; (io_read32(&uart, UARTFR) & FR_TXFF) != 0; n++)
        if (n == SEND_READS_MAX)
            return;
    io_write32(&uart, UARTDR, (uint8_t)c);
}

TRUSTED_BEGIN(mmio)
void
hal_log_write(const char *text, size_t len)
{
    for (size_t i = 0; uart.size != 0 && i < len; i++) {
        if (text[i] == '\n')
            serial_write('\r');
        serial_write(text[i]);
    }
}
TRUSTED_END

void
cm_print(const char *text)
{
    hal_log_write(text, __builtin_strlen(text));
}

void
cm_print_hex(uint32_t v)
{
    for (unsigned i = 0; i < 8; i++, v <<= 4)
        hal_log_write(&"0123456789abcdef"[v >> 28], 1);
}

TRUSTED_BEGIN(entry)
/* The debugger, or QEMU with -semihosting, takes it; without either this is a HardFault, which stops as well. */
static void noreturn_fn
finish(int code)
{
    const uint32_t block[2] = { STOPPED_APPLICATION_EXIT, (uint32_t)code };
    register uint32_t r0 __asm__("r0") = SYS_EXIT_EXTENDED;
    register const uint32_t *r1 __asm__("r1") = block;

    __asm__ volatile("cpsid i\n\tbkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    for (;;)
        __asm__ volatile("wfi");
}

void
hal_power_off(int code)
{
    finish(code);
}

void
hal_reboot(void)
{
    nvic_reset();
    for (;;)
        __asm__ volatile("wfi");
}

static const char *panic_text;

static void
print_panic(void *arg unused_param)
{
    cm_print("drydock: kernel panic: ");
    cm_print(panic_text);
    cm_print("\n");
    finish(EXIT_PANIC);
}

void
hal_panic(const char *msg)
{
    panic_text = msg;
    hal_panic_on_stack(print_panic, NULL);
}
TRUSTED_END

static void
print_field(const char *name, uint32_t v)
{
    cm_print(name);
    cm_print_hex(v);
}

/* A fault in the kernel: what was stacked, and why. */
void
cm_panic_fault(unsigned exception, const struct cm_frame *f)
{
    struct nvic_fault why = nvic_take_fault();

    print_field("drydock: exception ", exception);
    print_field(" at pc ", f->pc);
    print_field(" lr ", f->lr);
    print_field(" xpsr ", f->xpsr);
    print_field("\n  r0 ", f->r0);
    print_field(" r1 ", f->r1);
    print_field(" r2 ", f->r2);
    print_field(" r3 ", f->r3);
    print_field(" r12 ", f->r12);
    print_field(" sp ", (uint32_t)(uintptr_t)f);
    print_field("\n  cfsr ", why.cfsr);
    print_field(" hfsr ", why.hfsr);
    print_field(" mmfar ", why.mmfar);
    print_field(" bfar ", why.bfar);
    cm_print("\n");
    hal_panic("a fault in the kernel");
}
