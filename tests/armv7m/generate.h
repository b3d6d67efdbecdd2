/* Random cases for the judge. */
#pragma once

#include <stdbool.h>

#include <sim/armv7m/armv7m.h>

#include "judge.h"

/* The encodings of one instruction: 16 or 32 characters, 0, 1, or x for a random bit. */
struct template
{
    const char *name, *bits;
};

extern const struct template judge_templates[];
unsigned judge_template_count(void);

/* splitmix64. */
uint64_t judge_random(uint64_t *state);

/* A case whose first instruction (behind an IT, if there is one) is an encoding of that template.  It may turn out to be
 * UNPREDICTABLE, or not to end: the caller tries it first. */
void judge_generate(struct judge_case *c, unsigned template, uint64_t *state);
