/* The FPU state of user contexts.  Private to hal/x86_64. */
#pragma once

#include <hal/user.h>

/* Boot: find out what images look like; after x86_features_init(). */
void x86_fp_setup(void);
int must_check x86_fp_init(struct hal_user *u);
int must_check x86_fp_copy(struct hal_user *child, const struct hal_user *parent);
void x86_fp_free(struct hal_user *u);
/* Have the CPU hold the state of `u`.  Interrupts off. */
void x86_fp_load(struct hal_user *u);
