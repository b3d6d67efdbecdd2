/* Intrusive balanced trees: see tree.h (Adelson-Velsky and Landis, 1962; Knuth, volume 3, 6.2.3). */
#include <kernel/core/assert.h>
#include <kernel/trusted/tree.h>

static unsigned
height(const struct tree_node *n)
{
    return n != NULL ? n->height : 0;
}

static void
update(struct tree_node *n)
{
    unsigned l = height(n->left), r = height(n->right);

    n->height = 1 + (l > r ? l : r);
}

/* Put `new` (may be NULL) where `old` hangs. */
static void
replace(struct tree *t, const struct tree_node *old, struct tree_node *new)
{
    struct tree_node *up = old->up;

    if (up == NULL)
        t->root = new;
    else if (up->left == old)
        up->left = new;
    else
        up->right = new;
    if (new != NULL)
        new->up = up;
}

/* `r`, the right child of `n`, takes its place. */
static void
rotate_left(struct tree *t, struct tree_node *n, struct tree_node *r)
{
    replace(t, n, r);
    n->right = r->left;
    if (n->right != NULL)
        n->right->up = n;
    r->left = n;
    n->up = r;
    update(n);
    update(r);
}

/* `l`, the left child of `n`, takes its place. */
static void
rotate_right(struct tree *t, struct tree_node *n, struct tree_node *l)
{
    replace(t, n, l);
    n->left = l->right;
    if (n->left != NULL)
        n->left->up = n;
    l->right = n;
    n->up = l;
    update(n);
    update(l);
}

/* The left subtree of `n`, under `l`, is two higher than the right one.  Returns what is in its place after. */
static struct tree_node *
lean_right(struct tree *t, struct tree_node *n, struct tree_node *l)
{
    struct tree_node *inner = l->right;

    if (inner != NULL && height(l->left) < inner->height) {
        rotate_left(t, l, inner);
        l = inner;
    }
    rotate_right(t, n, l);
    return l;
}

static struct tree_node *
lean_left(struct tree *t, struct tree_node *n, struct tree_node *r)
{
    struct tree_node *inner = r->left;

    if (inner != NULL && height(r->right) < inner->height) {
        rotate_right(t, r, inner);
        r = inner;
    }
    rotate_left(t, n, r);
    return r;
}

/* From `n` up: heights, and subtrees that lean. */
static void
rebalance(struct tree *t, struct tree_node *_Nullable n)
{
    for (; n != NULL; n = n->up) {
        struct tree_node *l = n->left, *r = n->right;

        if (l != NULL && l->height > height(r) + 1)
            n = lean_right(t, n, l);
        else if (r != NULL && r->height > height(l) + 1)
            n = lean_left(t, n, r);
        else
            update(n);
    }
}

void
tree_init(struct tree *t, uint64_t (*key)(const struct tree_node *n))
{
    *t = (struct tree){ .key = key };
}

void
tree_insert(struct tree *t, struct tree_node *n)
{
    struct tree_node *up = NULL, **at = &t->root;

    if (n->height != 0)
        bug("tree: insertion of a node that is in a tree");

    uint64_t key = t->key(n);

    while (*at != NULL) {
        up = *at;

        uint64_t there = t->key(up);

        if (there == key)
            bug("tree: key %#llx is there already", (unsigned long long)key);
        at = key < there ? &up->left : &up->right;
    }
    *at = n;
    *n = (struct tree_node){ .up = up, .height = 1 };
    if (CHECKS)
        n->mark[0].owner = t;
    rebalance(t, up);
}

static struct tree_node *
leftmost(struct tree_node *n)
{
    while (n->left != NULL)
        n = n->left;
    return n;
}

static struct tree_node *
rightmost(struct tree_node *n)
{
    while (n->right != NULL)
        n = n->right;
    return n;
}

void
tree_remove(struct tree *t, struct tree_node *n)
{
    struct tree_node *from;

    if (n->height == 0)
        bug("tree: removal of a node that is in no tree");
    if (CHECKS && n->mark[0].owner != t)
        bug("tree: removal of a node that is in another tree");
    if (n->left == NULL || n->right == NULL) {
        from = n->up;
        replace(t, n, n->left != NULL ? n->left : n->right);
    } else { /* its successor takes its place */
        struct tree_node *s = leftmost(n->right);

        from = s->up == n ? s : s->up;
        replace(t, s, s->right);
        s->left = n->left;
        s->left->up = s;
        s->right = n->right;
        if (s->right != NULL)
            s->right->up = s;
        replace(t, n, s);
    }
    *n = (struct tree_node){ 0 };
    rebalance(t, from);
}

struct tree_node *
tree_floor(const struct tree *t, uint64_t key)
{
    struct tree_node *n = t->root, *best = NULL;

    while (n != NULL) {
        if (t->key(n) <= key) {
            best = n;
            n = n->right;
        } else {
            n = n->left;
        }
    }
    return best;
}

struct tree_node *
tree_first(const struct tree *t)
{
    return t->root != NULL ? leftmost(t->root) : NULL;
}

struct tree_node *
tree_last(const struct tree *t)
{
    return t->root != NULL ? rightmost(t->root) : NULL;
}

struct tree_node *
tree_next(const struct tree_node *n)
{
    if (n->right != NULL)
        return leftmost(n->right);
    while (n->up != NULL && n->up->right == n)
        n = n->up;
    return n->up;
}

struct tree_node *
tree_prev(const struct tree_node *n)
{
    if (n->left != NULL)
        return rightmost(n->left);
    while (n->up != NULL && n->up->left == n)
        n = n->up;
    return n->up;
}

static bool
node_in_order(const struct tree_node *n)
{
    unsigned l = height(n->left), r = height(n->right);

    return n->height == 1 + (l > r ? l : r) && l <= r + 1 && r <= l + 1 &&
           (n->left == NULL || n->left->up == n) && (n->right == NULL || n->right->up == n);
}

bool
tree_in_order(const struct tree *t)
{
    const struct tree_node *last = NULL;

    for (const struct tree_node *n = tree_first(t); n != NULL; n = tree_next(n)) {
        if (!node_in_order(n) || (last != NULL && t->key(last) >= t->key(n)))
            return false;
        last = n;
    }
    return t->root == NULL || t->root->up == NULL;
}
