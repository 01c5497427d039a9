/* fill.c - a sample of a data set becomes a row of a network's input
 *
 * A map has a row for each time step; steps of one sample are varied alike. */

#include "train/fill.h"

void plni_fill(const pln_net *net, const plni_pass *pass, const pln_data *data, int sample,
               const pln_augment *how, int s)
{
    const plni_signal *x = plni_input(pass);
    const uint8_t *bytes = pln_data_samples(data) + (size_t)sample * (size_t)net->inputs;
    const pln_sample_shape shape = { 1, x->extent.height, x->extent.width, x->extent.channels };
    const bool plain = !how && !net->normalise.channels;

    for (int t = 0; t < net->inputs / x->units; t++, bytes += x->units) {
        float *row = x->value + (t * pass->samples + s) * x->stride;
        if (plain)
            pass->kernels->bytes(row, bytes, x->units);
        else
            pln_augment_row(bytes, &shape, net->normalise.channels ? &net->normalise : NULL, how, pass->seed,
                            pass->epoch, sample, row);
    }
    if (net->poisson) plni_poisson(net, pass, (uint32_t)sample, s);
}
