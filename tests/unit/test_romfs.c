/* romfs: the image that tools/mkromfs.py makes, every damaged byte of its headers, and what a loader may count on. */
#include <kernel/fs/devfs.h>
#include <kernel/fs/initrd.h>
#include <kernel/fs/inode.h>
#include <kernel/fs/mount.h>
#include <tests/suite.h>

#include <stdlib.h>
#include <string.h>

#include "vfs_machine.h"

extern const uint8_t initrd_start[],
    initrd_end[]; /* of tests/unit/meson.build: dir/script, dir/again, big, small, empty/ */

enum { DEPTH_MAX = 4, NAMES = 16, NAME_SIZE = 130, AT = 0x10000, PAGE = 1024, EIGHTHS = 8 };

static uint8_t *copy;
static size_t size;

static void
take_image(void)
{
    size = (size_t)(initrd_end - initrd_start);
    copy = malloc(size);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, initrd_start, size);
    initrd = (struct initrd){ cspan_of(copy, size), paddr(AT) };
}

static struct inode *
find(struct inode *dir, const char *name)
{
    struct inode *inode;

    OK(dir->ops->lookup(dir, (struct name){ name, strlen(name) }, &inode));
    return inode;
}

struct names {
    unsigned count;
    char text[NAMES][NAME_SIZE];
};

static bool
note(void *arg, struct name name, unused_param uint64_t ino, unused_param unsigned type,
     unused_param uint64_t next)
{
    struct names *n = arg;

    ck_assert(name.len > 0 && name.len < NAME_SIZE);
    ck_assert_ptr_null(memchr(name.text, '/', name.len));
    if (n->count == NAMES)
        return false;
    memcpy(n->text[n->count], name.text, name.len);
    n->text[n->count++][name.len] = '\0';
    return true;
}

static int64_t
read_some(struct inode *inode, uint64_t pos, char *buf, size_t len)
{
    struct file *f;
    int64_t n;

    OK(file_new(inode->fops, 0, inode, &f));
    n = file_read_at(f, pos, buf, len);
    file_put(f);
    return n;
}

static void
contents_body(void)
{
    struct superblock *sb;
    struct names names = { 0 };
    struct inode *dir, *a, *b;
    uint64_t pos = 0;
    char buf[64];

    take_image();
    OK(mount_internal(&romfs_type, &sb));
    ck_assert(sb->read_only);
    OK(sb->root->ops->readdir(sb->root, &pos, note, &names));
    EQ(names.count, 6);
    ck_assert_str_eq(names.text[0], ".");
    ck_assert_str_eq(names.text[1], "..");
    ck_assert_str_eq(names.text[2], "big");
    ck_assert_str_eq(names.text[5], "small");
    dir = find(sb->root, "dir");
    EQ(dir->mode, S_IFDIR | 0755);
    a = find(dir, "script");
    b = find(dir, "again");
    ck_assert_ptr_eq(a, b); /* two names of one file */
    EQ(a->mode, S_IFREG | 0755);
    EQ(read_some(a, 0, buf, sizeof buf), (int64_t)a->size);
    ck_assert(memcmp(buf, "#!/bin/sh\n", 10) == 0);
    EQ(read_some(a, 2, buf, 3), 3);
    ck_assert(memcmp(buf, "/bi", 3) == 0);
    EQ(read_some(a, a->size, buf, 3), 0);
    EQ(dir->ops->lookup(dir, (struct name){ "scrip", 5 }, &b), -ENOENT);
    inode_put(b);
    inode_put(a);
    inode_put(dir);
    dir = find(sb->root, "empty");
    pos = names.count = 0;
    OK(dir->ops->readdir(dir, &pos, note, &names));
    EQ(names.count, 2);
    EQ(sb->ops->remount(sb, false), -EROFS);
    free(copy);
}

START_TEST(contents)
{
    run(contents_body);
}
END_TEST

/* A program lies so that one region of a protection unit with eighths covers it, and no other file's bytes but a name. */
static void
places_body(void)
{
    static const char *const programs[] = { "big", "small" };
    struct superblock *sb;

    take_image();
    OK(mount_internal(&romfs_type, &sb));
    for (unsigned i = 0; i < 2; i++) {
        struct inode *inode = find(sb->root, programs[i]);
        uint64_t room, all = PAGE, step;
        paddr_t at;

        OK(inode->ops->direct(inode, &at, &room));
        while (all < inode->size)
            all *= 2;
        step = all / EIGHTHS > PAGE ? all / EIGHTHS : PAGE;
        EQ(at.v % all, AT % all);
        ck_assert_uint_ge(room, (inode->size + step - 1) / step * step);
        EQ(at.v + room, AT + size);
        ck_assert(memcmp(copy + (at.v - AT), "\177ELF", 4) == 0);
        for (uint64_t k = inode->size; k % step != 0;
             k++) { /* only a header may follow, at a multiple of 16 */
            if (copy[at.v - AT + k] == 0)
                continue;
            ck_assert_uint_eq(k % 16 >= 3 || k % 16 == 0 || k % 4 != 0, true);
            ck_assert_uint_le(step - k % step, 48);
        }
        inode_put(inode);
    }
    initrd.at = paddr(0); /* programs cannot see it */

    struct inode *inode = find(sb->root, "big");
    uint64_t room;
    paddr_t at;

    EQ(inode->ops->direct(inode, &at, &room), -ENODEV);
    inode_put(inode);
    free(copy);
}

START_TEST(places)
{
    run(places_body);
}
END_TEST

/* Everything there is is looked at; whatever is wrong is an error, and nothing takes for ever. */
static void
walk(struct inode *dir, unsigned depth)
{
    struct names names = { 0 };
    uint64_t pos = 0;
    int rc = dir->ops->readdir(dir, &pos, note, &names);

    ck_assert(rc == 0 || rc == -EUCLEAN);
    for (unsigned i = 2; i < names.count; i++) {
        struct inode *inode;
        char buf[64];

        rc = dir->ops->lookup(dir, (struct name){ names.text[i], strlen(names.text[i]) }, &inode);
        ck_assert(rc == 0 || rc == -EUCLEAN || rc == -ENOENT);
        if (rc < 0)
            continue;
        if (inode_is(inode, S_IFREG))
            ck_assert_int_ge(read_some(inode, 0, buf, sizeof buf), 0);
        if (inode_is(inode, S_IFREG) && inode->size > 0)
            ck_assert_int_ge(read_some(inode, inode->size - 1, buf, sizeof buf), 1);
        if (inode_is(inode, S_IFLNK))
            ck_assert_int_ge(inode->ops->readlink(inode, buf, sizeof buf), 0);
        if (inode_is(inode, S_IFDIR) && depth < DEPTH_MAX)
            walk(inode, depth + 1);
        inode_put(inode);
    }
}

static void
try_image(void)
{
    struct superblock *sb;
    int rc;

    initrd.image = cspan_of(copy, size);
    rc = mount_internal(&romfs_type, &sb);
    ck_assert(rc == 0 || rc == -EINVAL || rc == -EUCLEAN);
    if (rc < 0)
        return;
    if (inode_is(sb->root, S_IFDIR))
        walk(sb->root, 0);
    inode_put(sb->root);
    (void)inode_drop_all(sb);
}

static void
damage_body(void)
{
    static const uint8_t flips[] = { 0x01, 0x02, 0x10, 0x80, 0xff };

    take_image();
    for (size_t i = 0; i < size; i++) {
        if (copy[i] == 0 && i % 16 > 3) /* padding, mostly */
            continue;
        for (unsigned k = 0; k < sizeof flips; k++) {
            copy[i] ^= flips[k];
            try_image();
            copy[i] ^= flips[k];
        }
        if (i == 2048) /* the headers of the directories and small files are before it */
            break;
    }
    for (size_t cut = 0, whole = size; cut < 600; cut++) { /* and cut off anywhere */
        size = cut;
        try_image();
        size = whole;
    }
    free(copy);
}

START_TEST(damage)
{
    run(damage_body);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("romfs");
    TCase *t = tcase_create("romfs");

    tcase_set_timeout(t, 300);
    tcase_add_test(t, contents);
    tcase_add_test(t, places);
    tcase_add_test(t, damage);
    suite_add_tcase(s, t);
    return run_suite(s);
}
