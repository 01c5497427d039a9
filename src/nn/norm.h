/* norm.h - what a norm makes of a channel (norm.c) */
#ifndef PLNI_NORM_H
#define PLNI_NORM_H

#include "nn/layer.h"

/* |gamma| / sqrt(running variance + 1e-5). */
float plni_norm_factor(const plni_layer *norm, int channel);

/* |gamma|. */
float plni_norm_scale(const plni_layer *norm, int channel);

#endif
