/* pln/analyse.h - what spikes and potentials tell of a network (theory 13.8)
 *
 * Matrices are [samples][channels]: of each sample what its channels gave, as pln_evaluate_scores
 * measures it, with samples and channels at least 1.  Nothing here knows networks, and nothing
 * takes memory.
 */
#ifndef PLN_ANALYSE_H
#define PLN_ANALYSE_H

#include "pln/core.h"
#include "pln/sparsify.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Linear centred kernel alignment (Kornblith et al., arXiv 1905.00414) of x [samples][p] and
 * y [samples][q], whose columns are centred in place:
 *
 *     |Y'X|^2 / (|X'X| |Y'Y|)      in Frobenius norms
 *
 * 0..1, 1 where one is the other turned and scaled; NaN where one does not vary. */
PLN_API double pln_cka(float *x, int p, float *y, int q, int samples);

/* In each of the samples z becomes (max - z)/(max - min) over its channels: 0 the most active, 1
 * the least; 0 all, where they are equal. */
PLN_API void pln_class_normalise(float *z, int samples, int channels);

/* Mean and unbiased variance over the samples whose label is `label`; returns how many these are.
 * Of none the mean is 0, of less than two the variance. */
PLN_API int pln_class_moments(const float *z, const int32_t *labels, int32_t label, int samples, int channels, double *mean,
                              double *variance);

/* Of the angle between two vectors; NaN where one is 0. */
PLN_API double pln_cosine(const double *a, const double *b, int n);

/* In bits: of something that happens with probability p, and of the bins of a histogram; 0 of an
 * empty one. */
PLN_API double pln_entropy_binary(double p);
PLN_API double pln_entropy(const int64_t *bin, int bins);

/* Adds n numbers to `bins` >= 1 bins that divide from..to, from < to; `to` itself is in the last
 * one.  Others, NaN too, are in none. */
PLN_API void pln_histogram(const float *x, size_t n, double from, double to, int bins, int64_t *bin);

/* Spearman's rank correlation of n pairs; equal numbers share the mean of their ranks.  NaN where
 * x or y does not vary.  n <= INT_MAX; order [n] and rank [2 n] are scratch. */
PLN_API double pln_spearman(const float *x, const float *y, size_t n, pln_ranked *order, double *rank);

#ifdef __cplusplus
}
#endif
#endif
