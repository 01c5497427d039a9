/* leaky.c - a leaky relu of rows, as anybody could add it: one file, and one line of a list
 *
 *     y = x where x > 0, else slope x */

#include "nn/graph.h"

#include <string.h>

typedef struct leaky_own {
    float slope;
} leaky_own;

PLNI_OWN_TYPE(leaky_own)

const pln_option plni_leaky_options[] = {
    { "slope", PLN_OPTION_FLOAT, offsetof(leaky_own, slope), 0, 1, 0.01, .help = "below 0" },
    { 0 }
};

static pln_status fit(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);

    if (!x->row) return plni_refuse(net, PLN_ERR_SHAPE, "a leaky relu wants a row a sample", x->units);
    layer->out = *x;
    return PLN_OK;
}

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    const float slope = own_of(layer).slope;

    (void)pass;
    for (int s = first; s < last; s++) {
        const float *x = io->x->value + s * io->x->stride;
        float *y = io->y->value + s * io->y->stride;
        for (int i = 0; i < layer->outputs; i++) y[i] = x[i] > 0 ? x[i] : slope * x[i];
    }
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    const float slope = own_of(layer).slope;

    (void)pass;
    for (int s = first; s < last; s++) {
        const float *x = io->x->value + s * io->x->stride, *dy = io->dy->value + s * io->dy->stride;
        float *dx = io->dx->value + s * io->dx->stride;
        for (int i = 0; i < layer->outputs; i++) dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
    }
}

const plni_layer_ops plni_leaky_ops = {
    .name = "leaky",
    .role = PLNI_POINTWISE,
    .rows = true,
    .options = plni_leaky_options,
    .fit = fit,
    .forward = forward,
    .backward = backward,
};
