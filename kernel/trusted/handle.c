/* Handles: see handle.h. */
#include <kernel/core/assert.h>
#include <kernel/trusted/handle.h>

bool
handle_name(struct handle_slot *slots, size_t count, void *object, struct handle *out)
{
    for (size_t i = 0; i < count; i++) {
        struct handle_slot *s = &slots[i];

        if (s->object != NULL || s->generation == UINT32_MAX)
            continue;
        s->object = object;
        s->generation++;
        *out = (struct handle){ .slot = (uint32_t)i + 1, .generation = s->generation };
        return true;
    }
    return false;
}

void *
handle_get(const struct handle_slot *slots, size_t count, struct handle h)
{
    if (h.slot == 0 || h.slot > count || slots[h.slot - 1].generation != h.generation)
        return NULL;
    return slots[h.slot - 1].object;
}

void
handle_forget(struct handle_slot *slots, size_t count, struct handle h)
{
    if (handle_get(slots, count, h) == NULL)
        panic("handle: slot %u, generation %u: it is gone already", h.slot, h.generation);
    slots[h.slot - 1].object = NULL;
}
