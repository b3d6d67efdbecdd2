/* R04: one object is taken for another.
 * expect: struct circle * becomes struct square *
 */
#include <hal/types.h>

struct circle {
    uint32_t radius;
};
struct square {
    uint32_t side;
};

uint32_t size(struct circle *c, struct square *s);

uint32_t
size(struct circle *c, struct square *s)
{
#ifdef WRONG
    s = (struct square *)c;
#endif
    return c->radius + s->side;
}
