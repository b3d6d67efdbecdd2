/* See ext2_damage.h. */
#include <kernel/fs/vfs.h>

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "ext2_damage.h"
#include "fake_hal.h"

enum { CPU_SECONDS_MAX = 20 };

struct cspan img;
uint32_t bs, ipg, blocks_count;
unsigned tried, refused;
static uint32_t isize;
static struct fs_usage usage_at_start;

/* --- the image --- */

size_t
group_at(uint32_t group)
{
    return (bs == 1024 ? 2 : 1) * (size_t)bs + (size_t)group * 32;
}

size_t
inode_at(uint32_t ino)
{
    return (size_t)get_le32(img, group_at((ino - 1) / ipg) + 8) * bs +
           (size_t)((ino - 1) % ipg) * isize;
}

uint32_t
block_of(uint32_t ino, unsigned i)
{
    return get_le32(img, inode_at(ino) + 40 + 4 * i);
}

/* Where the entry `name` of a directory stands; the first block is enough for what is asked here. */
size_t
entry_at(uint32_t dir, const char *name)
{
    size_t at = (size_t)block_of(dir, 0) * bs, end = at + bs;

    while (at < end) {
        size_t len = span_get(img, at + 6);

        if (len == strlen(name) && memcmp(img.ptr + at + 8, name, len) == 0)
            return at;
        at += get_le16(img, at + 4);
    }
    ck_abort_msg("no %s in directory %u", name, dir);
}

uint32_t
ino_of(const char *name)
{
    return get_le32(img, entry_at(ROOT, name));
}

void
load(const char *kind)
{
    char path[300];

    snprintf(path, sizeof path, "%s/tests/unit/%s.ext2", getenv("BUILD"), kind);
    fake_disk_load_file(path);
    img = cspan_of(fake_disk_data(), fake_disk_size());
    bs = 1024u << get_le32(img, 1024 + 24);
    blocks_count = get_le32(img, 1024 + 4);
    ipg = get_le32(img, 1024 + 40);
    isize = get_le32(img, 1024 + 76) == 0 ? 128 : get_le16(img, 1024 + 88);
    /* What is read above must stay what it was: a copy. */
    static uint8_t copy[FAKE_DISK_MAX];
    memcpy(copy, img.ptr, img.len);
    img = cspan_of(copy, img.len);
}

/* --- one try --- */

static void
out_of_time(int sig unused_param)
{
    fprintf(stderr, "no end after %d s of computing; while doing: %s\n", CPU_SECONDS_MAX, fake_doing);
    abort();
}

static void
arm(void)
{
    struct itimerval t = { .it_value = { CPU_SECONDS_MAX, 0 } };

    signal(SIGVTALRM, out_of_time);
    setitimer(ITIMER_VIRTUAL, &t, NULL);
}

static bool
wanted(void)
{
    const char *only = getenv("ONLY");

    return only == NULL || strstr(fake_doing, only) != NULL;
}

/* What nothing may change while the file system is in use: the geometry, and where the groups' metadata lies. */
struct fixed {
    uint8_t counts[8], geometry[24], magic[2], features[20], groups[3][12];
};

static void
take_fixed(struct fixed *f)
{
    const uint8_t *d = fake_disk_data();

    memset(f, 0, sizeof *f);
    memcpy(f->counts, d + 1024, sizeof f->counts);
    memcpy(f->geometry, d + 1024 + 20, sizeof f->geometry);
    memcpy(f->magic, d + 1024 + 56, sizeof f->magic);
    memcpy(f->features, d + 1024 + 84, 16); /* without ro_compat: a large file sets a bit there */
    for (uint32_t g = 0; g < 3 && g * get_le32(img, 1024 + 32) + 1 < blocks_count; g++)
        memcpy(f->groups[g], d + group_at(g), sizeof f->groups[g]);
}

/* The disk is damaged by now: mount, work, unmount, put everything back. */
static void
try_it(void)
{
    static const int may[] = { EIO, EUCLEAN, EINVAL, EROFS };
    struct fixed before, after;
    bool expected = false;
    int rc;

    take_fixed(&before);
    if (tried % 64 == 0)
        arm();
    tried++;
    rc = fs_mount(false);
    for (size_t i = 0; i < sizeof may / sizeof may[0]; i++)
        expected = expected || rc == -may[i];
    ck_assert_msg(rc == 0 || expected, "mount of %s: error %d", fake_doing, -rc);
    if (rc == 0) {
        fs_walk();
        rc = fs_umount();
        ck_assert_msg(rc == 0, "unmount of %s: error %d", fake_doing, -rc);
        take_fixed(&after);
        ck_assert_msg(memcmp(&before, &after, sizeof before) == 0, "%s: metadata was written over",
                      fake_doing);
    } else {
        refused++;
    }
    if (getenv("ONLY") != NULL)
        fprintf(stderr, "%s: %s, %u errors, %u requests\n", fake_doing,
                rc < 0 ? "refused" : "walked", fs_walk_errors, (unsigned)fake_disk_requests);
    fake_disk_reset();

    struct fs_usage u = fs_usage();
    ck_assert_msg(u.objects == usage_at_start.objects && u.pages == usage_at_start.pages,
                  "%s: %lld objects and %lld pages leaked", fake_doing,
                  (long long)(u.objects - usage_at_start.objects),
                  (long long)(u.pages - usage_at_start.pages));
}

static uint64_t
get(size_t at, unsigned size)
{
    return size == 1 ? span_get(img, at) : size == 2 ? get_le16(img, at) : get_le32(img, at);
}

void
poke(size_t at, unsigned size, uint64_t v)
{
    fake_disk_poke(at, &v, size);
}

/* One field through all bad values. `own`: the block it stands in. */
void
try_field(const char *what, const char *name, size_t at, unsigned size)
{
    uint64_t old = get(at, size), top = size == 4 ? UINT32_MAX : (1ull << size * 8) - 1;
    uint64_t values[] = {
        0,   1,       2,           old ^ 1,      old + 1,          old - 1,          old * 2,
        top, top / 2, top / 2 + 1, blocks_count, blocks_count - 1, blocks_count + 1, at / bs,
        ipg, '/',     old ^ 0x80
    };
    uint64_t seen[32];
    unsigned n = 0;

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint64_t v = values[i] & top;
        bool again = v == old;

        for (unsigned k = 0; k < n; k++)
            again = again || seen[k] == v;
        if (again)
            continue;
        seen[n++] = v;
        snprintf(fake_doing, DOING, "%s.%s = %#llx", what, name, (unsigned long long)v);
        if (!wanted())
            continue;
        poke(at, size, v);
        try_it();
    }
}

void
try_fields(const char *what, size_t base, const struct field *fields)
{
    for (const struct field *f = fields; f->name != NULL; f++)
        try_field(what, f->name, base + f->off, f->size);
}

void
try_named(const char *what)
{
    snprintf(fake_doing, DOING, "%s", what);
    if (wanted())
        try_it();
    else
        fake_disk_reset();
}

void
try_unharmed(void)
{
    snprintf(fake_doing, DOING, "nothing to the image");
    ck_assert_int_eq(fs_mount(false), 0);
    fs_walk();
    ck_assert_uint_gt(fs_walk_ok, 100);
    ck_assert_uint_le(fs_walk_errors, 2); /* the rename over the wrong type; removing "new" again */
    ck_assert_int_eq(fs_umount(), 0);
    fake_disk_reset();
    usage_at_start = fs_usage();
}
