/* Intrusive balanced trees (AVL), ordered by a key of 64 bits that a function reads out of what the node lies in; keys are distinct.
 * Every operation takes O(log n) steps and no memory.
 *
 * Checked always: inserting a node that is in a tree, a key that is there already, removing a node that is in none.  With CHECKS a
 * node knows its tree, and removing a stranger is found.  A key may change as long as the order stays (the areas of an
 * address space grow).  Nodes are zeroed memory. */
#pragma once

#include <hal/types.h>
#include <kernel/trusted/checks.h>

struct tree;

struct tree_mark {
    const struct tree *owner;
};

struct tree_node {
    struct tree_node *_Nullable up, *_Nullable left, *_Nullable right;
    unsigned height; /* of the subtree; 0: in no tree */
    struct tree_mark mark[CHECKS];
};

struct tree {
    struct tree_node *_Nullable root;
    uint64_t (*key)(const struct tree_node *n);
};

void tree_init(struct tree *t, uint64_t (*key)(const struct tree_node *n));
void tree_insert(struct tree *t, struct tree_node *n);
void tree_remove(struct tree *t, struct tree_node *n);
/* The node with the largest key that is not above `key`, or NULL. */
struct tree_node *_Nullable tree_floor(const struct tree *t, uint64_t key);
struct tree_node *_Nullable tree_first(const struct tree *t);
struct tree_node *_Nullable tree_last(const struct tree *t);
struct tree_node *_Nullable tree_next(const struct tree_node *n);
struct tree_node *_Nullable tree_prev(const struct tree_node *n);
/* Are order, balance and links as they should be?  For tests. */
bool tree_in_order(const struct tree *t);

static inline bool
tree_linked(const struct tree_node *n)
{
    return n->height != 0;
}
