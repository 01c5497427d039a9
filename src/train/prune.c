/* prune.c - masks that follow a schedule while a network is trained (pln/prune.h) */

#include "base/check.h"
#include "base/option.h"
#include "base/rng.h"
#include "nn/graph.h"
#include "nn/mask.h"
#include "nn/options.h"
#include "pln/sparsify.h"
#include "train/trainer.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const char *const sources[] = { "none", "critical", "uncritical", "random", "random_rows", "gradient", NULL };

static const char *const methods[] = { "gradual", "granet", "rigl", "set", NULL };

enum { ABOVE = PLN_OPTION_ABOVE, BELOW = PLN_OPTION_BELOW };

/* What a method is, as far as it is not the default. */
static void take_method(void *prune)
{
    pln_prune *how = prune;

    if (how->method == PLN_PRUNE_GRADUAL) return;
    how->ratio = 0;
    how->regrow = how->method == PLN_PRUNE_SET ? PLN_REGROW_RANDOM : PLN_REGROW_GRADIENT;
    how->exchange = how->method == PLN_PRUNE_GRANET ? 0.5f : 0.3f;
    how->least = how->method == PLN_PRUNE_GRANET ? 0.005f : 0;
    how->exchange_until = 0.75f;
    how->holds = how->method == PLN_PRUNE_RIGL;
    if (how->method == PLN_PRUNE_GRANET) return;
    how->from = how->sparsity;
    how->every = 100;
}

const pln_option pln_prune_options[] = {
    { "sparsity", PLN_OPTION_DOUBLE, offsetof(pln_prune, sparsity), 0, 1, 0, PLN_OPTION_NEEDED | ABOVE | BELOW | PLN_OPTION_SINGLE,
      .help = "share of all weights that are left out in the end" },
    { "method", PLN_OPTION_WORD, offsetof(pln_prune, method), .words = methods, .then = take_method, .help = "sets all that follows, which changes it" },
    { "from", PLN_OPTION_DOUBLE, offsetof(pln_prune, from), 0, 1, 0, BELOW | PLN_OPTION_SINGLE, .help = "the share before the first update" },
    { "updates", PLN_OPTION_INT, offsetof(pln_prune, updates), 1, 100000, 20, .help = "of the masks, in equal steps" },
    { "every", PLN_OPTION_INT, offsetof(pln_prune, every), 0, INT_MAX, 0, .help = "batches from one to the next; 0: as updates and until say" },
    { "length", PLN_OPTION_INT, offsetof(pln_prune, length), 0, PLN_MAX_EPOCHS, 0, .help = "of the whole schedule, in epochs; 0: train.epochs" },
    { "until", PLN_OPTION_FLOAT, offsetof(pln_prune, until), 0, 1, (double)0.4f, ABOVE, .help = "share of these epochs in which updates come" },
    { "regrow", PLN_OPTION_WORD, offsetof(pln_prune, regrow), .usual = PLN_REGROW_CRITICAL, .words = sources,
      .help = "by what score weights come back instead of the least of those that would stay" },
    { "ratio", PLN_OPTION_FLOAT, offsetof(pln_prune, ratio), 0, 1, (double)0.2f, .help = "of the weights that stay, those of the read-out left aside" },
    { "exchange", PLN_OPTION_FLOAT, offsetof(pln_prune, exchange), 0, 1, 0, .help = "fraction of a tensor's weights that give way to others at each update, at first" },
    { "least", PLN_OPTION_FLOAT, offsetof(pln_prune, least), 0, 1, 0, .help = "and at the end" },
    { "exchange_until", PLN_OPTION_FLOAT, offsetof(pln_prune, exchange_until), 0, 1, (double)0.75f, ABOVE, .help = "share of these epochs in which weights are exchanged" },
    { "holds", PLN_OPTION_BOOL, offsetof(pln_prune, holds), .help = "an exchange takes the place of its batch's step" },
    { "whole_rows", PLN_OPTION_BOOL, offsetof(pln_prune, whole_rows), .help = "weights with equal scores come back together, more than there should be" },
    { "own_surrogate", PLN_OPTION_BOOL, offsetof(pln_prune, metric.own), .help = "criticality by the surrogate that neurons are trained with" },
    { "surrogate", PLN_OPTION_WORD, offsetof(pln_prune, metric.surrogate), .usual = PLN_SURROGATE_ATAN, .words = plni_surrogate_words,
      .help = "or by this one" },
    { "sharpness", PLN_OPTION_FLOAT, offsetof(pln_prune, metric.sharpness), 0, 1e4, 2, ABOVE | BELOW, .help = "of it" },
    { 0 }
};

pln_prune pln_prune_default(void)
{
    pln_prune how;

    memset(&how, 0, sizeof how);
    pln_option_defaults(pln_prune_options, &how);
    return how;
}

/* ---- what is pruned ------------------------------------------------------------- */

/* A tensor of weights among all that compete. */
typedef struct weights {
    int    parameter, layer, which;
    int    rows;
    int    neurons;              /* where its channels' scores begin; -1: a read-out, whose outputs fire no spikes */
    size_t from, count;
} weights;

struct plni_pruner {
    pln_prune how;
    int       every;             /* batches from update to update                    */
    long      ends, falls;       /* batches with exchanges; until their fraction is the least */
    int       tensors;
    weights  *tensor;
    size_t    count, largest;    /* numbers in all; of the largest tensor            */
    float    *magnitude, *score, *scratch, *ones;
    uint8_t  *readout, *chosen, *mask;
    double   *channel;           /* [pln_net_scores]                                 */
};

/* Where the scores of the neurons behind a layer begin, or -1. */
static int neurons_behind(const pln_net *net, int l)
{
    int value = l + 1, scores = 0;

    for (int r = l + 1; r < net->count; r++) {
        const plni_layer *layer = &net->layer[r];
        if (layer->role == PLNI_PRODUCT || (layer->input != value && layer->addend != value)) continue;
        if (!(layer->threshold > 0)) {
            value = r + 1;
            continue;
        }
        for (int k = 0; k < r; k++) scores += net->layer[k].threshold > 0 ? net->layer[k].out.extent.channels : 0;
        return scores;
    }
    return -1;
}

static void list_weights(const pln_net *net, struct plni_pruner *p)
{
    p->tensors = 0;
    p->count = p->largest = 0;
    for (int i = 0; i < pln_net_parameters(net); i++) {
        const pln_parameter_info info = pln_net_parameter(net, i);
        weights w = { .parameter = i, .rows = info.dim[0], .from = p->count, .count = 1 };
        if (info.kept || info.rank < 2) continue;
        for (int d = 0; d < info.rank; d++) w.count *= (size_t)info.dim[d];
        w.layer = plni_parameter_owner(net, i, &w.which)->number;
        w.neurons = neurons_behind(net, w.layer);
        if (p->tensor) p->tensor[p->tensors] = w;
        p->tensors++;
        p->count += w.count;
        if (w.count > p->largest) p->largest = w.count;
    }
}

static void plan(const pln_net *net, struct plni_pruner *p, plni_arena *arena)
{
    list_weights(net, p);
    p->tensor = plni_arena_take(arena, (size_t)p->tensors * sizeof *p->tensor);
    p->magnitude = plni_arena_take(arena, p->count * sizeof(float));
    p->score = plni_arena_take(arena, p->count * sizeof(float));
    p->scratch = plni_arena_take(arena, p->count * sizeof(float));
    p->ones = plni_arena_take(arena, p->largest * sizeof(float));
    p->readout = plni_arena_take(arena, p->count);
    p->chosen = plni_arena_take(arena, p->count);
    p->mask = plni_arena_take(arena, p->count);
    p->channel = plni_arena_take(arena, (size_t)pln_net_scores(net) * sizeof(double));
    if (p->tensor) list_weights(net, p);
    for (int t = 0; p->tensor && t < p->tensors; t++)
        memset(p->readout + p->tensor[t].from, p->tensor[t].neurons < 0 && net->images, p->tensor[t].count);
}

struct plni_pruner *plni_prune_plan(const pln_net *net, const pln_prune *how, plni_arena *arena)
{
    struct plni_pruner *p = plni_arena_take(arena, sizeof *p), counted = { .how = *how };

    if (p) p->how = *how;
    plan(net, p ? p : &counted, arena);
    return p;
}

/* ---- checks ---------------------------------------------------------------------- */

static bool by_criticality(const pln_prune *how) { return how->regrow == PLN_REGROW_CRITICAL || how->regrow == PLN_REGROW_UNCRITICAL; }

static bool exchanges(const pln_prune *how) { return how->exchange > 0; }

static pln_status check_regrowth(pln_ctx *ctx, const pln_fit *fit, bool fires)
{
    const pln_prune *how = &fit->prune;

    if (how->regrow == PLN_REGROW_GRADIENT && (fit->shards > 1 || fit->rule != PLN_RULE_BP))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is gradient, which wants rule bp and no shards");
    if (how->regrow == PLN_REGROW_NONE && exchanges(how))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is none; an exchange wants a score by which weights come");
    if (how->holds && (!exchanges(how) || how->regrow != PLN_REGROW_GRADIENT || how->from < how->sparsity))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.holds", "prune.holds is for exchanges by gradient at a constant sparsity");
    if (!by_criticality(how) || !(how->ratio > 0 || exchanges(how)) || fires) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is %s, and nothing is critical in a network without neurons that "
                        "fire; it can be none, random, random_rows or gradient", sources[how->regrow]);
}

static int epochs_of(const pln_fit *fit) { return fit->prune.length > 0 ? fit->prune.length : fit->epochs; }

/* Batches from update to update; 0: there are too few. */
static int interval_of(const pln_fit *fit, int samples)
{
    const int batches = (samples + fit->batch - 1) / fit->batch;

    if (fit->prune.every > 0) return fit->prune.every;
    return (int)((double)fit->prune.until * epochs_of(fit) * batches / fit->prune.updates + 1e-6);
}

pln_status pln_prune_check(pln_ctx *ctx, const pln_fit *fit, bool fires, int samples)
{
    const pln_prune *how = &fit->prune;

    if (how->sparsity == 0) return PLN_OK;
    PLN_TRY(pln_option_check(ctx, pln_prune_options, how, "prune"));
    if (how->from > how->sparsity)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.from", "prune.from is %g; it must be at most the sparsity, %g", how->from, how->sparsity);
    PLN_TRY(check_regrowth(ctx, fit, fires));
    if (!samples || interval_of(fit, samples) > 0) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.updates", "prune.updates is %d; %g of %d epochs have fewer batches", how->updates,
                        (double)how->until, epochs_of(fit));
}

pln_status plni_prune_check(pln_ctx *ctx, const pln_net *net, const pln_course *courses, int count, int samples)
{
    const pln_fit *fit = &courses[0].fit;

    if (fit->prune.sparsity > 0 && count > 1) return plni_fail_at(ctx, PLN_ERR_ARG, "prune", "train: several courses cannot prune");
    return pln_prune_check(ctx, fit, pln_net_scores(net) > 0, samples);
}

/* ---- masks -------------------------------------------------------------------------- */

void plni_trainer_remask(pln_trainer *t)
{
    if (t->masks == t->net->masks) return;
    for (int i = 0; i < t->courses; i++) plni_rule_remask(&t->course[i].rule, t->net);
    plni_masks_seen(t->net);
    t->masks = t->net->masks;
}

/* ---- updates ------------------------------------------------------------------------ */

/* The update of the schedule that comes behind a batch, counted from the run's first; 0: none. */
static int update_behind(const struct plni_pruner *p, long batch)
{
    const bool prunes = p->how.from < p->how.sparsity && batch / p->every <= p->how.updates;
    return prunes && batch % p->every == 0 ? (int)(batch / p->every) : 0;
}

static bool exchange_behind(const struct plni_pruner *p, long batch) { return batch % p->every == 0 && batch <= p->ends; }

static long batches_done(const pln_trainer *t) { return (long)t->epoch * plni_course_batches(&t->course[0]) + t->batch; }

bool plni_prune_is_due(const pln_trainer *t)
{
    const long batch = batches_done(t) + 1;
    return update_behind(t->pruner, batch) > 0 || exchange_behind(t->pruner, batch);
}

double plni_prune_density(const pln_trainer *t)
{
    const struct plni_pruner *p = t->pruner;
    size_t there = 0;

    for (int i = 0; i < p->tensors; i++) there += pln_net_present(t->net, p->tensor[i].parameter);
    return (double)there / (double)p->count;
}

void plni_prune_before(pln_trainer *t)
{
    const struct plni_pruner *p = t->pruner;
    const bool due = plni_prune_is_due(t);

    if (by_criticality(&p->how)) plni_trainer_score_batch(t, due ? &p->how.metric : NULL);
    t->course[0].rule.asked = due && p->how.regrow == PLN_REGROW_GRADIENT;
    t->course[0].rule.holds = due && p->how.holds;
}

/* |dL/dw| of the batch, in tensor order. */
static void take_gradients(const pln_trainer *t, struct plni_pruner *p, float *to)
{
    for (int i = 0; i < p->tensors; i++) {
        const weights *w = &p->tensor[i];
        const plni_layer *layer = &t->net->layer[w->layer];
        layer->ops->get(layer, t->course[0].rule.whole[w->layer], w->which, to + w->from);
    }
    for (size_t i = 0; i < p->count; i++) to[i] = fabsf(to[i]);
}

static void score_channels(const pln_trainer *t, struct plni_pruner *p)
{
    const float sign = p->how.regrow == PLN_REGROW_UNCRITICAL ? -1 : 1;

    plni_scores_read(t->net, &t->scores, p->channel);
    for (int i = 0; i < p->tensors; i++) {
        const weights *w = &p->tensor[i];
        const size_t row = w->count / (size_t)w->rows;
        for (size_t k = 0; k < w->count; k++)
            p->score[w->from + k] = w->neurons < 0 ? -INFINITY : sign * (float)p->channel[w->neurons + (int)(k / row)];
    }
}

static void score_by_chance(const pln_trainer *t, struct plni_pruner *p, int update, bool by_rows)
{
    const plni_random r = plni_random_for(t->course[0].fit.seed, PLNI_FOR_REGROWTH, 0, update, 0);
    uint32_t rows = 0;

    for (int i = 0; i < p->tensors; i++) {
        const weights *w = &p->tensor[i];
        const size_t row = w->count / (size_t)w->rows;
        for (size_t k = 0; k < w->count; k++) {
            const size_t place = by_rows ? rows + k / row : w->from + k;
            p->score[w->from + k] = (float)(plni_random_bits(&r, (uint32_t)place) >> 8);
        }
        rows += (uint32_t)w->rows;
    }
}

static void fill_scores(const pln_trainer *t, struct plni_pruner *p, int update)
{
    if (by_criticality(&p->how)) score_channels(t, p);
    else if (p->how.regrow == PLN_REGROW_GRADIENT) take_gradients(t, p, p->score);
    else if (p->how.regrow != PLN_REGROW_NONE) score_by_chance(t, p, update, p->how.regrow == PLN_REGROW_RANDOM_ROWS);
}

static void read_magnitudes(const pln_trainer *t, struct plni_pruner *p)
{
    for (int i = 0; i < p->tensors; i++) {
        const weights *w = &p->tensor[i];
        const plni_layer *layer = &t->net->layer[w->layer];
        layer->ops->get(layer, layer->theta, w->which, p->magnitude + w->from);
    }
    for (size_t i = 0; i < p->count; i++) p->magnitude[i] = fabsf(p->magnitude[i]);
}

/* p->ones in the shape of a tensor. */
static pln_tensor ones_of(const pln_trainer *t, const struct plni_pruner *p, const weights *w)
{
    const pln_parameter_info info = pln_net_parameter(t->net, w->parameter);
    pln_tensor all = { .data = p->ones, .rank = info.rank };

    memcpy(all.dim, info.dim, sizeof all.dim);
    return all;
}

static pln_status set_masks(pln_trainer *t, struct plni_pruner *p)
{
    for (int i = 0; i < p->tensors; i++) {
        const weights *w = &p->tensor[i];
        const pln_tensor all = ones_of(t, p, w);
        for (size_t k = 0; k < w->count; k++) p->ones[k] = p->mask[w->from + k];
        PLN_TRY(pln_net_set_mask(t->net, w->parameter, &all));
    }
    return PLN_OK;
}

/* Towards the sparsity of an update, by magnitude, and regrowth. */
static pln_status prune(pln_trainer *t, struct plni_pruner *p, int update)
{
    const pln_regrowth how = { p->how.regrow == PLN_REGROW_NONE ? 0 : (double)p->how.ratio, p->how.whole_rows };
    const double sparsity = pln_sparsity_cubic(p->how.from, p->how.sparsity, update, p->how.updates);

    read_magnitudes(t, p);
    (void)pln_regrow(p->magnitude, p->readout, p->score, NULL, p->count, pln_sparsity_budget(p->count, sparsity), &how, p->scratch,
                     p->chosen, p->mask);
    return set_masks(t, p);
}

static pln_status exchange(pln_trainer *t, struct plni_pruner *p)
{
    const double part = (double)batches_done(t) / (double)p->falls;
    const double fraction = pln_sparsity_cosine((double)p->how.exchange, (double)p->how.least, part);

    read_magnitudes(t, p);
    for (int i = 0; i < p->tensors; i++) {
        const weights *w = &p->tensor[i];
        pln_tensor all = ones_of(t, p, w);
        const double count = fraction * (double)pln_net_present(t->net, w->parameter);
        PLN_TRY(pln_net_get_mask(t->net, w->parameter, &all));
        for (size_t k = 0; k < w->count; k++) p->mask[w->from + k] = p->ones[k] != 0;
        (void)pln_exchange(p->magnitude + w->from, p->score + w->from, w->count,
                           (size_t)(p->how.method == PLN_PRUNE_GRANET ? ceil(count) : floor(count)), p->scratch, p->chosen,
                           p->mask + w->from);
    }
    return set_masks(t, p);
}

pln_status plni_prune_after(pln_trainer *t)
{
    struct plni_pruner *p = t->pruner;
    const int update = update_behind(p, batches_done(t));
    const bool exchanged = exchange_behind(p, batches_done(t));

    if (!update && !exchanged) return PLN_OK;
    fill_scores(t, p, (int)(batches_done(t) / p->every));
    if (update) PLN_TRY(prune(t, p, update));
    if (exchanged) PLN_TRY(exchange(t, p));
    plni_trainer_remask(t);
    return PLN_OK;
}

/* ---- before the first batch ------------------------------------------------------------- */

/* By chance, in each tensor as many as its kernel's share of all. */
static pln_status leave_out(pln_trainer *t, struct plni_pruner *p)
{
    int shape[PLN_MAX_LAYERS][4] = { { 0 } };
    double densities[PLN_MAX_LAYERS];

    for (int i = 0; i < p->tensors; i++) {
        const pln_parameter_info info = pln_net_parameter(t->net, p->tensor[i].parameter);
        for (int d = 0; d < info.rank && d < 4; d++) shape[i][d] = info.dim[d];
    }
    pln_density_erk((const int (*)[4])shape, p->tensors, 1 - p->how.from, densities);
    score_by_chance(t, p, 0, false);
    for (int i = 0; i < p->tensors; i++) {
        const weights *w = &p->tensor[i];
        const size_t there = w->count - (size_t)floor((1 - densities[i]) * (double)w->count + 1e-6);
        (void)pln_select_largest(p->score + w->from, w->count, there, p->mask + w->from);
    }
    return set_masks(t, p);
}

pln_status plni_prune_begin(pln_trainer *t)
{
    struct plni_pruner *p = t->pruner;

    const plni_course *c = &t->course[0];
    const double batches = (double)epochs_of(&c->fit) * plni_course_batches(c);

    p->every = interval_of(&c->fit, c->count);
    p->ends = exchanges(&p->how) ? (long)((double)p->how.exchange_until * batches + 1e-6) : 0;
    p->falls = p->how.method == PLN_PRUNE_GRANET ? (long)batches : p->ends;
    if (by_criticality(&p->how)) PLN_TRY(pln_trainer_score(t, &p->how.metric));
    plni_trainer_score_batch(t, NULL);
    for (int i = 0; i < p->tensors; i++) {
        pln_tensor all = ones_of(t, p, &p->tensor[i]);
        PLN_TRY(pln_net_get_mask(t->net, p->tensor[i].parameter, &all));
        PLN_TRY(pln_net_set_mask(t->net, p->tensor[i].parameter, &all));       /* what masks need is taken now */
    }
    return p->how.from > 0 ? leave_out(t, p) : PLN_OK;
}
