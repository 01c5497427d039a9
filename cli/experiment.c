/* experiment.c - a configuration turned into networks and parameters */

#include "experiment.h"

#include <math.h>
#include <stdlib.h>

/* Purposes of a run's seed that must not share random numbers. */
enum { CLASSIFIER_SEED = 1 };

static pln_net *finish(pln_ctx *ctx, pln_net *net, pln_init init, uint64_t seed, int *code)
{
    pln_status status = net ? pln_net_ready(net) : PLN_ERR_MEMORY;

    if (status == PLN_OK) status = pln_net_initialise(net, init, seed);
    *code = status == PLN_OK ? DONE : complain_status(ctx, status);
    if (status == PLN_OK) return net;
    pln_net_free(net);
    return NULL;
}

pln_net *experiment_network(pln_ctx *ctx, const config *c, int inputs, uint64_t seed, int *code)
{
    pln_net *net = pln_net_new(ctx);

    if (net) pln_net_input(net, inputs);
    for (unsigned i = 0; net && i < c->layers_count; i++) {
        const layer_config *l = &c->layers[i];
        pln_activation activation = PLN_IDENTITY;
        if (l->dense) pln_net_dense(net, *l->dense);
        else if (l->dropout) pln_net_dropout(net, *l->dropout);
        else {
            (void)pln_activation_find(l->activation, &activation);
            pln_net_activation(net, activation);
        }
    }
    return finish(ctx, net, c->init == PLN_FAN_IN ? PLN_FAN_IN : PLN_GLOROT, seed, code);
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
    return finish(ctx, net, PLN_FAN_IN, seed + ((uint64_t)CLASSIFIER_SEED << 32), code);
}

pln_fit experiment_fit(const config *c, uint64_t seed)
{
    const train_config *t = &c->train;
    pln_fit fit = pln_fit_default();

    fit.epochs = t->epochs;
    fit.batch = t->batch;
    fit.seed = seed;
    fit.target = (pln_target_kind)t->target;
    fit.loss = (pln_loss)t->loss;
    fit.optim.kind = (pln_optim_kind)t->optimiser;
    fit.self = (pln_selftarget){ .winners = t->winners, .gamma = t->gamma, .eta = t->eta,
                                 .sequential = t->sequential, .smoothing = t->smoothing,
                                 .drop = t->output_dropout };
    fit.rates = (int)t->rate_count;
    for (unsigned i = 0; i < t->rate_count; i++) fit.rate[i] = t->rate[i];
    if (t->schedule)
        fit.schedule = (pln_schedule){ .kind = (pln_schedule_kind)t->schedule->kind,
                                       .start = (double)t->schedule->start,
                                       .end = (double)t->schedule->end,
                                       .ratio = (double)t->schedule->ratio,
                                       .length = t->schedule->length };
    if (fit.schedule.length < 1) fit.schedule.length = t->epochs > 0 ? t->epochs : 1;
    return fit;
}

pln_fit experiment_classifier_fit(const classifier_config *c, uint64_t seed)
{
    pln_fit fit = pln_fit_default();

    fit.epochs = c->epochs;
    fit.batch = c->batch;
    fit.seed = seed + ((uint64_t)CLASSIFIER_SEED << 32);
    fit.target = PLN_TARGET_LABELS;
    fit.loss = PLN_CROSS_ENTROPY;
    fit.optim.kind = PLN_ADAM;
    fit.rate[0] = c->rate;
    fit.schedule.kind = PLN_EXP;
    fit.schedule.ratio = (double)c->decay;
    return fit;
}

bool experiment_evaluates_at(const config *c, int epoch)
{
    const evaluate_config *e = c->evaluate;

    if (epoch == c->train.epochs) return true;
    for (unsigned i = 0; e && i < e->at_count; i++)
        if (e->at[i] == epoch) return true;
    return false;
}

/* A float such as 0.01 is a little off; nobody asked for more than six digits. */
static double tidy(float share)
{
    return round((double)share * 1e6) / 1e6;
}

double experiment_fraction(const config *c, int i)
{
    if (i > 0) return tidy(c->evaluate->fractions[i - 1]);
    return c->evaluate && c->evaluate->labels > 0 ? tidy(c->evaluate->labels) : 1;
}

int *experiment_labelled(pln_ctx *ctx, const config *c, const pln_data *train, double fraction,
                         int *count, int *code)
{
    const int n = (int)floor(fraction * pln_data_count(train) * (1 + 1e-9));
    int *index;

    *code = DONE;
    *count = 0;
    if (fraction >= 1) return NULL;
    if (n < 1) {
        *code = complain(BAD_INPUT, "evaluate: a fraction of %g of %d training samples is none; make it larger",
                         fraction, pln_data_count(train));
        return NULL;
    }
    index = malloc((size_t)n * sizeof *index);
    if (!index) {
        *code = complain(FAILED, "no memory left");
        return NULL;
    }
    const pln_status status = pln_data_stratified(ctx, train, n,
        c->evaluate ? (uint64_t)c->evaluate->split_seed : 0, index);
    if (status != PLN_OK) {
        *code = complain_status(ctx, status);
        free(index);
        return NULL;
    }
    *count = n;
    return index;
}
