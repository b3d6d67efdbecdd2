/* Damaged ext2 images, mounted, walked, changed and unmounted by the real file system code in this process.
 *
 * Every field of every kind of structure takes a dozen bad values, one at a time; then what takes more than one field (loops, cross
 * links, bitmaps), devices cut off at every block, noise.  Whatever the image says: no panic, no report of a sanitizer, no hang, no
 * error that an application could not expect, nothing leaked. */
#include <kernel/fs/vfs.h>
#include <tests/suite.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext2_damage.h"
#include "fake_hal.h"

enum { RAM = 8 << 20, REQUESTS_MAX = 20000 };

static const struct field super_fields[] = {
    { "inodes_count", 0, 4 },
    { "blocks_count", 4, 4 },
    { "r_blocks_count", 8, 4 },
    { "free_blocks", 12, 4 },
    { "free_inodes", 16, 4 },
    { "first_data_block", 20, 4 },
    { "log_block_size", 24, 4 },
    { "log_frag_size", 28, 4 },
    { "blocks_per_group", 32, 4 },
    { "frags_per_group", 36, 4 },
    { "inodes_per_group", 40, 4 },
    { "mtime", 44, 4 },
    { "wtime", 48, 4 },
    { "mnt_count", 52, 2 },
    { "max_mnt_count", 54, 2 },
    { "magic", 56, 2 },
    { "state", 58, 2 },
    { "errors", 60, 2 },
    { "minor_rev", 62, 2 },
    { "lastcheck", 64, 4 },
    { "creator_os", 72, 4 },
    { "rev_level", 76, 4 },
    { "def_resuid", 80, 2 },
    { "first_ino", 84, 4 },
    { "inode_size", 88, 2 },
    { "block_group_nr", 90, 2 },
    { "compat", 92, 4 },
    { "incompat", 96, 4 },
    { "ro_compat", 100, 4 },
    { "reserved_gdt", 206, 2 },
    { "journal_inum", 224, 4 },
    { "first_meta_bg", 260, 4 },
    { NULL, 0, 0 },
};
static const struct field group_fields[] = {
    { "block_bitmap", 0, 4 }, { "inode_bitmap", 4, 4 }, { "inode_table", 8, 4 },
    { "free_blocks", 12, 2 }, { "free_inodes", 14, 2 }, { "used_dirs", 16, 2 },
    { NULL, 0, 0 },
};
static const struct field inode_fields[] = {
    { "mode", 0, 2 },
    { "uid", 2, 2 },
    { "size", 4, 4 },
    { "atime", 8, 4 },
    { "mtime", 16, 4 },
    { "dtime", 20, 4 },
    { "gid", 24, 2 },
    { "links", 26, 2 },
    { "blocks", 28, 4 },
    { "flags", 32, 4 },
    { "block0", 40, 4 },
    { "block1", 44, 4 },
    { "block11", 84, 4 },
    { "block12", 88, 4 },
    { "block13", 92, 4 },
    { "block14", 96, 4 },
    { "generation", 100, 4 },
    { "file_acl", 104, 4 },
    { "size_high", 108, 4 },
    { "blocks_high", 116, 2 },
    { "extra_isize", 128, 2 },
    { "atime_extra", 140, 4 },
    { NULL, 0, 0 },
};
static const struct field dirent_fields[] = {
    { "inode", 0, 4 }, { "rec_len", 4, 2 },      { "name_len", 6, 1 }, { "file_type", 7, 1 },
    { "name", 8, 1 },  { "name end", 8 + 2, 1 }, { NULL, 0, 0 },
};
static const struct field xattr_fields[] = {
    { "magic", 0, 4 },
    { "refcount", 4, 4 },
    { "blocks", 8, 4 },
    { "hash", 12, 4 },
    { "entry name_len", 32, 1 },
    { "entry value_offs", 34, 2 },
    { "entry value_size", 40, 4 },
    { NULL, 0, 0 },
};

static const char *const images[] = { "small", "large", "plain" };
static const char *const named_files[] = { "dir",    "empty", "file", "big",  "withattr",
                                           "sparse", "short", "long", "node", "pipe" };
enum {
    IMAGES = sizeof images / sizeof images[0],
    NAMED = sizeof named_files / sizeof named_files[0]
};

/* --- the mutations --- */

/* Numbers that agree with one another and are wrong all the same. */
static void
lies(void)
{
    static const uint32_t counts[] = { 0,     1,        8,        16,         24,         56,
                                       64,    1024,     8192,     8200,       16384,      32768,
                                       65536, 1u << 20, 1u << 24, 0x10000008, 0x80000000, 0xfffffff8 };
    enum { COUNTS = sizeof counts / sizeof counts[0] };
    char what[DOING];

    for (unsigned i = 0; i < COUNTS * COUNTS * 3; i++) {
        uint32_t per_group =
            i / COUNTS % COUNTS == 0 ? get_le32(img, 1024 + 32) : counts[i / COUNTS % COUNTS];
        uint32_t inodes = counts[i % COUNTS], log = i / COUNTS / COUNTS;
        uint32_t first = log == 0,
                 groups = per_group != 0 ? (blocks_count - first + per_group - 1) / per_group : 1;

        poke(1024 + 20, 4, first);
        poke(1024 + 24, 4, log);
        poke(1024 + 4, 4, (uint32_t)(img.len >> (10 + log)));
        poke(1024 + 32, 4, per_group);
        poke(1024 + 40, 4, inodes);
        poke(1024, 4, (uint64_t)inodes * groups);
        poke(1024 + 12, 4, 0);
        poke(1024 + 16, 4, 0);
        snprintf(what, sizeof what, "blocks of 2^%u, %u per group, %u inodes per group", 10 + log,
                 per_group, inodes);
        try_named(what);
    }
}

static void
bad_super(void)
{
    try_fields("super", 1024, super_fields);
}

static void
bad_groups(void)
{
    char what[32];
    uint32_t groups = (blocks_count - 1) / get_le32(img, 1024 + 32) + 1;

    for (uint32_t g = 0; g < groups; g++) {
        snprintf(what, sizeof what, "group %u", g);
        try_fields(what, group_at(g), group_fields);
    }
}

static void
bad_inodes(void)
{
    char what[64];

    try_fields("inode of the root", inode_at(ROOT), inode_fields);
    for (unsigned i = 0; i < NAMED; i++) {
        snprintf(what, sizeof what, "inode of %s", named_files[i]);
        try_fields(what, inode_at(ino_of(named_files[i])), inode_fields);
    }
}

static void
bad_entries(void)
{
    static const char *const in_dir[] = { ".", "..", "sub", "a", "c", "entry00" };
    char what[64];
    uint32_t dir = ino_of("dir");

    try_fields("entry . of the root", entry_at(ROOT, "."), dirent_fields);
    try_fields("entry .. of the root", entry_at(ROOT, ".."), dirent_fields);
    for (unsigned i = 0; i < NAMED; i++) {
        snprintf(what, sizeof what, "entry %s", named_files[i]);
        try_fields(what, entry_at(ROOT, named_files[i]), dirent_fields);
    }
    for (size_t i = 0; i < sizeof in_dir / sizeof in_dir[0]; i++) {
        snprintf(what, sizeof what, "entry dir/%s", in_dir[i]);
        try_fields(what, entry_at(dir, in_dir[i]), dirent_fields);
    }
}

static void
bad_maps(void)
{
    static const struct {
        const char *file;
        unsigned slot;
    } roots[] = { { "big", 12 }, { "big", 13 }, { "sparse", 13 }, { "sparse", 14 } };
    char what[64];

    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        uint32_t block = block_of(ino_of(roots[i].file), roots[i].slot);
        unsigned depth = 1;

        while (block != 0 && block < blocks_count && depth <= roots[i].slot - 11) {
            snprintf(what, sizeof what, "%s's map %u, level %u", roots[i].file, roots[i].slot,
                     depth++);
            try_field(what, "first", (size_t)block * bs, 4);
            try_field(what, "middle", (size_t)block * bs + bs / 2, 4);
            try_field(what, "last", (size_t)block * bs + bs - 4, 4);
            block = get_le32(img, (size_t)block * bs);
        }
    }
}

static void
bad_xattrs(void)
{
    uint32_t block = get_le32(img, inode_at(ino_of("withattr")) + 104);

    if (block != 0)
        try_fields("attribute block", (size_t)block * bs, xattr_fields);
}

static void
fill_block(uint32_t block, uint32_t value)
{
    for (uint32_t i = 0; i < bs / 4; i++)
        poke((size_t)block * bs + 4 * i, 4, value);
}

/* A directory block whose last entry begins where it just fits, and each name and length that then sticks out. */
static void
last_entries(void)
{
    uint32_t dir = ino_of("empty");
    size_t at = (size_t)block_of(dir, 0) * bs + bs - 12;
    static const uint8_t lengths[] = { 0, 1, 4, 5, 8, 100, 255 };
    static const uint16_t rec_lens[] = { 0, 4, 8, 12, 16, 1024, 4096, 0xfffc, 0xffff, 11 };
    char what[DOING];

    for (unsigned i = 0; i < sizeof lengths * 10; i++) {
        poke(entry_at(dir, "..") + 4, 2, bs - 24);
        poke(at, 4, ino_of("file"));
        poke(at + 4, 2, rec_lens[i % 10]);
        poke(at + 6, 1, lengths[i / 10]);
        poke(at + 7, 1, 1);
        poke(at + 8, 4, 0x6e6e6e6e);
        snprintf(what, sizeof what, "the last entry has %u bytes and a name of %u",
                 rec_lens[i % 10], lengths[i / 10]);
        try_named(what);
    }
    for (unsigned gap = 4; gap <= 8; gap += 4) {
        poke(entry_at(dir, "..") + 4, 2, bs - 12 - gap);
        snprintf(what, sizeof what, "%u bytes are left over at the end of the block", gap);
        try_named(what);
    }
}

/* Indirect blocks that lead to themselves, to one another, and to the same blocks many times over. */
static void
loops(void)
{
    uint32_t big = ino_of("big"), sparse = ino_of("sparse"), file = ino_of("file");
    uint32_t ind = block_of(big, 12), data = block_of(big, 0), tind = block_of(big, 1);
    uint32_t dind = block_of(big, 13) != 0 ? block_of(big, 13) : block_of(big, 2);
    size_t map = inode_at(sparse) + 40;

    poke((size_t)ind * bs, 4, ind);
    try_named("the indirect block leads to itself");
    fill_block(ind, ind);
    try_named("the indirect block leads to itself everywhere");
    poke((size_t)dind * bs, 4, dind);
    poke(map + 4 * 13, 4, dind);
    try_named("the double indirect block leads to itself");
    fill_block(dind, dind);
    poke(map + 4 * 13, 4, dind);
    try_named("the double indirect block leads to itself everywhere");
    fill_block(tind, tind);
    poke(map + 4 * 14, 4, tind);
    try_named("the triple indirect block leads to itself everywhere");
    poke(map + 4 * 12, 4, ind);
    poke(map + 4 * 13, 4, ind);
    poke(map + 4 * 14, 4, ind);
    try_named("all maps are the same block");
    fill_block(ind, dind);
    fill_block(dind, ind);
    poke(map + 4 * 14, 4, ind);
    try_named("two indirect blocks lead to each other");
    fill_block(dind, ind);
    fill_block(data, dind);
    poke(map + 4 * 14, 4, data);
    try_named("every way leads to one indirect block");
    fill_block(ind, data);
    fill_block(dind, ind);
    fill_block(data, 0);
    poke(map + 4 * 14, 4, dind);
    try_named("a wide tree over one block");
    poke(inode_at(file) + 40, 4, dind);
    fill_block(dind, dind);
    poke(inode_at(file) + 40 + 4 * 14, 4, dind);
    poke(inode_at(file) + 108, 4, 3);
    try_named("a large file in one block");
}

static void
cross_links(void)
{
    uint32_t big = ino_of("big"), dir = ino_of("dir"), file = ino_of("file"),
             sub = get_le32(img, entry_at(dir, "sub"));
    size_t file_map = inode_at(file) + 40;
    const struct {
        const char *what;
        uint32_t block;
    } to[] = {
        { "the superblock", 1024 / bs },
        { "the descriptors", 1024 / bs + 1 },
        { "a block bitmap", get_le32(img, group_at(0)) },
        { "an inode bitmap", get_le32(img, group_at(0) + 4) },
        { "an inode table", get_le32(img, group_at(0) + 8) },
        { "a directory", block_of(dir, 0) },
        { "an indirect block", block_of(big, 12) },
        { "a file's block", block_of(big, 3) },
        { "the boot block", 0 },
        { "the last block", blocks_count - 1 },
    };
    char what[DOING];

    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
        poke(file_map, 4, to[i].block);
        snprintf(what, sizeof what, "file maps %s", to[i].what);
        try_named(what);
        poke(inode_at(dir) + 40, 4, to[i].block);
        snprintf(what, sizeof what, "dir maps %s", to[i].what);
        try_named(what);
        poke(inode_at(big) + 40 + 4 * 12, 4, to[i].block);
        snprintf(what, sizeof what, "big's map is %s", to[i].what);
        try_named(what);
        poke(inode_at(ino_of("long")) + 40, 4, to[i].block);
        snprintf(what, sizeof what, "the symlink is %s", to[i].what);
        try_named(what);
    }
    poke(inode_at(sub) + 40, 4, block_of(dir, 0));
    try_named("two directories in one block");
    poke(inode_at(dir) + 44, 4, block_of(dir, 0));
    try_named("a directory's blocks are one block");
    poke(inode_at(dir) + 4, 4, blocks_count * bs);
    for (unsigned i = 0; i < 12; i++)
        poke(inode_at(dir) + 40 + 4 * i, 4, block_of(dir, 0));
    try_named("a directory goes round and round");
}

/* Entries that make of the tree what is none. */
static void
bad_tree(void)
{
    uint32_t dir = ino_of("dir"), sub = get_le32(img, entry_at(dir, "sub"));
    const struct {
        const char *what;
        size_t at;
        uint32_t ino;
    } cases[] = {
        { "dir/a is the root", entry_at(dir, "a"), ROOT },
        { "dir/a is dir", entry_at(dir, "a"), dir },
        { "dir/a is dir/sub", entry_at(dir, "a"), sub },
        { "dir/sub is dir", entry_at(dir, "sub"), dir },
        { "dir/sub is the root", entry_at(dir, "sub"), ROOT },
        { "file is the root", entry_at(ROOT, "file"), ROOT },
        { "file is dir", entry_at(ROOT, "file"), dir },
        { "file is dir/sub", entry_at(ROOT, "file"), sub },
        { "empty is dir", entry_at(ROOT, "empty"), dir },
        { "empty is dir/sub", entry_at(ROOT, "empty"), sub },
        { "dir is empty", entry_at(ROOT, "dir"), ino_of("empty") },
        { "dir is the root", entry_at(ROOT, "dir"), ROOT },
        { "dir is a file", entry_at(ROOT, "dir"), ino_of("file") },
        { "file is big", entry_at(ROOT, "file"), ino_of("big") },
        { "short is long", entry_at(ROOT, "short"), ino_of("long") },
        { "file is a free inode", entry_at(ROOT, "file"), ipg - 1 },
        { "file is the next inode", entry_at(ROOT, "file"), ipg * 2 - 1 },
        { "dir/.. is dir", entry_at(dir, ".."), dir },
        { "dir/. is the root", entry_at(dir, "."), ROOT },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        poke(cases[i].at, 4, cases[i].ino);
        try_named(cases[i].what);
    }
}

static void
bad_bitmaps(void)
{
    uint32_t groups = (blocks_count - 1) / get_le32(img, 1024 + 32) + 1;
    static const uint8_t fills[] = { 0x00, 0xff, 0x55 };
    char what[DOING];

    for (uint32_t g = 0; g <= groups; g++) {
        for (unsigned i = 0; i < sizeof fills * 3; i++) {
            static uint8_t bytes[4096];

            memset(bytes, fills[i % 3], sizeof bytes);
            for (uint32_t k = 0; k < groups; k++) {
                if (g != groups && k != g)
                    continue;
                if (i / 3 != 1)
                    fake_disk_poke((size_t)get_le32(img, group_at(k)) * bs, bytes, bs);
                if (i / 3 != 0)
                    fake_disk_poke((size_t)get_le32(img, group_at(k) + 4) * bs, bytes, bs);
            }
            snprintf(what, sizeof what, "%s bitmap of group %u filled with %#x",
                     (const char *[]){ "block", "inode", "each" }[i / 3], g, fills[i % 3]);
            try_named(what);
        }
    }
}

static void
cut_off(void)
{
    char what[DOING];
    static const unsigned more[] = { 100, 200, 300, 400, 500 };

    for (unsigned i = 0; i < 64 + sizeof more / sizeof more[0]; i++) {
        unsigned blocks = i < 64 ? i : more[i - 64];

        fake_disk.sectors = (uint64_t)blocks * (bs / SECTOR_SIZE);
        snprintf(what, sizeof what, "the device ends after %u blocks", blocks);
        try_named(what);
        /* A superblock that agrees gets further. */
        if (blocks <= 64)
            fake_disk.sectors = (uint64_t)blocks * (bs / SECTOR_SIZE);
        poke(1024 + 4, 4, blocks);
        snprintf(what, sizeof what, "the device and the file system end after %u blocks", blocks);
        try_named(what);
    }
}

static void
noise(void)
{
    static const unsigned lengths[] = { 1, 1, 2, 4, 4, 16, 64, 512, 1024 };
    uint32_t metadata = 400; /* blocks: where everything of interest is */
    uint8_t bytes[1024];
    char what[DOING];

    for (unsigned n = 0; n < 700; n++) {
        srand(n);
        for (unsigned k = 0; k <= n % 4; k++) {
            unsigned len = lengths[(unsigned)rand() % (sizeof lengths / sizeof lengths[0])];

            for (unsigned i = 0; i < len; i++)
                bytes[i] = (uint8_t)rand();
            fake_disk_poke((size_t)(rand() % 3 == 0 ? rand() % 16 : rand() % (int)metadata) * bs +
                               (size_t)rand() % bs,
                           bytes, len);
        }
        snprintf(what, sizeof what, "noise %u", n);
        try_named(what);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} mutations[] = {
    { "superblock", bad_super }, { "lies", lies },
    { "groups", bad_groups },    { "inodes", bad_inodes },
    { "entries", bad_entries },  { "last entries", last_entries },
    { "maps", bad_maps },        { "attributes", bad_xattrs },
    { "loops", loops },          { "cross links", cross_links },
    { "tree", bad_tree },        { "bitmaps", bad_bitmaps },
    { "cut off", cut_off },      { "noise", noise },
};
enum { MUTATIONS = sizeof mutations / sizeof mutations[0] };

static void (*mutate)(void);

static void
body(void)
{
    fake_disk_requests_max = UINT64_MAX;
    try_unharmed();
    fake_disk_requests_max = REQUESTS_MAX;
    mutate();
}

START_TEST(hostile)
{
    load(images[_i / MUTATIONS]);
    mutate = mutations[_i % MUTATIONS].run;
    ck_assert(fake_fs_run(RAM, body));
    fprintf(stderr, "%s, %s: %u tried, %u refused\n", images[_i / MUTATIONS],
            mutations[_i % MUTATIONS].name, tried, refused);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("ext2_hostile");
    TCase *tc = tcase_create("images");

    tcase_add_loop_test(tc, hostile, 0, IMAGES * MUTATIONS);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
