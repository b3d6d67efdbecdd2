/* The ELF loader (System V ABI, chapters 4 and 5): static and dynamic executables, position independent or not, of this machine.
 *
 * Nothing in the file is trusted: every field is checked before anything is mapped, and what is mapped goes into an address
 * space that is thrown away on failure.  Not here: PT_GNU_PROPERTY, ELF32 on 64-bit machines, cores.
 */
#include <abi/elf.h>
#include <kernel/abi/errno.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/exec.h>
#include <kernel/trusted/field.h>
#include <kernel/trusted/ucopy.h>

enum {
    PHDRS_BYTES_MAX = 64 << 10, /* as Linux */
    TEXT_BEFORE = 16,
    TEXT_AROUND = 128, /* pages mapped around the entry, if cached */
    DATA_AHEAD = 16,   /* pages of the data segment copied at once */
};

FIELDS(ELF64_EHDR_FIELDS);
FIELDS(ELF64_PHDR_FIELDS);

struct segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, filesz, memsz, align;
};

/* A checked program file. */
struct elf {
    struct file *file;
    bool dyn; /* ET_DYN */
    uint64_t entry, phoff;
    uint16_t phnum;
    struct span phdrs; /* kmem */
    uint64_t min, max,
        align; /* of its PT_LOAD segments: lowest and highest address, strictest alignment */
    bool exec_stack, has_interp;
    struct segment interp;
    uintptr_t bias; /* added to the file's addresses */
};

static struct segment
segment_get(const struct elf *e, unsigned i)
{
    struct cspan p = cspan_sub(span_const(e->phdrs), (size_t)i * ELF64_PHDR_SIZE, ELF64_PHDR_SIZE);

    return (struct segment){
        .type = field_get(p, P_TYPE),
        .flags = field_get(p, P_FLAGS),
        .offset = field_get(p, P_OFFSET),
        .vaddr = field_get(p, P_VADDR),
        .filesz = field_get(p, P_FILESZ),
        .memsz = field_get(p, P_MEMSZ),
        .align = field_get(p, P_ALIGN),
    };
}

/* --- checks --- */

static int must_check
check_header(struct elf *e)
{
    uint8_t buf[ELF64_EHDR_SIZE];
    struct cspan h = cspan_of(buf, sizeof buf);
    int rc = exec_read(e->file, 0, span_of(buf, sizeof buf));

    if (rc < 0)
        return rc;
    if (buf[0] != 0x7f || buf[1] != 'E' || buf[2] != 'L' || buf[3] != 'F' ||
        buf[EI_CLASS] != ELF_ARCH_CLASS || buf[EI_DATA] != ELFDATA2LSB ||
        buf[EI_VERSION] != EV_CURRENT)
        return -ENOEXEC;

    uint16_t type = field_get(h, E_TYPE);

    if ((type != ET_EXEC && type != ET_DYN) || field_get(h, E_MACHINE) != ELF_ARCH_MACHINE ||
        field_get(h, E_VERSION) != EV_CURRENT || field_get(h, E_EHSIZE) < ELF64_EHDR_SIZE ||
        field_get(h, E_PHENTSIZE) != ELF64_PHDR_SIZE)
        return -ENOEXEC;
    e->dyn = type == ET_DYN;
    e->entry = field_get(h, E_ENTRY);
    e->phoff = field_get(h, E_PHOFF);
    e->phnum = field_get(h, E_PHNUM);
    if (e->phnum == 0 || (uint32_t)e->phnum * ELF64_PHDR_SIZE > PHDRS_BYTES_MAX ||
        e->phoff > (uint64_t)INT64_MAX)
        return -ENOEXEC;
    return 0;
}

static int must_check
check_load(struct elf *e, const struct segment *s, bool *first)
{
    if (s->filesz > s->memsz || s->offset > (uint64_t)INT64_MAX ||
        s->filesz > (uint64_t)INT64_MAX - s->offset || s->offset + s->filesz > e->file->inode->size)
        return -ENOEXEC;
    if (((s->vaddr ^ s->offset) & PAGE_MASK) != 0 || (s->align & (s->align - 1)) != 0)
        return -ENOEXEC;
    if (s->vaddr > hal_user_max().v || s->memsz > hal_user_max().v - s->vaddr)
        return -ENOEXEC;
    if (!*first && s->vaddr < e->max) /* the ABI wants them in order; overlap is nonsense */
        return -ENOEXEC;
    if (*first)
        e->min = s->vaddr & ~(uint64_t)PAGE_MASK;
    *first = false;
    e->max = s->vaddr + s->memsz;
    if (s->align > e->align)
        e->align = s->align;
    return 0;
}

static int must_check
check_segments(struct elf *e)
{
    bool first = true, entry_ok = false;

    e->align = PAGE_SIZE;
    for (unsigned i = 0; i < e->phnum; i++) {
        struct segment s = segment_get(e, i);

        if (s.type == PT_INTERP && !e->has_interp) {
            e->interp = s;
            e->has_interp = true;
        }
        if (s.type == PT_GNU_STACK)
            e->exec_stack = (s.flags & PF_X) != 0;
        if (s.type != PT_LOAD || s.memsz == 0)
            continue;

        int rc = check_load(e, &s, &first);

        if (rc < 0)
            return rc;
        if (e->entry >= s.vaddr && e->entry - s.vaddr < s.memsz)
            entry_ok = true;
    }
    if (first || !entry_ok)
        return -ENOEXEC;
    if (e->dyn) /* the whole is moved by multiples of the strictest alignment */
        e->min &= ~(e->align - 1);
    return 0;
}

/* Read and check a program file. */
static int must_check
elf_open(struct elf *e, struct file *file)
{
    *e = (struct elf){ .file = file };

    int rc = check_header(e);

    if (rc < 0)
        return rc;

    size_t size = (size_t)e->phnum * ELF64_PHDR_SIZE;
    void *buf = kmem_alloc(size);

    if (buf == NULL)
        return -ENOMEM;
    e->phdrs = span_of(buf, size);
    rc = exec_read(file, e->phoff, e->phdrs);
    if (rc == 0)
        rc = check_segments(e);
    if (rc < 0)
        kmem_free(buf);
    return rc;
}

static void
elf_close(struct elf *e)
{
    kmem_free(e->phdrs.ptr);
}

/* --- mapping --- */

/* Where a program goes: ET_EXEC says so itself; others at two thirds of the address space, interpreters where there is room. */
static int must_check
choose_bias(struct elf *e, struct mm *mm, bool interpreter)
{
    uint64_t size = ((e->max + PAGE_MASK) & ~(uint64_t)PAGE_MASK) - e->min, top = mm->mmap_top;
    uintptr_t at;

    if (!e->dyn) {
        if (interpreter || e->min < hal_user_min().v || e->max > top)
            return -ENOEXEC;
        e->bias = 0;
        return 0;
    }
    if (e->align > top / 4 || size > top / 4)
        return -ENOEXEC;
    if (!interpreter) {
        at = hal_user_max().v / 3 * 2 & ~(uintptr_t)(e->align - 1);
        if (at < hal_user_min().v || at > top || size > top - at)
            return -ENOEXEC;
    } else {
        mutex_lock(&mm->lock);
        at = vma_find_gap(mm, size + e->align - PAGE_SIZE, 0);
        mutex_unlock(&mm->lock);
        if (at == 0)
            return -ENOMEM;
        at = (at + e->align - 1) & ~(uintptr_t)(e->align - 1);
    }
    e->bias = at - (uintptr_t)e->min;
    return 0;
}

static unsigned
segment_flags(const struct segment *s)
{
    return ((s->flags & PF_R) != 0 ? VMA_READ : 0u) | ((s->flags & PF_W) != 0 ? VMA_WRITE : 0u) |
           ((s->flags & PF_X) != 0 ? VMA_EXEC : 0u);
}

/* Zero from the end of the file's part to the end of its last page, and map zeroes from there on. */
static int must_check
map_bss(const struct elf *e, struct mm *mm, const struct segment *s)
{
    uintptr_t start = e->bias + (uintptr_t)(s->vaddr + s->filesz),
              end = e->bias + (uintptr_t)(s->vaddr + s->memsz);
    uintptr_t page = s->filesz == 0 ? start & ~PAGE_MASK : (start + PAGE_MASK) & ~PAGE_MASK;
    int rc;

    if (page > start &&
        (s->flags & PF_W) != 0) { /* read-only: nobody expects zeroes there, as on Linux */
        rc = ucopy_zero_mm(mm, uaddr(start), (page < end ? page : end) - start);
        if (rc < 0)
            return rc == -EFAULT ? -EIO : rc;
    }
    if (page >= end)
        return 0;

    struct mm_map_args map = {
        .addr = page, .len = end - page, .flags = segment_flags(s), .fixed = true
    };
    uintptr_t at;

    return mm_map(mm, &map, &at);
}

static int must_check
map_segment(const struct elf *e, struct mm *mm, const struct segment *s)
{
    uintptr_t start = e->bias + (uintptr_t)(s->vaddr & ~(uint64_t)PAGE_MASK), at;
    int rc = 0;

    if (s->filesz > 0) {
        struct mm_map_args map = {
            .addr = start,
            .len = s->filesz + (s->vaddr & PAGE_MASK),
            .flags = segment_flags(s),
            .fixed = true,
            .file = e->file,
            .offset = s->offset & ~(uint64_t)PAGE_MASK,
        };

        rc = mm_map(mm, &map, &at);
    }
    if (rc == 0 && s->memsz > s->filesz)
        rc = map_bss(e, mm, s);
    return rc;
}

/* A fault is dear, so let the program find what it will need first: the code around its entry, its data, the first of its bss. */
static void
warm_segment(const struct elf *e, struct mm *mm, const struct segment *s)
{
    uintptr_t start = (e->bias + (uintptr_t)s->vaddr) & ~PAGE_MASK;
    uint64_t file_pages =
        s->filesz == 0 ? 0 : (s->filesz + (s->vaddr & PAGE_MASK) + PAGE_MASK) >> PAGE_SHIFT;

    if ((s->flags & PF_W) != 0) {
        uint64_t pages = file_pages < DATA_AHEAD ? file_pages : DATA_AHEAD;

        mm_populate(mm, start, pages << PAGE_SHIFT, false);
        if (s->memsz > s->filesz && file_pages <= DATA_AHEAD)
            mm_populate(mm, start + (uintptr_t)(file_pages << PAGE_SHIFT), PAGE_SIZE, false);
        return;
    }

    uint64_t first = 0, n = TEXT_AROUND;

    if (e->entry >= s->vaddr && e->entry - s->vaddr < s->memsz) {
        uint64_t at = (e->entry - (s->vaddr & ~(uint64_t)PAGE_MASK)) >> PAGE_SHIFT;

        first = at > TEXT_BEFORE ? at - TEXT_BEFORE : 0;
    }
    if (first >= file_pages)
        return;
    if (n > file_pages - first)
        n = file_pages - first;
    mm_populate(mm, start + (uintptr_t)(first << PAGE_SHIFT), n << PAGE_SHIFT, true);
}

static int must_check
elf_map(struct elf *e, struct mm *mm, bool interpreter)
{
    int rc = choose_bias(e, mm, interpreter);

    for (unsigned i = 0; i < e->phnum && rc == 0; i++) {
        struct segment s = segment_get(e, i);

        if (s.type == PT_LOAD && s.memsz > 0)
            rc = map_segment(e, mm, &s);
    }
    for (unsigned i = 0; i < e->phnum && rc == 0; i++) {
        struct segment s = segment_get(e, i);

        if (s.type == PT_LOAD && s.memsz > 0)
            warm_segment(e, mm, &s);
    }
    return rc;
}

/* The user address of the program headers: in the segment that holds their part of the file. */
static uintptr_t
phdr_address(const struct elf *e)
{
    for (unsigned i = 0; i < e->phnum; i++) {
        struct segment s = segment_get(e, i);

        if (s.type == PT_LOAD && e->phoff >= s.offset && e->phoff - s.offset < s.filesz &&
            e->phdrs.len <= s.filesz - (e->phoff - s.offset))
            return e->bias + (uintptr_t)(s.vaddr + (e->phoff - s.offset));
    }
    return 0;
}

/* --- the interpreter --- */

static int must_check
interp_path(const struct elf *e, struct span path)
{
    if (e->interp.filesz < 2 || e->interp.filesz > path.len || e->interp.offset > (uint64_t)INT64_MAX)
        return -ENOEXEC;

    size_t len = (size_t)e->interp.filesz;
    int rc = exec_read(e->file, e->interp.offset, span_sub(path, 0, len));

    if (rc < 0)
        return rc;
    return span_get(span_const(path), len - 1) == 0 ? 0 : -ENOEXEC;
}

static int must_check
load_interp(const struct elf *program, struct mm *mm, struct exec_image *image)
{
    char *path = kmem_alloc(PATH_MAX);
    struct file *file;
    struct elf interp;

    if (path == NULL)
        return -ENOMEM;

    int rc = interp_path(program, span_of(path, PATH_MAX));

    if (rc == 0)
        rc = vfs_open_exec(path, &file);
    kmem_free(path);
    if (rc < 0)
        return rc;
    rc = elf_open(&interp, file);
    if (rc == 0) {
        rc = elf_map(&interp, mm, true);
        image->start = interp.bias + (uintptr_t)interp.entry;
        image->base = interp.bias;
        elf_close(&interp);
    }
    file_put(file);
    return rc;
}

int
exec_load(struct file *file, struct mm *mm, struct exec_image *image)
{
    struct elf e;
    int rc = elf_open(&e, file);

    if (rc < 0)
        return rc;
    rc = elf_map(&e, mm, false);
    if (rc == 0) {
        *image = (struct exec_image){
            .start = e.bias + (uintptr_t)e.entry,
            .entry = e.bias + (uintptr_t)e.entry,
            .phdr = phdr_address(&e),
            .phent = ELF64_PHDR_SIZE,
            .phnum = e.phnum,
            .exec_stack = e.exec_stack,
        };
        mm->brk_start = (e.bias + (uintptr_t)e.max + PAGE_MASK) & ~PAGE_MASK;
        mm->brk = mm->brk_start;
        if (e.has_interp)
            rc = load_interp(&e, mm, image);
    }
    elf_close(&e);
    return rc;
}
