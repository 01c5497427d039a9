/* optim.h - a step of the optimiser on all of a layer's numbers */
#ifndef PLNI_OPTIM_H
#define PLNI_OPTIM_H

#include "base/context.h"
#include "kernel/kernel.h"
#include "pln/optim.h"

/* pln_optim_step, shared out among the threads. */
void plni_optim_step(pln_ctx *ctx, const pln_optim *how, float rate, int t,
                     size_t n, const float *gradient, float *theta, float *m,
                     float *v);

#endif
