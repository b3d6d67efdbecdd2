/* Instances of models: how they come, reset and go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/machine.h>

int
model_add(struct sim *sim, const struct model_class *class, const struct board_dev *where,
          struct model *parent, struct model **out)
{
    struct model *model = calloc(1, class->size);
    struct model *before = sim->last_model;
    int err;

    if (!model) {
        return -ENOMEM;
    }
    model->sim = sim;
    model->class = class;
    model->parent = parent;
    snprintf(model->name, sizeof model->name, "%s", where->name);
    sim_stream_init(&model->random, sim->config.seed, model->name);
    if (before) {
        before->next = model;
    } else {
        sim->models = model;
    }
    sim->last_model = model;
    err = class->create(model, where);
    if (err) {
        /* Children it made stand behind it in the list and go with it. */
        sim->last_model = before;
        if (before) {
            before->next = NULL;
        } else {
            sim->models = NULL;
        }
        while (model) {
            struct model *next = model->next;

            model_free(model);
            model = next;
        }
        return err;
    }
    if (out) {
        *out = model;
    }
    return 0;
}

static void
drop_grants(struct model *model)
{
    struct sim *sim = model->sim;
    size_t kept = 0;

    for (size_t i = 0; i < sim->grant_count; i++) {
        if (sim->grants[i].model != model) {
            sim->grants[kept++] = sim->grants[i];
        }
    }
    sim->grant_count = kept;
}

void
model_free(struct model *model)
{
    struct sim *sim = model->sim;

    if (model->class->destroy) {
        model->class->destroy(model);
    }
    for (struct sim_event *ev = model->events; ev; ev = ev->next_of_model) {
        sim_event_cancel(ev);
    }
    for (struct sim_region *r = model->regions; r; r = r->next_of_model) {
        bus_remove(r);
    }
    for (struct reg_bank *bank = model->banks; bank; bank = bank->next_of_model) {
        free(bank->first);
        free(bank->next);
        free(bank->traced);
    }
    for (struct sim_char **p = &sim->chars; *p;) {
        if ((*p)->owner == model) {
            *p = (*p)->next;
        } else {
            p = &(*p)->next;
        }
    }
    for (struct sim_display **p = &sim->displays; *p;) {
        if ((*p)->owner == model) {
            *p = (*p)->next;
        } else {
            p = &(*p)->next;
        }
    }
    irq_forget(model);
    drop_grants(model);
    free(model);
}

void
model_set_alias(struct model *model, const char *alias)
{
    snprintf(model->alias, sizeof model->alias, "%s", alias);
}

int
model_bank_init(struct model *model, struct reg_bank *bank, const struct bank_class *class,
                uint64_t *val)
{
    unsigned bank_default = class->reg_size ? class->reg_size : 1;

    if (class->size > 0x10000 || class->count >= UINT16_MAX) {
        return -EINVAL;
    }
    *bank = (struct reg_bank){ .class = class, .owner = model, .val = val };
    bank->first = calloc(class->size ? class->size : 1, sizeof(uint16_t));
    bank->next = calloc(class->count ? class->count : 1, sizeof(uint16_t));
    bank->traced = calloc(class->count ? class->count : 1, 1);
    if (!bank->first || !bank->next || !bank->traced) {
        goto fail;
    }
    /* Backwards, so that each offset's chain is in the order of the table. */
    for (unsigned i = class->count; i-- > 0;) {
        const struct reg *r = &class->regs[i];
        unsigned size = r->size ? r->size : bank_default;

        if (r->offset == REG_INTERNAL) {
            continue;
        }
        if (size > 8 || r->offset > class->size || size > class->size - r->offset) {
            goto fail;
        }
        /* Registers that share an offset have the same size, so one chain serves all bytes. */
        bank->next[i] = bank->first[r->offset];
        for (unsigned b = 0; b < size; b++) {
            bank->first[r->offset + b] = (uint16_t)(i + 1);
        }
    }
    bank->next_of_model = model->banks;
    model->banks = bank;
    trace_bank(model->sim, bank);
    return 0;
fail:
    free(bank->first);
    free(bank->next);
    free(bank->traced);
    return class->size && bank->first && bank->next && bank->traced ? -EINVAL : -ENOMEM;
}

static int
add_region(struct model *model, struct sim_region *region)
{
    int err = bus_add(region);

    if (!err) {
        region->next_of_model = model->regions;
        model->regions = region;
    }
    return err;
}

int
model_region_bank(struct model *model, struct sim_region *region, enum sim_space space,
                  uint64_t base, uint64_t size, struct reg_bank *bank, uint32_t bank_off)
{
    *region = (struct sim_region){
        .owner = model,
        .name = bank->class->name ? bank->class->name : "",
        .space = space,
        .base = base,
        .size = size,
        .enabled = true,
        .bank = bank,
        .bank_off = bank_off,
    };
    return add_region(model, region);
}

int
model_region_ops(struct model *model, struct sim_region *region, enum sim_space space,
                 uint64_t base, uint64_t size, const char *name, const struct region_ops *ops)
{
    *region = (struct sim_region){
        .owner = model,
        .name = name,
        .space = space,
        .base = base,
        .size = size,
        .enabled = true,
        .ops = ops,
    };
    return add_region(model, region);
}

void
model_line_init(struct model *model, struct sim_line *line, unsigned n, const char *name, unsigned irq)
{
    *line = (struct sim_line){ .owner = model, .name = name, .irq = irq };
    if (n < MODEL_LINES) {
        model->line[n] = line;
    }
}

void
model_event_init(struct model *model, struct sim_event *ev, const char *name, void (*fn)(void *dev))
{
    sim_event_init(model->sim, ev, name, fn, model);
    ev->owner = model;
    ev->next_of_model = model->events;
    model->events = ev;
}

void
model_char_init(struct model *model, struct sim_char *port,
                size_t (*input)(void *dev, const uint8_t *bytes, size_t n), void (*resume)(void *dev))
{
    *port = (struct sim_char){
        .owner = model, .input = input, .resume = resume, .next = model->sim->chars
    };
    model->sim->chars = port;
}

enum sim_space
model_board_space(const struct board_dev *where)
{
    return where->space == BOARD_PORT ? SIM_PORT : SIM_MMIO;
}

void
model_set_irq(struct model *model, unsigned line, bool level)
{
    if (line < MODEL_LINES && model->line[line]) {
        sim_line_set(model->line[line], level);
    }
}

void
model_update(struct model *model)
{
    if (model->class->update) {
        model->class->update(model);
    }
}

int
model_plug(struct model *model, struct sim_image *image)
{
    if (!model->class->plug) {
        return -EOPNOTSUPP;
    }
    model->class->plug(model, image);
    model_update(model);
    return 0;
}

void
model_reset(struct model *model)
{
    for (struct sim_event *ev = model->events; ev; ev = ev->next_of_model) {
        sim_event_cancel(ev);
    }
    for (struct reg_bank *bank = model->banks; bank; bank = bank->next_of_model) {
        for (unsigned i = 0; i < bank->class->count; i++) {
            bank->val[i] = bank->class->regs[i].reset;
        }
    }
    if (model->class->reset) {
        model->class->reset(model);
    }
    model_update(model);
}
