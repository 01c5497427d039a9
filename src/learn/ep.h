/* ep.h - equilibrium propagation, one batch at a time */
#ifndef PLNI_EP_H
#define PLNI_EP_H

#include "learn/rule.h"

/* net settles (nn/settle.h); the next batch is left alone. */
plni_step plni_ep_step;

/* into += scale times the contrast of the two phases (plni_settle_compare) for the
 * product below level l: with scale = -1/(beta B), or half of it if symmetric, the
 * gradient of specification 4.6. */
void plni_ep_contrast(const pln_net *net, const plni_pass *pass, int l, bool symmetric,
                      float scale, float *into);

#endif
