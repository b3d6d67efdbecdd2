/* R01: an instruction that no tool sees through.
 * expect: inline assembly
 */
#include <hal/time.h>

uint64_t ticks(void);

uint64_t
ticks(void)
{
#ifdef WRONG
    uint64_t t = 0;

    __asm__("rdtsc" : "=A"(t));
    return t;
#else
    return hal_time_now_ns();
#endif
}
