/* R24: a timer's function takes a page, through a helper.
 * expect: page_alloc allocates on an interrupt path
 */
#include <kernel/core/timer.h>
#include <kernel/mm/page.h>

struct ring {
    struct timer timer;
    struct page *_Nullable page;
};

static void
refill(struct ring *r)
{
    if (r->page == NULL)
        r->page = page_alloc(0);
}

static void
tick(void *arg)
{
    struct ring *r = arg;

#ifdef WRONG
    refill(r);
#endif
    if (timer_set_reserved(&r->timer, timer_deadline_ns(&r->timer) + 1000) < 0)
        r->page = NULL;
}

void ring_init(struct ring *r);

void
ring_init(struct ring *r)
{
    refill(r);
    timer_init(&r->timer, tick, r);
}
