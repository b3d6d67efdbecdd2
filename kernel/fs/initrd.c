/* The first files: see initrd.h. */
#include <kernel/fs/initrd.h>

struct initrd initrd;
