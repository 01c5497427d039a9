/* config.c - experiments in YAML: schema, reading, writing */

#define _POSIX_C_SOURCE 200809L

#include "config/config.h"

#include "config/check.h"
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
    CYAML_FIELD_INT_PTR("stop_after", POINTER, train_config, stop_after),
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

/* ---- reading and writing -------------------------------------------------- */

/* What no key says.  An init that is left out reads as glorot, which is the usual of rows alone. */
static void fill_in(const source *from, const char *changed, config *c)
{
    if (c->network && document_look(changed, strlen(changed), "init").line == 0) c->init = PLN_KAIMING;
    if (c->semi) snprintf(c->semi->labels_at, sizeof c->semi->labels_at, "%s", check_place(from, "semi", "labels"));
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
    if (code == DONE) code = check_config(from, *c);
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
    const source from = { name, text, set };
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

void config_free(config *c)
{
    document_free(&schema, c);
}

char *config_text(const config *c, size_t *size)
{
    return document_text(&schema, c, size);
}

int config_outputs(const config *c)
{
    int units = c->network ? notation_outputs(c->network) : 0;

    if (c->spiking && c->spiking->votes > 1) units /= c->spiking->votes;
    for (unsigned i = 0; i < c->layers_count; i++)
        if (c->layers[i].dense) units = *c->layers[i].dense;
    return units;
}

int config_epochs(const config *c)
{
    return c->train.stop_after ? *c->train.stop_after : c->train.epochs;
}
