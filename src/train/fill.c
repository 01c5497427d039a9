/* fill.c - a sample of a data set becomes a row of a network's input
 *
 * Steps of one sample are varied alike. */

#include "train/fill.h"

#include "base/check.h"
#include "nn/input.h"
#include "pln/train.h"

#include <string.h>

/* The features of a sample, bytes or floats; the other is NULL. */
typedef struct features {
    const uint8_t *bytes;
    const float   *floats;
} features;

static features features_of(const pln_data *data, int sample)
{
    const size_t from = (size_t)sample * (size_t)pln_data_features(data);

    if (pln_data_get_type(data) == PLN_FLOATS) return (features){ .floats = pln_data_floats(data) + from };
    return (features){ .bytes = pln_data_samples(data) + from };
}

static pln_status check_values(pln_ctx *ctx, const pln_net *net, const pln_data *data, int sample)
{
    const features x = features_of(data, sample);

    return x.floats ? plni_input_check_floats(ctx, net, x.floats, sample) : plni_input_check_bytes(ctx, net, x.bytes, sample);
}

pln_status plni_fill_check(pln_ctx *ctx, const char *who, const pln_net *net, const pln_data *data, const int *index, int count)
{
    if (net->inputs != pln_data_features(data))
        return plni_fail(ctx, PLN_ERR_SHAPE, "%s: the network has %d inputs, a sample %d values", who, net->inputs,
                         pln_data_features(data));
    if (count < 1) return plni_fail(ctx, PLN_ERR_ARG, "%s: there are no samples", who);
    for (int i = 0; i < count; i++) {
        const int sample = index ? index[i] : i;
        if (sample < 0 || sample >= pln_data_count(data))
            return plni_fail(ctx, PLN_ERR_ARG, "%s: sample %d is outside 0..%d", who, sample, pln_data_count(data) - 1);
        if (net->poisson) PLN_TRY(check_values(ctx, net, data, sample));
    }
    return PLN_OK;
}

pln_status pln_data_fits(pln_ctx *ctx, const pln_net *net, const pln_data *data)
{
    if (!net->ready) return plni_fail(ctx, PLN_ERR_STATE, "data: the network is not ready");
    return plni_fill_check(ctx, "data", net, data, NULL, pln_data_count(data));
}

static void fill_varied(const pln_net *net, const plni_pass *pass, features x, int sample, const pln_augment *how, int s)
{
    const plni_signal *to = plni_input(pass);
    const pln_sample_shape shape = { 1, to->extent.height, to->extent.width, to->extent.channels };
    const pln_normalise *norm = net->normalise.channels ? &net->normalise : NULL;

    for (int t = 0; t < net->inputs / to->units; t++) {
        const ptrdiff_t from = (ptrdiff_t)t * to->units;
        float *row = plni_input_row(pass, t, s);
        if (x.floats) pln_augment_floats(x.floats + from, &shape, norm, how, pass->seed, pass->epoch, sample, row);
        else          pln_augment_row(x.bytes + from, &shape, norm, how, pass->seed, pass->epoch, sample, row);
    }
}

static void fill_as_it_is(const pln_net *net, const plni_pass *pass, features x, int s)
{
    if (x.floats) plni_input_floats(net, pass, x.floats, s);
    else          plni_input_bytes(net, pass, x.bytes, s);
}

void plni_fill(const pln_net *net, const plni_pass *pass, const pln_data *data, int sample,
               const pln_augment *how, int s)
{
    const features x = features_of(data, sample);

    if (how) fill_varied(net, pass, x, sample, how, s);
    else     fill_as_it_is(net, pass, x, s);
    if (net->poisson) plni_input_poisson(net, pass, (uint32_t)sample, s);
}

/* FNV-1a of the bits of n floats. */
static uint32_t digest(const float *x, int n)
{
    uint32_t sum = 2166136261u;

    for (int i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        for (int b = 0; b < 32; b += 8) sum = (sum ^ (bits >> b & 255)) * 16777619u;
    }
    return sum;
}

void plni_fill_alone(const pln_net *net, const plni_pass *pass, const pln_data *data, int sample)
{
    fill_as_it_is(net, pass, features_of(data, sample), 0);
    if (net->poisson) plni_input_poisson(net, pass, digest(plni_input_row(pass, 0, 0), plni_input(pass)->units), 0);
}
