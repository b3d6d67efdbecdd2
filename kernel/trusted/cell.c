/* What take cells report: see cell.h. */
#include <kernel/core/assert.h>
#include <kernel/core/log.h>
#include <kernel/trusted/cell.h>

static bool fatal;
static unsigned skips;

static const char *
holder(const struct cell_raw *c)
{
    const char *who = NULL;

    if (CHECKS)
        who = c->mark[0].holder;
    return who != NULL ? who : "(nobody: never filled)";
}

void
cell_refilled(const struct cell_raw *c)
{
    panic("take cell put back while full; last taken at %s", holder(c));
}

void
cell_skipped(const struct cell_raw *c, const char *taker)
{
    skips++;
    if (fatal)
        panic("take cell: %s is skipped: held since %s", taker, holder(c));
    klog(LOG_WARN, "take cell: %s is skipped: held since %s", taker, holder(c));
}

void
cell_skips_are_fatal(bool on)
{
    fatal = on;
}

unsigned
cell_skips(void)
{
    return skips;
}
