/* augment.c - from the features of a sample to what a network is shown
 *
 * Five random numbers decide how a sample is varied: units 0 and 1 of its stream
 * where the image is cut out, 2 whether it is mirrored, 3 and 4 where the centre of
 * the cutout lies. */

#include "base/check.h"
#include "base/rng.h"
#include "data/data.h"
#include "pln/augment.h"

#include <limits.h>
#include <math.h>
#include <string.h>

const pln_option pln_augment_options[] = {
    { "padding", PLN_OPTION_INT, offsetof(pln_augment, padding), 0, 128, .help = "black pixels around an image, from which it is cut out anew" },
    { "flip", PLN_OPTION_BOOL, offsetof(pln_augment, flip), .help = "mirror half of the samples" },
    { "cutout", PLN_OPTION_INT, offsetof(pln_augment, cutout), 0, INT_MAX, .help = "side of a square that is set to the mean" },
    { 0 }
};

/* ---- mean and standard deviation --------------------------------------------- */

/* Sums of values and squares are exact integers: 2^64 is 2^48 squares of a byte. */
static void moments_of_bytes(const uint8_t *at, size_t pixels, pln_normalise *norm)
{
    const int channels = norm->channels;
    uint64_t sum[PLN_MAX_NORMALISED] = { 0 }, squares[PLN_MAX_NORMALISED] = { 0 };

    for (size_t i = 0; i < pixels; i++, at += channels)
        for (int c = 0; c < channels; c++) {
            sum[c] += at[c];
            squares[c] += (uint64_t)at[c] * at[c];
        }
    for (int c = 0; c < channels; c++) {
        const double mean = (double)sum[c] / (double)pixels;
        const double variance = (double)squares[c] / (double)pixels - mean * mean;
        norm->mean[c] = (float)(mean / 255);
        norm->deviation[c] = variance > 1e-9 ? (float)(sqrt(variance) / 255) : 1.0f;
    }
}

/* Squares of differences from the mean, in a second walk: where the mean is large and the
 * deviation small, the difference of two sums of squares would have no digit left.  The mean
 * is that of differences from the first pixel, so that it is exact where a channel is constant. */
static void moments_of_floats(const float *from, size_t pixels, pln_normalise *norm)
{
    const int channels = norm->channels;
    double mean[PLN_MAX_NORMALISED] = { 0 }, squares[PLN_MAX_NORMALISED] = { 0 };
    const float *at = from;

    for (size_t i = 0; i < pixels; i++, at += channels)
        for (int c = 0; c < channels; c++) mean[c] += (double)at[c] - (double)from[c];
    for (int c = 0; c < channels; c++) mean[c] = (double)from[c] + mean[c] / (double)pixels;
    at = from;
    for (size_t i = 0; i < pixels; i++, at += channels)
        for (int c = 0; c < channels; c++) squares[c] += ((double)at[c] - mean[c]) * ((double)at[c] - mean[c]);
    for (int c = 0; c < channels; c++) {
        const float deviation = (float)sqrt(squares[c] / (double)pixels);
        norm->mean[c] = (float)mean[c];
        norm->deviation[c] = deviation > 0 ? deviation : 1.0f;
    }
}

pln_status pln_data_moments(pln_ctx *ctx, const pln_data *data, pln_normalise *norm)
{
    const int channels = pln_data_shape(data).channels;
    const size_t pixels = (size_t)data->count * (size_t)(data->features / channels);

    if (channels > PLN_MAX_NORMALISED)
        return plni_fail(ctx, PLN_ERR_ARG, "data: samples of %d channels; mean and deviation are taken of at most %d",
                         channels, PLN_MAX_NORMALISED);
    *norm = (pln_normalise){ .channels = channels };
    if (data->floats) moments_of_floats(data->floats, pixels, norm);
    else              moments_of_bytes(data->bytes, pixels, norm);
    return PLN_OK;
}

/* ---- checks ------------------------------------------------------------------ */

static pln_status check_norm(pln_ctx *ctx, const pln_sample_shape *s, const pln_normalise *norm)
{
    if (norm->channels != s->channels || norm->channels > PLN_MAX_NORMALISED)
        return plni_fail(ctx, PLN_ERR_SHAPE, "normalise: mean and deviation of %d channels, samples have %d",
                         norm->channels, s->channels);
    for (int c = 0; c < norm->channels; c++)
        if (!isfinite(norm->mean[c]) || !isfinite(norm->deviation[c]) || !(norm->deviation[c] > 0))
            return plni_fail(ctx, PLN_ERR_ARG,
                             "normalise: channel %d has mean %g and deviation %g; wanted are numbers, the second above 0",
                             c, (double)norm->mean[c], (double)norm->deviation[c]);
    return PLN_OK;
}

pln_status pln_augment_check(pln_ctx *ctx, const pln_sample_shape *s,
                             const pln_normalise *norm, const pln_augment *how)
{
    if (s->steps < 1 || s->height < 1 || s->width < 1 || s->channels < 1)
        return plni_fail(ctx, PLN_ERR_SHAPE, "augment: a sample of %d x %d x %d x %d (steps, height, width, channels)",
                         s->steps, s->height, s->width, s->channels);
    if (norm) PLN_TRY(check_norm(ctx, s, norm));
    return how ? pln_option_check(ctx, pln_augment_options, how, "augment") : PLN_OK;
}

/* ---- a row ------------------------------------------------------------------- */

/* What was drawn for one showing of one sample. */
typedef struct variation {
    int  down, right;                /* of the cut-out part, -padding..padding */
    bool flip;
    int  top, bottom, left, end;     /* of the cutout; bottom and end outside  */
} variation;

/* Uniform in 0..n-1, but for n / 2^32. */
static int draw(const plni_random *random, uint32_t unit, int n)
{
    return (int)(((uint64_t)plni_random_bits(random, unit) * (uint64_t)n) >> 32);
}

static int within(int value, int most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

static variation vary(const pln_sample_shape *s, const pln_augment *how, const plni_random *random)
{
    variation v = { 0 };

    if (!how) return v;
    if (how->padding) {
        v.down = draw(random, 0, 2 * how->padding + 1) - how->padding;
        v.right = draw(random, 1, 2 * how->padding + 1) - how->padding;
    }
    if (how->flip) v.flip = plni_random_bits(random, 2) >> 31;
    if (how->cutout) {
        const int side = within(how->cutout, 2 * (s->height > s->width ? s->height : s->width));
        const int top = draw(random, 3, s->height) - side / 2, left = draw(random, 4, s->width) - side / 2;
        v.top = within(top, s->height);
        v.bottom = within(top + side, s->height);
        v.left = within(left, s->width);
        v.end = within(left + side, s->width);
    }
    return v;
}

/* The features of a sample, bytes or floats. */
typedef struct source {
    const uint8_t *bytes;
    const float   *floats;
} source;

/* The numbers of one row of pixels; line is where it begins in the sample, -1 outside. */
static void convert(source from, ptrdiff_t line, const pln_sample_shape *s, const pln_normalise *norm,
                    const variation *v, float *to)
{
    for (int x = 0; x < s->width; x++, to += s->channels) {
        const int x1 = (v->flip ? s->width - 1 - x : x) + v->right;
        const ptrdiff_t pixel = line >= 0 && x1 >= 0 && x1 < s->width ? line + (ptrdiff_t)x1 * s->channels : -1;
        for (int c = 0; c < s->channels; c++) {
            const float value = pixel < 0 ? 0.0f : from.floats ? from.floats[pixel + c] : (float)from.bytes[pixel + c] / 255.0f;
            to[c] = norm ? (value - norm->mean[c]) / norm->deviation[c] : value;
        }
    }
}

static void make_row(source from, const pln_sample_shape *s, const pln_normalise *norm, const pln_augment *how,
                     uint64_t seed, int epoch, int sample, float *row)
{
    const plni_random random = plni_random_for(seed, PLNI_FOR_AUGMENT, 0, epoch, (uint32_t)sample);
    const variation v = vary(s, how, &random);
    const ptrdiff_t line = (ptrdiff_t)s->width * s->channels;

    for (int t = 0; t < s->steps; t++)
        for (int y = 0; y < s->height; y++, row += line) {
            const int y1 = y + v.down;
            convert(from, y1 >= 0 && y1 < s->height ? ((ptrdiff_t)t * s->height + y1) * line : -1, s, norm, &v, row);
            if (y >= v.top && y < v.bottom)
                memset(row + (ptrdiff_t)v.left * s->channels, 0,
                       (size_t)(v.end - v.left) * (size_t)s->channels * sizeof *row);
        }
}

void pln_augment_row(const uint8_t *bytes, const pln_sample_shape *shape,
                     const pln_normalise *norm, const pln_augment *how,
                     uint64_t seed, int epoch, int sample, float *row)
{
    make_row((source){ .bytes = bytes }, shape, norm, how, seed, epoch, sample, row);
}

void pln_augment_floats(const float *floats, const pln_sample_shape *shape,
                        const pln_normalise *norm, const pln_augment *how,
                        uint64_t seed, int epoch, int sample, float *row)
{
    make_row((source){ .floats = floats }, shape, norm, how, seed, epoch, sample, row);
}
