/* ep.c - equilibrium propagation
 *
 * The network relaxes freely; then its output is pulled towards the target by
 * beta, and it relaxes again.  The difference between the two states, made only
 * of what a synapse sees at its two ends, is the gradient (theory 4.6):
 *
 *     g_W = -1/(beta B) sum_b ( s+_l s+_(l-1)^T - s0_l s0_(l-1)^T )
 *     g_b = -1/(beta B) sum_b ( s+_l - s0_l )
 *
 * that is, two calls of a layer's gradient question with opposite signs; one call
 * with s+_1 - s0_1 for the first layer, whose input is the same in both phases.  A
 * product behind which linear layers follow sees the states as these send them down.
 *
 * A softmax read-out has no contrast: with e = beta (t - m y), m the sum of t before its
 * mask, which is what it sends down, its gradient is -1/(beta B) sum_b e s+_(L-1)^T. */

#include "learn/ep.h"

#include "base/rng.h"
#include "learn/optim.h"
#include "nn/relaxation.h"

#include <math.h>
#include <string.h>

/* What the samples of one batch share. */
typedef struct aim {
    const plni_rule  *rule;
    const plni_batch *now;
    const plni_pass  *pass;            /* the shard at work          */
    int               n, before;       /* outputs; samples before it */
    int               samples;         /* in all shards              */
} aim;

/* +beta or -beta with equal chance, one draw a batch of each course (theory 4.4). */
static float draw_beta(const plni_rule *rule, const plni_batch *now)
{
    const plni_random r = plni_random_for(now->pass->seed, PLNI_FOR_SIGN, now->course, now->pass->epoch, (uint32_t)now->number);

    return !rule->ep.symmetric && plni_random_bits(&r, 0) & 1 ? -rule->ep.beta : rule->ep.beta;
}

/* The target of one sample (theory 4.5), and its share of the free phase's cost:
 * 1/2 |t - s|^2, or -sum t log y for a read-out. */
static void aim_sample(void *arg, int s)
{
    const aim *b = arg;
    const plni_rule *rule = b->rule;
    const int sample = b->before + s;
    const struct plni_relaxing *own = b->pass->relaxing;
    const plni_level *top = &own->level[own->levels];
    const plni_layer_io *at = &b->pass->at[top->layer];
    const float *y = top->s->value + s * top->s->stride;
    const float *score = own->readout ? at->y->value + s * at->y->stride : y;
    const uint16_t *bits = top->drop > 0 ? top->bits + s * top->bits_stride : NULL;
    const float *d = rule->d + sample * rule->stride;
    float cost = 0;

    if (!plni_rule_aim(rule, b->pass->kernels, b->now, sample, score, bits, b->n)) cost = NAN;
    for (int i = 0; i < b->n; i++)
        if (!own->readout) cost += 0.5f * (d[i] - y[i]) * (d[i] - y[i]);
        else if (d[i] > 0) cost -= d[i] * logf(y[i] + 1e-30f);
    rule->row_loss[sample] = cost / (float)b->samples;
}

void plni_ep_contrast(const pln_net *net, const plni_pass *pass, int l, bool symmetric, float scale,
                      const plni_sink *to)
{
    const plni_sink first = plni_add_to(to->into);
    const struct plni_relaxing *own = pass->relaxing;
    const plni_level *level = &own->level[l], *below = level - 1;
    const plni_layer *layer = &net->layer[level->layer];
    const bool readout = own->readout && l == own->levels;
    const bool twice = plni_rule_adds(net, level->layer, symmetric);
    plni_layer_io at = pass->at[level->layer];

    at.x = below->s;
    at.dy = plni_relax_down(net, pass, l, readout || l == 1 ? level->change : level->s);
    layer->ops->gradient(layer, pass, &at, scale, twice ? &first : to);
    if (!twice) return;
    at.x = below->rest;
    at.dy = plni_relax_down(net, pass, l, readout ? level->rest_change : level->rest);
    layer->ops->gradient(layer, pass, &at, -scale, to);
}

/* What one shard adds to the gradient of the product below level l. */
typedef struct part {
    const pln_net *net;
    int            l;
    bool           symmetric;
    float          scale;
} part;

static void ask(void *arg, const plni_layer *layer, const plni_pass *shard, const plni_sink *to)
{
    const part *p = arg;

    (void)layer;
    plni_ep_contrast(p->net, shard, p->l, p->symmetric, p->scale, to);
}

/* Moves product l by what it learns. */
static void learn(plni_rule *rule, pln_net *net, const plni_pass *batch, int l, float beta)
{
    plni_layer *layer = &net->layer[batch->relaxing->level[l].layer];
    const int at = layer->number;
    const float each = 1 / ((rule->ep.symmetric ? 2 : 1) * beta * (float)plni_pass_all(batch));

    const plni_sink here = plni_rule_into(rule, layer, layer->theta);

    if (batch->shards > 1) {
        part p = { net, l, rule->ep.symmetric, -each };
        plni_rule_collect(rule, layer, batch, ask, &p);
        plni_rule_step(rule, layer, net->ctx);
        return;
    }
    if (rule->optim.kind == PLN_SGD) {
        plni_ep_contrast(net, batch, l, rule->ep.symmetric, rule->rate[at] * each, &here);
        return;
    }
    const plni_adam adam = plni_adam_at(&rule->optim, rule->rate[at], rule->steps);
    const plni_sink to = plni_rule_sink(rule, layer, &adam);
    if (to.into) memset(to.into, 0, layer->size * sizeof(float));
    plni_ep_contrast(net, batch, l, rule->ep.symmetric, -each, &to);
}

/* Adds what a phase took to the outcome; its part of the samples weighs the sweeps. */
static void count_effort(const aim *b, const plni_effort *effort, double *sweeps, plni_outcome *outcome)
{
    outcome->done += effort->done;
    outcome->dense += effort->dense;
    *sweeps += effort->sweeps * ((double)b->pass->samples / b->samples);
    outcome->residual = fmax(outcome->residual, (double)effort->residual);
}

/* The free phase of one shard, and what it is aimed at. */
static void relax_freely(const pln_net *net, plni_pass *pass, aim *b, plni_outcome *outcome)
{
    static const plni_nudge none = { 0 };
    const plni_effort effort = plni_relax(net, pass, net->dynamics.steps, &none);

    if (pass->relaxing->readout) plni_relax_logits(net, pass);
    plni_parallel(net->ctx, pass->samples, 2.0 * pass->samples * b->n, PLNI_UP, aim_sample, b);
    count_effort(b, &effort, &outcome->sweeps, outcome);
}

/* One nudged phase of one shard, of one or two. */
static void relax_nudged(const pln_net *net, plni_pass *pass, const aim *b, const plni_nudge *pull, plni_outcome *outcome)
{
    plni_effort effort = plni_relax(net, pass, b->rule->ep.steps, pull);

    effort.sweeps /= b->rule->ep.symmetric ? 2.0 : 1.0;
    count_effort(b, &effort, &outcome->nudged_sweeps, outcome);
}

/* The nudged phases of one shard, from the free state; returns the beta of the last. */
static float nudge(const pln_net *net, plni_pass *pass, const aim *b, plni_outcome *outcome)
{
    const plni_rule *rule = b->rule;
    const float more = (float)(plni_rule_target_sum(rule, b->n) - 1);
    plni_nudge pull = { draw_beta(rule, b->now), rule->d + b->before * rule->stride, rule->stride, more };

    plni_relax_keep(pass);
    if (rule->ep.symmetric) {
        pull.beta = -rule->ep.beta;
        relax_nudged(net, pass, b, &pull, outcome);
        plni_relax_swap(pass);            /* compare with this; go on from the free state */
        pull.beta = rule->ep.beta;
    }
    relax_nudged(net, pass, b, &pull, outcome);
    return pull.beta;
}

bool plni_ep_step(plni_rule *rule, pln_net *net, plni_batch *now, plni_batch *next, plni_outcome *outcome)
{
    plni_pass *batch = now->pass, *end = batch + batch->shards;
    aim b = { .rule = rule, .now = now, .n = pln_net_outputs(net), .samples = plni_pass_all(batch) };
    float beta = 0;

    (void)next;
    *outcome = (plni_outcome){ 0 };
    for (plni_pass *p = batch; p < end; p++) {
        plni_relax_enter(net, p, rule->self.drop, now->fill, now->arg);
        b.pass = p;
        b.before = plni_pass_before(p);
        if (p->samples) relax_freely(net, p, &b, outcome);
    }
    outcome->loss = plni_rule_loss(rule, batch);
    if (!isfinite(outcome->loss)) return false;

    for (plni_pass *p = batch; p < end; p++) {
        b.pass = p;
        b.before = plni_pass_before(p);
        if (!p->samples) continue;
        beta = nudge(net, p, &b, outcome);
        plni_relax_compare(net, p);
    }
    if (rule->steps < INT32_MAX) rule->steps++;     /* by then beta^steps is 0 */
    for (int l = 1; l <= batch->relaxing->levels; l++) learn(rule, net, batch, l, beta);
    plni_rule_homeostasis(rule, now, b.n);
    return true;
}
