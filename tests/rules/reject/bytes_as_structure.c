/* R05: a buffer becomes a structure by way of a void pointer variable.
 * expect: becomes struct frame * by way of raw
 * as: kernel/net/frame.c
 */
#include <kernel/trusted/field.h>

struct frame {
    uint16_t type, length;
};

uint16_t frame_length(struct span packet);

uint16_t
frame_length(struct span packet)
{
#ifdef WRONG
    void *raw = packet.ptr;
    struct frame *f = raw;

    return f->length;
#else
    return get_le16(span_const(packet), offsetof(struct frame, length));
#endif
}
