/* fit.c - the training loop: batch, target, rule, report */

#define _POSIX_C_SOURCE 199309L          /* clock_gettime */

#include "train/features.h"
#include "train/trainer.h"

#include "base/check.h"
#include "base/rng.h"
#include "learn/bp.h"
#include "learn/ep.h"
#include "nn/graph.h"
#include "train/fill.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* ---- memory --------------------------------------------------------------- */

static void plan(pln_trainer *t, plni_arena *arena)
{
    const size_t batch = (size_t)t->largest_batch;

    for (int i = 0; i < t->courses; i++) {
        plni_course *c = &t->course[i];
        c->index = plni_arena_take(arena, (size_t)c->count * sizeof *c->index);
        c->order = plni_arena_take(arena, (size_t)c->count * sizeof *c->order);
    }
    for (int i = 0; i < t->turns; i++) {
        t->turn[i].sample = plni_arena_take(arena, batch * sizeof(uint32_t));
        t->turn[i].label = plni_arena_take(arena, batch * sizeof(int32_t));
        t->turn[i].pass = plni_shards_plan(t->net, t->largest_batch, t->course[0].fit.shards, arena);
    }
    if (t->features)
        plni_pass_plan(t->features, t->largest_batch, false, &t->feature_pass, arena);
    if (t->course[0].fit.prune.sparsity > 0) plni_prune_ask(t->net, &t->course[0].fit.prune, &t->course[0].rule);
    for (int i = 0; i < t->courses; i++)
        plni_rule_plan(&t->course[i].rule, t->net, t->largest_batch, t->course[0].fit.shards, i ? &t->course[0].rule : NULL, arena);
}

/* What is taken after all passes, so that it moves none of them. */
static void plan_pruner(pln_trainer *t, plni_arena *arena)
{
    if (t->course[0].fit.prune.sparsity > 0) t->pruner = plni_prune_plan(t->net, &t->course[0].fit.prune, arena);
}

static pln_status take_memory(pln_trainer *t)
{
    plni_arena arena = { 0 };

    plan(t, &arena);
    plan_pruner(t, &arena);
    t->memory = plni_alloc(t->ctx, arena.used);
    if (!t->memory) return PLN_ERR_MEMORY;
    t->bytes = arena.used;
    arena = (plni_arena){ .base = t->memory };
    plan(t, &arena);
    plan_pruner(t, &arena);
    return PLN_OK;
}

/* How samples of the course under way are varied; NULL: not. */
static const pln_augment *augment_of(const pln_trainer *t)
{
    const pln_augment *how = &t->course[t->at].fit.augment;
    return how->padding || how->flip || how->cutout ? how : NULL;
}

static void fill_input(void *arg, int s)
{
    const plni_turn *turn = arg;
    const pln_trainer *t = turn->owner;
    const int sample = (int)turn->sample[s];
    const plni_pass *pass = plni_pass_with(turn->pass, &s);
    const plni_signal *x = plni_input(pass);

    if (!t->features) plni_fill(t->net, pass, t->data, sample, augment_of(t), s);
    else if (t->kept) plni_features_row(t->kept, sample, x->value + s * x->stride);
}

static void begin_course(pln_trainer *t, plni_course *c, const pln_course *from)
{
    pln_selftarget self = from->fit.self;

    if (from->fit.rule == PLN_RULE_EP && self.tau <= 0 && self.drop > 0)
        self.tau = (float)self.winners / ((float)pln_net_outputs(t->net) * (1 - self.drop));
    c->fit = from->fit;
    c->count = from->index ? from->count : pln_data_count(t->data);
    c->rule = (plni_rule){ .target = from->fit.target, .self = self,
                           .label_smoothing = from->fit.label_smoothing, .loss = from->fit.loss, .tet = from->fit.tet,
                           .ep = from->fit.ep, .classes = pln_data_classes(t->data), .optim = from->fit.optim,
                           .norm_l1 = from->fit.norm_l1 };
    if (c->fit.batch > t->largest_batch) t->largest_batch = c->fit.batch;
}

pln_status pln_trainer_alternate(pln_ctx *ctx, pln_net *net, pln_net *features, const pln_data *data,
                                 const pln_course *courses, int count, pln_trainer **trainer)
{
    pln_status status;
    pln_trainer *t;

    *trainer = NULL;
    PLN_TRY(plni_check_courses(ctx, net, features, data, courses, count));

    t = plni_alloc(ctx, sizeof *t);
    if (!t) return PLN_ERR_MEMORY;
    *t = (pln_trainer){ .ctx = ctx, .net = net, .features = features, .data = data, .courses = count,
                        .turns = courses[0].fit.shards > 1 ? 1 : plni_net_passes(net) };
    for (int i = 0; i < count; i++) begin_course(t, &t->course[i], &courses[i]);
    status = take_memory(t);
    if (status != PLN_OK) {
        pln_trainer_free(t);
        return status;
    }
    for (int c = 0; c < count; c++)
        for (int i = 0; i < t->course[c].count; i++)
            t->course[c].index[i] = courses[c].index ? courses[c].index[i] : i;
    for (int i = 0; i < t->turns; i++) {
        plni_turn *turn = &t->turn[i];
        turn->owner = t;
        turn->pass->number = i;
        turn->batch = (plni_batch){ .pass = turn->pass, .fill = fill_input,
                                    .arg = turn, .label = turn->label };
    }
    plni_trainer_enter_epoch(t);
    status = t->pruner ? plni_prune_begin(t) : PLN_OK;
    if (status != PLN_OK) {
        pln_trainer_free(t);
        return status;
    }
    *trainer = t;
    return PLN_OK;
}

pln_status pln_trainer_new(pln_ctx *ctx, pln_net *net, pln_net *features,
                           const pln_data *data, const int *index, int count,
                           const pln_fit *fit, pln_trainer **trainer)
{
    const pln_course only = { *fit, index, count };

    return pln_trainer_alternate(ctx, net, features, data, &only, 1, trainer);
}

void pln_trainer_free(pln_trainer *t)
{
    if (!t) return;
    plni_free(t->ctx, t->score_memory, t->score_bytes);
    plni_free(t->ctx, t->memory, t->bytes);
    plni_free(t->ctx, t, sizeof *t);
}

pln_status pln_trainer_set_features(pln_trainer *t, const pln_features *features)
{
    if (!features || !t->features || plni_features_net(features) != t->features || plni_features_data(features) != t->data)
        return plni_fail(t->ctx, PLN_ERR_ARG, "train: the features are of another network, or of other data");
    t->kept = features;
    return PLN_OK;
}

size_t pln_trainer_bytes(const pln_trainer *t) { return t->bytes + sizeof *t; }
int pln_trainer_epoch(const pln_trainer *t) { return t->epoch; }
int pln_trainer_course(const pln_trainer *t) { return t->at; }
int pln_trainer_batch(const pln_trainer *t) { return t->batch; }

int pln_trainer_batches(const pln_trainer *t)
{
    return plni_course_batches(&t->course[t->at]);
}

double pln_trainer_seconds(const pln_trainer *t)
{
    return t->batch > 0 || t->tally.seconds > 0 ? t->tally.seconds : t->report.seconds;
}

/* ---- the loop ------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void plni_trainer_enter_epoch(pln_trainer *t)
{
    for (int i = 0; i < t->courses; i++) {
        plni_course *c = &t->course[i];
        const plni_random random = plni_random_for(c->fit.seed, PLNI_FOR_SHUFFLE, 0, t->epoch, (uint32_t)i);
        const double factor = pln_schedule_factor(&c->fit.schedule, plni_prune_epoch(&c->fit, t->epoch));
        int product = -1;

        plni_random_order(&random, c->order, c->count);
        for (int l = 0; l < t->net->count; l++) {
            product += t->net->layer[l].role == PLNI_PRODUCT;
            c->rule.rate[l] = product < c->fit.freeze ? 0 : (float)(factor * (double)c->fit.rate[c->fit.rates > 1 && product > 0 ? product : 0]);
        }
    }
    for (int i = 0; i < t->turns; i++) {
        for (int k = 0; k < t->turn[i].pass->shards; k++) t->turn[i].pass[k].epoch = t->epoch;
        t->turn[i].batch.entered = false;
    }
}

/* Chooses the samples of batch number `batch` of the pass under way. */
static void choose_samples(pln_trainer *t, plni_turn *turn, int batch)
{
    const plni_course *c = &t->course[t->at];
    const int first = batch * c->fit.batch, left = c->count - first;
    const int32_t *labels = pln_data_labels(t->data);
    const int n = left < c->fit.batch ? left : c->fit.batch;

    for (int s = 0; s < n; s++) {
        const int sample = c->index[c->order[first + s]];
        turn->sample[s] = (uint32_t)sample;
        turn->label[s] = labels ? labels[sample] : PLN_UNLABELLED;
    }
    plni_shards_fill(turn->pass, n, turn->sample);
    for (int i = 0; i < turn->pass->shards; i++) turn->pass[i].seed = c->fit.seed;
    turn->batch.number = batch;
    turn->batch.course = t->at;
}

static void fill_features(void *arg, int s)
{
    const plni_turn *turn = arg;
    const pln_trainer *t = turn->owner;

    plni_fill(t->features, &t->feature_pass, t->data, (int)t->feature_pass.sample[s], NULL, s);
}

static void keep_features(void *arg, int s)
{
    const plni_turn *turn = arg;
    const pln_trainer *t = turn->owner;
    const plni_signal *from = plni_output(t->features, &t->feature_pass);
    const float *row = from->value + s * from->stride;
    const plni_signal *to = plni_input(plni_pass_with(turn->pass, &s));

    memcpy(to->value + s * to->stride, row, (size_t)from->units * sizeof(float));
}

static void compute_features(pln_trainer *t, plni_turn *turn)
{
    t->feature_pass.samples = plni_pass_all(turn->pass);
    t->feature_pass.sample = turn->sample;
    plni_forward(t->features, &t->feature_pass, fill_features, keep_features, turn);
}

static double active_input(const pln_trainer *t, const plni_pass *batch)
{
    const double samples = plni_pass_all(batch);
    double density = 0;

    for (const plni_pass *pass = batch; pass < batch + batch->shards; pass++) {
        const plni_signal *x = pass->at[plni_first_product(t->net)].x;
        if (!x->count) return 1;
        if (pass->samples) density += plni_signal_density(x, pass->samples) * (pass->samples / samples);
    }
    return density;
}

static double active_delta(const pln_trainer *t, const plni_pass *batch)
{
    const int l = plni_product_below(t->net, t->net->count), units = batch->at[l].dy->units;
    long active = 0;

    if (!batch->at[l].dy->row) return 0;      /* gradients of images have made room for others */
    for (const plni_pass *pass = batch; pass < batch + batch->shards; pass++) {
        const plni_signal *dy = pass->at[l].dy;
        for (int s = 0; s < pass->samples; s++)
            for (int i = 0; i < units; i++) active += dy->value[s * dy->stride + i] != 0;
    }
    return (double)active / ((double)plni_pass_all(batch) * units);
}

static double norm(const float *x, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

/* The end of a course's pass over its samples, and perhaps of the epoch. */
static void finish_pass(pln_trainer *t)
{
    plni_course *c = &t->course[t->at];
    const plni_turn *last = &t->turn[(pln_trainer_batches(t) - 1) % t->turns];
    const int batches = pln_trainer_batches(t), n = pln_net_outputs(t->net);
    const plni_tally *sum = &t->tally;
    int channels;
    const double foresight = plni_prune_foreseen(t, &channels);

    t->report = (pln_epoch_report){
        .epoch = t->epoch + 1, .course = t->at, .samples = c->count, .seconds = sum->seconds, .timed = (long)sum->timed,
        .loss = sum->loss / batches,
        .rate_factor = pln_schedule_factor(&c->fit.schedule, plni_prune_epoch(&c->fit, t->epoch)),
        .homeostasis = norm(c->rule.h, n),
        .input_active = sum->input_active / batches,
        .delta_active = active_delta(t, last->pass),
        .density = t->pruner ? plni_prune_density(t) : 1,
        .firing_rate = sum->firing_rate / batches,
        .sweeps = sum->sweeps / batches, .nudged_sweeps = sum->nudged_sweeps / batches,
        .residual = sum->residual / batches, .skipped = sum->dense > 0 ? 1 - sum->done / sum->dense : 0,
        .steps = (long)sum->steps, .dense_gradients = (long)sum->dense_gradients,
        .macs = sum->macs, .active_macs = sum->active_macs,
        .updates = (int)sum->updates, .dead_rows = sum->dead_rows,
        .foresight = foresight, .foresight_channels = channels,
        .changed = sum->changes > 0 ? sum->changed / sum->changes : -1,
        .revived = sum->updates > 0 ? sum->revived / sum->updates : 0,
        .survival = sum->survivals > 0 ? sum->survival / sum->survivals : -1,
        .retention = sum->retentions > 0 ? sum->retention / sum->retentions : -1
    };
    plni_rule_new_epoch(&c->rule, n);
    t->tally = (plni_tally){ 0 };
    t->batch = 0;
    if (++t->at < t->courses) return;
    t->at = 0;
    t->epoch++;
    plni_trainer_enter_epoch(t);
}

static void add_to_tally(plni_tally *sum, const plni_outcome *outcome)
{
    sum->loss += outcome->loss;
    sum->firing_rate += outcome->firing_rate;
    sum->sweeps += outcome->sweeps;
    sum->nudged_sweeps += outcome->nudged_sweeps;
    sum->residual += outcome->residual;
    sum->done += outcome->done;
    sum->dense += outcome->dense;
}

static plni_step *const rules[] = { [PLN_RULE_BP] = plni_bp_step, [PLN_RULE_EP] = plni_ep_step };

/* One batch, and the beginning of the next unless this is the last for now. */
static pln_status train_batch(pln_trainer *t, bool last)
{
    plni_turn *now = &t->turn[t->batch % t->turns], *next = &t->turn[(t->batch + 1) % t->turns];
    plni_outcome outcome;

    if (!now->batch.entered) choose_samples(t, now, t->batch);
    if (t->features && !t->kept) compute_features(t, now);
    if (next == now) last = true;             /* one pass only: nothing can be got ready */
    if (t->pruner && plni_prune_is_due(t)) last = true;      /* nor before weights have gone */
    if (t->pruner) plni_prune_before(t);
    if (!last) choose_samples(t, next, t->batch + 1);
    if (!rules[t->course[t->at].fit.rule](&t->course[t->at].rule, t->net, &now->batch,
                                          last || t->features ? NULL : &next->batch, &outcome))
        return plni_fail(t->ctx, PLN_ERR_NAN,
                         "train: the loss is not a number in epoch %d, batch %d: lower the learning rate",
                         t->epoch + 1, t->batch + 1);
    add_to_tally(&t->tally, &outcome);
    t->tally.input_active += active_input(t, now->pass);
    t->batch++;
    if (!t->pruner) return PLN_OK;
    plni_prune_count(t);
    return plni_prune_after(t);
}

/* How many samples the first batches of a pass have: all are full but the last. */
static double samples_until(const pln_trainer *t, int batch)
{
    const plni_course *c = &t->course[t->at];
    const double full = (double)batch * c->fit.batch;

    return full < c->count ? full : c->count;
}

pln_status pln_trainer_step(pln_trainer *t, int batches, pln_epoch_report *report)
{
    const int all = pln_trainer_batches(t), begin = t->batch;
    const double start = now();
    pln_status status = PLN_OK;

    if (t->epoch >= t->course[0].fit.epochs)
        return plni_fail(t->ctx, PLN_ERR_STATE, "train: all %d epochs are done", t->course[0].fit.epochs);
    plni_trainer_remask(t);
    const int end = batches < all - t->batch ? t->batch + batches : all;
    while (t->batch < end && status == PLN_OK)
        status = train_batch(t, t->batch + 1 == end);
    t->tally.seconds += now() - start;
    t->tally.timed += samples_until(t, t->batch) - samples_until(t, begin);
    if (status == PLN_OK && t->batch == all) finish_pass(t);
    if (report) *report = t->report;
    return status;
}
