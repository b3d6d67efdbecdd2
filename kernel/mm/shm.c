/* Shared anonymous memory: an object of pages behind a struct file without inode, alive as long as an area refers to it. */
#include <kernel/abi/fcntl.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/vma.h>

struct shm {
    struct resident pages; /* changed without sleeping only */
};

static int
shm_map_page(struct file *file, uint64_t index, bool unused_param write, struct page **page_out)
{
    struct shm *shm = file->data;
    struct chunk *c = resident_obtain(&shm->pages, index);
    uint64_t b = chunk_mask(chunk_bit(index), 1);

    if (c == NULL)
        return -ENOMEM;
    if ((c->present & b) == 0) {
        struct page *page = page_zalloc(0);

        if (page == NULL) {
            resident_trim(&shm->pages, c);
            return -ENOMEM;
        }
        c->pages[chunk_bit(index)] = page;
        c->present |= b;
    }
    page_get(c->pages[chunk_bit(index)]);
    *page_out = c->pages[chunk_bit(index)];
    return 0;
}

static int
shm_drop(void *arg, struct chunk *c, uint64_t mask)
{
    struct shm *shm = arg;

    for (uint64_t p = c->present & mask; p != 0; p &= p - 1)
        page_put(c->pages[__builtin_ctzll(p)]);
    c->present = 0;
    resident_trim(&shm->pages, c);
    return 0;
}

static void
shm_release(struct file *file)
{
    struct shm *shm = file->data;

    (void)resident_each(&shm->pages, 0, UINT64_MAX >> PAGE_SHIFT, shm_drop, shm);
    resident_fini(&shm->pages);
    kmem_free(shm);
}

static const struct file_ops shm_file_ops = {
    .release = shm_release,
    .seek = file_no_seek,
    .map_page = shm_map_page,
};

bool
shm_is(const struct file *file)
{
    return file != NULL && file->ops == &shm_file_ops;
}

int
shm_create(struct file **file_out)
{
    struct shm *shm = kmem_alloc(sizeof *shm);
    int rc;

    if (shm == NULL)
        return -ENOMEM;
    rc = file_new(&shm_file_ops, O_RDWR, NULL, file_out);
    if (rc < 0) {
        kmem_free(shm);
        return rc;
    }
    (*file_out)->data = shm;
    return 0;
}
