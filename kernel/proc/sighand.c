/* What signals do to a process: see signal.h. */
#include <hal/irq.h>
#include <kernel/abi/errno.h>
#include <kernel/abi/signal.h>
#include <kernel/core/assert.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/signal.h>
#include <kernel/trusted/bounds.h>

#define BIT_OF(signo) ((sigset_k)1 << ((signo) - 1))

static struct sigaction_k *
entry(const struct sighand *h, int signo)
{
    assert(h->table != NULL);
    return &at(h->table, h->known, (size_t)signo - 1);
}

/* Have entries up to `known`. */
static int must_check
table_grow(struct sighand *h, uint32_t known)
{
    struct sigaction_k *table, *old = h->table;

    if (known <= h->known)
        return 0;
    table = kmem_alloc(known * sizeof *table);
    if (table == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < known; i++)
        at(table, known, i) = sighand_get(h, (int)i + 1);

    irqstate_t s = hal_irq_save(); /* interrupt handlers look at actions too */

    h->table = table;
    h->known = known;
    hal_irq_restore(s);
    kmem_free(old);
    return 0;
}

int
sighand_create(struct sighand **out)
{
    struct sighand *h = kmem_alloc(sizeof *h);

    if (h == NULL)
        return -ENOMEM;
    h->refs = 1;
    *out = h;
    return 0;
}

int
sighand_copy(const struct sighand *from, struct sighand **out)
{
    struct sighand *h;
    int rc = sighand_create(&h);

    if (rc < 0)
        return rc;
    h->ignored = from->ignored;
    rc = table_grow(h, from->known);
    if (rc < 0) {
        kmem_free(h);
        return rc;
    }
    for (int i = 1; i <= (int)from->known; i++)
        *entry(h, i) = *entry(from, i);
    *out = h;
    return 0;
}

void
sighand_put(struct sighand *h)
{
    assert(h->refs > 0);
    if (--h->refs > 0)
        return;
    kmem_free(h->table);
    kmem_free(h);
}

struct sigaction_k
sighand_get(const struct sighand *h, int signo)
{
    if (signo <= (int)h->known)
        return *entry(h, signo);
    return (struct sigaction_k){ .handler =
                                     (h->ignored & BIT_OF(signo)) != 0 ? SIG_IGN_K : SIG_DFL_K };
}

int
sighand_set(struct sighand *h, int signo, const struct sigaction_k *a)
{
    bool plain = a->handler <= SIG_IGN_K && a->restorer == 0 && a->mask == 0 && a->flags == 0;

    if (plain && signo > (int)h->known) {
        h->ignored &= ~BIT_OF(signo);
        h->ignored |= a->handler == SIG_IGN_K ? BIT_OF(signo) : 0;
        return 0;
    }

    int rc = table_grow(h, (uint32_t)signo);

    if (rc == 0)
        *entry(h, signo) = *a;
    return rc;
}

void
sighand_set_default(struct sighand *h, int signo)
{
    if (signo <= (int)h->known)
        entry(h, signo)->handler = SIG_DFL_K;
    else
        h->ignored &= ~BIT_OF(signo);
}

void
sighand_reset(struct sighand *h)
{
    struct sigaction_k *table = h->table;
    sigset_k ignored = 0;

    for (int i = 1; i <= NSIG; i++)
        ignored |= sighand_get(h, i).handler == SIG_IGN_K ? BIT_OF(i) : 0;

    irqstate_t s = hal_irq_save();

    h->ignored = ignored;
    h->table = NULL;
    h->known = 0;
    hal_irq_restore(s);
    kmem_free(table);
}
