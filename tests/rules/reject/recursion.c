/* R27: the depth of a tree that someone else wrote decides how much stack is used.
 * expect: recursion: count
 */
#include <hal/types.h>

struct node {
    struct node *_Nullable next;
    unsigned weight;
};

unsigned count(const struct node *n);

unsigned
count(const struct node *n)
{
#ifdef WRONG
    return n->weight + (n->next != NULL ? count(n->next) : 0);
#else
    unsigned sum = 0;

    for (const struct node *_Nullable p = n; p != NULL; p = p->next)
        sum += p->weight;
    return sum;
#endif
}
