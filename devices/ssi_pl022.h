/* What is soldered to the pins of the PL022 model.  See devices/ssi_pl022.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sim/model.h>

/* A peripheral that is selected exchanges a word of `bits` bits, the most significant one first. */
struct ssi_peripheral {
    struct model *dev;
    bool (*selected)(const void *dev);
    uint16_t (*exchange)(void *dev, uint16_t out, unsigned bits);
};

/* For create() of the peripheral.  -ENOSPC: too many. */
int ssi_pl022_attach(struct model *ssi, const struct ssi_peripheral *peripheral);

/* "ssi0" and so on; NULL: there is none. */
struct model *ssi_pl022_find(const struct sim *sim, unsigned n);
