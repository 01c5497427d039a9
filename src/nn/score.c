/* score.c - how near channels come to firing, over tiles and samples */

#include "nn/score.h"

#include "base/check.h"
#include "nn/tile.h"

#include <math.h>

pln_criticality pln_criticality_default(void)
{
    return (pln_criticality){ .surrogate = PLN_SURROGATE_ATAN, .sharpness = 2 };
}

pln_status plni_criticality_check(pln_ctx *ctx, const pln_criticality *how)
{
    pln_neuron n = pln_neuron_default();

    if (!how->own) n.surrogate = how->surrogate, n.sharpness = how->sharpness;
    return pln_neuron_check(ctx, &n);
}

static bool is_scored(const plni_layer *layer) { return layer->threshold > 0; }

int pln_net_scores(const pln_net *net)
{
    int count = 0;

    for (int l = 0; l < net->count; l++)
        if (is_scored(&net->layer[l])) count += net->layer[l].out.extent.channels;
    return count;
}

void plni_scores_plan(const pln_net *net, int batch, plni_scores *scores, plni_arena *arena)
{
    *scores = (plni_scores){ .how = pln_criticality_default() };
    for (int l = 0; l < net->count; l++) {
        const plni_signal *out = &net->layer[l].out;
        if (!is_scored(&net->layer[l])) continue;
        scores->tiles[l] = plni_tile_lines(&net->stage[plni_stage_of(net, l)], out->extent);
        scores->part[l] = plni_arena_take(arena, (size_t)batch * (size_t)scores->tiles[l] * (size_t)out->depth * sizeof(float));
        scores->sum[l] = plni_arena_take(arena, (size_t)out->extent.channels * sizeof(double));
    }
}

void plni_scores_clear(const pln_net *net, plni_scores *scores)
{
    scores->samples = 0;
    for (int l = 0; l < net->count; l++)
        if (scores->sum[l]) memset(scores->sum[l], 0, (size_t)net->layer[l].out.extent.channels * sizeof(double));
}

/* The largest of all tiles, for each channel and sample; NaN is larger than any number. */
static void add_layer(const plni_scores *scores, const plni_layer *layer, int samples)
{
    const int depth = layer->out.depth, tiles = scores->tiles[layer->number];
    double *sum = scores->sum[layer->number];

    for (int s = 0; s < samples; s++) {
        const float *part = scores->part[layer->number] + (ptrdiff_t)s * tiles * depth;
        for (int c = 0; c < layer->out.extent.channels; c++) {
            float largest = part[c];
            for (int i = 1; i < tiles; i++)
                if (part[(ptrdiff_t)i * depth + c] > largest || isnan(part[(ptrdiff_t)i * depth + c]))
                    largest = part[(ptrdiff_t)i * depth + c];
            sum[c] += (double)largest;
        }
    }
}

void plni_scores_add(const pln_net *net, const plni_pass *batch)
{
    const int samples = plni_pass_all(batch);

    for (int l = 0; l < net->count; l++)
        if (batch->scores->sum[l]) add_layer(batch->scores, &net->layer[l], samples);
    batch->scores->samples += samples;
}

void plni_scores_read(const pln_net *net, const plni_scores *scores, double *score)
{
    for (int l = 0; l < net->count; l++)
        for (int c = 0; scores->sum[l] && c < net->layer[l].out.extent.channels; c++)
            *score++ = scores->sum[l][c] / (double)scores->samples;
}
