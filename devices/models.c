/* The list of all models.  See sim/models.h. */
#include <stddef.h>

#include <devices/models.h>
#include <sim/models.h>

const struct model_class *const sim_models[] = {
    &pic_8259_class, &pit_8254_class,   &uart_16550_class, &rtc_mc146818_class, &ioapic_class,
    &lapic_class,    &pci_i440fx_class, &exit_port_class,  &pm_port_class,      NULL,
};
