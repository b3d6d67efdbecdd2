/* The FPU state of user contexts, for hal/host/user.c.  Private to hal/host. */
#pragma once

#include <hal/host/stub.h>
#include <hal/user.h>

/* The initial state.  -ENOMEM. */
int must_check host_fp_init(struct hal_user *u);
int must_check host_fp_copy(struct hal_user *child, const struct hal_user *parent);
/* Forget the live state. */
void host_fp_drop(struct hal_user *u);
void host_fp_free(struct hal_user *u);
/* Make the state of `u` live in `s`.  False: `s` is lost. */
bool host_fp_load(struct hal_user *u, struct stub *s);
