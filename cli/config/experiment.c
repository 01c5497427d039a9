/* experiment.c - a configuration turned into networks and parameters */

#include "config/experiment.h"

#include "config/notation.h"

#include <math.h>
#include <stdlib.h>

/* Frees a network that is not sound, and complains. */
static pln_net *keep(pln_ctx *ctx, pln_net *net, pln_status status, int *code)
{
    *code = status == PLN_OK ? DONE : complain_status(ctx, status);
    if (status == PLN_OK) return net;
    pln_net_free(net);
    return NULL;
}

static pln_net *plan(pln_ctx *ctx, pln_net *net, int *code)
{
    return keep(ctx, net, net ? pln_net_ready(net) : PLN_ERR_MEMORY, code);
}

static int parts_before(const char *network, const char *part)
{
    int count = 0;

    for (const char *at = network; at < part; at++) count += *at == '-';
    return count;
}

static int build_spiking(pln_ctx *ctx, const config *c, pln_data *data, pln_net *net)
{
    const pln_sample_shape s = pln_data_shape(data);
    pln_normalise moments;
    char why[NOTATION_WHY] = "";
    const char *part = notation_misfit(c->network, &s, why);

    if (s.steps == 1) pln_net_image(net, c->spiking->steps, s.channels, s.height, s.width);
    else              pln_net_frames(net, s.steps, s.channels, s.height, s.width);
    if (s.steps > 1 && s.steps != c->spiking->steps)
        return complain(BAD_INPUT, "spiking.steps is %d, and a sample has %d frames: the two must be equal", c->spiking->steps,
                        s.steps);
    if (c->spiking->normalise) {
        const pln_status status = pln_data_moments(ctx, data, &moments);
        if (status != PLN_OK) return complain_status(ctx, status);
        pln_net_normalise(net, &moments);
    }
    if (c->spiking->poisson) pln_net_poisson(net);
    if (!part && pln_net_status(net) == PLN_OK) part = notation_build(c->network, c->spiking, net);
    if (!part) return DONE;
    return complain(BAD_INPUT, "'%.*s', part %d of the network, does not fit samples of %dx%dx%d: %s", notation_length(part),
                    part, parts_before(c->network, part) + 1, s.channels, s.height, s.width, *why ? why : pln_error(ctx));
}

static void build_rows(const config *c, int inputs, pln_net *net)
{
    pln_net_input(net, inputs);
    for (unsigned i = 0; i < c->layers_count; i++) {
        const layer_config *l = &c->layers[i];
        pln_activation activation = PLN_IDENTITY;
        if (l->dense) pln_net_dense(net, *l->dense);
        else if (l->dropout) pln_net_dropout(net, *l->dropout);
        else {
            (void)pln_activation_find(l->activation, &activation);
            pln_net_activation(net, activation);
        }
    }
    if (c->train.ep) {
        const pln_dynamics how = { (pln_dynamics_kind)c->train.ep->relaxation, c->train.ep->steps,
                                   c->train.ep->dt, c->train.ep->tolerance };
        pln_net_settle(net, &how);
    }
}

pln_net *experiment_plan(pln_ctx *ctx, const config *c, pln_data *data, int *code)
{
    pln_net *net = pln_net_new(ctx);

    *code = DONE;
    if (net && c->network) *code = build_spiking(ctx, c, data, net);
    else if (net) build_rows(c, pln_data_features(data), net);
    if (*code == DONE) return plan(ctx, net, code);
    pln_net_free(net);
    return NULL;
}

pln_net *experiment_network(pln_ctx *ctx, const config *c, pln_data *data, uint64_t seed, int *code)
{
    pln_net *net = experiment_plan(ctx, c, data, code);

    return net ? keep(ctx, net, pln_net_initialise(net, (pln_init)c->init, seed), code) : NULL;
}

pln_net *experiment_classifier(pln_ctx *ctx, const classifier_config *c, int inputs, int classes,
                               uint64_t seed, int *code)
{
    pln_net *net = pln_net_new(ctx);
    pln_activation activation = PLN_IDENTITY;

    (void)pln_activation_find(c->activation, &activation);
    if (net) {
        pln_net_input(net, inputs);
        pln_net_dropout(net, c->dropout);
        pln_net_dense(net, classes);
        pln_net_activation(net, activation);
    }
    net = plan(ctx, net, code);
    if (!net) return NULL;
    return keep(ctx, net, pln_net_initialise(net, PLN_FAN_IN, seed + ((uint64_t)EXPERIMENT_CLASSIFIER << 32)), code);
}

/* A schedule of its own length, or else as long as the training. */
static pln_schedule schedule_of(const schedule_config *s, int epochs)
{
    pln_schedule schedule = pln_schedule_default();

    if (s)
        schedule = (pln_schedule){ .kind = (pln_schedule_kind)s->kind, .start = s->start ? (double)*s->start : 1,
                                   .end = s->end ? (double)*s->end : 1, .ratio = (double)s->ratio, .length = s->length };
    if (schedule.length < 1) schedule.length = epochs > 0 ? epochs : 1;
    return schedule;
}

static void set_rates(pln_fit *fit, const float *rate, unsigned count)
{
    fit->rates = (int)count;
    for (unsigned i = 0; i < count; i++) fit->rate[i] = rate[i];
}

pln_fit experiment_fit(const config *c, uint64_t seed)
{
    const train_config *t = &c->train;
    pln_fit fit = pln_fit_default();

    fit.epochs = config_epochs(c);
    fit.batch = t->batch;
    fit.seed = seed;
    fit.rule = (pln_rule_kind)t->rule;
    if (t->ep) fit.ep = (pln_ep){ .beta = t->ep->beta, .steps = t->ep->nudged_steps, .symmetric = t->ep->symmetric };
    fit.target = (pln_target_kind)t->target;
    fit.label_smoothing = t->label_smoothing;
    fit.loss = (pln_loss)t->loss;
    fit.optim.kind = (pln_optim_kind)t->optimiser;
    fit.optim.momentum = t->momentum;
    fit.optim.decay = t->weight_decay;
    fit.optim.clip = t->clip;
    fit.tet = t->tet;
    if (t->augment)
        fit.augment = (pln_augment){ .padding = t->augment->padding, .flip = t->augment->flip, .cutout = t->augment->cutout };
    fit.self = (pln_selftarget){ .winners = t->winners, .gamma = t->gamma, .eta = t->eta,
                                 .sequential = t->sequential, .smoothing = t->smoothing,
                                 .drop = t->output_dropout };
    set_rates(&fit, t->rate, t->rate_count);
    fit.schedule = schedule_of(t->schedule, t->epochs);
    return fit;
}

pln_fit experiment_labelled_fit(const config *c, uint64_t seed)
{
    pln_fit fit = experiment_fit(c, seed);

    fit.target = PLN_TARGET_LABELS;
    fit.batch = c->semi->batch;
    set_rates(&fit, c->semi->rate, c->semi->rate_count);
    fit.schedule = schedule_of(c->semi->schedule, c->train.epochs);
    return fit;
}

pln_fit experiment_pretrain_fit(const config *c, uint64_t seed)
{
    const pretrain_config *p = c->semi->pretrain;
    pln_fit fit = experiment_labelled_fit(c, seed + ((uint64_t)EXPERIMENT_PRETRAIN << 32));

    fit.epochs = p->epochs;
    fit.batch = p->batch;
    set_rates(&fit, p->rate, p->rate_count);
    fit.schedule = schedule_of(p->schedule, p->epochs);
    return fit;
}

pln_fit experiment_classifier_fit(const classifier_config *c, uint64_t seed)
{
    pln_fit fit = pln_fit_default();

    fit.epochs = c->epochs;
    fit.batch = c->batch;
    fit.seed = seed + ((uint64_t)EXPERIMENT_CLASSIFIER << 32);
    fit.target = PLN_TARGET_LABELS;
    fit.loss = PLN_CROSS_ENTROPY;
    fit.optim.kind = PLN_ADAM;
    fit.rate[0] = c->rate;
    fit.schedule = schedule_of(c->schedule, c->epochs);
    if (c->decay > 0) fit.schedule = (pln_schedule){ .kind = PLN_EXP, .ratio = (double)c->decay, .length = 1 };
    return fit;
}

/* A float such as 0.01 is a little off; nobody asked for more than six digits. */
static double tidy(float share)
{
    return round((double)share * 1e6) / 1e6;
}

const char *experiment_evaluated_on(const config *c)
{
    return c->evaluate && c->evaluate->validation ? "validation" : "test";
}

int experiment_data(pln_ctx *ctx, const config *c, const char *folder, int limit, dataset *d)
{
    const evaluate_config *e = c->evaluate;
    const bool splits = e && e->validation;
    int code = (splits ? dataset_open_train : dataset_open)(ctx, c->data, folder, c->read, d);

    if (code == DONE && limit > 0) pln_data_limit(d->train, limit);
    if (code == DONE && splits)
        code = dataset_split(ctx, d, tidy(*e->validation), (uint64_t)e->split_seed);
    if (code == DONE && c->select)
        code = dataset_hold(ctx, d, tidy(c->select->validation), (uint64_t)c->select->split_seed);
    return code;
}

bool experiment_reads_argmax(const config *c)
{
    return c->train.target == PLN_TARGET_LABELS || c->semi;
}

bool experiment_evaluates_at(const config *c, int epoch)
{
    const evaluate_config *e = c->evaluate;

    if (epoch == config_epochs(c)) return true;
    for (unsigned i = 0; e && i < e->at_count; i++)
        if (e->at[i] == epoch) return true;
    return false;
}

double experiment_fraction(const config *c, int i)
{
    if (i > 0) return tidy(c->evaluate->fractions[i - 1]);
    return c->evaluate && c->evaluate->labels > 0 ? tidy(c->evaluate->labels) : 1;
}
