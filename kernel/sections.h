/* Included before every kernel file of a hosted clang build: the kernel's globals lie in two sections of their own, so that they can
 * be saved and restored by copying [__start_kdata, __stop_kdata) and [__start_kbss, __stop_kbss).  An attribute on each variable
 * would cost AddressSanitizer's guards between them.
 */
#pragma once

#pragma clang section bss = "kbss" data = "kdata"
