/* ep.h - equilibrium propagation, one batch at a time */
#ifndef PLNI_EP_H
#define PLNI_EP_H

#include "learn/rule.h"

/* plni_rule_step for PLN_RULE_EP; net settles (nn/settle.h). */
bool plni_ep_step(plni_rule *rule, pln_net *net, plni_batch *now, plni_outcome *outcome);

/* into += scale times the contrast of the two phases (plni_settle_compare) for the
 * product below level l: with scale = -1/(beta B), or half of it if symmetric, the
 * gradient of specification 4.6. */
void plni_ep_contrast(const pln_net *net, const plni_pass *pass, int l, bool symmetric,
                      float scale, float *into);

#endif
