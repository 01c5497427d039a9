/* pln/target.h - targets that a network sets for itself
 *
 * Training without labels still needs something to aim at.  Here the last
 * layer aims at its own winners: in every sample the k most active of its n
 * units should be 1 and the others 0.  Homeostasis h handicaps units that win
 * more than their share, so that all of them learn something.  With the output
 * mask m (0 or 1, drop probability p) and label smoothing s:
 *
 *     y'[b][i] = m[b][i] y[b][i]                                       (1.1)
 *     d[b][i]  = 1 if y'[b][i] - h[i] is among the k largest of row b, else 0
 *     d        = (1 - s) d + s k/n                                     (1.2)
 *     d        = m d                                                   (1.3)
 *     batch:       h[i] += gamma (mean over b of d[b][i] - tau)        (1.4)
 *     sequential:  a[i]  = (1 - eta) a[i] + eta d[0][i]
 *                  h[i] += gamma (a[i] - tau),      tau = (1 - p) k/n
 *
 * h and a start every epoch at zero.  tau shifts all of h alike and therefore
 * changes no target; equilibrium propagation's, k / (n (1 - p)), is there for
 * comparing h with the paper's.
 *
 * Method: Liu et al. (2024), arXiv 2403.12116; numbers in brackets are sections
 * of docs/theory.md.
 */
#ifndef PLN_TARGET_H
#define PLN_TARGET_H

#include "pln/option.h"
#include "pln/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLN_MAX_WINNERS = 64 };

typedef struct pln_selftarget {
    int   winners;       /* k: winners a sample, 1..min(n, PLN_MAX_WINNERS)   */
    float gamma;         /* step of homeostasis, 0..1e6; 0 for none           */
    float eta;           /* rate of the moving average, 0 < eta <= 1          */
    bool  sequential;    /* moving average instead of the mean over the batch;
                            needs batches of one sample                       */
    float smoothing;     /* s: 0 for none, below 1                            */
    float drop;          /* p: probability that an output unit is masked,
                            0 <= p < 1                                        */
    float tau;           /* share of samples a unit should win, at most 1e6; 0 or
                            below: (1 - p) k/n, or with ep k / (n (1 - p))    */
} pln_selftarget;

/* One winner, gamma 0.5, eta 0.6, batch mode, no smoothing, no mask. */
PLN_API pln_selftarget pln_selftarget_default(void);

/* winners, gamma, eta, smoothing, output_dropout, sequential, tau. */
PLN_API extern const pln_option pln_selftarget_options[];

/* Sets d to the self-defined target of y and moves h by one step.
 *
 *   y    [batch][n]  outputs of the last layer; read only
 *   mask [batch][n]  the output mask m, 0 or 1; NULL for no mask
 *   h    [n]         homeostasis; zero at the start of an epoch, then keep it
 *   a    [n]         moving average of sequential mode, likewise; may be NULL
 *                    in batch mode
 *   d    [batch][n]  receives the target; must not overlap y
 *
 * Equal scores are won by the lower index, so the result is the same on every
 * machine and for any number of threads.  Allocates nothing.
 *
 * Returns PLN_ERR_SHAPE if the shapes disagree or the batch is empty or, in
 * sequential mode, not one; PLN_ERR_ARG if a field of how is out of range;
 * PLN_ERR_NAN if some sample has fewer than k scores that are numbers.  On
 * failure h and a are unchanged and d is unspecified. */
PLN_API PLN_MUST_CHECK
pln_status pln_selftarget_make(pln_ctx *ctx, const pln_selftarget *how,
                               const pln_tensor *y, const pln_tensor *mask,
                               pln_tensor *h, pln_tensor *a, pln_tensor *d);

/* Block targets for n outputs and c classes (theory 5.4): outputs
 * label*m .. label*m + m-1 are 1, the others 0, with m = n div c.  Sets
 * d [batch][n]; labels [batch].
 *
 * Returns PLN_ERR_SHAPE, or PLN_ERR_ARG if n < c or a label is outside 0..c-1. */
PLN_API PLN_MUST_CHECK
pln_status pln_block_target(pln_ctx *ctx, const int32_t *labels, int classes,
                            pln_tensor *d);

#ifdef __cplusplus
}
#endif
#endif
