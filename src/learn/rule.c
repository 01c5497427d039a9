/* rule.c - what learning rules share */

#include "learn/rule.h"

#include "base/rng.h"
#include "base/shape.h"
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

void plni_rule_plan(plni_rule *rule, const pln_net *net, int batch, const plni_rule *other,
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
                         now->pass->samples, rule->h, rule->a, n);
}

double plni_rule_loss(const plni_rule *rule, int samples)
{
    double sum = 0;

    for (int s = 0; s < samples; s++) sum += (double)rule->row_loss[s];
    return sum;
}

plni_sink plni_rule_into(const plni_layer *layer, float *into)
{
    return (plni_sink){ .into = into, .mask = plni_mask_of(layer) };
}

plni_sink plni_rule_sink(const plni_rule *rule, const plni_layer *layer, const plni_adam *step)
{
    const int l = layer->number;

    return (plni_sink){ rule->gradient[l], step, layer->theta, rule->m[l], rule->v[l], plni_mask_of(layer) };
}

void plni_rule_remask(plni_rule *rule, const pln_net *net)
{
    for (int l = 0; l < net->count; l++) {
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

/* What the chunks of one step of momentum share. */
typedef struct step {
    const plni_kernels *kernels;
    const plni_rule    *rule;
    plni_layer         *layer;
    int                 l;
} step;

enum { CHUNK = 16384 };

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

void plni_rule_momentum(plni_rule *rule, plni_layer *layer, pln_ctx *ctx, int l)
{
    step j = { plni_kernels_of(ctx), rule, layer, l };

    plni_parallel(ctx, (int)((layer->size + CHUNK - 1) / CHUNK), (double)layer->size * 0.3, PLNI_UP, step_chunk, &j);
}
