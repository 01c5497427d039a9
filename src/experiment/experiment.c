/* experiment.c - an experiment turned into networks, parameters and choices of samples */

#include "base/check.h"
#include "base/option.h"
#include "experiment/layers.h"
#include "nn/kinds.h"
#include "pln/prune.h"

#include <stdio.h>

/* Purposes of a run's seed that must not share random numbers. */
enum { FOR_CLASSIFIER = 1, FOR_PRETRAIN, FOR_LABELS };

static uint64_t seed_for(uint64_t seed, int purpose) { return seed + ((uint64_t)purpose << 32); }

/* ---- what follows from it -------------------------------------------------------- */

int pln_experiment_outputs(const pln_experiment *e)
{
    int units = 0;

    if (*e->network && pln_notation_check(NULL, e->network, &units) == PLN_OK && e->spiking.votes > 1) units /= e->spiking.votes;
    for (int i = 0; i < e->layers; i++) {
        const pln_experiment_layer *l = &e->layer[i];
        if (plni_layer_is(l, "dense")) units = plni_layer_value(l, "units");
        else if (plni_layer_is(l, "conv")) units = 0;
        else if (plni_layer_is(l, "readout")) units /= plni_layer_value(l, "votes");
    }
    return units;
}

int pln_experiment_epochs(const pln_experiment *e) { return e->stop_after >= 0 ? e->stop_after : e->fit.epochs; }

bool pln_experiment_argmax(const pln_experiment *e) { return e->fit.target == PLN_TARGET_LABELS || e->has_semi; }

bool pln_experiment_classifies(const pln_experiment *e)
{
    return e->has_classifier && e->classifier.epochs > 0 && !pln_experiment_argmax(e);
}

/* Each epoch of each classifier reads all outputs once. */
bool pln_experiment_keeps_features(const pln_experiment *e)
{
    return pln_experiment_classifies(e) && (e->classifier.epochs > 1 || e->fractions_count > 0);
}

bool pln_experiment_evaluates_at(const pln_experiment *e, int epoch)
{
    if (epoch == pln_experiment_epochs(e)) return true;
    for (int i = 0; i < e->at_count; i++)
        if (e->at[i] == epoch) return true;
    return false;
}

double pln_experiment_fraction(const pln_experiment *e, int i)
{
    if (i > 0) return pln_decimal((double)e->fractions[i - 1]);
    return e->evaluate_labels > 0 ? pln_decimal((double)e->evaluate_labels) : 1;
}

/* ---- parameters -------------------------------------------------------------------- */

/* Takes over what a section that trains has of its own. */
static void take_course(pln_fit *fit, const pln_fit *from)
{
    fit->batch = from->batch;
    fit->rates = from->rates;
    for (int i = 0; i < from->rates; i++) fit->rate[i] = from->rate[i];
    fit->schedule = from->schedule;
}

pln_fit pln_experiment_fit(const pln_experiment *e, pln_part part, uint64_t seed)
{
    pln_fit fit = part == PLN_PART_CLASSIFIER ? e->classifier : e->fit;
    int length = fit.epochs;

    fit.seed = seed;
    if (part != PLN_PART_CLASSIFIER) fit.epochs = pln_experiment_epochs(e);
    if (part == PLN_PART_LABELLED || part == PLN_PART_PRETRAIN) {
        fit.target = PLN_TARGET_LABELS;
        take_course(&fit, part == PLN_PART_LABELLED ? &e->labelled : &e->pretrain);
    }
    if (part == PLN_PART_PRETRAIN) {
        fit.seed = seed_for(seed, FOR_PRETRAIN);
        length = fit.epochs = e->pretrain.epochs;
    }
    if (part == PLN_PART_CLASSIFIER) {
        fit.seed = seed_for(seed, FOR_CLASSIFIER);
        fit.target = PLN_TARGET_LABELS;
        fit.loss = PLN_CROSS_ENTROPY;
        fit.optim.kind = PLN_ADAM;
        if (e->classifier_decay > 0) {
            fit.schedule.kind = PLN_EXP;
            fit.schedule.ratio = (double)e->classifier_decay;
            length = 1;
        }
    }
    if (fit.schedule.kind != PLN_CONSTANT && fit.schedule.length < 1) fit.schedule.length = length > 0 ? length : 1;
    return fit;
}

int pln_experiment_courses(const pln_experiment *e, pln_part part, uint64_t seed, const pln_index *with,
                           const pln_index *without, pln_course courses[PLN_PART_COURSES])
{
    if (part == PLN_PART_PRETRAIN) {
        courses[0] = (pln_course){ pln_experiment_fit(e, part, seed), with->sample, with->count };
        return e->has_semi && e->has_pretrain;
    }
    courses[0] = (pln_course){ pln_experiment_fit(e, PLN_PART_NETWORK, seed), without->sample, without->count };
    if (e->has_semi) courses[1] = (pln_course){ pln_experiment_fit(e, PLN_PART_LABELLED, seed), with->sample, with->count };
    return e->has_semi ? 2 : 1;
}

/* ---- networks ------------------------------------------------------------------------ */

/* Makes the network ready, or frees it. */
static pln_status keep(pln_net *net, pln_status status, pln_net **kept)
{
    *kept = status == PLN_OK ? net : NULL;
    if (status != PLN_OK) pln_net_free(net);
    return status;
}

static pln_status take_images(pln_ctx *ctx, const pln_experiment *e, pln_data *data, pln_net *net)
{
    const bool brief = *e->network;
    const int steps = brief ? e->spiking.steps : e->steps;
    const pln_sample_shape s = pln_data_shape(data);
    const bool poisson = brief ? e->spiking.poisson : e->poisson;
    pln_normalise moments;

    if (s.steps > 1 && poisson)
        return plni_fail_at(ctx, PLN_ERR_SHAPE, brief ? "spiking.poisson" : "input.poisson", "%s is true, and a sample has %d frames: still "
                            "images alone become random spikes", brief ? "spiking.poisson" : "input.poisson", s.steps);
    if (s.steps > 1 && s.steps != steps)
        return plni_fail_at(ctx, PLN_ERR_SHAPE, brief ? "spiking.steps" : "input.steps", "%s is %d, and a sample has %d frames: the two must "
                            "be equal", brief ? "spiking.steps" : "input.steps", steps, s.steps);
    if (s.steps == 1) pln_net_image(net, steps, s.channels, s.height, s.width);
    else              pln_net_frames(net, s.steps, s.channels, s.height, s.width);
    if (brief ? e->spiking.normalise : e->normalise) {
        PLN_TRY(pln_data_moments(ctx, data, &moments));
        pln_net_normalise(net, &moments);
    }
    if (poisson) pln_net_poisson(net);
    return pln_net_status(net);
}

/* The layers of a list; the one to blame is told by its path. */
static pln_status add_layers(pln_ctx *ctx, const pln_experiment *e, pln_net *net)
{
    pln_status status = pln_net_status(net);

    for (int i = 0; i < e->layers && status == PLN_OK; i++) {
        const pln_experiment_layer *l = &e->layer[i];
        char path[PLNI_PATH];
        if (l->from != PLN_LAYER_ABOVE) pln_net_branch(net, l->from);
        plni_append(net, plni_kind_find(pln_experiment_kind(l)), l->values, PLNI_OWN);
        status = pln_net_status(net);
        snprintf(path, sizeof path, "layers.%d", i);
        if (status != PLN_OK) (void)plni_fail_at(ctx, status, path, "%s", pln_error(ctx));
    }
    if (e->relaxes) pln_net_relax(net, &e->dynamics);
    return status;
}

/* Steps of time that all see the same, in a network that remembers nothing, give what one gives. */
static pln_status check_steps(pln_ctx *ctx, const pln_experiment *e, const pln_data *data)
{
    if (plni_layers_fire(e) || e->steps == 1 || e->poisson || pln_data_shape(data).steps > 1) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "input.steps", "input.steps is %d; without lif, poisson or samples of frames all steps would "
                        "be the same: leave it out", e->steps);
}

static pln_status build(pln_ctx *ctx, const pln_experiment *e, pln_data *data, pln_net *net)
{
    PLN_TRY(check_steps(ctx, e, data));
    if (pln_experiment_takes_images(e)) PLN_TRY(take_images(ctx, e, data, net));
    else pln_net_input(net, pln_data_features(data));
    if (!*e->network) return add_layers(ctx, e, net);
    pln_net_describe(net, e->network, &e->spiking);
    return PLN_OK;
}

/* What is wrong with the whole has no place of its own. */
static pln_status make_ready(pln_ctx *ctx, const pln_experiment *e, pln_net *net)
{
    const pln_status status = pln_net_ready(net);

    if (status == PLN_OK || status == PLN_ERR_MEMORY || *pln_error_path(ctx)) return status;
    return plni_fail_at(ctx, status, *e->network ? "network" : "layers", "%s", pln_error(ctx));
}

pln_status pln_experiment_plan(pln_ctx *ctx, const pln_experiment *e, pln_data *data, pln_net **made)
{
    pln_net *net = pln_net_new(ctx);
    pln_status status = net ? PLN_OK : PLN_ERR_MEMORY;

    if (status == PLN_OK) status = pln_prune_check(ctx, &e->fit, true, pln_data_count(data));
    if (status == PLN_OK) status = build(ctx, e, data, net);
    if (status == PLN_OK) pln_net_prune_convolutions(net, e->cnn_prune);
    if (status == PLN_OK) status = make_ready(ctx, e, net);
    if (status == PLN_OK) status = pln_data_fits(ctx, net, data);
    return keep(net, status, made);
}

pln_status pln_experiment_network(pln_ctx *ctx, const pln_experiment *e, pln_data *data, uint64_t seed, pln_net **net)
{
    PLN_TRY(pln_experiment_plan(ctx, e, data, net));
    return keep(*net, pln_net_initialise(*net, (pln_init)e->init, seed), net);
}

pln_status pln_experiment_head(pln_ctx *ctx, const pln_experiment *e, int inputs, int classes, uint64_t seed, pln_net **made)
{
    pln_net *net = pln_net_new(ctx);
    pln_status status = net ? PLN_OK : PLN_ERR_MEMORY;

    if (net) {
        pln_net_input(net, inputs);
        pln_net_dropout(net, e->classifier_dropout);
        pln_net_dense(net, classes);
        pln_net_activation(net, e->classifier_activation);
        status = pln_net_ready(net);
    }
    if (status == PLN_OK) status = pln_net_initialise(net, PLN_FAN_IN, seed_for(seed, FOR_CLASSIFIER));
    return keep(net, status, made);
}

/* ---- labels ----------------------------------------------------------------------------- */

/* The first sample without a label, or -1. */
static int first_unlabelled(const pln_data *data)
{
    const int32_t *labels = pln_data_labels(data);

    for (int i = 0; i < pln_data_count(data); i++)
        if (!labels || labels[i] < 0) return i;
    return -1;
}

static int count_labelled(const pln_data *data)
{
    const int32_t *labels = pln_data_labels(data);
    int n = 0;

    for (int i = 0; labels && i < pln_data_count(data); i++) n += labels[i] >= 0;
    return n;
}

/* Training with labels wants all of them, and reading out those of the test samples. */
static pln_status check_labels(pln_ctx *ctx, const pln_experiment *e, const pln_data *train, const pln_data *test)
{
    const int outputs = pln_experiment_outputs(e), classes = pln_data_classes(train);
    const int training = e->fit.target == PLN_TARGET_LABELS ? first_unlabelled(train) : -1, testing = test ? first_unlabelled(test) : -1;

    if (training >= 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "data", "%d of %d training samples have no label (sample %d is the first), and train.target is "
                            "labels; few labels are for a section semi, none for target self", pln_data_count(train) - count_labelled(train),
                            pln_data_count(train), training);
    if (test && count_labelled(train) == 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "test", "the training samples have no labels: nothing can be measured");
    if (testing >= 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "test", "sample %d of the %s set has no label", testing, e->validation > 0 ? "validation" : "test");
    if (outputs >= classes || !pln_experiment_argmax(e)) return PLN_OK;
    return plni_fail(ctx, PLN_ERR_SHAPE, "the network has %d outputs, but the data have %d classes (0 to %d)", outputs, classes, classes - 1);
}

static pln_status divide(pln_ctx *ctx, const pln_experiment *e, const pln_data *train, uint64_t seed, const int *marked,
                         pln_index *with, pln_index *without)
{
    const uint64_t split = e->labels_seed ? (uint64_t)e->labels_seed : seed_for(seed, FOR_LABELS);
    const int there = count_labelled(train);

    if (!marked && e->labels > there)
        return plni_fail_at(ctx, PLN_ERR_ARG, "semi.labels", "semi.labels is %d: data: %d labelled samples wanted, there are %d: 0 takes all of these",
                            e->labels, e->labels, there);
    const pln_status status = pln_data_divide(ctx, train, e->labels, split, marked, with, without);
    return status == PLN_ERR_ARG ? plni_fail_at(ctx, status, marked ? "semi.labels_file" : "semi.labels", "%s", pln_error(ctx)) : status;
}

/* Of the fractions that are read out, number i is no sample. */
static pln_status refuse_share(pln_ctx *ctx, int i, const char *why)
{
    char path[PLNI_PATH];

    if (i == 0) return plni_fail_at(ctx, PLN_ERR_ARG, "evaluate.labels", "evaluate.labels: %s", why);
    snprintf(path, sizeof path, "evaluate.fractions.%d", i - 1);
    return plni_fail_at(ctx, PLN_ERR_ARG, path, "evaluate.fractions: %s", why);
}

pln_status pln_experiment_labels(pln_ctx *ctx, const pln_experiment *e, const pln_data *train, const pln_data *test, uint64_t seed,
                                 const int *marked, pln_index *with, pln_index *without)
{
    pln_status status = check_labels(ctx, e, train, test);

    *with = *without = (pln_index){ .sample = NULL };
    if (status == PLN_OK && e->has_semi) status = divide(ctx, e, train, seed, marked, with, without);
    for (int i = 0; status == PLN_OK && test && i <= e->fractions_count; i++) {
        pln_index share;
        status = pln_data_share(ctx, train, pln_experiment_fraction(e, i), (uint64_t)e->validation_seed, &share);
        if (status == PLN_ERR_ARG) status = refuse_share(ctx, i, pln_error(ctx));
        pln_index_free(ctx, &share);
    }
    if (status == PLN_OK) return PLN_OK;
    pln_index_free(ctx, with);
    pln_index_free(ctx, without);
    return status;
}

pln_status pln_experiment_measure(pln_ctx *ctx, const pln_experiment *e, pln_net *net, const pln_data *train, const pln_index *by,
                                  const pln_data *test, pln_figures *f)
{
    *f = (pln_figures){ .argmax = pln_experiment_argmax(e) };
    if (f->argmax) return pln_evaluate_argmax(ctx, net, NULL, test, pln_data_classes(train), &f->accuracy);
    return pln_evaluate_association(ctx, net, train, by->sample, by->count, test, &f->association);
}
