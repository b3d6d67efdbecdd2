/* Turns: a sleeping lock without a rank, outside every mutex.
 *
 * The rule on user memory: a mutex ranked RANK_MM or inside it must never be held while user memory is touched, because a user
 * buffer may be a mapping of the very file that is read or written and its fault takes the address space's and the page cache's
 * locks.  What must stay exclusive over such a copy (a whole write(2), a file's offset, one end of a pipe) is a turn: the fault path
 * never takes one.  Take turns before any mutex, and in this order: a file's offset, then an inode's write turn.
 */
#pragma once

#include <kernel/core/wait.h>

struct capability("turn") turn {
    bool busy;
    struct waitq waiting;
};

void turn_init(struct turn *t);
void turn_take(struct turn *t) acquires(t);
void turn_release(struct turn *t) releases(t);
