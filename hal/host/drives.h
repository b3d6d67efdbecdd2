/* Disk images of the command line and the console: files, and the slots they are in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct sim;
struct sim_image;

struct drive {
    const char *file;
    bool read_only, scratch;
};

/* "file=IMG[,ro][,scratch]", which is cut into its words.  NULL, or what is wrong with `*bad`. */
const char *drive_parse(char *words, struct drive *out, const char **bad);

/* Open the file for a slot; the image's other fields are cleared.  0 or a negative errno. */
int drive_open(const struct drive *d, const char *slot, struct sim_image *image);

/* The console's plug and unplug: a file into a device, or nothing (`words` NULL), or what was in it when the machine was made (`words` empty).
 * A file that was plugged in before is the same medium, with its serial number.  NULL, or what is wrong. */
const char *drive_plug(struct sim *sim, const char *device, char *words);
