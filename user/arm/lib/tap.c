/* The lines of the guest test programs.  See tap.h. */
#include <user/arm/lib/out.h>
#include <user/arm/lib/tap.h>

static unsigned count, failed;

void
tap_ok(bool good, const char *what)
{
    count++;
    failed += !good;
    print(1, "%sok %u - %s\n", good ? "" : "not ", count, what);
}

void
tap_is(int got, int want, const char *what)
{
    if (got == want) {
        tap_ok(true, what);
        return;
    }
    count++;
    failed++;
    print(1, "not ok %u - %s: got %d, not %d\n", count, what, got, want);
}

int
tap_end(void)
{
    print(1, "1..%u\n", count);
    return failed > 0;
}
