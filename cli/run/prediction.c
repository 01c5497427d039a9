/* prediction.c - what the model of a run says of its test samples */

#include "run/prediction.h"

#include "progress.h"
#include "run/classes.h"
#include "run/past.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE = 512 };

/* ---- the model ------------------------------------------------------------------- */

/* The association of the model by that share of labels, -1: there is none. */
static int association_by(const pln_decoder *d, double labels)
{
    for (int a = 0; a < d->associations; a++)
        if (fabs(d->labels[a] - labels) < 1e-6) return a;
    return -1;
}

/* What the training samples say of the classes, for a run that was written without that; other data say nothing of
 * its names. */
static pln_decoder decoder_of(const run *r, const config *c, const dataset *d)
{
    return classes_decoder(c, d, strcmp(past_recall(r).digest, d->digest) == 0);
}

int prediction_associate(const prediction *p, const config *c, const pln_decoder *d, const dataset *data, pln_net *net, int32_t *units)
{
    int map[PLN_MAX_CLASSES];
    pln_index by = { .sample = NULL };
    int code = classes_match(d, data, false, map);

    if (code == DONE) code = config_share(p->ctx, c, data->train, p->labels, &by);
    if (code == DONE) {
        const pln_status status = pln_associate(p->ctx, net, data->train, by.sample, by.count, units);
        if (status != PLN_OK) code = complain_status(p->ctx, status);
    }
    for (int i = 0; code == DONE && i < pln_net_outputs(net); i++) units[i] = units[i] < 0 ? -1 : map[units[i]];
    pln_index_free(p->ctx, &by);
    return code;
}

/* The model with an association of ours, or with a classifier that lies beside it. */
static int complete(prediction *p, const run *r, const config *c, const dataset *data, const char *file, bool associates)
{
    pln_decoder d = p->decoder->classes ? *p->decoder : decoder_of(r, c, data);
    pln_net *net = NULL, *head = NULL;
    pln_model *model = NULL;
    int32_t *units = NULL;
    int code = d.classes ? past_load(p->ctx, r, file, false, &net) : complain(BAD_INPUT, "the data have no labels: nothing says what the outputs mean, and nothing can be measured; "
                              "'planaria features' gives what the layers make of samples");

    if (code == DONE) code = past_load(p->ctx, r, "classifier.safetensors", true, &head);   /* that of the model is compact */
    d.classifier = head;
    if (code == DONE && associates) {
        units = malloc((size_t)pln_net_outputs(net) * sizeof *units);
        code = units ? prediction_associate(p, c, &d, data, net, units) : complain(FAILED, "no memory left");
        d.associations = 1;
        d.labels = &p->labels;
        d.association = units;
    }
    if (code == DONE) {
        const pln_status status = pln_model_new(p->ctx, net, &d, &model);
        if (status != PLN_OK) code = complain_status(p->ctx, status);
    }
    free(units);
    pln_net_free(head);
    pln_net_free(net);
    if (code != DONE) return code;
    pln_model_free(p->model);
    p->model = model;
    p->decoder = pln_model_decoder(model);
    return DONE;
}

int prediction_open(pln_ctx *ctx, const run *r, const config *c, const dataset *d, const prediction_options *o, prediction *p)
{
    const char *file = o->best ? "best.safetensors" : "model.safetensors";
    const bool associates = !pln_experiment_argmax(&c->e);
    int code;

    *p = (prediction){ .ctx = ctx, .labels = associates ? o->labels > 0 ? o->labels : pln_experiment_fraction(&c->e, 0) : 0 };
    code = past_model(ctx, r, file, &p->model);
    if (code != DONE) return code;
    p->decoder = pln_model_decoder(p->model);

    int which = associates ? association_by(p->decoder, p->labels) : 0;
    if (which < 0 || !p->decoder->classes) {
        code = complete(p, r, c, d, file, associates);
        which = 0;
    }
    if (code != DONE) return code;
    if (associates) {
        p->how[p->ways++] = (pln_read_out){ PLN_BY_ASSOCIATION, which };
        p->how[p->ways++] = (pln_read_out){ PLN_BY_UNIT, which };
        if (p->decoder->classifier) p->how[p->ways++] = (pln_read_out){ .by = PLN_BY_CLASSIFIER };
    } else {
        p->how[p->ways++] = (pln_read_out){ .by = PLN_BY_OUTPUTS };
    }
    return DONE;
}

/* ---- its samples ------------------------------------------------------------------- */

static int find_truth(prediction *p, const dataset *d)
{
    const int32_t *labels = pln_data_labels(d->test);
    int map[PLN_MAX_CLASSES];
    const int code = classes_match(p->decoder, d, true, map);

    for (int i = 0; code == DONE && i < p->count; i++) {
        if (!labels || labels[i] < 0) return complain(BAD_INPUT, "evaluate: sample %d has no label", i);
        p->truth[i] = map[labels[i]];
    }
    return code;
}

static int ask(prediction *p, const pln_data *data)
{
    int index[SLICE];
    pln_predictor *predictor = NULL;
    pln_status status = pln_predictor_new(p->ctx, p->model, &predictor);

    for (int from = 0; status == PLN_OK && from < p->count; from += SLICE) {
        const int count = p->count - from < SLICE ? p->count - from : SLICE;
        for (int i = 0; i < count; i++) index[i] = from + i;
        status = pln_predict(predictor, data, index, count, p->how, p->ways, p->said + (ptrdiff_t)from * p->ways);
        progress_show((double)(from + count) / p->count, -1, "test samples");
    }
    progress_clear();
    pln_predictor_free(predictor);
    return status == PLN_OK ? DONE : complain_status(p->ctx, status);
}

int prediction_make(pln_ctx *ctx, const run *r, const config *c, const dataset *d, const prediction_options *o, prediction *p)
{
    int code = d->test ? prediction_open(ctx, r, c, d, o, p)
                       : complain(BAD_INPUT, "%s has no test part, and none was taken from it: --data names a folder with labels to measure on", d->path);

    if (code != DONE) return code;
    p->d = d;
    p->count = pln_data_count(d->test);
    p->truth = malloc((size_t)p->count * sizeof *p->truth);
    p->said = malloc((size_t)p->count * (size_t)p->ways * sizeof *p->said);
    if (!p->truth || !p->said) return complain(FAILED, "no memory left");
    code = find_truth(p, d);
    return code == DONE ? ask(p, d->test) : code;
}

const char *prediction_file(const prediction *p, int sample)
{
    return p->d && sample < p->d->files_count[1] ? p->d->files[1][sample] : NULL;
}

void prediction_free(prediction *p)
{
    free(p->truth);
    free(p->said);
    pln_model_free(p->model);
}

double prediction_accuracy(const prediction *p, int w)
{
    int right = 0;

    for (int i = 0; i < p->count; i++) right += p->truth[i] >= 0 && p->said[(ptrdiff_t)i * p->ways + w].best == p->truth[i];
    return (double)right / p->count;
}

int prediction_way(const prediction *p, pln_by by)
{
    for (int w = 0; w < p->ways; w++)
        if (p->how[w].by == by) return w;
    return -1;
}
