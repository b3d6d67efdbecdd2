/* Loading programs: the parts of proc_execve(). */
#pragma once

#include <hal/types.h>
#include <kernel/trusted/list.h>
#include <kernel/trusted/span.h>

struct file;
struct mm;

/* Strings for the new program, terminated, one behind the other. */
struct exec_strings {
    struct list chunks; /* private to exec_args.c */
    size_t len;         /* bytes, terminators included */
    size_t count;
    size_t first_len; /* of the first string with its terminator */
};

void exec_strings_init(struct exec_strings *s);
void exec_strings_free(struct exec_strings *s);
/* Append; *budget is what all strings and their pointers may still take.  -E2BIG, -EFAULT, -ENOMEM. */
int must_check exec_strings_add(struct exec_strings *s, const char *text, size_t *budget);
int must_check exec_strings_add_user(struct exec_strings *s, uaddr_t text, size_t *budget);
/* The same for a NULL-terminated user array of strings (NULL: an empty one). */
int must_check exec_strings_add_array(struct exec_strings *s, uaddr_t array, size_t *budget);

/* What the loader found out about a program it put into an address space. */
struct exec_image {
    uintptr_t start; /* where user mode begins: the interpreter's or the program's entry */
    uintptr_t entry; /* the program's own */
    uintptr_t phdr;  /* user address of its program headers; 0: not loaded */
    uint64_t phent, phnum;
    uintptr_t data; /* where its data lie, if they lie apart from its text; else 0 */
    uintptr_t base; /* where the interpreter was loaded; 0: none */
    bool exec_stack;
    size_t args; /* bytes of strings and pointers that it will get: said by the caller */
};

/* All of `to` from the program's file.  -ENOEXEC: it is not that long. */
int must_check exec_read(struct file *file, uint64_t pos, struct span to);

/* Load the ELF program `file`, and its interpreter, into the new `mm` (after exec_layout()), and set its break.
 * -ENOEXEC: not a program for this machine, or a malformed one; -EIO, -ENOMEM, and what opening the interpreter gives. */
int must_check exec_load(struct file *file, struct mm *mm, struct exec_image *image);

/* Decide where the stack and mappings of a new address space lie; before exec_load(). */
void exec_layout(struct mm *mm);

/* Map its first stack, with room for `args` bytes of strings and pointers; after exec_load(). */
int must_check exec_stack_create(struct mm *mm, size_t args, bool executable);

/* What goes on the new program's stack. */
struct exec_stack_args {
    const struct exec_strings *head; /* argv: these first, */
    const struct exec_strings *argv; /* then these, */
    bool drop_argv0;                 /* without the first of them */
    const struct exec_strings *envp;
    const char *filename; /* AT_EXECFN */
    const struct exec_image *image;
    uint32_t uid, euid, gid, egid;
    bool secure;
};

/* Write the initial stack (System V ABI, AMD64 supplement, section 3.4.1); the stack pointer at *sp_out.  -ENOMEM. */
int must_check exec_stack_fill(struct mm *mm, const struct exec_stack_args *args, uaddr_t *sp_out);
