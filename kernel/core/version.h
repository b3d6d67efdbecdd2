/* What uname(2) and /proc/version say.  The release is the Linux one whose system calls are followed: C libraries ask for a minimum. */
#pragma once

#define KERNEL_OSTYPE  "Linux"
#define KERNEL_RELEASE "5.15.0-drydock"
#define KERNEL_VERSION "#1 Drydock 0.1"
