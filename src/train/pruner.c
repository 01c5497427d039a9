/* pruner.c - how weights rank that are to stay, and those that are to come back (pln/prune.h) */

#include "train/pruner.h"

#include "base/check.h"
#include "base/rng.h"
#include "nn/graph.h"
#include "nn/mask.h"
#include "nn/norm.h"
#include "pln/analyse.h"

#include <math.h>
#include <string.h>

/* ---- what is asked of a batch ------------------------------------------------------ */

bool plni_criterion_by_channel(pln_prune_criterion c)
{
    return c == PLN_BY_CHANNEL || c == PLN_BY_CQP || c == PLN_BY_PRODUCT || c == PLN_BY_RATE || c == PLN_BY_POTENTIAL;
}

bool plni_criterion_by_gradient(pln_prune_criterion c) { return c == PLN_BY_GRADIENT || c == PLN_BY_SNIP; }

static bool is_by_rank(pln_prune_criterion c) { return c == PLN_BY_LAYER || c == PLN_BY_ERK || c == PLN_BY_LAMP; }

bool plni_prune_regrows_by(const pln_prune *how, pln_regrow_source source)
{
    return how->regrow == source && (how->ratio > 0 || how->exchange > 0);
}

bool plni_regrowth_by_channel(const pln_prune *how)
{
    const pln_regrow_source s = how->regrow;

    return plni_prune_regrows_by(how, s) && (s == PLN_REGROW_CRITICAL || s == PLN_REGROW_UNCRITICAL || s == PLN_REGROW_RATE ||
                                             s == PLN_REGROW_SYNAPSE || s == PLN_REGROW_RANDOM_ROWS_MATCHED);
}

bool plni_prune_by_channels(const pln_prune *how) { return plni_criterion_by_channel(how->criterion) || plni_regrowth_by_channel(how); }

bool plni_prune_by_gradients(const pln_prune *how)
{
    return plni_prune_regrows_by(how, PLN_REGROW_GRADIENT) || plni_criterion_by_gradient(how->criterion);
}

pln_criticality plni_prune_metric(const pln_prune *how)
{
    pln_criticality metric = how->metric;

    if (plni_prune_regrows_by(how, PLN_REGROW_RATE) || how->criterion == PLN_BY_RATE)
        metric.quantity = PLN_SCORE_SPIKES, metric.averaged = true;
    else if (how->criterion == PLN_BY_POTENTIAL)
        metric.quantity = PLN_SCORE_POTENTIAL, metric.averaged = true;
    return metric;
}

/* Whether units of rows are scored by what drives them, since no neuron fires. */
static bool by_drives(const pln_net *net) { return pln_net_scores(net) == 0 && !net->images; }

void plni_prune_ask(const pln_net *net, const pln_prune *how, plni_rule *rule)
{
    rule->keeps_whole = plni_prune_by_gradients(how);
    rule->keeps_inputs = plni_prune_regrows_by(how, PLN_REGROW_SYNAPSE);
    rule->keeps_margins = by_drives(net) && rule->target == PLN_TARGET_SELF && plni_prune_by_channels(how);
    rule->warm = how->warm;
}

/* ---- what competes ------------------------------------------------------------------- */

bool pln_parameter_competes(const pln_parameter_info *info) { return info->rank >= 2 && !info->kept; }

/* The first parameter from number i on whose numbers compete; -1: none. */
static int competitor_from(const pln_net *net, int i, pln_parameter_info *info)
{
    for (; i < pln_net_parameters(net); i++) {
        *info = pln_net_parameter(net, i);
        if (pln_parameter_competes(info)) return i;
    }
    return -1;
}

size_t plni_prune_present(const pln_net *net, size_t *count)
{
    pln_parameter_info info;
    size_t present = 0;

    *count = 0;
    for (int i = 0; (i = competitor_from(net, i, &info)) >= 0; i++) {
        *count += (size_t)info.dim[0] * plni_parameter_floats(&info, 1);
        present += pln_net_present(net, i);
    }
    return present;
}

/* The first layer behind a product, up to the next one, for which `is` holds; -1: none. */
static int behind(const pln_net *net, int l, bool (*is)(const plni_layer *layer))
{
    int value = l + 1;

    for (int r = l + 1; r < net->count; r++) {
        const plni_layer *layer = &net->layer[r];
        if (layer->role == PLNI_PRODUCT || (layer->input != value && layer->addend != value)) continue;
        if (is(layer)) return r;
        value = r + 1;
    }
    return -1;
}

static bool fires(const plni_layer *layer) { return layer->threshold > 0; }

/* What keeps statistics is a norm. */
static bool is_norm(const plni_layer *layer) { return layer->kept_size > 0; }

/* Where the scores of the neurons behind a product begin, or -1. */
static int neurons_behind(const pln_net *net, int l)
{
    const int r = behind(net, l, fires);
    int scores = 0;

    for (int k = 0; k < r; k++) scores += fires(&net->layer[k]) ? net->layer[k].out.extent.channels : 0;
    return r < 0 ? -1 : scores;
}

bool plni_prune_has_norms(const pln_net *net)
{
    pln_parameter_info info;
    int which;

    for (int i = 0; (i = competitor_from(net, i, &info)) >= 0; i++)
        if (behind(net, plni_parameter_owner(net, i, &which)->number, is_norm) >= 0) return true;
    return false;
}

static int block_of(const struct plni_pruner *p) { return p->how.granularity == PLN_PRUNE_BLOCKS ? p->how.block : 1; }

static void list(const pln_net *net, struct plni_pruner *p)
{
    pln_parameter_info info;

    p->tensors = 0;
    p->units = p->weights = p->largest = 0;
    p->drives = by_drives(net);
    p->channels = pln_net_scores(net);
    for (int i = 0; (i = competitor_from(net, i, &info)) >= 0; i++) {
        plni_competitor w = { .parameter = i, .rows = info.dim[0], .columns = plni_parameter_floats(&info, 1), .first = p->weights, .from = p->units };
        w.count = (size_t)((w.rows + block_of(p) - 1) / block_of(p)) * w.columns;
        w.layer = plni_parameter_owner(net, i, &w.which)->number;
        w.neurons = p->drives ? p->channels : neurons_behind(net, w.layer);
        if (p->drives) p->channels += w.rows;
        w.norm = behind(net, w.layer, is_norm);
        if (p->tensor) p->tensor[p->tensors] = w;
        p->tensors++;
        p->units += w.count;
        p->weights += (size_t)w.rows * w.columns;
        if ((size_t)w.rows * w.columns > p->largest) p->largest = (size_t)w.rows * w.columns;
    }
}

static void plan(const pln_net *net, struct plni_pruner *p, plni_arena *arena)
{
    list(net, p);
    p->tensor = plni_arena_take(arena, (size_t)p->tensors * sizeof *p->tensor);
    p->magnitude = plni_arena_take(arena, p->units * sizeof(float));
    p->score = plni_arena_take(arena, p->units * sizeof(float));
    p->scratch = plni_arena_take(arena, p->units * sizeof(float));
    p->values = plni_arena_take(arena, p->largest * sizeof(float));
    if (p->how.criterion != PLN_BY_MAGNITUDE) p->others = plni_arena_take(arena, p->largest * sizeof(float));
    if (is_by_rank(p->how.criterion)) p->order = plni_arena_take(arena, p->largest * sizeof *p->order);
    p->readout = plni_arena_take(arena, p->units);
    p->chosen = plni_arena_take(arena, p->units);
    p->mask = plni_arena_take(arena, p->units);
    if (p->how.settled > 0) p->was = plni_arena_take(arena, p->units);
    if (p->how.regrow != PLN_REGROW_NONE && p->how.ratio > 0) {
        p->before = plni_arena_take(arena, p->units);
        p->revived = plni_arena_take(arena, p->units);
    }
    p->channel = plni_arena_take(arena, (size_t)p->channels * sizeof(double));
    if (plni_regrowth_by_channel(&p->how) && p->how.ratio > 0) {
        p->pairs = plni_arena_take(arena, 2 * (size_t)p->channels * sizeof(float));
        p->channel_order = plni_arena_take(arena, (size_t)p->channels * sizeof *p->channel_order);
        p->channel_rank = plni_arena_take(arena, 2 * (size_t)p->channels * sizeof(double));
    }
    if (p->tensor) list(net, p);
    for (int t = 0; p->tensor && t < p->tensors; t++)
        memset(p->readout + p->tensor[t].from, p->tensor[t].neurons < 0 && net->images, p->tensor[t].count);
}

struct plni_pruner *plni_pruner_plan(const pln_net *net, const pln_prune *how, plni_arena *arena)
{
    struct plni_pruner *p = plni_arena_take(arena, sizeof *p), counted = { .how = *how };

    counted.how.sparsity = pln_decimal(how->sparsity);
    counted.how.from = pln_decimal(how->from);
    if (p) *p = counted;
    plan(net, p ? p : &counted, arena);
    return p;
}

/* ---- weights and units ---------------------------------------------------------------- */

static size_t weights_in(const plni_competitor *w) { return (size_t)w->rows * w->columns; }

/* The unit of a tensor that has weight k of it. */
static size_t unit_of(const struct plni_pruner *p, const plni_competitor *w, size_t k)
{
    return block_of(p) == 1 ? k : k / w->columns / (size_t)block_of(p) * w->columns + k % w->columns;
}

/* The mean of a unit's weights stands for it. */
static void fold(const struct plni_pruner *p, const plni_competitor *w, const float *values, float *to)
{
    const int block = block_of(p);

    if (block == 1) {
        memcpy(to + w->from, values, w->count * sizeof *to);
        return;
    }
    memset(to + w->from, 0, w->count * sizeof *to);
    for (size_t k = 0; k < weights_in(w); k++) to[w->from + unit_of(p, w, k)] += values[k];
    for (size_t u = 0; u < w->count; u++) {
        const int left = w->rows - (int)(u / w->columns) * block;
        to[w->from + u] /= (float)(left < block ? left : block);
    }
}

/* p->values in the shape of a tensor. */
static pln_tensor values_of(const pln_trainer *t, const struct plni_pruner *p, const plni_competitor *w)
{
    const pln_parameter_info info = pln_net_parameter(t->net, w->parameter);
    pln_tensor all = { .data = p->values, .rank = info.rank };

    memcpy(all.dim, info.dim, sizeof all.dim);
    return all;
}

pln_status plni_prune_read_mask(const pln_trainer *t, struct plni_pruner *p, const plni_competitor *w)
{
    pln_tensor all = values_of(t, p, w);

    PLN_TRY(pln_net_get_mask(t->net, w->parameter, &all));
    memset(p->mask + w->from, 0, w->count);
    for (size_t k = 0; k < weights_in(w); k++) p->mask[w->from + unit_of(p, w, k)] |= p->values[k] != 0;
    return PLN_OK;
}

pln_status plni_prune_write_mask(pln_trainer *t, struct plni_pruner *p, const plni_competitor *w)
{
    const pln_tensor all = values_of(t, p, w);

    for (size_t k = 0; k < weights_in(w); k++) p->values[k] = p->mask[w->from + unit_of(p, w, k)];
    return pln_net_set_mask(t->net, w->parameter, &all);
}

/* ---- of channels -------------------------------------------------------------------------- */

/* atan's. */
static double slope_at(double a, double x)
{
    const double y = 1.57079632679489662 * a * x;
    return a / 2 / (1 + y * y);
}

/* The mean over samples of the slope at a unit's drive, as far as it is from where it counts: from 0, or for outputs from
 * what wins. */
static void score_drives(const pln_trainer *t, const struct plni_pruner *p, const plni_competitor *w)
{
    const plni_rule *rule = &t->course[0].rule;
    const plni_pass *batch = t->turn[(t->batch - 1) % t->turns].pass;
    const bool is_top = w->layer == plni_product_below(t->net, t->net->count);
    double *score = p->channel + w->neurons;
    int sample = 0;

    memset(score, 0, (size_t)w->rows * sizeof *score);
    for (const plni_pass *pass = batch; pass < batch + batch->shards; pass++)
        for (int s = 0; s < pass->samples; s++, sample++) {
            const plni_signal *y = pass->at[w->layer].y;
            const float *drive = is_top ? rule->margin + sample * rule->stride : y->value + s * y->stride;
            for (int u = 0; u < w->rows; u++) score[u] += slope_at((double)p->how.metric.sharpness, (double)drive[u]);
        }
    for (int u = 0; u < w->rows; u++) score[u] /= sample;
}

static void score_channels(const pln_trainer *t, const struct plni_pruner *p)
{
    if (!p->drives) plni_scores_read(t->net, &t->scores, p->channel);
    for (int i = 0; p->drives && i < p->tensors; i++) score_drives(t, p, &p->tensor[i]);
}

/* ---- of single weights ------------------------------------------------------------------ */

/* A tensor of a vector that is laid out like theta: its magnitudes. */
static void read(const pln_trainer *t, const plni_competitor *w, const float *vector, float *to)
{
    const plni_layer *layer = &t->net->layer[w->layer];

    plni_layer_get(layer, vector, w->which, to);
    for (size_t k = 0; k < weights_in(w); k++) to[k] = fabsf(to[k]);
}

static void read_weights(const pln_trainer *t, const plni_competitor *w, float *to) { read(t, w, t->net->layer[w->layer].theta, to); }

static void read_gradients(const pln_trainer *t, const plni_competitor *w, float *to)
{
    read(t, w, t->course[0].rule.whole[w->layer], to);
}

/* Random numbers by place: the same whatever else is there. */
static void draw(const pln_trainer *t, const plni_competitor *w, int update, size_t first, size_t step, float *to)
{
    const plni_random r = plni_random_for(t->course[0].fit.seed, PLNI_FOR_REGROWTH, 0, update, 0);

    for (size_t k = 0; k < weights_in(w); k++) to[k] = (float)(plni_random_bits(&r, (uint32_t)(first + k / step)) >> 8);
}

/* The score of the channel behind each weight; without neurons `without`. */
static void read_channels(const struct plni_pruner *p, const plni_competitor *w, float without, float *to)
{
    for (size_t k = 0; k < weights_in(w); k++)
        to[k] = w->neurons < 0 ? without : (float)p->channel[w->neurons + (int)(k / w->columns)];
}

/* The mean score of all channels, for weights that lead to none. */
static float mean_channel(const struct plni_pruner *p)
{
    const int n = p->channels;
    double sum = 0;

    for (int c = 0; c < n; c++) sum += p->channel[c];
    return (float)(sum / n);
}

/* The mean |gamma| of all norms behind weights. */
static float mean_norm(const pln_trainer *t, const struct plni_pruner *p)
{
    double sum = 0, n = 0;

    for (int i = 0; i < p->tensors; i++)
        for (int row = 0; p->tensor[i].norm >= 0 && row < p->tensor[i].rows; row++, n++)
            sum += (double)plni_norm_scale(&t->net->layer[p->tensor[i].norm], row);
    return (float)(sum / n);
}

static void read_norms(const pln_trainer *t, const struct plni_pruner *p, const plni_competitor *w, float *to)
{
    const float mean = w->norm < 0 ? mean_norm(t, p) : 0;

    for (int row = 0; row < w->rows; row++) {
        const float scale = w->norm < 0 ? mean : plni_norm_scale(&t->net->layer[w->norm], row);
        for (size_t k = 0; k < w->columns; k++) to[(size_t)row * w->columns + k] = scale;
    }
}

/* Multiplies each row by what the norm behind it makes of it: |gamma| / sqrt(variance + 1e-5). */
static void scale_by_norm(const pln_trainer *t, const plni_competitor *w, float *values)
{
    if (w->norm < 0) return;
    for (int row = 0; row < w->rows; row++) {
        const float factor = plni_norm_factor(&t->net->layer[w->norm], row);
        for (size_t k = 0; k < w->columns; k++) values[(size_t)row * w->columns + k] *= factor;
    }
}

/* ---- what stays ------------------------------------------------------------------------- */

/* What is gone does not come back by a criterion; by magnitude it is 0. */
static pln_status leave_out_gone(const pln_trainer *t, struct plni_pruner *p, const plni_competitor *w)
{
    PLN_TRY(plni_prune_read_mask(t, p, w));
    for (size_t u = 0; u < w->count; u++)
        if (!p->mask[w->from + u]) p->magnitude[w->from + u] = -INFINITY;
    return PLN_OK;
}

static void times_channels(const struct plni_pruner *p, const plni_competitor *w, float power)
{
    read_channels(p, w, mean_channel(p), p->others);
    for (size_t k = 0; k < weights_in(w); k++) p->values[k] *= powf(fmaxf(p->others[k], 0), power);
}

static void rank_tensor(const pln_trainer *t, struct plni_pruner *p, const plni_competitor *w, int update, double share)
{
    float *ranks = p->magnitude + w->from;

    if (p->how.criterion != PLN_BY_GRADIENT) read_weights(t, w, p->values);
    switch (p->how.criterion) {
    case PLN_BY_GRADIENT: read_gradients(t, w, p->values); break;
    case PLN_BY_SNIP:
        read_gradients(t, w, p->others);
        for (size_t k = 0; k < weights_in(w); k++) p->values[k] *= p->others[k];
        break;
    case PLN_BY_CHANCE:  draw(t, w, update, p->weights + w->first, 1, p->values); break;
    case PLN_BY_CHANNEL: case PLN_BY_RATE: case PLN_BY_POTENTIAL: read_channels(p, w, mean_channel(p), p->values); break;
    case PLN_BY_NORM:    read_norms(t, p, w, p->values); break;
    case PLN_BY_CQP:     times_channels(p, w, p->how.power); break;
    case PLN_BY_PRODUCT: times_channels(p, w, 1), scale_by_norm(t, w, p->values); break;
    default:             break;
    }
    fold(p, w, p->values, p->magnitude);
    if (p->how.criterion == PLN_BY_LAMP) pln_score_lamp(ranks, w->count, p->order, ranks);
    if (p->how.criterion == PLN_BY_LAYER || p->how.criterion == PLN_BY_ERK) pln_score_share(ranks, w->count, share, p->order, ranks);
}

/* The share of each tensor that is to stay, by its kernel. */
static void find_shares(const pln_trainer *t, const struct plni_pruner *p, double sparsity, double *share)
{
    int shape[PLN_MAX_LAYERS][4] = { { 0 } };

    for (int i = 0; i < p->tensors; i++) {
        const pln_parameter_info info = pln_net_parameter(t->net, p->tensor[i].parameter);
        for (int d = 0; d < info.rank && d < 4; d++) shape[i][d] = info.dim[d];
    }
    pln_density_erk((const int (*)[4])shape, p->tensors, 1 - sparsity, share);
}

void plni_prune_rank(const pln_trainer *t, struct plni_pruner *p, int update, double sparsity)
{
    double share[PLN_MAX_LAYERS];

    for (int i = 0; i < p->tensors; i++) share[i] = 1;
    if (p->how.criterion == PLN_BY_ERK) find_shares(t, p, sparsity, share);
    if (plni_criterion_by_channel(p->how.criterion) && !p->scored) score_channels(t, p);
    for (int i = 0; i < p->tensors; i++) {
        rank_tensor(t, p, &p->tensor[i], update, share[i]);
        if (p->how.criterion != PLN_BY_MAGNITUDE) (void)leave_out_gone(t, p, &p->tensor[i]);
    }
}

void plni_prune_shares(const pln_trainer *t, const struct plni_pruner *p, double *share) { find_shares(t, p, p->how.from, share); }

/* ---- what comes back ---------------------------------------------------------------------- */

/* All weights of a row have their mean. */
static void average_rows(const plni_competitor *w, float *values)
{
    for (int row = 0; row < w->rows; row++) {
        float *at = values + (size_t)row * w->columns;
        double sum = 0;
        for (size_t k = 0; k < w->columns; k++) sum += (double)at[k];
        for (size_t k = 0; k < w->columns; k++) at[k] = (float)(sum / (double)w->columns);
    }
}

/* Times the mean of what each column reads. */
static void times_inputs(const pln_trainer *t, const plni_competitor *w, float *values)
{
    const float *inputs = t->course[0].rule.inputs[w->layer];
    const pln_parameter_info info = pln_net_parameter(t->net, w->parameter);
    const size_t taps = plni_joins_all(&t->net->layer[w->layer]) ? 1 : (size_t)info.dim[2] * (size_t)info.dim[3];

    for (size_t k = 0; k < weights_in(w); k++) values[k] *= inputs[k % w->columns / taps];
}

static void score_tensor(const pln_trainer *t, struct plni_pruner *p, const plni_competitor *w)
{
    switch (p->how.regrow) {
    case PLN_REGROW_GRADIENT: read_gradients(t, w, p->values); break;
    case PLN_REGROW_SYNAPSE:
        read_channels(p, w, -INFINITY, p->values);
        if (w->neurons >= 0) times_inputs(t, w, p->values);
        break;
    case PLN_REGROW_UNCRITICAL:
        read_channels(p, w, INFINITY, p->values);
        for (size_t k = 0; k < weights_in(w); k++) p->values[k] = -p->values[k];
        break;
    default: read_channels(p, w, -INFINITY, p->values);
    }
    if (p->how.granularity == PLN_PRUNE_ROWS) average_rows(w, p->values);
    fold(p, w, p->values, p->score);
}

void plni_prune_by_chance(const pln_trainer *t, struct plni_pruner *p, int update, bool by_rows)
{
    size_t rows = 0;

    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        draw(t, w, update, by_rows ? rows : w->first, by_rows ? w->columns : 1, p->values);
        if (p->how.granularity == PLN_PRUNE_ROWS) average_rows(w, p->values);
        fold(p, w, p->values, p->score);
        rows += (size_t)w->rows;
    }
}

void plni_prune_score(const pln_trainer *t, struct plni_pruner *p, int update)
{
    const pln_regrow_source by = p->how.regrow;

    if (by == PLN_REGROW_NONE || !plni_prune_regrows_by(&p->how, by)) return;
    if (by == PLN_REGROW_RANDOM || by == PLN_REGROW_RANDOM_ROWS) {
        plni_prune_by_chance(t, p, update, by == PLN_REGROW_RANDOM_ROWS);
        return;
    }
    if (plni_prune_by_channels(&p->how) && !p->scored) score_channels(t, p);
    for (int i = 0; i < p->tensors; i++) score_tensor(t, p, &p->tensor[i]);
}

void plni_prune_match(const pln_trainer *t, struct plni_pruner *p, int update, size_t budget, const pln_regrowth *how)
{
    const pln_regrown came = pln_regrow(p->magnitude, p->readout, p->score, NULL, p->units, budget, how, p->scratch, p->chosen, p->mask);

    if (!came.revived) return;
    plni_prune_by_chance(t, p, update, true);
    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        float *score = p->score + w->from;
        uint8_t *chosen = p->chosen + w->from;
        size_t count = 0;
        for (size_t u = 0; u < w->count; u++) {
            count += chosen[u];
            if (p->readout[w->from + u] || (p->mask[w->from + u] && !chosen[u])) score[u] = -INFINITY;
        }
        (void)pln_select_largest(score, w->count, count, chosen);
        for (size_t u = 0; u < w->count; u++) score[u] = chosen[u] ? 1 : -INFINITY;
    }
}

/* ---- what has become of it ---------------------------------------------------------------- */

/* The mean |w| of those of a row that came back last; -1: none did. */
static double revived_mean(const struct plni_pruner *p, const plni_competitor *w, int row)
{
    const size_t first = (size_t)row * w->columns;
    double sum = 0;
    size_t count = 0;

    for (size_t k = first; k < first + w->columns; k++) {
        if (!p->revived[w->from + unit_of(p, w, k)]) continue;
        sum += (double)p->values[k];
        count++;
    }
    return count ? sum / (double)count : -1;
}

double plni_prune_foresight(const pln_trainer *t, struct plni_pruner *p, int *channels)
{
    size_t n = 0;

    if (!p->pairs || !p->revived) return (double)NAN;
    float *mean = p->pairs + p->channels;
    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        if (w->neurons < 0) continue;
        read_weights(t, w, p->values);
        for (int row = 0; row < w->rows; row++) {
            const double size = revived_mean(p, w, row);
            if (size < 0) continue;
            p->pairs[n] = (float)p->channel[w->neurons + row];
            mean[n++] = (float)size;
        }
    }
    *channels = (int)n;
    return n > 0 ? pln_spearman(p->pairs, mean, n, p->channel_order, p->channel_rank) : (double)NAN;
}
