/* estimate.c - what a run will take, before it begins */

#include "train/estimate.h"

#include "run/layers.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct estimate {
    size_t parameters, net_bytes, trainer_bytes, data_bytes;
    double features_bytes;       /* kept for classifiers, at most      */
    double pretrain_seconds;     /* an epoch of pre-training           */
    double seconds;              /* an epoch, of all its courses       */
} estimate;

/* Trains the first batches of an epoch, up to 200 and no more than a few seconds;
 * returns the seconds that all of it would take, negative after an error. */
static double time_epoch(pln_trainer *t)
{
    enum { BATCHES = 200 };
    const double enough = 2;
    const int all = pln_trainer_batches(t), most = all < BATCHES ? all : BATCHES;
    int done = 0;

    for (int more = 1; done < most && (done == 0 || pln_trainer_seconds(t) < enough); more = done) {
        if (more > most - done) more = most - done;
        if (pln_trainer_step(t, more, NULL) != PLN_OK) return -1;
        done += more;
    }
    return pln_trainer_seconds(t) / done * all;
}

/* Adds what one pass of a course over its samples takes. */
static int measure_pass(const job *j, const pln_course *course, double *seconds)
{
    pln_trainer *t;
    const pln_status status = pln_trainer_new(j->ctx, j->net, NULL, j->d.train, course->index, course->count, &course->fit, &t);
    double epoch = 0;

    if (status != PLN_OK) return complain_status(j->ctx, status);
    if (course->fit.epochs > 0) epoch = time_epoch(t);
    pln_trainer_free(t);
    if (epoch < 0) return complain(FAILED, "%s", pln_error(j->ctx));
    *seconds += epoch;
    return DONE;
}

/* The bytes of a trainer of these courses, if they are more than so far. */
static int measure_bytes(const job *j, const pln_course *courses, int count, size_t *most)
{
    pln_trainer *t;
    const pln_status status = pln_trainer_alternate(j->ctx, j->net, NULL, j->d.train, courses, count, &t);

    if (status != PLN_OK) return complain_status(j->ctx, status);
    if (pln_trainer_bytes(t) > *most) *most = pln_trainer_bytes(t);
    pln_trainer_free(t);
    return DONE;
}

static int measure(const job *j, estimate *e)
{
    const uint64_t seed = (uint64_t)j->args.seed;
    pln_course course[PLN_PART_COURSES], before[PLN_PART_COURSES];
    const int courses = pln_experiment_courses(&j->c->e, PLN_PART_NETWORK, seed, &j->with, &j->without, course);
    int code = DONE;

    if (pln_experiment_courses(&j->c->e, PLN_PART_PRETRAIN, seed, &j->with, &j->without, before)) {
        code = measure_bytes(j, before, 1, &e->trainer_bytes);
        if (code == DONE) code = measure_pass(j, before, &e->pretrain_seconds);
    }
    if (code == DONE) code = measure_bytes(j, course, courses, &e->trainer_bytes);
    for (int i = 0; i < courses && code == DONE; i++) code = measure_pass(j, &course[i], &e->seconds);
    return code;
}

static int pretrain_epochs(const config *c)
{
    return c->e.has_semi && c->e.has_pretrain ? c->e.pretrain.epochs : 0;
}

/* If hardly an output were zero: rows are then kept whole. */
static double features_bytes(const job *j)
{
    const double samples = (double)pln_data_count(j->d.train) + (j->d.test ? pln_data_count(j->d.test) : 0);
    const double bytes = samples * pln_net_outputs(j->net) * 4, most = FEATURES_MB * 1e6;

    if (!pln_experiment_keeps_features(&j->c->e)) return 0;
    return bytes < most ? bytes : most;
}

static void print_layers(const pln_net *net)
{
    if (layers_are_maps(net)) {
        layers_print(net);
        return;
    }
    printf("     layer                 inputs  outputs  parameters\n");
    for (int l = 0; l < pln_net_layers(net); l++) {
        const pln_layer_info i = pln_net_layer(net, l);
        char name[LAYER_NAME];
        layer_name(net, l, name);
        printf("%3d  %-20s %7d  %7d  %10zu\n", l, name, i.inputs, i.outputs, i.parameters);
    }
}

static void print_text(const pln_net *net, const config *c, pln_data *data, const estimate *e)
{
    char text[DATASET_WORDS];

    dataset_describe(data, text);
    print_layers(net);
    printf("\nparameters            %zu\n", e->parameters);
    printf("memory, network       %.1f MB\n", (double)e->net_bytes / 1e6);
    printf("memory, training      %.1f MB\n", (double)e->trainer_bytes / 1e6);
    printf("memory, data          %.1f MB (%s)\n", (double)e->data_bytes / 1e6, text);
    if (e->features_bytes > 0)
        printf("memory, classifier    at most %.1f MB (outputs of the network, zeros left out)\n", e->features_bytes / 1e6);
    if (pretrain_epochs(c))
        printf("time, pre-training    %.0f s, %d epochs\n", e->pretrain_seconds * pretrain_epochs(c), pretrain_epochs(c));
    printf("time, an epoch        %.2f s (measured on the first batches)\n", e->seconds);
    printf("time, %d epochs      %.0f s, evaluation and classifier not counted\n", pln_experiment_epochs(&c->e),
           e->seconds * pln_experiment_epochs(&c->e));
}

static void print_json(const pln_net *net, const config *c, const estimate *e)
{
    json_t *layers = layers_are_maps(net) ? layers_json(net) : NULL;
    char *text = layers ? json_dumps(layers, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;

    printf("{\"parameters\":%zu,\"network_bytes\":%zu,\"training_bytes\":%zu,\"data_bytes\":%zu,", e->parameters,
           e->net_bytes, e->trainer_bytes, e->data_bytes);
    if (e->features_bytes > 0) printf("\"features_bytes_at_most\":%.0f,", e->features_bytes);
    if (pretrain_epochs(c))
        printf("\"pretrain_epoch_seconds\":%.4f,\"pretrain_epochs\":%d,", e->pretrain_seconds, pretrain_epochs(c));
    if (text) printf("\"layers\":%s,", text);
    printf("\"epoch_seconds\":%.4f,\"epochs\":%d}\n", e->seconds, pln_experiment_epochs(&c->e));
    free(text);
    json_decref(layers);
}

int estimate_print(const job *j)
{
    estimate e = { .net_bytes = pln_net_bytes(j->net), .features_bytes = features_bytes(j) };
    int code;

    for (int l = 0; l < pln_net_layers(j->net); l++) e.parameters += pln_net_layer(j->net, l).parameters;
    for (int f = 0; f < DATASET_FILES; f++) e.data_bytes += j->d.size[f];
    e.data_bytes += pln_data_bytes(j->d.train) + (j->d.test ? pln_data_bytes(j->d.test) : 0) + (j->d.held ? pln_data_bytes(j->d.held) : 0);
    code = measure(j, &e);
    if (code != DONE) return code;
    if (j->args.json) print_json(j->net, j->c, &e);
    else              print_text(j->net, j->c, j->d.train, &e);
    return DONE;
}
