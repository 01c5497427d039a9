/* loss.h - how far the output is from its target, and in which direction
 *
 * For one row of masked outputs y' and targets d, in a batch of B rows of n
 * (theory 1.5):
 *
 *     mse             1/(B n) sum (y' - d)^2       dL/dy = 2 m (y' - d) / (B n)
 *     cross_entropy   -1/B sum d log softmax(y')   dL/dy = m (softmax(y') sum d - d) / B
 */
#ifndef PLNI_LOSS_H
#define PLNI_LOSS_H

#include "kernel/kernel.h"
#include "pln/rule.h"

/* Sets dy from y and d and returns the row's share of the loss.  bits and
 * keep_from are the output mask m, bits NULL for none; y is masked already.  dy
 * may be y. */
float plni_loss_row(const plni_kernels *kernels, pln_loss loss, const float *y,
                    const float *d, const uint16_t *bits, int keep_from,
                    int batch, int n, float *dy);

#endif
