/* pln/data.h - a labelled set of samples, kept as bytes
 *
 * Samples lie in memory as they lie in the file: one byte a feature, which the
 * network sees as byte / 255 (specification, section 7).  The readers take
 * bytes in memory, trust nothing in them, and keep pointers instead of copies:
 *
 *     pln_data *train;
 *     PLN_TRY(pln_data_bind_idx(ctx, images, images_size, labels, labels_size,
 *                               &train));
 */
#ifndef PLN_DATA_H
#define PLN_DATA_H

#include "pln/core.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLN_MAX_CLASSES = 1000, PLN_UNLABELLED = -1 };

typedef struct pln_data pln_data;

/* What a set holds.  shape is that of one sample, outermost dimension first:
 * {28, 28} for MNIST, {784} for a table. */
typedef struct pln_data_info {
    int       count;              /* samples                                 */
    int       features;           /* bytes a sample: the product of shape    */
    int       rank, shape[4];
    int       classes;            /* largest label + 1                       */
    int       labelled;           /* samples whose label is not -1           */
    double    active;             /* share of features that are not zero     */
} pln_data_info;

/* A set over memory of the caller, which must outlive it: `count` samples of
 * the given shape, one byte a feature, and one label each (labels NULL: all
 * unlabelled).
 *
 * Returns PLN_ERR_ARG if a count is not positive, the rank is not 1..4, or a
 * label is outside -1..PLN_MAX_CLASSES-1. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_bind(pln_ctx *ctx, const uint8_t *samples, int count,
                         int rank, const int *shape, const int32_t *labels,
                         pln_data **data);

/* The same from two IDX files in memory (already unzipped): images of type
 * unsigned byte, rank 2..4, and labels of type unsigned byte, rank 1.  The
 * images stay where they are and must outlive the set; labels are copied.
 *
 * Returns PLN_ERR_FORMAT with the byte at fault if a magic number, type, rank,
 * dimension or length is wrong or the two counts differ. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_bind_idx(pln_ctx *ctx,
                             const void *images, size_t images_size,
                             const void *labels, size_t labels_size,
                             pln_data **data);

/* The same from two .npy files in memory: samples |u1 of rank 2..5 in C order,
 * labels of an integer type and rank 1, where -1 means unlabelled. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_bind_npy(pln_ctx *ctx,
                             const void *samples, size_t samples_size,
                             const void *labels, size_t labels_size,
                             pln_data **data);

/* Frees the set, not the memory it was bound to.  NULL is allowed. */
PLN_API void pln_data_free(pln_data *data);

/* Counts, shape and classes.  The first call reads all the samples. */
PLN_API pln_data_info pln_data_get_info(pln_data *data);

/* Direct access: [count][features] bytes, [count] labels.  Owned by data. */
PLN_API const uint8_t *pln_data_samples(const pln_data *data);
PLN_API const int32_t *pln_data_labels(const pln_data *data);
PLN_API int            pln_data_count(const pln_data *data);
PLN_API int            pln_data_features(const pln_data *data);
PLN_API int            pln_data_classes(const pln_data *data);

/* Uses only the first n samples from here on (n >= 1; no effect if n exceeds
 * the count). */
PLN_API void pln_data_limit(pln_data *data, int n);

/* A stratified random choice of n labelled samples: class counts follow the
 * class frequencies with largest-remainder rounding (specification 5.1), the
 * choice within a class follows seed.  index [n] receives ascending sample
 * numbers.
 *
 * Returns PLN_ERR_ARG unless 1 <= n <= number of labelled samples;
 * PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_stratified(pln_ctx *ctx, const pln_data *data, int n,
                               uint64_t seed, int *index);

#ifdef __cplusplus
}
#endif
#endif
