/* bp.c - back-propagation
 *
 * Written with the four questions of nn/layer.h.  Between the last product's
 * forward pass and its backward pass everything is done sample by sample, in
 * one sweep: activation, output mask, target, loss, derivative of the
 * activation, list of non-zero deltas.  Plain gradient descent and Adam move
 * each layer as soon as nothing below needs the old weights, in the visit that
 * takes the gradient down where a layer can: piece by piece, each going down
 * before it moves.  The gradient of a layer depends only on its own x and dy, so
 * the result is that of a simultaneous step. */

#include "learn/bp.h"

#include "base/rng.h"
#include "learn/loss.h"
#include "learn/optim.h"
#include "nn/graph.h"
#include "nn/mask.h"
#include "nn/score.h"

#include <math.h>
#include <string.h>

/* What the samples of one batch share. */
typedef struct aim {
    const plni_rule  *rule;
    const pln_net    *net;
    const plni_batch *now;
    int               samples;         /* in all shards */
} aim;

/* The output mask of one sample; NULL if there is none. */
static const uint16_t *draw_mask(const plni_rule *rule, const plni_pass *pass, int sample, uint16_t *bits, int n)
{
    const plni_random r = plni_random_for(pass->seed, PLNI_FOR_OUTPUT_MASK, 0, pass->epoch, pass->sample[sample]);

    if (rule->target != PLN_TARGET_SELF || rule->self.drop <= 0) return NULL;
    pass->kernels->draw(bits, n, r.seed, r.purpose, r.epoch, r.sample);
    return bits;
}

/* What TET wants every output to be: the threshold of the uppermost neurons; without any, 1. */
static float phi_of(const pln_net *net)
{
    const float threshold = plni_top_threshold(net);
    return threshold > 0 ? threshold : 1;
}

/* The target of one sample against its outputs at every step: its share of the loss. */
static float aim_steps(const aim *b, const plni_pass *pass, const plni_layer_io *top, int s, const float *d)
{
    const int steps = top->x->steps, n = top->x->units, rows = b->samples * steps;
    const float tet = b->rule->tet, share = tet / ((float)rows * (float)n), phi = phi_of(b->net);
    float buffer[PLN_MAX_CHANNELS], loss = 0;

    for (int t = 0; t < steps; t++) {
        const int row = t * pass->samples + s;
        const float *o = plni_map_values(top->x, row, 0, buffer);
        float *dx = top->dx->value + row * top->dx->stride;
        loss += (1 - tet) * plni_loss_row(pass->kernels, PLN_CROSS_ENTROPY, o, d, NULL, 0, rows, n, dx);
        for (int i = 0; i < n; i++) {
            dx[i] = (1 - tet) * dx[i] + 2 * share * (o[i] - phi);
            loss += share * (o[i] - phi) * (o[i] - phi);
        }
        memset(dx + n, 0, (size_t)(top->dx->depth - n) * sizeof *dx);
    }
    return loss;
}

/* What the outputs of one sample are made of: what the uppermost layer reads, unless it is a product. */
static const float *drive_of(const pln_net *net, const plni_pass *pass, int s)
{
    const plni_layer_io *top = &pass->at[net->count - 1];
    const plni_signal *from = net->layer[net->count - 1].role == PLNI_PRODUCT ? top->y : top->x;

    return from->value + s * from->stride;
}

/* Steps 3 to 6 and 8 of theory 1.6 for one sample, and the way back
 * through the layers above the last product. */
static void aim_sample(void *arg, int sample)
{
    const aim *b = arg;
    int s = sample;
    const plni_rule *rule = b->rule;
    const plni_pass *pass = plni_pass_with(b->now->pass, &s);
    const plni_kernels *kernels = pass->kernels;
    const plni_layer_io *top = &pass->at[b->net->count - 1];
    const int n = top->y->units, keep_from = plni_keep_from(rule->self.drop);
    const float *y = top->y->value + s * top->y->stride;
    float *dy = top->dy->value + s * top->dy->stride;
    const float *d = rule->d + sample * rule->stride;
    const uint16_t *bits = draw_mask(rule, pass, s, rule->mask + sample * rule->mask_stride, n);
    bool sound;

    if (bits) kernels->keep(dy, y, bits, n, keep_from, 1);
    else      memcpy(dy, y, (size_t)n * sizeof *dy);

    sound = plni_rule_aim(rule, kernels, b->now, sample, dy, bits, n);
    if (rule->asked && rule->margin)
        plni_selftarget_margin(kernels, &rule->self, dy, rule->h, drive_of(b->net, pass, s), rule->margin + sample * rule->stride, n);
    if (rule->loss == PLN_CROSS_ENTROPY_STEPS) {
        rule->row_loss[sample] = sound ? aim_steps(b, pass, top, s, d) : NAN;
        return;
    }
    rule->row_loss[sample] = sound ? plni_loss_row(kernels, rule->loss, dy, d, bits, keep_from, b->samples, n, dy) : NAN;
    plni_signal_list(kernels, top->dy, s);
    plni_backward_top(b->net, pass, s);
}

/* Moves layer l by plain descent. */
static void descend(plni_rule *rule, plni_layer *layer, const plni_pass *pass, int l)
{
    const plni_sink to = plni_rule_into(rule, layer, layer->theta);

    plni_rule_pull(rule, layer, -rule->rate[l], layer->theta);
    layer->ops->gradient(layer, pass, &pass->at[l], -rule->rate[l], &to);
}

static void step_adam(plni_rule *rule, plni_layer *layer, const plni_pass *pass, int l)
{
    const plni_adam adam = plni_adam_at(&rule->optim, rule->rate[l], rule->steps);
    const plni_sink to = plni_rule_sink(rule, layer, &adam);

    if (to.into) memset(to.into, 0, layer->size * sizeof(float));
    if (to.into) plni_rule_pull(rule, layer, 1, to.into);
    layer->ops->gradient(layer, pass, &pass->at[l], 1, &to);
}

static void ask(void *arg, const plni_layer *layer, const plni_pass *shard, const plni_sink *to)
{
    (void)arg;
    layer->ops->gradient(layer, shard, &shard->at[layer->number], 1, to);
}

/* The steps of all layers by gradients that are there, clipped together. */
static void step_together(plni_rule *rule, pln_net *net)
{
    plni_rule_clip(rule, net);
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].size) plni_rule_step(rule, &net->layer[l], net->ctx);
}

/* The gradient without the mask, for who chooses the next one. */
static void keep_whole(plni_rule *rule, const plni_layer *layer, const plni_pass *pass)
{
    const plni_sink to = plni_add_to(rule->whole[layer->number]);

    memset(to.into, 0, layer->size * sizeof(float));
    ask(NULL, layer, pass, &to);
}

/* The means of what a layer reads: of each channel, or of all that a layer reads which joins all with all. */
static void keep_inputs(plni_rule *rule, const plni_layer *layer, const plni_pass *pass)
{
    const plni_signal *x = pass->at[layer->number].x;
    float buffer[PLNI_MAX_CHANNELS];

    plni_map_means(x, pass->samples * (x->row ? 1 : x->steps), plni_joins_all(layer), buffer, rule->inputs[layer->number]);
}

/* Moves layer l, whatever the optimiser.  A whole batch needs no gradient of its own for
 * plain descent, and for Adam only where it comes in no pieces. */
static void step_layer(plni_rule *rule, plni_layer *layer, const plni_pass *batch, int l)
{
    const bool whole = batch->shards == 1 && !(rule->optim.clip > 0);

    if (!layer->ops->gradient || !layer->size) return;
    if (rule->asked && rule->keeps_whole) keep_whole(rule, layer, batch);
    if (rule->asked && rule->inputs && rule->inputs[l]) keep_inputs(rule, layer, batch);
    if (rule->holds) return;
    if (whole && plni_rule_is_plain(rule)) {
        descend(rule, layer, batch, l);
    } else if (whole && rule->optim.kind == PLN_ADAM) {
        step_adam(rule, layer, batch, l);
    } else {
        plni_rule_collect(rule, layer, batch, ask, NULL);
        if (!(rule->optim.clip > 0)) plni_rule_step(rule, layer, batch->ctx);
    }
}

/* Whether layer l can learn in one visit with another product: a whole batch, by plain descent, and
 * without a mask. */
static bool fuses(const plni_rule *rule, const plni_layer *layer, const plni_pass *batch)
{
    return batch->shards == 1 && plni_rule_is_plain(rule) && !plni_mask_of(layer);
}

/* Likewise by Adam: nobody wants the gradient whole, be it to clip it, to join shards or to choose weights by. */
static bool fuses_adam(const plni_rule *rule, const plni_pass *batch, int l)
{
    return batch->shards == 1 && rule->optim.kind == PLN_ADAM && !rule->gradient[l] && !rule->asked && !rule->holds;
}

/* Moves product l, and takes the gradient to what is below. */
static void learn(plni_rule *rule, pln_net *net, const plni_pass *batch, int l)
{
    plni_layer *layer = &net->layer[l];
    const bool goes_on = batch->at[l].dx != NULL;

    if (fuses(rule, layer, batch) && layer->ops->backward_gradient && goes_on) {
        const plni_sink here = plni_add_to(layer->theta);
        layer->ops->backward_gradient(layer, batch, &batch->at[l], -rule->rate[l], &here);
        return;
    }
    if (fuses_adam(rule, batch, l) && layer->ops->backward_gradient && goes_on) {
        const plni_adam adam = plni_adam_at(&rule->optim, rule->rate[l], rule->steps);
        const plni_sink to = plni_rule_sink(rule, layer, &adam);
        layer->ops->backward_gradient(layer, batch, &batch->at[l], 1, &to);
        return;
    }
    for (const plni_pass *pass = batch; goes_on && pass < batch + batch->shards; pass++)
        if (pass->samples) layer->ops->backward(layer, pass, &pass->at[l], 0, pass->samples);
    step_layer(rule, layer, batch, l);
}

/* Takes the gradient back through the layers behind a product, and moves those that learn. */
static void learn_epilogue(plni_rule *rule, pln_net *net, const plni_pass *batch, int s)
{
    plni_backward_epilogue(net, batch, s);
    for (int l = net->stage[s].last - 1; l >= net->stage[s].first; l--) step_layer(rule, &net->layer[l], batch, l);
}

/* Moves the first layer, below which nothing learns. */
static void learn_first(plni_rule *rule, pln_net *net, const plni_pass *batch,
                        plni_batch *next)
{
    const int l = plni_first_product(net);
    plni_layer *layer = &net->layer[l];
    const plni_layer_io *at = &batch->at[l];

    if (next && layer->ops->gradient_forward && fuses(rule, layer, batch)) {
        plni_forward_enter(net, next->pass, next->fill, next->arg);
        layer->ops->gradient_forward(layer, batch, at, -rule->rate[l], next->pass, &next->pass->at[l]);
        next->entered = true;
    } else {
        step_layer(rule, layer, batch, l);
    }
}

/* The share of neurons and steps that spiked. */
static double firing_rate(const pln_net *net, const plni_pass *batch)
{
    double spikes = 0, places = 0;

    for (int l = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        if (!layer->ops->count) continue;
        for (const plni_pass *pass = batch; pass < batch + batch->shards; pass++)
            spikes += (double)layer->ops->count(layer, pass, &pass->at[l]);
        places += (double)layer->out.units * plni_pass_all(batch) * layer->out.steps;
    }
    return places > 0 ? spikes / places : 0;
}

bool plni_bp_step(plni_rule *rule, pln_net *net, plni_batch *now, plni_batch *next,
                  plni_outcome *outcome)
{
    plni_pass *batch = now->pass;
    aim b = { rule, net, now, plni_pass_all(batch) };
    const int first = plni_stage_of(net, plni_first_product(net));

    if (!now->entered) {
        plni_forward_enter(net, batch, now->fill, now->arg);
        plni_forward_product(net, batch);
    }
    plni_forward_leave(net, batch, aim_sample, &b);
    now->entered = false;
    *outcome = (plni_outcome){ .loss = plni_rule_loss(rule, batch), .firing_rate = firing_rate(net, batch) };
    if (!isfinite(outcome->loss)) return false;

    if (rule->steps < INT32_MAX && !rule->holds) rule->steps++;     /* by then beta^steps is 0 */
    plni_rule_homeostasis(rule, now, pln_net_outputs(net));
    for (int s = net->stages - 1; s >= first; s--) {
        if (s < net->stages - 1 || !net->stage[s].rows) learn_epilogue(rule, net, batch, s);
        if (s > first && net->stage[s].product >= 0) learn(rule, net, batch, net->stage[s].product);
    }
    learn_first(rule, net, batch, next);
    if (rule->optim.clip > 0 && !rule->holds) step_together(rule, net);
    for (int l = 0; l < net->count && rule->warm; l++) plni_mask_apply(net, &net->layer[l]);
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].ops->update_stats) net->layer[l].ops->update_stats(&net->layer[l], batch);
    if (batch->scores) plni_scores_add(net, batch);
    return true;
}
