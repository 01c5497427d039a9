/* rule.c - what learning rules share */

#include "learn/rule.h"

#include "base/rng.h"
#include "base/shape.h"
#include "learn/optim.h"
#include "nn/graph.h"
#include "nn/mask.h"

#include <math.h>
#include <string.h>

pln_ep pln_ep_default(void)
{
    return (pln_ep){ .beta = 0.2f, .steps = 10 };
}

bool plni_rule_adds(const pln_net *net, int l, bool symmetric)
{
    const plni_layer *top = &net->layer[net->count - 1];
    const bool readout = l == plni_product_below(net, net->count) && top->ops->part && top->ops->part(top) == PLNI_PROBABILITIES;

    if (net->dynamics.kind == PLN_FEEDFORWARD || l == plni_first_product(net)) return false;
    return symmetric || !readout;
}

static bool needs_sum(const plni_rule *rule, const pln_net *net, int l)
{
    const plni_layer *layer = &net->layer[l];
    const bool by_piece = layer->ops->by_piece && layer->ops->by_piece(layer);

    return rule->optim.kind == PLN_ADAM && (!by_piece || rule->optim.clip > 0 || plni_rule_adds(net, l, rule->ep.symmetric));
}

/* Whether a layer's gradient has a place whatever the shards are. */
static bool has_gradient(const plni_rule *rule, const pln_net *net, int l)
{
    return rule->optim.kind == PLN_SGD ? !plni_rule_is_plain(rule) : needs_sum(rule, net, l);
}

static bool lacks_gradients(const plni_rule *rule, const pln_net *net)
{
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].size && !has_gradient(rule, net, l)) return true;
    return false;
}

/* What batches in shards need: a layer's gradient for each, the first shard's being the sum.  Courses take turns,
 * so they share it all. */
static void plan_shards(plni_rule *rule, const pln_net *net, int shards, size_t largest, const plni_rule *other, plni_arena *arena)
{
    rule->part_size = (size_t)plni_round_up((ptrdiff_t)largest, 16);
    rule->part = other ? other->part : plni_arena_take(arena, (size_t)(shards - 1) * rule->part_size * sizeof(float));
    if (lacks_gradients(rule, net))
        rule->first = other && lacks_gradients(other, net) ? other->first : plni_arena_take(arena, rule->part_size * sizeof(float));
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].size && !has_gradient(rule, net, l)) rule->gradient[l] = rule->first;
}

void plni_rule_plan(plni_rule *rule, const pln_net *net, int batch, int shards, const plni_rule *other,
                    plni_arena *arena)
{
    const int n = pln_net_outputs(net);
    const size_t rows = (size_t)batch;
    float *shared = NULL;
    size_t largest = 0;

    rule->stride = plni_row_stride(n);
    rule->mask_stride = plni_round_up(n, 128);
    rule->h = plni_arena_take(arena, sizeof(float) * (size_t)rule->stride);
    rule->a = plni_arena_take(arena, sizeof(float) * (size_t)rule->stride);
    rule->d = plni_arena_take(arena, sizeof(float) * rows * (size_t)rule->stride);
    rule->mask = plni_arena_take(arena, sizeof(uint16_t) * rows * (size_t)rule->mask_stride);
    rule->row_loss = plni_arena_take(arena, sizeof(float) * rows);
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].size > largest) largest = net->layer[l].size;
    if (rule->optim.kind == PLN_SGD && !plni_rule_is_plain(rule) && rule->optim.clip == 0)
        shared = plni_arena_take(arena, largest * sizeof *shared);
    for (int l = 0; l < net->count; l++) {
        const size_t bytes = net->layer[l].size * sizeof(float);
        if (!bytes || plni_rule_is_plain(rule)) continue;
        if (rule->optim.kind == PLN_SGD) {
            rule->gradient[l] = rule->optim.clip > 0 ? plni_arena_take(arena, bytes) : shared;
            rule->m[l] = plni_arena_take(arena, bytes);
            continue;
        }
        if (needs_sum(rule, net, l))
            rule->gradient[l] = other && needs_sum(other, net, l) ? other->gradient[l] : plni_arena_take(arena, bytes);
        rule->m[l] = plni_arena_take(arena, bytes);
        rule->v[l] = plni_arena_take(arena, bytes);
    }
    if (rule->keeps_margins) rule->margin = plni_arena_take(arena, sizeof(float) * rows * (size_t)rule->stride);
    if (rule->keeps_inputs) rule->inputs = plni_arena_take(arena, (size_t)net->count * sizeof *rule->inputs);
    for (int l = 0; l < net->count && rule->keeps_inputs; l++) {
        const bool reads = net->layer[l].role == PLNI_PRODUCT;
        float *means = reads ? plni_arena_take(arena, (size_t)net->layer[l].inputs * sizeof(float)) : NULL;
        if (rule->inputs) rule->inputs[l] = means;
    }
    for (int l = 0; l < net->count && rule->keeps_whole; l++)
        if (net->layer[l].size) rule->whole[l] = plni_arena_take(arena, net->layer[l].size * sizeof(float));
    if (shards > 1) plan_shards(rule, net, shards, largest, other, arena);
}

void plni_rule_new_epoch(plni_rule *rule, int outputs)
{
    memset(rule->h, 0, (size_t)outputs * sizeof *rule->h);
    memset(rule->a, 0, (size_t)outputs * sizeof *rule->a);
}

bool plni_rule_aim(const plni_rule *rule, const plni_kernels *kernels, const plni_batch *now,
                   int s, const float *score, const uint16_t *bits, int n)
{
    float *d = rule->d + s * rule->stride;

    if (rule->target == PLN_TARGET_SELF)
        return plni_selftarget_row(kernels, &rule->self, score, rule->h, bits, d, n);
    plni_label_target_row(now->label[s], rule->classes, rule->label_smoothing, d, n);
    if (bits && n == rule->classes) kernels->keep(d, d, bits, n, plni_keep_from(rule->self.drop), 1);
    return true;
}

int plni_rule_target_sum(const plni_rule *rule, int n)
{
    return rule->target == PLN_TARGET_SELF ? rule->self.winners : n / rule->classes;
}

void plni_rule_homeostasis(plni_rule *rule, const plni_batch *now, int n)
{
    if (rule->target == PLN_TARGET_SELF)
        plni_homeostasis(now->pass->kernels, &rule->self, rule->d, rule->stride,
                         plni_pass_all(now->pass), rule->h, rule->a, n);
}

double plni_rule_loss(const plni_rule *rule, const plni_pass *batch)
{
    double sum[PLN_MAX_SHARDS] = { 0 };

    for (int i = 0, s = 0; i < batch->shards; i++)
        for (int end = s + batch[i].samples; s < end; s++) sum[i] += (double)rule->row_loss[s];
    for (int half = 1; half < batch->shards; half *= 2)
        for (int i = 0; i < batch->shards; i += 2 * half) sum[i] += sum[i + half];
    return sum[0];
}

plni_sink plni_rule_into(const plni_rule *rule, const plni_layer *layer, float *into)
{
    return (plni_sink){ .into = into, .mask = rule->warm ? NULL : plni_mask_of(layer) };
}

plni_sink plni_rule_sink(const plni_rule *rule, const plni_layer *layer, const plni_adam *step)
{
    const int l = layer->number;

    return (plni_sink){ rule->gradient[l], step, layer->theta, rule->m[l], rule->v[l],
                        rule->warm ? NULL : plni_mask_of(layer) };
}

void plni_rule_pull(const plni_rule *rule, const plni_layer *layer, float scale, float *into)
{
    const float pull = scale * rule->norm_l1;

    for (size_t i = 0; rule->norm_l1 > 0 && i < layer->factors; i++) {
        const float gamma = layer->theta[i];
        into[i] += gamma > 0 ? pull : gamma < 0 ? -pull : 0;
    }
}

void plni_rule_remask(plni_rule *rule, const pln_net *net)
{
    for (int l = 0; l < net->count && !rule->warm; l++) {
        const plni_layer *layer = &net->layer[l];
        if (!layer->mask) continue;
        if (rule->m[l]) plni_drop(net->ctx, rule->m[l], layer->mask->gone, layer->size);
        if (rule->v[l]) plni_drop(net->ctx, rule->v[l], layer->mask->gone, layer->size);
    }
}

bool plni_rule_is_plain(const plni_rule *rule)
{
    return rule->optim.kind == PLN_SGD && rule->optim.momentum == 0 && rule->optim.decay == 0 && rule->optim.clip == 0;
}

void plni_rule_clip(const plni_rule *rule, const pln_net *net)
{
    double sum = 0;

    for (int l = 0; l < net->count; l++)
        for (size_t i = 0; i < net->layer[l].size; i++) sum += (double)rule->gradient[l][i] * (double)rule->gradient[l][i];
    if (!(sqrt(sum) > (double)rule->optim.clip)) return;
    const float factor = (float)((double)rule->optim.clip / sqrt(sum));
    for (int l = 0; l < net->count; l++)
        for (size_t i = 0; i < net->layer[l].size; i++) rule->gradient[l][i] *= factor;
}

/* What the chunks of one step share. */
typedef struct step {
    const plni_kernels *kernels;
    const plni_rule    *rule;
    const plni_layer   *layer;
    int                 l, shards;
} step;

enum { CHUNK = 16384 };

/* Floats of a layer from `at` on that are in a chunk. */
static int chunk_of(const plni_layer *layer, size_t at) { return (int)(layer->size - at < CHUNK ? layer->size - at : CHUNK); }

static void run_chunks(const plni_rule *rule, const plni_layer *layer, pln_ctx *ctx, int shards, plni_chunk *run)
{
    step j = { plni_kernels_of(ctx), rule, layer, layer->number, shards };

    plni_parallel(ctx, (int)((layer->size + CHUNK - 1) / CHUNK), (double)shards * (double)layer->size * 0.3, PLNI_UP, run, &j);
}

/* Part of a layer's numbers from `at` on, which all decay or all do not. */
static void step_part(const step *j, size_t at, size_t end, float decay)
{
    if (at < end)
        j->kernels->momentum(j->layer->theta + at, j->rule->gradient[j->l] + at, j->rule->m[j->l] + at, (int)(end - at),
                             j->rule->rate[j->l], j->rule->optim.momentum, decay);
}

static void step_chunk(void *arg, int chunk)
{
    const step *j = arg;
    const size_t at = (size_t)chunk * CHUNK, end = at + CHUNK < j->layer->size ? at + CHUNK : j->layer->size;
    const size_t border = j->layer->decays < at ? at : j->layer->decays < end ? j->layer->decays : end;

    step_part(j, at, border, j->rule->optim.decay);
    step_part(j, border, end, 0);
}

static void descend_chunk(void *arg, int chunk)
{
    const step *j = arg;
    const size_t at = (size_t)chunk * CHUNK;

    j->kernels->axpy(j->layer->theta + at, j->rule->gradient[j->l] + at, -j->rule->rate[j->l], chunk_of(j->layer, at));
}

void plni_rule_step(plni_rule *rule, plni_layer *layer, pln_ctx *ctx)
{
    const plni_adam adam = plni_adam_at(&rule->optim, rule->rate[layer->number], rule->steps);
    const plni_sink to = plni_rule_sink(rule, layer, &adam);

    if (rule->optim.kind == PLN_ADAM)  plni_sink_finish(ctx, &to, layer->size);
    else if (plni_rule_is_plain(rule)) run_chunks(rule, layer, ctx, 1, descend_chunk);
    else                               run_chunks(rule, layer, ctx, 1, step_chunk);
}

/* ---- shards ----------------------------------------------------------------- */

static float *part_of(const plni_rule *rule, int l, int shard)
{
    return shard ? rule->part + (size_t)(shard - 1) * rule->part_size : rule->gradient[l];
}

/* The tree: neighbours first, then pairs of those, and so on. */
static void join_chunk(void *arg, int chunk)
{
    const step *j = arg;
    const size_t at = (size_t)chunk * CHUNK;

    for (int half = 1; half < j->shards; half *= 2)
        for (int i = 0; i < j->shards; i += 2 * half)
            j->kernels->axpy(part_of(j->rule, j->l, i) + at, part_of(j->rule, j->l, i + half) + at, 1, chunk_of(j->layer, at));
}

void plni_rule_collect(plni_rule *rule, const plni_layer *layer, const plni_pass *batch, plni_ask *ask, void *arg)
{
    const int shards = layer->ops->joined ? 1 : batch->shards;

    for (int i = 0; i < shards; i++) {
        const plni_sink to = plni_rule_into(rule, layer, part_of(rule, layer->number, i));
        memset(to.into, 0, layer->size * sizeof(float));
        if (i == 0) plni_rule_pull(rule, layer, 1, to.into);
        if (batch[i].samples || layer->ops->joined) ask(arg, layer, &batch[i], &to);
    }
    if (shards > 1) run_chunks(rule, layer, batch->ctx, shards, join_chunk);
}
