/* See fail.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

enum {
    CALLERS = SIM_FAIL_CALLERS,
    PLACES = 1u << 15,  /* at most, a power of two; beyond, places are no longer told apart */
    DEPTH_DEFAULT = 10, /* return addresses that make a place different */
    RULE_MAX = 63,
};

struct place {
    uint64_t hash; /* 0: this slot is free */
    uint64_t count, first;
    bool object, failed;
    uint8_t len;
    uintptr_t pcs[CALLERS];
};

static struct rule {
    bool on, page, object, new;
    unsigned depth;
    uint64_t nth;  /* allocations until the first that fails; 0: it has failed */
    uint64_t left; /* failures to come */
} rule;

static struct place *places;
static size_t place_count;
static uint64_t allocations;
static FILE *report;

/* A decimal number up to `end` or a '+'; false: none, or too large. */
static bool
number(const char **s, uint64_t *out)
{
    char *end;

    if (**s < '0' || **s > '9')
        return false;
    errno = 0;
    *out = strtoull(*s, &end, 10);
    *s = end;
    return errno == 0;
}

static bool
skip(const char **s, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*s, word, n) != 0)
        return false;
    *s += n;
    return true;
}

static bool
parse(const char *s, struct rule *r)
{
    uint64_t depth = DEPTH_DEFAULT;

    *r = (struct rule){ .on = true, .left = 1 };
    if (strcmp(s, "off") == 0) {
        r->on = false;
        return true;
    }
    r->page = skip(&s, "page:");
    r->object = !r->page && skip(&s, "object:");
    if (!r->page && !r->object)
        r->page = r->object = skip(&s, "any:");
    if (!r->page && !r->object)
        return false;
    r->new = skip(&s, "new");
    if (r->new ? skip(&s, "/") && !number(&s, &depth) : !number(&s, &r->nth) || r->nth == 0)
        return false;
    if (depth == 0 || depth > CALLERS)
        return false;
    r->depth = (unsigned)depth;
    if (*s == '+') {
        s++;
        if (!number(&s, &r->left) || r->left == 0)
            return false;
    }
    return *s == '\0';
}

int
sim_fail_arm(const char *text, size_t len)
{
    char copy[RULE_MAX + 1];
    struct rule r;

    if (len > RULE_MAX)
        return -EINVAL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (!parse(copy, &r))
        return -EINVAL;
    rule = r;
    if (report != NULL)
        fprintf(report, "arm %s\n", copy);
    return 0;
}

static uint64_t
hash_of(bool object, const uintptr_t *pcs, size_t n)
{
    uint64_t h = 14695981039346656037u + object; /* FNV-1a, by words */

    for (size_t i = 0; i < n; i++)
        h = (h ^ pcs[i]) * 1099511628211u;
    return h != 0 ? h : 1;
}

static void
print_pcs(const uintptr_t *pcs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(report, " %llx", (unsigned long long)pcs[i]);
    fputc('\n', report);
}

/* The place's entry, made if there is room; NULL: there is none. */
static struct place *
place_of(bool object, const uintptr_t *pcs, size_t n)
{
    size_t depth = rule.depth != 0 ? rule.depth : DEPTH_DEFAULT;
    uint64_t h = hash_of(object, pcs, n < depth ? n : depth);

    for (size_t i = h % PLACES;; i = (i + 1) % PLACES) {
        struct place *p = &places[i];

        if (p->hash == h)
            return p;
        if (p->hash != 0)
            continue;
        if (place_count == PLACES / 2)
            return NULL;
        place_count++;
        *p = (struct place){ .hash = h, .object = object, .len = (uint8_t)n, .first = allocations };
        memcpy(p->pcs, pcs, n * sizeof *pcs);
        return p;
    }
}

/* Does the rule say so?  Moves it on. */
static bool
decide(bool object, const struct place *place)
{
    struct rule *r = &rule;

    if (!r->on || (object ? !r->object : !r->page))
        return false;
    if (r->new) {
        if (place == NULL || place->failed)
            return false;
        r->new = false;
        r->nth = 1;
    }
    if (r->nth > 1) {
        r->nth--;
        return false;
    }
    r->on = --r->left > 0;
    return true;
}

bool
sim_fail_ask(bool object, const uintptr_t *pcs, size_t n)
{
    const uintptr_t *from = pcs + (n > 0); /* the first is that of who asks */

    n -= n > 0;
    n = n < CALLERS ? n : CALLERS;
    allocations++;

    struct place *place = place_of(object, from, n);
    bool fail = decide(object, place);

    if (place != NULL) {
        place->count++;
        place->failed |= fail;
    }
    if (fail && report != NULL) {
        fprintf(report, "fail %s", object ? "object" : "page");
        print_pcs(from, n);
        fflush(report);
    }
    return fail;
}

int
sim_fail_start(const char *name)
{
    places = calloc(PLACES, sizeof *places);
    if (places == NULL)
        return ENOMEM;
    if (name != NULL) {
        report = fopen(name, "we");
        if (report == NULL)
            return errno;
    }
    return 0;
}

void
sim_fail_report_places(void)
{
    if (report == NULL)
        return;
    for (size_t i = 0; i < PLACES; i++) {
        const struct place *p = &places[i];

        if (p->hash == 0)
            continue;
        fprintf(report, "place %s %llu %llu", p->object ? "object" : "page",
                (unsigned long long)p->count, (unsigned long long)p->first);
        print_pcs(p->pcs, p->len);
    }
    fclose(report);
    report = NULL;
}
