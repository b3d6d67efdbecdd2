/* Text files whose contents are made up when they are read (procfs): generated whole at the first read from offset 0, then served
 * from memory, so that partial reads fit together. */
#pragma once

#include <kernel/trusted/span.h>

enum { SEQ_MAX_ORDER = 6 }; /* up to 256 KiB */

struct seq {
    struct span buf;
    size_t len;
    bool overflow; /* more text than room: the generator is run again with more */
};

void seq_printf(struct seq *s, const char *fmt, ...) printf_like(2, 3);
void seq_write(struct seq *s, const void *data, size_t n);
