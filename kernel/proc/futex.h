/* futex(2): waiting on a word of user memory. */
#pragma once

#include <hal/types.h>

struct mm;

/* Sleep while *addr == expected.  0 woken; -EAGAIN the value differs; -ETIMEDOUT; -ERESTARTSYS; -EFAULT. */
int must_check futex_wait(struct mm *mm, uaddr_t addr, uint32_t expected, uint32_t bitset, uint64_t deadline_ns);
/* Wake up to `count` sleepers; how many. */
unsigned futex_wake(struct mm *mm, uaddr_t addr, uint32_t count);
unsigned futex_wake_bitset(struct mm *mm, uaddr_t addr, uint32_t count, uint32_t bitset);
/* Wake `wake` of the sleepers at `from`, move up to `requeue` others to `to`; how many in all. */
unsigned futex_requeue(struct mm *mm, uaddr_t from, uint32_t wake, uint32_t requeue, uaddr_t to);
