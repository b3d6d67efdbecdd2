/* The page of x86-64. */
#pragma once

#include <stdint.h>

enum { PAGE_SHIFT = 12 };
/* Pages (a power of two) that are read ahead or written back at once. */
enum { PAGE_CLUSTER_ORDER = 4 };
/* Of a page within a file. */
typedef uint64_t page_index_t;
/* Objects that a slab of the kernel's allocator holds at least. */
enum { PAGE_SLAB_OBJECTS_MIN = 8 };
/* Sizes of small objects, the last 2048; a slab holds at most 64. */
#define PAGE_SLAB_SIZES(S)                                                                         \
    S(64) S(96) S(128) S(192) S(256) S(384) S(512) S(768) S(1024) S(1536) S(2048)
/* Pages at either end of a kernel stack that can be made inaccessible. */
enum { PAGE_STACK_GUARD = 1 };
