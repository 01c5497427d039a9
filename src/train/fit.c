/* fit.c - the training loop: batch, target, rule, report */

#define _POSIX_C_SOURCE 199309L          /* clock_gettime */

#include "train/features.h"
#include "train/trainer.h"

#include "base/check.h"
#include "base/rng.h"
#include "learn/bp.h"
#include "learn/ep.h"
#include "train/fill.h"

#include <math.h>
#include <string.h>
#include <time.h>

pln_fit pln_fit_default(void)
{
    return (pln_fit){ .epochs = 1, .batch = 16, .rule = PLN_RULE_BP, .ep = pln_ep_default(),
                      .target = PLN_TARGET_SELF,
                      .self = pln_selftarget_default(), .loss = PLN_MSE,
                      .optim = pln_optim_default(),
                      .schedule = pln_schedule_default(), .rates = 1, .rate = { 1 } };
}

/* ---- checks --------------------------------------------------------------- */

static int products_in(const pln_net *net)
{
    int products = 0;

    for (int l = 0; l < net->count; l++) products += net->layer[l].size > 0;
    return products;
}

/* Each rule has its kind of network. */
static pln_status check_rule(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    const bool settles = net->dynamics.kind != PLN_FEEDFORWARD;

    if (fit->rule != PLN_RULE_BP && fit->rule != PLN_RULE_EP)
        return plni_fail(ctx, PLN_ERR_ARG, "train: there is no rule %d", (int)fit->rule);
    if ((fit->rule == PLN_RULE_EP) != settles)
        return plni_fail(ctx, PLN_ERR_ARG, settles ? "train: a network that settles is trained by equilibrium propagation"
                                                   : "train: equilibrium propagation wants a network that settles");
    if (fit->rule != PLN_RULE_EP) return PLN_OK;
    if (!(fit->self.drop >= 0 && fit->self.drop < 1))
        return plni_fail(ctx, PLN_ERR_ARG, "train: the output mask drops %g, it must be in 0..1, 1 not included",
                         (double)fit->self.drop);
    if (net->dynamics.kind == PLN_EULER && net->dynamics.dt * (1 + fit->ep.beta) > 1)
        return plni_fail(ctx, PLN_ERR_ARG, "train: an Euler step of %g with beta %g overshoots: dt (1 + beta) must be at most 1",
                         (double)net->dynamics.dt, (double)fit->ep.beta);
    if (!(fit->ep.beta > 0 && fit->ep.beta < 1))
        return plni_fail(ctx, PLN_ERR_ARG, "train: beta is %g, it must be in 0..1, the ends not included", (double)fit->ep.beta);
    if (fit->ep.steps < 1 || fit->ep.steps > PLN_MAX_STEPS)
        return plni_fail(ctx, PLN_ERR_ARG, "train: the nudged phase has %d steps, 1..%d are possible", fit->ep.steps,
                         PLN_MAX_STEPS);
    return PLN_OK;
}

static pln_status check_schedule(pln_ctx *ctx, const pln_schedule *s)
{
    if ((int)s->kind < 0 || s->kind > PLN_STEPS)
        return plni_fail(ctx, PLN_ERR_ARG, "train: there is no schedule %d", (int)s->kind);
    if (s->kind != PLN_CONSTANT && s->kind != PLN_EXP && s->length < 1)
        return plni_fail(ctx, PLN_ERR_ARG, "train: the schedule's length is %d, it must be at least 1", s->length);
    if (s->kind == PLN_LINEAR && !(s->start >= 0 && s->end >= 0))
        return plni_fail(ctx, PLN_ERR_ARG, "train: the schedule's ends are %g and %g, they must not be negative", s->start,
                         s->end);
    if ((s->kind == PLN_EXP || s->kind == PLN_STEPS) && !(s->ratio > 0 && s->ratio <= 1))
        return plni_fail(ctx, PLN_ERR_ARG, "train: the schedule's ratio is %g, it must be in 0..1, 0 not included", s->ratio);
    return PLN_OK;
}

static pln_status check_rates(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    if (fit->rates != 1 && fit->rates != products_in(net))
        return plni_fail(ctx, PLN_ERR_ARG, "train: %d rates for %d layers that learn",
                         fit->rates, products_in(net));
    for (int i = 0; i < fit->rates; i++)
        if (!(fit->rate[i] >= 0 && fit->rate[i] < 1e9f))
            return plni_fail(ctx, PLN_ERR_ARG, "train: rate %d is %g, it must be 0 or more, and below 1e9",
                             i + 1, (double)fit->rate[i]);
    return PLN_OK;
}

static pln_status check_optimiser(pln_ctx *ctx, const pln_fit *fit)
{
    const pln_optim *o = &fit->optim;

    if (o->kind != PLN_SGD && o->kind != PLN_ADAM)
        return plni_fail(ctx, PLN_ERR_ARG, "train: there is no optimiser %d", (int)o->kind);
    if (o->kind == PLN_SGD && !(o->momentum >= 0 && o->momentum < 1 && o->decay >= 0 && o->decay < 1))
        return plni_fail(ctx, PLN_ERR_ARG, "train: momentum and weight decay must be in 0..1, 1 not included");
    if (o->kind == PLN_SGD && (o->momentum > 0 || o->decay > 0) && fit->rule == PLN_RULE_EP)
        return plni_fail(ctx, PLN_ERR_ARG, "train: equilibrium propagation goes without momentum and weight decay, or by Adam");
    if (o->kind == PLN_ADAM && (o->momentum != 0 || o->decay != 0))
        return plni_fail(ctx, PLN_ERR_ARG, "train: momentum and weight decay belong to gradient descent, not to Adam");
    if (o->kind == PLN_ADAM && !(o->beta1 >= 0 && o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1 && o->eps > 0))
        return plni_fail(ctx, PLN_ERR_ARG, "train: Adam wants 0 <= beta1, beta2 < 1 and eps > 0");
    if (!(o->clip >= 0 && o->clip < 1e9f) || (o->clip > 0 && fit->rule == PLN_RULE_EP))
        return plni_fail(ctx, PLN_ERR_ARG, "train: gradients are clipped to a norm above 0, by back-propagation only");
    return PLN_OK;
}

static pln_status check_loss(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    if ((fit->target != PLN_TARGET_SELF && fit->target != PLN_TARGET_LABELS) ||
        (int)fit->loss < 0 || fit->loss > PLN_CROSS_ENTROPY_STEPS)
        return plni_fail(ctx, PLN_ERR_ARG, "train: target or loss is none that there is");
    if (!(fit->label_smoothing >= 0 && fit->label_smoothing < 1))
        return plni_fail(ctx, PLN_ERR_ARG, "train: label smoothing is %g, it must be in 0..1, 1 not included",
                         (double)fit->label_smoothing);
    if (!(fit->tet >= 0 && fit->tet <= 1))
        return plni_fail(ctx, PLN_ERR_ARG, "train: tet is %g, it must be in 0..1", (double)fit->tet);
    if (fit->loss != PLN_CROSS_ENTROPY_STEPS) return PLN_OK;
    if (!net->steps || net->layer[net->count - 1].votes != 1)
        return plni_fail(ctx, PLN_ERR_ARG,
                         "train: a loss of every time step wants a spiking network whose read-out has one vote each");
    if (fit->target == PLN_TARGET_SELF && fit->self.drop > 0)
        return plni_fail(ctx, PLN_ERR_ARG, "train: a loss of every time step goes without an output mask");
    return PLN_OK;
}

static pln_status check_augment(pln_ctx *ctx, const pln_net *net, const pln_augment *a)
{
    if (a->padding < 0 || a->padding > 128 || a->cutout < 0 || ((a->padding || a->flip || a->cutout) && !net->steps))
        return plni_fail(ctx, PLN_ERR_ARG,
                         "train: samples of networks of maps are varied, by a padding of 0..128 and a cutout of 0 or more");
    return PLN_OK;
}

/* Also what has no effect is kept in a checkpoint, as numbers of JSON. */
static pln_status check_finite(pln_ctx *ctx, const pln_fit *fit)
{
    const double all[] = { (double)fit->self.gamma, (double)fit->self.eta, (double)fit->self.smoothing, (double)fit->self.drop,
                           (double)fit->self.tau, (double)fit->ep.beta, (double)fit->optim.momentum, (double)fit->optim.decay,
                           (double)fit->optim.beta1, (double)fit->optim.beta2, (double)fit->optim.eps,
                           fit->schedule.start, fit->schedule.end, fit->schedule.ratio };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!isfinite(all[i])) return plni_fail(ctx, PLN_ERR_ARG, "train: all numbers must be finite, also those without effect");
    return PLN_OK;
}

static pln_status check_fit(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    if (fit->epochs < 0)
        return plni_fail(ctx, PLN_ERR_ARG, "train: epochs is %d, it must not be negative", fit->epochs);
    if (fit->batch < 1 || fit->batch > PLN_MAX_BATCH)
        return plni_fail(ctx, PLN_ERR_ARG, "train: batch is %d, it must be 1..%d", fit->batch, PLN_MAX_BATCH);
    PLN_TRY(check_rates(ctx, net, fit));
    PLN_TRY(check_schedule(ctx, &fit->schedule));
    PLN_TRY(check_optimiser(ctx, fit));
    PLN_TRY(check_loss(ctx, net, fit));
    PLN_TRY(check_augment(ctx, net, &fit->augment));
    PLN_TRY(check_rule(ctx, net, fit));
    PLN_TRY(check_finite(ctx, fit));
    if (fit->target != PLN_TARGET_SELF) return PLN_OK;
    if (fit->self.sequential && fit->batch != 1)
        return plni_fail(ctx, PLN_ERR_ARG, "train: sequential mode wants batch 1, it is %d", fit->batch);
    return plni_selftarget_check(ctx, &fit->self, pln_net_outputs(net));
}

static int largest_batch(const pln_course *courses, int count)
{
    int most = 0;

    for (int i = 0; i < count; i++)
        if (courses[i].fit.batch > most) most = courses[i].fit.batch;
    return most;
}

static pln_status check_places(pln_ctx *ctx, const pln_net *net, int batch)
{
    for (int i = 0; net->steps && i < net->count; i++)
        if ((double)batch * net->steps * plni_positions(plni_map_of(net, i)->extent) > INT32_MAX / 2)
            return plni_fail(ctx, PLN_ERR_SHAPE, "train: a batch of %d has too many places in layer %d: take a smaller one",
                             batch, i);
    return PLN_OK;
}

static pln_status check_sizes(pln_ctx *ctx, const pln_net *net,
                              const pln_net *features, const pln_data *data, int batch)
{
    const pln_net *first = features ? features : net;

    if (!net->ready || (features && !features->ready))
        return plni_fail(ctx, PLN_ERR_STATE, "train: the network is not ready");
    if (first->inputs != pln_data_features(data))
        return plni_fail(ctx, PLN_ERR_SHAPE, "train: the network has %d inputs, a sample %d values",
                         first->inputs, pln_data_features(data));
    PLN_TRY(check_places(ctx, net, batch));
    if (features) PLN_TRY(check_places(ctx, features, batch));
    if (features && net->inputs != pln_net_outputs(features))
        return plni_fail(ctx, PLN_ERR_SHAPE, "train: the read-out has %d inputs, the network %d outputs",
                         net->inputs, pln_net_outputs(features));
    return PLN_OK;
}

static pln_status check_samples(pln_ctx *ctx, const pln_data *data, const int *index,
                                int count, const pln_fit *fit, int outputs)
{
    const int32_t *labels = pln_data_labels(data);
    const int classes = pln_data_classes(data);

    if (count < 1)
        return plni_fail(ctx, PLN_ERR_ARG, "train: there are no samples");
    for (int i = 0; index && i < count; i++)
        if (index[i] < 0 || index[i] >= pln_data_count(data))
            return plni_fail(ctx, PLN_ERR_ARG, "train: sample %d is outside 0..%d",
                             index[i], pln_data_count(data) - 1);
    if (fit->target != PLN_TARGET_LABELS) return PLN_OK;
    if (classes < 1 || outputs < classes)
        return plni_fail(ctx, PLN_ERR_SHAPE, "train: %d outputs for %d classes", outputs, classes);
    for (int i = 0; i < count; i++) {
        const int sample = index ? index[i] : i;
        if (!labels || labels[sample] < 0)
            return plni_fail(ctx, PLN_ERR_ARG, "train: sample %d has no label", sample);
    }
    return PLN_OK;
}

/* ---- memory --------------------------------------------------------------- */

static void plan(pln_trainer *t, plni_arena *arena)
{
    const size_t batch = (size_t)t->batch_room;

    for (int i = 0; i < t->courses; i++) {
        plni_course *c = &t->course[i];
        c->index = plni_arena_take(arena, (size_t)c->count * sizeof *c->index);
        c->order = plni_arena_take(arena, (size_t)c->count * sizeof *c->order);
    }
    for (int i = 0; i < t->turns; i++) {
        t->turn[i].sample = plni_arena_take(arena, batch * sizeof(uint32_t));
        t->turn[i].label = plni_arena_take(arena, batch * sizeof(int32_t));
        plni_pass_plan(t->net, t->batch_room, true, &t->turn[i].pass, arena);
    }
    if (t->features)
        plni_pass_plan(t->features, t->batch_room, false, &t->feature_pass, arena);
    for (int i = 0; i < t->courses; i++)
        plni_rule_plan(&t->course[i].rule, t->net, t->batch_room, i ? &t->course[0].rule : NULL, arena);
}

static pln_status take_memory(pln_trainer *t)
{
    plni_arena arena = { 0 };

    plan(t, &arena);
    t->memory = plni_alloc(t->ctx, arena.used);
    if (!t->memory) return PLN_ERR_MEMORY;
    t->bytes = arena.used;
    arena = (plni_arena){ .base = t->memory };
    plan(t, &arena);
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
    const plni_signal *x = plni_input(&turn->pass);

    if (!t->features) plni_fill(t->net, &turn->pass, t->data, (int)turn->sample[s], augment_of(t), s);
    else if (t->kept) plni_features_row(t->kept, (int)turn->sample[s], x->value + s * x->stride);
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
                           .ep = from->fit.ep, .classes = pln_data_classes(t->data), .optim = from->fit.optim };
    if (c->fit.batch > t->batch_room) t->batch_room = c->fit.batch;
}

static pln_status check_course(pln_ctx *ctx, const pln_net *net, const pln_data *data, const pln_course *c,
                               int epochs)
{
    PLN_TRY(check_fit(ctx, net, &c->fit));
    if (c->fit.epochs != epochs)
        return plni_fail(ctx, PLN_ERR_ARG, "train: courses of %d and %d epochs cannot take turns", epochs, c->fit.epochs);
    return check_samples(ctx, data, c->index, c->index ? c->count : pln_data_count(data), &c->fit, pln_net_outputs(net));
}

pln_status pln_trainer_alternate(pln_ctx *ctx, pln_net *net, pln_net *features, const pln_data *data,
                                 const pln_course *courses, int count, pln_trainer **trainer)
{
    pln_status status;
    pln_trainer *t;

    *trainer = NULL;
    if (count < 1 || count > PLN_MAX_COURSES)
        return plni_fail(ctx, PLN_ERR_ARG, "train: %d courses, there can be 1..%d", count, PLN_MAX_COURSES);
    PLN_TRY(check_sizes(ctx, net, features, data, largest_batch(courses, count)));
    for (int i = 0; i < count; i++) PLN_TRY(check_course(ctx, net, data, &courses[i], courses[0].fit.epochs));

    t = plni_alloc(ctx, sizeof *t);
    if (!t) return PLN_ERR_MEMORY;
    *t = (pln_trainer){ .ctx = ctx, .net = net, .features = features, .data = data, .courses = count,
                        .turns = net->steps ? 1 : 2 };
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
        turn->pass.number = i;
        turn->batch = (plni_batch){ .pass = &turn->pass, .fill = fill_input,
                                    .arg = turn, .label = turn->label };
    }
    plni_trainer_enter_epoch(t);
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
        const double factor = pln_schedule_factor(&c->fit.schedule, t->epoch);
        int product = 0;

        plni_random_order(&random, c->order, c->count);
        for (int l = 0; l < t->net->count; l++) {
            if (!t->net->layer[l].size) continue;
            c->rule.rate[l] = (float)(factor * (double)c->fit.rate[c->fit.rates > 1 ? product : 0]);
            product++;
        }
    }
    for (int i = 0; i < t->turns; i++) {
        t->turn[i].pass.epoch = t->epoch;
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
    turn->pass.samples = n;
    turn->pass.sample = turn->sample;
    turn->pass.seed = c->fit.seed;
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
    const plni_signal *from = t->feature_pass.at[t->features->count - 1].y;
    const plni_signal *to = plni_input(&turn->pass);

    memcpy(to->value + s * to->stride, from->value + s * from->stride,
           (size_t)from->units * sizeof(float));
}

static void compute_features(pln_trainer *t, plni_turn *turn)
{
    t->feature_pass.samples = turn->pass.samples;
    t->feature_pass.sample = turn->pass.sample;
    plni_forward(t->features, &t->feature_pass, fill_features, keep_features, turn);
}

static double active_input(const pln_trainer *t, const plni_pass *pass)
{
    const plni_signal *x = pass->at[plni_first_product(t->net)].x;
    return x->count ? plni_signal_density(x, pass->samples) : 1;
}

static double active_delta(const pln_trainer *t, const plni_pass *pass)
{
    if (t->net->steps) return 0;              /* gradients of maps have made room for others */

    const plni_signal *dy = pass->at[plni_product_below(t->net, t->net->count)].dy;
    long active = 0;

    for (int s = 0; s < pass->samples; s++)
        for (int i = 0; i < dy->units; i++) active += dy->value[s * dy->stride + i] != 0;
    return (double)active / ((double)pass->samples * dy->units);
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

    t->report = (pln_epoch_report){
        .epoch = t->epoch + 1, .course = t->at, .samples = c->count, .seconds = sum->seconds,
        .loss = sum->loss / batches,
        .rate_factor = pln_schedule_factor(&c->fit.schedule, t->epoch),
        .homeostasis = norm(c->rule.h, n),
        .input_active = sum->input_active / batches,
        .delta_active = active_delta(t, &last->pass),
        .firing_rate = sum->firing_rate / batches,
        .sweeps = sum->sweeps / batches, .nudged_sweeps = sum->nudged_sweeps / batches,
        .residual = sum->residual / batches, .skipped = sum->dense > 0 ? 1 - sum->done / sum->dense : 0
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
    if (!last) choose_samples(t, next, t->batch + 1);
    if (!rules[t->course[t->at].fit.rule](&t->course[t->at].rule, t->net, &now->batch,
                                          last || t->features ? NULL : &next->batch, &outcome))
        return plni_fail(t->ctx, PLN_ERR_NAN,
                         "train: the loss is not a number in epoch %d, batch %d: lower the learning rate",
                         t->epoch + 1, t->batch + 1);
    add_to_tally(&t->tally, &outcome);
    t->tally.input_active += active_input(t, &now->pass);
    t->batch++;
    return PLN_OK;
}

pln_status pln_trainer_step(pln_trainer *t, int batches, pln_epoch_report *report)
{
    const int all = pln_trainer_batches(t);
    const double start = now();
    pln_status status = PLN_OK;

    if (t->epoch >= t->course[0].fit.epochs)
        return plni_fail(t->ctx, PLN_ERR_STATE, "train: all %d epochs are done", t->course[0].fit.epochs);
    const int end = batches < all - t->batch ? t->batch + batches : all;
    while (t->batch < end && status == PLN_OK)
        status = train_batch(t, t->batch + 1 == end);
    t->tally.seconds += now() - start;
    if (status == PLN_OK && t->batch == all) finish_pass(t);
    if (report) *report = t->report;
    return status;
}
