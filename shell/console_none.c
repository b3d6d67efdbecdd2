/* The console of a build that has no libedit: says so, and lets the guest go on. */
#include <stdio.h>

#include "console.h"

void
console_init(const struct console_config *config)
{
    (void)config;
}

void
console_run(void *arg)
{
    (void)arg;
    puts("This build has no console.");
}

bool
console_time(const char *s, uint64_t *ns_out)
{
    (void)s;
    (void)ns_out;
    return false;
}

bool
console_command(char *line)
{
    (void)line;
    return true;
}
