/* t_bad DEED [ADDRESS]: what a program may not do; it ends by SIGSEGV (`undefined`: SIGILL) and nobody else notices.
 *
 *     overflow          call oneself until the stack is used up
 *     jump ADDRESS      run what is there; without an address: its own data
 *     read ADDRESS, write ADDRESS
 *     device            write to the register of a device
 *     text              write to its own text
 *     null              read at 0... 4
 *     undefined         an instruction that there is not
 *     stack ADDRESS     a call with this stack pointer
 *     grant             take all memory, files and pipes there are, say how much, and end well */
#include <user/arm/lib/heap.h>
#include <user/arm/lib/out.h>
#include <user/arm/lib/start.h>
#include <user/arm/lib/str.h>
#include <user/arm/lib/sys.h>

#define UART0_DR 0x4000c000u /* of the LM3S6965 */

static uint32_t code[] = { 0xbf004770 }; /* bx lr: would come back if it could be run */

static int __attribute__((noinline))
deep(volatile int *above)
{
    volatile int here[16];

    here[0] = *above + 1;
    return here[0] < 0 ? 0 : deep(here) + here[0];
}

static void
grant(void)
{
    unsigned bytes = 0, pipes = 0;
    int fds[2], error = 0;

    while (bytes < 1u << 20 && heap_more(256) != NULL)
        bytes += 256;
    while (pipes < 4096 && (error = sys_pipe2(fds, 0)) == 0)
        pipes++;
    print(1, "%u bytes, %u pipes, then: %s\n", bytes, pipes, error_text(error));
}

static void
deed(const char *what, uint32_t address)
{
    volatile int start = 0;

    if (str_eq(what, "overflow"))
        print(1, "%d\n", deep(&start));
    else if (str_eq(what, "jump"))
        ((void (*)(void))((address != 0 ? address : (uint32_t)(uintptr_t)code) | 1))();
    else if (str_eq(what, "read"))
        print(1, "%d\n", *(volatile int *)(uintptr_t)address);
    else if (str_eq(what, "write"))
        *(volatile int *)(uintptr_t)address = 1;
    else if (str_eq(what, "device"))
        *(volatile int *)(uintptr_t)UART0_DR = 'X';
    else if (str_eq(what, "text"))
        *(volatile int *)((uintptr_t)deed & ~(uintptr_t)3) = 1;
    else if (str_eq(what, "null"))
        print(1, "%d\n", *(volatile int *)(uintptr_t)4);
    else if (str_eq(what, "undefined"))
        __asm__ volatile("udf #42");
    else if (str_eq(what, "stack")) /* where the call alone is no harm, the store is */
        __asm__ volatile("mov sp, %0\n\tmovs r7, #20\n\tsvc #0\n\tpush {r0}"
                         :
                         : "r"(address)
                         : "r0", "r7", "memory");
}

int
main(int argc, char **argv)
{
    uint32_t address = 0;

    if (argc < 2 || (argc > 2 && !str_number(argv[2], false, &address)))
        return usage("DEED [ADDRESS]");
    if (str_eq(argv[1], "grant")) {
        grant();
        return 0;
    }
    deed(argv[1], address);
    print(1, "%s came to no harm\n", argv[1]);
    return 1;
}
