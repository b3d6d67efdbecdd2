/* Names of files that match a pattern. */
#pragma once

#include <stdbool.h>

/* An unquoted * and ? in the arena. */
enum { GLOB_ANY = 1, GLOB_ONE = 2 };

/* Append to words[] the files that match, in order; false if there are none.  Patterns only in the last part of a path. */
bool glob(char *pattern);
/* Put * and ? back. */
void glob_literal(char *s);
