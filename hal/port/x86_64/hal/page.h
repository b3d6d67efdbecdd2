/* The page of x86-64. */
#pragma once

enum { PAGE_SHIFT = 12 };
/* Objects that a slab of the kernel's allocator holds at least. */
enum { PAGE_SLAB_OBJECTS_MIN = 8 };
/* Pages at either end of a kernel stack that can be made inaccessible. */
enum { PAGE_STACK_GUARD = 1 };
