/* Differences between QEMU and the models that the manuals allow: one to a line of tests/conform/allowed.txt. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct allowed;

/* The entries of `trace`; NULL after a message on standard error. */
struct allowed *allowed_load(const char *file, const char *trace);
void allowed_free(struct allowed *list);

/* May register `name` differ so?  Uses the entry. */
bool allowed_match(struct allowed *list, const char *name, uint64_t qemu, uint64_t model);

/* The line of an entry that was not used, in order of the file, after line `after`; 0: no more. */
unsigned allowed_unused(const struct allowed *list, unsigned after);
