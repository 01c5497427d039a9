/* ep.c - equilibrium propagation
 *
 * The network settles freely; then its output is pulled towards the target by
 * beta, and it settles again.  The difference between the two states, made only
 * of what a synapse sees at its two ends, is the gradient (theory 4.6):
 *
 *     g_W = -1/(beta B) sum_b ( s+_l s+_(l-1)^T - s0_l s0_(l-1)^T )
 *     g_b = -1/(beta B) sum_b ( s+_l - s0_l )
 *
 * that is, two calls of a layer's gradient question with opposite signs; one call
 * with s+_1 - s0_1 for the first layer, whose input is the same in both phases.
 *
 * A softmax read-out has no contrast: with e = beta (t - m y), m the sum of t before its
 * mask, which is what it sends down, its gradient is -1/(beta B) sum_b e s+_(L-1)^T. */

#include "learn/ep.h"

#include "base/rng.h"
#include "learn/optim.h"
#include "nn/settle.h"

#include <math.h>
#include <string.h>

/* What the samples of one batch share. */
typedef struct batch {
    const plni_rule  *rule;
    const plni_batch *now;
    int               n;
} batch;

static const plni_level *output_of(const plni_batch *now)
{
    const struct plni_settling *own = now->pass->settling;
    return &own->level[own->levels];
}

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
    const batch *b = arg;
    const plni_rule *rule = b->rule;
    const plni_kernels *kernels = b->now->pass->kernels;
    const struct plni_settling *own = b->now->pass->settling;
    const plni_level *top = output_of(b->now);
    const plni_layer_io *at = &b->now->pass->at[top->layer];
    const float *y = top->s->value + s * top->s->stride;
    const float *score = own->readout ? at->y->value + s * at->y->stride : y;
    const uint16_t *bits = top->drop > 0 ? top->bits + s * top->bits_stride : NULL;
    const float *d = rule->d + s * rule->stride;
    float cost = 0;

    if (!plni_rule_aim(rule, kernels, b->now, s, score, bits, b->n)) cost = NAN;
    for (int i = 0; i < b->n; i++)
        if (!own->readout) cost += 0.5f * (d[i] - y[i]) * (d[i] - y[i]);
        else if (d[i] > 0) cost -= d[i] * logf(y[i] + 1e-30f);
    rule->row_loss[s] = cost / (float)b->now->pass->samples;
}

void plni_ep_contrast(const pln_net *net, const plni_pass *pass, int l, bool symmetric, float scale,
                      const plni_sink *to)
{
    const plni_sink first = plni_add_to(to->into);
    const struct plni_settling *own = pass->settling;
    const plni_level *level = &own->level[l], *below = level - 1;
    const plni_layer *layer = &net->layer[level->layer];
    const bool readout = own->readout && l == own->levels;
    const bool twice = plni_rule_adds(net, level->layer, symmetric);
    plni_layer_io at = pass->at[level->layer];

    at.x = below->s;
    at.dy = readout || l == 1 ? level->change : level->s;
    layer->ops->gradient(layer, pass, &at, scale, twice ? &first : to);
    if (!twice) return;
    at.x = below->rest;
    at.dy = readout ? level->rest_change : level->rest;
    layer->ops->gradient(layer, pass, &at, -scale, to);
}

/* Moves product l by what it learns. */
static void learn(plni_rule *rule, pln_net *net, const plni_pass *pass, int l, float beta)
{
    plni_layer *layer = &net->layer[pass->settling->level[l].layer];
    const int at = layer->number;
    const float each = 1 / ((rule->ep.symmetric ? 2 : 1) * beta * (float)pass->samples);

    const plni_sink here = plni_rule_into(layer, layer->theta);

    if (rule->optim.kind == PLN_SGD) {
        plni_ep_contrast(net, pass, l, rule->ep.symmetric, rule->rate[at] * each, &here);
        return;
    }
    const plni_adam adam = plni_adam_at(&rule->optim, rule->rate[at], rule->steps);
    const plni_sink to = plni_rule_sink(rule, layer, &adam);
    if (to.into) memset(to.into, 0, layer->size * sizeof(float));
    plni_ep_contrast(net, pass, l, rule->ep.symmetric, -each, &to);
}

/* One nudged phase, of one or two. */
static void settle_nudged(const plni_rule *rule, const pln_net *net, const plni_batch *now, const plni_nudge *pull,
                          plni_outcome *outcome)
{
    const plni_effort effort = plni_settle(net, now->pass, rule->ep.steps, pull);

    outcome->done += effort.done;
    outcome->dense += effort.dense;
    outcome->nudged_sweeps += effort.sweeps / (rule->ep.symmetric ? 2.0 : 1.0);
    outcome->residual = fmax(outcome->residual, (double)effort.residual);
}

/* The nudged phases, from the free state; returns the beta of the last. */
static float nudge(const plni_rule *rule, const pln_net *net, const plni_batch *now, plni_outcome *outcome)
{
    const float more = (float)(plni_rule_target_sum(rule, pln_net_outputs(net)) - 1);
    plni_nudge pull = { draw_beta(rule, now), rule->d, rule->stride, more };

    plni_settle_keep(now->pass);
    if (rule->ep.symmetric) {
        pull.beta = -rule->ep.beta;
        settle_nudged(rule, net, now, &pull, outcome);
        plni_settle_swap(now->pass);       /* compare with this; go on from the free state */
        pull.beta = rule->ep.beta;
    }
    settle_nudged(rule, net, now, &pull, outcome);
    return pull.beta;
}

bool plni_ep_step(plni_rule *rule, pln_net *net, plni_batch *now, plni_batch *next, plni_outcome *outcome)
{
    static const plni_nudge none = { 0 };
    plni_pass *pass = now->pass;
    batch b = { rule, now, pln_net_outputs(net) };

    (void)next;
    plni_settle_enter(net, pass, rule->self.drop, now->fill, now->arg);
    const plni_effort free_phase = plni_settle(net, pass, net->dynamics.steps, &none);
    if (pass->settling->readout) plni_settle_logits(net, pass);
    plni_parallel(net->ctx, pass->samples, 2.0 * pass->samples * b.n, PLNI_UP, aim_sample, &b);

    *outcome = (plni_outcome){ .loss = plni_rule_loss(rule, pass->samples), .sweeps = free_phase.sweeps,
                               .residual = (double)free_phase.residual,
                               .done = free_phase.done, .dense = free_phase.dense };
    if (!isfinite(outcome->loss)) return false;

    const float beta = nudge(rule, net, now, outcome);
    plni_settle_compare(net, pass);
    if (rule->steps < INT32_MAX) rule->steps++;     /* by then beta^steps is 0 */
    for (int l = 1; l <= pass->settling->levels; l++) learn(rule, net, pass, l, beta);
    plni_rule_homeostasis(rule, now, b.n);
    return true;
}
