/* channels.c - what channels give to those that read them, and which of them stay */

#include "base/check.h"
#include "base/option.h"
#include "base/rng.h"
#include "base/shape.h"
#include "nn/channels.h"
#include "nn/options.h"
#include "pln/sparsify.h"
#include "pln/train.h"
#include "train/fill.h"

#include <math.h>
#include <string.h>

enum { BATCH = 16 };

static const char *const scores[] = { "none", "magnitude", "critical", "rate", "random", "uncritical", "sca", NULL };

static const char *const methods[] = { "faithful_s", "slimming", NULL };

static void take_method(void *cut)
{
    pln_cut *how = cut;

    how->regrow = how->method == PLN_CUT_SLIMMING ? PLN_CHANNELS_NONE : PLN_CHANNELS_CRITICAL;
}

const pln_option pln_cut_options[] = {
    { "method", PLN_OPTION_WORD, offsetof(pln_cut, method), .usual = PLN_CUT_FAITHFUL, .words = methods, .then = take_method,
      .help = "sets what follows, which changes it" },
    { "sparsity", PLN_OPTION_DOUBLE, offsetof(pln_cut, sparsity), 0, 1, 0.5, PLN_OPTION_SINGLE, .help = "share of the channels that go" },
    { "by_layer", PLN_OPTION_BOOL, offsetof(pln_cut, by_layer), .help = "of each layer that share, instead of all together" },
    { "criterion", PLN_OPTION_WORD, offsetof(pln_cut, criterion), .usual = PLN_CHANNELS_MAGNITUDE, .words = scores,
      .help = "by what they stay: the size of their norms' factors, or of their weights where there is none" },
    { "regrow", PLN_OPTION_WORD, offsetof(pln_cut, regrow), .usual = PLN_CHANNELS_CRITICAL, .words = scores, .help = "by what some come back instead" },
    { "ratio", PLN_OPTION_DOUBLE, offsetof(pln_cut, ratio), 0, 1, 0.05, PLN_OPTION_SINGLE, .help = "of those that stay" },
    { "quantity averaged own_surrogate surrogate sharpness", PLN_OPTION_ALSO, offsetof(pln_cut, metric), .options = plni_metric_options },
    { 0 }
};

pln_cut pln_cut_default(void)
{
    pln_cut how;

    memset(&how, 0, sizeof how);
    pln_option_defaults(pln_cut_options, &how);
    return how;
}

/* ---- what channels give ------------------------------------------------------------- */

/* A walk over samples, in a pass that keeps what products read. */
typedef struct walk {
    pln_net        *net;
    const pln_data *data;
    const int      *index;
    int             count, from;
    plni_pass       pass;
    plni_channels   channels;
    double         *sum;
} walk;

static void fill(void *arg, int s)
{
    const walk *w = arg;

    plni_fill(w->net, &w->pass, w->data, w->index ? w->index[w->from + s] : w->from + s, NULL, s);
}

/* The first product that reads channels of this home. */
static const plni_layer *reader_of(const walk *w, int home)
{
    const plni_layer *layer = w->net->layer;

    while (layer->role != PLNI_PRODUCT || w->channels.home[layer->input] != home) layer++;
    return layer;
}

static void add_group(const walk *w, int home)
{
    const plni_signal *x = w->pass.at[reader_of(w, home)->number].x;
    const int channels = x->extent.channels, places = plni_positions(x->extent);
    const double share = 1 / ((double)w->count * x->steps * places);
    double *sum = w->sum + w->channels.first[home];
    float buffer[PLN_MAX_CHANNELS];

    for (int i = 0; i < w->pass.samples * x->steps * places; i++) {
        const float *value = plni_map_values(x, i / places, i % places, buffer);
        for (int c = 0; c < channels; c++) sum[c] += share * fabs((double)value[c]);
    }
}

pln_status pln_evaluate_channels(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int samples, double *mean)
{
    walk w = { .net = net, .data = data, .index = index, .sum = mean };
    plni_arena arena = { 0 };

    if (!net->ready) return plni_fail(ctx, PLN_ERR_STATE, "channels: the network is not ready");
    w.count = index ? samples : pln_data_count(data);
    PLN_TRY(plni_fill_check(ctx, "channels", net, data, index, w.count));
    plni_channels_find(net, &w.channels);
    const int batch = plni_batch_within(net, BATCH);
    plni_pass_plan(net, batch, true, &w.pass, &arena);
    void *memory = plni_alloc(ctx, arena.used);
    if (!memory) return PLN_ERR_MEMORY;
    const size_t bytes = arena.used;
    arena = (plni_arena){ .base = memory };
    plni_pass_plan(net, batch, true, &w.pass, &arena);
    w.pass.training = false;
    memset(mean, 0, (size_t)w.channels.count * sizeof *mean);
    for (; w.from < w.count; w.from += w.pass.samples) {
        w.pass.samples = w.count - w.from < batch ? w.count - w.from : batch;
        plni_forward(net, &w.pass, fill, NULL, &w);
        for (int home = 1; home <= net->count; home++)
            if (w.channels.first[home] >= 0) add_group(&w, home);
    }
    plni_free(ctx, memory, bytes);
    return PLN_OK;
}

/* ---- which stay ------------------------------------------------------------------------ */

/* What one choice is made of. */
typedef struct choice {
    pln_ctx        *ctx;
    pln_net        *net;
    const pln_data *data;
    const int      *index;
    int             samples;
    const pln_cut  *how;
    size_t          n;
} choice;

static pln_status score_by_rate(const choice *c, float *score)
{
    double *mean = plni_alloc(c->ctx, c->n * sizeof *mean);
    const pln_status status = mean ? pln_evaluate_channels(c->ctx, c->net, c->data, c->index, c->samples, mean) : PLN_ERR_MEMORY;

    for (size_t i = 0; status == PLN_OK && i < c->n; i++) score[i] = (float)mean[i];
    plni_free(c->ctx, mean, c->n * sizeof *mean);
    return status;
}

static bool is_by_neurons(pln_channel_score by)
{
    return by == PLN_CHANNELS_CRITICAL || by == PLN_CHANNELS_UNCRITICAL || by == PLN_CHANNELS_POTENTIAL;
}

static pln_status score_by_neurons(const choice *c, pln_channel_score by, float *score)
{
    const pln_criticality potential = { .sharpness = 2, .quantity = PLN_SCORE_POTENTIAL, .averaged = true };
    const float sign = by == PLN_CHANNELS_UNCRITICAL ? -1 : 1;
    const size_t bytes = (size_t)pln_net_scores(c->net) * sizeof(double);
    double *all = plni_alloc(c->ctx, bytes);
    const pln_status status = all ? pln_evaluate_criticality(c->ctx, c->net, c->data, c->index, c->samples,
                                                                 by == PLN_CHANNELS_POTENTIAL ? &potential : &c->how->metric, all)
                                  : PLN_ERR_MEMORY;

    for (int g = 0; status == PLN_OK && g < pln_net_channel_groups(c->net); g++) {
        const pln_channel_group group = pln_net_channel_group(c->net, g);
        for (int k = 0; k < group.count; k++) score[group.first + k] = sign * (float)all[group.scores + k];
    }
    plni_free(c->ctx, all, bytes);
    return status;
}

static void score_by_chance(const choice *c, bool back, float *score)
{
    const plni_random r = plni_random_for(c->how->seed, PLNI_FOR_REGROWTH, 0, back, 0);

    for (size_t i = 0; i < c->n; i++) score[i] = (float)(plni_random_bits(&r, (uint32_t)i) >> 8);
}

/* What decides which channels stay, or, where `back`, which come back. */
static pln_status fill_scores(const choice *c, bool back, float *score)
{
    const pln_channel_score by = back ? c->how->regrow : c->how->criterion;

    if (by == PLN_CHANNELS_MAGNITUDE) return pln_net_channel_sizes(c->net, score);
    if (is_by_neurons(by)) return score_by_neurons(c, by, score);
    if (by == PLN_CHANNELS_RATE) return score_by_rate(c, score);
    if (by == PLN_CHANNELS_RANDOM) score_by_chance(c, back, score);
    return PLN_OK;
}

static bool asks_for_neurons(const pln_cut *how) { return is_by_neurons(how->criterion) || (is_by_neurons(how->regrow) && how->ratio > 0); }

static bool asks_for_rates(const pln_cut *how)
{
    return how->criterion == PLN_CHANNELS_RATE || (how->regrow == PLN_CHANNELS_RATE && how->ratio > 0);
}

static pln_status check(const choice *c)
{
    PLN_TRY(pln_option_check(c->ctx, pln_cut_options, c->how, "cut"));
    if (!c->net->ready) return plni_fail(c->ctx, PLN_ERR_STATE, "cut: the network is not ready");
    if (c->n == 0) return plni_fail(c->ctx, PLN_ERR_ARG, "cut: no channel of this network may go");
    if (c->how->criterion == PLN_CHANNELS_NONE) return plni_fail_at(c->ctx, PLN_ERR_ARG, "cut.criterion", "cut.criterion is none: channels stay by some score, such as magnitude");
    if (!c->data && (asks_for_neurons(c->how) || asks_for_rates(c->how)))
        return plni_fail(c->ctx, PLN_ERR_ARG, "cut: criticality and rates are those of samples");
    const bool by = is_by_neurons(c->how->criterion);
    const char *key = by ? "cut.criterion" : "cut.regrow";
    for (int g = 0; asks_for_neurons(c->how) && g < pln_net_channel_groups(c->net); g++)
        if (pln_net_channel_group(c->net, g).scores < 0)
            return plni_fail_at(c->ctx, PLN_ERR_ARG, key, "%s is critical, and no neuron fires behind layer %d, so that none of its channels is: it can be "
                                "%smagnitude, rate or random", key, pln_net_channel_group(c->net, g).layer, by ? "" : "none, ");
    return PLN_OK;
}

static void choose(const choice *c, const float *size, const float *score, float *scratch, uint8_t *keep)
{
    int count[PLN_MAX_LAYERS];
    const int groups = pln_net_channel_groups(c->net);
    const double share = pln_decimal(c->how->sparsity), growth = pln_decimal(c->how->ratio);

    for (int g = 0; g < groups; g++) count[g] = pln_net_channel_group(c->net, g).count;
    if (!c->how->by_layer) {
        (void)pln_choose_channels(size, score, count, groups, share, growth, scratch, keep);
        return;
    }
    for (int g = 0, at = 0; g < groups; at += count[g++])
        (void)pln_choose_channels(size + at, score ? score + at : NULL, count + g, 1, share, growth, scratch, keep + at);
}

pln_status pln_cut_channels(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int samples, const pln_cut *how, uint8_t *keep)
{
    const choice c = { ctx, net, data, index, samples, how, (size_t)pln_net_channels(net) };
    const bool regrows = how->regrow != PLN_CHANNELS_NONE && how->ratio > 0;

    PLN_TRY(check(&c));
    float *size = plni_alloc(ctx, 3 * c.n * sizeof *size);
    if (!size) return PLN_ERR_MEMORY;
    float *score = size + c.n;
    pln_status status = fill_scores(&c, false, size);
    if (status == PLN_OK && regrows) status = fill_scores(&c, true, score);
    if (status == PLN_OK) choose(&c, size, regrows ? score : NULL, score + c.n, keep);
    plni_free(ctx, size, 3 * c.n * sizeof *size);
    return status;
}
