/* activation.c - elementwise functions, and softmax, after a layer */

#include "nn/layer.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {
#define PLNI_ACTIVATION(name, text) text,
    PLN_ACTIVATION_LIST(PLNI_ACTIVATION)
#undef PLNI_ACTIVATION
};

const char *pln_activation_name(pln_activation activation)
{
    if ((int)activation < 0 || activation >= PLN_ACTIVATION_COUNT) return "unknown";
    return names[activation];
}

bool pln_activation_find(const char *name, pln_activation *found)
{
    for (int i = 0; i < PLN_ACTIVATION_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *found = (pln_activation)i;
            return true;
        }
    return false;
}

/* The largest is subtracted first, so that no exponential overflows. */
static void softmax(float *y, const float *x, int n)
{
    float largest = x[0], sum = 0;

    for (int i = 1; i < n; i++) largest = x[i] > largest ? x[i] : largest;
    for (int i = 0; i < n; i++) sum += y[i] = expf(x[i] - largest);
    for (int i = 0; i < n; i++) y[i] /= sum;
}

/* dx_i = y_i (dy_i - sum_j dy_j y_j), flushed as that of all smooth activations, whose
 * derivative fades away where they are saturated. */
static void softmax_back(float *dx, const float *dy, const float *y, int n)
{
    float sum = 0;

    for (int i = 0; i < n; i++) sum += dy[i] * y[i];
    for (int i = 0; i < n; i++) dx[i] = plni_flush(y[i] * (dy[i] - sum));
}

static void forward_row(const plni_layer *layer, const plni_kernels *kernels,
                        float *y, const float *x)
{
    const int n = layer->outputs;

    switch (layer->activation) {
    case PLN_RELU:     kernels->relu(y, x, n);     return;
    case PLN_HARDSIGM: kernels->hardsigm(y, x, n); return;
    case PLN_SIGMOID:
        for (int i = 0; i < n; i++) y[i] = 1 / (1 + expf(-x[i]));
        return;
    case PLN_TANH:
        for (int i = 0; i < n; i++) y[i] = 0.5f + 0.5f * tanhf(x[i]);
        return;
    case PLN_SOFTMAX:  softmax(y, x, n);           return;
    default:           memcpy(y, x, (size_t)n * sizeof *y);
    }
}

static void backward_row(const plni_layer *layer, const plni_kernels *kernels,
                         float *dx, const float *dy, const float *x, const float *y)
{
    const int n = layer->outputs;

    switch (layer->activation) {
    case PLN_RELU:     kernels->relu_back(dx, dy, x, n);     return;
    case PLN_HARDSIGM: kernels->hardsigm_back(dx, dy, x, n); return;
    case PLN_SIGMOID:
        for (int i = 0; i < n; i++) dx[i] = plni_flush(dy[i] * y[i] * (1 - y[i]));
        return;
    case PLN_TANH:
        for (int i = 0; i < n; i++) {
            const float t = 2 * y[i] - 1;
            dx[i] = plni_flush(dy[i] * 0.5f * (1 - t * t));
        }
        return;
    case PLN_SOFTMAX:  softmax_back(dx, dy, y, n);           return;
    default:           memcpy(dx, dy, (size_t)n * sizeof *dx);
    }
}

static void forward(const plni_layer *layer, const plni_pass *pass,
                    const plni_station *at, int first, int last)
{
    for (int s = first; s < last; s++)
        forward_row(layer, pass->kernels, at->y->value + s * at->y->stride,
                    at->x->value + s * at->x->stride);
}

static void backward(const plni_layer *layer, const plni_pass *pass,
                     const plni_station *at, int first, int last)
{
    for (int s = first; s < last; s++)
        backward_row(layer, pass->kernels, at->dx->value + s * at->dx->stride,
                     at->dy->value + s * at->dy->stride,
                     at->x->value + s * at->x->stride,
                     at->y->value + s * at->y->stride);
}

const plni_layer_ops plni_activation_ops = {
    .name = "activation",
    .rowwise = true,
    .forward = forward,
    .backward = backward,
};
