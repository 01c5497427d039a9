/* prune.c - masks that follow a schedule while a network is trained (pln/prune.h) */

#include "base/check.h"
#include "base/option.h"
#include "nn/graph.h"
#include "nn/mask.h"
#include "nn/options.h"
#include "train/pruner.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const char *const sources[] = { "none", "critical", "uncritical", "random", "random_rows", "gradient", "rate", "synapse", NULL };

static const char *const methods[] = { "gradual", "granet", "rigl", "set", "gmp", "oneshot", "lamp", "snip", "cqp", "faithful_u", "imp", "stds", "grad_r",
                                       NULL };

static const char *const criteria[] = { "magnitude", "layer", "erk", "lamp", "gradient", "snip", "random", "channel", "cqp", "product", NULL };

static const char *const granularities[] = { "weight", "row", "block", NULL };

static const char *const quantities[] = { "slope", "value", "nearness", "potential", "spikes", NULL };

enum { ABOVE = PLN_OPTION_ABOVE, BELOW = PLN_OPTION_BELOW };

/* Drop and grow (theory 13.4). */
static void take_exchange(pln_prune *how)
{
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

/* What a method is, as far as it is not the default. */
static void take_method(void *prune)
{
    pln_prune *how = prune;

    switch (how->method) {
    case PLN_PRUNE_GRADUAL: return;
    case PLN_PRUNE_GRANET: case PLN_PRUNE_RIGL: case PLN_PRUNE_SET: take_exchange(how); return;
    case PLN_PRUNE_ONESHOT: how->updates = 1; return;
    case PLN_PRUNE_FAITHFUL:
        how->metric.quantity = PLN_SCORE_VALUE, how->whole_rows = how->warm = true, how->updates = 39;
        return;
    default: how->regrow = PLN_REGROW_NONE;
    }
    if (how->method == PLN_PRUNE_IMP) how->rounds = true, how->updates = 8, how->rewind = 1;
    if (how->method == PLN_PRUNE_LAMP) how->criterion = PLN_BY_LAMP;
    if (how->method == PLN_PRUNE_CQP) how->criterion = PLN_BY_CQP;
    if (how->method == PLN_PRUNE_SNIP) how->criterion = PLN_BY_SNIP, how->updates = how->every = 1, how->holds = true;
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
    { "criterion", PLN_OPTION_WORD, offsetof(pln_prune, criterion), .usual = PLN_BY_MAGNITUDE, .words = criteria,
      .help = "by what weights that stay are chosen" },
    { "power", PLN_OPTION_FLOAT, offsetof(pln_prune, power), 0, 10, 0.5, .help = "of the channel's score in the criterion cqp" },
    { "granularity", PLN_OPTION_WORD, offsetof(pln_prune, granularity), .usual = PLN_PRUNE_WEIGHTS, .words = granularities,
      .help = "what stands or falls together: nothing; in regrowth, all weights that lead to a neuron; blocks of neighbours" },
    { "block", PLN_OPTION_INT, offsetof(pln_prune, block), 2, 64, 16, .help = "neighbouring rows of a column that are a block" },
    { "exchange", PLN_OPTION_FLOAT, offsetof(pln_prune, exchange), 0, 1, 0, .help = "fraction of a tensor's weights that give way to others at each update, at first" },
    { "least", PLN_OPTION_FLOAT, offsetof(pln_prune, least), 0, 1, 0, .help = "and at the end" },
    { "exchange_until", PLN_OPTION_FLOAT, offsetof(pln_prune, exchange_until), 0, 1, (double)0.75f, ABOVE, .help = "share of these epochs in which weights are exchanged" },
    { "holds", PLN_OPTION_BOOL, offsetof(pln_prune, holds), .help = "an update by gradient takes the place of its batch's step" },
    { "whole_rows", PLN_OPTION_BOOL, offsetof(pln_prune, whole_rows), .help = "weights with equal scores come back together, more than there should be" },
    { "rounds", PLN_OPTION_BOOL, offsetof(pln_prune, rounds), .help = "every update leaves the same share of what there is, instead of the cubic" },
    { "rewind", PLN_OPTION_INT, offsetof(pln_prune, rewind), 0, PLN_MAX_EPOCHS, 0,
      .help = "imp: weights go back to those after so many epochs; the run is updates + 1 rounds of equal length" },
    { "width", PLN_OPTION_FLOAT, offsetof(pln_prune, width), 0, 1e6, 0, .help = "stds: of the dead zone in the end; 0: the first weights' quantile" },
    { "linear", PLN_OPTION_BOOL, offsetof(pln_prune, linear), .help = "stds: it grows by a line instead of a sine" },
    { "prior", PLN_OPTION_FLOAT, offsetof(pln_prune, prior), 0, 1e6, 0, .help = "grad_r: pull towards 0; 0: the first weights' quantile by rate and steps" },
    { "warm", PLN_OPTION_BOOL, offsetof(pln_prune, warm), .help = "weights that are not there keep their moments, which go on" },
    { "quantity", PLN_OPTION_WORD, offsetof(pln_prune, metric.quantity), .usual = PLN_SCORE_SLOPE, .words = quantities,
      .help = "what channels are scored by: the surrogate's slope, or another quantity of potentials" },
    { "averaged", PLN_OPTION_BOOL, offsetof(pln_prune, metric.averaged), .help = "the mean over places instead of the largest" },
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

/* ---- checks ---------------------------------------------------------------------- */

static int epochs_of(const pln_fit *fit) { return fit->prune.length > 0 ? fit->prune.length : fit->epochs; }

static bool exchanges(const pln_prune *how) { return how->exchange > 0; }

static pln_status check_regrowth(pln_ctx *ctx, const pln_prune *how)
{
    if (how->regrow == PLN_REGROW_NONE && exchanges(how))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is none; an exchange wants a score by which weights come");
    if (how->holds && exchanges(how) && how->from < how->sparsity)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.holds", "prune.holds is for exchanges at a constant sparsity");
    if (how->metric.quantity == PLN_SCORE_NEARNESS && (how->criterion == PLN_BY_CQP || how->criterion == PLN_BY_PRODUCT))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.quantity", "prune.quantity is nearness, which is never above 0; %s multiplies by it",
                            criteria[how->criterion]);
    if (how->holds && !plni_prune_by_gradients(how))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.holds", "prune.holds is for what is chosen by gradients, prune.regrow or "
                            "prune.criterion");
    if (how->regrow == PLN_REGROW_RATE && plni_criterion_by_channel(how->criterion))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is rate and prune.criterion %s: a batch has one score of its "
                            "channels; with regrow critical, quantity spikes and averaged true both are by rate", criteria[how->criterion]);
    return PLN_OK;
}

/* What the network and the way of training allow. */
static pln_status check_means(pln_ctx *ctx, const pln_fit *fit, bool fires)
{
    const pln_prune *how = &fit->prune;
    const bool inputs = how->regrow == PLN_REGROW_SYNAPSE;
    const bool of_criterion = plni_criterion_by_gradient(how->criterion);

    if ((plni_prune_by_gradients(how) || inputs) && (fit->shards > 1 || fit->rule != PLN_RULE_BP))
        return plni_fail_at(ctx, PLN_ERR_ARG, of_criterion ? "prune.criterion" : "prune.regrow", "prune.%s is %s, which wants rule bp and no shards",
                            of_criterion ? "criterion" : "regrow", of_criterion ? criteria[how->criterion] : sources[how->regrow]);
    if (how->warm && fit->rule != PLN_RULE_BP)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.warm", "prune.warm wants rule bp");
    if (!plni_prune_by_channels(how) || fires || (fit->target == PLN_TARGET_SELF && fit->rule == PLN_RULE_BP)) return PLN_OK;
    if (plni_criterion_by_channel(how->criterion))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.criterion", "prune.criterion is %s, and the network has no neurons that fire, "
                            "nor winners by back-propagation", criteria[how->criterion]);
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is %s, and nothing is critical in a network without neurons that "
                        "fire, or winners by back-propagation; it can be none, random, random_rows or gradient", sources[how->regrow]);
}

static pln_status check_method(pln_ctx *ctx, const pln_fit *fit)
{
    const pln_prune *how = &fit->prune;
    const int rounds = how->updates + 1;

    if (how->method == PLN_PRUNE_IMP && !how->rewind)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.rewind", "prune.rewind is 0; the method imp goes back to weights of an epoch, 1 or later");
    if (how->rewind && (epochs_of(fit) % rounds || how->rewind >= epochs_of(fit) / rounds))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.rewind", "prune.rewind is %d; %d epochs in %d rounds (updates and the first) must have "
                            "more each, and none left over", how->rewind, epochs_of(fit), rounds);
    if (!plni_prune_is_continuous(how)) return PLN_OK;
    if (fit->rule != PLN_RULE_BP || fit->optim.decay > 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.method", "prune.method is %s, which wants rule bp and no weight decay", methods[how->method]);
    if (how->method == PLN_PRUNE_GRAD_R && how->sparsity < 0.5)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.sparsity", "prune.sparsity is %g; the method grad_r wants 0.5 or more", how->sparsity);
    if (how->method == PLN_PRUNE_GRAD_R && !(how->prior > 0) && !(fit->rate[0] > 0))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.prior", "prune.prior is 0, and so is the rate that would set it");
    if (how->from > 0 || exchanges(how) || how->granularity != PLN_PRUNE_WEIGHTS || how->regrow != PLN_REGROW_NONE || how->criterion != PLN_BY_MAGNITUDE)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.method", "prune.method is %s, where single weights leave and come back by themselves: "
                            "criterion, regrow, exchange, granularity and from have no effect", methods[how->method]);
    return PLN_OK;
}

/* Whether a network is pruned as it is, at once. */
static bool at_once(const pln_fit *fit) { return epochs_of(fit) == 0; }

/* There is then no batch to take a gradient of, and no time in which weights come and go. */
static pln_status check_at_once(pln_ctx *ctx, const pln_prune *how)
{
    if (exchanges(how) || how->rewind || plni_prune_is_continuous(how))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.method", "prune.method is %s, whose weights come and go while a network is trained, "
                            "and there are no epochs", methods[how->method]);
    if (plni_criterion_by_gradient(how->criterion))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.criterion", "prune.criterion is %s, and without epochs there is no batch to take it of",
                            criteria[how->criterion]);
    if (how->regrow == PLN_REGROW_GRADIENT || how->regrow == PLN_REGROW_SYNAPSE)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is %s, and without epochs there is no batch to take it of",
                            sources[how->regrow]);
    return PLN_OK;
}

/* Batches from update to update; 0: there are too few. */
static int interval_of(const pln_fit *fit, int samples)
{
    const int batches = (samples + fit->batch - 1) / fit->batch;

    const int round = epochs_of(fit) / (fit->prune.updates + 1);
    const double all = (double)epochs_of(fit) * batches;
    const double interval = fit->prune.rewind ? (double)round * batches : (double)fit->prune.until * all / fit->prune.updates + 1e-6;

    if (fit->prune.every > 0 && !fit->prune.rewind) return fit->prune.every;
    return interval < INT_MAX ? (int)interval : INT_MAX;
}

pln_status pln_prune_check(pln_ctx *ctx, const pln_fit *fit, bool fires, int samples)
{
    const pln_prune *how = &fit->prune;

    if (how->sparsity == 0) return PLN_OK;
    PLN_TRY(pln_option_check(ctx, pln_prune_options, how, "prune"));
    if (how->from > how->sparsity)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.from", "prune.from is %g; it must be at most the sparsity, %g", how->from, how->sparsity);
    PLN_TRY(check_regrowth(ctx, how));
    PLN_TRY(check_means(ctx, fit, fires));
    if (at_once(fit)) return check_at_once(ctx, how);
    PLN_TRY(check_method(ctx, fit));
    if (!samples || interval_of(fit, samples) > 0) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.updates", "prune.updates is %d; %g of %d epochs have fewer batches", how->updates,
                        (double)how->until, epochs_of(fit));
}

/* How many weights there are, and the numbers of a network that compete. */
static size_t present_in(const pln_net *net, size_t *count)
{
    size_t present = 0;

    *count = 0;
    for (int i = 0; i < pln_net_parameters(net); i++) {
        const pln_parameter_info info = pln_net_parameter(net, i);
        size_t numbers = 1;
        if (info.kept || info.rank < 2) continue;
        for (int d = 0; d < info.rank; d++) numbers *= (size_t)info.dim[d];
        *count += numbers;
        present += pln_net_present(net, i);
    }
    return present;
}

/* Blocks at the edge of a tensor are smaller than others, so that their number says little more than how many weights they are. */
pln_status pln_prune_check_net(pln_ctx *ctx, const pln_net *net, const pln_prune *how)
{
    size_t count;
    const size_t present = present_in(net, &count), slack = how->granularity == PLN_PRUNE_BLOCKS ? count / 100 : 0;

    if (how->sparsity == 0 || present + slack >= pln_sparsity_budget(count, how->sparsity)) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.sparsity", "prune.sparsity is %g, and %.4g of the network's weights are left out already",
                        how->sparsity, 1 - (double)present / (double)count);
}

/* Where no neuron fires, units of rows are scored by what drives them. */
static pln_status check_drives(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    const pln_prune *how = &fit->prune;

    if (how->sparsity == 0 || !plni_prune_by_channels(how) || pln_net_scores(net) > 0) return PLN_OK;
    if (net->images || at_once(fit))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is %s, prune.criterion %s: without neurons that fire units are critical "
                            "only in dense layers on rows, and while these are trained", sources[how->regrow], criteria[how->criterion]);
    if (how->regrow == PLN_REGROW_RATE || how->metric.quantity != PLN_SCORE_SLOPE || how->metric.own || how->metric.surrogate != PLN_SURROGATE_ATAN)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.quantity", "prune.quantity: units that do not fire are scored by the slope of atan alone");
    return PLN_OK;
}

pln_status plni_prune_check(pln_ctx *ctx, const pln_net *net, const pln_course *courses, int count, int samples)
{
    const pln_fit *fit = &courses[0].fit;

    if (fit->prune.sparsity > 0 && count > 1) return plni_fail_at(ctx, PLN_ERR_ARG, "prune", "train: several courses cannot prune");
    PLN_TRY(pln_prune_check(ctx, fit, pln_net_scores(net) > 0, samples));
    PLN_TRY(check_drives(ctx, net, fit));
    return pln_prune_check_net(ctx, net, &fit->prune);
}

struct plni_pruner *plni_prune_plan(const pln_net *net, const pln_prune *how, plni_arena *arena)
{
    struct plni_pruner *p = plni_pruner_plan(net, how, arena);

    plni_aside_plan(net, how, p, arena);
    return p;
}

/* ---- masks -------------------------------------------------------------------------- */

void plni_trainer_remask(pln_trainer *t)
{
    if (t->masks == t->net->masks) return;
    for (int i = 0; i < t->courses; i++) plni_rule_remask(&t->course[i].rule, t->net);
    plni_masks_seen(t->net);
    t->masks = t->net->masks;
}

/* ---- when --------------------------------------------------------------------------- */

/* The update of the schedule that comes behind a batch, counted from the run's first; 0: none. */
static int update_behind(const struct plni_pruner *p, long batch)
{
    const bool prunes = !plni_prune_is_continuous(&p->how) && p->how.from < p->how.sparsity && batch / p->every <= p->how.updates;
    return prunes && batch % p->every == 0 ? (int)(batch / p->every) : 0;
}

static bool exchange_behind(const struct plni_pruner *p, long batch) { return batch % p->every == 0 && batch <= p->ends; }

static long batches_done(const pln_trainer *t) { return (long)t->epoch * plni_course_batches(&t->course[0]) + t->batch; }

bool plni_prune_is_due(const pln_trainer *t)
{
    const long batch = batches_done(t) + 1;
    return update_behind(t->pruner, batch) > 0 || exchange_behind(t->pruner, batch) || plni_prune_is_continuous(&t->pruner->how);
}

double plni_prune_density(const pln_trainer *t)
{
    size_t count;
    const size_t present = present_in(t->net, &count);

    if (plni_prune_is_continuous(&t->pruner->how)) return plni_aside_density(t);
    return (double)present / (double)count;
}

double *plni_prune_from(pln_trainer *t) { return &t->pruner->how.from; }

bool pln_trainer_pruning(const pln_trainer *t, pln_pruning *where)
{
    const struct plni_pruner *p = t->pruner;

    *where = (pln_pruning){ 0 };
    if (!p) return false;
    where->present = present_in(t->net, &where->weights);
    if (plni_prune_is_continuous(&p->how)) {
        const double left = p->batches - (double)batches_done(t);
        where->present = (size_t)(plni_aside_density(t) * (double)where->weights + 0.5);
        where->next = left > 0 ? (long)left : 0;
        return true;
    }
    if (!p->every) return true;
    const long done = batches_done(t), next = (done / p->every + 1) * p->every;
    if (update_behind(p, next) || exchange_behind(p, next)) where->next = next - done;
    return true;
}

/* ---- what it costs ------------------------------------------------------------------- */

/* Multiply-adds of a sample; the layer that sees the input hands no gradient down. */
static void count_macs(const pln_net *net, struct plni_pruner *p)
{
    p->dense = p->there = p->missing = 0;
    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        const pln_layer_info info = pln_net_layer(net, w->layer);
        const double macs = info.macs * (info.steps > 1 ? info.steps : 1), products = w->layer == plni_first_product(net) ? 2 : 3;
        const double present = (double)pln_net_present(net, w->parameter) / ((double)w->rows * (double)w->columns);
        p->dense += products * macs;
        p->there += products * macs * present;
        p->missing += macs * (1 - present);
    }
    p->masks = net->masks;
}

void plni_prune_count(pln_trainer *t)
{
    struct plni_pruner *p = t->pruner;
    const plni_course *c = &t->course[0];
    const int left = c->count - (t->batch - 1) * c->fit.batch, samples = left < c->fit.batch ? left : c->fit.batch;
    const bool whole = c->rule.warm || (c->rule.asked && c->rule.keeps_whole);

    t->tally.steps += !c->rule.holds;
    t->tally.dense_gradients += whole;
    if (c->fit.rule != PLN_RULE_BP) return;
    if (p->masks != t->net->masks || p->dense == 0) count_macs(t->net, p);
    t->tally.macs += samples * p->dense;
    t->tally.active_macs += samples * (p->there + (whole ? p->missing : 0));
}

void plni_prune_before(pln_trainer *t)
{
    const struct plni_pruner *p = t->pruner;
    const bool due = plni_prune_is_due(t);

    const pln_criticality metric = plni_prune_metric(&p->how);

    if (plni_prune_by_channels(&p->how) && !p->drives) plni_trainer_score_batch(t, due ? &metric : NULL);
    t->course[0].rule.asked = due;
    t->course[0].rule.holds = due && p->how.holds;
}

/* ---- updates ------------------------------------------------------------------------ */

static pln_status write_masks(pln_trainer *t, struct plni_pruner *p)
{
    for (int i = 0; i < p->tensors; i++) PLN_TRY(plni_prune_write_mask(t, p, &p->tensor[i]));
    return PLN_OK;
}

/* Towards the sparsity of an update, and regrowth. */
static pln_status prune(pln_trainer *t, struct plni_pruner *p, int update)
{
    const pln_regrowth how = { p->how.regrow == PLN_REGROW_NONE ? 0 : (double)p->how.ratio, p->how.whole_rows };
    const double part = (double)update / p->how.updates, left = (1 - p->how.from) * pow((1 - p->how.sparsity) / (1 - p->how.from), part);
    const double sparsity = p->how.rounds ? 1 - left : pln_sparsity_cubic(p->how.from, p->how.sparsity, update, p->how.updates);

    const size_t budget = pln_sparsity_budget(p->units, sparsity);

    plni_prune_rank(t, p, update, sparsity);
    for (int i = 0; p->before && i < p->tensors; i++) PLN_TRY(plni_prune_read_mask(t, p, &p->tensor[i]));
    plni_regrown_begin(p, budget);
    const pln_regrown came = pln_regrow(p->magnitude, p->readout, p->score, NULL, p->units, budget, &how, p->scratch, p->chosen, p->mask);
    plni_regrown_count(p, came.revived, &t->tally);
    if (came.revived && !at_once(&t->course[0].fit)) {      /* they begin at 0, also where they were there until now */
        for (size_t u = 0; u < p->units; u++) p->mask[u] = p->mask[u] && !p->chosen[u];
        PLN_TRY(write_masks(t, p));
        for (size_t u = 0; u < p->units; u++) p->mask[u] |= p->chosen[u];
    }
    return write_masks(t, p);
}

static pln_status exchange(pln_trainer *t, struct plni_pruner *p, int update)
{
    const double part = (double)batches_done(t) / (double)p->falls;
    const double fraction = pln_sparsity_cosine((double)p->how.exchange, (double)p->how.least, part);

    plni_prune_rank(t, p, update, 1 - plni_prune_density(t));
    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        double there = 0;
        PLN_TRY(plni_prune_read_mask(t, p, w));
        for (size_t k = 0; k < w->count; k++) there += p->mask[w->from + k];
        const double count = fraction * there;
        (void)pln_exchange(p->magnitude + w->from, p->score + w->from, w->count,
                           (size_t)(p->how.method == PLN_PRUNE_GRANET ? ceil(count) : floor(count)), p->scratch, p->chosen,
                           p->mask + w->from);
    }
    return write_masks(t, p);
}

pln_status plni_prune_after(pln_trainer *t)
{
    struct plni_pruner *p = t->pruner;
    const int update = update_behind(p, batches_done(t));
    const bool exchanged = exchange_behind(p, batches_done(t));
    const plni_course *c = &t->course[0];

    if (plni_prune_is_continuous(&p->how)) {
        PLN_TRY(plni_aside_follow(t, batches_done(t)));
        plni_trainer_remask(t);
        return PLN_OK;
    }
    if (p->how.rewind && batches_done(t) == (long)p->how.rewind * plni_course_batches(c)) plni_aside_keep(t);
    if (!update && !exchanged) return PLN_OK;
    const int number = (int)(batches_done(t) / p->every);
    plni_prune_score(t, p, number);
    if (update) PLN_TRY(prune(t, p, update));
    if (exchanged) PLN_TRY(exchange(t, p, number));
    plni_trainer_remask(t);
    if (update && p->how.rewind) plni_aside_return(t);
    return PLN_OK;
}

/* ---- for others ------------------------------------------------------------------------- */

int plni_prune_epoch(const pln_fit *fit, int epoch)
{
    if (!(fit->prune.sparsity > 0) || !fit->prune.rewind) return epoch;
    const int round = epochs_of(fit) / (fit->prune.updates + 1);
    return epoch < epochs_of(fit) ? epoch % round : round + epoch - epochs_of(fit);
}

float *plni_prune_vector(const pln_trainer *t, int vector, int layer) { return t->pruner->aside[vector][layer]; }

double *plni_prune_amount(const pln_trainer *t) { return &t->pruner->amount; }

/* ---- before the first batch ------------------------------------------------------------- */

/* By chance, in each tensor as many as its kernel's share of all. */
static pln_status leave_out(pln_trainer *t, struct plni_pruner *p)
{
    double densities[PLN_MAX_LAYERS];

    plni_prune_shares(t, p, densities);
    plni_prune_by_chance(t, p, 0, false);
    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        const size_t there = w->count - (size_t)floor((1 - densities[i]) * (double)w->count + 1e-6);
        (void)pln_select_largest(p->score + w->from, w->count, there, p->mask + w->from);
    }
    return write_masks(t, p);
}

/* A network as it is, by what it does with the samples. */
static pln_status prune_at_once(pln_trainer *t, struct plni_pruner *p)
{
    const plni_course *c = &t->course[0];
    const pln_criticality metric = plni_prune_metric(&p->how);

    if (plni_prune_by_channels(&p->how))
        PLN_TRY(pln_evaluate_criticality(t->ctx, t->net, t->data, c->index, c->count, &metric, p->channel));
    p->scored = true;
    if (p->how.ratio > 0) plni_prune_score(t, p, p->how.updates);
    return prune(t, p, p->how.updates);
}

pln_status plni_prune_begin(pln_trainer *t)
{
    struct plni_pruner *p = t->pruner;
    const double left_out = 1 - plni_prune_density(t);      /* of a network that has been pruned before */

    const plni_course *c = &t->course[0];
    const double batches = (double)epochs_of(&c->fit) * plni_course_batches(c);

    p->every = interval_of(&c->fit, c->count);
    p->batches = batches;
    plni_aside_begin(t);
    p->ends = exchanges(&p->how) ? (long)((double)p->how.exchange_until * batches + 1e-6) : 0;
    p->falls = p->how.method == PLN_PRUNE_GRANET ? (long)batches : p->ends;
    const pln_criticality metric = plni_prune_metric(&p->how);

    if (plni_prune_by_channels(&p->how) && !p->drives) PLN_TRY(pln_trainer_score(t, &metric));
    plni_trainer_score_batch(t, NULL);
    for (int i = 0; i < p->tensors; i++) {                                    /* what masks and moments need is taken now */
        PLN_TRY(plni_prune_read_mask(t, p, &p->tensor[i]));
        PLN_TRY(plni_prune_write_mask(t, p, &p->tensor[i]));
    }
    if (at_once(&c->fit)) return prune_at_once(t, p);
    if (p->how.from > left_out) return leave_out(t, p);
    p->how.from = left_out;
    return PLN_OK;
}
