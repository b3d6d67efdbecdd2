/* A register write through the HAL's typed accessor, with a range that the compiler knows, and the instruction itself: safety_cost.py
 * compares them.  And what a driver has: a range that it was handed.  Never run. */
#include <hal/io.h>
#include <hal/x86_64/io_raw.h>

void port_typed8(uint8_t v);
void port_raw8(uint8_t v);
void port_typed32(uint32_t v);
void port_raw32(uint32_t v);
uint8_t port_typed_read8(void);
uint8_t port_raw_read8(void);
void port_of_driver(const struct io *io, uint8_t v);
void port_of_driver_inside(const struct io *io, uint32_t off, unsigned width, uint64_t v);

static const struct io exit_port = { .base = 0xf4, .size = 4, .space = IO_PORT };
static const struct io pci = { .base = 0xcf8, .size = 8, .space = IO_PORT };

void
port_typed8(uint8_t v)
{
    io_check(&exit_port, 1, 1);
    io_raw_write(&exit_port, 1, 1, v);
}

void
port_raw8(uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"((uint16_t)0xf5) : "memory");
}

void
port_typed32(uint32_t v)
{
    io_check(&pci, 4, 4);
    io_raw_write(&pci, 4, 4, v);
}

void
port_raw32(uint32_t v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"((uint16_t)0xcfc) : "memory");
}

uint8_t
port_typed_read8(void)
{
    io_check(&pci, 4, 1);
    return (uint8_t)io_raw_read(&pci, 4, 1);
}

uint8_t
port_raw_read8(void)
{
    uint8_t v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"((uint16_t)0xcfc) : "memory");
    return v;
}

void
port_of_driver(const struct io *io, uint8_t v)
{
    io_write8(io, 1, v);
}

/* The body of hal_io_write(). */
void
port_of_driver_inside(const struct io *io, uint32_t off, unsigned width, uint64_t v)
{
    io_check(io, off, width);
    io_raw_write(io, off, width, v);
}
