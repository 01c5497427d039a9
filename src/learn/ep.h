/* ep.h - equilibrium propagation, one batch at a time */
#ifndef PLNI_EP_H
#define PLNI_EP_H

#include "learn/rule.h"

/* plni_rule_step for PLN_RULE_EP; net settles (nn/settle.h). */
bool plni_ep_step(plni_rule *rule, pln_net *net, plni_batch *now, plni_outcome *outcome);

#endif
