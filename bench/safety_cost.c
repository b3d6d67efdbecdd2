/* What each safety mechanism compiles to: one small function per way of doing the same thing.  safety_cost.py compiles this file for
 * a Cortex-M4 and for x86-64, without run-time checks (CHECKS 0: a release), and counts the instructions.  Never run. */
#include <kernel/trusted/cell.h>
#include <kernel/trusted/span.h>

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
