/* A damaged romfs: the input is the image, but for its last byte, which says which allocation fails.  It is mounted, walked by names that are
 * in it and others, read and mapped: what a program could execute in place lies in the image and is what reading gives. */
#include <kernel/fs/initrd.h>
#include <kernel/fs/inode.h>
#include <kernel/mm/kmem.h>

#include <stdio.h>
#include <stdlib.h>

#include <tests/unit/fake_fs_whole.h>
#include <tests/unit/fake_hal.h>

#include "fuzz.h"

enum { RAM = 6 << 20, AT = 0x10000, PATH_SIZE = 512, ENTRIES_MAX = 100, NODES_MAX = 200 };

static struct fuzz_input in;
static unsigned nodes;

static void
wrong(const char *what, const char *path)
{
    fprintf(stderr, "%s: %s\n", path, what);
    abort();
}

/* Pages as the page cache asks for them, the last one and one behind it. */
static void
map_pages(struct inode *inode, const char *path)
{
    static uint8_t page[PAGE_SIZE];
    uint64_t last = inode->size > 0 ? (inode->size - 1) / PAGE_SIZE : 0;

    for (uint64_t i = last; i <= last + 1; i++) {
        uint64_t start = i * PAGE_SIZE, n = start < inode->size ? inode->size - start : 0;

        memset(page, 0xaa, sizeof page);
        if (inode->ops->read_page(inode, i, span_of(page, sizeof page)) != 0)
            wrong("a page that cannot be read", path);
        for (uint64_t k = n; k < PAGE_SIZE; k++)
            if (page[k] != 0)
                wrong("something behind the end", path);
    }
}

static void
map_in_place(struct inode *inode, const char *path)
{
    uint8_t first[16];
    paddr_t at;
    uint64_t room;
    int64_t n;

    if (inode->ops->direct(inode, &at, &room) != 0)
        return;
    if (at.v < AT || at.v - AT > initrd.image.len || room > initrd.image.len - (at.v - AT) ||
        inode->size > room)
        wrong("executed outside the image", path);
    n = fs_read(path, 0, first, sizeof first);
    if (n > 0 && memcmp(first, initrd.image.ptr + (at.v - AT), (size_t)n) != 0)
        wrong("what is read is not what is executed", path);
}

static void map_tree(void *arg, const char *name);

static void
map_one(const char *path)
{
    struct dentry *d;
    struct inode *inode;

    if (++nodes > NODES_MAX || vfs_lookup(NULL, path, 0, &d) < 0)
        return;
    inode = dentry_inode(d);
    if (inode_is(inode, S_IFREG)) {
        map_pages(inode, path);
        map_in_place(inode, path);
    }
    if (inode_is(inode, S_IFDIR))
        (void)!fs_list(path, ENTRIES_MAX, map_tree, (void *)(uintptr_t)path);
    dentry_put(d);
}

static void
map_tree(void *arg, const char *name)
{
    char path[PATH_SIZE];

    if (snprintf(path, sizeof path, "%s/%s", (const char *)arg, name) < (int)sizeof path)
        map_one(path);
}

static void
use(void)
{
    struct fs_usage before = fs_usage();
    uint8_t fail = fuzz_decision(&in);

    initrd = (struct initrd){ cspan_of(in.at, in.left), paddr(AT) };
    if (fail & 0x80)
        kmem_fail_at(fail & 0x7f, 1);
    if (vfs_mount("none", "/m", "romfs", 0, "") == 0) {
        fs_walk();
        nodes = 0;
        map_one("/m");
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
    fuzz_reset_kernel();
    in = (struct fuzz_input){ data, size };
    fuzz_fs_run(RAM, use);
    return 0;
}
