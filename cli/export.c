/* export.c - planaria export: a network as C for small chips */

#define _POSIX_C_SOURCE 200809L

#include "export/folder.h"
#include "options.h"
#include "run/classes.h"
#include "run/past.h"

#include <stdlib.h>
#include <string.h>

/* Points of accuracy that integers may cost, unless something else is said. */
static const double LOSS = 0.5;

typedef struct wanted {
    const char     *out, *data;
    emit_names      names;
    integer_options how;
    double          loss;                /* points of accuracy; OPTIONS_UNSET: LOSS */
    long            flash, ram;          /* bytes that there are; OPTIONS_UNSET: any */
    int             threads;
    bool            as_json;
} wanted;

/* The class of the model of a training sample, -1: it has none. */
static int32_t truth_of(const pln_data *train, const int *map, int sample)
{
    const int32_t *labels = pln_data_labels(train);
    return labels && labels[sample] >= 0 ? map[labels[sample]] : -1;
}

/* How good both are on training samples that no scale is from. */
static int compare(const prediction *p, const integer_net *n, const dataset *d, folder_accuracy *a)
{
    static int sample[INTEGER_SAMPLES];
    static int32_t truth[INTEGER_SAMPLES];
    static pln_prediction said[INTEGER_SAMPLES];
    const int all = integer_samples(d->train, true, sample);
    pln_predictor *predictor = NULL;
    int map[PLN_MAX_CLASSES], right = 0, code = pln_data_labels(d->train) ? classes_match(p->decoder, d, false, map) : DONE;
    pln_status status;

    *a = (folder_accuracy){ .count = 0 };
    if (code != DONE || !pln_data_labels(d->train)) return code;
    for (int k = 0; k < all; k++) {
        truth[a->count] = truth_of(d->train, map, sample[k]);
        if (truth[a->count] >= 0) sample[a->count++] = sample[k];
    }
    if (a->count == 0) return DONE;
    status = pln_predictor_new(p->ctx, p->model, &predictor);
    if (status == PLN_OK) status = pln_predict(predictor, d->train, sample, a->count, p->how, 1, said);
    pln_predictor_free(predictor);
    if (status != PLN_OK) return complain_status(p->ctx, status);
    for (int k = 0; k < a->count; k++) right += said[k].best == truth[k];
    a->of_floats = (double)right / a->count;
    a->of_integers = integer_accuracy(n, d->train, sample, truth, a->count);
    return DONE;
}

static int check_fit(const wanted *w, const json_t *report, const folder_accuracy *a)
{
    const long flash = (long)json_integer_value(json_object_get(report, "flash_bytes")), ram = (long)json_integer_value(json_object_get(report, "ram_bytes"));
    const double lost = 100 * (a->of_floats - a->of_integers), loss = w->loss == OPTIONS_UNSET ? LOSS : w->loss;

    if (a->count == 0 && w->loss != OPTIONS_UNSET)
        return complain(BAD_INPUT, "--loss: the training samples have no labels, so that nothing says what integers cost");
    if (a->count == 0) remark("the training samples have no labels, so that nothing says what integers cost");
    if (a->count > 0 && lost > loss)
        return complain(FAILED, "in integers it would be right about %.2f %% of %d training samples, and is about %.2f %% as it is: --loss allows %g points, not %.2f",
                        100 * a->of_integers, a->count, 100 * a->of_floats, loss, lost);
    if (w->flash != OPTIONS_UNSET && flash > w->flash) return complain(FAILED, "it needs %ld bytes of flash, and --flash says %ld", flash, w->flash);
    if (w->ram != OPTIONS_UNSET && ram > w->ram) return complain(FAILED, "it needs %ld bytes of RAM beside the input, and --ram says %ld", ram, w->ram);
    return DONE;
}

/* Samples of the parity check, spread over the training samples that no scale is from. */
static uint8_t *check_samples(const pln_data *train)
{
    static int sample[INTEGER_SAMPLES];
    const int all = integer_samples(train, true, sample);
    const size_t features = (size_t)pln_data_features(train);
    uint8_t *samples = malloc(EMIT_SAMPLES * features);

    for (int k = 0; samples && k < EMIT_SAMPLES; k++)
        memcpy(samples + (size_t)k * features, pln_data_samples(train) + (size_t)sample[k * all / EMIT_SAMPLES] * features, features);
    return samples;
}

static int write_out(const wanted *w, const prediction *p, const integer_net *n, const dataset *d)
{
    folder_accuracy a;
    uint8_t *samples = check_samples(d->train);
    json_t *report = NULL;
    int code = samples ? compare(p, n, d, &a) : complain(FAILED, "no memory left");

    if (code == DONE) {
        report = folder_report(n, &w->names, &a, p->decoder);
        if (w->as_json) {
            json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(10));
            printf("\n");
        } else {
            folder_show(report);
        }
        code = check_fit(w, report, &a);
    }
    if (code == DONE) code = folder_write(w->out, n, &w->names, samples, report);
    if (code == DONE) fprintf(stderr, "the sources are in %s; make check there runs the parity check\n", w->out);
    json_decref(report);
    free(samples);
    return code;
}

static int export(const char *name, const wanted *w)
{
    run r;
    config *c;
    dataset d = { .train = NULL };
    prediction p = { .model = NULL };
    integer_net n = { .layers = 0 };
    pln_ctx *ctx = NULL;
    int code = past_open(name, &r, &c);

    if (code == DONE) code = options_context(w->threads, &ctx);
    if (code == DONE) code = past_data_open(ctx, &r, c, w->data, &d);
    if (code == DONE) code = prediction_open(ctx, &r, c, &d, &(prediction_options){ .best = w->how.best }, &p);
    if (code == DONE) code = integer_make(&r, &p, c, d.train, &w->how, &n);
    if (code == DONE) code = write_out(w, &p, &n, &d);
    integer_free(&n);
    prediction_free(&p);
    dataset_close(&d);
    config_free(c);
    pln_ctx_free(ctx);
    return code;
}

static int check(const options *o, const char *to, const char *name, const char *goal, double rate, wanted *w)
{
    if (o->extra_count != 1) return complain(MISUSED, "export wants one run folder; try 'planaria export --help'");
    if (!to || strcmp(to, "c") != 0) return complain(MISUSED, "export wants --to c, which is what it can write");
    if (!w->out) return complain(MISUSED, "export wants a new folder: --out FOLDER");
    if (!emit_name(name ? name : "network", &w->names))
        return complain(MISUSED, "--name must be of small letters, digits and _, not begin with a digit or pln_edge, and have up to %d characters", EMIT_NAME - 1);
    if (goal && strcmp(goal, "size") != 0 && strcmp(goal, "speed") != 0) return complain(MISUSED, "--for must be size or speed");
    if (goal && strcmp(goal, "size") == 0) w->how.goal = INTEGER_SIZE;
    if (w->loss != OPTIONS_UNSET && !(w->loss >= 0 && w->loss <= 100)) return complain(MISUSED, "--loss must be 0..100");
    if ((w->flash != OPTIONS_UNSET && w->flash < 1) || (w->ram != OPTIONS_UNSET && w->ram < 1)) return complain(MISUSED, "--flash and --ram must be above 0");
    if (rate != OPTIONS_UNSET && !w->how.learns) return complain(MISUSED, "--rate goes with --learn");
    if (rate != OPTIONS_UNSET) w->how.rate = rate;
    return DONE;
}

int command_export(int argc, const char **argv)
{
    char *to = NULL, *out = NULL, *name = NULL, *goal = NULL, *data = NULL;
    int learns = 0, best = 0, as_json = 0, code;
    double rate = OPTIONS_UNSET;
    wanted w = { .loss = OPTIONS_UNSET, .flash = OPTIONS_UNSET, .ram = OPTIONS_UNSET, .how = { .goal = INTEGER_SPEED, .rate = INTEGER_RATE } };
    const struct poptOption table[] = {
        { "to", 0, POPT_ARG_STRING, &to, 0, "c: C99 for the edge runtime, in integers", "LANGUAGE" },
        { "out", 0, POPT_ARG_STRING, &out, 0, "new folder for the sources", "FOLDER" },
        { "name", 0, POPT_ARG_STRING, &name, 0, "what its calls begin with (default: network)", "NAME" },
        { "for", 0, POPT_ARG_STRING, &goal, 0, "speed or size: what decides which layers keep only their non-zero weights (default: speed)", "GOAL" },
        { "loss", 0, POPT_ARG_DOUBLE, &w.loss, 0, "points of accuracy that integers may cost (default: 0.5)", "POINTS" },
        { "flash", 0, POPT_ARG_LONG, &w.flash, 0, "bytes of flash that there are", "BYTES" },
        { "ram", 0, POPT_ARG_LONG, &w.ram, 0, "bytes of RAM that there are beside the input", "BYTES" },
        { "learn", 0, POPT_ARG_NONE, &learns, 0, "the last layer goes on learning on the device, without labels", NULL },
        { "rate", 0, POPT_ARG_DOUBLE, &rate, 0, "at which it does (default: 0.001)", "RATE" },
        { "best", 0, POPT_ARG_NONE, &best, 0, "the epoch that held-out samples chose (section select), not the last", NULL },
        { "data", 0, POPT_ARG_STRING, &data, 0, "folder of the data set, or the one above it (default: that of the training)", "DIR" },
        { "threads", 0, POPT_ARG_INT, &w.threads, 0, "default: one for each processor it may use", "N" },
        { "json", 0, POPT_ARG_NONE, &as_json, 0, "report.json on stdout instead of the table", NULL },
        POPT_AUTOHELP POPT_TABLEEND
    };
    options o = { .context = NULL };

    code = options_read(&o, argc, argv, table, "RUN",
                        "Writes the network of a run as plain C for small chips, in integers, with a program\n"
                        "that checks whether a chip computes the same.  What it can export are dense layers\n"
                        "with relu or hardsigm between them, dense or pruned; docs/edge.md says more.");
    w.out = out, w.data = data, w.how.learns = learns != 0, w.how.best = best != 0, w.as_json = as_json != 0;
    if (code == DONE) code = check(&o, to, name, goal, rate, &w);
    if (code == DONE) code = export(o.extra[0], &w);
    free(to), free(out), free(name), free(goal), free(data);
    options_free(&o);
    return code == OPTIONS_HELPED ? DONE : code;
}
