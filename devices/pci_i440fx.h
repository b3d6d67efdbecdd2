/* The 440FX host bridge with the PIIX3 behind it; see devices/pci_i440fx.c. */
#pragma once

#include <sim/model.h>

extern const struct model_class pci_i440fx_class;      /* "intel,i440fx": as firmware leaves it */
extern const struct model_class pci_i440fx_cold_class; /* "intel,i440fx-cold": as reset leaves it */
