/* The IDE function of the PIIX3, from the host's side; see devices/ide_piix3.c. */
#pragma once

#include <devices/ata_disk.h>
#include <sim/model.h>

/* Function 1 of the PIIX3, added by its bridge: as firmware leaves it, and as reset leaves it. */
extern const struct model_class ide_piix3_class;
extern const struct model_class ide_piix3_cold_class;

/* How long things take; for the whole controller, from the next command on.  `ide`:
 * sim_model_find(sim, "ide0"). */
void ide_piix3_set_timing(struct model *ide, const struct ata_timing *timing);

/* Arm faults of the drive at `channel`.`drive`, replacing what was armed; the counts in it start at
 * the drive's power-on. *seen (may be NULL) gets how many commands, reads, writes and flushes there
 * were.  -ENODEV: no such drive. */
struct ide_counts {
    uint64_t commands, reads, writes, flushes;
};
int ide_piix3_set_faults(struct model *ide, unsigned channel, unsigned drive,
                         const struct ata_faults *faults);
int ide_piix3_counts(const struct model *ide, unsigned channel, unsigned drive,
                     struct ide_counts *seen);
