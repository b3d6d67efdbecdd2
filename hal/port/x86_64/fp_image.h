/* The FPU state of a user program as the Linux signal frame carries it: an XSAVE area (FXSAVE's 512 bytes where the CPU has no more)
 * with the kernel's words at 464, and a magic number after it.  Shared by the backends. */
#pragma once

#include <hal/types.h>

/* What images look like here: `size` bytes, 512 without XSAVE; `init` is one in the initial state, complete with the kernel's words. */
struct fp_format {
    size_t size;
    const uint8_t *init;
};

enum { FP_FX_SIZE = 512, FP_SW = 464, FP_MAGIC2_SIZE = 4 };

/* Make `init`, an image of `size` bytes, the initial state of a CPU that keeps the components `xcr0`. */
void fp_image_make_init(uint8_t *init, size_t size, uint64_t xcr0);

/* Write the kernel's words: what a program put there must not count. */
void fp_image_seal(const struct fp_format *f, uint8_t *image);

/* Take an image from a program.  -EINVAL (a plain number, as everywhere in hal/): the CPU would not load it; `image` is unchanged. */
int must_check fp_image_set(const struct fp_format *f, uint8_t *image, const void *from, size_t size);
