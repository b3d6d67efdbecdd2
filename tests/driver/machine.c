/* The machine of the driver tests: see machine.h. */
#include <kernel/core/assert.h>
#include <kernel/core/fmt.h>
#include <kernel/core/log.h>
#include <kernel/core/timer.h>
#include <kernel/mm/kmem.h>
#include <kernel/mm/page.h>
#include <kernel/sched/thread.h>

#include <hal/space.h>
#include <hal/upcall.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hal/host/stub.h>
#include <sim/models.h>
#include <sim/ram.h>

#include "machine.h"

enum { RAM_SIZE = 8 << 20 };

bool machine_errors_expected;
uint64_t machine_fail_at;
uint64_t machine_fail_count = 1000;

static char log_text[1 << 18];
static size_t log_len;
static void (*test_body)(void);
static void (*before_attach)(void);
static struct thread test_thread;
static const struct board *test_board;

const char *
machine_log(void)
{
    return log_text;
}

static void
machine_logs(void *arg unused_param, const char *text, size_t len)
{
    if (len > sizeof log_text - 1 - log_len)
        len = sizeof log_text - 1 - log_len;
    memcpy(log_text + log_len, text, len);
    log_len += len;
    if (getenv("DRIVER_TEST_LOG") != NULL)
        fwrite(text, 1, len, stderr);
}

static void machine_exit(void *arg, int code) noreturn_fn;

static void
machine_exit(void *arg unused_param, int code)
{
    if (code != 0)
        fprintf(stderr, "machine ended with %d; kernel log:\n%s", code, log_text);
    exit(code);
}

static void
violation(void *arg unused_param, const struct sim_violation *v)
{
    char text[200];

    fprintf(stderr, "guest error: %s\n", sim_violation_text(v, text, sizeof text));
    if (!machine_errors_expected)
        machine_exit(NULL, HOST_EXIT_VIOLATION);
}

static void
test_main(void *arg unused_param)
{
    if (before_attach != NULL)
        before_attach();
    if (machine_fail_at != 0)
        kmem_fail_at(machine_fail_at, machine_fail_count);
    device_attach_all(test_board);
    test_body();
    machine_exit(NULL, 0);
}

void
kernel_main(const struct boot_info *boot)
{
    log_set_level(LOG_DEBUG);
    page_init(boot->ram_base, boot->ram_size);
    kmem_init();
    timer_table_init();
    sched_init();
    test_board = boot->board;
    if (thread_create(&test_thread, "test", test_main, NULL) < 0)
        panic("no memory for the test's thread");
    thread_start(&test_thread);
    sched_idle_loop();
}

void
machine_run(const struct machine_config *config, void (*body)(void))
{
    struct sim_config sim = {
        .ram_size = RAM_SIZE,
        .seed = 1,
        .epoch_s = 1000000000,
        .strict = SIM_STRICT,
        .dma_noncoherent = config->dma_noncoherent,
        .violation = violation,
        .images = config->images,
        .image_count = config->image_count,
    };

    test_body = body;
    before_attach = config->before_attach;
    host.sim = sim_create(&sim, config->board != NULL ? config->board : &board_pc, sim_models);
    if (host.sim == NULL)
        abort();
    stub_host.config.ram_base =
        sim_ram_base(host.sim); /* what the user-mode backend knows of the RAM */
    stub_host.config.ram_size = sim_ram_size(host.sim);
    host.hooks = (struct host_hooks){ .log = machine_logs, .exit = machine_exit };
    host.limit_ns = config->limit_ns != 0 ? config->limit_ns : 3600ull * 1000000000ull;
    host_boot(config->board != NULL ? config->board : &board_pc, "");
}
