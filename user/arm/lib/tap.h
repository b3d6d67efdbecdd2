/* What the guest test programs print: a line a test, "ok 1 - what" or "not ok 1 - what: got 3, not 4"; the plan at the end. */
#pragma once

#include <stdbool.h>

void tap_ok(bool good, const char *what);
/* A result that must be this one; an error number is negative. */
void tap_is(int got, int want, const char *what);
/* For main() to return. */
int tap_end(void);

#define IS(want, call) tap_is((int)(call), (want), #call)
#define OK(condition)  tap_ok((condition), #condition)
