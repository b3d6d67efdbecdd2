/* The contents of the flash memory model.  See devices/flash_lm3s.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <sim/model.h>

enum { FLASH_LM3S_SIZE = 256 << 10 };

/* The bytes, as the processor reads them from address 0 on; FLASH_LM3S_SIZE of them. */
const uint8_t *flash_lm3s_bytes(const struct model *flash);
/* Put an image there, as a programmer does.  -EINVAL: outside. */
int flash_lm3s_load(struct model *flash, size_t at, const void *bytes, size_t n);
