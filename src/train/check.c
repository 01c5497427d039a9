/* check.c - how to train: names, ranges, and whether network, data and settings fit each other */

#include "train/trainer.h"

#include "base/check.h"
#include "base/option.h"
#include "nn/graph.h"
#include "train/fill.h"

#include <math.h>

static const char *const rules[] = { "bp", "ep", NULL };
static const char *const targets[] = { "self", "labels", NULL };
static const char *const losses[] = { "mse", "cross_entropy", "cross_entropy_steps", NULL };

enum { NEEDED = PLN_OPTION_NEEDED, BELOW = PLN_OPTION_BELOW };

const pln_option pln_fit_options[] = {
    { "rule", PLN_OPTION_WORD, offsetof(pln_fit, rule), .words = rules, .help = "back-propagation, or equilibrium propagation" },
    { "target", PLN_OPTION_WORD, offsetof(pln_fit, target), .flags = NEEDED, .words = targets,
      .help = "what outputs should be: their own winners, or labels" },
    { "epochs", PLN_OPTION_INT, offsetof(pln_fit, epochs), 0, PLN_MAX_EPOCHS, 0, NEEDED,
      .help = "passes over the samples" },
    { "batch", PLN_OPTION_INT, offsetof(pln_fit, batch), 1, PLN_MAX_BATCH, 0, NEEDED, .help = "samples a step" },
    { "shards", PLN_OPTION_INT, offsetof(pln_fit, shards), 1, PLN_MAX_SHARDS, 1,
      .help = "parts of a batch, a power of two, whose gradients are added as a tree" },
    { "loss", PLN_OPTION_WORD, offsetof(pln_fit, loss), .flags = NEEDED, .words = losses,
      .help = "cross_entropy_steps: of spiking networks, at every time step" },
    { "optimiser", PLN_OPTION_ALSO, offsetof(pln_fit, optim), .options = pln_optim_options },
    { "rate", PLN_OPTION_FLOATS, offsetof(pln_fit, rate), 0, 1e9, 0, NEEDED, .count = offsetof(pln_fit, rates),
      .most = PLN_MAX_LAYERS, .help = "one for all layers, or one for each dense layer and convolution, whose norm goes with it" },
    { "freeze", PLN_OPTION_INT, offsetof(pln_fit, freeze), 0, PLN_MAX_LAYERS,
      .help = "so many dense layers and convolutions are not trained, the first ones, nor the norms on them" },
    { "schedule", PLN_OPTION_SECTION, offsetof(pln_fit, schedule), .options = pln_schedule_options,
      .help = "factors of the rate over the epochs; default: constant" },
    { "winners gamma eta smoothing output_dropout sequential", PLN_OPTION_ALSO, offsetof(pln_fit, self),
      .options = pln_selftarget_options },
    { "label_smoothing", PLN_OPTION_FLOAT, offsetof(pln_fit, label_smoothing), 0, 1, 0, BELOW, .help = "of one-hot targets" },
    { "momentum weight_decay clip", PLN_OPTION_ALSO, offsetof(pln_fit, optim), .options = pln_optim_options },
    { "norm_l1", PLN_OPTION_FLOAT, offsetof(pln_fit, norm_l1), 0, 1, .help = "pull at the factors of norms, by which channels fade that may go" },
    { "tet", PLN_OPTION_FLOAT, offsetof(pln_fit, tet), 0, 1, .help = "weight of the second term of cross_entropy_steps" },
    { "augment", PLN_OPTION_SECTION, offsetof(pln_fit, augment), .options = pln_augment_options,
      .help = "how samples are varied, of networks of images" },
    { "beta1 beta2 eps", PLN_OPTION_ALSO, offsetof(pln_fit, optim), .options = pln_optim_options },
    { "tau", PLN_OPTION_ALSO, offsetof(pln_fit, self), .options = pln_selftarget_options },
    { 0 }
};

pln_fit pln_fit_default(void)
{
    pln_fit fit = { .rates = 1 };

    pln_option_defaults(pln_fit_options, &fit);
    fit.epochs = 1;
    fit.batch = 16;
    fit.ep = pln_ep_default();
    fit.self = pln_selftarget_default();
    fit.schedule = pln_schedule_default();
    fit.prune = pln_prune_default();
    fit.rates = 1;
    fit.rate[0] = 1;
    return fit;
}

/* ---- settings ---------------------------------------------------------------- */

static int products_in(const pln_net *net)
{
    int products = 0;

    for (int l = 0; l < net->count; l++) products += net->layer[l].role == PLNI_PRODUCT;
    return products;
}

/* Each rule has its kind of network. */
static pln_status check_rule(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    const bool relaxes = net->dynamics.kind != PLN_FEEDFORWARD;

    if ((fit->rule == PLN_RULE_EP) != relaxes)
        return plni_fail(ctx, PLN_ERR_ARG, relaxes ? "train: a network that relaxes is trained by equilibrium propagation"
                                                   : "train: equilibrium propagation wants a network that relaxes");
    if (!isfinite(fit->ep.beta)) return plni_fail_at(ctx, PLN_ERR_ARG, "train.ep.beta", "train: beta must be finite, also without effect");
    if (fit->rule != PLN_RULE_EP) return PLN_OK;
    if (net->dynamics.kind == PLN_EULER && net->dynamics.dt * (1 + fit->ep.beta) > 1)
        return plni_fail(ctx, PLN_ERR_ARG, "train: an Euler step of %g with beta %g overshoots: dt (1 + beta) must be at most 1",
                         (double)net->dynamics.dt, (double)fit->ep.beta);
    return pln_option_check(ctx, pln_ep_options, &fit->ep, "train.ep");
}

static pln_status check_schedule(pln_ctx *ctx, const pln_schedule *s)
{
    if (s->kind != PLN_CONSTANT && s->kind != PLN_EXP && s->length < 1)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.schedule.length", "train: the schedule's length is %d, it must be at least 1",
                            s->length);
    if (s->kind == PLN_LINEAR && !(s->start >= 0 && s->end >= 0))
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.schedule", "train: a linear schedule wants start and end");
    if ((s->kind == PLN_EXP || s->kind == PLN_STEPS) && !(s->ratio > 0))
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.schedule.ratio", "train: the schedule's ratio is %g, it must be above 0", s->ratio);
    return PLN_OK;
}

static pln_status check_optimiser(pln_ctx *ctx, const pln_fit *fit)
{
    const pln_optim *o = &fit->optim;

    if (o->kind == PLN_SGD && (o->momentum > 0 || o->decay > 0) && fit->rule == PLN_RULE_EP)
        return plni_fail(ctx, PLN_ERR_ARG, "train: equilibrium propagation goes without momentum and weight decay, or by Adam");
    if (o->kind == PLN_ADAM && (o->momentum > 0 || o->decay > 0))
        return plni_fail(ctx, PLN_ERR_ARG, "train: momentum and weight decay belong to gradient descent, not to Adam");
    if (o->kind == PLN_ADAM && !(o->eps > 0)) return plni_fail(ctx, PLN_ERR_ARG, "train: Adam wants eps > 0");
    if (o->clip > 0 && fit->rule == PLN_RULE_EP)
        return plni_fail(ctx, PLN_ERR_ARG, "train: gradients are clipped by back-propagation only");
    return PLN_OK;
}

static pln_status check_loss(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    if (fit->loss != PLN_CROSS_ENTROPY_STEPS) return PLN_OK;
    if (pln_net_layer(net, net->count - 1).votes != 1)
        return plni_fail(ctx, PLN_ERR_ARG,
                         "train: a loss of every time step wants a spiking network whose read-out has one vote each");
    if (fit->target == PLN_TARGET_SELF && fit->self.drop > 0)
        return plni_fail(ctx, PLN_ERR_ARG, "train: a loss of every time step goes without an output mask");
    return PLN_OK;
}

static pln_status check_penalty(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    size_t factors = 0;

    for (int l = 0; l < net->count; l++) factors += net->layer[l].factors;
    if (!(fit->norm_l1 > 0) || factors > 0) return PLN_OK;
    return plni_fail_at(ctx, PLN_ERR_ARG, "train.norm_l1", "train: norm_l1 is %g, and the network has no norm", (double)fit->norm_l1);
}

static pln_status check_freeze(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    const int products = products_in(net);

    if (fit->freeze >= products)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.freeze", "train: freeze is %d, and the network has %d dense layers and convolutions: at least one must learn",
                            fit->freeze, products);
    if (fit->freeze > 0 && fit->prune.sparsity > 0)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.freeze", "train: freeze is %d, and weights are pruned: masks move the weights of all layers", fit->freeze);
    return PLN_OK;
}

static pln_status check_fit(pln_ctx *ctx, const pln_net *net, const pln_fit *fit)
{
    const pln_augment *a = &fit->augment;

    PLN_TRY(pln_option_check(ctx, pln_fit_options, fit, "train"));
    if (fit->rates != 1 && fit->rates != products_in(net))
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.rate", "train: %d rates for %d dense layers and convolutions", fit->rates, products_in(net));
    PLN_TRY(check_freeze(ctx, net, fit));
    PLN_TRY(check_schedule(ctx, &fit->schedule));
    PLN_TRY(check_optimiser(ctx, fit));
    PLN_TRY(check_loss(ctx, net, fit));
    PLN_TRY(check_penalty(ctx, net, fit));
    if (fit->shards & (fit->shards - 1))
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.shards", "train: a batch is 1, 2, 4, 8 .. %d shards, not %d", PLN_MAX_SHARDS, fit->shards);
    if ((a->padding || a->flip || a->cutout) && !net->images)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.augment", "train: samples are varied for networks of images only");
    PLN_TRY(check_rule(ctx, net, fit));
    if (fit->target != PLN_TARGET_SELF) return PLN_OK;
    if (fit->self.sequential && fit->batch != 1)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.batch", "train: sequential mode wants batch 1, it is %d", fit->batch);
    if (fit->self.sequential && fit->shards != 1)
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.shards", "train: sequential mode goes without shards");
    return plni_selftarget_check(ctx, &fit->self, pln_net_outputs(net));
}

/* ---- network and data ---------------------------------------------------------- */

static int largest_batch(const pln_course *courses, int count)
{
    int most = 0;

    for (int i = 0; i < count; i++)
        if (courses[i].fit.batch > most) most = courses[i].fit.batch;
    return most;
}

static pln_status check_places(pln_ctx *ctx, const pln_net *net, int batch)
{
    int value = 0;

    while (value < net->count && (double)batch * net->steps * plni_positions(plni_value(net, value)->extent) <= INT32_MAX / 2) value++;
    if (value == net->count) return PLN_OK;
    if (value == 0) return plni_fail(ctx, PLN_ERR_SHAPE, "train: a batch of %d has too many places in the input: take a smaller one", batch);
    return plni_fail(ctx, PLN_ERR_SHAPE, "train: a batch of %d has too many places in layer %d: take a smaller one", batch, value - 1);
}

static pln_status check_sizes(pln_ctx *ctx, const pln_net *net, const pln_net *features, int batch)
{
    if (!net->ready || (features && !features->ready))
        return plni_fail(ctx, PLN_ERR_STATE, "train: the network is not ready");
    if (net->compact || (features && features->compact))
        return plni_fail(ctx, PLN_ERR_STATE, "train: the network is compact, and only runs forward");
    PLN_TRY(check_places(ctx, net, batch));
    if (features) PLN_TRY(check_places(ctx, features, batch));
    if (features && net->inputs != pln_net_outputs(features))
        return plni_fail(ctx, PLN_ERR_SHAPE, "train: the read-out has %d inputs, the network %d outputs",
                         net->inputs, pln_net_outputs(features));
    return PLN_OK;
}

/* `first` is shown the samples. */
static pln_status check_samples(pln_ctx *ctx, const pln_net *first, const pln_data *data, const int *index,
                                int count, const pln_fit *fit, int outputs)
{
    const int32_t *labels = pln_data_labels(data);
    const int classes = pln_data_classes(data);

    PLN_TRY(plni_fill_check(ctx, "train", first, data, index, count));
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

static pln_status check_course(pln_ctx *ctx, const pln_net *net, const pln_net *features, const pln_data *data,
                               const pln_course *c, int epochs, int shards)
{
    PLN_TRY(check_fit(ctx, net, &c->fit));
    if (c->fit.epochs != epochs)
        return plni_fail(ctx, PLN_ERR_ARG, "train: courses of %d and %d epochs cannot take turns", epochs, c->fit.epochs);
    if (c->fit.shards != shards)
        return plni_fail(ctx, PLN_ERR_ARG, "train: courses of %d and %d shards cannot take turns", shards, c->fit.shards);
    return check_samples(ctx, features ? features : net, data, c->index, c->index ? c->count : pln_data_count(data), &c->fit,
                         pln_net_outputs(net));
}

pln_status plni_check_courses(pln_ctx *ctx, const pln_net *net, const pln_net *features, const pln_data *data,
                              const pln_course *courses, int count)
{
    if (count < 1 || count > PLN_MAX_COURSES)
        return plni_fail(ctx, PLN_ERR_ARG, "train: %d courses, there can be 1..%d", count, PLN_MAX_COURSES);
    PLN_TRY(check_sizes(ctx, net, features, largest_batch(courses, count)));
    PLN_TRY(plni_prune_check(ctx, net, courses, count, courses[0].index ? courses[0].count : pln_data_count(data)));
    for (int i = 0; i < count; i++)
        PLN_TRY(check_course(ctx, net, features, data, &courses[i], courses[0].fit.epochs, courses[0].fit.shards));
    return PLN_OK;
}
