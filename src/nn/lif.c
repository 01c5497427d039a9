/* lif.c - leaky integrate-and-fire neurons
 *
 * Potentials and spikes of one tile at all steps stay in the L1 cache.  Going back,
 * the kernel makes potentials again from the drive, so that only x is kept. */

#include "base/shape.h"
#include "nn/graph.h"
#include "nn/score.h"
#include "nn/tile.h"

#include <math.h>
#include <string.h>

PLNI_OWN_TYPE(pln_neuron)

typedef struct workspace {
    plni_lif lif;
    long    *spikes;                /* [tiles of the batch] how many */
    int      lines;
} workspace;

const pln_option plni_lif_options[] = {
    { "tau threshold rest reset detach strict decay_input surrogate sharpness", PLN_OPTION_ALSO, 0, .options = pln_neuron_options },
    { 0 }
};

void pln_net_lif(pln_net *net, const pln_neuron *neuron)
{
    plni_append(net, &plni_lif_ops, neuron, sizeof *neuron);
}

static pln_status fit(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);

    const pln_neuron neuron = own_of(layer);

    if (pln_neuron_check(net->ctx, &neuron) != PLN_OK) return net->error = PLN_ERR_ARG;
    if (x->row || x->form != PLNI_VALUES || plni_is_input(net, layer->input))
        return plni_refuse(net, PLN_ERR_SHAPE, layer->input ? "neurons must follow a convolution, a dense layer, a norm or a sum"
                           : "a network of maps begins with a convolution or a dense layer", 0);
    layer->out = plni_map(x->extent, PLNI_SPIKES, true);
    layer->out.steps = net->steps;
    layer->threshold = own_of(layer).threshold;
    layer->by_channel = true;
    return PLN_OK;
}

static plni_lif lif_of(const pln_neuron *n)
{
    const float lam = 1 - 1 / n->tau, a = n->sharpness;

    return (plni_lif){ .lam = lam, .kap = n->decay_input ? 1 / n->tau : 1, .threshold = n->threshold,
                       .rest = n->reset == PLN_RESET_HARD ? n->rest : 0,
                       .offset = n->reset == PLN_RESET_HARD ? (1 - lam) * n->rest : 0,
                       .reset = (int)n->reset, .surrogate = (int)n->surrogate, .detach = n->detach,
                       .strict = n->strict, .a = a, .peak = a / (2 * tanhf(a / 2)) };
}

static void *plan(const plni_layer *layer, const plni_pass *pass, const plni_stage *stage, plni_arena *arena)
{
    workspace *own = plni_arena_take(arena, sizeof *own);
    const pln_neuron neuron = own_of(layer);
    workspace s = { .lif = lif_of(&neuron), .lines = plni_tile_lines(stage, layer->out.extent) };

    s.spikes = plni_arena_take(arena, (size_t)pass->batch * (size_t)s.lines * sizeof *s.spikes);
    if (own) *own = s;
    return own;
}

/* How criticality takes these neurons to be near to firing. */
static plni_metric metric_of(const plni_layer *layer, const pln_criticality *how)
{
    pln_neuron n = own_of(layer);

    if (!how->own) n.surrogate = how->surrogate, n.sharpness = how->sharpness;
    return (plni_metric){ lif_of(&n), (int)how->quantity, how->averaged };
}

/* Of the tile; channels that only fill up a vector are none. */
static void count_potentials(const plni_layer *layer, const workspace *own, const plni_tile *tile)
{
    int32_t *bin = plni_scores_bin(tile->pass, layer, tile->chunk);
    const double width = 4.0 / PLNI_BINS;
    float h[PLN_MAX_TIME];

    for (int i = 0; i < tile->places * layer->out.extent.channels; i++) {
        plni_potentials(&own->lif, &tile->drive, i / layer->out.extent.channels, i % layer->out.extent.channels, h);
        for (int t = 0; t < tile->drive.steps; t++) {
            const double x = (double)h[t] - (double)own->lif.threshold;
            if (x >= -2 && x <= 2) bin[(int)fmin((x + 2) / width, PLNI_BINS - 1)]++;
        }
    }
}

static int fire_and_score(const plni_layer *layer, const workspace *own, plni_tile *tile)
{
    const plni_scores *scores = tile->pass->scores;
    const plni_metric metric = metric_of(layer, &scores->how);

    if (scores->counts) count_potentials(layer, own, tile);
    return tile->pass->kernels->fire_score(&own->lif, &tile->drive, tile->spike, &metric,
                                           plni_scores_tile(tile->pass, layer, tile->chunk));
}

static void tile_forward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const workspace *own = io->workspace;
    const bool scores = tile->pass->scores && !tile->pass->training;

    own->spikes[tile->chunk] = scores ? fire_and_score(layer, own, tile)
                                      : tile->pass->kernels->fire(&own->lif, &tile->drive, tile->spike);
    tile->holds = PLNI_IN_SPIKES;
}

/* Slopes that the neurons have anyway are not made again. */
static void back_and_score(const plni_layer *layer, const workspace *own, plni_tile *tile, float *du, ptrdiff_t du_step)
{
    const plni_scores *scores = tile->pass->scores;
    const plni_metric metric = metric_of(layer, &scores->how);
    const bool same = metric.quantity == PLN_SCORE_SLOPE && !metric.averaged && metric.lif.surrogate == own->lif.surrogate &&
                      metric.lif.a == own->lif.a;

    tile->pass->kernels->fire_back_score(&own->lif, &tile->drive, tile->slope, tile->slope_step, du, du_step, tile->sum,
                                         tile->sum_step, same ? NULL : &metric, plni_scores_tile(tile->pass, layer, tile->chunk));
}

static void tile_backward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const workspace *own = io->workspace;
    float *du = plni_tile_values(tile, tile->du, 0);
    const ptrdiff_t du_step = plni_tile_step(tile, tile->du);

    if (tile->pass->scores) back_and_score(layer, own, tile, du, du_step);
    else tile->pass->kernels->fire_back(&own->lif, &tile->drive, tile->slope, tile->slope_step, du, du_step, tile->sum, tile->sum_step);
    tile->made = true;
}

static long count(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io)
{
    const workspace *own = io->workspace;
    long spikes = 0;

    (void)layer;
    for (int i = 0; i < pass->samples * own->lines; i++) spikes += own->spikes[i];
    return spikes;
}

static bool zero_deltas(const plni_layer *layer, const pln_net *net)
{
    (void)net;
    return pln_surrogate_compact(own_of(layer).surrogate);
}

static void tell(const plni_layer *layer, pln_layer_info *info)
{
    info->fires = true;
    info->neuron = own_of(layer);
    info->neurons = (long)layer->out.extent.channels * plni_positions(layer->out.extent);
}

const plni_layer_ops plni_lif_ops = {
    .name = "lif",
    .role = PLNI_POINTWISE,
    .place = PLNI_UNIT,
    .options = plni_lif_options,
    .fit = fit,
    .plan = plan,
    .tile_forward = tile_forward,
    .tile_backward = tile_backward,
    .count = count,
    .zero_deltas = zero_deltas,
    .tell = tell,
};
