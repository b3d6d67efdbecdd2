/* For hal_user_run(): load a space's tables, if they are not, or not as they are now.  Interrupts off. */
#pragma once

struct hal_space;

void x86_space_activate(const struct hal_space *space);
