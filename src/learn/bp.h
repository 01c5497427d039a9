/* bp.h - back-propagation, one batch at a time */
#ifndef PLNI_BP_H
#define PLNI_BP_H

#include "learn/rule.h"

/* net is feed-forward. */
plni_step plni_bp_step;

#endif
