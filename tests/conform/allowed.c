/* The list of allowed differences.  See allowed.h; the format is in allowed.txt. */
#include "allowed.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 256, LINE_BYTES = 512, REASON_MIN = 20 };

struct entry {
    unsigned line;
    unsigned used;
    char name[64];   /* a shell pattern */
    uint64_t mask;   /* the bits that may differ */
    bool any_values; /* else: only these two */
    uint64_t qemu, model;
};

struct allowed {
    unsigned count;
    struct entry entry[ENTRIES_MAX];
};

/* Is `trace` one of the names in `list`, which commas separate? */
static bool
is_of(const char *list, const char *trace)
{
    size_t len = strlen(trace);

    for (const char *p = list; p; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, trace, len) == 0 && (p[len] == ',' || p[len] == '\0')) {
            return true;
        }
    }
    return false;
}

/* "TRACE REGISTER MASK QEMU/MODEL: reason" with QEMU/MODEL a pair of numbers or a star; 1: an entry of this trace, 0: of another, -1:
 * not an entry. */
static int
parse(const char *text, const char *trace, struct entry *e)
{
    char of[32], values[40];
    int end = 0;

    if (sscanf(text, "%31s %63s %" SCNx64 " %39[^:]: %n", of, e->name, &e->mask, values, &end) != 4 ||
        end == 0 || strlen(text + end) < REASON_MIN) {
        return -1;
    }
    e->any_values = strcmp(values, "*") == 0;
    if (!e->any_values && sscanf(values, "%" SCNx64 "/%" SCNx64, &e->qemu, &e->model) != 2) {
        return -1;
    }
    return is_of(of, trace);
}

struct allowed *
allowed_load(const char *file, const char *trace)
{
    struct allowed *list = calloc(1, sizeof *list);
    FILE *f = fopen(file, "r");
    char text[LINE_BYTES];
    int what = 0;

    if (!f || !list) {
        perror(file);
        exit(2);
    }
    for (unsigned line = 1; what >= 0 && fgets(text, sizeof text, f); line++) {
        struct entry *e = &list->entry[list->count];

        if (strspn(text, " \n") == strlen(text) || text[0] == '#') {
            continue;
        }
        what = list->count == ENTRIES_MAX ? -1 : parse(text, trace, e);
        if (what < 0) {
            fprintf(stderr, "%s:%u: not an entry, or one too many\n", file, line);
        }
        e->line = line;
        list->count += what == 1;
    }
    fclose(f);
    if (what < 0) {
        free(list);
        return NULL;
    }
    return list;
}

void
allowed_free(struct allowed *list)
{
    free(list);
}

bool
allowed_match(struct allowed *list, const char *name, uint64_t qemu, uint64_t model)
{
    for (unsigned i = 0; i < list->count; i++) {
        struct entry *e = &list->entry[i];

        if (e->used && strcmp(name, "interrupt") == 0) {
            continue; /* one entry, one interrupt */
        }
        if (fnmatch(e->name, name, 0) == 0 && ((qemu ^ model) & ~e->mask) == 0 &&
            (e->any_values || (e->qemu == qemu && e->model == model))) {
            e->used++;
            return true;
        }
    }
    return false;
}

unsigned
allowed_unused(const struct allowed *list, unsigned after)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (!list->entry[i].used && list->entry[i].line > after) {
            return list->entry[i].line;
        }
    }
    return 0;
}
