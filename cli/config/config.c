/* config.c - experiments in YAML: schema, reading, checking, writing */

#define _POSIX_C_SOURCE 200809L

#include "config/config.h"
#include "config/notation.h"
#include "config/preset.h"
#include "yaml/document.h"
#include "yaml/override.h"
#include "yaml/schema.h"
#include "yaml/strict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_LIST = 256 };

/* ---- schema --------------------------------------------------------------- */

static const cyaml_strval_t targets[] = { { "self", PLN_TARGET_SELF }, { "labels", PLN_TARGET_LABELS } };
static const cyaml_strval_t rules[] = { { "bp", PLN_RULE_BP }, { "ep", PLN_RULE_EP } };
static const cyaml_strval_t relaxations[] = { { "euler", PLN_EULER }, { "block", PLN_BLOCK } };
static const cyaml_strval_t losses[] = { { "mse", PLN_MSE }, { "cross_entropy", PLN_CROSS_ENTROPY },
                                         { "cross_entropy_steps", PLN_CROSS_ENTROPY_STEPS } };
static const cyaml_strval_t optimisers[] = { { "sgd", PLN_SGD }, { "adam", PLN_ADAM } };
static const cyaml_strval_t inits[] = { { "glorot", PLN_GLOROT }, { "fan_in", PLN_FAN_IN }, { "kaiming", PLN_KAIMING } };
static const cyaml_strval_t schedules[] = { { "constant", PLN_CONSTANT }, { "linear", PLN_LINEAR },
                                            { "exp", PLN_EXP }, { "step", PLN_STEP }, { "cosine", PLN_COSINE },
                                            { "steps", PLN_STEPS } };
static const cyaml_strval_t resets[] = { { "hard", PLN_RESET_HARD }, { "soft", PLN_RESET_SOFT },
                                         { "delayed", PLN_RESET_DELAYED } };
static const cyaml_strval_t norms[] = { { "none", PLN_NORM_NONE }, { "joint", PLN_NORM_JOINT }, { "step", PLN_NORM_STEP } };
static const cyaml_strval_t readouts[] = { { "mean", PLN_READOUT_MEAN }, { "last", PLN_READOUT_LAST },
                                           { "membrane", PLN_READOUT_MEMBRANE } };

static const cyaml_schema_value_t number = { CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, float) };
static const cyaml_schema_value_t count = { CYAML_VALUE_INT(CYAML_FLAG_DEFAULT, int) };

static const cyaml_schema_field_t layer_fields[] = {
    CYAML_FIELD_FLOAT_PTR("dropout", POINTER, layer_config, dropout),
    CYAML_FIELD_INT_PTR("dense", POINTER, layer_config, dense),
    CYAML_FIELD_STRING_PTR("activation", POINTER, layer_config, activation, 0, 32),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t layer = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, layer_config, layer_fields) };

static const cyaml_schema_field_t spiking_fields[] = {
    CYAML_FIELD_INT("steps", NEEDED, spiking_config, steps),
    CYAML_FIELD_STRING_PTR("neuron", POINTER, spiking_config, neuron, 0, 32),
    CYAML_FIELD_FLOAT_PTR("tau", POINTER, spiking_config, tau),
    CYAML_FIELD_FLOAT_PTR("threshold", POINTER, spiking_config, threshold),
    CYAML_FIELD_FLOAT_PTR("sharpness", POINTER, spiking_config, sharpness),
    CYAML_FIELD_ENUM_PTR("reset", POINTER | CYAML_FLAG_STRICT, spiking_config, reset, resets, CYAML_ARRAY_LEN(resets)),
    CYAML_FIELD_BOOL_PTR("detach", POINTER, spiking_config, detach),
    CYAML_FIELD_BOOL_PTR("strict", POINTER, spiking_config, strict),
    CYAML_FIELD_BOOL_PTR("decay_input", POINTER, spiking_config, decay_input),
    CYAML_FIELD_STRING_PTR("surrogate", POINTER, spiking_config, surrogate, 0, 32),
    FIELD_WORD("norm", OPTIONAL, spiking_config, norm, norms),
    CYAML_FIELD_FLOAT("norm_scale", OPTIONAL, spiking_config, norm_scale),
    FIELD_WORD("readout", OPTIONAL, spiking_config, readout, readouts),
    CYAML_FIELD_INT("votes", OPTIONAL, spiking_config, votes),
    CYAML_FIELD_BOOL("normalise", OPTIONAL, spiking_config, normalise),
    CYAML_FIELD_BOOL("poisson", OPTIONAL, spiking_config, poisson),
    CYAML_FIELD_BOOL("output_spikes", OPTIONAL, spiking_config, output_spikes),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t schedule_fields[] = {
    FIELD_WORD("kind", NEEDED, schedule_config, kind, schedules),
    CYAML_FIELD_FLOAT_PTR("start", POINTER, schedule_config, start),
    CYAML_FIELD_FLOAT_PTR("end", POINTER, schedule_config, end),
    CYAML_FIELD_FLOAT("ratio", OPTIONAL, schedule_config, ratio),
    CYAML_FIELD_INT("length", OPTIONAL, schedule_config, length),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t ep_fields[] = {
    FIELD_WORD("relaxation", NEEDED, ep_config, relaxation, relaxations),
    CYAML_FIELD_INT("steps", NEEDED, ep_config, steps),
    CYAML_FIELD_INT("nudged_steps", NEEDED, ep_config, nudged_steps),
    CYAML_FIELD_FLOAT("dt", OPTIONAL, ep_config, dt),
    CYAML_FIELD_FLOAT("tolerance", OPTIONAL, ep_config, tolerance),
    CYAML_FIELD_FLOAT("beta", NEEDED, ep_config, beta),
    CYAML_FIELD_BOOL("symmetric", OPTIONAL, ep_config, symmetric),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t augment_fields[] = {
    CYAML_FIELD_INT("padding", OPTIONAL, augment_config, padding),
    CYAML_FIELD_BOOL("flip", OPTIONAL, augment_config, flip),
    CYAML_FIELD_INT("cutout", OPTIONAL, augment_config, cutout),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t train_fields[] = {
    FIELD_WORD("rule", OPTIONAL, train_config, rule, rules),
    CYAML_FIELD_MAPPING_PTR("ep", POINTER, train_config, ep, ep_fields),
    FIELD_WORD("target", NEEDED, train_config, target, targets),
    CYAML_FIELD_INT("epochs", NEEDED, train_config, epochs),
    CYAML_FIELD_INT("batch", NEEDED, train_config, batch),
    FIELD_WORD("loss", NEEDED, train_config, loss, losses),
    FIELD_WORD("optimiser", NEEDED, train_config, optimiser, optimisers),
    CYAML_FIELD_SEQUENCE("rate", CYAML_FLAG_POINTER, train_config, rate, &number, 1, PLN_MAX_LAYERS),
    CYAML_FIELD_MAPPING_PTR("schedule", POINTER, train_config, schedule, schedule_fields),
    CYAML_FIELD_INT("winners", OPTIONAL, train_config, winners),
    CYAML_FIELD_FLOAT("gamma", OPTIONAL, train_config, gamma),
    CYAML_FIELD_FLOAT("eta", OPTIONAL, train_config, eta),
    CYAML_FIELD_FLOAT("smoothing", OPTIONAL, train_config, smoothing),
    CYAML_FIELD_FLOAT("output_dropout", OPTIONAL, train_config, output_dropout),
    CYAML_FIELD_BOOL("sequential", OPTIONAL, train_config, sequential),
    CYAML_FIELD_FLOAT("label_smoothing", OPTIONAL, train_config, label_smoothing),
    CYAML_FIELD_FLOAT("momentum", OPTIONAL, train_config, momentum),
    CYAML_FIELD_FLOAT("weight_decay", OPTIONAL, train_config, weight_decay),
    CYAML_FIELD_FLOAT("clip", OPTIONAL, train_config, clip),
    CYAML_FIELD_FLOAT("tet", OPTIONAL, train_config, tet),
    CYAML_FIELD_MAPPING_PTR("augment", POINTER, train_config, augment, augment_fields),
    CYAML_FIELD_END
};

/* What every pass over samples with labels has. */
#define COURSE_FIELDS(type) \
    CYAML_FIELD_INT("batch", NEEDED, type, batch), \
    CYAML_FIELD_SEQUENCE("rate", CYAML_FLAG_POINTER, type, rate, &number, 1, PLN_MAX_LAYERS), \
    CYAML_FIELD_MAPPING_PTR("schedule", POINTER, type, schedule, schedule_fields)

static const cyaml_schema_field_t pretrain_fields[] = {
    CYAML_FIELD_INT("epochs", NEEDED, pretrain_config, epochs),
    COURSE_FIELDS(pretrain_config),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t semi_fields[] = {
    CYAML_FIELD_INT("labels", OPTIONAL, semi_config, labels),
    CYAML_FIELD_STRING_PTR("labels_file", POINTER, semi_config, labels_file, 1, MAX_TEXT),
    CYAML_FIELD_INT("split_seed", OPTIONAL, semi_config, split_seed),
    COURSE_FIELDS(semi_config),
    CYAML_FIELD_MAPPING_PTR("pretrain", POINTER, semi_config, pretrain, pretrain_fields),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t evaluate_fields[] = {
    CYAML_FIELD_SEQUENCE("at", POINTER, evaluate_config, at, &count, 0, MAX_LIST),
    CYAML_FIELD_FLOAT("labels", OPTIONAL, evaluate_config, labels),
    CYAML_FIELD_FLOAT_PTR("validation", POINTER, evaluate_config, validation),
    CYAML_FIELD_INT("split_seed", OPTIONAL, evaluate_config, split_seed),
    CYAML_FIELD_SEQUENCE("fractions", POINTER, evaluate_config, fractions, &number, 0, MAX_LIST),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t select_fields[] = {
    CYAML_FIELD_FLOAT("validation", NEEDED, select_config, validation),
    CYAML_FIELD_INT("split_seed", OPTIONAL, select_config, split_seed),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t classifier_fields[] = {
    CYAML_FIELD_INT("epochs", NEEDED, classifier_config, epochs),
    CYAML_FIELD_INT("batch", NEEDED, classifier_config, batch),
    CYAML_FIELD_FLOAT("rate", NEEDED, classifier_config, rate),
    CYAML_FIELD_FLOAT("dropout", OPTIONAL, classifier_config, dropout),
    CYAML_FIELD_FLOAT("decay", OPTIONAL, classifier_config, decay),
    CYAML_FIELD_MAPPING_PTR("schedule", POINTER, classifier_config, schedule, schedule_fields),
    CYAML_FIELD_STRING_PTR("activation", CYAML_FLAG_POINTER, classifier_config, activation, 0, 32),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t expected_fields[] = {
    CYAML_FIELD_FLOAT("direct_average", OPTIONAL, expected_config, direct_average),
    CYAML_FIELD_FLOAT("direct_max", OPTIONAL, expected_config, direct_max),
    CYAML_FIELD_FLOAT("linear", OPTIONAL, expected_config, linear),
    CYAML_FIELD_FLOAT("accuracy", OPTIONAL, expected_config, accuracy),
    CYAML_FIELD_FLOAT("minutes", OPTIONAL, expected_config, minutes),
    FIELD_TEXT("source", expected_config, source),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t read_fields[] = {
    CYAML_FIELD_BOOL("coarse", OPTIONAL, dataset_how, coarse),
    CYAML_FIELD_INT("steps", OPTIONAL, dataset_how, steps),
    CYAML_FIELD_INT("microseconds", OPTIONAL, dataset_how, microseconds),
    CYAML_FIELD_INT("height", OPTIONAL, dataset_how, height),
    CYAML_FIELD_INT("width", OPTIONAL, dataset_how, width),
    CYAML_FIELD_BOOL("binary", OPTIONAL, dataset_how, binary),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t fields[] = {
    FIELD_TEXT("description", config, description),
    CYAML_FIELD_STRING_PTR("data", CYAML_FLAG_POINTER, config, data, 1, 256),
    CYAML_FIELD_MAPPING_PTR("read", POINTER, config, read, read_fields),
    FIELD_WORD("init", OPTIONAL, config, init, inits),
    CYAML_FIELD_SEQUENCE("layers", POINTER, config, layers, &layer, 0, PLN_MAX_LAYERS),
    CYAML_FIELD_STRING_PTR("network", POINTER, config, network, 0, MAX_TEXT),
    CYAML_FIELD_MAPPING_PTR("spiking", POINTER, config, spiking, spiking_fields),
    CYAML_FIELD_MAPPING("train", NEEDED, config, train, train_fields),
    CYAML_FIELD_MAPPING_PTR("semi", POINTER, config, semi, semi_fields),
    CYAML_FIELD_MAPPING_PTR("evaluate", POINTER, config, evaluate, evaluate_fields),
    CYAML_FIELD_MAPPING_PTR("select", POINTER, config, select, select_fields),
    CYAML_FIELD_MAPPING_PTR("classifier", POINTER, config, classifier, classifier_fields),
    CYAML_FIELD_MAPPING_PTR("expected", POINTER, config, expected, expected_fields),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, config, fields) };

/* ---- checks --------------------------------------------------------------- */

/* What is being checked: the text as it stands in the file, the settings that changed it, and whether
 * it was kept by a run, whose epochs may be fewer than a schedule is long. */
typedef struct source {
    const char        *name, *text;
    const char *const *set;
    bool               kept;
} source;

/* Whether a setting "train.ep.beta=0.3" gives the value at a path: it names the path, or a section around it. */
static bool gives(const char *setting, const char *path)
{
    const size_t length = strcspn(setting, "=");
    return strncmp(setting, path, length) == 0 && (path[length] == 0 || path[length] == '.');
}

/* Where the value of a section's key (NULL: the section itself) comes from: "file.yaml:12", or "--set train.batch=0". */
static const char *place(const source *from, const char *section, const char *key)
{
    static char where[4200];
    char path[96];
    int last = -1;

    snprintf(path, sizeof path, "%s%s%s", section, key ? "." : "", key ? key : "");
    for (int i = 0; from->set && from->set[i]; i++)
        if (gives(from->set[i], path)) last = i;
    if (last >= 0) snprintf(where, sizeof where, "--set %s", from->set[last]);
    else snprintf(where, sizeof where, "%s:%d", from->name, document_line(from->text, strlen(from->text), path));
    return where;
}

static int refuse(const source *from, const char *section, const char *key,
                  double value, const char *wanted)
{
    return complain(BAD_INPUT, "%s: %s.%s is %g; it must be %s", place(from, section, key), section, key, value, wanted);
}

int config_outputs(const config *c)
{
    int units = c->network ? notation_outputs(c->network) : 0;

    if (c->spiking && c->spiking->votes > 1) units /= c->spiking->votes;
    for (unsigned i = 0; i < c->layers_count; i++)
        if (c->layers[i].dense) units = *c->layers[i].dense;
    return units;
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
    char section[64];

    snprintf(section, sizeof section, "%s.schedule", in);
    if (s->length < 0) return refuse(from, section, "length", s->length, "at least 0");
    if (epochs > 0 && s->length > epochs) return refuse(from, section, "length", s->length, "at most the epochs there are");
    if (s->kind == PLN_LINEAR && !(s->start && s->end))
        return complain(BAD_INPUT, "%s: a linear schedule wants start and end", place(from, section, NULL));
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
        return refuse(from, section, "rate", rates, "a list of one rate, or of one for each dense layer");
    for (unsigned i = 0; i < rates; i++)
        if (!(rate[i] >= 0 && rate[i] <= 1e6f)) return refuse(from, section, "rate", (double)rate[i], "0..1000000");
    return schedule ? check_schedule(from, section, schedule, epochs) : DONE;
}

static bool ends_in_softmax(const config *c)
{
    const layer_config *top = c->layers_count ? &c->layers[c->layers_count - 1] : NULL;
    return top && top->activation && strcmp(top->activation, "softmax") == 0;
}

static int check_ep(const source *from, const config *c)
{
    const ep_config *e = c->train.ep;

    if (c->train.rule == PLN_RULE_EP && !e)
        return complain(BAD_INPUT, "%s: rule ep wants a section train.ep: relaxation, steps, nudged_steps, beta",
                        place(from, "train", "rule"));
    if (c->train.rule != PLN_RULE_EP && e)
        return complain(BAD_INPUT, "%s: train.ep is there, but the rule is not ep", place(from, "train", "ep"));
    if (!e) return DONE;
    if (c->network)
        return complain(BAD_INPUT, "%s: a spiking network is trained by rule bp, through time", place(from, "train", "rule"));
    if (!(e->beta > 0 && e->beta < 1)) return refuse(from, "train.ep", "beta", (double)e->beta, "above 0 and below 1");
    if ((c->train.loss == PLN_CROSS_ENTROPY) != ends_in_softmax(c))
        return complain(BAD_INPUT, "%s: with rule ep, loss cross_entropy goes with softmax at the top, and mse with hardsigm",
                        place(from, "train", "loss"));
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
static int check_meaning(const source *from, const train_config *t)
{
    if (t->optimiser == PLN_ADAM && t->momentum != 0)
        return refuse(from, "train", "momentum", (double)t->momentum, "left out with adam");
    if (t->optimiser == PLN_ADAM && t->weight_decay != 0)
        return refuse(from, "train", "weight_decay", (double)t->weight_decay, "left out with adam");
    if (t->loss != PLN_CROSS_ENTROPY_STEPS && t->tet != 0)
        return refuse(from, "train", "tet", (double)t->tet, "left out where the loss is not cross_entropy_steps");
    if (!t->sequential && t->eta != 0)
        return refuse(from, "train", "eta", (double)t->eta, "left out where training is not sequential");
    if (t->target == PLN_TARGET_LABELS && t->smoothing != 0)
        return refuse(from, "train", "smoothing", (double)t->smoothing, "left out with target labels: label_smoothing is theirs");
    return DONE;
}

static int check_train(const source *from, const config *c)
{
    const train_config *t = &c->train;
    int code;

    if (t->epochs < 0 || t->epochs > MAX_EPOCHS) return refuse(from, "train", "epochs", t->epochs, "0..1000000");
    code = check_course(from, c, "train", t->batch, t->rate, t->rate_count, t->schedule, 0);
    if (code == DONE) code = check_ep(from, c);
    if (code == DONE) code = check_meaning(from, t);
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
    if (t->clip > 0 && t->rule == PLN_RULE_EP) return refuse(from, "train", "clip", (double)t->clip, "left out with rule ep");
    if (!(t->tet >= 0 && t->tet <= 1)) return refuse(from, "train", "tet", (double)t->tet, "0..1");
    if (t->augment && !c->network)
        return complain(BAD_INPUT, "%s: samples are varied for spiking networks only", place(from, "train", "augment"));
    if (t->augment && (t->augment->padding < 0 || t->augment->padding > 128))
        return refuse(from, "train", "augment.padding", t->augment->padding, "0..128");
    if (t->augment && t->augment->cutout < 0) return refuse(from, "train", "augment.cutout", t->augment->cutout, "at least 0");
    if (t->loss == PLN_CROSS_ENTROPY_STEPS && (!c->network || (c->spiking && c->spiking->votes > 1)))
        return complain(BAD_INPUT, "%s: a loss of every time step wants a spiking network without votes",
                        place(from, "train", "loss"));
    if (t->target == PLN_TARGET_LABELS) return DONE;
    if (t->winners < 1 || t->winners > PLN_MAX_WINNERS) return refuse(from, "train", "winners", t->winners, "1..64");
    if (t->winners > config_outputs(c)) return refuse(from, "train", "winners", t->winners, "at most the number of outputs");
    if (!(t->gamma >= 0 && t->gamma <= 1e6f)) return refuse(from, "train", "gamma", (double)t->gamma, "0..1000000");
    if (!(t->smoothing >= 0 && t->smoothing < 1))
        return refuse(from, "train", "smoothing", (double)t->smoothing, "at least 0 and below 1");
    if (t->sequential && !(t->eta > 0 && t->eta <= 1))
        return refuse(from, "train", "eta", (double)t->eta, "above 0 and at most 1");
    if (t->sequential && t->batch != 1) return refuse(from, "train", "batch", t->batch, "1 in sequential mode");
    return DONE;
}

static int check_semi(const source *from, const config *c)
{
    const semi_config *m = c->semi;
    int code;

    if (!m) return DONE;
    if (c->train.target != PLN_TARGET_SELF)
        return complain(BAD_INPUT, "%s: with a section semi, train.target is self: labels are the section's",
                        place(from, "train", "target"));
    if (m->labels < 0) return refuse(from, "semi", "labels", m->labels, "at least 1, or 0 for those that the data have");
    if (m->labels_file && m->labels)
        return refuse(from, "semi", "labels", m->labels, "left out where labels_file lists the samples");
    if (m->labels_file && c->evaluate && c->evaluate->validation)
        return complain(BAD_INPUT, "%s: semi.labels_file counts all training samples, and evaluate.validation takes some "
                        "away: one of the two can be there", place(from, "semi", "labels_file"));
    code = check_course(from, c, "semi", m->batch, m->rate, m->rate_count, m->schedule,
                        from->kept ? 0 : c->train.epochs);
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
                        place(from, "network", NULL));
    if (s->steps < 1 || s->steps > PLN_MAX_TIME) return refuse(from, "spiking", "steps", s->steps, "1..64");
    if (s->votes < 0 || s->votes > 64) return refuse(from, "spiking", "votes", s->votes, "1..64");
    if (!(s->norm_scale >= 0 && s->norm_scale < 1e3f))
        return refuse(from, "spiking", "norm_scale", (double)s->norm_scale, "above 0");
    if (s->neuron && !pln_neuron_find(s->neuron, &neuron))
        return complain(BAD_INPUT, "%s: there is no neuron '%s'; there are default, sj-vgg, code-s, code-u, tet, snntorch",
                        place(from, "spiking", "neuron"), s->neuron);
    if (s->surrogate && !pln_surrogate_find(s->surrogate, &surrogate))
        return complain(BAD_INPUT,
                        "%s: there is no surrogate '%s'; there are atan, sigmoid, triangle, rectangle, tanh, fast_sigmoid",
                        place(from, "spiking", "surrogate"), s->surrogate);
    if (s->poisson && s->normalise)
        return complain(BAD_INPUT, "%s: values that are normalised are no probabilities: poisson goes without normalise",
                        place(from, "spiking", "poisson"));
    neuron = spiking_neuron(s);
    ctx = pln_ctx_new(NULL);
    if (!ctx) return complain(FAILED, "no memory left");
    const int code = pln_neuron_check(ctx, &neuron) == PLN_OK ? DONE
                     : complain(BAD_INPUT, "%s: %s", place(from, "spiking", NULL), pln_error(ctx));
    pln_ctx_free(ctx);
    return code == DONE ? notation_check(place(from, "network", NULL), c->network) : code;
}

static int check_layers(const source *from, const config *c)
{
    bool dense = false;

    if ((c->network != NULL) + (c->layers_count > 0) != 1)
        return complain(BAD_INPUT, "%s: there must be layers, or a network in short form for spiking neurons, but not both",
                        place(from, c->network ? "network" : "layers", NULL));
    if (c->network) return check_spiking(from, c);
    if (c->spiking)
        return complain(BAD_INPUT, "%s: a section spiking wants a network in short form instead of layers",
                        place(from, "spiking", NULL));

    for (unsigned i = 0; i < c->layers_count; i++) {
        const layer_config *l = &c->layers[i];
        char section[32];
        pln_activation activation;
        snprintf(section, sizeof section, "layers.%u", i);
        if ((l->dropout != NULL) + (l->dense != NULL) + (l->activation != NULL) != 1)
            return complain(BAD_INPUT, "%s: layer %u must have one key: dropout, dense or activation",
                            place(from, section, NULL), i + 1);
        if (l->dropout && !(*l->dropout >= 0 && *l->dropout < 1))
            return refuse(from, section, "dropout", (double)*l->dropout, "at least 0 and below 1");
        if (l->dense && (*l->dense < 1 || *l->dense > PLN_MAX_UNITS))
            return refuse(from, section, "dense", *l->dense, "1..1048576");
        if (l->activation && !pln_activation_find(l->activation, &activation))
            return complain(BAD_INPUT, "%s: there is no activation '%s'; there are x, relu, hardsigm, sigmoid, tanh, softmax",
                            place(from, section, "activation"), l->activation);
        dense |= l->dense != NULL;
    }
    if (dense) return DONE;
    return complain(BAD_INPUT, "%s: the network has no dense layer", place(from, "layers", NULL));
}

static int check_rest(const source *from, const config *c)
{
    const evaluate_config *e = c->evaluate;
    const classifier_config *k = c->classifier;
    pln_activation activation;

    if (e && !(e->labels >= 0 && e->labels <= 1)) return refuse(from, "evaluate", "labels", (double)e->labels, "0..1");
    if (e && e->validation && !(*e->validation > 0 && *e->validation < 1))
        return refuse(from, "evaluate", "validation", (double)*e->validation, "above 0 and below 1");
    for (unsigned i = 0; e && i < e->at_count; i++)
        if (e->at[i] < 1) return refuse(from, "evaluate", "at", e->at[i], "a list of epochs, from 1");
    for (unsigned i = 0; e && i < e->fractions_count; i++)
        if (!(e->fractions[i] > 0 && e->fractions[i] <= 1))
            return refuse(from, "evaluate", "fractions", (double)e->fractions[i], "above 0 and at most 1");
    if (!k) return DONE;
    if (k->epochs < 0 || k->epochs > MAX_EPOCHS) return refuse(from, "classifier", "epochs", k->epochs, "0..1000000");
    if (k->batch < 1 || k->batch > PLN_MAX_BATCH) return refuse(from, "classifier", "batch", k->batch, "1..4096");
    if (!(k->rate >= 0 && k->rate <= 1e6f)) return refuse(from, "classifier", "rate", (double)k->rate, "0..1000000");
    if (!(k->dropout >= 0 && k->dropout < 1))
        return refuse(from, "classifier", "dropout", (double)k->dropout, "at least 0 and below 1");
    if (!(k->decay >= 0 && k->decay <= 1)) return refuse(from, "classifier", "decay", (double)k->decay, "above 0 and at most 1");
    if (k->schedule && k->decay > 0)
        return refuse(from, "classifier", "decay", (double)k->decay, "left out where there is a schedule");
    const int code = check_course(from, c, "classifier", k->batch, &k->rate, 1, k->schedule, k->epochs);
    if (code != DONE) return code;
    if (!pln_activation_find(k->activation, &activation))
        return complain(BAD_INPUT, "%s: there is no activation '%s'; there are x, relu, hardsigm, sigmoid, tanh, softmax",
                        place(from, "classifier", "activation"), k->activation);
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
                        place(from, "select", NULL));
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

static int check(const source *from, const config *c)
{
    int code = check_read(from, c);

    if (code == DONE) code = check_layers(from, c);
    if (code == DONE) code = check_train(from, c);
    if (code == DONE) code = check_semi(from, c);
    if (code == DONE) code = check_rest(from, c);
    if (code == DONE) code = check_select(from, c);
    return code;
}

/* ---- reading and writing -------------------------------------------------- */

/* What no key says.  An init that is left out reads as glorot, which is the usual of rows alone. */
static void fill_in(const source *from, const char *changed, config *c)
{
    if (c->network && document_look(changed, strlen(changed), "init").line == 0) c->init = PLN_KAIMING;
    if (c->semi) snprintf(c->semi->labels_at, sizeof c->semi->labels_at, "%s", place(from, "semi", "labels"));
}

static int parse(const source *from, size_t size, config **c)
{
    char *changed = NULL;
    int code;

    *c = NULL;
    code = strict_check(from->name, from->text, size, &schema, BAD_INPUT);
    if (code == DONE) code = override_apply(from->name, from->text, size, from->set, &changed);
    if (code == DONE && from->set && from->set[0])
        code = strict_check("--set", changed, strlen(changed), &schema, MISUSED);
    if (code == DONE) code = document_read(from->name, changed, strlen(changed), &schema, (void **)c);
    if (code == DONE) code = check(from, *c);
    if (code == DONE) fill_in(from, changed, *c);
    free(changed);
    if (code != DONE) {
        config_free(*c);
        *c = NULL;
    }
    return code;
}

int config_parse(const char *name, const char *text, size_t size,
                 const char *const *set, config **c)
{
    const source from = { name, text, set, false };
    return parse(&from, size, c);
}

int config_load(const char *name, const char *const *set, config **c)
{
    char path[4096], *text = NULL;
    struct stat about;
    size_t size = 0;
    int code;

    *c = NULL;
    if (stat(name, &about) == 0 && !S_ISDIR(about.st_mode)) snprintf(path, sizeof path, "%s", name);
    else if (!preset_path(name, path, sizeof path))
        return complain(BAD_INPUT, "there is neither a file nor a preset '%s'; 'planaria presets' lists them", name);
    code = document_file(path, &text, &size);
    if (code == DONE) code = config_parse(path, text, size, set, c);
    free(text);
    return code;
}

int config_load_kept(const char *path, config **c)
{
    source from = { path, NULL, NULL, true };
    char *text = NULL;
    size_t size = 0;
    int code = document_file(path, &text, &size);

    *c = NULL;
    from.text = text;
    if (code == DONE) code = parse(&from, size, c);
    free(text);
    return code;
}

void config_free(config *c)
{
    document_free(&schema, c);
}

char *config_text(const config *c, size_t *size)
{
    return document_text(&schema, c, size);
}
