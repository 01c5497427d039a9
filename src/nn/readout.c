/* readout.c - outputs over time become one row a sample
 *
 *     y[k] = sum_t w[t] 1/votes sum_v x[t][k votes + v]
 *
 * with w = 1/T for the mean.  A membrane that never fires is linear, so its last
 * value and its mean are such sums too (theory 12.5). */

#include "nn/graph.h"

#include <string.h>

typedef struct readout_own {
    pln_readout_kind kind;
    int              votes;        /* outputs of x for each of y */
} readout_own;

PLNI_OWN_TYPE(readout_own)

static const char *const kinds[] = { "mean", "last", "membrane", NULL };

const pln_option plni_readout_options[] = {
    { "kind", PLN_OPTION_WORD, offsetof(readout_own, kind), .flags = PLN_OPTION_NEEDED, .words = kinds,
      .help = "mean over time, or a membrane at the end or its mean" },
    { "votes", PLN_OPTION_INT, offsetof(readout_own, votes), 1, PLN_MAX_CHANNELS, 1, .help = "neighbouring outputs that are averaged" },
    { 0 }
};

void pln_net_readout(pln_net *net, pln_readout_kind kind, int votes)
{
    const readout_own own = { kind, votes };

    plni_append(net, &plni_readout_ops, &own, sizeof own);
}

static bool any_fires(const pln_net *net)
{
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].threshold > 0) return true;
    return false;
}

static pln_status fit(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);
    const readout_own own = own_of(layer);

    if (x->row) return plni_refuse(net, PLN_ERR_SHAPE, "a read-out wants outputs over time, not a row a sample", x->units);
    if (plni_positions(x->extent) != 1)
        return plni_refuse(net, PLN_ERR_SHAPE, "a read-out wants one place, not an image", plni_positions(x->extent));
    if (own.kind != PLN_READOUT_MEAN && (x->steps != net->steps || !any_fires(net)))
        return plni_refuse(net, PLN_ERR_SHAPE, "a membrane reads out what changes over time; here no neuron fires below it",
                           x->steps);
    if (own.votes < 1 || x->units % own.votes)
        return plni_refuse(net, PLN_ERR_SHAPE, "the votes must divide the outputs", own.votes);
    layer->out = plni_row_of(x->units / own.votes);
    return PLN_OK;
}

static float weight_of(const readout_own *own, int t, int steps)
{
    const pln_neuron n = pln_neuron_default();
    float u = n.decay_input ? 1 / n.tau : 1, sum = u;

    if (own->kind == PLN_READOUT_MEAN) return 1 / (float)steps;
    for (int k = t + 1; k < steps; k++) {
        u *= 1 - 1 / n.tau;
        sum += u;
    }
    return own->kind == PLN_READOUT_LAST ? u : sum / (float)steps;
}

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    const readout_own own = own_of(layer);
    const int steps = io->x->steps;
    float values[PLN_MAX_CHANNELS];

    for (int s = first; s < last; s++) {
        float *y = io->y->value + s * io->y->stride;
        memset(y, 0, (size_t)layer->outputs * sizeof *y);
        for (int t = 0; t < steps; t++) {
            const float *x = plni_map_values(io->x, t * pass->samples + s, 0, values);
            const float weight = weight_of(&own, t, steps) / (float)own.votes;
            for (int i = 0; i < layer->inputs; i++) y[i / own.votes] += weight * x[i];
        }
    }
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    const readout_own own = own_of(layer);
    const int steps = io->x->steps;

    for (int s = first; s < last; s++)
        for (int t = 0; t < steps; t++) {
            const float *dy = io->dy->value + s * io->dy->stride;
            const float weight = weight_of(&own, t, steps) / (float)own.votes;
            float *dx = io->dx->value + (t * pass->samples + s) * io->dx->stride;
            for (int i = 0; i < layer->inputs; i++) dx[i] = weight * dy[i / own.votes];
            memset(dx + layer->inputs, 0, (size_t)(io->dx->depth - layer->inputs) * sizeof *dx);
        }
}

static void tell(const plni_layer *layer, pln_layer_info *info)
{
    info->readout = own_of(layer).kind;
    info->votes = own_of(layer).votes;
}

const plni_layer_ops plni_readout_ops = {
    .name = "readout",
    .role = PLNI_POINTWISE,
    .options = plni_readout_options,
    .fit = fit,
    .forward = forward,
    .backward = backward,
    .tell = tell,
};
