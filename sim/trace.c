/* Trace points by register name. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sim/machine.h>

bool
trace_wants(const struct sim *sim, const char *dev, const char *reg)
{
    char name[80];

    if (!sim->trace_globs) {
        return false;
    }
    snprintf(name, sizeof name, "%s.%s", dev, reg);
    /* trace_globs is a list of strings, each with its terminator, ended by an empty one. */
    for (const char *glob = sim->trace_globs; *glob; glob += strlen(glob) + 1) {
        if (fnmatch(glob, name, 0) == 0) {
            return true;
        }
    }
    return false;
}

void
trace_bank(struct sim *sim, struct reg_bank *bank)
{
    for (unsigned i = 0; i < bank->class->count; i++) {
        bank->traced[i] = trace_wants(sim, bank->owner->name, bank->class->regs[i].name);
    }
}

void
trace_emit(struct sim *sim, const char *dev, const char *reg, bool write, unsigned width,
           uint64_t value)
{
    if (sim->trace_sink) {
        sim->trace_sink(sim->trace_arg, &(struct sim_trace_entry){
                                            .at_ns = sim->now_ns,
                                            .dev = dev,
                                            .reg = reg,
                                            .write = write,
                                            .width = width,
                                            .value = value,
                                        });
    }
}

/* "a.*,b.*" to "a.*\0b.*\0\0"; empty parts are dropped. */
static char *
split_globs(const char *globs)
{
    size_t len = strlen(globs);
    char *list = calloc(len + 2, 1);
    char *to = list;

    for (const char *p = globs; list && *p; p++) {
        if (*p != ',') {
            *to++ = *p;
        } else if (to != list && to[-1]) {
            to++;
        }
    }
    return list;
}

int
sim_trace_set(struct sim *sim, const char *globs,
              void (*sink)(void *arg, const struct sim_trace_entry *entry), void *arg)
{
    char *list = NULL;

    if (globs && *globs && sink) {
        list = split_globs(globs);
        if (!list) {
            return -ENOMEM;
        }
    }
    free(sim->trace_globs);
    sim->trace_globs = list;
    sim->trace_sink = sink;
    sim->trace_arg = arg;
    for (struct model *m = sim->models; m; m = m->next) {
        for (struct reg_bank *bank = m->banks; bank; bank = bank->next_of_model) {
            trace_bank(sim, bank);
        }
    }
    return 0;
}
