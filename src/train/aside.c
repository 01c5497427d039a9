/* aside.c - vectors beside the weights: those that a round goes back to, and parameters that weights are made of
 *
 *     imp      the weights after the epochs `rewind`, to which those that are left go back when a round begins
 *     stds     w = sgn(theta) max(|theta| - d, 0), d from 0 to `width`: theta
 *     grad_r   w = sign max(theta, 0): theta, and sign
 *
 * The optimiser steps the weights; what a step has moved them by is what moves theta. */

#include "base/check.h"
#include "train/pruner.h"

#include <math.h>
#include <string.h>

int plni_prune_vectors(const pln_prune *how)
{
    return how->method == PLN_PRUNE_GRAD_R ? 2 : how->method == PLN_PRUNE_STDS || how->rewind > 0;
}

bool plni_prune_is_continuous(const pln_prune *how) { return how->method == PLN_PRUNE_GRAD_R || how->method == PLN_PRUNE_STDS; }

void plni_aside_plan(const pln_net *net, const pln_prune *how, struct plni_pruner *p, plni_arena *arena)
{
    for (int v = 0; v < plni_prune_vectors(how); v++)
        for (int l = 0; l < net->count; l++) {
            float *vector = net->layer[l].size ? plni_arena_take(arena, net->layer[l].size * sizeof(float)) : NULL;
            if (p) p->aside[v][l] = vector;
        }
}

/* ---- parameters that weights are made of ----------------------------------------- */

/* Of all weights the magnitude below which a share of them is. */
static double quantile(const pln_trainer *t, struct plni_pruner *p, double share)
{
    float least = INFINITY;

    plni_prune_rank(t, p, 0, 0);
    (void)pln_select_largest(p->magnitude, p->units, pln_sparsity_budget(p->units, share), p->chosen);
    for (size_t i = 0; i < p->units; i++)
        if (p->chosen[i] && p->magnitude[i] < least) least = p->magnitude[i];
    return isfinite(least) ? (double)least : 0;
}

/* Where width or prior are not given, they would leave out `sparsity` of the weights that there are now, if these did
 * not move otherwise. */
static void find_amount(const pln_trainer *t, struct plni_pruner *p)
{
    const plni_course *c = &t->course[0];

    p->amount = (double)(p->how.method == PLN_PRUNE_STDS ? p->how.width : p->how.prior);
    if (p->amount > 0) return;
    p->amount = quantile(t, p, p->how.sparsity);
    if (p->how.method == PLN_PRUNE_GRAD_R) p->amount /= (double)c->fit.rate[0] * p->batches;
}

void plni_aside_begin(pln_trainer *t)
{
    struct plni_pruner *p = t->pruner;

    for (int v = 0; v < plni_prune_vectors(&p->how); v++)
        for (int l = 0; l < t->net->count; l++)
            for (size_t i = 0; p->aside[v][l] && i < t->net->layer[l].size; i++) {
                const float w = t->net->layer[l].theta[i];
                p->aside[v][l][i] = v == 1 ? (float)((w > 0) - (w < 0)) : p->how.method == PLN_PRUNE_GRAD_R ? fabsf(w) : w;
            }
    if (plni_prune_is_continuous(&p->how)) find_amount(t, p);
}

/* eta of Grad R's pull: the optimiser's rate, of Adam by the correction of its first moment. */
static double rate_now(const plni_rule *rule, int l)
{
    const double rate = (double)rule->rate[l];
    return rule->optim.kind == PLN_ADAM ? rate / (1 - pow((double)rule->optim.beta1, rule->steps)) : rate;
}

/* All weights of a layer after a step: those that decay, biases and norms left aside. */
static void follow_layer(const pln_trainer *t, struct plni_pruner *p, plni_layer *layer, double before, double now)
{
    const int l = layer->number;
    const double prior = p->amount * rate_now(&t->course[0].rule, l), centre = pln_gradr_centre(p->how.sparsity, p->amount);

    if (p->how.method == PLN_PRUNE_STDS) pln_stds_follow(p->aside[0][l], layer->theta, layer->decays, before, now);
    else pln_gradr_follow(p->aside[0][l], p->aside[1][l], layer->theta, layer->decays, prior, centre);
}

/* Weights that are 0 in the end are left out from then on. */
static pln_status finish_masks(pln_trainer *t, struct plni_pruner *p)
{
    plni_prune_rank(t, p, 0, 0);
    for (size_t i = 0; i < p->units; i++) p->mask[i] = p->magnitude[i] > 0;
    for (int i = 0; i < p->tensors; i++) PLN_TRY(plni_prune_write_mask(t, p, &p->tensor[i]));
    return PLN_OK;
}

pln_status plni_aside_follow(pln_trainer *t, long batch)
{
    struct plni_pruner *p = t->pruner;

    if ((double)batch > p->batches) return PLN_OK;
    for (int l = 0; l < t->net->count; l++)
        if (t->net->layer[l].decays)
            follow_layer(t, p, &t->net->layer[l], pln_stds_width(p->amount, (double)(batch - 1) / p->batches, p->how.linear),
                         pln_stds_width(p->amount, (double)batch / p->batches, p->how.linear));
    return (double)batch < p->batches ? PLN_OK : finish_masks(t, p);
}

double plni_aside_density(const pln_trainer *t)
{
    struct plni_pruner *p = t->pruner;
    size_t there = 0;

    plni_prune_rank(t, p, 0, 0);
    for (size_t i = 0; i < p->units; i++) there += p->magnitude[i] > 0;
    return (double)there / (double)p->units;
}

/* ---- weights that a round goes back to -------------------------------------------- */

void plni_aside_keep(pln_trainer *t)
{
    for (int l = 0; l < t->net->count; l++)
        if (t->net->layer[l].size) memcpy(t->pruner->aside[0][l], t->net->layer[l].theta, t->net->layer[l].size * sizeof(float));
}

void plni_aside_return(pln_trainer *t)
{
    plni_rule *rule = &t->course[0].rule;

    for (int l = 0; l < t->net->count; l++) {
        plni_layer *layer = &t->net->layer[l];
        if (!layer->size) continue;
        memcpy(layer->theta, t->pruner->aside[0][l], layer->size * sizeof(float));
        plni_mask_apply(t->net, layer);
        if (rule->m[l]) memset(rule->m[l], 0, layer->size * sizeof(float));
        if (rule->v[l]) memset(rule->v[l], 0, layer->size * sizeof(float));
    }
    rule->steps = 0;
}
