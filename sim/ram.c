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
        (struct sim_grant){ .model = model, .addr = addr, .len = len, .dir = dir };
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

/* How many bytes from `addr` on a single grant covers; 0: none. */
static uint64_t
granted(const struct sim *sim, const struct model *model, uint64_t addr, unsigned dir)
{
    uint64_t most = 0;

    for (size_t i = sim->grant_count; i-- > 0;) {
        const struct sim_grant *g = &sim->grants[i];

        if (g->model == model && (g->dir & dir) && addr >= g->addr && addr - g->addr < g->len) {
            uint64_t n = g->len - (addr - g->addr);

            most = n > most ? n : most;
        }
    }
    return most;
}

static bool
dma_allowed(struct model *model, uint64_t addr, size_t len, unsigned dir)
{
    uint64_t at = addr;
    size_t left = len;

    while (left) {
        uint64_t n = granted(model->sim, model, at, dir);

        if (n == 0) {
            dma_error(model->sim, model->name, dir == SIM_DMA_FROM_DEVICE, addr, len,
                      dir == SIM_DMA_FROM_DEVICE ? "DMA write without a grant"
                                                 : "DMA read without a grant");
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
    if (!dma_allowed(model, addr, len, SIM_DMA_TO_DEVICE)) {
        memset(buf, 0xff, len);
        return false;
    }
    copy_unchecked(buf, model->sim->ram + addr, len);
    return true;
}

bool
sim_dma_write(struct model *model, uint64_t addr, const void *buf, size_t len)
{
    if (!dma_allowed(model, addr, len, SIM_DMA_FROM_DEVICE)) {
        return false;
    }
    copy_unchecked(model->sim->ram + addr, buf, len);
    return true;
}
