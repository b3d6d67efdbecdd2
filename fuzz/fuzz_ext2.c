/* A damaged ext2 image: mounted, walked, changed, unmounted by the kernel's own code.  The image is that of tests/unit/mkext2.py ("small")
 * with changes from the input; the last bytes say what else goes wrong: the nth allocation, the nth read, the nth write, a disk
 * that ends early. */
#include <kernel/mm/kmem.h>

#include <stdlib.h>

#include <tests/unit/fake_fs_whole.h>
#include <tests/unit/fake_hal.h>

#include "fuzz.h"

/* Block numbers in the input are taken modulo INTERESTING: metadata, directories and maps come first. */
enum { RAM = 6 << 20, BLOCK = 1024, INTERESTING = 420, CHANGES_MAX = 64, REQUESTS_MAX = 20000 };

static struct fuzz_input in;

/* A change: two bytes of block number, two of offset, one of length (1 to 8, or a run of one byte), then the bytes. */
static void
change(void)
{
    size_t block = fuzz_value(&in, 2) % INTERESTING, off = fuzz_value(&in, 2) % BLOCK;
    uint8_t how = (uint8_t)fuzz_value(&in, 1), bytes[BLOCK];
    size_t n = 1 + how % 8;

    if (how & 0x80) {
        n = 8u << (how & 7);
        memset(bytes, (int)fuzz_value(&in, 1), sizeof bytes);
        n = n < BLOCK - off ? n : BLOCK - off;
    } else {
        n = fuzz_bytes(&in, bytes, n);
    }
    fake_disk_poke(block * BLOCK + off, bytes, n);
}

static void
trouble(void)
{
    uint8_t d = fuzz_decision(&in);
    uint64_t n = (uint64_t)fuzz_decision(&in) * (d & 0x80 ? 8 : 1),
             count = d & 0x40 ? UINT64_MAX / 2 : 1;

    switch (d & 7) {
    case 1:
        kmem_fail_at(n, count);
        break;
    case 2:
        fake_disk_fail(n, 0, count);
        break;
    case 3:
        fake_disk_fail(0, n, count);
        break;
    case 4:
        fake_disk.sectors = n * 2;
        break;
    default:
        break;
    }
}

static void
use(void)
{
    struct fs_usage before;
    bool read_only;

    if (fs_mount(false) != 0 || fs_umount() != 0) /* once around, so that what stays allocated is */
        abort();
    before = fs_usage();
    read_only = fuzz_decision(&in) % 16 == 1;
    trouble();
    for (unsigned i = 0; i < CHANGES_MAX && in.left > 0; i++)
        change();
    if (fs_mount(read_only) == 0) {
        fs_walk();
        kmem_fail_at(0, 0);
        if (fs_umount() != 0)
            abort();
    }
    kmem_fail_at(0, 0);
    fuzz_fs_no_leak(&before);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fake_disk_size() == 0)
        fake_disk_load_file(BASE_IMAGE);
    fuzz_reset_kernel();
    fake_disk_reset();
    fake_disk_requests_max = REQUESTS_MAX;
    in = (struct fuzz_input){ data, size };
    fuzz_fs_run(RAM, use);
    return 0;
}
