/* plain_layers.h - what one layer gives for what it reads, in evaluation: plain loops in double precision
 *
 * An independent second opinion for tests, of one sample: [channel][y][x] of images, or a row.  It reads
 * weights and shapes through the public interface and shares no code with the library. */
#ifndef PLAIN_LAYERS_H
#define PLAIN_LAYERS_H

#include "planaria.h"
#include "test.h"

enum { PLAIN_MOST = 256, PLAIN_WEIGHTS = 1 << 12 };

/* What a layer reads: channels 0 of a row. */
typedef struct plain_shape { int channels, height, width; } plain_shape;

static inline int plain_tensor_of(const pln_net *net, int parameter, float to[PLAIN_WEIGHTS])
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    pln_tensor t = { .data = to, .rank = info.rank };

    memcpy(t.dim, info.dim, sizeof t.dim);
    assert_true(pln_tensor_count(&t) <= PLAIN_WEIGHTS);
    assert_int_equal(pln_net_get(net, parameter, &t), PLN_OK);
    return (int)pln_tensor_count(&t);
}

/* Weights [out][in], or [out][channel][y][x] of a kernel, and biases [out] of a layer. */
static inline void plain_weights(const pln_net *net, int layer, float w[PLAIN_WEIGHTS], float b[PLAIN_WEIGHTS])
{
    int parameter = 0;

    for (int l = 0; l < layer; l++)
        for (size_t left = pln_net_layer(net, l).parameters; left > 0;) left -= (size_t)plain_tensor_of(net, parameter++, w);
    const int n = plain_tensor_of(net, parameter, w);
    memset(b, 0, PLAIN_WEIGHTS * sizeof *b);
    if (pln_net_layer(net, layer).parameters > (size_t)n) (void)plain_tensor_of(net, parameter + 1, b);
}

static inline void plain_dense(const pln_net *net, int layer, const double *x, double *y)
{
    static float w[PLAIN_WEIGHTS], b[PLAIN_WEIGHTS];
    const pln_layer_info i = pln_net_layer(net, layer);

    plain_weights(net, layer, w, b);
    for (int o = 0; o < i.outputs; o++) {
        y[o] = (double)b[o];
        for (int k = 0; k < i.inputs; k++) y[o] += (double)w[o * i.inputs + k] * x[k];
    }
}

/* W^T y: what the layers above send down. */
static inline void plain_feedback(const pln_net *net, int layer, const double *y, double *x)
{
    static float w[PLAIN_WEIGHTS], b[PLAIN_WEIGHTS];
    const pln_layer_info i = pln_net_layer(net, layer);

    plain_weights(net, layer, w, b);
    for (int k = 0; k < i.inputs; k++) x[k] = 0;
    for (int o = 0; o < i.outputs; o++)
        for (int k = 0; k < i.inputs; k++) x[k] += (double)w[o * i.inputs + k] * y[o];
}

static inline void plain_conv(const pln_net *net, int layer, plain_shape in, const double *x, double *y)
{
    static float w[PLAIN_WEIGHTS], b[PLAIN_WEIGHTS];
    const pln_layer_info i = pln_net_layer(net, layer);

    plain_weights(net, layer, w, b);
    for (int f = 0; f < i.channels; f++)
        for (int o = 0; o < i.height * i.width; o++) {
            double *sum = &y[f * i.height * i.width + o];
            *sum = (double)b[f];
            for (int c = 0; c < in.channels; c++)
                for (int t = 0; t < i.kernel * i.kernel; t++) {
                    const int iy = o / i.width * i.stride + t / i.kernel - i.pad, ix = o % i.width * i.stride + t % i.kernel - i.pad;
                    if (iy < 0 || iy >= in.height || ix < 0 || ix >= in.width) continue;
                    *sum += (double)w[(f * in.channels + c) * i.kernel * i.kernel + t] * x[(c * in.height + iy) * in.width + ix];
                }
        }
}

/* Windows that do not overlap.  What is not known makes its whole window so. */
static inline void plain_pool(const pln_layer_info *i, plain_shape in, const double *x, double *y)
{
    assert_true(i->stride == i->window && i->pad == 0);
    for (int o = 0; o < i->channels * i->height * i->width; o++) {
        const int c = o / (i->height * i->width), oy = o / i->width % i->height, ox = o % i->width;
        double sum = 0, most = -INFINITY;
        for (int t = 0; t < i->window * i->window; t++) {
            const double v = x[(c * in.height + oy * i->window + t / i->window) * in.width + ox * i->window + t % i->window];
            sum += v;
            most = fmax(most, v);
        }
        y[o] = i->pool == PLN_POOL_AVERAGE || isnan(sum) ? sum / (i->window * i->window) : most;
    }
}

static inline void plain_activation(pln_activation kind, int n, const double *x, double *y)
{
    double sum = 0;

    assert_true(kind == PLN_RELU || kind == PLN_HARDSIGM || kind == PLN_SOFTMAX);
    for (int k = 0; k < n; k++) sum += exp(x[k]);
    for (int k = 0; k < n; k++) y[k] = kind == PLN_SOFTMAX ? exp(x[k]) / sum : fmin(fmax(x[k], 0), kind == PLN_RELU ? INFINITY : 1);
}

/* The share of steps in which neurons fire that are driven by the same x in each; NaN where a potential comes
 * so close to the threshold that rounding decides. */
static inline void plain_rates(const pln_layer_info *i, int n, const double *x, double *y)
{
    const pln_neuron *how = &i->neuron;
    const double tau = (double)how->tau, threshold = (double)how->threshold, rest = (double)how->rest;

    assert_true(how->reset == PLN_RESET_HARD);
    for (int k = 0; k < n; k++) {
        double v = rest, fired = 0;
        for (int t = 0; t < i->steps; t++) {
            v += (how->decay_input ? x[k] : x[k] * tau) / tau - (v - rest) / tau;
            if (fabs(v - threshold) < 1e-5) fired = NAN;
            if (v < threshold) continue;
            fired++;
            v = rest;
        }
        y[k] = fired / i->steps;
    }
}

#endif
