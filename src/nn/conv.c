/* conv.c - a convolution, and the dense layer of networks of maps
 *
 *     y = w * x + b
 *
 * A dense layer is the convolution whose kernel is as large as the image.  theta
 * is w[ky][kx][channel][filter] as tensor/conv.h has it, then b, padded. */

#include "base/shape.h"
#include "nn/layer.h"

#include <string.h>

static size_t weights_of(const plni_layer *layer) { return plni_conv_weights(&layer->conv); }

static int taps_of(const plni_layer *layer) { return layer->conv.kernel_height * layer->conv.kernel_width; }

static void shape(plni_layer *layer)
{
    layer->decays = weights_of(layer);
    layer->size = layer->decays + (layer->bias ? (size_t)layer->conv.out_depth : 0);
}

static int rows_of(const plni_pass *pass, const plni_signal *map) { return pass->samples * map->steps; }

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_station *at, int first, int last)
{
    (void)first, (void)last;
    plni_conv_forward(pass->ctx, &layer->conv, &pass->scratch, at->x, rows_of(pass, at->x), layer->theta,
                      layer->bias ? layer->theta + weights_of(layer) : NULL, at->y);
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_station *at, int first, int last)
{
    (void)first, (void)last;
    plni_conv_backward(pass->ctx, &layer->conv, &pass->scratch, at->dy, rows_of(pass, at->dy), layer->theta, layer->adds,
                       at->dx);
}

static void gradient(const plni_layer *layer, const plni_pass *pass, const plni_station *at, float scale,
                     const plni_sink *to)
{
    const int rows = rows_of(pass, at->dy), depth = layer->conv.out_depth;
    float *bias = to->into + weights_of(layer);

    plni_conv_gradient(pass->ctx, &layer->conv, &pass->scratch, at->x, at->dy, rows, scale, to->into);
    for (int p = 0; layer->bias && p < rows * plni_positions(layer->conv.out); p++)
        pass->kernels->axpy(bias, at->dy->value + (ptrdiff_t)p * depth, scale, depth);
    plni_sink_finish(pass->ctx, to, layer->size);
}

static int parameters(const plni_layer *layer) { return layer->bias ? 2 : 1; }

static void parameter(const plni_layer *layer, int which, pln_parameter_info *info)
{
    const plni_conv *c = &layer->conv;

    if (which == 1)
        *info = (pln_parameter_info){ "bias", 1, { c->out.channels }, false };
    else if (layer->full)
        *info = (pln_parameter_info){ "weight", 2, { c->out.channels, taps_of(layer) * c->in.channels }, false };
    else
        *info = (pln_parameter_info){ "weight", 4, { c->out.channels, c->in.channels, c->kernel_height, c->kernel_width },
                                      false };
}

/* Where the weight of filter f, channel c, tap t lies in theta. */
static size_t place_of(const plni_conv *conv, int f, int c, int t)
{
    return ((size_t)t * (size_t)conv->in_depth + (size_t)c) * (size_t)conv->out_depth + (size_t)f;
}

static void get(const plni_layer *layer, const float *theta, int which, float *tensor)
{
    const plni_conv *conv = &layer->conv;

    if (which == 1) {
        memcpy(tensor, theta + weights_of(layer), (size_t)conv->out.channels * sizeof *tensor);
        return;
    }
    for (int f = 0; f < conv->out.channels; f++)
        for (int c = 0; c < conv->in.channels; c++)
            for (int t = 0; t < taps_of(layer); t++) *tensor++ = theta[place_of(conv, f, c, t)];
}

static void set(const plni_layer *layer, float *theta, int which, const float *tensor)
{
    const plni_conv *conv = &layer->conv;

    if (which == 1) {
        memcpy(theta + weights_of(layer), tensor, (size_t)conv->out.channels * sizeof *tensor);
        return;
    }
    for (int f = 0; f < conv->out.channels; f++)
        for (int c = 0; c < conv->in.channels; c++)
            for (int t = 0; t < taps_of(layer); t++) theta[place_of(conv, f, c, t)] = *tensor++;
}

const plni_layer_ops plni_conv_ops = {
    .name = "conv",
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .gradient = gradient,
    .parameters = parameters,
    .parameter = parameter,
    .get = get,
    .set = set,
};
