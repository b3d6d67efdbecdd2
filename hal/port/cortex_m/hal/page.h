/* The page of a machine that counts its memory in KiB: the unit of allocation and of an MPU region's subregions. */
#pragma once

#include <stdint.h>

enum { PAGE_SHIFT = 10 };
/* Pages (a power of two) that are read ahead or written back at once: no memory to gather more in. */
enum { PAGE_CLUSTER_ORDER = 0 };
/* Of a page within a file. */
typedef uint32_t page_index_t;
/* Objects that a slab of the kernel's allocator holds at least. */
enum { PAGE_SLAB_OBJECTS_MIN = 1 };
/* Sizes of small objects, the last 2048; a slab holds at most 32.  What there is many of wastes little of a page. */
#define PAGE_SLAB_SIZES(S)                                                                         \
    S(32) S(48) S(64) S(96) S(128) S(192) S(256) S(336) S(512) S(1024) S(2048)
/* Pages at either end of a kernel stack that can be made inaccessible. */
enum { PAGE_STACK_GUARD = 0 };
