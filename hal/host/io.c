/* Register accesses: a call into the model on the bus.  Every access is a point where interrupts are delivered. */
#include <hal/io.h>
#include <hal/power.h>
#include <sim/bus.h>

#include "host.h"

static enum sim_space
check(const struct io *io, uint32_t off, unsigned width)
{
    if (off > io->size || width > io->size - off)
        hal_panic("register access outside its range");
    return io->space == IO_PORT ? SIM_PORT : SIM_MMIO;
}

uint64_t
hal_io_read(const struct io *io, uint32_t off, unsigned width)
{
    enum sim_space space = check(io, off, width);
    uint64_t v = sim_bus_read(host.sim, space, io->base + off, width);

    host_check_end();
    host_deliver();
    return v;
}

void
hal_io_write(const struct io *io, uint32_t off, unsigned width, uint64_t value)
{
    enum sim_space space = check(io, off, width);

    sim_bus_write(host.sim, space, io->base + off, width, value);
    host_check_end();
    host_deliver();
}
