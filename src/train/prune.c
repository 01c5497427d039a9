/* prune.c - masks that follow a schedule while a network is trained (pln/prune.h) */

#include "base/check.h"
#include "nn/graph.h"
#include "nn/mask.h"
#include "train/pruner.h"

#include <math.h>
#include <string.h>

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

static bool is_settled(const struct plni_pruner *p) { return p->how.settled > 0 && p->calm >= p->how.settled_for; }

/* The update that comes behind a batch, counted from the run's first, those of the schedule and further ones; 0: none. */
static int update_behind(const struct plni_pruner *p, long batch)
{
    const long number = batch / p->every;
    const bool any = !plni_prune_is_continuous(&p->how) && (p->how.from < p->how.sparsity || p->how.further > 0);

    return any && number <= p->how.updates + p->how.further && batch % p->every == 0 && !is_settled(p) ? (int)number : 0;
}

static bool exchange_behind(const struct plni_pruner *p, long batch)
{
    return batch % p->every == 0 && batch <= p->ends && !is_settled(p);
}

static long batches_done(const pln_trainer *t) { return (long)t->epoch * plni_course_batches(&t->course[0]) + t->batch; }

bool plni_prune_is_due(const pln_trainer *t)
{
    const long batch = batches_done(t) + 1;
    return update_behind(t->pruner, batch) > 0 || exchange_behind(t->pruner, batch) || plni_prune_is_continuous(&t->pruner->how);
}

double plni_prune_density(const pln_trainer *t)
{
    size_t count;
    const size_t present = plni_prune_present(t->net, &count);

    if (plni_prune_is_continuous(&t->pruner->how)) return plni_aside_density(t);
    return (double)present / (double)count;
}

double *plni_prune_from(pln_trainer *t) { return &t->pruner->how.from; }

bool pln_trainer_pruning(const pln_trainer *t, pln_pruning *where)
{
    const struct plni_pruner *p = t->pruner;

    *where = (pln_pruning){ 0 };
    if (!p) return false;
    where->present = plni_prune_present(t->net, &where->weights);
    if (plni_prune_is_continuous(&p->how)) {
        const double left = p->batches - (double)batches_done(t);
        where->present = (size_t)(plni_aside_density(t) * (double)where->weights + 0.5);
        where->next = left > 0 ? (long)left : 0;
        where->amount = p->amount;
        return true;
    }
    where->settled = is_settled(p);
    if (!p->every) return true;
    const long done = batches_done(t), next = (done / p->every + 1) * p->every;
    if (update_behind(p, next) || exchange_behind(p, next)) where->next = next - done;
    return true;
}

/* ---- what it costs ------------------------------------------------------------------- */

static double forward_macs(const pln_layer_info *info) { return info->macs * (info->steps > 1 ? info->steps : 1); }

/* The layer that sees the input hands no gradient down. */
double pln_training_macs(const pln_net *net, int layer)
{
    const pln_layer_info info = pln_net_layer(net, layer);
    return (layer == plni_first_product(net) ? 2 : 3) * forward_macs(&info);
}

/* Multiply-adds of a sample. */
static void count_macs(const pln_net *net, struct plni_pruner *p)
{
    p->dense = p->there = p->missing = 0;
    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        const pln_layer_info info = pln_net_layer(net, w->layer);
        const double all = pln_training_macs(net, w->layer);
        const double present = (double)pln_net_present(net, w->parameter) / ((double)w->rows * (double)w->columns);
        p->dense += all;
        p->there += all * present;
        p->missing += forward_macs(&info) * (1 - present);
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

static pln_status read_masks(const pln_trainer *t, struct plni_pruner *p)
{
    for (int i = 0; i < p->tensors; i++) PLN_TRY(plni_prune_read_mask(t, p, &p->tensor[i]));
    return PLN_OK;
}

static pln_status write_masks(pln_trainer *t, struct plni_pruner *p)
{
    for (int i = 0; i < p->tensors; i++) PLN_TRY(plni_prune_write_mask(t, p, &p->tensor[i]));
    return PLN_OK;
}

/* Towards the sparsity of an update, and regrowth. */
static pln_status prune(pln_trainer *t, struct plni_pruner *p, int update)
{
    const pln_regrowth how = { p->how.regrow == PLN_REGROW_NONE ? 0 : pln_decimal((double)p->how.ratio), p->how.whole_rows };
    const double part = fmin(1, (double)update / p->how.updates), left = (1 - p->how.from) * pow((1 - p->how.sparsity) / (1 - p->how.from), part);
    const double sparsity = p->how.rounds ? 1 - left : pln_sparsity_cubic(p->how.from, p->how.sparsity, update, p->how.updates);

    const size_t budget = pln_sparsity_budget(p->units, sparsity);

    plni_prune_rank(t, p, update, sparsity);
    if (p->how.regrow == PLN_REGROW_RANDOM_ROWS_MATCHED) plni_prune_match(t, p, update, budget, &how);
    if (p->before) PLN_TRY(read_masks(t, p));
    plni_regrown_begin(p, budget);
    const pln_regrown came = pln_regrow(p->magnitude, p->readout, p->score, NULL, p->units, budget, &how, p->scratch, p->chosen, p->mask);
    plni_regrown_count(p, came.revived, &t->tally);
    if (came.revived && !plni_prune_at_once(&t->course[0].fit)) {      /* they begin at 0, also where they were there until now */
        for (size_t u = 0; u < p->units; u++) p->mask[u] = p->mask[u] && !p->chosen[u];
        PLN_TRY(write_masks(t, p));
        for (size_t u = 0; u < p->units; u++) p->mask[u] |= p->chosen[u];
    }
    return write_masks(t, p);
}

static pln_status exchange(pln_trainer *t, struct plni_pruner *p, int update)
{
    const double part = (double)batches_done(t) / (double)p->falls;
    const double fraction = pln_sparsity_cosine(pln_decimal((double)p->how.exchange), pln_decimal((double)p->how.least), part);

    plni_prune_rank(t, p, update, 1 - plni_prune_density(t));
    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        double there = 0;
        PLN_TRY(plni_prune_read_mask(t, p, w));
        for (size_t k = 0; k < w->count; k++) there += p->mask[w->from + k];
        const double count = fraction * there;
        (void)pln_exchange(p->magnitude + w->from, p->score + w->from, w->count,
                           (size_t)(p->how.method == PLN_PRUNE_GRANET ? ceil(count - 1e-6) : floor(count + 1e-6)), p->scratch, p->chosen,
                           p->mask + w->from);
    }
    return write_masks(t, p);
}

/* Whether an update comes when the sparsity does not rise any more, so that masks may settle. */
static bool may_settle(const struct plni_pruner *p, int number)
{
    return p->how.settled > 0 && (number > p->how.updates || !(p->how.from < p->how.sparsity));
}

/* After such an update: how much of the masks is other than p->was. */
static pln_status look_for_changes(pln_trainer *t, struct plni_pruner *p)
{
    size_t changed = 0;

    PLN_TRY(read_masks(t, p));
    for (size_t u = 0; u < p->units; u++) changed += p->mask[u] != p->was[u];
    const double share = (double)changed / (double)p->units;
    t->tally.changed += share;
    t->tally.changes++;
    p->calm = share < p->how.settled ? p->calm + 1 : 0;
    return PLN_OK;
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
    const bool settles = may_settle(p, number);
    if (settles) {
        PLN_TRY(read_masks(t, p));
        memcpy(p->was, p->mask, p->units);
    }
    plni_prune_score(t, p, number);
    if (update) PLN_TRY(prune(t, p, update));
    if (exchanged) PLN_TRY(exchange(t, p, number));
    if (settles) PLN_TRY(look_for_changes(t, p));
    plni_trainer_remask(t);
    if (update && p->how.rewind) plni_aside_return(t);
    return PLN_OK;
}

/* ---- for others ------------------------------------------------------------------------- */

int plni_prune_epoch(const pln_fit *fit, int epoch)
{
    if (!(fit->prune.sparsity > 0) || !fit->prune.rewind) return epoch;
    const int round = plni_prune_epochs(fit) / (fit->prune.updates + 1);
    return epoch < plni_prune_epochs(fit) ? epoch % round : round + epoch - plni_prune_epochs(fit);
}

float *plni_prune_vector(const pln_trainer *t, int vector, int layer) { return t->pruner->aside[vector][layer]; }

double plni_prune_foreseen(const pln_trainer *t, int *channels)
{
    *channels = 0;
    return t->pruner ? plni_prune_foresight(t, t->pruner, channels) : (double)NAN;
}

double *plni_prune_amount(const pln_trainer *t) { return &t->pruner->amount; }

int *plni_prune_calm(const pln_trainer *t) { return t->pruner && t->pruner->how.settled > 0 ? &t->pruner->calm : NULL; }

/* ---- before the first batch ------------------------------------------------------------- */

/* By chance, of each tensor its kernel's share stays; where fewer are there already, more of the others do.  p->mask is
 * the network's. */
static pln_status leave_out(pln_trainer *t, struct plni_pruner *p)
{
    double densities[PLN_MAX_LAYERS];
    size_t stay = 0;

    plni_prune_shares(t, p, densities);
    plni_prune_by_chance(t, p, 0, false);
    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        const size_t there = w->count - (size_t)floor((1 - densities[i]) * (double)w->count + 1e-6);
        float *score = p->score + w->from;
        stay += there;
        for (size_t u = 0; u < w->count; u++)
            if (!p->mask[w->from + u]) score[u] = -INFINITY;
        (void)pln_select_largest(score, w->count, there, p->chosen + w->from);
        for (size_t u = 0; u < w->count; u++)
            if (p->chosen[w->from + u]) score[u] = INFINITY;
    }
    (void)pln_select_largest(p->score, p->units, stay, p->mask);
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
    const plni_course *c = &t->course[0];
    const double batches = (double)plni_prune_epochs(&c->fit) * plni_course_batches(c);
    size_t there = 0;

    p->every = plni_prune_is_continuous(&p->how) ? 1 : plni_prune_interval(&c->fit, c->count);
    p->batches = batches;
    plni_aside_begin(t);
    p->ends = plni_prune_exchange_end(&p->how, batches);
    p->falls = p->how.method == PLN_PRUNE_GRANET ? (long)batches : p->ends;
    const pln_criticality metric = plni_prune_metric(&p->how);

    if (plni_prune_by_channels(&p->how) && !p->drives) PLN_TRY(pln_trainer_score(t, &metric));
    plni_trainer_score_batch(t, NULL);
    for (int i = 0; i < p->tensors; i++) {                                    /* what masks and moments need is taken now */
        PLN_TRY(plni_prune_read_mask(t, p, &p->tensor[i]));
        PLN_TRY(plni_prune_write_mask(t, p, &p->tensor[i]));
    }
    for (size_t u = 0; u < p->units; u++) there += p->mask[u];
    const double left_out = 1 - (double)there / (double)p->units;           /* of a network that has been pruned before */
    if (plni_prune_at_once(&c->fit)) return prune_at_once(t, p);
    if (p->how.from > left_out) return leave_out(t, p);
    p->how.from = left_out;
    return PLN_OK;
}
