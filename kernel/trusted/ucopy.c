/* Copies between kernel and user memory.
 *
 * The page tables are walked in software for every page (hal_space_query()), so what the kernel may touch is exactly what the program
 * may.  Nothing sleeps between the walk and the copy, so a page cannot go away in between.
 */
#include <hal/space.h>
#include <kernel/abi/errno.h>
#include <kernel/mm/mm.h>
#include <kernel/proc/proc.h>
#include <kernel/trusted/ucopy.h>

enum { FAULT_TRIES = 8 }; /* of one page; one is enough unless someone unmaps it in between */

TRUSTED_BEGIN(user)
/* The kernel's pointer to user address `va`, present and accessible as `access` says. */
static int must_check
translate(struct mm *mm, uintptr_t va, unsigned access, uint8_t **ptr_out)
{
    for (unsigned i = 0, waits = 0; i < FAULT_TRIES;) {
        paddr_t pa;
        unsigned prot;

        if (hal_space_query(mm->space, uaddr(va & ~PAGE_MASK), &pa, &prot) &&
            (prot & access) == access) {
            *ptr_out = (uint8_t *)hal_phys_ptr(pa) + (va & PAGE_MASK);
            return 0;
        }

        int rc = mm_fault(mm, va, access);

        if (rc == -ENOMEM && oom_wait_again(&waits))
            continue;
        i++;
        if (rc < 0)
            return rc == -ENOMEM ? -ENOMEM : -EFAULT;
    }
    return -EFAULT;
}
TRUSTED_END

static bool
range_ok(uintptr_t va, size_t n)
{
    uintptr_t min = hal_user_min().v, max = hal_user_max().v;

    return va >= min && va <= max && n <= max - va;
}

/* What is left of the page at `va`, at most `n`. */
static size_t
in_page(uintptr_t va, size_t n)
{
    size_t left = PAGE_SIZE - (va & PAGE_MASK);

    return left < n ? left : n;
}

TRUSTED_BEGIN(user)
int
ucopy_in_mm(struct mm *mm, void *dst, uaddr_t src, size_t n)
{
    uint8_t *to = dst, *from;

    if (n == 0)
        return 0;
    if (mm == NULL || !range_ok(src.v, n))
        return -EFAULT;
    for (uintptr_t va = src.v; n > 0;) {
        size_t part = in_page(va, n);
        int rc = translate(mm, va, HAL_PROT_READ, &from);

        if (rc < 0)
            return rc;
        __builtin_memcpy(to, from, part);
        to += part;
        va += part;
        n -= part;
    }
    return 0;
}

/* Write `n` bytes of `src`, or zeroes if it is NULL. */
static int must_check
write_mm(struct mm *mm, uaddr_t dst, const uint8_t *_Nullable src, size_t n)
{
    uint8_t *to;

    if (n == 0)
        return 0;
    if (mm == NULL || !range_ok(dst.v, n))
        return -EFAULT;
    for (uintptr_t va = dst.v; n > 0;) {
        size_t part = in_page(va, n);
        int rc = translate(mm, va, HAL_PROT_WRITE, &to);

        if (rc < 0)
            return rc;
        if (src != NULL) {
            __builtin_memcpy(to, src, part);
            src += part;
        } else {
            __builtin_memset(to, 0, part);
        }
        va += part;
        n -= part;
    }
    return 0;
}
TRUSTED_END

int
ucopy_out_mm(struct mm *mm, uaddr_t dst, const void *src, size_t n)
{
    return write_mm(mm, dst, src, n);
}

int
ucopy_zero_mm(struct mm *mm, uaddr_t dst, size_t n)
{
    return write_mm(mm, dst, NULL, n);
}

int
ucopy_in(void *dst, uaddr_t src, size_t n)
{
    return ucopy_in_mm(proc_current()->mm, dst, src, n);
}

int
ucopy_out(uaddr_t dst, const void *src, size_t n)
{
    return write_mm(proc_current()->mm, dst, src, n);
}

int
ucopy_zero(uaddr_t dst, size_t n)
{
    return write_mm(proc_current()->mm, dst, NULL, n);
}

TRUSTED_BEGIN(user)
int64_t
ucopy_in_str(char *dst, uaddr_t src, size_t size)
{
    struct mm *mm = proc_current()->mm;
    uintptr_t va = src.v;
    uint8_t *from;

    for (size_t done = 0; done < size;) {
        if (mm == NULL || !range_ok(va, 1))
            return -EFAULT;

        size_t part = in_page(va, size - done);
        int rc = translate(mm, va, HAL_PROT_READ, &from);

        if (rc < 0)
            return rc;
        if (part > hal_user_max().v - va)
            part = hal_user_max().v - va;
        for (size_t i = 0; i < part; i++) {
            dst[done + i] = (char)from[i];
            if (from[i] == 0)
                return (int64_t)(done + i);
        }
        done += part;
        va += part;
    }
    return -ENAMETOOLONG;
}

int
iobuf_put(struct iobuf *b, const void *src, size_t n)
{
    if (n > b->left)
        return -EFAULT;
    if (b->kernel != NULL) {
        __builtin_memcpy(b->kernel, src, n);
        b->kernel += n;
    } else {
        int rc = ucopy_out(b->user, src, n);

        if (rc < 0)
            return rc;
        b->user.v += n;
    }
    b->left -= n;
    return 0;
}

int
iobuf_get(struct iobuf *b, void *dst, size_t n)
{
    if (n > b->left)
        return -EFAULT;
    if (b->kernel != NULL) {
        __builtin_memcpy(dst, b->kernel, n);
        b->kernel += n;
    } else {
        int rc = ucopy_in(dst, b->user, n);

        if (rc < 0)
            return rc;
        b->user.v += n;
    }
    b->left -= n;
    return 0;
}

int
iobuf_put_zero(struct iobuf *b, size_t n)
{
    if (n > b->left)
        return -EFAULT;
    if (b->kernel != NULL) {
        __builtin_memset(b->kernel, 0, n);
        b->kernel += n;
    } else {
        int rc = ucopy_zero(b->user, n);

        if (rc < 0)
            return rc;
        b->user.v += n;
    }
    b->left -= n;
    return 0;
}
TRUSTED_END
