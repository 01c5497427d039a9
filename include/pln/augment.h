/* pln/augment.h - from the features of a sample to what a network is shown
 *
 * Bytes are divided by 255, floats are taken as they are; each channel is brought to
 * mean 0 and standard deviation 1, and in training a sample is shown a little
 * differently in every epoch.  All of it is a function of the sample, the seed, the
 * epoch and the sample's number, so that neither threads nor an interruption change
 * anything:
 *
 *     pln_normalise norm;
 *     const pln_augment how = { .padding = 4, .flip = true };
 *     PLN_TRY(pln_data_moments(ctx, train, &norm));
 *     PLN_TRY(pln_augment_check(ctx, &shape, &norm, &how));
 *     pln_augment_row(bytes, &shape, &norm, &how, seed, epoch, sample, row);
 */
#ifndef PLN_AUGMENT_H
#define PLN_AUGMENT_H

#include "pln/data.h"
#include "pln/option.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a sample is varied in training; all zero: not at all. */
typedef struct pln_augment {
    int  padding;     /* so many black pixels are put around the image, and a    */
                      /* part of its old size is cut out anywhere; 0..128        */
    bool flip;        /* mirrored left to right, or not, with equal chance       */
    int  cutout;      /* side of a square, its centre anywhere in the image, that */
                      /* is set to 0, the mean; it may reach over the edge; 0: none */
} pln_augment;

/* padding, flip, cutout. */
PLN_API extern const pln_option pln_augment_options[];

/* Mean and population standard deviation of each channel over the samples in use,
 * of byte / 255 from exact sums, or of the floats, in double precision.  A channel
 * that is constant gets the standard deviation 1.
 *
 * Returns PLN_ERR_ARG if there are more than PLN_MAX_NORMALISED channels. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_moments(pln_ctx *ctx, const pln_data *data, pln_normalise *norm);

/* Whether the three fit each other, once, before pln_augment_row is called many
 * times: norm and how may be NULL.  Returns PLN_ERR_SHAPE if the channels differ or
 * a side of the shape is not positive, PLN_ERR_ARG if a deviation is not above 0, a
 * number is not finite, the padding is outside 0..128 or the cutout negative. */
PLN_API PLN_MUST_CHECK
pln_status pln_augment_check(pln_ctx *ctx, const pln_sample_shape *shape,
                             const pln_normalise *norm, const pln_augment *how);

/* One sample as numbers:
 *
 *     row[t][y][x][c]  =  (bytes[t][y'][x'][c] / 255  -  mean[c]) / deviation[c]
 *
 * where y', x' follow crop and flip, and a byte outside the image is 0.  In the
 * square of the cutout, row is 0.  All steps of a sample are varied alike.
 *
 *   bytes  [steps][height][width][channels]
 *   norm   NULL: mean 0 and standard deviation 1;  how  NULL: not varied, as in a test
 *   epoch, sample   which showing of which sample it is; `seed` is the training's
 *   row    [steps][height][width][channels]  receives the numbers
 *
 * The same arguments give the same bits.  May be called by several threads at
 * once; allocates nothing, keeps nothing, and cannot fail after pln_augment_check. */
PLN_API
void pln_augment_row(const uint8_t *bytes, const pln_sample_shape *shape,
                     const pln_normalise *norm, const pln_augment *how,
                     uint64_t seed, int epoch, int sample, float *row);

/* The same of floats, which are not divided by 255: floats of byte / 255 give the
 * same bits.  row must not overlap them. */
PLN_API
void pln_augment_floats(const float *floats, const pln_sample_shape *shape,
                        const pln_normalise *norm, const pln_augment *how,
                        uint64_t seed, int epoch, int sample, float *row);

#ifdef __cplusplus
}
#endif
#endif
