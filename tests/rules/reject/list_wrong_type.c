/* R04: a node of another type goes into a typed list.
 * expect: incompatible pointer types
 */
#include <kernel/trusted/list.h>

struct job {
    int prio;
    struct list_node node;
};
struct other {
    struct list_node node;
};

LIST_OF(jobs, struct job, node);

void add(struct jobs *l, struct job *j, struct other *o);

void
add(struct jobs *l, struct job *j, struct other *o)
{
#ifdef WRONG
    (void)j;
    jobs_push_back(l, o);
#else
    (void)o;
    jobs_push_back(l, j);
#endif
}
