/* Making and ending a machine, its clock, and guest errors. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/machine.h>

static const struct model_class *
class_for(const struct model_class *const *models, const char *compatible)
{
    for (; *models; models++) {
        if (strcmp((*models)->compatible, compatible) == 0) {
            return *models;
        }
    }
    return NULL;
}

static int
add_board(struct sim *sim, const struct model_class *const *models)
{
    for (const struct board_dev *dev = sim->board->devs; dev->compatible; dev++) {
        const struct model_class *class = class_for(models, dev->compatible);
        int err;

        if (dev->space == BOARD_MEMORY) { /* the other part's model has it */
            continue;
        }
        if (!class) {
            sim_log(sim, "%s: no model for \"%s\"", dev->name, dev->compatible);
            continue;
        }
        err = model_add(sim, class, dev, NULL, NULL);
        if (err) {
            sim_log(sim, "%s: %s", dev->name, strerror(-err));
            return err;
        }
    }
    return 0;
}

static int
copy_images(struct sim *sim)
{
    size_t n = sim->config.image_count;

    if (n) {
        sim->images = calloc(n, sizeof(struct sim_image));
        if (!sim->images) {
            return -ENOMEM;
        }
        memcpy(sim->images, sim->config.images, n * sizeof(struct sim_image));
    }
    return 0;
}

struct sim *
sim_create(const struct sim_config *config, const struct board *board,
           const struct model_class *const *models)
{
    struct sim *sim = calloc(1, sizeof *sim);
    int err = -ENOMEM;

    if (!sim) {
        goto fail;
    }
    sim->config = *config;
    sim->board = board;
    sim->access_ns = config->access_ns == 0                 ? SIM_ACCESS_NS
                     : config->access_ns == SIM_ACCESS_FREE ? 0
                                                            : config->access_ns;
    sim->ram_size = config->ram_size ? config->ram_size : board->default_ram;
    sim->ram_fd = -1;
    sim->port_map = calloc(PORT_SPACE, 1);
    if (!sim->port_map) {
        goto fail;
    }
    err = copy_images(sim);
    if (!err) {
        err = ram_create(sim);
    }
    if (!err) {
        err = add_board(sim, models);
    }
    if (err) {
        goto fail;
    }
    sim_reset(sim);
    return sim;
fail:
    if (sim) {
        sim_destroy(sim);
    }
    errno = -err;
    return NULL;
}

void
sim_destroy(struct sim *sim)
{
    while (sim->models) {
        struct model *model = sim->models;

        sim->models = model->next;
        model_free(model);
    }
    ram_destroy(sim);
    free(sim->grants);
    free(sim->heap);
    free(sim->images);
    free(sim->port_map);
    free(sim->trace_globs);
    free(sim);
}

void
sim_reset(struct sim *sim)
{
    for (struct model *m = sim->models; m; m = m->next) {
        model_reset(m);
    }
}

const struct sim_config *
sim_config_of(const struct sim *sim)
{
    return &sim->config;
}

const struct board *
sim_board_of(const struct sim *sim)
{
    return sim->board;
}

uint64_t
sim_now(struct sim *sim)
{
    if (sim->config.clock) {
        uint64_t host = sim->config.clock(sim->config.arg);

        if (host > sim->now_ns) {
            sim->now_ns = host;
        }
    }
    return sim->now_ns;
}

void
sim_advance_to(struct sim *sim, uint64_t ns)
{
    if (sim->busy) {
        return;
    }
    event_run_due(sim, ns);
    if (ns > sim->now_ns && sim->ended == SIM_RUNNING) {
        sim->now_ns = ns;
    }
}

void
sim_charge(struct sim *sim, uint64_t ns)
{
    uint64_t until;

    if (sim->busy) {
        return;
    }
    until = sim->config.clock ? sim_now(sim) : sim->now_ns + ns;
    if (sim_next_event_ns(sim) <= until) {
        event_run_due(sim, until);
    }
    if (until > sim->now_ns) {
        sim->now_ns = until;
    }
}

enum sim_end
sim_run_until(struct sim *sim, uint64_t ns)
{
    sim_advance_to(sim, ns);
    return sim->ended;
}

void
sim_end(struct sim *sim, enum sim_end why, int code)
{
    unsigned busy = sim->busy;

    if (sim->ended != SIM_RUNNING) {
        return;
    }
    sim->ended = why;
    sim->end_code = code;
    if (sim->config.end) {
        sim->busy = 0; /* the hook may not come back */
        sim->config.end(sim->config.arg, why, code);
        sim->busy = busy;
    }
}

enum sim_end
sim_ended(const struct sim *sim, int *code_out)
{
    if (code_out && sim->ended != SIM_RUNNING) {
        *code_out = sim->end_code;
    }
    return sim->ended;
}

void
sim_log(struct sim *sim, const char *fmt, ...)
{
    char line[256];
    va_list ap;

    if (!sim->config.log) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    sim->config.log(sim->config.arg, line);
}

const char *
sim_violation_name(enum sim_violation_kind kind)
{
    static const char *const names[] = {
        [SIM_V_UNCLAIMED] = "nothing at this address",
        [SIM_V_NO_REG] = "no register at this offset",
        [SIM_V_WIDTH] = "wrong width or alignment",
        [SIM_V_RESERVED] = "reserved bit written",
        [SIM_V_WRITE_ONLY] = "write-only register read",
        [SIM_V_READ_ONLY] = "read-only register written",
        [SIM_V_DMA] = "DMA without a grant",
        [SIM_V_STATE] = "not allowed in this state",
    };

    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

const char *
sim_violation_text(const struct sim_violation *v, char *buf, size_t size)
{
    const char *sep = v->dev[0] && v->reg[0] ? "." : "";
    const char *what = v->text && v->text[0] ? v->text : sim_violation_name(v->kind);

    if (v->write) {
        snprintf(buf, size, "%s%s%s: %s: %u-byte write of %#llx at %#llx", v->dev, sep, v->reg,
                 what, v->width, (unsigned long long)v->value, (unsigned long long)v->addr);
    } else {
        snprintf(buf, size, "%s%s%s: %s: %u-byte read at %#llx", v->dev, sep, v->reg, what,
                 v->width, (unsigned long long)v->addr);
    }
    return buf;
}

void
sim_violate(struct sim *sim, const struct sim_violation *v)
{
    struct sim_violation copy = *v;
    char text[200];
    unsigned busy = sim->busy;

    copy.at_ns = sim->now_ns;
    copy.dev = copy.dev ? copy.dev : "";
    copy.reg = copy.reg ? copy.reg : "";
    copy.text = copy.text ? copy.text : sim_violation_name(copy.kind);
    if (copy.kind == SIM_V_UNCLAIMED && sim->config.strict == SIM_LENIENT) {
        sim_log(sim, "%s", sim_violation_text(&copy, text, sizeof text));
        return;
    }
    sim->violations++;
    sim_log(sim, "guest error: %s", sim_violation_text(&copy, text, sizeof text));
    if (sim->config.violation) {
        sim->busy = 0; /* the hook may not come back */
        sim->config.violation(sim->config.arg, &copy);
        sim->busy = busy;
    }
    if (sim->config.strict == SIM_FATAL) {
        sim_end(sim, SIM_END_VIOLATION, 4);
    }
}

uint64_t
sim_violations(const struct sim *sim)
{
    return sim->violations;
}

uint64_t
sim_unclaimed(const struct sim *sim)
{
    return sim->unclaimed;
}

uint64_t
sim_unimplemented(const struct sim *sim)
{
    return sim->unimplemented;
}

struct model *
sim_model_next(const struct sim *sim, const struct model *prev)
{
    return prev ? prev->next : sim->models;
}

struct model *
sim_model_find(const struct sim *sim, const char *name)
{
    for (struct model *m = sim->models; m; m = m->next) {
        if (strcmp(m->name, name) == 0 || (m->alias[0] && strcmp(m->alias, name) == 0)) {
            return m;
        }
    }
    return NULL;
}
