/* Pages for the HAL's page tables. */
#include <hal/upcall.h>
#include <kernel/mm/page.h>

void *
kernel_table_page_alloc(void)
{
    struct page *p = page_zalloc(0);

    return p != NULL ? page_ptr(p) : NULL;
}

void
kernel_table_page_free(void *page)
{
    page_put(page_of_ptr(page));
}
