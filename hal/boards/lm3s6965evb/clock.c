/* The system clock: 50 MHz from the PLL (LM3S6965 data sheet, section 6.2: initialization and configuration). */
#include <hal/cortex_m/cortex_m.h>
#include <hal/power.h>

enum { RIS = 0x050, RCC = 0x060, RCGC1 = 0x104, RCGC2 = 0x108, LOCK_READS_MAX = 100000 };

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
#define RCGC1_UARTS   7u
#define RCGC2_GPIOS   0x7fu

const char cm_cmdline[] = "root=tmpfs init=/bin/hello";

void
cm_board_init(const struct board *board)
{
    struct io sysctl = cm_board_io(board, "luminary,sysctl");
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
    io_write32(&sysctl, RCGC1, io_read32(&sysctl, RCGC1) | RCGC1_UARTS);
    io_write32(&sysctl, RCGC2, io_read32(&sysctl, RCGC2) | RCGC2_GPIOS);
}
