/* pln/rule.h - how to learn: what to aim at, and what moves the parameters there
 *
 * A rule moves a network's parameters towards a target.  It is written with the
 * four questions that a layer answers (shape, forward, backward, gradient) and
 * knows no layer by name.
 *
 *     bp    back-propagation, on feed-forward networks; through time where they
 *           spike, since their layers go through time by themselves
 *     ep    equilibrium propagation, on networks that relax (pln_net_relax):
 *           a free phase, then one in which the output is pulled towards the
 *           target; the gradient is the contrast of the two (theory 4)
 */
#ifndef PLN_RULE_H
#define PLN_RULE_H

#include "pln/option.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pln_rule_kind { PLN_RULE_BP, PLN_RULE_EP } pln_rule_kind;

/* Equilibrium propagation.  One-sided: the pull is +beta or -beta with equal
 * chance, one draw a batch, and is compared with the free phase.  Symmetric: the
 * phases of +beta and -beta are compared with each other. */
typedef struct pln_ep {
    float beta;          /* strength of the pull, 0 < beta < 1, and by Euler
                            steps of length dt also dt (1 + beta) <= 1         */
    int   steps;         /* K: of the nudged phase, Euler steps or most sweeps;
                            1..PLN_MAX_STEPS                                   */
    bool  symmetric;
} pln_ep;

/* beta 0.2, 10 steps, one-sided. */
PLN_API pln_ep pln_ep_default(void);

/* beta, nudged_steps, symmetric. */
PLN_API extern const pln_option pln_ep_options[];

/* What to aim at: the network's own winners, or labels by block targets
 * (pln_block_target), which with as many outputs as classes are one-hot. */
typedef enum pln_target_kind { PLN_TARGET_SELF, PLN_TARGET_LABELS } pln_target_kind;

/* Losses over a batch of B rows and n outputs, y' = mask * y (theory 1.5).
 *
 *     mse             1/(B n) sum (y' - d)^2
 *     cross_entropy   -1/B sum_b sum_i d_i log softmax(y')_i
 *     cross_entropy_steps
 *                     over time, of the outputs o[t] under the read-out (theory
 *                     12.5), with l = pln_fit.tet and phi the threshold of the
 *                     uppermost neurons (1 if there are none):
 *                     (1 - l) 1/T sum_t cross_entropy(o[t]) + l mean of (o[t] - phi)^2 */
typedef enum pln_loss { PLN_MSE, PLN_CROSS_ENTROPY, PLN_CROSS_ENTROPY_STEPS } pln_loss;

#ifdef __cplusplus
}
#endif
#endif
