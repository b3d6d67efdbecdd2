/* One account, and nothing is counted.  See grant.h. */
#include <kernel/mm/grant.h>

int
grant_create(uint8_t *grant_out)
{
    *grant_out = GRANT_COMMON;
    return 0;
}

void
grant_end(uint8_t grant unused_param)
{
}

void
grant_destroy(uint8_t grant unused_param)
{
}

uint8_t
grant_current(void)
{
    return GRANT_COMMON;
}

uint8_t
grant_use(uint8_t grant unused_param)
{
    return GRANT_COMMON;
}

void
grant_stats(uint8_t grant unused_param, struct grant_stats *out)
{
    *out = (struct grant_stats){ 0 };
}

void
grant_init(uint64_t pages unused_param)
{
}

bool
grant_charge(uint8_t grant unused_param, uint64_t n unused_param)
{
    return true;
}

void
grant_uncharge(uint8_t grant unused_param, uint64_t n unused_param)
{
}
