/* optim.h - Adam's step number t as the kernels take it */
#ifndef PLNI_OPTIM_H
#define PLNI_OPTIM_H

#include "kernel/kernel.h"
#include "pln/optim.h"

/* Step t, from 1 on, of Adam with this rate. */
plni_adam plni_adam_at(const pln_optim *how, float rate, int t);

#endif
