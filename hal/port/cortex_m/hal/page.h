/* The page of a machine that counts its memory in KiB: the unit of allocation and of an MPU region's subregions. */
#pragma once

enum { PAGE_SHIFT = 10 };
/* Objects that a slab of the kernel's allocator holds at least. */
enum { PAGE_SLAB_OBJECTS_MIN = 2 };
/* Pages at either end of a kernel stack that can be made inaccessible. */
enum { PAGE_STACK_GUARD = 0 };
