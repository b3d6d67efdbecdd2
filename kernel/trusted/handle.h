/* Handles: names for objects that may be gone by the time somebody comes back with the name.
 *
 * A table holds pointers to objects; a handle is a slot of it and the slot's generation.  When the object leaves the table the
 * generation moves on, so an old handle finds nothing instead of whoever lives there now.  Where others would keep a second pointer,
 * and the first owner's free would make it dangle, keep a handle.  A slot whose generations are used up is not used again.
 *
 *     HANDLE_OF(thing, struct thing, 64);        // struct thing_table, struct thing_handle
 *     bool thing_name(&table, t, &handle)        // give it a handle; false: the table is full
 *     struct thing *thing_get(&table, handle)    // NULL: it is gone
 *     void thing_forget(&table, handle)          // the object goes; its handles find nothing from now on
 *
 * A zeroed table is empty, a zeroed handle names nothing.  Not locked; any context.
 */
#pragma once

#include <hal/types.h>

struct handle {
    uint32_t slot; /* from 1 */
    uint32_t generation;
};

struct handle_slot {
    void *_Nullable object;
    uint32_t generation;
};

/* kernel/trusted/handle.c */
bool must_check handle_name(struct handle_slot *slots, size_t count, void *object,
                            struct handle *out);
void *_Nullable handle_get(const struct handle_slot *slots, size_t count, struct handle h);
/* Panics when it is gone already. */
void handle_forget(struct handle_slot *slots, size_t count, struct handle h);

#define HANDLE_OF(name, type, n)                                                                   \
    struct name##_handle {                                                                         \
        struct handle h;                                                                           \
    };                                                                                             \
    struct name##_table {                                                                          \
        struct handle_slot slot[n];                                                                \
    };                                                                                             \
    static inline unused_param bool must_check name##_name(struct name##_table *t, type *object,   \
                                                           struct name##_handle *out)              \
    {                                                                                              \
        return handle_name(t->slot, (n), object, &out->h);                                         \
    }                                                                                              \
    static inline unused_param type *_Nullable name##_get(const struct name##_table *t,            \
                                                          struct name##_handle h)                  \
    {                                                                                              \
        return handle_get(t->slot, (n), h.h);                                                      \
    }                                                                                              \
    static inline unused_param void name##_forget(struct name##_table *t, struct name##_handle h)  \
    {                                                                                              \
        handle_forget(t->slot, (n), h.h);                                                          \
    }                                                                                              \
    struct name##_table
