/* See ext2_model.h: a table of names, each leading to an inode. */
#include <kernel/fs/vfs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext2_model.h"
#include "fake_fs.h"

enum { ENTRIES_MAX = 200, PATH_LEN = 320, CHUNK = 8192 };

struct node {
    uint32_t type; /* S_IF... */
    unsigned links;
    size_t size;
    uint8_t *data; /* a file's contents, a symbolic link's target */
};

struct entry {
    char path[PATH_LEN];
    struct node *node;
};

static struct entry entries[ENTRIES_MAX];
static unsigned count;

static void
node_put(struct node *n)
{
    if (--n->links > 0)
        return;
    free(n->data);
    free(n);
}

void
model_reset(void)
{
    while (count > 0)
        node_put(entries[--count].node);
}

static struct entry *
find(const char *path)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(entries[i].path, path) == 0)
            return &entries[i];
    }
    return NULL;
}

/* Is `path` somewhere beneath `dir`? */
static bool
beneath(const char *path, const char *dir)
{
    size_t n = strlen(dir);

    return strncmp(path, dir, n) == 0 && path[n] == '/';
}

static bool
has_children(const char *dir)
{
    for (unsigned i = 0; i < count; i++) {
        if (beneath(entries[i].path, dir))
            return true;
    }
    return false;
}

static bool
parent_is_dir(const char *path)
{
    char parent[PATH_LEN];
    struct entry *e;

    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    if (strcmp(parent, "/m") == 0)
        return true;
    e = find(parent);
    return e != NULL && e->node->type == S_IFDIR;
}

static bool
add(const char *path, struct node *n)
{
    if (find(path) != NULL || !parent_is_dir(path))
        return false;
    if (count == ENTRIES_MAX)
        abort();
    snprintf(entries[count].path, PATH_LEN, "%s", path);
    entries[count++].node = n;
    n->links++;
    return true;
}

static bool
add_new(const char *path, uint32_t type, const char *target)
{
    struct node *n = calloc(1, sizeof *n);

    n->type = type;
    n->data = calloc(1, type == S_IFREG ? MODEL_FILE_MAX : PATH_LEN);
    if (target != NULL)
        n->size = (size_t)snprintf((char *)n->data, PATH_LEN, "%s", target);
    if (add(path, n))
        return true;
    free(n->data);
    free(n);
    return false;
}

bool
model_create(const char *path)
{
    return add_new(path, S_IFREG, NULL);
}

bool
model_mkdir(const char *path)
{
    return add_new(path, S_IFDIR, NULL);
}

bool
model_symlink(const char *path, const char *target)
{
    return add_new(path, S_IFLNK, target);
}

bool
model_link(const char *path, const char *new_path)
{
    struct entry *e = find(path);

    return e != NULL && e->node->type != S_IFDIR && add(new_path, e->node);
}

static void
remove_entry(struct entry *e)
{
    node_put(e->node);
    *e = entries[--count];
}

bool
model_unlink(const char *path)
{
    struct entry *e = find(path);

    if (e == NULL || e->node->type == S_IFDIR)
        return false;
    remove_entry(e);
    return true;
}

bool
model_rmdir(const char *path)
{
    struct entry *e = find(path);

    if (e == NULL || e->node->type != S_IFDIR || has_children(path))
        return false;
    remove_entry(e);
    return true;
}

bool
model_rename(const char *path, const char *new_path)
{
    struct entry *old = find(path), *new = find(new_path);
    char tail[PATH_LEN];

    if (old == NULL || !parent_is_dir(new_path) || beneath(new_path, path) || beneath(path, new_path))
        return false;
    if (new != NULL) {
        if (new->node == old->node)
            return true;
        if ((new->node->type == S_IFDIR) != (old->node->type == S_IFDIR) || has_children(new_path))
            return false;
        remove_entry(new);
    }
    for (unsigned i = 0; i < count; i++) {
        char *p = entries[i].path;

        if (strcmp(p, path) != 0 && !beneath(p, path))
            continue;
        snprintf(tail, sizeof tail, "%s", p + strlen(path));
        if (snprintf(p, PATH_LEN, "%s%s", new_path, tail) >= PATH_LEN)
            abort();
    }
    return true;
}

bool
model_is_file(const char *path)
{
    struct entry *e = find(path);

    return e != NULL && e->node->type == S_IFREG;
}

void
model_write(const char *path, uint64_t pos, const void *buf, size_t n)
{
    struct node *f = find(path)->node;

    memcpy(f->data + pos, buf, n);
    if (pos + n > f->size)
        f->size = (size_t)pos + n;
}

void
model_truncate(const char *path, uint64_t size)
{
    struct node *f = find(path)->node;

    if (size < f->size)
        memset(f->data + size, 0, f->size - size);
    f->size = (size_t)size;
}

static void
differs(const char *path, const char *what)
{
    fprintf(stderr, "%s: %s\n", path, what);
    abort();
}

static void
compare_file(const char *path, const struct node *n)
{
    static uint8_t buf[CHUNK];

    if (fs_size(path) != (int64_t)n->size)
        differs(path, "another size");
    for (size_t at = 0; at < n->size; at += sizeof buf) {
        size_t want = n->size - at < sizeof buf ? n->size - at : sizeof buf;

        if (fs_read(path, at, buf, sizeof buf) != (int64_t)want)
            differs(path, "cannot be read");
        if (memcmp(buf, n->data + at, want) != 0)
            differs(path, "other contents");
    }
}

static void
listed(void *arg, const char *name)
{
    char path[PATH_LEN];

    snprintf(path, sizeof path, "%s/%s", (const char *)arg, name);
    if (find(path) == NULL && strcmp(name, "lost+found") != 0)
        differs(path, "should not be there");
}

static void
compare_dir(const char *path)
{
    if (fs_list(path, 100, listed, (void *)(uintptr_t)path) < 0)
        differs(path, "cannot be listed");
}

void
model_compare(void)
{
    char target[PATH_LEN] = { 0 };

    compare_dir("/m");
    for (unsigned i = 0; i < count; i++) {
        const struct node *n = entries[i].node;
        const char *path = entries[i].path;

        if ((fs_mode(path) & S_IFMT) != n->type)
            differs(path, "missing, or of another type");
        if (n->type == S_IFREG)
            compare_file(path, n);
        else if (n->type == S_IFDIR)
            compare_dir(path);
        else if (fs_readlink(path, target, sizeof target) != (int64_t)n->size ||
                 memcmp(target, n->data, n->size) != 0)
            differs(path, "another target");
    }
}
