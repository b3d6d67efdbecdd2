/* What the ARMv7-M manual says that a memory protection unit with eight regions does (DDI 0403E, B3.5), as small as it can be written:
 * neither the model in devices/ nor the kernel's arithmetic is in it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { REF_REGIONS = 8 };
enum ref_access { REF_READ, REF_WRITE, REF_FETCH };

struct mpu_reference {
    uint32_t ctrl, number;
    uint32_t rbar[REF_REGIONS], rasr[REF_REGIONS];
};

/* A register is written; `off` from MPU_TYPE. */
void ref_write(struct mpu_reference *m, uint32_t off, uint32_t value);

/* What is UNPREDICTABLE about the regions; NULL: nothing. */
const char *ref_unpredictable(const struct mpu_reference *m);

/* ValidateAddress() and CheckPermission() for one byte. */
bool ref_allows(const struct mpu_reference *m, uint32_t addr, enum ref_access access,
                bool privileged);

/* Can one region allow exactly the bytes from `start` to before `end`? */
bool ref_expressible(uint64_t start, uint64_t end);
