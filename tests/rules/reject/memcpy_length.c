/* R10: a copy whose length nobody compares with its destination.
 * expect: memcpy of a computed length
 */
#include <kernel/trusted/span.h>

struct label {
    uint8_t text[16];
};

void label_set(struct label *l, struct cspan text);

void
label_set(struct label *l, struct cspan text)
{
#ifdef WRONG
    __builtin_memcpy(l->text, text.ptr, text.len);
#else
    span_copy(span_of(l->text, sizeof l->text), text);
#endif
}
