/* The first files of a root file system in memory. */
#pragma once

#include <kernel/trusted/span.h>

/* Make the directories and files of a cpio archive (newc, as Linux's initramfs).  -EINVAL: it is none; what was made stays. */
int must_check initrd_unpack(struct cspan archive);
