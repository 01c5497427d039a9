/* check.c - whether a configuration makes sense, and where in its text what does not stands */

#include "config/check.h"

#include "config/notation.h"
#include "yaml/document.h"
#include "yaml/schema.h"

#include <stdio.h>
#include <string.h>

/* Whether a setting "train.ep.beta=0.3" gives the value at a path: it names the path, or a section around it;
 * with `parts` also if it names a part of the section that the path is. */
static bool gives(const char *setting, const char *path, bool parts)
{
    const size_t length = strcspn(setting, "="), whole = strlen(path);

    if (parts && length > whole) return strncmp(setting, path, whole) == 0 && setting[whole] == '.';
    return strncmp(setting, path, length) == 0 && (path[length] == 0 || path[length] == '.');
}

/* Whether a part of a section is to blame for the whole: of a layer, which has one key, of a schedule, and of a
 * section that the file does not have. */
static bool counts_parts(const source *from, const char *section)
{
    return strncmp(section, "layers.", 7) == 0 || strstr(section, "schedule") ||
           document_look(from->text, strlen(from->text), section).line == 0;
}

const char *check_place(const source *from, const char *section, const char *key)
{
    static char where[4200];
    char path[96];
    const bool parts = from->set && !key && counts_parts(from, section);
    int last = -1;

    snprintf(path, sizeof path, "%s%s%s", section, key ? "." : "", key ? key : "");
    for (int i = 0; from->set && from->set[i]; i++)
        if (gives(from->set[i], path, parts)) last = i;
    if (last >= 0) snprintf(where, sizeof where, "--set %s", from->set[last]);
    else snprintf(where, sizeof where, "%s:%d", from->name, document_line(from->text, strlen(from->text), path));
    return where;
}

static int refuse(const source *from, const char *section, const char *key,
                  double value, const char *wanted)
{
    return complain(BAD_INPUT, "%s: %s.%s is %g; it must be %s",
                    check_place(from, section, key), section, key, value, wanted);
}

static unsigned dense_layers(const config *c)
{
    unsigned dense = 0;

    for (unsigned i = 0; i < c->layers_count; i++) dense += c->layers[i].dense != NULL;
    return dense;
}

static int check_schedule(const source *from, const char *in, const schedule_config *s, int epochs)
{
    const bool decays = s->kind == PLN_EXP || s->kind == PLN_STEPS;
    const bool of_network = strcmp(in, "train") == 0 || strcmp(in, "semi") == 0;
    char section[64];

    snprintf(section, sizeof section, "%s.schedule", in);
    if (s->length < 0) return refuse(from, section, "length", s->length, "at least 0");
    if (epochs > 0 && s->length > epochs)
        return refuse(from, section, "length", s->length,
                      !of_network ? "at most the epochs there are"
                      : "at most train.epochs; train.stop_after or --epochs stops early and leaves schedules as they are");
    if (s->kind == PLN_LINEAR && !(s->start && s->end))
        return complain(BAD_INPUT, "%s: a linear schedule wants start and end", check_place(from, section, NULL));
    for (int i = 0; i < 2; i++) {
        const char *key = i ? "end" : "start";
        const float *value = i ? s->end : s->start;
        if (value && s->kind != PLN_LINEAR)
            return refuse(from, section, key, (double)*value, "left out where kind is not linear");
        if (value && !(*value >= 0 && *value <= 1e6f)) return refuse(from, section, key, (double)*value, "0..1000000");
    }
    if (!decays && s->ratio != 0)
        return refuse(from, section, "ratio", (double)s->ratio, "left out where kind is neither exp nor steps");
    if (decays && !(s->ratio > 0 && s->ratio <= 1))
        return refuse(from, section, "ratio", (double)s->ratio, "above 0 and at most 1");
    return DONE;
}

/* What every section that trains has: batch, rates, schedule. */
static int check_course(const source *from, const config *c, const char *section, int batch, const float *rate,
                        unsigned rates, const schedule_config *schedule, int epochs)
{
    if (batch < 1 || batch > PLN_MAX_BATCH) return refuse(from, section, "batch", batch, "1..4096");
    if (rates != 1 && (c->network || rates != dense_layers(c)))
        return complain(BAD_INPUT, "%s: %s.rate has %u numbers; it must be a list of one rate, or of one for each dense layer",
                        check_place(from, section, "rate"), section, rates);
    for (unsigned i = 0; i < rates; i++)
        if (!(rate[i] >= 0 && rate[i] <= 1e6f)) return refuse(from, section, "rate", (double)rate[i], "0..1000000");
    return schedule ? check_schedule(from, section, schedule, epochs) : DONE;
}

static bool ends_in_softmax(const config *c)
{
    const layer_config *top = c->layers_count ? &c->layers[c->layers_count - 1] : NULL;
    return top && top->activation && strcmp(top->activation, "softmax") == 0;
}

/* Layers that settle are dense ones, each with dropout in front or none and its activation behind. */
static int check_settles(const source *from, const config *c)
{
    bool dense = false, dropout = false, hidden = false;

    for (unsigned i = 0; i < c->layers_count; i++) {
        const layer_config *l = &c->layers[i];
        const bool top = i + 1 == c->layers_count;
        char section[32];
        snprintf(section, sizeof section, "layers.%u", i);
        if (dense != (l->activation != NULL) || (dropout && !l->dense) || (top && !l->activation))
            return complain(BAD_INPUT, "%s: with rule ep each dense layer has its activation right behind it, and one dropout at "
                            "most, in front", check_place(from, section, NULL));
        if (l->activation && strcmp(l->activation, "hardsigm") != 0 && !(top && hidden && ends_in_softmax(c)))
            return complain(BAD_INPUT, "%s: layers.%u.activation is %s; with rule ep it must be hardsigm, or softmax at the top over "
                            "a hidden layer", check_place(from, section, "activation"), i, l->activation);
        hidden |= l->activation != NULL;
        dense = l->dense != NULL, dropout = l->dropout != NULL;
    }
    return DONE;
}

static int check_ep(const source *from, const config *c)
{
    const ep_config *e = c->train.ep;

    if (c->train.rule == PLN_RULE_EP && !e)
        return complain(BAD_INPUT, "%s: rule ep wants a section train.ep: relaxation, steps, nudged_steps, beta, and dt of Euler steps",
                        check_place(from, "train", "rule"));
    if (c->train.rule != PLN_RULE_EP && e)
        return complain(BAD_INPUT, "%s: train.ep is there, but the rule is not ep", check_place(from, "train", "ep"));
    if (!e) return DONE;
    if (c->network)
        return complain(BAD_INPUT, "%s: a spiking network is trained by rule bp, through time",
                        check_place(from, "train", "rule"));
    const int code = check_settles(from, c);
    if (code != DONE) return code;
    if (!(e->beta > 0 && e->beta < 1)) return refuse(from, "train.ep", "beta", (double)e->beta, "above 0 and below 1");
    if ((c->train.loss == PLN_CROSS_ENTROPY) != ends_in_softmax(c))
        return complain(BAD_INPUT, "%s: with rule ep, loss cross_entropy goes with softmax at the top, and mse with hardsigm",
                        check_place(from, "train", "loss"));
    if (e->relaxation == PLN_EULER && e->dt * (1 + e->beta) > 1)
        return refuse(from, "train.ep", "dt", (double)e->dt, "at most 1 / (1 + beta)");
    if (e->steps < 1 || e->steps > PLN_MAX_STEPS) return refuse(from, "train.ep", "steps", e->steps, "1..10000");
    if (e->nudged_steps < 1 || e->nudged_steps > PLN_MAX_STEPS)
        return refuse(from, "train.ep", "nudged_steps", e->nudged_steps, "1..10000");
    if (!(e->dt >= 0 && e->dt < 1) || ((e->relaxation == PLN_EULER || ends_in_softmax(c)) && e->dt <= 0))
        return refuse(from, "train.ep", "dt", (double)e->dt, "above 0 and below 1");
    if (!(e->tolerance >= 0)) return refuse(from, "train.ep", "tolerance", (double)e->tolerance, "at least 0");
    return DONE;
}

/* What the kind of training gives no meaning is an oversight. */
static int check_meaning(const source *from, const train_config *t, bool labels_follow)
{
    const bool ep = t->rule == PLN_RULE_EP;
    const char *plain = t->optimiser == PLN_ADAM ? "left out with adam" : ep ? "left out with rule ep" : NULL;

    if (plain && t->momentum != 0) return refuse(from, "train", "momentum", (double)t->momentum, plain);
    if (plain && t->weight_decay != 0) return refuse(from, "train", "weight_decay", (double)t->weight_decay, plain);
    if (ep && t->clip != 0) return refuse(from, "train", "clip", (double)t->clip, "left out with rule ep");
    if (t->loss != PLN_CROSS_ENTROPY_STEPS && t->tet != 0)
        return refuse(from, "train", "tet", (double)t->tet, "left out where the loss is not cross_entropy_steps");
    if (!t->sequential && t->eta != 0)
        return refuse(from, "train", "eta", (double)t->eta, "left out where training is not sequential");
    if (t->target == PLN_TARGET_SELF && !labels_follow && t->label_smoothing != 0)
        return refuse(from, "train", "label_smoothing", (double)t->label_smoothing,
                      "left out with target self: smoothing is its");
    if (t->target == PLN_TARGET_LABELS && t->smoothing != 0)
        return refuse(from, "train", "smoothing", (double)t->smoothing, "left out with target labels: label_smoothing is theirs");
    return DONE;
}

static int check_train(const source *from, const config *c)
{
    const train_config *t = &c->train;
    int code;

    if (t->epochs < 0 || t->epochs > MAX_EPOCHS) return refuse(from, "train", "epochs", t->epochs, "0..1000000");
    if (t->stop_after && (*t->stop_after < 0 || *t->stop_after > MAX_EPOCHS))
        return refuse(from, "train", "stop_after", *t->stop_after, "0..1000000");
    code = check_course(from, c, "train", t->batch, t->rate, t->rate_count, t->schedule, t->epochs);
    if (code == DONE) code = check_ep(from, c);
    if (code == DONE) code = check_meaning(from, t, c->semi != NULL);
    if (code != DONE) return code;
    if (!(t->label_smoothing >= 0 && t->label_smoothing < 1))
        return refuse(from, "train", "label_smoothing", (double)t->label_smoothing, "at least 0 and below 1");
    if (!(t->output_dropout >= 0 && t->output_dropout < 1))
        return refuse(from, "train", "output_dropout", (double)t->output_dropout, "at least 0 and below 1");
    if (!(t->momentum >= 0 && t->momentum < 1))
        return refuse(from, "train", "momentum", (double)t->momentum, "at least 0 and below 1");
    if (!(t->weight_decay >= 0 && t->weight_decay < 1))
        return refuse(from, "train", "weight_decay", (double)t->weight_decay, "at least 0 and below 1");
    if (!(t->clip >= 0 && t->clip < 1e6f)) return refuse(from, "train", "clip", (double)t->clip, "at least 0");
    if (!(t->tet >= 0 && t->tet <= 1)) return refuse(from, "train", "tet", (double)t->tet, "0..1");
    if (t->augment && !c->network)
        return complain(BAD_INPUT, "%s: samples are varied for spiking networks only", check_place(from, "train", "augment"));
    if (t->augment && (t->augment->padding < 0 || t->augment->padding > 128))
        return refuse(from, "train", "augment.padding", t->augment->padding, "0..128");
    if (t->augment && t->augment->cutout < 0)
        return refuse(from, "train", "augment.cutout", t->augment->cutout, "at least 0");
    if (t->loss == PLN_CROSS_ENTROPY_STEPS && (!c->network || (c->spiking && c->spiking->votes > 1)))
        return complain(BAD_INPUT, "%s: a loss of every time step wants a spiking network without votes",
                        check_place(from, "train", "loss"));
    if (!(t->gamma >= 0 && t->gamma <= 1e6f)) return refuse(from, "train", "gamma", (double)t->gamma, "0..1000000");
    if (!(t->smoothing >= 0 && t->smoothing < 1))
        return refuse(from, "train", "smoothing", (double)t->smoothing, "at least 0 and below 1");
    if (t->sequential && !(t->eta > 0 && t->eta <= 1))
        return refuse(from, "train", "eta", (double)t->eta, "above 0 and at most 1");
    if (t->sequential && t->batch != 1) return refuse(from, "train", "batch", t->batch, "1 in sequential mode");
    if (t->target == PLN_TARGET_LABELS && t->winners == 0) return DONE;
    if (t->winners < 1 || t->winners > PLN_MAX_WINNERS) return refuse(from, "train", "winners", t->winners, "1..64");
    if (t->winners > config_outputs(c)) return refuse(from, "train", "winners", t->winners, "at most the number of outputs");
    return DONE;
}

static int check_semi(const source *from, const config *c)
{
    const semi_config *m = c->semi;
    int code;

    if (!m) return DONE;
    if (c->train.target != PLN_TARGET_SELF)
        return complain(BAD_INPUT, "%s: with a section semi, train.target is self: labels are the section's",
                        check_place(from, "train", "target"));
    if (m->labels < 0) return refuse(from, "semi", "labels", m->labels, "at least 1, or 0 for those that the data have");
    if (m->split_seed < 0) return refuse(from, "semi", "split_seed", m->split_seed, "at least 0");
    if (m->labels_file && m->labels)
        return refuse(from, "semi", "labels", m->labels, "left out where labels_file lists the samples");
    if (m->labels_file && c->evaluate && c->evaluate->validation)
        return complain(BAD_INPUT, "%s: semi.labels_file counts all training samples, and evaluate.validation takes some "
                        "away: one of the two can be there", check_place(from, "semi", "labels_file"));
    code = check_course(from, c, "semi", m->batch, m->rate, m->rate_count, m->schedule, c->train.epochs);
    if (code != DONE || !m->pretrain) return code;
    if (m->pretrain->epochs < 0 || m->pretrain->epochs > MAX_EPOCHS)
        return refuse(from, "semi.pretrain", "epochs", m->pretrain->epochs, "0..1000000");
    return check_course(from, c, "semi.pretrain", m->pretrain->batch, m->pretrain->rate, m->pretrain->rate_count,
                        m->pretrain->schedule, m->pretrain->epochs);
}

static int check_spiking(const source *from, const config *c)
{
    const spiking_config *s = c->spiking;
    pln_neuron neuron;
    pln_surrogate surrogate;
    pln_ctx *ctx;

    if (!s)
        return complain(BAD_INPUT, "%s: a network in short form wants a section spiking with its time steps",
                        check_place(from, "network", NULL));
    if (s->steps < 1 || s->steps > PLN_MAX_TIME) return refuse(from, "spiking", "steps", s->steps, "1..64");
    if (s->votes < 0 || s->votes > 64) return refuse(from, "spiking", "votes", s->votes, "1..64");
    if (!(s->norm_scale >= 0 && s->norm_scale < 1e3f))
        return refuse(from, "spiking", "norm_scale", (double)s->norm_scale, "above 0");
    if (s->neuron && !pln_neuron_find(s->neuron, &neuron))
        return complain(BAD_INPUT, "%s: there is no neuron '%s'; there are default, sj-vgg, code-s, code-u, tet, snntorch",
                        check_place(from, "spiking", "neuron"), s->neuron);
    if (s->surrogate && !pln_surrogate_find(s->surrogate, &surrogate))
        return complain(BAD_INPUT,
                        "%s: there is no surrogate '%s'; there are atan, sigmoid, triangle, rectangle, tanh, fast_sigmoid",
                        check_place(from, "spiking", "surrogate"), s->surrogate);
    if (s->poisson && s->normalise)
        return complain(BAD_INPUT, "%s: values that are normalised are no probabilities: poisson goes without normalise",
                        check_place(from, "spiking", "poisson"));
    neuron = spiking_neuron(s);
    ctx = pln_ctx_new(NULL);
    if (!ctx) return complain(FAILED, "no memory left");
    const int code = pln_neuron_check(ctx, &neuron) == PLN_OK ? DONE
                     : complain(BAD_INPUT, "%s: %s", check_place(from, "spiking", NULL), pln_error(ctx));
    pln_ctx_free(ctx);
    return code == DONE ? notation_check(check_place(from, "network", NULL), c->network) : code;
}

static int check_layers(const source *from, const config *c)
{
    bool dense = false;

    if ((c->network != NULL) + (c->layers_count > 0) != 1)
        return complain(BAD_INPUT, "%s: there must be layers, or a network in short form for spiking neurons, but not both",
                        check_place(from, c->network ? "network" : "layers", NULL));
    if (c->network) return check_spiking(from, c);
    if (c->spiking)
        return complain(BAD_INPUT, "%s: a section spiking wants a network in short form instead of layers",
                        check_place(from, "spiking", NULL));

    for (unsigned i = 0; i < c->layers_count; i++) {
        const layer_config *l = &c->layers[i];
        char section[32];
        pln_activation activation;
        snprintf(section, sizeof section, "layers.%u", i);
        if ((l->dropout != NULL) + (l->dense != NULL) + (l->activation != NULL) != 1)
            return complain(BAD_INPUT, "%s: layers.%u must have one key: dropout, dense or activation",
                            check_place(from, section, NULL), i);
        if (l->dropout && !(*l->dropout >= 0 && *l->dropout < 1))
            return refuse(from, section, "dropout", (double)*l->dropout, "at least 0 and below 1");
        if (l->dense && (*l->dense < 1 || *l->dense > PLN_MAX_UNITS))
            return refuse(from, section, "dense", *l->dense, "1..1048576");
        if (l->activation && !pln_activation_find(l->activation, &activation))
            return complain(BAD_INPUT, "%s: there is no activation '%s'; there are x, relu, hardsigm, sigmoid, tanh, softmax",
                            check_place(from, section, "activation"), l->activation);
        dense |= l->dense != NULL;
    }
    if (dense) return DONE;
    return complain(BAD_INPUT, "%s: the network has no dense layer", check_place(from, "layers", NULL));
}

static int check_rest(const source *from, const config *c)
{
    const evaluate_config *e = c->evaluate;
    const classifier_config *k = c->classifier;
    pln_activation activation;

    if (e && !(e->labels >= 0 && e->labels <= 1)) return refuse(from, "evaluate", "labels", (double)e->labels, "0..1");
    if (e && e->split_seed < 0) return refuse(from, "evaluate", "split_seed", e->split_seed, "at least 0");
    if (e && e->validation && !(*e->validation > 0 && *e->validation < 1))
        return refuse(from, "evaluate", "validation", (double)*e->validation, "above 0 and below 1");
    for (unsigned i = 0; e && i < e->at_count; i++)
        if (e->at[i] < 1) return refuse(from, "evaluate", "at", e->at[i], "a list of epochs, from 1");
    for (unsigned i = 0; e && i < e->fractions_count; i++)
        if (!(e->fractions[i] > 0 && e->fractions[i] <= 1))
            return refuse(from, "evaluate", "fractions", (double)e->fractions[i], "above 0 and at most 1");
    if (!k) return DONE;
    if (k->epochs < 0 || k->epochs > MAX_EPOCHS) return refuse(from, "classifier", "epochs", k->epochs, "0..1000000");
    if (!(k->dropout >= 0 && k->dropout < 1))
        return refuse(from, "classifier", "dropout", (double)k->dropout, "at least 0 and below 1");
    if (!(k->decay >= 0 && k->decay <= 1))
        return refuse(from, "classifier", "decay", (double)k->decay, "above 0 and at most 1");
    if (k->schedule && k->decay > 0)
        return refuse(from, "classifier", "decay", (double)k->decay, "left out where there is a schedule");
    const int code = check_course(from, c, "classifier", k->batch, &k->rate, 1, k->schedule, k->epochs);
    if (code != DONE) return code;
    if (!pln_activation_find(k->activation, &activation))
        return complain(BAD_INPUT, "%s: there is no activation '%s'; there are x, relu, hardsigm, sigmoid, tanh, softmax",
                        check_place(from, "classifier", "activation"), k->activation);
    return DONE;
}

/* Which epoch is best is asked by the accuracy of the largest output. */
static int check_select(const source *from, const config *c)
{
    const select_config *s = c->select;

    if (!s) return DONE;
    if (!(s->validation > 0 && s->validation < 1))
        return refuse(from, "select", "validation", (double)s->validation, "above 0 and below 1");
    if (c->train.target != PLN_TARGET_LABELS)
        return complain(BAD_INPUT, "%s: a section select compares epochs by their accuracy and wants train.target: labels",
                        check_place(from, "select", NULL));
    return DONE;
}

/* How frames are made of events; what is left out is 0, the usual way. */
static int check_read(const source *from, const config *c)
{
    const dataset_how *r = c->read;

    if (!r) return DONE;
    if (r->steps < 0 || r->steps > PLN_MAX_FRAMES) return refuse(from, "read", "steps", r->steps, "1..1000");
    if (r->microseconds < 0) return refuse(from, "read", "microseconds", r->microseconds, "at least 1");
    if (r->height < 0 || r->height > 240) return refuse(from, "read", "height", r->height, "1..240");
    if (r->width < 0 || r->width > 240) return refuse(from, "read", "width", r->width, "1..240");
    return DONE;
}

int check_config(const source *from, const config *c)
{
    int code = check_read(from, c);

    if (code == DONE) code = check_layers(from, c);
    if (code == DONE) code = check_train(from, c);
    if (code == DONE) code = check_semi(from, c);
    if (code == DONE) code = check_rest(from, c);
    if (code == DONE) code = check_select(from, c);
    return code;
}
