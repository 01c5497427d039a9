/* prune_check.c - what a section prune can say (pln/prune.h), and what network and training allow of it */

#include "base/check.h"
#include "base/option.h"
#include "base/shape.h"
#include "nn/options.h"
#include "train/pruner.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const sources[] = { "none", "critical", "uncritical", "random", "random_rows", "gradient", "rate", "synapse", "random_rows_matched", NULL };

static const char *const methods[] = { "gradual", "granet", "rigl", "set", "gmp", "oneshot", "lamp", "snip", "cqp", "faithful_u", "imp", "stds", "grad_r",
                                       NULL };

static const char *const criteria[] = { "magnitude", "layer", "erk", "lamp", "gradient", "snip", "random", "channel", "cqp", "product", "bn_scale", "rate", "sca", NULL };

static const char *const granularities[] = { "weight", "row", "block", NULL };

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
    { "further", PLN_OPTION_INT, offsetof(pln_prune, further), 0, 100000, 0, .help = "updates behind these, at the same distance, which change what grows back" },
    { "settled", PLN_OPTION_DOUBLE, offsetof(pln_prune, settled), 0, 1, 0, PLN_OPTION_SINGLE,
      .help = "masks are final when updates that go on at `sparsity` change less than this share of the weights; 0: never" },
    { "settled_for", PLN_OPTION_INT, offsetof(pln_prune, settled_for), 1, 100000, 3, .help = "so many updates, one after the other" },
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
    { "quantity averaged own_surrogate surrogate sharpness", PLN_OPTION_ALSO, offsetof(pln_prune, metric), .options = plni_metric_options },
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

int plni_prune_epochs(const pln_fit *fit) { return fit->prune.length > 0 ? fit->prune.length : fit->epochs; }

/* What channels are scored by for a criterion, and for what comes back. */
static pln_criticality metric_of(const pln_prune *how, bool of_criterion)
{
    pln_prune one = *how;

    if (of_criterion) one.regrow = PLN_REGROW_NONE;
    else              one.criterion = PLN_BY_MAGNITUDE;
    return plni_prune_metric(&one);
}

/* A batch has one score of its channels. */
static pln_status check_scores(pln_ctx *ctx, const pln_prune *how)
{
    const pln_criticality stays = metric_of(how, true), comes = metric_of(how, false);

    if (!plni_criterion_by_channel(how->criterion) || !plni_regrowth_by_channel(how)) return PLN_OK;
    if (stays.quantity == comes.quantity && stays.averaged == comes.averaged) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.criterion", "prune.criterion is %s and prune.regrow %s: they score channels by different "
                        "quantities, and a batch has one score of them; regrow can be none, random or random_rows, or with regrow critical, "
                        "quantity %s and averaged %s both are by one", criteria[how->criterion], sources[how->regrow],
                        stays.quantity == PLN_SCORE_SPIKES || comes.quantity == PLN_SCORE_SPIKES ? "spikes" : "potential", "true");
}

/* Updates that go on behind the schedule's, and end. */
static pln_status check_end(pln_ctx *ctx, const pln_prune *how)
{
    const bool regrows = how->regrow != PLN_REGROW_NONE && how->ratio > 0;

    if (how->further > 0 && (how->rewind || plni_prune_is_continuous(how)))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.further", "prune.further is %d; the method %s has no updates behind its last: leave it out",
                            how->further, methods[how->method]);
    if (how->further > 0 && !regrows)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.further", "prune.further is %d, and nothing grows back by these updates: prune.regrow is %s, "
                            "prune.ratio %g; leave it out, or say what comes back", how->further, sources[how->regrow], (double)how->ratio);
    if (how->settled > 0 && how->further == 0 && !plni_prune_exchanges(how))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.settled", "prune.settled is %g, and no masks change behind the last update: this wants "
                            "prune.further, or the method granet, rigl or set", how->settled);
    return PLN_OK;
}

static pln_status check_regrowth(pln_ctx *ctx, const pln_prune *how)
{
    if (how->regrow == PLN_REGROW_NONE && plni_prune_exchanges(how))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is none; an exchange wants a score by which weights come: take "
                            "gradient, random or critical");
    if (how->regrow == PLN_REGROW_RANDOM_ROWS_MATCHED && plni_prune_exchanges(how))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is random_rows_matched; in an exchange each tensor gets back what it "
                            "gives in any case: take random_rows");
    if (how->holds && plni_prune_exchanges(how) && how->from < how->sparsity)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.holds", "prune.holds is true; of exchanges it is for those at a constant sparsity: leave it "
                            "false, or take prune.from %g, the sparsity", pln_decimal(how->sparsity));
    if (how->metric.quantity == PLN_SCORE_NEARNESS && (how->criterion == PLN_BY_CQP || how->criterion == PLN_BY_PRODUCT))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.quantity", "prune.quantity is nearness, which is never above 0; %s multiplies by it: take "
                            "slope, potential or spikes", criteria[how->criterion]);
    if (how->holds && !plni_prune_by_gradients(how))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.holds", "prune.holds is true, and nothing is chosen by gradients: leave it false, or take "
                            "prune.regrow gradient, or prune.criterion gradient or snip");
    PLN_TRY(check_scores(ctx, how));
    return check_end(ctx, how);
}

/* What the network and the way of training allow. */
static pln_status check_means(pln_ctx *ctx, const pln_fit *fit, bool fires)
{
    const pln_prune *how = &fit->prune;
    const bool inputs = plni_prune_regrows_by(how, PLN_REGROW_SYNAPSE);
    const bool of_criterion = plni_criterion_by_gradient(how->criterion);

    if ((plni_prune_by_gradients(how) || inputs) && (fit->shards > 1 || fit->rule != PLN_RULE_BP))
        return plni_fail_at(ctx, PLN_ERR_ARG, of_criterion ? "prune.criterion" : "prune.regrow", "prune.%s is %s, which wants rule bp and no shards: "
                            "train.rule bp, train.shards 1",
                            of_criterion ? "criterion" : "regrow", of_criterion ? criteria[how->criterion] : sources[how->regrow]);
    if (how->warm && fit->rule != PLN_RULE_BP)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.warm", "prune.warm is true, and moments that go on are those of rule bp: leave it false");
    if (!plni_prune_by_channels(how) || fires || (fit->target == PLN_TARGET_SELF && fit->rule == PLN_RULE_BP)) return PLN_OK;
    if (plni_criterion_by_channel(how->criterion))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.criterion", "prune.criterion is %s, and the network has no neurons that fire, "
                            "nor winners by back-propagation", criteria[how->criterion]);
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is %s, and nothing is critical in a network without neurons that "
                        "fire, or winners by back-propagation; it can be none, random, random_rows or gradient", sources[how->regrow]);
}

/* Which key says how many epochs the schedule has. */
static const char *epochs_key(const pln_fit *fit) { return fit->prune.length > 0 && fit->prune.length != fit->epochs ? "prune.length" : "train.epochs"; }

/* As many updates as there are or fewer, by which the epochs are rounds; 0: none. */
static int updates_that_divide(int epochs, int updates, int least)
{
    while (updates > 0 && (epochs % (updates + 1) || epochs / (updates + 1) < least)) updates--;
    return updates;
}

/* Rounds have the same number of epochs, more than those after which weights are kept. */
static pln_status check_rounds(pln_ctx *ctx, const pln_fit *fit)
{
    const pln_prune *how = &fit->prune;
    const int rounds = how->updates + 1, epochs = plni_prune_epochs(fit), each = epochs / rounds;
    char fewer[48] = "";

    if (how->method == PLN_PRUNE_IMP && !how->rewind)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.rewind", "prune.rewind is 0; the method imp goes back to weights of an epoch, 1 or later");
    if (!how->rewind || (epochs % rounds == 0 && each > how->rewind)) return PLN_OK;
    if (epochs % rounds == 0 && each > 1)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.rewind", "prune.rewind is %d; %d epochs in %d rounds (updates and the first) are %d each: it "
                            "must be at most %d", how->rewind, epochs, rounds, each, each - 1);
    const int most = each + (epochs % rounds > 0), least = most > how->rewind ? most : how->rewind + 1;
    const int divides = updates_that_divide(epochs, how->updates, how->rewind + 1);
    if (divides) snprintf(fewer, sizeof fewer, ", or prune.updates %d", divides);
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.updates", "prune.updates is %d; %d epochs in %d rounds (updates and the first) must have more than "
                        "%d each, prune.rewind, and none left over: take %s %.0f%s", how->updates, epochs, rounds, how->rewind, epochs_key(fit),
                        (double)rounds * least, fewer);
}

/* Where single weights leave and come back by themselves, nothing else chooses them. */
static pln_status check_continuous(pln_ctx *ctx, const pln_fit *fit)
{
    const pln_prune *how = &fit->prune;
    const char *method = methods[how->method];
    char from[PLNI_RANGE], exchange[PLNI_RANGE];
    const struct { bool wrong; const char *path, *found, *wanted; } cases[] = {
        { how->from > 0, "prune.from", plni_number(pln_decimal(how->from), from), "0" },
        { plni_prune_exchanges(how), "prune.exchange", plni_number((double)how->exchange, exchange), "0" },
        { how->granularity != PLN_PRUNE_WEIGHTS, "prune.granularity", granularities[how->granularity], granularities[PLN_PRUNE_WEIGHTS] },
        { how->regrow != PLN_REGROW_NONE, "prune.regrow", sources[how->regrow], sources[PLN_REGROW_NONE] },
        { how->criterion != PLN_BY_MAGNITUDE, "prune.criterion", criteria[how->criterion], criteria[PLN_BY_MAGNITUDE] },
    };

    if (!plni_prune_is_continuous(how)) return PLN_OK;
    if (fit->rule != PLN_RULE_BP)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.method", "prune.method is %s, which wants train.rule bp", method);
    if (fit->optim.decay > 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.weight_decay", "train.weight_decay is %g; it must be 0 with prune.method %s, which pulls at "
                            "weights itself", (double)fit->optim.decay, method);
    if (how->method == PLN_PRUNE_GRAD_R && how->sparsity < 0.5)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.sparsity", "prune.sparsity is %g; the method grad_r wants 0.5 or more", how->sparsity);
    if (how->method == PLN_PRUNE_GRAD_R && !(how->prior > 0) && !(fit->rate[0] > 0))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.prior", "prune.prior is 0, and so is the rate that would set it: one must be above 0");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cases[i].wrong)
            return plni_fail_at(ctx, PLN_ERR_ARG, cases[i].path, "%s is %s; it must be %s with prune.method %s, where single weights leave and come "
                                "back by themselves", cases[i].path, cases[i].found, cases[i].wanted, method);
    return PLN_OK;
}

bool plni_prune_at_once(const pln_fit *fit) { return plni_prune_epochs(fit) == 0; }

/* There is then no batch to take a gradient of, and no time in which weights come and go. */
static pln_status check_at_once(pln_ctx *ctx, const pln_prune *how)
{
    if (how->further > 0) return plni_fail_at(ctx, PLN_ERR_ARG, "prune.further", "prune.further is %d, and there are no epochs: leave it out", how->further);
    if (plni_prune_exchanges(how) || how->rewind || plni_prune_is_continuous(how))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.method", "prune.method is %s, whose weights come and go while a network is trained, "
                            "and there are no epochs: give it some, or take gmp or lamp", methods[how->method]);
    if (plni_criterion_by_gradient(how->criterion))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.criterion", "prune.criterion is %s, and without epochs there is no batch to take it of: take "
                            "magnitude or lamp, or an epoch", criteria[how->criterion]);
    if (how->from > 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.from", "prune.from is %g, and without epochs nothing is left out before the only update: "
                            "leave it 0", how->from);
    if (plni_prune_regrows_by(how, PLN_REGROW_GRADIENT) || plni_prune_regrows_by(how, PLN_REGROW_SYNAPSE))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is %s, and without epochs there is no batch to take it of: take "
                            "none or critical, or an epoch", sources[how->regrow]);
    return PLN_OK;
}

int plni_prune_interval(const pln_fit *fit, int samples)
{
    const int batches = plni_share(samples, fit->batch);
    const int round = plni_prune_epochs(fit) / (fit->prune.updates + 1);
    const double all = (double)plni_prune_epochs(fit) * batches;
    const double interval = fit->prune.rewind ? (double)round * batches : pln_decimal(fit->prune.until) * all / fit->prune.updates + 1e-6;

    if (fit->prune.every > 0 && !fit->prune.rewind) return fit->prune.every;
    return interval < INT_MAX ? (int)interval : INT_MAX;
}

/* Updates have batches of their own, in the part of the schedule that is theirs; those that say when they come do so
 * within the epochs of the schedule, or of the run if these are more. */
static pln_status check_interval(pln_ctx *ctx, const pln_fit *fit, int samples)
{
    const pln_prune *how = &fit->prune;
    const int own = plni_prune_epochs(fit), epochs = own > fit->epochs ? own : fit->epochs;
    const double batches = (double)epochs * plni_share(samples, fit->batch);
    const double room = floor(pln_decimal(how->until) * own * plni_share(samples, fit->batch) + 1e-6);

    if (plni_prune_is_continuous(how)) return PLN_OK;
    if (plni_prune_interval(fit, samples) == 0 && room < 1)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.until", "prune.until is %g; this part of %d epochs of %d samples has no batch: make it or %s "
                            "larger", (double)how->until, own, samples, epochs_key(fit));
    if (plni_prune_interval(fit, samples) == 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.updates", "prune.updates is %d; %g (prune.until) of %d epochs of %d samples have %.0f batches: it "
                            "must be at most %.0f, or %s larger", how->updates, (double)how->until, own, samples, room, room, epochs_key(fit));
    if (!how->every || how->rewind || !(how->from < how->sparsity)) return PLN_OK;
    if (how->updates > batches)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.updates", "prune.updates is %d; %d epochs have %.0f batches: it must be at most %.0f, or %s larger",
                            how->updates, epochs, batches, batches, own > fit->epochs ? "prune.length" : "train.epochs");
    if ((double)how->every * how->updates > batches)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.every", "prune.every is %d; for %d updates in the %g batches of %d epochs it can be at most %d",
                            how->every, how->updates, batches, epochs, (int)(batches / how->updates));
    return PLN_OK;
}

long plni_prune_exchange_end(const pln_prune *how, double batches)
{
    return plni_prune_exchanges(how) ? (long)(pln_decimal(how->exchange_until) * batches + 1e-6) : 0;
}

/* The first update comes while weights are exchanged. */
static pln_status check_exchanges(pln_ctx *ctx, const pln_fit *fit, int samples)
{
    const pln_prune *how = &fit->prune;
    const double batches = (double)plni_prune_epochs(fit) * plni_share(samples, fit->batch);
    const long end = plni_prune_exchange_end(how, batches);
    const int first = plni_prune_interval(fit, samples);

    if (!plni_prune_exchanges(how) || first <= end) return PLN_OK;
    if (how->every > 0 && !how->rewind && end > 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.every", "prune.every is %d, and weights are exchanged in the first %ld of %.0f batches "
                            "(prune.exchange_until is %g): none would be; it must be at most %ld, or %s larger", how->every, end, batches,
                            (double)how->exchange_until, end, epochs_key(fit));
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.exchange_until", "prune.exchange_until is %g, which is %ld of %.0f batches, and the first update comes "
                        "behind batch %d: no weights would be exchanged; make it or %s larger%s", (double)how->exchange_until, end, batches, first,
                        how->every > 0 ? epochs_key(fit) : "prune.updates", how->every > 0 ? "" : ", or prune.until smaller");
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
    if (plni_prune_at_once(fit)) return check_at_once(ctx, how);
    PLN_TRY(check_rounds(ctx, fit));
    PLN_TRY(check_continuous(ctx, fit));
    if (!samples) return PLN_OK;
    PLN_TRY(check_interval(ctx, fit, samples));
    return check_exchanges(ctx, fit, samples);
}

/* Where no neuron fires, units of rows are scored by what drives them. */
static pln_status check_drives(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    const pln_prune *how = &fit->prune;

    if (!plni_prune_by_channels(how) || pln_net_scores(net) > 0) return PLN_OK;
    if (net->images || plni_prune_at_once(fit))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is %s, prune.criterion %s: without neurons that fire units are critical "
                            "only in dense layers on rows, and while these are trained", sources[how->regrow], criteria[how->criterion]);
    if (how->criterion == PLN_BY_RATE || how->criterion == PLN_BY_POTENTIAL)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.criterion", "prune.criterion is %s, and no neuron of the network fires; its units can be "
                            "ranked by channel, cqp or product", criteria[how->criterion]);
    if (plni_prune_regrows_by(how, PLN_REGROW_RATE))
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.regrow", "prune.regrow is rate, and no neuron of the network fires; its units can come back by "
                            "critical, uncritical, synapse, random or random_rows");
    if (how->metric.quantity != PLN_SCORE_SLOPE || how->metric.own || how->metric.surrogate != PLN_SURROGATE_ATAN)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.quantity", "prune.quantity: units that do not fire are scored by the slope of atan alone: leave "
                            "out quantity, own_surrogate and surrogate");
    if (how->metric.averaged)
        return plni_fail_at(ctx, PLN_ERR_ARG, "prune.averaged", "prune.averaged is true; units that do not fire have no places to average over: "
                            "leave it false");
    return PLN_OK;
}

static pln_status check_norms(pln_ctx *ctx, const pln_net *net, const pln_prune *how)
{
    if (how->criterion != PLN_BY_NORM || plni_prune_has_norms(net)) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.criterion", "prune.criterion is bn_scale, and no norm stands behind the network's weights; "
                        "magnitude goes by the weights themselves");
}

/* Blocks at the edge of a tensor are smaller than others, so that their number says little more than how many weights they are. */
pln_status pln_prune_check_net(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    const pln_prune *how = &fit->prune;
    size_t count;
    const size_t present = plni_prune_present(net, &count), slack = how->granularity == PLN_PRUNE_BLOCKS ? count / 100 : 0;

    if (how->sparsity == 0) return PLN_OK;
    PLN_TRY(check_drives(ctx, net, fit));
    PLN_TRY(check_norms(ctx, net, how));
    if (present + slack >= pln_sparsity_budget(count, pln_decimal(how->sparsity))) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "prune.sparsity", "prune.sparsity is %g, and %.4g of the network's weights are left out already: give "
                        "more than that", pln_decimal(how->sparsity), 1 - (double)present / (double)count);
}

pln_status plni_prune_check(pln_ctx *ctx, const pln_net *net, const pln_course *courses, int count, int samples)
{
    const pln_fit *fit = &courses[0].fit;

    if (fit->prune.sparsity > 0 && count > 1) return plni_fail_at(ctx, PLN_ERR_ARG, "prune", "train: several courses cannot prune");
    PLN_TRY(pln_prune_check(ctx, fit, pln_net_scores(net) > 0, samples));
    return pln_prune_check_net(ctx, net, fit);
}
