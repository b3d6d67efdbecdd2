/* Signal handlers.  See signals.h. */
#include <user/arm/lib/signals.h>
#include <user/arm/lib/sys.h>

int
signal_handle(int signo, void (*fn)(int signo), uint32_t flags)
{
    struct sigaction_abi action = { .flags = flags | SA_RESTORER };

    /* One by one: a constant to copy from could not hold addresses. */
    action.handler = (uintptr_t)fn;
    action.restorer = (uintptr_t)(flags & SA_SIGINFO ? sys_restorer_info : sys_restorer);
    return sys_rt_sigaction(signo, &action, NULL, sizeof action.mask);
}
