/* The console's read-only tables: "info mem|irq|dev|block" here, "info proc" and "info mount" by their owners.  Called while the
 * kernel does not run: nothing here sleeps, locks or allocates. */
#include <hal/board.h>
#include <hal/irq.h>
#include <hal/layout.h>
#include <hal/upcall.h>
#include <kernel/abi/errno.h>
#include <kernel/core/blk.h>
#include <kernel/core/device.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/core/uart.h>
#include <kernel/fs/pagecache.h>
#include <kernel/fs/vfs.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/proc/proc.h>
#include <kernel/sched/thread.h>

enum { LINE_MAX = 160, IRQ_LINES_MAX = 32 };

struct out {
    void (*emit)(void *arg, const char *line);
    void *arg;
};

static void put(const struct out *o, const char *fmt, ...) printf_like(2, 3);

static void
put(const struct out *o, const char *fmt, ...)
{
    char line[LINE_MAX];
    va_list ap;

    va_start(ap, fmt);
    fmt_vprint(line, sizeof line, fmt, ap);
    va_end(ap);
    o->emit(o->arg, line);
}

static void
info_mem(const struct out *o)
{
    struct page_stats p;
    struct kmem_stats k;
    struct sched_stats s;
    uint64_t cached, dirty;

    page_stats(&p);
    pagecache_stats(&cached, &dirty);
    kmem_stats(&k);
    sched_peek(&s);
    put(o, "pages    total %llu  free %llu  cache %llu  dirty %llu", (unsigned long long)p.total,
        (unsigned long long)p.free, (unsigned long long)cached, (unsigned long long)dirty);
    put(o, "         allocations %llu  frees %llu  failures %llu", (unsigned long long)p.allocs,
        (unsigned long long)p.frees, (unsigned long long)p.failures);
    put(o, "objects  %llu  bytes %llu  pages %llu  failures %llu", (unsigned long long)k.objects,
        (unsigned long long)k.bytes, (unsigned long long)k.pages, (unsigned long long)k.failures);
    put(o, "threads  %u  runnable %u  switches %llu", s.threads, s.runnable,
        (unsigned long long)s.switches);

    struct hal_extent e;

    for (unsigned n = 0; hal_layout(n, &e); n++)
        put(o, "%016llx-%016llx  %s", (unsigned long long)e.start, (unsigned long long)e.end, e.name);
}

struct irq_users {
    unsigned line;
    char text[96];
};

static void
irq_user(const struct device *dev, void *arg)
{
    struct irq_users *u = arg;

    if (dev->irq != u->line && dev->irq2 != u->line)
        return;

    size_t len = str_len(u->text);

    fmt_print(&u->text[len], sizeof u->text - len, " %s", dev->name);
}

static void
info_irq(const struct out *o)
{
    put(o, "line      count  devices");
    for (unsigned line = 0; line < IRQ_LINES_MAX; line++) {
        struct irq_users users = { .line = line };
        uint64_t count = hal_irq_count(line);

        device_for_each(irq_user, &users);
        if (count != 0 || users.text[0] != '\0')
            put(o, "%4u %10llu %s", line, (unsigned long long)count, users.text);
    }
}

static void
info_device(const struct device *dev, void *arg)
{
    const struct out *o = arg;
    char irq[16] = "-", state[32] = "ok";

    if (dev->irq != BOARD_NO_IRQ)
        fmt_print(irq, sizeof irq, "%u", (unsigned)dev->irq);
    if (dev->error != 0)
        fmt_print(state, sizeof state, "error %d", -dev->error);
    put(o, "%-12s %-12s irq %-3s %s", dev->name,
        dev->driver != NULL ? dev->driver->name : "(no driver)", irq,
        dev->driver != NULL ? state : "");
    if (dev->pci_class != 0)
        put(o, "    %04x:%04x class %06x", dev->pci_vendor, dev->pci_device,
            (unsigned)dev->pci_class);
    for (unsigned i = 0; i < DEVICE_IO_MAX; i++) {
        if (dev->io[i].size != 0)
            put(o, "    %s %#llx, %u bytes", dev->io[i].space == IO_PORT ? "ports" : "memory",
                (unsigned long long)dev->io[i].base, (unsigned)dev->io[i].size);
    }
}

static void
info_uart(struct uart *u, void *arg)
{
    put(arg, "%-12s %u baud, received %llu, sent %llu, overruns %llu, line errors %llu", u->name,
        (unsigned)u->line.baud, (unsigned long long)u->rx_bytes, (unsigned long long)u->tx_bytes,
        (unsigned long long)u->overruns, (unsigned long long)u->line_errors);
}

static void
info_block(struct blkdev *dev, void *arg)
{
    put(arg,
        "%-6s %10llu sectors  reads %llu (%llu sectors)  writes %llu (%llu sectors)  errors %llu",
        dev->name, (unsigned long long)dev->sectors, (unsigned long long)dev->reads,
        (unsigned long long)dev->sectors_read, (unsigned long long)dev->writes,
        (unsigned long long)dev->sectors_written, (unsigned long long)dev->errors);
}

int
kernel_info(const char *what, void (*emit)(void *arg, const char *line), void *arg)
{
    struct out o = { .emit = emit, .arg = arg };

    if (str_eq(what, "mem")) {
        info_mem(&o);
    } else if (str_eq(what, "irq")) {
        info_irq(&o);
    } else if (str_eq(what, "dev")) {
        device_for_each(info_device, &o);
        uart_for_each(info_uart, &o);
    } else if (str_eq(what, "block")) {
        blk_for_each(info_block, &o);
    } else if (str_eq(what, "proc")) {
        proc_info(emit, arg);
    } else if (str_eq(what, "mount")) {
        vfs_info(emit, arg);
    } else {
        return -EINVAL;
    }
    return 0;
}
