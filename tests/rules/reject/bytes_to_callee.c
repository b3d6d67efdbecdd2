/* R05: a function takes bytes for a structure.
 * expect: becomes a structure in parse()
 */
#include <kernel/trusted/field.h>

struct header {
    uint32_t magic;
};

#ifdef WRONG
static uint32_t
parse(const void *block)
{
    const struct header *h = block;

    return h->magic;
}
#else
static uint32_t
parse(struct cspan block)
{
    return get_le32(block, 0);
}
#endif

uint32_t magic_of(struct cspan block);

uint32_t
magic_of(struct cspan block)
{
#ifdef WRONG
    return parse(block.ptr);
#else
    return parse(block);
#endif
}
