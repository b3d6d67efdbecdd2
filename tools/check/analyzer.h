/* Given to the static analyzer before each file: what it knows of calloc() and free() holds for the kernel's own pair: zeroed, NULL
 * where there is none, freed once (rule R32). */
#pragma once

#include <kernel/mm/kmem.h>

void *_Nullable calloc(size_t n, size_t size);
void free(void *_Nullable p);

#define kmem_alloc(size)           calloc(1, (size))
#define kmem_alloc_on(grant, size) calloc(1, (size))
#define kmem_free(p)               free(p)
