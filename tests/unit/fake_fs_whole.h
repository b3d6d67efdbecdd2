/* Of a whole run of fake_fs.h, for programs that end by abort() if it goes wrong: the fuzz targets of file systems. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include <tests/unit/fake_fs.h>

/* Run `use` in a fresh machine, to its end. */
static inline void
fuzz_fs_run(size_t ram, void (*use)(void))
{
    if (!fake_fs_run(ram, use)) {
        fprintf(stderr, "a deadlock: nothing more will happen\n");
        abort();
    }
}

/* Nothing is left of what was done since. */
static inline void
fuzz_fs_no_leak(const struct fs_usage *before)
{
    struct fs_usage after = fs_usage();

    if (before->objects != after.objects || before->pages != after.pages) {
        fprintf(stderr, "leaked: %lld objects, %lld pages\n",
                (long long)(after.objects - before->objects),
                (long long)(after.pages - before->pages));
        abort();
    }
}
