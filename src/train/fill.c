/* fill.c - a sample of a data set becomes a row of a network's input
 *
 * Steps of one sample are varied alike. */

#include "train/fill.h"

#include "nn/input.h"

static void fill_varied(const pln_net *net, const plni_pass *pass, const uint8_t *bytes, int sample,
                        const pln_augment *how, int s)
{
    const plni_signal *x = plni_input(pass);
    const pln_sample_shape shape = { 1, x->extent.height, x->extent.width, x->extent.channels };

    for (int t = 0; t < net->inputs / x->units; t++, bytes += x->units)
        pln_augment_row(bytes, &shape, net->normalise.channels ? &net->normalise : NULL, how, pass->seed,
                        pass->epoch, sample, plni_input_row(pass, t, s));
}

void plni_fill(const pln_net *net, const plni_pass *pass, const pln_data *data, int sample,
               const pln_augment *how, int s)
{
    const uint8_t *bytes = pln_data_samples(data) + (size_t)sample * (size_t)net->inputs;

    if (how) fill_varied(net, pass, bytes, sample, how, s);
    else     plni_input_bytes(net, pass, bytes, s);
    if (net->poisson) plni_input_poisson(net, pass, (uint32_t)sample, s);
}
