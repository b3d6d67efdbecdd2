/* The host's end of a serial port. */
#include <string.h>

#include <sim/machine.h>

struct sim_char *
sim_char_find(const struct sim *sim, const char *name)
{
    for (struct sim_char *port = sim->chars; port; port = port->next) {
        if (strcmp(port->owner->name, name) == 0) {
            return port;
        }
    }
    return NULL;
}

void
sim_char_connect(struct sim_char *port, int (*out)(void *arg, const uint8_t *bytes, size_t n),
                 void (*ready)(void *arg), void *arg)
{
    port->out = out;
    port->ready = ready;
    port->arg = arg;
}

size_t
sim_char_input(struct sim_char *port, const uint8_t *bytes, size_t n)
{
    size_t taken = port->input(port->owner, bytes, n);

    model_update(port->owner);
    return taken;
}

void
sim_char_resume(struct sim_char *port)
{
    if (port->resume) {
        port->resume(port->owner);
        model_update(port->owner);
    }
}

size_t
sim_char_out(struct sim_char *port, const uint8_t *bytes, size_t n)
{
    int taken;

    if (!port->out) {
        return n;
    }
    taken = port->out(port->arg, bytes, n);
    return taken < 0 ? 0 : (size_t)taken < n ? (size_t)taken : n;
}
