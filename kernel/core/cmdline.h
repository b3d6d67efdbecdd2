/* The kernel's command line: words "name=value" separated by blanks; "run=" takes the rest of the line. */
#pragma once

#include <hal/types.h>

/* Keep a pointer to the line for the functions below: it must stay. */
void cmdline_set(const char *line);
const char *cmdline_get(void);
/* The value of the last word `name=`; false if there is none or it does not fit. */
bool must_check cmdline_word(const char *name, char *value, size_t size);
/* What follows "run=", to the end of the line; NULL if there is none. */
const char *_Nullable cmdline_run(void);
