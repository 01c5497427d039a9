/* input.c - a sample becomes the first value of a network
 *
 * A network of maps has a row for each step that a sample has; where a still image
 * is coded in spikes, its values are written to step 0 and coded from there. */

#include "nn/input.h"

#include "base/check.h"
#include "base/rng.h"

#include <string.h>

/* The channels of a pixel lie side by side. */
static float normalised(const pln_normalise *by, int i, float value)
{
    return (value - by->mean[i % by->channels]) / by->deviation[i % by->channels];
}

static void normalise(float *row, int units, const pln_normalise *by)
{
    for (int i = 0; i < units; i++) row[i] = normalised(by, i, row[i]);
}

/* A quotient where the value is normalised, a product where it is not: they differ in
 * the last bit, and trained networks have seen these. */
void plni_input_bytes(const pln_net *net, const plni_pass *pass, const uint8_t *sample, int s)
{
    const int units = plni_input(pass)->units;

    for (int t = 0; t < net->inputs / units; t++, sample += units) {
        float *row = plni_input_row(pass, t, s);
        if (!net->normalise.channels) {
            pass->kernels->bytes(row, sample, units);
            continue;
        }
        for (int i = 0; i < units; i++) row[i] = (float)sample[i] / 255.0f;
        normalise(row, units, &net->normalise);
    }
}

void plni_input_floats(const pln_net *net, const plni_pass *pass, const float *sample, int s)
{
    const int units = plni_input(pass)->units;

    for (int t = 0; t < net->inputs / units; t++, sample += units) {
        float *row = plni_input_row(pass, t, s);
        memcpy(row, sample, (size_t)units * sizeof *row);
        if (net->normalise.channels) normalise(row, units, &net->normalise);
    }
}

static pln_status refuse_value(pln_ctx *ctx, const pln_net *net, int i, int number, float value)
{
    const plni_extent e = net->image.extent;
    const int pixel = i / e.channels;

    return plni_fail(ctx, PLN_ERR_ARG, "network: Poisson coding wants values in 0..1, and that of sample %d, row %d, "
                     "column %d, channel %d is %g", number, pixel / e.width, pixel % e.width, i % e.channels, (double)value);
}

pln_status plni_input_check_bytes(pln_ctx *ctx, const pln_net *net, const uint8_t *sample, int number)
{
    if (!net->poisson || !net->normalise.channels) return PLN_OK;
    for (int i = 0; i < net->inputs; i++) {
        const float value = normalised(&net->normalise, i, (float)sample[i] / 255.0f);
        if (!(value >= 0 && value <= 1)) return refuse_value(ctx, net, i, number, value);
    }
    return PLN_OK;
}

pln_status plni_input_check_floats(pln_ctx *ctx, const pln_net *net, const float *sample, int number)
{
    if (!net->poisson) return PLN_OK;
    for (int i = 0; i < net->inputs; i++) {
        const float value = net->normalise.channels ? normalised(&net->normalise, i, sample[i]) : sample[i];
        if (!(value >= 0 && value <= 1)) return refuse_value(ctx, net, i, number, value);
    }
    return PLN_OK;
}

void plni_input_poisson(const pln_net *net, const plni_pass *pass, uint32_t sample, int s)
{
    const plni_signal *x = plni_input(pass);
    const float *p = plni_input_row(pass, 0, s);

    for (int t = net->steps - 1; t >= 0; t--) {                 /* step 0, where p is, comes last */
        const plni_random random = plni_random_for(pass->seed, PLNI_FOR_POISSON, t, pass->epoch, sample);
        float *spike = plni_input_row(pass, t, s);
        for (int i = 0; i < x->units; i++) spike[i] = plni_random_uniform(&random, (uint32_t)i) < p[i];
    }
}
