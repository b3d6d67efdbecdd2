/* What each safety mechanism compiles to: one small function per way of doing the same thing.  safety_cost.py compiles this file for
 * a Cortex-M4 and for x86-64, without run-time checks (CHECKS 0: a release) and with them, and counts the instructions and the
 * bytes.  Never run. */
#include <kernel/trusted/cell.h>
#include <kernel/trusted/dma_buf.h>
#include <kernel/trusted/field.h>
#include <kernel/trusted/handle.h>
#include <kernel/trusted/heap.h>
#include <kernel/trusted/list.h>
#include <kernel/trusted/lru.h>
#include <kernel/trusted/tree.h>

struct counter {
    uint32_t count;
};

/* --- one field of shared state --- */

extern struct counter *plain_pointer;
extern CELL(struct counter) cell;
extern CELL_THREAD(struct counter) thread_cell;

void state_unchecked(void);
void state_null_checked(void);
void state_cell_thread(void);
void state_cell(void);

void
state_unchecked(void)
{
    plain_pointer->count++;
}

void
state_null_checked(void)
{
    struct counter *p = plain_pointer;

    if (p != NULL)
        p->count++;
}

void
state_cell_thread(void)
{
    cell_with (p, &thread_cell)
        p->count++;
}

void
state_cell(void)
{
    cell_with (p, &cell)
        p->count++;
}

/* --- the same around a call that the compiler cannot see into --- */

void opaque(struct counter *p);
void call_unchecked(void);
void call_null_checked(void);
void call_cell_thread(void);
void call_cell(void);

void
call_unchecked(void)
{
    opaque(plain_pointer);
}

void
call_null_checked(void)
{
    struct counter *p = plain_pointer;

    if (p != NULL)
        opaque(p);
}

void
call_cell_thread(void)
{
    cell_with (p, &thread_cell)
        opaque(p);
}

void
call_cell(void)
{
    cell_with (p, &cell)
        opaque(p);
}

/* --- a byte of a buffer --- */

uint8_t byte_unchecked(const uint8_t *p, size_t n, size_t i);
uint8_t byte_span(const uint8_t *p, size_t n, size_t i);

uint8_t
byte_unchecked(const uint8_t *p, size_t n unused_param, size_t i)
{
    return p[i];
}

uint8_t
byte_span(const uint8_t *p, size_t n, size_t i)
{
    return span_get(cspan_of(p, n), i);
}

/* --- a field of a structure on the disk, in the middle of a block that is long enough --- */

#define SOME_FIELDS(F) F(SOME_FIELD, le32, 88)
FIELDS(SOME_FIELDS);

struct overlay {
    uint8_t before[88];
    uint32_t field;
};

uint32_t field_cast(const uint8_t *p, size_t n);
uint32_t field_cast_checked(const uint8_t *p, size_t n);
uint32_t field_typed(const uint8_t *p, size_t n);

uint32_t
field_cast(const uint8_t *p, size_t n unused_param)
{
    return ((const struct overlay *)(const void *)p)->field;
}

uint32_t
field_cast_checked(const uint8_t *p, size_t n)
{
    return n >= sizeof(struct overlay) ? ((const struct overlay *)(const void *)p)->field : 0;
}

uint32_t
field_typed(const uint8_t *p, size_t n)
{
    return field_get(cspan_of(p, n), SOME_FIELD);
}

/* --- taking an element out of a list, and putting it in --- */

struct bare_node {
    struct bare_node *next, *prev;
};

void list_bare_insert(struct bare_node *pos, struct bare_node *n);
void list_checked_insert(struct list_node *pos, struct list_node *n);
void list_bare_remove(struct bare_node *n);
void list_checked_remove(struct list *l, struct list_node *n);

void
list_bare_insert(struct bare_node *pos, struct bare_node *n)
{
    n->next = pos;
    n->prev = pos->prev;
    pos->prev->next = n;
    pos->prev = n;
}

void
list_checked_insert(struct list_node *pos, struct list_node *n)
{
    list_insert_before(pos, n);
}

void
list_bare_remove(struct bare_node *n)
{
    n->next->prev = n->prev;
    n->prev->next = n->next;
    n->next = n->prev = NULL;
}

void
list_checked_remove(struct list *l, struct list_node *n)
{
    list_remove_from(l, n);
}

/* --- what each thing takes in memory --- */

#define SIZE_OF(name, type)                                                                        \
    extern const char size_##name[sizeof(type)];                                                   \
    const char size_##name[sizeof(type)] = { 0 };
SIZE_OF(pointer, void *)
SIZE_OF(cell, struct cell_raw)
SIZE_OF(span, struct span)
SIZE_OF(dma_buf, struct dma_buf)
SIZE_OF(bare_list, struct bare_node)
SIZE_OF(list_node, struct list_node)
SIZE_OF(heap_node, struct heap_node)
SIZE_OF(tree_node, struct tree_node)
SIZE_OF(lru_node, struct lru_node)
SIZE_OF(handle, struct handle)
SIZE_OF(handle_slot, struct handle_slot)
