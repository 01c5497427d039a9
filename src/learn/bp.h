/* bp.h - back-propagation, one batch at a time */
#ifndef PLNI_BP_H
#define PLNI_BP_H

#include "learn/rule.h"

/* plni_rule_step for PLN_RULE_BP. */
bool plni_bp_step(plni_rule *rule, pln_net *net, plni_batch *now, plni_batch *next,
                  plni_outcome *outcome);

#endif
