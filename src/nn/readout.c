/* readout.c - outputs over time become one row a sample
 *
 *     y[k] = sum_t w[t] 1/votes sum_v x[t][k votes + v]
 *
 * with w = 1/T for the mean.  A membrane that never fires is linear, so its last
 * value and its mean are such sums too (theory 12.5). */

#include "nn/layer.h"

#include <string.h>

static float weight_of(const plni_layer *layer, int t, int steps)
{
    const pln_neuron n = pln_neuron_default();
    float u = n.decay_input ? 1 / n.tau : 1, sum = u;

    if (layer->readout == PLN_READOUT_MEAN) return 1 / (float)steps;
    for (int k = t + 1; k < steps; k++) {
        u *= 1 - 1 / n.tau;
        sum += u;
    }
    return layer->readout == PLN_READOUT_LAST ? u : sum / (float)steps;
}

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_station *at, int first, int last)
{
    const int steps = at->x->steps;
    float room[PLN_MAX_CHANNELS];

    for (int s = first; s < last; s++) {
        float *y = at->y->value + s * at->y->stride;
        memset(y, 0, (size_t)layer->outputs * sizeof *y);
        for (int t = 0; t < steps; t++) {
            const float *x = plni_map_values(at->x, t * pass->samples + s, 0, room);
            const float weight = weight_of(layer, t, steps) / (float)layer->votes;
            for (int i = 0; i < layer->inputs; i++) y[i / layer->votes] += weight * x[i];
        }
    }
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_station *at, int first, int last)
{
    const int steps = at->x->steps;

    for (int s = first; s < last; s++)
        for (int t = 0; t < steps; t++) {
            const float *dy = at->dy->value + s * at->dy->stride;
            const float weight = weight_of(layer, t, steps) / (float)layer->votes;
            float *dx = at->dx->value + (t * pass->samples + s) * at->dx->stride;
            for (int i = 0; i < layer->inputs; i++) dx[i] = weight * dy[i / layer->votes];
            memset(dx + layer->inputs, 0, (size_t)(at->dx->depth - layer->inputs) * sizeof *dx);
        }
}

const plni_layer_ops plni_readout_ops = {
    .name = "readout",
    .rowwise = true,
    .forward = forward,
    .backward = backward,
};
