/* The Ethernet controller's cable.  See devices/eth_stellaris.c. */
#pragma once

#include <stdbool.h>

#include <sim/model.h>

/* Somebody is at the other end of the cable, or nobody. */
void eth_stellaris_link(struct model *eth, bool up);
