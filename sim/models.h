/* The list of all device models of this build (devices/models.c), NULL-terminated: what a program
 * hands to sim_create(). */
#pragma once

struct model_class;

extern const struct model_class *const sim_models[];
