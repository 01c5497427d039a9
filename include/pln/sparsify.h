/* pln/sparsify.h - how many weights stay, and which
 *
 * Every criterion fills an array of scores, one for each number, tensor after tensor; then the
 * largest are selected.  What is no candidate has the score -INFINITY (NaN counts as that).
 * Selection is exact to the number wanted; equal scores are won by the lower place, so the same
 * scores give the same choice everywhere.  Nothing here knows networks: pln/prune.h does.
 */
#ifndef PLN_SPARSIFY_H
#define PLN_SPARSIFY_H

#include "pln/core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- how many ---------------------------------------------------------------- */

/* Sparsity after update k of Q (Zhu and Gupta, arXiv 1710.01878): s_k = to + (from - to)(1 - k/Q)^3,
 * `from` before the first update and `to` from the last one on. */
PLN_API double pln_sparsity_cubic(double from, double to, int update, int updates);

/* A fraction that falls by a cosine: to + (from - to)(1 + cos(pi part))/2, part 0..1 of the way. */
PLN_API double pln_sparsity_cosine(double from, double to, double part);

/* Sparsity after so many rounds that each remove this share of what is left: 1 - (1 - share)^rounds. */
PLN_API double pln_sparsity_rounds(double share, int rounds);

/* Numbers that stay of n: floor(n (1 - sparsity)), where what rounding has taken from a whole
 * number does not count. */
PLN_API size_t pln_sparsity_budget(size_t n, double sparsity);

/* ---- which ------------------------------------------------------------------- */

/* Marks the k largest of n scores by 1 in chosen [n], the others by 0; returns how many were
 * marked: fewer than k if there are fewer candidates. */
PLN_API size_t pln_select_largest(const float *score, size_t n, size_t k, uint8_t *chosen);

/* A number and where it stands, for who ranks them: scratch. */
typedef struct pln_ranked {
    float  size;
    size_t place;
} pln_ranked;

/* LAMP (Lee et al., arXiv 2010.07611) of one tensor: score(u) = w_u^2 / sum of w_v^2 over all v with
 * w_v^2 >= w_u^2, where of equal ones that at the lower place counts as the larger; sums are of
 * doubles.  Numbers that are 0 score 0.  order [n] is scratch; score may be w. */
PLN_API void pln_score_lamp(const float *w, size_t n, pln_ranked *order, float *score);

/* By the rank r = 1..n of |w| in its tensor: share n / r, so that the largest scores of several
 * tensors are of each the same multiple of its share.  order [n] is scratch; score may be w. */
PLN_API void pln_score_share(const float *w, size_t n, double share, pln_ranked *order, float *score);

/* Densities of tensors by Erdos-Renyi kernels (Evci et al., arXiv 1911.11134): density_l =
 * e (out + in + height + width)/(numbers in it), with e such that `density` of all numbers
 * stays; tensors that would need more than 1 are dense, and e is found again.  shape is
 * [tensors][4]: out, in, height, width, the last two 0 of a dense layer; 0 < density <= 1. */
PLN_API void pln_density_erk(const int (*shape)[4], int tensors, double density, double *densities);

/* ---- regeneration ---------------------------------------------------------------- */

/* How a part of the budget is given to what is critical instead of what is large. */
typedef struct pln_regrowth {
    double ratio;             /* of the budget, 0..1; 0 and less: none, above 1: as 1      */
    bool   whole_rows;        /* equal scores at the end all come back, as in the authors' program,
                                 and the budget is overshot; else exactly so many          */
} pln_regrowth;

/* What an update came to. */
typedef struct pln_regrown {
    size_t kept, revived;     /* by magnitude, readouts included; by score                 */
} pln_regrown;

/* One update (theory 13.3): from magnitudes |w| [n], those of a read-out marked in `readout`, which
 * compete by magnitude but do not regrow, and scores [n] of what may come back, the mask [n].
 *
 *     1  the `budget` largest magnitudes; n_L of them are in the read-out and stay
 *     2  G = floor(ratio (budget - n_L)) of what is left is for regrowth, rounded as by pln_sparsity_budget
 *     3  the (budget - n_L - G) largest magnitudes outside of the read-out stay
 *     4  of all others outside of the read-out the G with the largest score come back; equal scores
 *        by the larger `tie` [n] (NULL: none), then by the lower place
 *
 * With whole_rows 1 and 3 take what is larger than the last of them, and 4 what is at least as
 * large.  scratch [n] is scratch; chosen [n] then marks what came back, if anything did.  budget <= n. */
PLN_API pln_regrown pln_regrow(const float *magnitude, const uint8_t *readout, const float *score, const float *tie, size_t n,
                               size_t budget, const pln_regrowth *how, float *scratch, uint8_t *chosen, uint8_t *mask);

/* ---- channels ------------------------------------------------------------------------- */

/* Which channels stay of n = sum of count [layers] in layers one behind the other (Liu et al., arXiv
 * 1708.06519; Chen et al., arXiv 2311.16141), size [n] being |gamma| of their norms: with i =
 * floor(share n) and G = floor(growth (n - i))
 *
 *     1  those larger than the number i + G, from 0, of the ascending sizes
 *     2  of the others the G with the largest score [n], ties by the lower place; NULL: G is 0
 *     3  in a layer without any the largest, of equal ones the one at the lower place
 *
 * so about n - i - 1, and fewer where sizes are equal.  share and growth in 0..1; share 1 keeps one
 * a layer.  Marks them by 1 in keep [n] and returns how many they are; scratch [n]. */
PLN_API size_t pln_choose_channels(const float *size, const float *score, const int *count, int layers, double share, double growth,
                                   float *scratch, uint8_t *keep);

/* ---- exchange ------------------------------------------------------------------------- */

/* Of one tensor `count` numbers that are there (mask [n] is 1) give their places to others: those
 * with the smallest magnitude go, of equal ones that at the higher place; then the `count` with the
 * largest growth of all that are not there, just gone ones among them, come; returns how many came
 * (Evci et al., arXiv 1911.11134; Mocanu et al., arXiv 1707.04780; Liu et al., arXiv 2106.10404).
 * NaN counts as -INFINITY.  scratch [n] and chosen [n] are scratch. */
PLN_API size_t pln_exchange(const float *magnitude, const float *growth, size_t n, size_t count, float *scratch, uint8_t *chosen,
                            uint8_t *mask);

/* ---- weights that leave and come back at any step ------------------------------------------ */

/* STDS (Chen et al., ICML 2022): weights w [n] = sgn(theta) max(|theta| - d, 0), whose gradient is
 * theta's, and d = width (1 + sin(pi (part - 1/2)))/2, or width part, 0 <= part <= 1 of all steps.
 * The optimiser has moved w; theta is moved by as much, and w is that of the new theta and d.
 * theta that is 0 stays so. */
PLN_API double pln_stds_width(double width, double part, bool linear);
PLN_API void   pln_stds_follow(float *theta, float *w, size_t n, double before, double now);

/* Grad R (Chen et al., IJCAI 2021): w = sign max(theta, 0), with signs [n] -1, 0 or 1 that stay.
 * The optimiser has moved w; theta is moved by sign times as much, and by pull = prior times the
 * rate away from the side of its centre ln(2 (1 - sparsity))/prior that it is on, 0.5 <= sparsity < 1;
 * with prior <= 0 the centre is -INFINITY.  Where sign is 0, w is. */
PLN_API double pln_gradr_centre(double sparsity, double prior);
PLN_API void   pln_gradr_follow(float *theta, const float *sign, float *w, size_t n, double pull, double centre);

#ifdef __cplusplus
}
#endif
#endif
