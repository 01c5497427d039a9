/* ep.h - equilibrium propagation, one batch at a time */
#ifndef PLNI_EP_H
#define PLNI_EP_H

#include "learn/rule.h"

/* net relaxes (nn/relaxation.h); the next batch is left alone. */
plni_step plni_ep_step;

/* scale times the contrast of the two phases (plni_relax_compare) for the product below
 * level l goes to `to`: with scale = -1/(beta B), or half of it if symmetric, the
 * gradient of theory 4.6.  Where plni_rule_adds says so, a step needs `into`: the
 * first of the two calls adds to it. */
void plni_ep_contrast(const pln_net *net, const plni_pass *pass, int l, bool symmetric,
                      float scale, const plni_sink *to);

#endif
