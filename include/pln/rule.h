/* pln/rule.h - what to aim at and how wrong it is, as a rule of learning sees it
 *
 * A rule moves a network's parameters towards a target.  There is one,
 * back-propagation (bp); it is written with the four questions that a layer
 * answers (shape, forward, backward, gradient) and knows no layer by name.
 */
#ifndef PLN_RULE_H
#define PLN_RULE_H

#include "pln/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What to aim at: the network's own winners, or labels by block targets
 * (pln_block_target), which with as many outputs as classes are one-hot. */
typedef enum pln_target_kind { PLN_TARGET_SELF, PLN_TARGET_LABELS } pln_target_kind;

/* Losses over a batch of B rows and n outputs, y' = mask * y (specification 1.5).
 *
 *     mse             1/(B n) sum (y' - d)^2
 *     cross_entropy   -1/B sum_b sum_i d_i log softmax(y')_i             */
typedef enum pln_loss { PLN_MSE, PLN_CROSS_ENTROPY } pln_loss;

#ifdef __cplusplus
}
#endif
#endif
