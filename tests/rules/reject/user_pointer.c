/* R03: a user's pointer is dereferenced.
 * expect: an integer becomes const int *
 * as: kernel/sys/sys_x.c
 */
#include <kernel/sys/sys.h>
#include <kernel/trusted/ucopy.h>

int64_t must_check sys_peek(const struct sysargs *args);

int64_t
sys_peek(const struct sysargs *args)
{
#ifdef WRONG
    const int *p = (const int *)args->a[0];

    return *p;
#else
    int value;
    int rc = ucopy_in(&value, uaddr((uintptr_t)args->a[0]), sizeof value);

    return rc < 0 ? rc : value;
#endif
}
