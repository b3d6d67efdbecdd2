/* Simulated RAM and the grants that devices access it under. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sim/machine.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RAM_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define RAM_ASAN 1
#endif

enum { HOST_PAGE = 4096 };

#ifdef RAM_ASAN
#include <sanitizer/asan_interface.h>

/* A device does not know what the kernel's allocator has poisoned.  Word by word through volatile,
 * so that no compiler turns the loop back into a checked memcpy(). */
__attribute__((no_sanitize_address)) static void
copy_unchecked(void *to, const void *from, size_t len)
{
    volatile uint8_t *t = to;
    const volatile uint8_t *f = from;

    if (((uintptr_t)t | (uintptr_t)f) % 8 == 0) {
        for (; len >= 8; len -= 8, t += 8, f += 8) {
            *(volatile uint64_t *)t = *(const volatile uint64_t *)f;
        }
    }
    while (len--) {
        *t++ = *f++;
    }
}
#else
static void
copy_unchecked(void *to, const void *from, size_t len)
{
    memcpy(to, from, len);
}
#endif

int
ram_create(struct sim *sim)
{
    uint64_t base = sim->config.ram_base ? sim->config.ram_base : SIM_RAM_BASE;
    void *want = base == SIM_RAM_ANY ? NULL : (void *)(uintptr_t)base;
    void *got;

    if (sim->ram_size == 0 || sim->ram_size % HOST_PAGE) {
        return -EINVAL;
    }
    sim->ram_fd = memfd_create("drydock-ram", MFD_CLOEXEC);
    if (sim->ram_fd < 0 || ftruncate(sim->ram_fd, (off_t)sim->ram_size) < 0) {
        return -errno;
    }
    got = mmap(want, (size_t)sim->ram_size, PROT_READ | PROT_WRITE,
               MAP_SHARED | (want ? MAP_FIXED_NOREPLACE : 0), sim->ram_fd, 0);
    if (got == MAP_FAILED) {
        return -errno;
    }
    sim->ram = got;
    if (sim->config.dma_noncoherent) {
        sim->dma_view = mmap(NULL, (size_t)sim->ram_size, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (sim->dma_view == MAP_FAILED) {
            sim->dma_view = NULL;
            return -errno;
        }
    }
    if (want && got != want) { /* a host older than MAP_FIXED_NOREPLACE takes it as a hint */
        return -EEXIST;
    }
    return 0;
}

void
ram_destroy(struct sim *sim)
{
    if (sim->ram) {
#ifdef RAM_ASAN
        /* Whoever maps something here next must not find this machine's poison. */
        ASAN_UNPOISON_MEMORY_REGION(sim->ram, (size_t)sim->ram_size);
#endif
        munmap(sim->ram, (size_t)sim->ram_size);
    }
    if (sim->dma_view) {
        munmap(sim->dma_view, (size_t)sim->ram_size);
    }
    if (sim->ram_fd >= 0) {
        close(sim->ram_fd);
    }
}

int
sim_ram_fd(const struct sim *sim)
{
    return sim->ram_fd;
}

void *
sim_ram_base(const struct sim *sim)
{
    return sim->ram;
}

uint64_t
sim_ram_size(const struct sim *sim)
{
    return sim->ram_size;
}

static void
dma_error(struct sim *sim, const char *dev, bool write, uint64_t addr, uint64_t len, const char *text)
{
    sim_violate(sim, &(struct sim_violation){
                         .kind = SIM_V_DMA,
                         .write = write,
                         .width = len > UINT32_MAX ? UINT32_MAX : (unsigned)len,
                         .addr = addr,
                         .dev = dev,
                         .text = text,
                     });
}

int
sim_dma_grant(struct sim *sim, const char *dev, uint64_t addr, uint64_t len, unsigned dir)
{
    struct model *model = sim_model_find(sim, dev);

    if (!model) {
        return -ENODEV;
    }
    if (len == 0 || addr > sim->ram_size || len > sim->ram_size - addr ||
        !(dir & (SIM_DMA_TO_DEVICE | SIM_DMA_FROM_DEVICE))) {
        return -EINVAL;
    }
    if (sim->grant_count == sim->grant_cap) {
        size_t cap = sim->grant_cap ? 2 * sim->grant_cap : 64;
        struct sim_grant *grants = realloc(sim->grants, cap * sizeof(struct sim_grant));

        if (!grants) {
            return -ENOMEM;
        }
        sim->grants = grants;
        sim->grant_cap = cap;
    }
    sim->grants[sim->grant_count++] =
        (struct sim_grant){ .model = model,
                            .addr = addr,
                            .len = len,
                            .dir = dir,
                            .turn = dir & SIM_DMA_TURNS ? GRANT_CPU : GRANT_SHARED };
    return 0;
}

int
sim_dma_revoke(struct sim *sim, const char *dev, uint64_t addr, uint64_t len)
{
    struct model *model = sim_model_find(sim, dev);

    /* The newest first: grants come and go like a stack. */
    for (size_t i = sim->grant_count; i-- > 0;) {
        struct sim_grant *g = &sim->grants[i];

        if (g->model == model && g->addr == addr && g->len == len) {
            if (g->written) {
                dma_error(
                    sim, model->name, true, addr, len,
                    "revoke of a buffer that the device wrote and nobody took back (acquire)");
            }
            sim->revoked[sim->revoked_count++ % REVOKED_MAX] = *g;
            *g = sim->grants[--sim->grant_count];
            return 0;
        }
    }
    dma_error(sim, dev, true, addr, len, "revoke of a grant that is not there");
    return -ENOENT;
}

size_t
sim_dma_grants(const struct sim *sim)
{
    return sim->grant_count;
}

/* Whole cache lines, from the CPU's view to the devices' or back. */
static void
move_lines(struct sim *sim, uint64_t addr, uint64_t len, bool to_device)
{
    uint64_t first = addr & ~(uint64_t)(SIM_CACHE_LINE - 1);
    uint64_t end = (addr + len + SIM_CACHE_LINE - 1) & ~(uint64_t)(SIM_CACHE_LINE - 1);
    uint8_t *cpu = sim->ram + first, *dev = sim->dma_view + first;

    if (to_device) {
        copy_unchecked(dev, cpu, (size_t)(end - first));
    } else {
        copy_unchecked(cpu, dev, (size_t)(end - first));
    }
}

void
sim_dma_handover(struct sim *sim, uint64_t addr, uint64_t len, bool to_device)
{
    if (addr > sim->ram_size || len > sim->ram_size - addr) {
        dma_error(sim, "", to_device, addr, len, "handover of what is not RAM");
        return;
    }
    for (size_t i = 0; i < sim->grant_count; i++) {
        struct sim_grant *g = &sim->grants[i];

        if (g->addr >= addr && g->addr + g->len <= addr + len) {
            g->turn = to_device ? GRANT_DEVICE : GRANT_CPU;
            g->written = false;
        }
    }
    if (sim->dma_view && len) {
        move_lines(sim, addr, len, to_device);
    }
}

/* How many bytes from `addr` on one grant covers that lets the device at them; 0: none. */
static uint64_t
granted(const struct sim *sim, const struct model *model, uint64_t addr, unsigned dir)
{
    uint64_t most = 0;

    for (size_t i = sim->grant_count; i-- > 0;) {
        struct sim_grant *g = &sim->grants[i];

        if (g->model == model && (g->dir & dir) && g->turn != GRANT_CPU && addr >= g->addr &&
            addr - g->addr < g->len) {
            uint64_t n = g->len - (addr - g->addr);

            most = n > most ? n : most;
            g->written |= dir == SIM_DMA_FROM_DEVICE && g->turn == GRANT_DEVICE;
        }
    }
    return most;
}

/* Memory as the device sees it at `addr`, which is granted. */
static uint8_t *
device_view(struct sim *sim, const struct model *model, uint64_t addr)
{
    for (size_t i = sim->grant_count; sim->dma_view && i-- > 0;) {
        const struct sim_grant *g = &sim->grants[i];

        if (g->model == model && addr >= g->addr && addr - g->addr < g->len &&
            g->turn == GRANT_DEVICE) {
            return sim->dma_view + addr;
        }
    }
    return sim->ram + addr;
}

static bool
covers(const struct sim_grant *g, const struct model *model, uint64_t addr)
{
    return g->model == model && addr >= g->addr && addr - g->addr < g->len;
}

/* What is wrong with an access that no grant allows. */
static const char *
why_not(const struct sim *sim, const struct model *model, uint64_t addr, bool write)
{
    size_t known = sim->revoked_count < REVOKED_MAX ? sim->revoked_count : REVOKED_MAX;

    for (size_t i = 0; i < sim->grant_count; i++) {
        if (!covers(&sim->grants[i], model, addr)) {
            continue;
        }
        if (sim->grants[i].turn == GRANT_CPU) {
            return write ? "DMA write to a buffer that is the CPU's now"
                         : "DMA read of a buffer that is the CPU's now";
        }
        return write ? "DMA write to a buffer granted for reading"
                     : "DMA read of a buffer granted for writing";
    }
    for (size_t i = 0; i < known; i++) {
        if (covers(&sim->revoked[i], model, addr)) {
            return write
                       ? "DMA write to a buffer that was taken back while the device still used it"
                       : "DMA read of a buffer that was taken back while the device still used it";
        }
    }
    return write ? "DMA write without a grant" : "DMA read without a grant";
}

static bool
dma_allowed(struct model *model, uint64_t addr, size_t len, unsigned dir)
{
    bool write = dir == SIM_DMA_FROM_DEVICE;
    uint64_t at = addr;
    size_t left = len;

    while (left) {
        uint64_t n = granted(model->sim, model, at, dir);

        if (n == 0) {
            dma_error(model->sim, model->name, write, addr, len,
                      why_not(model->sim, model, at, write));
            return false;
        }
        if (n >= left) {
            break;
        }
        at += n;
        left -= (size_t)n;
    }
    return true;
}

bool
sim_dma_read(struct model *model, uint64_t addr, void *buf, size_t len)
{
    struct sim *sim = model->sim;

    if (!dma_allowed(model, addr, len, SIM_DMA_TO_DEVICE)) {
        memset(buf, 0xff, len);
        return false;
    }
    copy_unchecked(buf, device_view(sim, model, addr), len);
    return true;
}

bool
sim_dma_write(struct model *model, uint64_t addr, const void *buf, size_t len)
{
    struct sim *sim = model->sim;

    if (!dma_allowed(model, addr, len, SIM_DMA_FROM_DEVICE)) {
        return false;
    }
    copy_unchecked(device_view(sim, model, addr), buf, len);
    return true;
}
