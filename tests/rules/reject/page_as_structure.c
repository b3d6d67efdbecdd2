/* R05: a page of the cache becomes a table of structures.
 * expect: what page_ptr() returns becomes struct row *
 * as: kernel/fs/rows.c
 */
#include <kernel/mm/page.h>
#include <kernel/trusted/field.h>

struct row {
    uint32_t key, value;
};

uint32_t first_key(struct page *p);

uint32_t
first_key(struct page *p)
{
#ifdef WRONG
    struct row *row = page_ptr(p);

    return row->key;
#else
    return get_le32(cspan_of(page_ptr(p), PAGE_SIZE), offsetof(struct row, key));
#endif
}
