/* The bus: finds the region of an access and hands it over. */
#include <assert.h>
#include <string.h>

#include <sim/machine.h>

static bool
space_fits(enum sim_space space, uint64_t base, uint64_t size)
{
    if (size == 0 || base + (size - 1) < base) {
        return false;
    }
    return space == SIM_MMIO ||
           (space == SIM_PORT ? base + (size - 1) < PORT_SPACE : base + (size - 1) <= UINT32_MAX);
}

/* Ports are looked up in a table, rebuilt when a region changes; the first claim wins. */
static void
remap_ports(struct sim *sim)
{
    struct sim_space_map *map = &sim->space[SIM_PORT];

    memset(sim->port_map, 0, PORT_SPACE);
    for (unsigned i = map->count; i-- > 0;) {
        const struct sim_region *r = map->region[i];

        if (r->enabled) {
            memset(sim->port_map + r->base, (int)(i + 1), (size_t)r->size);
        }
    }
}

static bool
any_overlap(const struct sim_space_map *map)
{
    for (unsigned i = 0; i < map->count; i++) {
        for (unsigned k = i + 1; k < map->count; k++) {
            const struct sim_region *a = map->region[i], *b = map->region[k];

            if (a->enabled && b->enabled && a->base <= b->base + (b->size - 1) &&
                b->base <= a->base + (a->size - 1)) {
                return true;
            }
        }
    }
    return false;
}

static void
region_changed(struct sim *sim, enum sim_space space)
{
    sim->space[space].last = NULL;
    if (space == SIM_PORT) {
        remap_ports(sim);
    } else {
        sim->space[space].overlaps = any_overlap(&sim->space[space]);
    }
}

int
bus_add(struct sim_region *region)
{
    struct sim *sim = region->owner->sim;
    struct sim_space_map *map = &sim->space[region->space];

    if (region->enabled && !space_fits(region->space, region->base, region->size)) {
        return -EINVAL;
    }
    if (map->count == REGIONS_MAX) {
        return -ENOSPC;
    }
    region->id = map->count;
    map->region[map->count++] = region;
    region_changed(sim, region->space);
    return 0;
}

void
bus_remove(struct sim_region *region)
{
    struct sim_space_map *map = &region->owner->sim->space[region->space];

    for (unsigned i = region->id; i + 1 < map->count; i++) {
        map->region[i] = map->region[i + 1];
        map->region[i]->id = i;
    }
    map->count--;
    region_changed(region->owner->sim, region->space);
}

void
sim_region_set(struct sim_region *region, uint64_t base, bool enabled)
{
    enabled = enabled && space_fits(region->space, base, region->size);
    if (region->base != base || region->enabled != enabled) {
        region->base = base;
        region->enabled = enabled;
        region_changed(region->owner->sim, region->space);
    }
}

static bool
covers(const struct sim_region *r, uint64_t addr, unsigned width)
{
    return r->enabled && addr >= r->base && addr - r->base < r->size &&
           width <= r->size - (addr - r->base);
}

static struct sim_region *
region_at(struct sim *sim, enum sim_space space, uint64_t addr, unsigned width)
{
    struct sim_space_map *map = &sim->space[space];

    if (space == SIM_PORT) {
        unsigned id = addr < PORT_SPACE ? sim->port_map[addr] : 0;

        return id && covers(map->region[id - 1], addr, width) ? map->region[id - 1] : NULL;
    }
    if (map->last && covers(map->last, addr, width)) {
        return map->last;
    }
    for (unsigned i = 0; i < map->count; i++) {
        if (covers(map->region[i], addr, width)) {
            map->last = map->overlaps ? NULL : map->region[i];
            return map->region[i];
        }
    }
    return NULL;
}

static void
unclaimed(struct sim *sim, enum sim_space space, uint64_t addr, unsigned width, bool write,
          uint64_t value)
{
    if (space == SIM_PCI) {
        return; /* how a bus is enumerated */
    }
    sim->unclaimed++;
    sim_violate(sim, &(struct sim_violation){
                         .kind = SIM_V_UNCLAIMED,
                         .write = write,
                         .width = width,
                         .addr = addr,
                         .value = value,
                         .dev = space == SIM_PORT  ? "port"
                                : space == SIM_MSR ? "msr"
                                                   : "mmio",
                     });
}

uint64_t
sim_bus_read(struct sim *sim, enum sim_space space, uint64_t addr, unsigned width)
{
    struct sim_region *r;
    uint64_t value;

    assert(space < SIM_SPACES && (width == 1 || width == 2 || width == 4 || width == 8));
    sim_charge(sim, sim->access_ns);
    r = region_at(sim, space, addr, width);
    if (!r) {
        unclaimed(sim, space, addr, width, false, 0);
        return ones(width);
    }
    sim->busy++;
    if (r->bank) {
        value = bank_read(r->bank, r->bank_off + (uint32_t)(addr - r->base), width);
    } else {
        value = r->ops->read(r->owner, addr - r->base, width) & ones(width);
        if (sim->trace_globs && trace_wants(sim, r->owner->name, r->name)) {
            trace_emit(sim, r->owner->name, r->name, false, width, value);
        }
    }
    model_update(r->owner);
    sim->busy--;
    return value;
}

void
sim_bus_write(struct sim *sim, enum sim_space space, uint64_t addr, unsigned width, uint64_t value)
{
    struct sim_region *r;

    assert(space < SIM_SPACES && (width == 1 || width == 2 || width == 4 || width == 8));
    value &= ones(width);
    sim_charge(sim, sim->access_ns);
    r = region_at(sim, space, addr, width);
    if (!r) {
        unclaimed(sim, space, addr, width, true, value);
        return;
    }
    sim->busy++;
    if (r->bank) {
        bank_write(r->bank, r->bank_off + (uint32_t)(addr - r->base), width, value);
    } else {
        if (sim->trace_globs && trace_wants(sim, r->owner->name, r->name)) {
            trace_emit(sim, r->owner->name, r->name, true, width, value);
        }
        r->ops->write(r->owner, addr - r->base, width, value);
    }
    model_update(r->owner);
    sim->busy--;
}
