/* R12: a value of one enumeration where another belongs.
 * expect: implicit conversion from enumeration type
 */
#include <hal/dma.h>
#include <hal/io.h>

enum io_space where(bool port);

enum io_space
where(bool port)
{
#ifdef WRONG
    return port ? IO_PORT : HAL_DMA_BOTH;
#else
    return port ? IO_PORT : IO_MMIO;
#endif
}
