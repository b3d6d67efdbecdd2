/* See user_machine.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "user_machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hal/upcall.h>

struct machine machine = { .fail_after = -1 };

static void *free_tables;
static unsigned next_table;

void *
kernel_table_page_alloc(void)
{
    void *p = free_tables;

    if (machine.fail_after == 0)
        return NULL;
    if (machine.fail_after > 0)
        machine.fail_after--;
    if (p != NULL) {
        memcpy(&free_tables, p, sizeof(free_tables));
    } else {
        if (next_table == RAM_PAGES)
            return NULL;
        p = machine.ram + (size_t)next_table++ * PAGE_SIZE;
    }
    memset(p, 0, PAGE_SIZE);
    machine.tables++;
    return p;
}

void
kernel_table_page_free(void *page)
{
    memcpy(page, &free_tables, sizeof(free_tables));
    free_tables = page;
    machine.tables--;
}

static uint64_t
slice(void *arg)
{
    (void)arg;
    return machine.slice_ns;
}

static bool
tick(void *arg, bool preempted)
{
    (void)arg;
    machine.ticks++;
    machine.preemptions += preempted;
    return preempted && machine.irq;
}

int
machine_start(enum host_user_backend backend, bool pin)
{
    struct host_user_config config = {
        .ram_size = (uint64_t)RAM_PAGES * PAGE_SIZE,
        .backend = backend,
        .pin = pin,
        .own_time = machine.own_time,
        .slice_ns = slice,
        .tick = tick,
    };
    int err;

    machine.fd = memfd_create("ram", MFD_CLOEXEC);
    if (machine.fd < 0 || ftruncate(machine.fd, (off_t)config.ram_size) < 0)
        return -errno;
    machine.ram = mmap(NULL, config.ram_size, PROT_READ | PROT_WRITE, MAP_SHARED, machine.fd, 0);
    if (machine.ram == MAP_FAILED)
        return -errno;
    machine.fail_after = -1;
    machine.slice_ns = UINT64_MAX;
    free_tables = NULL;
    next_table = TABLE_PAGE;
    config.ram_fd = machine.fd;
    config.ram_base = machine.ram;
    err = host_user_init(&config);
    if (err < 0)
        machine_stop();
    return err;
}

void
machine_stop(void)
{
    host_user_fini();
    munmap(machine.ram, (size_t)RAM_PAGES * PAGE_SIZE);
    close(machine.fd);
}

static void
must(int err)
{
    if (err != 0) {
        fprintf(stderr, "user_machine: error %d\n", err);
        abort();
    }
}

void
prog_start(struct prog *p, const void *code, size_t size)
{
    memset(p, 0, sizeof(*p));
    memcpy(machine.ram + (size_t)CODE_PAGE * PAGE_SIZE, code, size);
    must(hal_space_create(&p->space));
    must(hal_space_map(p->space, uaddr(CODE_VA), paddr((uint64_t)CODE_PAGE * PAGE_SIZE), 1,
                       HAL_PROT_READ | HAL_PROT_EXEC));
    must(hal_space_map(p->space, uaddr(DATA_VA), paddr((uint64_t)DATA_PAGE * PAGE_SIZE), 1,
                       HAL_PROT_READ | HAL_PROT_WRITE));
    must(hal_space_map(p->space, uaddr(STACK_VA), paddr((uint64_t)STACK_PAGE * PAGE_SIZE), 1,
                       HAL_PROT_READ | HAL_PROT_WRITE));
    must(hal_user_init(&p->user, uaddr(CODE_VA), uaddr(STACK_VA + PAGE_SIZE)));
}

void
prog_end(struct prog *p)
{
    hal_user_fini(&p->user);
    hal_space_destroy(p->space);
}

void
prog_run(struct prog *p)
{
    hal_user_run(&p->user, p->space, &p->stop);
    (void)hal_user_registers(&p->user); /* for tests that look at user.regs */
}

void
prog_run_on(struct prog *p)
{
    hal_user_run(&p->user, p->space, &p->stop);
}
