/* A process's table of open files, and its view of the file system. */
#include <kernel/abi/errno.h>
#include <kernel/core/assert.h>
#include <kernel/fs/flock.h>
#include <kernel/fs/mount.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/proc/files.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/bounds.h>

enum { FILES_START = CONFIG_FILES_START, UMASK_START = 022, RLIMIT_NOFILE = 7 };

int
files_create(struct files **out)
{
    struct files *f = kmem_alloc(sizeof(*f));

    if (f == NULL)
        return -ENOMEM;
    f->slots = kmem_alloc(FILES_START * sizeof(struct fd_slot));
    if (f->slots == NULL) {
        kmem_free(f);
        return -ENOMEM;
    }
    f->refs = 1;
    f->capacity = FILES_START;
    *out = f;
    return 0;
}

int
files_copy(const struct files *from, struct files **out)
{
    struct files *f = kmem_alloc(sizeof(*f));

    if (f == NULL)
        return -ENOMEM;
    f->slots = kmem_alloc(from->capacity * sizeof(struct fd_slot));
    if (f->slots == NULL) {
        kmem_free(f);
        return -ENOMEM;
    }
    f->refs = 1;
    f->capacity = from->capacity;
    for (uint32_t i = 0; i < from->capacity; i++) {
        at(f->slots, f->capacity, i) = at(from->slots, from->capacity, i);
        if (at(f->slots, f->capacity, i).file != NULL)
            file_ref(at(f->slots, f->capacity, i).file);
    }
    *out = f;
    return 0;
}

/* Empty a slot: the process's record locks on that file go (POSIX), then the reference. */
static void
slot_close(struct files *f, struct fd_slot *slot)
{
    struct file *file = slot->file;

    assert(file != NULL);
    slot->file = NULL;
    slot->cloexec = false;
    if (file->inode != NULL && file->inode->locks != NULL)
        flock_owner_gone(file->inode, f);
    file_put(file);
}

void
files_put(struct files *f)
{
    assert(f->refs > 0);
    if (--f->refs > 0)
        return;
    for (uint32_t i = 0; i < f->capacity; i++) {
        if (at(f->slots, f->capacity, i).file != NULL)
            slot_close(f, &at(f->slots, f->capacity, i));
    }
    kmem_free(f->slots);
    kmem_free(f);
}

void
files_close_cloexec(struct files *f)
{
    for (uint32_t i = 0; i < f->capacity; i++) {
        if (at(f->slots, f->capacity, i).file != NULL && at(f->slots, f->capacity, i).cloexec)
            slot_close(f, &at(f->slots, f->capacity, i));
    }
}

static int
grow(struct files *f, uint32_t need)
{
    uint32_t cap = f->capacity;
    struct fd_slot *slots;

    while (cap < need)
        cap *= 2;
    if (cap > FD_MAX)
        cap = FD_MAX;
    slots = kmem_alloc(cap * sizeof(struct fd_slot));
    if (slots == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < f->capacity; i++)
        at(slots, cap, i) = at(f->slots, f->capacity, i);
    kmem_free(f->slots);
    f->slots = slots;
    f->capacity = cap;
    return 0;
}

uint32_t
files_limit(void)
{
    struct thread *t = thread_current();
    uint64_t lim = t->proc != NULL ? t->proc->rlimits->of[RLIMIT_NOFILE].cur : FD_MAX;

    return lim < FD_MAX ? (uint32_t)lim : FD_MAX;
}

int
fd_install(struct files *f, struct file *file, int min, bool cloexec)
{
    uint32_t limit = files_limit();
    uint32_t fd = (uint32_t)min;

    while (fd < f->capacity && at(f->slots, f->capacity, fd).file != NULL)
        fd++;
    if (fd >= limit)
        return -EMFILE;
    if (fd >= f->capacity) {
        int rc = grow(f, fd + 1);

        if (rc < 0)
            return rc;
    }
    at(f->slots, f->capacity, fd) = (struct fd_slot){ file, cloexec };
    return (int)fd;
}

int
fd_replace(struct files *f, struct file *file, int fd, bool cloexec)
{
    struct fd_slot *slot;

    if (fd < 0 || (uint32_t)fd >= files_limit())
        return -EBADF;
    if ((uint32_t)fd >= f->capacity) {
        int rc = grow(f, (uint32_t)fd + 1);

        if (rc < 0)
            return rc;
    }
    slot = &at(f->slots, f->capacity, fd);
    if (slot->file != NULL) {
        struct fd_slot old = *slot;

        *slot = (struct fd_slot){ file, cloexec };
        slot_close(f, &old);
    } else {
        *slot = (struct fd_slot){ file, cloexec };
    }
    return fd;
}

struct file *_Nullable
fd_get(struct files *f, int fd)
{
    if (fd < 0 || (uint32_t)fd >= f->capacity || at(f->slots, f->capacity, fd).file == NULL)
        return NULL;
    return file_ref(at(f->slots, f->capacity, fd).file);
}

int
fd_close(struct files *f, int fd)
{
    if (fd < 0 || (uint32_t)fd >= f->capacity || at(f->slots, f->capacity, fd).file == NULL)
        return -EBADF;
    slot_close(f, &at(f->slots, f->capacity, fd));
    return 0;
}

bool *_Nullable
fd_cloexec(struct files *f, int fd)
{
    if (fd < 0 || (uint32_t)fd >= f->capacity || at(f->slots, f->capacity, fd).file == NULL)
        return NULL;
    return &at(f->slots, f->capacity, fd).cloexec;
}

int
fs_ctx_create(struct fs_ctx **out)
{
    struct dentry *root = mount_root_dentry();
    struct fs_ctx *fs;

    if (root == NULL)
        return -ENOENT;
    fs = kmem_alloc(sizeof(*fs));
    if (fs == NULL)
        return -ENOMEM;
    *fs = (struct fs_ctx){
        .refs = 1, .umask = UMASK_START, .root = dentry_ref(root), .cwd = dentry_ref(root)
    };
    *out = fs;
    return 0;
}

int
fs_ctx_copy(const struct fs_ctx *from, struct fs_ctx **out)
{
    struct fs_ctx *fs = kmem_alloc(sizeof(*fs));

    if (fs == NULL)
        return -ENOMEM;
    *fs = *from;
    fs->refs = 1;
    dentry_ref(fs->root);
    dentry_ref(fs->cwd);
    *out = fs;
    return 0;
}

void
fs_ctx_put(struct fs_ctx *fs)
{
    assert(fs->refs > 0);
    if (--fs->refs > 0)
        return;
    dentry_put(fs->cwd);
    dentry_put(fs->root);
    kmem_free(fs);
}
