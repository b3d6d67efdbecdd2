/* The system clock: 50 MHz from the PLL (LM3S6965 data sheet, section 5.3: initialization and configuration); the clocks of the parts that
 * the kernel has drivers for; the pins that belong to a port and not to a program (section 8). */
#include <hal/cortex_m/cortex_m.h>
#include <hal/power.h>

enum {
    RIS = 0x050,
    RCC = 0x060,
    RCGC0 = 0x100,
    RCGC1 = 0x104,
    RCGC2 = 0x108,
    LOCK_READS_MAX = 100000
};

#define RCC_MOSCDIS   BIT(0)
#define RCC_OSCSRC    (3u << 4)
#define RCC_XTAL      (15u << 6)
#define RCC_XTAL_8MHZ (14u << 6)
#define RCC_BYPASS    BIT(11)
#define RCC_PWRDN     BIT(13)
#define RCC_USESYSDIV BIT(22)
#define RCC_SYSDIV    (15u << 23)
#define RCC_SYSDIV_4  (3u << 23) /* 200 MHz / 4 */
#define RIS_PLLLRIS   BIT(6)
#define RCGC0_WDT     BIT(3)
#define RCGC0_ADC     BIT(16)
#define RCGC1_UARTS   7u
#define RCGC1_SSI0    BIT(4)
#define RCGC1_TIMERS  (15u << 16)
#define RCGC2_GPIOS   0x7fu
#define RCGC2_ETH     (BIT(28) | BIT(30)) /* MAC and PHY */

enum {
    AFSEL = 0x420,
    DEN = 0x51c,
    PORT_A_PINS = 0x37 /* UART0, and SSI0 but for its select pin */
};

const char cm_cmdline[] = "root=romfs";

void
cm_board_init(const struct board *board)
{
    struct io sysctl = cm_board_io(board, "luminary,sysctl");
    struct io port_a = cm_board_io(board, "arm,pl061"); /* the first */
    uint32_t rcc = io_read32(&sysctl, RCC);

    rcc = (rcc | RCC_BYPASS) & ~RCC_USESYSDIV;
    io_write32(&sysctl, RCC, rcc);
    rcc &= ~(RCC_XTAL | RCC_OSCSRC | RCC_PWRDN | RCC_MOSCDIS);
    rcc |= RCC_XTAL_8MHZ;
    io_write32(&sysctl, RCC, rcc);
    rcc = (rcc & ~RCC_SYSDIV) | RCC_SYSDIV_4 | RCC_USESYSDIV;
    io_write32(&sysctl, RCC, rcc);
    for (unsigned n = 0; (io_read32(&sysctl, RIS) & RIS_PLLLRIS) == 0; n++)
        if (n == LOCK_READS_MAX)
            hal_panic("the PLL does not lock");
    io_write32(&sysctl, RCC, rcc & ~RCC_BYPASS);
    io_write32(&sysctl, RCGC0, io_read32(&sysctl, RCGC0) | RCGC0_WDT | RCGC0_ADC);
    io_write32(&sysctl, RCGC1, io_read32(&sysctl, RCGC1) | RCGC1_UARTS | RCGC1_SSI0 | RCGC1_TIMERS);
    io_write32(&sysctl, RCGC2, io_read32(&sysctl, RCGC2) | RCGC2_GPIOS | RCGC2_ETH);
    io_write32(&port_a, AFSEL, PORT_A_PINS);
    io_write32(&port_a, DEN, PORT_A_PINS);
}
