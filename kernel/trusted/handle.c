/* Handles: see handle.h. */
#include <kernel/core/assert.h>
#include <kernel/trusted/bounds.h>
#include <kernel/trusted/handle.h>

bool
handle_name(struct handle_slot *slots, size_t count, void *object, struct handle *out)
{
    for (size_t i = 0; i < count; i++) {
        struct handle_slot *s = &at(slots, count, i);

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
    if (h.slot == 0 || h.slot > count)
        return NULL;

    const struct handle_slot *s = &at(slots, count, h.slot - 1);

    return s->generation == h.generation ? s->object : NULL;
}

void
handle_forget(struct handle_slot *slots, size_t count, struct handle h)
{
    if (handle_get(slots, count, h) == NULL)
        bug("handle: slot %u, generation %u: it is gone already", h.slot, h.generation);
    at(slots, count, h.slot - 1).object = NULL;
}
