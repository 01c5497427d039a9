/* pln/data.h - a labelled set of samples, kept as bytes or as floats
 *
 * Samples lie in memory as they lie in the file.  A byte is seen by the network as
 * byte / 255 (theory 7), a float as it is: nothing is scaled unless the network
 * normalises (pln_net_normalise).  The readers take files in memory, trust nothing
 * in them, and keep pointers instead of copies where that is possible:
 *
 *     pln_data *train;
 *     char text[256];
 *     PLN_TRY(pln_data_bind_npy(ctx, samples, samples_size, labels, labels_size, &train));
 *     for (int n = 0; pln_data_remark(train, n, text, sizeof text); n++) puts(text);
 */
#ifndef PLN_DATA_H
#define PLN_DATA_H

#include "pln/core.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLN_MAX_CLASSES = 1000, PLN_UNLABELLED = -1 };

typedef struct pln_data pln_data;

/* What a feature is. */
typedef enum pln_data_type {
    PLN_BYTES,                    /* 0..255, seen as byte / 255                 */
    PLN_FLOATS                    /* float32, finite, seen as they are          */
} pln_data_type;

/* A sample as layers with places see it: features [steps][height][width][channels],
 * the channels of a pixel side by side, so that a convolution finds them in one
 * place.  A still image has one step. */
typedef struct pln_sample_shape {
    int steps, height, width, channels;
} pln_sample_shape;

/* What a set holds.  shape is that of one sample, outermost dimension first:
 * {28, 28} for MNIST, {784} for a table. */
typedef struct pln_data_info {
    int       count;              /* samples                                 */
    int       features;           /* of a sample: the product of shape       */
    int       rank, shape[4];
    int       classes;            /* largest label + 1                       */
    int       labelled;           /* samples whose label is not -1           */
    double    active;             /* share of features that are not zero     */
    pln_data_type type;
    float     least, largest;     /* feature: of bytes 0..255, not seen yet  */
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

/* The same of floats.  They are shown to networks as they are, so 0..1 or mean 0 and
 * standard deviation 1 is what they should have by themselves, or by pln_net_normalise.
 *
 * Errors as above, and PLN_ERR_NAN with the place and the sample if a value is not
 * finite. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_bind_floats(pln_ctx *ctx, const float *samples, int count,
                                int rank, const int *shape, const int32_t *labels,
                                pln_data **data);

/* The same as pln_data_bind from two IDX files in memory (already unzipped): images of type
 * unsigned byte, rank 2..4, and labels of type unsigned byte, rank 1, or NULL.  The
 * images stay where they are and must outlive the set; labels are copied.
 *
 * Returns PLN_ERR_FORMAT with the byte at fault if a magic number, type, rank,
 * dimension or length is wrong or the two counts differ. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_bind_idx(pln_ctx *ctx,
                             const void *images, size_t images_size,
                             const void *labels, size_t labels_size,
                             pln_data **data);

/* The same from two .npy files in memory: samples of rank 2..5, [sample] first, and
 * labels of any integer type, one a sample, where -1 means unlabelled, or NULL: all are.
 * Either byte order, and C or Fortran order.
 *
 *   type of the samples               kept as
 *   uint8                             bytes, where they lie
 *   float32, little-endian, C order   floats, where they lie (if that is a multiple of 4)
 *   other integers                    bytes: a copy; all must be 0..255
 *   bool                              bytes: a copy, 0 and 255, which are seen as 0 and 1
 *   float16, float64, or any of       floats: a copy, float64 rounded to float32
 *     another order
 *
 * A copy belongs to the set: pln_data_owns.  pln_data_remark says if the type has changed.
 * Labels are copied in any case.
 *
 * Returns PLN_ERR_FORMAT with what is wrong and where, PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_bind_npy(pln_ctx *ctx,
                             const void *samples, size_t samples_size,
                             const void *labels, size_t labels_size,
                             pln_data **data);

/* ---- CIFAR ------------------------------------------------------------------ */

/* Which labels the records of a binary file have, and which are taken. */
typedef enum pln_cifar {
    PLN_CIFAR_10,             /* one of 10                                    */
    PLN_CIFAR_100_FINE,       /* one of 20 groups, one of 100: the second     */
    PLN_CIFAR_100_COARSE      /* the same file: the first                     */
} pln_cifar;

/* Bytes of a sample: 32 x 32 pixels of 3 channels. */
enum { PLN_CIFAR_FEATURES = 32 * 32 * 3 };

/* How many records a file of `size` bytes holds.  Returns PLN_ERR_FORMAT if it is
 * empty or ends inside a record. */
PLN_API PLN_MUST_CHECK
pln_status pln_cifar_count(pln_ctx *ctx, pln_cifar kind, size_t size, int *count);

/* Converts a whole file, planes of red, green and blue, to pixels: samples
 * [count][32][32][3] and labels [count] of the caller, for as many records as
 * pln_cifar_count says.  Several files go one behind the other, and
 * pln_data_bind makes a set of them.
 *
 * Returns PLN_ERR_FORMAT with record and byte if a label is out of its range, or
 * as pln_cifar_count; what was written up to there is unspecified. */
PLN_API PLN_MUST_CHECK
pln_status pln_cifar_read(pln_ctx *ctx, pln_cifar kind, const void *bytes, size_t size,
                          uint8_t *samples, int32_t *labels);

/* ---- events ----------------------------------------------------------------- */

/* How the events of a recording become frames. */
typedef struct pln_frames {
    int  steps;               /* frames a sample, 1..PLN_MAX_FRAMES            */
    int  height, width;       /* pixels, each 1..240                          */
    bool binary;              /* false: counts up to 255; true: 255 where     */
                              /* there is an event, which a network sees as 1 */
    int  microseconds;        /* length of a frame, from the first event on;  */
                              /* 0: equal parts of the recording's duration   */
} pln_frames;

enum { PLN_MAX_FRAMES = 1000 };

/* Ten frames of counts, of 34 x 34 pixels as N-MNIST's, in equal parts. */
PLN_API pln_frames pln_frames_default(void);

/* Frames of one recording of a silicon retina in the format of N-MNIST: five
 * bytes an event, which are x, y, and in 24 bits, highest first, the polarity and
 * the time in microseconds.  An event with y = 240 is none: it says that the
 * times behind it are later by 8192.
 *
 *   frames  [steps][height][width][2]  receives the events, darker in channel 0
 *
 * Events later than the last frame are left out: pln_frames_look counts them.
 *
 * Returns PLN_ERR_ARG if `how` is out of range, PLN_ERR_FORMAT with the byte if
 * there is no event, the file ends inside one, or one lies outside the frames. */
PLN_API PLN_MUST_CHECK
pln_status pln_frames_read(pln_ctx *ctx, const pln_frames *how, const void *bytes,
                           size_t size, uint8_t *frames);

/* What a recording holds beside what is in its frames: its events, those of them that are later than the last frame, and the
 * microseconds from the first event to the last. */
typedef struct pln_recording {
    long    events, late;
    int64_t duration;
} pln_recording;

/* Of a recording and frames that pln_frames_read has taken. */
PLN_API pln_recording pln_frames_look(const pln_frames *how, const void *bytes, size_t size);

/* ---- what a network takes off its inputs --------------------------------------- */

enum { PLN_MAX_NORMALISED = 16 };

/* What is taken off and what is divided by, in units of what a network sees:
 * byte / 255, or the float. */
typedef struct pln_normalise {
    int   channels;                         /* 1..PLN_MAX_NORMALISED */
    float mean[PLN_MAX_NORMALISED];
    float deviation[PLN_MAX_NORMALISED];    /* above 0               */
} pln_normalise;

/* ---- any set ---------------------------------------------------------------- */

/* Frees the set, not the memory it was bound to.  NULL is allowed. */
PLN_API void pln_data_free(pln_data *data);

/* Counts, shape, classes and values, of the samples in use.  The first call reads
 * all of them. */
PLN_API pln_data_info pln_data_get_info(pln_data *data);

/* Writes remark number n, from 0, about the samples in use: a sentence without a
 * full stop, cut off where `size` bytes end.  Returns false, and writes "", if there
 * are no more.  Remarks are about what can be used, but is hardly meant:
 *
 *   - the file's values were converted to another type
 *   - shapes such as {3, 32, 32}: channels are taken to be the last dimension
 *   - floats that look like bytes which nobody has divided by 255, or which somebody
 *     has divided twice; that are far from 0..1 and from mean 0, deviation 1
 *   - bytes that are all below 17, in samples of rank 1..3 (frames may be counts)
 *   - samples that all are the same */
PLN_API bool pln_data_remark(pln_data *data, int n, char *text, size_t size);

/* The shape of a sample, from its rank: {c} is one pixel with c channels, {h, w}
 * an image with one, {h, w, c} an image, {t, h, w, c} frames. */
PLN_API pln_sample_shape pln_data_shape(const pln_data *data);

/* Direct access: [count][features] bytes or floats, NULL for the other type; [count]
 * labels, or NULL.  Owned by data or, where it is bound to them, by the caller. */
PLN_API const uint8_t *pln_data_samples(const pln_data *data);
PLN_API const float   *pln_data_floats(const pln_data *data);
PLN_API const int32_t *pln_data_labels(const pln_data *data);
PLN_API pln_data_type  pln_data_get_type(const pln_data *data);
PLN_API int            pln_data_count(const pln_data *data);
PLN_API int            pln_data_features(const pln_data *data);
PLN_API int            pln_data_classes(const pln_data *data);

/* Whether the samples are a copy of the set's own, so that the memory which they were
 * read from is needed no more; and the bytes of that and of its labels, if they are
 * a copy, too. */
PLN_API bool           pln_data_owns(const pln_data *data);
PLN_API size_t         pln_data_bytes(const pln_data *data);

/* Uses only the first n samples from here on (n >= 1; no effect if n exceeds
 * the count). */
PLN_API void pln_data_limit(pln_data *data, int n);

/* A stratified random choice of n labelled samples: class counts follow the
 * class frequencies with largest-remainder rounding (theory 5.1), the
 * choice within a class follows seed.  index [n] receives ascending sample
 * numbers.
 *
 * Returns PLN_ERR_ARG unless 1 <= n <= number of labelled samples;
 * PLN_ERR_MEMORY. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_stratified(pln_ctx *ctx, const pln_data *data, int n,
                               uint64_t seed, int *index);

/* Numbers of samples in ascending order; sample NULL: all there are. */
typedef struct pln_index {
    int *sample;                     /* [count] */
    int  count;
} pln_index;

PLN_API void pln_index_free(pln_ctx *ctx, pln_index *index);

/* A stratified share, above 0, of the samples with a label; all samples, if each has one and
 * the fraction is 1.
 *
 * Returns PLN_ERR_ARG if that is no sample, PLN_ERR_MEMORY; *index is then empty. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_share(pln_ctx *ctx, const pln_data *data, double fraction, uint64_t seed, pln_index *index);

/* The samples that are held out to measure by: share x [samples with a label], rounded, in a
 * stratified choice; where none has a label, share x [all samples], spaced evenly.  The sentence
 * of an error, and pln_error_path, name `key`, the setting that the share is of.
 *
 * Returns PLN_ERR_ARG unless 0 < share < 1 and some samples are held out and some left,
 * PLN_ERR_MEMORY; *index is then empty. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_held(pln_ctx *ctx, const pln_data *data, const char *key, double share, uint64_t seed, pln_index *index);

/* Divides the samples into those that show their labels and those that do not.  Labels are
 * shown by the samples that `marked` [count] marks by anything but 0; if it is NULL, by n of
 * them in a stratified choice; if n is 0, by all that have one.
 *
 * Returns PLN_ERR_ARG if there are too few labels, a class of the data has none that is
 * shown, or no sample is without one; PLN_ERR_MEMORY.  Both are then empty. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_divide(pln_ctx *ctx, const pln_data *data, int n, uint64_t seed, const int *marked,
                           pln_index *with, pln_index *without);

/* Copies the samples of an ascending index [n] with their labels into one set, and all
 * others that are in use into another, each with memory of its own.
 *
 * Returns PLN_ERR_ARG unless 1 <= n < the samples in use and the index ascends within
 * them, PLN_ERR_MEMORY; both are NULL then. */
PLN_API PLN_MUST_CHECK
pln_status pln_data_split(pln_ctx *ctx, const pln_data *data, const int *index, int n,
                          pln_data **inside, pln_data **outside);

#ifdef __cplusplus
}
#endif
#endif
