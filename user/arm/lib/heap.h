/* The heap: memory behind the data, as far as the system grants it. */
#pragma once

#include <stddef.h>

/* `n` bytes more, behind those before; 0: where the next would be.  NULL: there are no more. */
void *heap_more(size_t n);
/* Give the last `n` bytes back. */
void heap_less(size_t n);
