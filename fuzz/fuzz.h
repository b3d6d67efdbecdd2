/* What the fuzz targets share.
 *
 * A target is one LLVMFuzzerTestOneInput(): it starts from the same state every time, is bounded in time, and ends the process if
 * something is wrong.  fuzz/replay.c runs it on files (the seeds in fuzz/corpus are tests), libFuzzer on whatever it can think of
 * (`ninja -C build fuzz`, then build/fuzz/fuzz_ext2 fuzz/corpus/ext2). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The kernel's globals become what they were when the program began, where the compiler can put them into sections of their own (clang);
 * elsewhere the replayer's process for each input does the same. */
void fuzz_reset_kernel(void);
bool fuzz_can_reset(void);

/* The input, taken from both ends: values from the front; decisions (which one, now or later) from the back, so that a value more or
 * less does not change all decisions after it.  What is missing is 0. */
struct fuzz_input {
    const uint8_t *at;
    size_t left;
};

static inline uint64_t
fuzz_value(struct fuzz_input *in, unsigned width)
{
    uint64_t v = 0;
    size_t n = width < in->left ? width : in->left;

    memcpy(&v, in->at, n);
    in->at += n;
    in->left -= n;
    return v;
}

static inline uint8_t
fuzz_decision(struct fuzz_input *in)
{
    return in->left > 0 ? in->at[--in->left] : 0;
}

/* Up to `max` bytes from the front; how many. */
static inline size_t
fuzz_bytes(struct fuzz_input *in, void *out, size_t max)
{
    size_t n = max < in->left ? max : in->left;

    memcpy(out, in->at, n);
    in->at += n;
    in->left -= n;
    return n;
}
