/* score.c - how near channels come to firing, over tiles and samples */

#include "nn/score.h"

#include "base/check.h"
#include "base/option.h"
#include "nn/options.h"
#include "nn/tile.h"

#include <string.h>

static const char *const quantities[] = { "slope", "value", "nearness", "potential", "spikes", NULL };

const pln_option plni_metric_options[] = {
    { "quantity", PLN_OPTION_WORD, offsetof(pln_criticality, quantity), .usual = PLN_SCORE_SLOPE, .words = quantities,
      .help = "what channels are scored by: the surrogate's slope, or another quantity of potentials" },
    { "averaged", PLN_OPTION_BOOL, offsetof(pln_criticality, averaged), .help = "the mean over places instead of the largest" },
    { "own_surrogate", PLN_OPTION_BOOL, offsetof(pln_criticality, own), .help = "criticality by the surrogate that neurons are trained with" },
    { "surrogate", PLN_OPTION_WORD, offsetof(pln_criticality, surrogate), .usual = PLN_SURROGATE_ATAN, .words = plni_surrogate_words,
      .help = "or by this one" },
    { "sharpness", PLN_OPTION_FLOAT, offsetof(pln_criticality, sharpness), 0, 1e4, 2, PLN_OPTION_ABOVE | PLN_OPTION_BELOW, .help = "of it" },
    { 0 }
};

pln_criticality pln_criticality_default(void)
{
    pln_criticality how;

    memset(&how, 0, sizeof how);
    pln_option_defaults(plni_metric_options, &how);
    return how;
}

pln_status plni_criticality_check(pln_ctx *ctx, const pln_criticality *how)
{
    pln_neuron n = pln_neuron_default();

    if ((int)how->quantity < 0 || how->quantity > PLN_SCORE_SPIKES)
        return plni_fail(ctx, PLN_ERR_ARG, "criticality: there is no quantity %d", (int)how->quantity);
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

void plni_scores_plan(const pln_net *net, int batch, bool counts, plni_scores *scores, plni_arena *arena)
{
    *scores = (plni_scores){ .how = pln_criticality_default(), .counts = counts };
    for (int l = 0; l < net->count; l++) {
        const plni_signal *out = &net->layer[l].out;
        if (!is_scored(&net->layer[l])) continue;
        scores->tiles[l] = plni_tile_lines(&net->stage[plni_stage_of(net, l)], out->extent);
        scores->part[l] = plni_arena_take(arena, (size_t)batch * (size_t)scores->tiles[l] * (size_t)out->depth * sizeof(float));
        scores->sum[l] = plni_arena_take(arena, (size_t)out->extent.channels * sizeof(double));
        if (counts) scores->bin[l] = plni_arena_take(arena, (size_t)batch * (size_t)scores->tiles[l] * PLNI_BINS * sizeof(int32_t));
    }
}

void plni_scores_clear(const pln_net *net, plni_scores *scores)
{
    scores->samples = 0;
    for (int l = 0; l < net->count; l++)
        if (scores->sum[l]) memset(scores->sum[l], 0, (size_t)net->layer[l].out.extent.channels * sizeof(double));
}

/* One sample's score of a channel from those of its tiles, which are sums over the steps: the mean over all places, or the
 * largest; NaN is larger than any number. */
static float join_tiles(const plni_scores *scores, const plni_layer *layer, const float *part)
{
    const int depth = layer->out.depth, tiles = scores->tiles[layer->number];
    float score = part[0];

    for (int i = 1; i < tiles; i++) {
        const float next = part[(ptrdiff_t)i * depth];
        if (scores->how.averaged) score += next;
        else if (next > score || isnan(next)) score = next;
    }
    score /= (float)layer->out.steps;
    return scores->how.averaged ? score / (float)plni_positions(layer->out.extent) : score;
}

static void add_layer(const plni_scores *scores, const plni_layer *layer, int samples)
{
    const int depth = layer->out.depth, tiles = scores->tiles[layer->number];
    double *sum = scores->sum[layer->number];

    for (int s = 0; s < samples; s++) {
        const float *part = scores->part[layer->number] + (ptrdiff_t)s * tiles * depth;
        for (int c = 0; c < layer->out.extent.channels; c++) sum[c] += (double)join_tiles(scores, layer, part + c);
    }
}

void plni_scores_add(const pln_net *net, const plni_pass *batch)
{
    const int samples = plni_pass_all(batch);

    for (int l = 0; l < net->count; l++)
        if (batch->scores->sum[l]) add_layer(batch->scores, &net->layer[l], samples);
    batch->scores->samples += samples;
}

void plni_scores_each(const pln_net *net, const plni_pass *batch, float *each)
{
    const int all = pln_net_scores(net);
    const plni_scores *scores = batch->scores;

    for (int l = 0, first = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        if (!scores->sum[l]) continue;
        for (int s = 0; s < batch->samples; s++)
            for (int c = 0; c < layer->out.extent.channels; c++)
                each[(ptrdiff_t)s * all + first + c] =
                    join_tiles(scores, layer, scores->part[l] + (ptrdiff_t)s * scores->tiles[l] * layer->out.depth + c);
        first += layer->out.extent.channels;
    }
}

int64_t plni_scores_bins(const pln_net *net, const plni_pass *batch, int l, int64_t *bin)
{
    const plni_scores *scores = batch->scores;
    const plni_signal *out = &net->layer[l].out;

    if (!scores->bin[l]) return 0;
    for (int i = 0; i < batch->samples * scores->tiles[l] * PLNI_BINS; i++) bin[i % PLNI_BINS] += scores->bin[l][i];
    return (int64_t)batch->samples * out->steps * out->extent.channels * plni_positions(out->extent);
}

void plni_scores_read(const pln_net *net, const plni_scores *scores, double *score)
{
    for (int l = 0; l < net->count; l++)
        for (int c = 0; scores->sum[l] && c < net->layer[l].out.extent.channels; c++)
            *score++ = scores->sum[l][c] / (double)scores->samples;
}
