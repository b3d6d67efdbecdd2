/* futex(2): waiting on a word of user memory. */
#pragma once

#include <hal/types.h>

struct mm;

/* Which word it is: the same for all who share it, wherever they have it mapped. */
struct futex_key {
    const void *object; /* the address space; of a shared mapping, what is mapped */
    uint64_t offset;
};

/* `private`: the caller says that only this address space uses the word.  -EFAULT: nothing is mapped there. */
int must_check futex_key(struct mm *mm, uaddr_t addr, bool private, struct futex_key *out);
/* Sleep while *addr == expected.  0 woken; -EAGAIN the value differs; -ETIMEDOUT; -ERESTARTSYS; -EFAULT. */
int must_check futex_wait(const struct futex_key *key, uaddr_t addr, uint32_t expected,
                          uint32_t bitset, uint64_t deadline_ns);
/* Wake up to `count` sleepers whose bit set has a bit of `bitset`; how many. */
unsigned futex_wake(const struct futex_key *key, uint32_t count, uint32_t bitset);
/* A thread has ended and its word at `addr` is 0 (CLONE_CHILD_CLEARTID): wake who waits for that. */
void futex_wake_joiner(struct mm *mm, uaddr_t addr);
/* Wake `wake` of the sleepers at `from`, move up to `requeue` others to `to`; how many in all. */
unsigned futex_requeue(const struct futex_key *from, const struct futex_key *to, uint32_t wake,
                       uint32_t requeue);
