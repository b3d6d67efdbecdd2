/* The surroundings of user memory for unit tests: see fake_user.h. */
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/mm/kmem.h>

#include <hal/cpu.h>
#include <hal/power.h>

#include <stdlib.h>
#include <string.h>

#include "fake_user.h"

struct mapping {
    uintptr_t va;
    paddr_t pa;
    unsigned prot;
};

struct hal_space {
    struct mapping *map; /* by address */
    size_t n, capacity;
};

struct fake_file fake_files[FAKE_FILES];
struct proc fake_proc;
unsigned fake_open_files, fake_spaces, fake_users;
struct file *fake_fds[FAKE_FILES];

static struct sighand sighand;
static struct files files;
static struct rlimits limits;

/* --- spaces --- */

uaddr_t
hal_user_min(void)
{
    return uaddr(0x10000);
}

uaddr_t
hal_user_max(void)
{
    return uaddr(0x7fffffff0000);
}

/* Index of the first mapping at or above `va`. */
static size_t
position(const struct hal_space *s, uintptr_t va)
{
    size_t lo = 0, hi = s->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (s->map[mid].va < va)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int
hal_space_create(struct hal_space **space_out)
{
    if (kmem_should_fail(KMEM_PAGE))
        return -ENOMEM;
    *space_out = calloc(1, sizeof(struct hal_space));
    fake_spaces++;
    return 0;
}

void
hal_space_destroy(struct hal_space *space)
{
    free(space->map);
    free(space);
    fake_spaces--;
}

static void
check_range(uaddr_t va, size_t npages)
{
    if (va.v % PAGE_SIZE != 0 || va.v < hal_user_min().v || va.v >= hal_user_max().v ||
        npages > (hal_user_max().v - va.v) / PAGE_SIZE)
        hal_panic("space: bad range");
}

int
hal_space_map(struct hal_space *s, uaddr_t va, paddr_t pa, size_t npages, unsigned prot)
{
    check_range(va, npages);
    if (prot == 0 || prot > 7)
        hal_panic("space: bad protection");
    if (kmem_should_fail(KMEM_PAGE)) /* a page table could not be had */
        return -ENOMEM;
    for (size_t k = 0; k < npages; k++) {
        struct mapping m = { va.v + k * PAGE_SIZE, paddr(pa.v + k * PAGE_SIZE), prot };
        size_t i = position(s, m.va);

        if (page_of(m.pa)->refs == 0)
            hal_panic("space: mapping of a free page");
        if (i == s->n || s->map[i].va != m.va) {
            if (s->n == s->capacity) {
                s->capacity = s->capacity * 2 + 64;
                s->map = realloc(s->map, s->capacity * sizeof m);
            }
            memmove(&s->map[i + 1], &s->map[i], (s->n - i) * sizeof m);
            s->n++;
        }
        s->map[i] = m;
    }
    return 0;
}

void
hal_space_unmap(struct hal_space *s, uaddr_t va, size_t npages)
{
    check_range(va, npages);

    size_t lo = position(s, va.v), hi = position(s, va.v + npages * PAGE_SIZE);

    if (hi > lo)
        memmove(&s->map[lo], &s->map[hi], (s->n - hi) * sizeof s->map[0]);
    s->n -= hi - lo;
}

void
hal_space_protect(struct hal_space *s, uaddr_t va, size_t npages, unsigned prot)
{
    check_range(va, npages);
    if (prot == 0 || prot > 7)
        hal_panic("space: bad protection");
    for (size_t i = position(s, va.v); i < s->n && s->map[i].va < va.v + npages * PAGE_SIZE; i++)
        s->map[i].prot = prot;
}

bool
hal_space_query(const struct hal_space *s, uaddr_t va, paddr_t *pa_out, unsigned *prot_out)
{
    size_t i = position(s, va.v & ~PAGE_MASK);

    if (i == s->n || s->map[i].va != (va.v & ~PAGE_MASK))
        return false;
    if (pa_out != NULL)
        *pa_out = s->map[i].pa;
    if (prot_out != NULL)
        *prot_out = s->map[i].prot;
    return true;
}

size_t
fake_space_count(const struct hal_space *s)
{
    return s->n;
}

void
fake_space_each(const struct hal_space *s,
                void (*fn)(void *arg, uintptr_t va, paddr_t pa, unsigned prot), void *arg)
{
    for (size_t i = 0; i < s->n; i++)
        fn(arg, s->map[i].va, s->map[i].pa, s->map[i].prot);
}

/* --- user contexts --- */

int
hal_user_init(struct hal_user *u, uaddr_t pc, uaddr_t sp)
{
    if (kmem_should_fail(KMEM_PAGE))
        return -ENOMEM;
    *u = (struct hal_user){ .regs = { .rip = pc.v, .rsp = sp.v } };
    fake_users++;
    return 0;
}

void
hal_user_fini(struct hal_user unused_param *u)
{
    fake_users--;
}

uaddr_t
hal_user_pc(const struct hal_user *u)
{
    return uaddr(u->regs.rip);
}

uint64_t
hal_cpu_random(void)
{
    return 0x0123456789abcdef;
}

/* --- files --- */

static struct fake_file *
fake_of(struct inode *inode)
{
    return container_of(inode, struct fake_file, inode);
}

struct page *
pagecache_peek(struct inode *inode, uint64_t index)
{
    struct page *p = index < FAKE_FILE_PAGES ? fake_of(inode)->cached[index] : NULL;

    if (p != NULL)
        page_get(p);
    return p;
}

int
pagecache_get(struct inode *inode, uint64_t index, struct page **page_out)
{
    struct fake_file *f = fake_of(inode);

    if (f->broken || index >= FAKE_FILE_PAGES)
        return -EIO;
    if (f->cached[index] == NULL) {
        struct page *p = page_alloc(0);

        if (p == NULL)
            return -ENOMEM;
        memcpy(page_ptr(p), f->data + index * PAGE_SIZE, PAGE_SIZE);
        p->cache = &inode->pages;
        f->cached[index] = p;
    }
    page_get(f->cached[index]);
    *page_out = f->cached[index];
    return 0;
}

void
pagecache_mark_dirty(struct page *page)
{
    container_of(page->cache, struct fake_file, inode.pages)->dirtied++;
}

int
pagecache_sync(struct inode unused_param *inode)
{
    return 0;
}

struct inode *
inode_ref(struct inode *inode)
{
    inode->refs++;
    return inode;
}

void
inode_put(struct inode *inode)
{
    inode->refs--;
}

const struct file_ops file_regular_ops;

int
file_new(const struct file_ops *ops, uint32_t flags, struct inode *inode, struct file **file_out)
{
    struct file *f = kmem_alloc(sizeof *f);

    if (f == NULL)
        return -ENOMEM;
    f->refs = 1;
    f->ops = ops;
    f->flags = flags;
    f->inode = inode;
    *file_out = f;
    fake_open_files++;
    return 0;
}

struct file *
file_ref(struct file *f)
{
    f->refs++;
    return f;
}

void
file_put(struct file *f)
{
    if (--f->refs > 0)
        return;
    if (f->ops->release != NULL)
        f->ops->release(f);
    kmem_free(f);
    fake_open_files--;
}

int64_t
file_no_seek(struct file unused_param *file, int64_t unused_param off, int unused_param whence)
{
    return -ESPIPE;
}

int64_t
file_read_at(struct file *f, uint64_t pos, void *buf, size_t n)
{
    struct fake_file *ff = fake_of(f->inode);

    if (ff->broken)
        return -EIO;
    if (pos >= f->inode->size)
        return 0;
    if (n > f->inode->size - pos)
        n = f->inode->size - pos;
    memcpy(buf, ff->data + pos, n);
    return (int64_t)n;
}

void
vfs_squeeze(void)
{
}

int
vfs_sync(void)
{
    return 0;
}

int
vfs_open_exec(const char *path, struct file **file_out)
{
    for (unsigned i = 0; i < FAKE_FILES; i++) {
        if (strcmp(fake_files[i].path, path) == 0 && path[0] != 0)
            return file_new(&file_regular_ops, O_RDONLY, &fake_files[i].inode, file_out);
    }
    return -ENOENT;
}

struct fake_file *
fake_file_set(unsigned n, const char *path, const void *data, size_t size)
{
    struct fake_file *f = &fake_files[n];

    strncpy(f->path, path, sizeof f->path - 1);
    memset(f->data, 0, sizeof f->data);
    memcpy(f->data, data, size);
    f->inode.size = size;
    f->inode.mode = S_IFREG | 0755;
    return f;
}

void
fake_cache_drop(void)
{
    for (unsigned i = 0; i < FAKE_FILES; i++) {
        for (unsigned k = 0; k < FAKE_FILE_PAGES; k++) {
            struct page *p = fake_files[i].cached[k];

            if (p == NULL)
                continue;
            if (p->refs != 1 || p->map_count != 0)
                hal_panic("a reference to a cached page leaked");
            page_put(p);
            fake_files[i].cached[k] = NULL;
        }
    }
}

/* --- the process --- */

struct proc *
proc_current(void)
{
    return &fake_proc;
}

void
proc_for_each(bool (*fn)(struct proc *p, void *arg), void *arg)
{
    (void)fn(&fake_proc, arg);
}

void
signal_send(struct proc *p, int signo, const struct siginfo_k unused_param *info)
{
    if (signo == 9)
        p->thread.killed = true;
}

int
files_copy(const struct files *from, struct files **out)
{
    struct files *f = kmem_alloc(sizeof *f);

    if (f == NULL)
        return -ENOMEM;
    *f = *from;
    f->refs = 1;
    *out = f;
    return 0;
}

void
files_put(struct files *f)
{
    if (--f->refs == 0 && f != &files)
        kmem_free(f);
}

void
files_close_cloexec(struct files unused_param *f)
{
}

struct file *
fd_get(struct files unused_param *f, int fd)
{
    return fd >= 0 && fd < FAKE_FILES && fake_fds[fd] != NULL ? file_ref(fake_fds[fd]) : NULL;
}

void
fake_user_boot(void)
{
    memset(fake_files, 0, sizeof fake_files);
    memset(fake_fds, 0, sizeof fake_fds);
    fake_open_files = fake_spaces = fake_users = 0;
    sighand = (struct sighand){ .refs = 1 };
    files = (struct files){ .refs = 1 };
    fake_proc =
        (struct proc){ .pid = 2, .tgid = 2, .sighand = &sighand, .files = &files, .rlimits = &limits };
    limits.refs = 1;
    waitq_init(&fake_proc.vfork_wait);
    for (unsigned i = 0; i < RLIM_NLIMITS; i++)
        limits.of[i] = (struct rlimit){ UINT64_MAX, UINT64_MAX };
    limits.of[3].cur = 8 << 20; /* the stack */
    thread_current()->proc = &fake_proc;
}

void
hal_user_set_data(struct hal_user *u unused_param, uaddr_t data unused_param)
{
}
