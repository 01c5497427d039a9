/* eval.c - planaria eval: measure the model of a run again */

#define _POSIX_C_SOURCE 200809L

#include "config/config.h"
#include "export/answer.h"
#include "options.h"
#include "run/activity.h"
#include "run/confusion.h"
#include "run/layers.h"
#include "run/past.h"
#include "run/picture.h"
#include "run/prediction.h"
#include "run/report.h"
#include "sets/dataset.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SAMPLES = 1000 };

/* The figures of the network, and of its classifier if there is one and numbers are floats. */
static void add_figures(const config *c, const prediction *p, bool int8, json_t *result)
{
    const int linear = prediction_way(p, PLN_BY_CLASSIFIER);
    pln_figures figures = { .argmax = p->how[0].by == PLN_BY_OUTPUTS, .accuracy = prediction_accuracy(p, 0) };

    if (!figures.argmax) {
        const int32_t *of = p->decoder->association + (ptrdiff_t)p->how[0].association * pln_net_outputs(pln_model_net(p->model));
        figures.association = (pln_association){ .average = figures.accuracy, .max = prediction_accuracy(p, prediction_way(p, PLN_BY_UNIT)) };
        for (int i = 0; i < pln_net_outputs(pln_model_net(p->model)); i++) figures.association.unlearned += of[i] < 0;
    }
    report_figures(result, "", &figures);
    if (linear < 0 || int8) return;
    json_object_set_new(result, "linear", json_real(prediction_accuracy(p, linear)));
    json_object_set_new(result, "linear_labels", json_real(pln_experiment_fraction(&c->e, 0)));
}

static void print(const json_t *result, int as_json)
{
    const char *key;
    json_t *value;

    if (as_json) {
        char *text = json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(10));
        if (text) puts(text);
        free(text);
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)result, key, value)
        if (json_is_real(value)) printf("%-16s %6.2f %%\n", key, 100 * json_real_value(value));
        else if (json_is_integer(value)) printf("%-16s %lld\n", key, (long long)json_integer_value(value));
        else if (strcmp(key, "confusion") == 0) confusion_show(value);
        else if (strcmp(key, "errors") == 0 || strcmp(key, "surest") == 0) confusion_show_samples(value);
        else activity_print(value);
}

/* Of a spiking network also how much it does for a sample. */
static int add_activity(pln_ctx *ctx, pln_net *net, const dataset *d, json_t *result)
{
    json_t *activity;

    if (!layers_fire(net)) return DONE;
    activity = activity_measure(ctx, net, d->test);
    if (activity) json_object_set_new(result, "activity", activity);
    return activity ? DONE : FAILED;
}

/* Keeps the live weights alone. */
static int compact(pln_ctx *ctx, pln_net **net)
{
    pln_net *small;
    const pln_status status = pln_net_compact(*net, 0, &small);

    if (status != PLN_OK) return complain_status(ctx, status);
    pln_net_free(*net);
    *net = small;
    return DONE;
}

/* What is asked for beside the figures. */
typedef struct extras {
    int  confusion, errors, surest;
    bool int8, learns;                   /* in integers, of a layer that can go on learning */
} extras;

/* What the network says in integers, as it would be exported: scales are from the samples that have trained it, also where it is
 * measured on others. */
static int answer_in_integers(const run *r, const config *c, const dataset *d, const integer_options *how, prediction *p)
{
    const bool others = past_has_others(r, d);
    dataset own = { .train = NULL };
    integer_net n = { .layers = 0 };
    int code = others ? past_data_open(p->ctx, r, c, NULL, &own) : DONE;

    if (code == DONE) code = integer_make(r, p, c, others ? own.train : d->train, how, &n);
    if (code == DONE) code = answer_all(&n, d->test, p);
    integer_free(&n);
    dataset_close(&own);
    return code;
}

/* Samples by their numbers as a list of the result, and as a picture NAME.png in the run folder, `columns` in a row. */
static int add_samples(const prediction *p, const run *r, const dataset *d, const int *sample, int count, int columns, const char *name, json_t *result)
{
    char file[32];

    json_object_set_new(result, name, confusion_samples(p, sample, count));
    if (pln_data_shape(d->test).height < 2) {
        remark("these samples are no images, and have no picture");
        return DONE;
    }
    if (count == 0) return DONE;
    snprintf(file, sizeof file, "%s.png", name);
    const int code = picture_samples(d->test, sample, count, columns, run_path(r, file));
    if (code == DONE) fprintf(stderr, "their picture is %s\n", run_path(r, file));
    return code;
}

static int add_errors(const prediction *p, const run *r, const dataset *d, int most, json_t *result)
{
    int *sample = malloc((size_t)most * sizeof *sample);

    if (!sample) return complain(FAILED, "no memory left");
    const int code = add_samples(p, r, d, sample, confusion_worst(p, sample, most), 0, "errors", result);
    free(sample);
    return code;
}

/* A row for each class. */
static int add_surest(const prediction *p, const run *r, const dataset *d, int each, json_t *result)
{
    const int classes = p->decoder->classes;

    if (each > MOST_SAMPLES / classes && each > 1)
        return complain(MISUSED, "--surest: with %d classes at most %d of each", classes, classes < MOST_SAMPLES ? MOST_SAMPLES / classes : 1);
    const int count = classes * each;
    int *sample = malloc((size_t)count * sizeof *sample);
    if (!sample) return complain(FAILED, "no memory left");
    for (int i = 0; i < count; i++) sample[i] = -1;
    for (int c = 0; c < classes; c++) confusion_surest(p, c, &sample[(ptrdiff_t)c * each], each);
    const int code = add_samples(p, r, d, sample, count, each, "surest", result);
    free(sample);
    return code;
}

static int evaluate(pln_ctx *ctx, const char *name, const char *folder, const prediction_options *o, const extras *more, int as_json)
{
    run opened, *r = &opened;
    config *c;
    dataset d = { .train = NULL };
    pln_net *net = NULL;
    json_t *result = json_object();
    prediction p = { .model = NULL };
    int code = past_open(name, r, &c);

    if (code == DONE && o->labels > 0 && pln_experiment_argmax(&c->e))
        code = complain(BAD_INPUT, "--labels: the outputs of %s are classes, and no labels are needed to read them", r->folder);
    if (code == DONE) code = past_data_open(ctx, r, c, folder, &d);
    if (code == DONE) code = past_load(ctx, r, o->best ? "best.safetensors" : "model.safetensors", false, &net);
    if (code == DONE) code = compact(ctx, &net);
    if (code == DONE) code = prediction_make(ctx, r, c, &d, o, &p);
    if (code == DONE && more->int8) code = answer_in_integers(r, c, &d, &(integer_options){ .best = o->best, .learns = more->learns, .rate = INTEGER_RATE }, &p);
    if (code == DONE) {
        json_object_set_new(result, "samples", json_integer(p.count));
        layers_count(net, result);
        if (p.labels > 0) json_object_set_new(result, "labels", json_real(p.labels));
        add_figures(c, &p, more->int8, result);
        code = add_activity(ctx, net, &d, result);
    }
    if (code == DONE && more->confusion) json_object_set_new(result, "confusion", confusion_of(&p));
    if (code == DONE && more->errors > 0) code = add_errors(&p, r, &d, more->errors, result);
    if (code == DONE && more->surest > 0) code = add_surest(&p, r, &d, more->surest, result);
    if (code == DONE) print(result, as_json);
    json_decref(result);
    prediction_free(&p);
    pln_net_free(net);
    dataset_close(&d);
    config_free(c);
    return code;
}

int command_eval(int argc, const char **argv)
{
    char *data = NULL, *as = NULL;
    int threads = 0, best = 0, as_json = 0, code;
    double labels = OPTIONS_UNSET;
    extras more = { .errors = OPTIONS_UNSET, .surest = OPTIONS_UNSET };
    const struct poptOption table[] = {
        { "data", 0, POPT_ARG_STRING, &data, 0, "folder of the data set, or the one above it (default: that of the training)",
          "DIR" },
        { "labels", 0, POPT_ARG_DOUBLE, &labels, 0, "fraction of the training labels for the association (default: the run's)",
          "FRACTION" },
        { "best", 0, POPT_ARG_NONE, &best, 0, "the epoch that held-out samples chose (section select), not the last", NULL },
        { "confusion", 0, POPT_ARG_NONE, &more.confusion, 0, "which classes are taken for which, precision and recall of each", NULL },
        { "errors", 0, POPT_ARG_INT, &more.errors, 0, "the N samples that it is most wrong about; their picture goes to errors.png of the run", "N" },
        { "as", 0, POPT_ARG_STRING, &as, 0, "int8: as 'planaria export' writes it, bit for bit what a device computes; int8-learn: of one that can go on learning there", "NUMBERS" },
        { "surest", 0, POPT_ARG_INT, &more.surest, 0, "the N samples of each class that it is surest of, right or wrong; surest.png has a row of each", "N" },
        { "threads", 0, POPT_ARG_INT, &threads, 0, "default: one for each processor it may use", "N" },
        { "json", 0, POPT_ARG_NONE, &as_json, 0, "figures as JSON", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    pln_ctx *ctx = NULL;
    options o = { .context = NULL };

    code = options_read(&o, argc, argv, table, "RUN",
                        "Measures the model of a run folder on the test set, or on the samples that the\n"
                        "run kept for validation.  Association and classifier are those of the run; for\n"
                        "another fraction of the labels the association is made anew.");
    if (code == DONE && o.extra_count != 1) code = complain(MISUSED, "eval wants one run folder; try 'planaria eval --help'");
    if (code == DONE && labels != OPTIONS_UNSET && !(labels > 0 && labels <= 1))
        code = complain(MISUSED, "--labels must be above 0 and at most 1");
    if (code == DONE && more.errors != OPTIONS_UNSET && (more.errors < 1 || more.errors > MOST_SAMPLES))
        code = complain(MISUSED, "--errors must be 1..%d", MOST_SAMPLES);
    if (code == DONE && more.surest != OPTIONS_UNSET && (more.surest < 1 || more.surest > MOST_SAMPLES))
        code = complain(MISUSED, "--surest must be 1..%d", MOST_SAMPLES);
    more.int8 = as != NULL;
    more.learns = as && strcmp(as, "int8-learn") == 0;
    if (code == DONE && as && strcmp(as, "int8") != 0 && !more.learns) code = complain(MISUSED, "--as must be int8 or int8-learn");
    if (code == DONE) code = options_context(threads, &ctx);
    if (code == DONE)
        code = evaluate(ctx, o.extra[0], data, &(prediction_options){ .best = best != 0, .labels = labels > 0 ? labels : 0 }, &more, as_json);
    pln_ctx_free(ctx);
    free(data);
    free(as);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
