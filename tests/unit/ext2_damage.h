/* Damage to ext2 images, one piece at a time: what is where in the image, and one try of what the kernel makes of it.
 *
 * For the thread of fake_fs_run().  The image of tests/unit/mkext2.py that was loaded last stays readable as it was made; poke() changes
 * the disk.  Each try mounts, walks, unmounts, checks that nothing leaked and that metadata was not written over, and puts the disk
 * back.  ONLY=TEXT in the environment: only tries whose name contains the text, and what each came to. */
#pragma once

#include <kernel/trusted/field.h>

#include "fake_fs.h"

enum { ROOT = 2, DOING = 160 };

/* The image as made; its block size, inodes per group, blocks. */
extern struct cspan img;
extern uint32_t bs, ipg, blocks_count;
extern unsigned tried, refused;

void load(const char *kind);
/* Offsets in the image, and numbers found there. */
size_t group_at(uint32_t group);
size_t inode_at(uint32_t ino);
uint32_t block_of(uint32_t ino, unsigned i);     /* slot i of its map */
size_t entry_at(uint32_t dir, const char *name); /* in the directory's first block */
uint32_t ino_of(const char *name);               /* in the root */

void poke(size_t at, unsigned size, uint64_t v);
/* The undamaged image, first of all: everything must work. */
void try_unharmed(void);
/* What poke() has made of the disk. */
void try_named(const char *what);

/* Each field (until a NULL name) through all bad values; `what`: what it is a field of. */
struct field {
    const char *name;
    unsigned off, size;
};
void try_field(const char *what, const char *name, size_t at, unsigned size);
void try_fields(const char *what, size_t base, const struct field *fields);
