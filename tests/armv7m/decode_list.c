/* What the decoder makes of encodings: reads lines of two halfwords in hexadecimal, writes the name of the operation for each. */
#include <stdio.h>

#include <sim/armv7m/ops.h>

int
main(void)
{
    unsigned first, second;

    while (scanf("%x %x", &first, &second) == 2) {
        struct armv7m_insn in = armv7m_decode((uint16_t)first, (uint16_t)second);

        printf("%s\n", armv7m_ops[in.op].name);
    }
    return 0;
}
