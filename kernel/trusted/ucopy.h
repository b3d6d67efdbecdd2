/* User memory: copied through the running process's page tables, page by page; faults are resolved (demand paging, copy on write) or
 * end in -EFAULT; where a page cannot be had, others are given time to free some (oom_wait_again()) before it is -ENOMEM, because many
 * a system call has done its work when it copies the result, and cannot undo it.  Never blocks signals; may sleep (a file page may have to be read).  Thread context of a process.
 *
 * Callers must not hold a mutex ranked RANK_MM or inside it that the fault path takes (inode, page cache): gather first.
 */
#pragma once

#include <hal/types.h>

struct mm;

int must_check ucopy_in(void *dst, uaddr_t src, size_t n);
int must_check ucopy_out(uaddr_t dst, const void *src, size_t n);
int must_check ucopy_zero(uaddr_t dst, size_t n);
/* A string with its terminator, at most `size` bytes: its length; -EFAULT; -ENAMETOOLONG when no terminator in `size`
 * (`dst` holds the first `size` bytes then). */
int64_t must_check ucopy_in_str(char *dst, uaddr_t src, size_t size);
/* The same into another, not running, address space (execve builds the new stack). */
int must_check ucopy_out_mm(struct mm *mm, uaddr_t dst, const void *src, size_t n);
int must_check ucopy_zero_mm(struct mm *mm, uaddr_t dst, size_t n);
int must_check ucopy_in_mm(struct mm *mm, void *dst, uaddr_t src, size_t n);

/* A place to read from or write to that is either kernel or user memory: what file operations move data through. */
struct iobuf {
    uaddr_t user;
    uint8_t *_Nullable kernel; /* not NULL: kernel memory */
    size_t left;               /* bytes left */
};

static inline struct iobuf
iobuf_user(uaddr_t p, size_t n)
{
    return (struct iobuf){ .user = p, .left = n };
}

static inline struct iobuf
iobuf_kernel(void *p, size_t n)
{
    return (struct iobuf){ .kernel = (uint8_t *)p, .left = n };
}

/* Move n <= left bytes and advance.  -EFAULT: nothing of this call counts as moved. */
int must_check iobuf_put(struct iobuf *b, const void *src, size_t n); /* src -> buffer (a read) */
int must_check iobuf_get(struct iobuf *b, void *dst, size_t n);       /* buffer -> dst (a write) */
int must_check iobuf_put_zero(struct iobuf *b, size_t n);
