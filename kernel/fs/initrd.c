/* Unpacking a cpio archive, newc format (cpio(5)): directories and regular files. */
#include <kernel/abi/errno.h>
#include <kernel/abi/fcntl.h>
#include <kernel/fs/initrd.h>
#include <kernel/fs/namei.h>
#include <kernel/fs/vfs.h>
#include <kernel/trusted/ucopy.h>

enum {
    HEADER = 110,
    FIELD_DIGITS = 8,
    FIELDS_START = 6, /* behind the magic number */
    MODE = 1,
    FILESIZE = 6,
    NAMESIZE = 11,
    NAME_MAX_HERE = 64,
    ENTRIES_MAX = 1000,
};

static uint32_t
field(struct cspan header, unsigned n)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < FIELD_DIGITS; i++) {
        uint8_t c = span_get(header, FIELDS_START + n * FIELD_DIGITS + i);

        v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10) % 16;
    }
    return v;
}

static int
make_file(const char *path, uint32_t mode, struct cspan data)
{
    struct page *page = page_alloc(0);
    struct file *f;
    int rc = page == NULL ? -ENOMEM
                          : vfs_open(NULL, path, O_CREAT | O_WRONLY | O_EXCL, mode & 07777, &f);

    if (rc < 0)
        goto out;
    while (data.len > 0 && rc == 0) {
        size_t len = data.len < PAGE_SIZE ? data.len : PAGE_SIZE;
        struct iobuf buf = iobuf_kernel(page_ptr(page), len);

        span_copy(span_of(page_ptr(page), PAGE_SIZE), cspan_sub(data, 0, len));

        int64_t n = file_write(f, &buf);

        if (n < 0 || (size_t)n != len)
            rc = n < 0 ? (int)n : -EIO;
        data = cspan_sub(data, len, data.len - len);
    }
    file_put(f);
out:
    if (page != NULL)
        page_put(page);
    return rc;
}

int
initrd_unpack(struct cspan archive)
{
    char path[NAME_MAX_HERE + 2] = "/";
    int rc = 0;

    for (unsigned i = 0; i < ENTRIES_MAX && rc == 0; i++) {
        if (archive.len < HEADER || span_get(archive, 0) != '0' || span_get(archive, 5) != '1')
            return -EINVAL;

        uint32_t mode = field(archive, MODE), size = field(archive, FILESIZE),
                 name_size = field(archive, NAMESIZE);
        size_t data_at = (HEADER + (size_t)name_size + 3) & ~(size_t)3;
        size_t next = (data_at + size + 3) & ~(size_t)3;

        if (name_size < 2 || name_size > NAME_MAX_HERE || data_at > archive.len ||
            size > archive.len - data_at)
            return -EINVAL;
        for (uint32_t k = 0; k < name_size; k++)
            path[1 + k] = (char)span_get(archive, HEADER + k);
        path[1 + name_size] = '\0';
        if (path[1] == 'T' && size == 0 && mode == 0) /* TRAILER!!! */
            return 0;
        if ((mode & S_IFMT) == S_IFDIR)
            rc = vfs_mkdir(NULL, path, mode & 07777);
        else
            rc = make_file(path, mode, cspan_sub(archive, data_at, size));
        archive = cspan_sub(archive, next < archive.len ? next : archive.len,
                            next < archive.len ? archive.len - next : 0);
    }
    return rc;
}
