/* The ELF loader without an MMU, of the format in docs/arm.md: position independent programs whose text and data lie apart.
 *
 * The text becomes an area of its own, for reading and executing.  The other is, from the bottom: the stack, the arguments, data, zeroes,
 * and the heap up to the area's end; a stack that overflows leaves it.  A program relocates itself.  Nothing in the file is trusted. */
#include <abi/elf.h>
#include <kernel/abi/errno.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/vma.h>
#include <kernel/proc/exec.h>
#include <kernel/trusted/field.h>

enum {
    PHDRS = 3, /* text, data, stack */
    PART_MAX = 1 << 20,
    ARGS_MAX = 4096,
    ARGS_FIXED = 80, /* what exec_stack_fill() writes beside the strings and their pointers, at most */
    STACK_MIN = 256,
    DATA_ALIGN = 8,
};
#define DATA_BASE UINT32_C(0x10000000) /* where data are linked, or above */

FIELDS(ELF32_EHDR_FIELDS);
FIELDS(ELF32_PHDR_FIELDS);

struct part {
    uint32_t type, flags, offset, vaddr, filesz, memsz;
};

/* The entry's offset in the text; where the program headers are. */
static int must_check noinline_fn
read_header(struct file *file, uint32_t *entry, uint32_t *phoff)
{
    uint8_t buf[ELF32_EHDR_SIZE];
    struct cspan h = cspan_of(buf, sizeof buf);
    int rc = exec_read(file, 0, span_of(buf, sizeof buf));

    if (rc < 0)
        return rc;
    if (buf[0] != 0x7f || buf[1] != 'E' || buf[2] != 'L' || buf[3] != 'F' ||
        buf[EI_CLASS] != ELF_ARCH_CLASS || buf[EI_DATA] != ELFDATA2LSB ||
        field_get(h, E_TYPE) != ET_DYN || field_get(h, E_MACHINE) != ELF_ARCH_MACHINE ||
        field_get(h, E_PHENTSIZE) != ELF32_PHDR_SIZE || field_get(h, E_PHNUM) != PHDRS)
        return -ENOEXEC;
    *entry = field_get(h, E_ENTRY);
    *phoff = field_get(h, E_PHOFF);
    return (*entry & 1) != 0 ? 0 : -ENOEXEC; /* Thumb */
}

static int must_check noinline_fn
read_part(struct file *file, uint32_t phoff, unsigned i, struct part *part)
{
    uint8_t buf[ELF32_PHDR_SIZE];
    struct cspan p = cspan_of(buf, sizeof buf);
    int rc = exec_read(file, phoff + (uint64_t)i * ELF32_PHDR_SIZE, span_of(buf, sizeof buf));

    if (rc < 0)
        return rc;
    *part = (struct part){ .type = field_get(p, P_TYPE),
                           .flags = field_get(p, P_FLAGS),
                           .offset = field_get(p, P_OFFSET),
                           .vaddr = field_get(p, P_VADDR),
                           .filesz = field_get(p, P_FILESZ),
                           .memsz = field_get(p, P_MEMSZ) };
    return part->filesz <= part->memsz && part->memsz <= PART_MAX ? 0 : -ENOEXEC;
}

static bool
parts_good(const struct part *text, const struct part *data, const struct part *stack, uint32_t entry)
{
    return text->type == PT_LOAD && text->flags == (PF_R | PF_X) && text->vaddr == 0 &&
           text->filesz == text->memsz && entry < text->filesz && data->type == PT_LOAD &&
           data->flags == (PF_R | PF_W) && data->vaddr >= DATA_BASE && data->memsz > 0 &&
           stack->type == PT_GNU_STACK;
}

/* The second area; returns where the data lie in it. */
static int must_check noinline_fn
make_data(struct file *file, struct mm *mm, const struct part *data, uint32_t stack, uint32_t args,
          uintptr_t *data_out)
{
    uint32_t below = ((stack > STACK_MIN ? stack : STACK_MIN) + args + DATA_ALIGN - 1) &
                     ~(uint32_t)(DATA_ALIGN - 1);
    struct mm_map_args map = { .len = below + data->memsz, .flags = VMA_READ | VMA_WRITE };
    uintptr_t base;
    int rc = mm_map(mm, &map, &base);

    if (rc < 0)
        return rc;
    mm->stack_top = base + below;
    mm->mmap_top = base;
    mm->brk = mm->brk_start =
        (mm->stack_top + data->memsz + DATA_ALIGN - 1) & ~(uintptr_t)(DATA_ALIGN - 1);
    *data_out = mm->stack_top;
    return exec_read(file, data->offset,
                     span_sub(span_of(page_ptr(page_of(paddr(base))), map.len), below, data->filesz));
}

int
exec_load(struct file *file, struct mm *mm, struct exec_image *image)
{
    struct part part[PHDRS];
    uint32_t entry, phoff;
    uintptr_t text, data = 0;
    int rc = read_header(file, &entry, &phoff);

    for (unsigned i = 0; i < PHDRS && rc == 0; i++)
        rc = read_part(file, phoff, i, &at(part, PHDRS, i));
    if (rc == 0 && !parts_good(&part[0], &part[1], &part[2], entry))
        rc = -ENOEXEC;
    if (rc == 0 && image->args > ARGS_MAX)
        rc = -E2BIG;
    if (rc < 0)
        return rc;

    struct mm_map_args map = {
        .len = part[0].filesz, .flags = VMA_READ | VMA_EXEC, .file = file, .offset = part[0].offset
    };

    rc = mm_map(mm, &map, &text);
    if (rc == 0)
        rc = make_data(file, mm, &part[1], part[2].memsz, ARGS_FIXED + (uint32_t)image->args, &data);
    if (rc < 0)
        return rc; /* the areas go with the address space */
    *image = (struct exec_image){
        .start = text + (entry & ~UINT32_C(1)), .entry = text + entry, .base = text, .data = data
    };
    return 0;
}

void
exec_layout(struct mm *mm unused_param)
{
}

/* The stack is there, with room for its arguments. */
int
exec_stack_create(struct mm *mm unused_param, size_t args unused_param, bool executable unused_param)
{
    return 0;
}
