/* The interpreted processor of a hosted board: user_interp.c. */
#pragma once

#include <sim/armv7m/core.h>

/* After host_user_init(). */
struct armv7m_core *interp_core(void);
