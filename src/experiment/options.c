/* options.c - the option table of experiments, and how its values fit each other */

#include "base/check.h"
#include "base/option.h"
#include "experiment/layers.h"
#include "nn/options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- the table ---------------------------------------------------------------- */

enum { NEEDED = PLN_OPTION_NEEDED, ABOVE = PLN_OPTION_ABOVE, BELOW = PLN_OPTION_BELOW, MARKED = PLN_OPTION_MARKED };

/* What a schedule's length must be. */
static const char LONGEST[] = "at most train.epochs, or 0 to be as long; train.stop_after, or --epochs of 'planaria train', stops early and "
                              "leaves schedules as they are";

#define AT(member) offsetof(pln_experiment, member)

static const pln_option input_options[] = {
    { "steps", PLN_OPTION_INT, AT(steps), 1, PLN_MAX_TIME, 1, .help = "of time" },
    { "normalise", PLN_OPTION_BOOL, AT(normalise), .help = "take off each channel's mean, divide by its deviation" },
    { "poisson", PLN_OPTION_BOOL, AT(poisson), .help = "code the input in spikes" },
    { 0 }
};

static const pln_option ep_options[] = {
    { "relaxation steps", PLN_OPTION_ALSO, AT(dynamics), .options = pln_dynamics_options },
    { "nudged_steps", PLN_OPTION_ALSO, AT(fit.ep), .options = pln_ep_options },
    { "dt tolerance", PLN_OPTION_ALSO, AT(dynamics), .options = pln_dynamics_options },
    { "beta symmetric", PLN_OPTION_ALSO, AT(fit.ep), .options = pln_ep_options },
    { 0 }
};

static const pln_option train_options[] = {
    { "rule", PLN_OPTION_ALSO, AT(fit), .options = pln_fit_options },
    { "ep", PLN_OPTION_SECTION, 0, .flags = MARKED, .options = ep_options, .count = AT(relaxes), .help = "of rule ep, which wants it" },
    { "target", PLN_OPTION_ALSO, AT(fit), .options = pln_fit_options },
    { "epochs", PLN_OPTION_INT, AT(fit.epochs), 0, PLN_MAX_EPOCHS, 0, NEEDED | PLN_OPTION_ASIDE, .help = "passes over the samples" },
    { "stop_after", PLN_OPTION_INT, AT(stop_after), 0, PLN_MAX_EPOCHS, -1, PLN_OPTION_ASIDE,
      .help = "train so many epochs, fewer or more, as `--epochs` does; schedules remain those of `epochs`, and behind their end "
              "keep its factor (exp goes on falling)" },
    { "batch shards loss optimiser rate freeze schedule winners gamma eta smoothing output_dropout sequential label_smoothing momentum "
      "weight_decay clip norm_l1 tet augment", PLN_OPTION_ALSO, AT(fit), .options = pln_fit_options },
    { 0 }
};

static const pln_option pretrain_options[] = {
    { "epochs batch rate schedule", PLN_OPTION_ALSO, AT(pretrain), .options = pln_fit_options },
    { 0 }
};

static const pln_option semi_options[] = {
    { "labels", PLN_OPTION_INT, AT(labels), .help = "so many samples show theirs, chosen by class; 0: those that the data have" },
    { "labels_file", PLN_OPTION_TEXT, AT(labels_file), .low = 1, .high = PLN_MAX_TEXT, .most = PLN_MAX_TEXT,
      .help = "or a file with their numbers, a path as seen from where the command runs" },
    { "split_seed", PLN_OPTION_INT, AT(labels_seed), 0, INT_MAX, .help = "0: a choice of its own for every seed of a run" },
    { "batch rate schedule", PLN_OPTION_ALSO, AT(labelled), .options = pln_fit_options },
    { "pretrain", PLN_OPTION_SECTION, 0, .flags = MARKED, .options = pretrain_options, .count = AT(has_pretrain),
      .help = "before the first epoch, with the labels alone" },
    { 0 }
};

static const pln_option evaluate_options[] = {
    { "at", PLN_OPTION_INTS, AT(at), 1, INT_MAX, .count = AT(at_count), .most = PLN_MAX_LIST,
      .help = "epochs after which to measure, besides the last; those of pre-training too" },
    { "labels", PLN_OPTION_FLOAT, AT(evaluate_labels), 0, 1, .help = "share of labels for reading out; 0: all" },
    { "validation", PLN_OPTION_FLOAT, AT(validation), 0, 1, -1, BELOW,
      .help = "measure on this share of the training samples, which then do not train, in place of the test set; 0: on none" },
    { "split_seed", PLN_OPTION_INT, AT(validation_seed), 0, INT_MAX, .help = "of the choice of samples and labels" },
    { "fractions", PLN_OPTION_FLOATS, AT(fractions), 0, 1, 0, ABOVE, .count = AT(fractions_count), .most = PLN_MAX_LIST,
      .help = "more shares of labels, at the end" },
    { 0 }
};

static const pln_option select_options[] = {
    { "validation", PLN_OPTION_FLOAT, AT(held_out), 0, 1, 0, NEEDED | ABOVE | BELOW,
      .help = "this share of the training samples is held out, and chooses the epoch kept as `best.safetensors`" },
    { "split_seed", PLN_OPTION_INT, AT(held_out_seed), 0, INT_MAX, .help = "of that choice" },
    { 0 }
};

static const pln_option classifier_options[] = {
    { "epochs batch", PLN_OPTION_ALSO, AT(classifier), .options = pln_fit_options },
    { "rate", PLN_OPTION_FLOAT, AT(classifier.rate), 0, 1e9, 0, NEEDED, .help = "one number" },
    { "dropout", PLN_OPTION_FLOAT, AT(classifier_dropout), 0, 1, 0, BELOW, .help = "of its inputs" },
    { "decay", PLN_OPTION_FLOAT, AT(classifier_decay), 0, 1, 0, ABOVE, .help = "ratio of an exponential schedule, or:" },
    { "schedule", PLN_OPTION_ALSO, AT(classifier), .options = pln_fit_options },
    { "activation", PLN_OPTION_WORD, AT(classifier_activation), .flags = NEEDED, .words = plni_activation_words, .help = "of its outputs" },
    { 0 }
};

const pln_option pln_experiment_options[] = {
    { "init", PLN_OPTION_WORD, AT(init), .usual = -1, .words = plni_init_words,
      .help = "first weights; default glorot, of spiking networks kaiming" },
    { "layers", PLN_OPTION_LIST, AT(layer), .options = plni_layer_options, .count = AT(layers), .size = sizeof(pln_experiment_layer),
      .most = PLN_MAX_LAYERS, .help = "of which each has one kind, with its first value alone (`dense: 10`) or a section of them "
                                      "(`conv: {filters: 8, kernel: 3}`):" },
    { "input", PLN_OPTION_SECTION, 0, .flags = MARKED, .options = input_options, .count = AT(has_input),
      .help = "of `layers` on images: theirs are rows if it is left out and all layers are dense, activation or dropout" },
    { "network", PLN_OPTION_TEXT, AT(network), .most = PLN_MAX_TEXT,
      .help = "instead of layers a spiking network in short form, `16C3-AP2-FC10`; wants a section `spiking`" },
    { "cnn_prune", PLN_OPTION_DOUBLE, AT(cnn_prune), 0, 1, 0, BELOW,
      .help = "fraction of the weights of each convolution that a random mask leaves out from the first to the last epoch" },
    { "spiking", PLN_OPTION_SECTION, AT(spiking), .flags = MARKED, .options = pln_spiking_options, .count = AT(spikes),
      .help = "neurons, norm and read-out of `network`" },
    { "train", PLN_OPTION_SECTION, 0, .flags = NEEDED, .options = train_options, .help = "how the network is trained" },
    { "prune", PLN_OPTION_SECTION, AT(fit.prune), .flags = MARKED, .options = pln_prune_options, .count = AT(prunes),
      .help = "weights that are left out for good while the network is trained" },
    { "semi", PLN_OPTION_SECTION, 0, .flags = MARKED, .options = semi_options, .count = AT(has_semi),
      .help = "few labels: in every epoch the samples without a label by `train`, then those with one by this" },
    { "evaluate", PLN_OPTION_SECTION, 0, .options = evaluate_options, .help = "when, and by which labels, the network is measured" },
    { "select", PLN_OPTION_SECTION, 0, .flags = MARKED, .options = select_options, .count = AT(selects), .help = "which epoch is kept beside the last" },
    { "classifier", PLN_OPTION_SECTION, 0, .flags = MARKED, .options = classifier_options, .count = AT(has_classifier),
      .help = "a linear one on the outputs, at the end; not trained where outputs are classes, with labels" },
    { 0 }
};

/* The fits keep what no option says from pln_fit_default. */
void pln_experiment_defaults(pln_experiment *e)
{
    memset(e, 0, sizeof *e);
    e->fit = e->labelled = e->pretrain = e->classifier = pln_fit_default();
    e->spiking = pln_spiking_default();
    e->classifier.rates = 1;
    pln_option_defaults(pln_experiment_options, e);
}

void pln_experiment_settle(pln_experiment *e)
{
    pln_schedule *const schedules[] = { &e->fit.schedule, &e->labelled.schedule };
    const pln_prune *prune = &e->fit.prune;
    const int rounds = e->prunes && prune->rewind > 0 ? prune->updates + 1 : 1, epochs = e->fit.epochs / rounds;

    if (e->prunes && e->fit.prune.length == 0) e->fit.prune.length = e->fit.epochs;
    if (e->init < 0) e->init = plni_layers_fire(e) ? PLN_KAIMING : PLN_GLOROT;
    for (int i = 0; i < 2; i++)
        if (schedules[i]->kind != PLN_CONSTANT && schedules[i]->length == 0) schedules[i]->length = epochs > 0 ? epochs : 1;
}

/* ---- checks -------------------------------------------------------------------- */

/* A value that is in its range and yet wrong here. */
static pln_status refuse(pln_ctx *ctx, const char *path, double value, const char *wanted)
{
    char number[PLNI_RANGE];

    return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s is %s; it must be %s", path, plni_number(value, number), wanted);
}

static int count_of(const pln_experiment *e, const char *kind)
{
    int count = 0;

    for (int i = 0; i < e->layers; i++) count += plni_layer_is(&e->layer[i], kind);
    return count;
}

/* Layers that have weights, of a network that is a list. */
static int products(const pln_experiment *e) { return count_of(e, "dense") + count_of(e, "conv"); }

/* Whether outputs are there at every time step, one vote each. */
static bool reads_every_step(const pln_experiment *e)
{
    const pln_experiment_layer *top = e->layers ? &e->layer[e->layers - 1] : NULL;

    if (*e->network) return e->spiking.votes == 1;
    return top && plni_layer_is(top, "readout") && plni_layer_value(top, "votes") == 1;
}

static bool ends_in_softmax(const pln_experiment *e)
{
    const pln_experiment_layer *top = e->layers ? &e->layer[e->layers - 1] : NULL;
    return top && plni_layer_is(top, "activation") && plni_layer_value(top, "function") == PLN_SOFTMAX;
}

static pln_status check_schedule(pln_ctx *ctx, const char *section, const pln_schedule *s, int epochs, const char *longest)
{
    const bool decays = s->kind == PLN_EXP || s->kind == PLN_STEPS;
    char path[PLNI_PATH];

    plni_option_path(path, section, "schedule.length");
    if (epochs > 0 && s->length > epochs) return refuse(ctx, path, s->length, longest);
    plni_option_path(path, section, "schedule");
    if (s->kind == PLN_LINEAR && !(s->start >= 0 && s->end >= 0))
        return plni_fail_at(ctx, PLN_ERR_ARG, path, "a linear schedule wants start and end");
    for (int i = 0; i < 2; i++) {
        plni_option_path(path, section, i ? "schedule.end" : "schedule.start");
        if ((i ? s->end : s->start) >= 0 && s->kind != PLN_LINEAR)
            return refuse(ctx, path, i ? s->end : s->start, "left out where kind is not linear");
    }
    plni_option_path(path, section, "schedule.ratio");
    if (!decays && s->ratio > 0) return refuse(ctx, path, s->ratio, "left out where kind is neither exp nor steps");
    return decays && !(s->ratio > 0) ? refuse(ctx, path, s->ratio, "above 0 and at most 1") : PLN_OK;
}

/* What every section that trains has: rates and a schedule. */
static pln_status check_course(pln_ctx *ctx, const pln_experiment *e, const char *section, const pln_fit *fit, int epochs, const char *longest)
{
    char path[PLNI_PATH];

    plni_option_path(path, section, "rate");
    if (fit->rates != 1 && *e->network)
        return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s has %d numbers; it must be a list of one rate with a network in short form",
                            path, fit->rates);
    if (fit->rates != 1 && fit->rates != products(e))
        return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s has %d numbers; it must be a list of one rate, or of one for each dense layer "
                            "and convolution (%d)", path, fit->rates, products(e));
    return check_schedule(ctx, section, &fit->schedule, epochs, longest);
}

static pln_status check_freeze(pln_ctx *ctx, const pln_experiment *e)
{
    const int freeze = e->fit.freeze;

    if (freeze > 0 && e->prunes)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.freeze", "train.freeze is %d, and a section prune is there: masks move the weights of all layers", freeze);
    if (e->layers == 0 || freeze < products(e)) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "train.freeze", "train.freeze is %d, and there are %d dense layers and convolutions: at least one must learn",
                        freeze, products(e));
}

/* Layers that relax are products, each with dropout in front or none, pools of means or none and its activation behind. */
static pln_status check_relaxes(pln_ctx *ctx, const pln_experiment *e)
{
    bool driven = false, dropout = false, hidden = false;

    for (int i = 0; i < e->layers; i++) {
        const pln_experiment_layer *l = &e->layer[i];
        const bool top = i + 1 == e->layers, drives = plni_layer_is(l, "dense") || plni_layer_is(l, "conv");
        const bool activates = plni_layer_is(l, "activation"), pools = plni_layer_is(l, "pool");
        const bool drops = plni_layer_is(l, "dropout");
        char path[PLNI_PATH];
        snprintf(path, sizeof path, "layers.%d", i);
        if (!drives && !activates && !pools && !drops)
            return plni_fail_at(ctx, PLN_ERR_ARG, path, "with rule ep a network has dense layers, convolutions, pools of means, "
                                "activations and dropout; not %s", pln_experiment_kind(l));
        if (l->from != PLN_LAYER_ABOVE)
            return plni_fail_at(ctx, PLN_ERR_ARG, path, "with rule ep layers follow each other: %s.from must be left out", path);
        if (driven != (activates || pools) || (dropout && !drives) || (top && !activates))
            return plni_fail_at(ctx, PLN_ERR_ARG, path, "with rule ep each dense layer or convolution has its activation right behind "
                                "it, or behind its pools of means, and one dropout at most, in front");
        snprintf(path, sizeof path, "layers.%d.pool", i);
        if (pools && plni_layer_value(l, "kind") != PLN_POOL_AVERAGE)
            return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s is max; with rule ep it must be average: the places of maxima change "
                                "while states come to rest", path);
        snprintf(path, sizeof path, "layers.%d.activation", i);
        const int function = activates ? plni_layer_value(l, "function") : PLN_HARDSIGM;
        if (function != PLN_HARDSIGM && !(top && hidden && function == PLN_SOFTMAX))
            return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s is %s; with rule ep it must be hardsigm, or softmax at the top over "
                                "a hidden layer", path, plni_activation_words[function]);
        hidden |= activates;
        driven = drives || pools, dropout = drops;
    }
    return PLN_OK;
}

static pln_status check_ep(pln_ctx *ctx, const pln_experiment *e)
{
    const pln_dynamics *d = &e->dynamics;

    if (e->fit.rule == PLN_RULE_EP && !e->relaxes)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.rule",
                            "rule ep wants a section train.ep: relaxation, steps, nudged_steps, beta, and dt of Euler steps");
    if (e->fit.rule != PLN_RULE_EP && e->relaxes)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.ep", "train.ep is there, but the rule is not ep");
    if (!e->relaxes) return PLN_OK;
    if (*e->network) return plni_fail_at(ctx, PLN_ERR_ARG, "train.rule", "a spiking network is trained by rule bp, through time");
    PLN_TRY(check_relaxes(ctx, e));
    if (e->steps > 1) return refuse(ctx, "input.steps", e->steps, "1 with rule ep: states come to rest for one image");
    if ((e->fit.loss == PLN_CROSS_ENTROPY) != ends_in_softmax(e))
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.loss",
                            "with rule ep, loss cross_entropy goes with softmax at the top, and mse with hardsigm");
    if (d->kind == PLN_EULER && d->dt * (1 + e->fit.ep.beta) > 1) return refuse(ctx, "train.ep.dt", (double)d->dt, "at most 1 / (1 + beta)");
    if ((d->kind == PLN_EULER || ends_in_softmax(e)) && !(d->dt > 0))
        return refuse(ctx, "train.ep.dt", (double)d->dt, "above 0 and below 1");
    return PLN_OK;
}

/* What the kind of training gives no meaning is an oversight. */
static pln_status check_meaning(pln_ctx *ctx, const pln_experiment *e)
{
    const pln_fit *t = &e->fit;
    const bool ep = t->rule == PLN_RULE_EP, labels = t->target == PLN_TARGET_LABELS;
    const char *plain = t->optim.kind == PLN_ADAM ? "left out with adam" : ep ? "left out with rule ep" : NULL;
    const struct { const char *path; float value; const char *wanted; } cases[] = {
        { "train.momentum", t->optim.momentum, plain },
        { "train.weight_decay", t->optim.decay, plain },
        { "train.clip", t->optim.clip, ep ? "left out with rule ep" : NULL },
        { "train.tet", t->tet, t->loss == PLN_CROSS_ENTROPY_STEPS ? NULL : "left out where the loss is not cross_entropy_steps" },
        { "train.eta", t->self.eta, t->self.sequential ? NULL : "left out where training is not sequential" },
        { "train.label_smoothing", t->label_smoothing, labels || e->has_semi ? NULL : "left out with target self: smoothing is its" },
        { "train.smoothing", t->self.smoothing, labels ? "left out with target labels: label_smoothing is theirs" : NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cases[i].wanted && cases[i].value > 0) return refuse(ctx, cases[i].path, (double)cases[i].value, cases[i].wanted);
    return PLN_OK;
}

static pln_status check_train(pln_ctx *ctx, const pln_experiment *e)
{
    const pln_fit *t = &e->fit;
    const pln_augment *a = &t->augment;

    PLN_TRY(check_freeze(ctx, e));
    PLN_TRY(check_course(ctx, e, "train", t, t->epochs, LONGEST));
    PLN_TRY(check_ep(ctx, e));
    PLN_TRY(check_meaning(ctx, e));
    if ((a->padding || a->flip || a->cutout) && !pln_experiment_takes_images(e))
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.augment", "samples are varied for networks of images only");
    if (t->loss == PLN_CROSS_ENTROPY_STEPS && !reads_every_step(e))
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.loss", "a loss of every time step wants a spiking network without votes");
    if (t->self.sequential && !(t->self.eta > 0)) return refuse(ctx, "train.eta", (double)t->self.eta, "above 0 and at most 1");
    if (t->self.sequential && t->batch != 1) return refuse(ctx, "train.batch", t->batch, "1 in sequential mode");
    if (t->self.sequential && t->shards != 1) return refuse(ctx, "train.shards", t->shards, "1 in sequential mode");
    if (t->shards & (t->shards - 1)) return refuse(ctx, "train.shards", t->shards, "a power of two");
    if (t->shards > t->batch) return refuse(ctx, "train.shards", t->shards, "at most train.batch");
    if (t->target == PLN_TARGET_LABELS && t->self.winners == 0) return PLN_OK;
    if (t->self.winners == 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.winners", "train.winners is missing or 0; with target self it must be 1..64");
    if (t->self.winners < 1) return refuse(ctx, "train.winners", t->self.winners, "1..64");
    if (pln_experiment_outputs(e) > 0 && t->self.winners > pln_experiment_outputs(e)) return refuse(ctx, "train.winners", t->self.winners, "at most the number of outputs");
    return PLN_OK;
}

/* All labels are a fraction that is read out by in any case, unless evaluate.labels says less. */
static pln_status check_fractions(pln_ctx *ctx, const pln_experiment *e)
{
    char path[PLNI_PATH];

    for (int i = 1; i <= e->fractions_count; i++) {
        snprintf(path, sizeof path, "evaluate.fractions.%d", i - 1);
        if (pln_experiment_fraction(e, i) >= 1 && pln_experiment_fraction(e, 0) >= 1)
            return plni_fail_at(ctx, PLN_ERR_ARG, path, "evaluate.fractions has 1, and all labels are read out by in any case: leave it out");
    }
    return PLN_OK;
}

static pln_status check_semi(pln_ctx *ctx, const pln_experiment *e)
{
    if (!e->has_semi) return PLN_OK;
    if (e->prunes) return plni_fail_at(ctx, PLN_ERR_ARG, "prune", "a network with a section semi is not pruned, since its objectives take turns: leave the section out");
    if (e->fit.target != PLN_TARGET_SELF)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.target", "with a section semi, train.target is self: labels are the section's");
    if (e->labels < 0) return refuse(ctx, "semi.labels", e->labels, "at least 1, or 0 for those that the data have");
    if (*e->labels_file && e->labels) return refuse(ctx, "semi.labels", e->labels, "left out where labels_file lists the samples");
    PLN_TRY(check_course(ctx, e, "semi", &e->labelled, e->fit.epochs, LONGEST));
    if (!e->has_pretrain) return PLN_OK;
    return check_course(ctx, e, "semi.pretrain", &e->pretrain, e->pretrain.epochs, "at most the epochs there are");
}

static pln_status check_spiking(pln_ctx *ctx, const pln_experiment *e)
{
    int outputs;

    if (!e->spikes)
        return plni_fail_at(ctx, PLN_ERR_ARG, "network", "a network in short form wants a section spiking with its time steps");
    if (e->spiking.poisson && e->spiking.normalise)
        return plni_fail_at(ctx, PLN_ERR_ARG, "spiking.poisson",
                            "values that are normalised are no probabilities: poisson goes without normalise");
    PLN_TRY(pln_neuron_check(ctx, &e->spiking.neuron));
    return pln_notation_check(ctx, e->network, &outputs);
}

static pln_status check_layers(pln_ctx *ctx, const pln_experiment *e)
{
    if ((*e->network != 0) + (e->layers > 0) != 1)
        return plni_fail_at(ctx, PLN_ERR_ARG, *e->network ? "network" : "layers",
                            "there must be layers, or a network in short form for spiking neurons, but not both");
    if (e->cnn_prune > 0 && e->prunes) return refuse(ctx, "cnn_prune", e->cnn_prune, "left out where a section prune chooses what is there");
    if (*e->network && e->has_input)
        return plni_fail_at(ctx, PLN_ERR_ARG, "input", "a section input belongs to layers; with network its keys stand in spiking");
    if (*e->network) return check_spiking(ctx, e);
    if (e->spikes)
        return plni_fail_at(ctx, PLN_ERR_ARG, "spiking", "a section spiking wants a network in short form instead of layers, which say it "
                            "themselves: lif, norm, readout, and a section input");
    if (e->has_input && e->poisson && e->normalise)
        return plni_fail_at(ctx, PLN_ERR_ARG, "input.poisson", "values that are normalised are no probabilities: poisson goes without normalise");
    const bool convolves = count_of(e, "conv") > 0;
    if (e->cnn_prune > 0 && !convolves) return refuse(ctx, "cnn_prune", e->cnn_prune, "left out where there is no convolution");
    if (products(e)) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "layers", "the network has no dense layer and no convolution: nothing learns");
}

/* Each is of some kind. */
static pln_status check_kinds(pln_ctx *ctx, const pln_experiment *e)
{
    for (int i = 0; i < e->layers; i++) {
        char path[PLNI_PATH];
        snprintf(path, sizeof path, "layers.%d", i);
        if (!pln_experiment_kind(&e->layer[i]))
            return plni_fail_at(ctx, PLN_ERR_ARG, path, "%s must have a kind, such as dense, activation or conv", path);
    }
    return PLN_OK;
}

pln_status pln_experiment_check(pln_ctx *ctx, const pln_experiment *e)
{
    PLN_TRY(pln_option_check(ctx, pln_experiment_options, e, ""));
    PLN_TRY(check_kinds(ctx, e));
    PLN_TRY(check_layers(ctx, e));
    PLN_TRY(check_train(ctx, e));
    PLN_TRY(pln_prune_check(ctx, &e->fit, plni_layers_fire(e), 0));
    PLN_TRY(check_semi(ctx, e));
    PLN_TRY(check_fractions(ctx, e));
    if (e->has_classifier && e->classifier.schedule.kind != PLN_CONSTANT && e->classifier_decay > 0)
        return refuse(ctx, "classifier.decay", (double)e->classifier_decay, "left out where there is a schedule");
    if (e->has_classifier) PLN_TRY(check_course(ctx, e, "classifier", &e->classifier, e->classifier.epochs, "at most the epochs there are"));
    if (e->selects && e->fit.target != PLN_TARGET_LABELS)
        return plni_fail_at(ctx, PLN_ERR_ARG, "select", "a section select compares epochs by their accuracy and wants train.target: labels");
    return PLN_OK;
}
