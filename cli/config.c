/* config.c - experiments in YAML: schema, reading, checking, writing */

#define _POSIX_C_SOURCE 200809L

#include "config.h"
#include "document.h"
#include "override.h"
#include "strict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_TEXT = 4096, MAX_LIST = 256, MAX_EPOCHS = 1000000 };

/* ---- schema --------------------------------------------------------------- */

static const cyaml_strval_t targets[] = { { "self", PLN_TARGET_SELF }, { "labels", PLN_TARGET_LABELS } };
static const cyaml_strval_t rules[] = { { "bp", PLN_RULE_BP }, { "ep", PLN_RULE_EP } };
static const cyaml_strval_t relaxations[] = { { "euler", PLN_EULER }, { "block", PLN_BLOCK } };
static const cyaml_strval_t losses[] = { { "mse", PLN_MSE }, { "cross_entropy", PLN_CROSS_ENTROPY } };
static const cyaml_strval_t optimisers[] = { { "sgd", PLN_SGD }, { "adam", PLN_ADAM } };
static const cyaml_strval_t inits[] = { { "glorot", PLN_GLOROT }, { "fan_in", PLN_FAN_IN } };
static const cyaml_strval_t schedules[] = { { "constant", PLN_CONSTANT }, { "linear", PLN_LINEAR },
                                            { "exp", PLN_EXP }, { "step", PLN_STEP } };

static const cyaml_schema_value_t number = { CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, float) };
static const cyaml_schema_value_t count = { CYAML_VALUE_INT(CYAML_FLAG_DEFAULT, int) };

#define NEEDED   CYAML_FLAG_DEFAULT
#define OPTIONAL CYAML_FLAG_OPTIONAL
#define POINTER  (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_field_t layer_fields[] = {
    CYAML_FIELD_FLOAT_PTR("dropout", POINTER, layer_config, dropout),
    CYAML_FIELD_INT_PTR("dense", POINTER, layer_config, dense),
    CYAML_FIELD_STRING_PTR("activation", POINTER, layer_config, activation, 0, 32),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t layer = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, layer_config, layer_fields) };

static const cyaml_schema_field_t schedule_fields[] = {
    CYAML_FIELD_ENUM("kind", NEEDED | CYAML_FLAG_STRICT, schedule_config, kind, schedules, CYAML_ARRAY_LEN(schedules)),
    CYAML_FIELD_FLOAT("start", OPTIONAL, schedule_config, start),
    CYAML_FIELD_FLOAT("end", OPTIONAL, schedule_config, end),
    CYAML_FIELD_FLOAT("ratio", OPTIONAL, schedule_config, ratio),
    CYAML_FIELD_INT("length", OPTIONAL, schedule_config, length),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t ep_fields[] = {
    CYAML_FIELD_ENUM("relaxation", NEEDED | CYAML_FLAG_STRICT, ep_config, relaxation, relaxations, CYAML_ARRAY_LEN(relaxations)),
    CYAML_FIELD_INT("steps", NEEDED, ep_config, steps),
    CYAML_FIELD_INT("nudged_steps", NEEDED, ep_config, nudged_steps),
    CYAML_FIELD_FLOAT("dt", OPTIONAL, ep_config, dt),
    CYAML_FIELD_FLOAT("tolerance", OPTIONAL, ep_config, tolerance),
    CYAML_FIELD_FLOAT("beta", NEEDED, ep_config, beta),
    CYAML_FIELD_BOOL("symmetric", OPTIONAL, ep_config, symmetric),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t train_fields[] = {
    CYAML_FIELD_ENUM("rule", OPTIONAL | CYAML_FLAG_STRICT, train_config, rule, rules, CYAML_ARRAY_LEN(rules)),
    CYAML_FIELD_MAPPING_PTR("ep", POINTER, train_config, ep, ep_fields),
    CYAML_FIELD_ENUM("target", NEEDED | CYAML_FLAG_STRICT, train_config, target, targets, CYAML_ARRAY_LEN(targets)),
    CYAML_FIELD_INT("epochs", NEEDED, train_config, epochs),
    CYAML_FIELD_INT("batch", NEEDED, train_config, batch),
    CYAML_FIELD_ENUM("loss", NEEDED | CYAML_FLAG_STRICT, train_config, loss, losses, CYAML_ARRAY_LEN(losses)),
    CYAML_FIELD_ENUM("optimiser", NEEDED | CYAML_FLAG_STRICT, train_config, optimiser, optimisers, CYAML_ARRAY_LEN(optimisers)),
    CYAML_FIELD_SEQUENCE("rate", CYAML_FLAG_POINTER, train_config, rate, &number, 1, PLN_MAX_LAYERS),
    CYAML_FIELD_MAPPING_PTR("schedule", POINTER, train_config, schedule, schedule_fields),
    CYAML_FIELD_INT("winners", OPTIONAL, train_config, winners),
    CYAML_FIELD_FLOAT("gamma", OPTIONAL, train_config, gamma),
    CYAML_FIELD_FLOAT("eta", OPTIONAL, train_config, eta),
    CYAML_FIELD_FLOAT("smoothing", OPTIONAL, train_config, smoothing),
    CYAML_FIELD_FLOAT("output_dropout", OPTIONAL, train_config, output_dropout),
    CYAML_FIELD_BOOL("sequential", OPTIONAL, train_config, sequential),
    CYAML_FIELD_FLOAT("label_smoothing", OPTIONAL, train_config, label_smoothing),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t pretrain_fields[] = {
    CYAML_FIELD_INT("epochs", NEEDED, pretrain_config, epochs),
    CYAML_FIELD_INT("batch", NEEDED, pretrain_config, batch),
    CYAML_FIELD_SEQUENCE("rate", CYAML_FLAG_POINTER, pretrain_config, rate, &number, 1, PLN_MAX_LAYERS),
    CYAML_FIELD_MAPPING_PTR("schedule", POINTER, pretrain_config, schedule, schedule_fields),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t semi_fields[] = {
    CYAML_FIELD_INT("labels", OPTIONAL, semi_config, labels),
    CYAML_FIELD_INT("split_seed", OPTIONAL, semi_config, split_seed),
    CYAML_FIELD_INT("batch", NEEDED, semi_config, batch),
    CYAML_FIELD_SEQUENCE("rate", CYAML_FLAG_POINTER, semi_config, rate, &number, 1, PLN_MAX_LAYERS),
    CYAML_FIELD_MAPPING_PTR("schedule", POINTER, semi_config, schedule, schedule_fields),
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
    CYAML_FIELD_STRING_PTR("source", POINTER, expected_config, source, 0, MAX_TEXT),
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
    CYAML_FIELD_STRING_PTR("description", POINTER, config, description, 0, MAX_TEXT),
    CYAML_FIELD_STRING_PTR("data", CYAML_FLAG_POINTER, config, data, 1, 256),
    CYAML_FIELD_MAPPING_PTR("read", POINTER, config, read, read_fields),
    CYAML_FIELD_ENUM("init", OPTIONAL | CYAML_FLAG_STRICT, config, init, inits, CYAML_ARRAY_LEN(inits)),
    CYAML_FIELD_SEQUENCE("layers", CYAML_FLAG_POINTER, config, layers, &layer, 1, PLN_MAX_LAYERS),
    CYAML_FIELD_MAPPING("train", NEEDED, config, train, train_fields),
    CYAML_FIELD_MAPPING_PTR("semi", POINTER, config, semi, semi_fields),
    CYAML_FIELD_MAPPING_PTR("evaluate", POINTER, config, evaluate, evaluate_fields),
    CYAML_FIELD_MAPPING_PTR("classifier", POINTER, config, classifier, classifier_fields),
    CYAML_FIELD_MAPPING_PTR("expected", POINTER, config, expected, expected_fields),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, config, fields) };

/* ---- checks --------------------------------------------------------------- */

/* The line of a key inside a section (NULL: top level), or 0. */
static int line_of(const char *text, const char *section, const char *key)
{
    bool inside = section == NULL;
    int line = 1;

    for (const char *at = text; *at; line++) {
        const size_t indent = strspn(at, " -");
        const char *word = at + indent;
        if (indent == 0 && section && *word != '#' && *word != '\n')
            inside = strncmp(word, section, strlen(section)) == 0 && word[strlen(section)] == ':';
        else if (inside && strncmp(word, key, strlen(key)) == 0 && word[strlen(key)] == ':')
            return line;
        at = strchr(at, '\n');
        if (!at) break;
        at++;
    }
    return 0;
}

/* What is being checked, for messages. */
typedef struct source {
    const char *name, *text;
} source;

static int refuse(const source *from, const char *section, const char *key,
                  double value, const char *wanted)
{
    const int line = line_of(from->text, section, key);

    return complain(BAD_INPUT, "%s:%d: %s%s%s is %g; it must be %s", from->name, line,
                    section ? section : "", section ? "." : "", key, value, wanted);
}

/* Units of the last dense layer; there is one. */
static int outputs_of(const config *c)
{
    int units = 0;

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

/* What every section that trains has: batch, rates, schedule. */
static int check_course(const source *from, const config *c, const char *section, int batch, const float *rate,
                        unsigned rates, const schedule_config *schedule, int epochs)
{
    if (batch < 1 || batch > PLN_MAX_BATCH) return refuse(from, section, "batch", batch, "1..4096");
    if (rates != 1 && rates != dense_layers(c))
        return refuse(from, section, "rate", rates, "a list of one rate, or of one for each dense layer");
    for (unsigned i = 0; i < rates; i++)
        if (!(rate[i] >= 0 && rate[i] <= 1e6f)) return refuse(from, section, "rate", (double)rate[i], "0..1000000");
    if (!schedule) return DONE;
    if (schedule->length < 0) return refuse(from, section, "length", schedule->length, "at least 0");
    if (epochs > 0 && schedule->length > epochs)
        return refuse(from, section, "length", schedule->length, "at most the epochs there are");
    if (schedule->kind == PLN_EXP && !(schedule->ratio > 0 && schedule->ratio <= 1))
        return refuse(from, section, "ratio", (double)schedule->ratio, "above 0 and at most 1");
    return DONE;
}

static bool ends_in_softmax(const config *c)
{
    const layer_config *top = &c->layers[c->layers_count - 1];
    return top->activation && strcmp(top->activation, "softmax") == 0;
}

static int check_ep(const source *from, const config *c)
{
    const ep_config *e = c->train.ep;

    if (c->train.rule == PLN_RULE_EP && !e)
        return complain(BAD_INPUT, "%s:%d: rule ep wants a section train.ep: relaxation, steps, nudged_steps, beta",
                        from->name, line_of(from->text, "train", "rule"));
    if (c->train.rule != PLN_RULE_EP && e)
        return complain(BAD_INPUT, "%s:%d: train.ep is there, but the rule is not ep", from->name, line_of(from->text, "train", "ep"));
    if (!e) return DONE;
    if (!(e->beta > 0 && e->beta < 1)) return refuse(from, "train", "beta", (double)e->beta, "above 0 and below 1");
    if ((c->train.loss == PLN_CROSS_ENTROPY) != ends_in_softmax(c))
        return complain(BAD_INPUT, "%s:%d: with rule ep, loss cross_entropy goes with softmax at the top, and mse with hardsigm",
                        from->name, line_of(from->text, "train", "loss"));
    if (e->relaxation == PLN_EULER && e->dt * (1 + e->beta) > 1)
        return refuse(from, "train", "dt", (double)e->dt, "at most 1 / (1 + beta)");
    if (e->steps < 1 || e->steps > PLN_MAX_STEPS) return refuse(from, "train", "steps", e->steps, "1..10000");
    if (e->nudged_steps < 1 || e->nudged_steps > PLN_MAX_STEPS)
        return refuse(from, "train", "nudged_steps", e->nudged_steps, "1..10000");
    if (!(e->dt >= 0 && e->dt < 1) || (e->relaxation == PLN_EULER && e->dt <= 0))
        return refuse(from, "train", "dt", (double)e->dt, "above 0 and below 1");
    if (!(e->tolerance >= 0)) return refuse(from, "train", "tolerance", (double)e->tolerance, "at least 0");
    return DONE;
}

static int check_train(const source *from, const config *c)
{
    const train_config *t = &c->train;
    int code;

    if (t->epochs < 0 || t->epochs > MAX_EPOCHS) return refuse(from, "train", "epochs", t->epochs, "0..1000000");
    code = check_course(from, c, "train", t->batch, t->rate, t->rate_count, t->schedule, 0);
    if (code == DONE) code = check_ep(from, c);
    if (code != DONE) return code;
    if (!(t->label_smoothing >= 0 && t->label_smoothing < 1))
        return refuse(from, "train", "label_smoothing", (double)t->label_smoothing, "at least 0 and below 1");
    if (!(t->output_dropout >= 0 && t->output_dropout < 1))
        return refuse(from, "train", "output_dropout", (double)t->output_dropout, "at least 0 and below 1");
    if (t->target == PLN_TARGET_LABELS) return DONE;
    if (t->winners < 1 || t->winners > PLN_MAX_WINNERS) return refuse(from, "train", "winners", t->winners, "1..64");
    if (t->winners > outputs_of(c)) return refuse(from, "train", "winners", t->winners, "at most the number of outputs");
    if (!(t->gamma >= 0 && t->gamma <= 1e6f)) return refuse(from, "train", "gamma", (double)t->gamma, "0..1000000");
    if (!(t->smoothing >= 0 && t->smoothing < 1)) return refuse(from, "train", "smoothing", (double)t->smoothing, "at least 0 and below 1");
    if (t->sequential && !(t->eta > 0 && t->eta <= 1)) return refuse(from, "train", "eta", (double)t->eta, "above 0 and at most 1");
    if (t->sequential && t->batch != 1) return refuse(from, "train", "batch", t->batch, "1 in sequential mode");
    return DONE;
}

static int check_semi(const source *from, const config *c)
{
    const semi_config *m = c->semi;
    int code;

    if (!m) return DONE;
    if (c->train.target != PLN_TARGET_SELF)
        return complain(BAD_INPUT, "%s:%d: with a section semi, train.target is self: labels are the section's",
                        from->name, line_of(from->text, "train", "target"));
    if (m->labels < 0) return refuse(from, "semi", "labels", m->labels, "at least 1, or 0 for those that the data have");
    code = check_course(from, c, "semi", m->batch, m->rate, m->rate_count, m->schedule, 0);
    if (code != DONE || !m->pretrain) return code;
    if (m->pretrain->epochs < 0 || m->pretrain->epochs > MAX_EPOCHS)
        return refuse(from, "semi", "epochs", m->pretrain->epochs, "0..1000000");
    return check_course(from, c, "semi", m->pretrain->batch, m->pretrain->rate, m->pretrain->rate_count,
                        m->pretrain->schedule, m->pretrain->epochs);
}

static int check_layers(const source *from, const config *c)
{
    bool dense = false;

    for (unsigned i = 0; i < c->layers_count; i++) {
        const layer_config *l = &c->layers[i];
        pln_activation activation;
        if ((l->dropout != NULL) + (l->dense != NULL) + (l->activation != NULL) != 1)
            return complain(BAD_INPUT, "%s:%d: layer %u must have one key: dropout, dense or activation",
                            from->name, line_of(from->text, NULL, "layers"), i + 1);
        if (l->dropout && !(*l->dropout >= 0 && *l->dropout < 1))
            return refuse(from, "layers", "dropout", (double)*l->dropout, "at least 0 and below 1");
        if (l->dense && (*l->dense < 1 || *l->dense > PLN_MAX_UNITS))
            return refuse(from, "layers", "dense", *l->dense, "1..1048576");
        if (l->activation && !pln_activation_find(l->activation, &activation))
            return complain(BAD_INPUT, "%s:%d: there is no activation '%s'; there are x, relu, hardsigm, sigmoid, tanh, softmax",
                            from->name, line_of(from->text, NULL, "layers"), l->activation);
        dense |= l->dense != NULL;
    }
    if (dense) return DONE;
    return complain(BAD_INPUT, "%s:%d: the network has no dense layer", from->name, line_of(from->text, NULL, "layers"));
}

static int check_rest(const source *from, const config *c)
{
    const evaluate_config *e = c->evaluate;
    const classifier_config *k = c->classifier;
    pln_activation activation;

    if (e && !(e->labels >= 0 && e->labels <= 1)) return refuse(from, "evaluate", "labels", (double)e->labels, "0..1");
    if (e && e->validation && !(*e->validation > 0 && *e->validation < 1))
        return refuse(from, "evaluate", "validation", (double)*e->validation, "above 0 and below 1");
    for (unsigned i = 0; e && i < e->fractions_count; i++)
        if (!(e->fractions[i] > 0 && e->fractions[i] <= 1))
            return refuse(from, "evaluate", "fractions", (double)e->fractions[i], "above 0 and at most 1");
    if (!k) return DONE;
    if (k->epochs < 0 || k->epochs > MAX_EPOCHS) return refuse(from, "classifier", "epochs", k->epochs, "0..1000000");
    if (k->batch < 1 || k->batch > PLN_MAX_BATCH) return refuse(from, "classifier", "batch", k->batch, "1..4096");
    if (!(k->rate >= 0 && k->rate <= 1e6f)) return refuse(from, "classifier", "rate", (double)k->rate, "0..1000000");
    if (!(k->dropout >= 0 && k->dropout < 1)) return refuse(from, "classifier", "dropout", (double)k->dropout, "at least 0 and below 1");
    if (!(k->decay >= 0 && k->decay <= 1)) return refuse(from, "classifier", "decay", (double)k->decay, "above 0 and at most 1");
    if (k->schedule && k->decay > 0) return refuse(from, "classifier", "decay", (double)k->decay, "left out where there is a schedule");
    const int code = check_course(from, c, "classifier", k->batch, &k->rate, 1, k->schedule, k->epochs);
    if (code != DONE) return code;
    if (!pln_activation_find(k->activation, &activation))
        return complain(BAD_INPUT, "%s:%d: there is no activation '%s'; there are x, relu, hardsigm, sigmoid, tanh, softmax",
                        from->name, line_of(from->text, "classifier", "activation"), k->activation);
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
    return code;
}

/* ---- reading and writing -------------------------------------------------- */

int config_parse(const char *name, const char *text, size_t size,
                 const char *const *set, config **c)
{
    char *changed = NULL;
    int code;

    *c = NULL;
    code = strict_check(name, text, size, &schema, BAD_INPUT);
    if (code == DONE) code = override_apply(name, text, size, set, &changed);
    if (code == DONE && set && set[0])
        code = strict_check("--set", changed, strlen(changed), &schema, MISUSED);
    if (code == DONE) code = document_read(name, changed, strlen(changed), &schema, (void **)c);
    if (code == DONE) {
        const source from = { name, changed };
        code = check(&from, *c);
    }
    free(changed);
    if (code != DONE) {
        config_free(*c);
        *c = NULL;
    }
    return code;
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
