/* Accounts of memory.  See grant.h. */
#include <hal/cpu.h>
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/mm/grant.h>
#include <kernel/mm/page.h>
#include <kernel/sched/thread.h>
#include <kernel/trusted/kmem_small.h>

enum {
    GRANT_MIN = CONFIG_GRANT_MIN,
    /* A pointer of twice the size makes objects of twice the size. */
    GRANT_PAGES = CONFIG_GRANT_PAGES * sizeof(void *) / 4,
    GRANT_MORE = CONFIG_GRANT_MORE * sizeof(void *) / 4,
};

static struct account {
    uint32_t pages : 31; /* promised */
    bool taken : 1;      /* given to a process */
    uint32_t used : 31;
    bool live : 1; /* which has not ended */
} accounts[GRANTS_MAX];
static uint64_t all_pages;

static struct account *
account(uint8_t grant)
{
    return &at(accounts, GRANTS_MAX, grant);
}

static uint64_t
promised_to(const struct account *a)
{
    return a->pages > a->used ? a->pages : a->used;
}

/* What is neither in use nor promised. */
static uint64_t
unpromised(void)
{
    uint64_t promised = 0;

    for (uint8_t i = 0; i < GRANTS_MAX; i++)
        promised += promised_to(account(i));
    assert(promised <= all_pages);
    return all_pages - promised;
}

bool
grant_charge(uint8_t grant, uint64_t n)
{
    struct account *a = account(grant);
    uint64_t had = promised_to(a), most = all_pages;
    uint64_t spare = grant == GRANT_COMMON ? 0 : GRANT_MIN;

    if (grant >= GRANT_FIRST)
        most = (uint64_t)a->pages + (a->live ? GRANT_MORE : 0);
    if (a->used + n > most || (a->used + n > had && a->used + n - had + spare > unpromised()))
        return false;
    a->used += (uint32_t)n;
    return true;
}

void
grant_uncharge(uint8_t grant, uint64_t n)
{
    struct account *a = account(grant);

    assert(a->used >= n);
    a->used -= (uint32_t)n;
}

static uint32_t
stack_pages(void)
{
    return (uint32_t)((hal_ctx_stack_size() + PAGE_MASK) >> PAGE_SHIFT);
}

/* Promise `n` pages to the first account that is free. */
static bool
promise(uint32_t n, uint8_t *grant_out)
{
    irqstate_t s = hal_irq_save();
    bool can = unpromised() >= (uint64_t)n + GRANT_MIN;

    for (uint8_t i = GRANT_FIRST; can && i < GRANTS_MAX; i++) {
        if (account(i)->taken)
            continue;
        *account(i) = (struct account){ .taken = true, .live = true, .pages = n };
        *grant_out = i;
        hal_irq_restore(s);
        return true;
    }
    hal_irq_restore(s);
    return false;
}

int
grant_create(uint8_t *grant_out)
{
    uint32_t n = GRANT_PAGES + stack_pages();

    for (;;) {
        if (promise(n, grant_out))
            return 0;
        if (page_reclaim(n) == 0)
            return -ENOMEM;
    }
}

void
grant_end(uint8_t grant)
{
    irqstate_t s = hal_irq_save();

    account(grant)->live = false;
    account(grant)->pages = 0;
    hal_irq_restore(s);
}

void
grant_destroy(uint8_t grant)
{
    irqstate_t s = hal_irq_save();
    struct account *a = account(grant);

    assert(grant >= GRANT_FIRST && a->taken);
    account(GRANT_COMMON)->used += a->used;
    page_inherit(grant, GRANT_COMMON);
    kmem_small_inherit(grant);
    *a = (struct account){ 0 };
    hal_irq_restore(s);
}

uint8_t
grant_current(void)
{
    const struct thread *t = thread_current();

    return t != NULL ? t->grant : GRANT_COMMON;
}

uint8_t
grant_use(uint8_t grant)
{
    struct thread *t = thread_current();
    uint8_t was = t->grant;

    t->grant = grant;
    return was;
}

void
grant_stats(uint8_t grant, struct grant_stats *out)
{
    const struct account *a = account(grant);

    *out = (struct grant_stats){ .pages = a->pages, .used = a->used };
}

void
grant_init(uint64_t pages)
{
    for (uint8_t i = 0; i < GRANTS_MAX; i++)
        *account(i) = (struct account){ 0 };
    all_pages = pages;
}
