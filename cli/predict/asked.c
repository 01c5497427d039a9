/* asked.c - the model that is asked: that of a run folder, or of a file */

#define _POSIX_C_SOURCE 200809L

#include "predict/asked.h"

#include "run/past.h"

#include <jansson.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the model --------------------------------------------------------------------- */

static int open_file(asked *a)
{
    struct stat about;

    if (stat(a->name, &about) != 0) return complain(BAD_INPUT, "there is no run folder or model file %s%s", a->name, past_hint(a->name));
    const pln_status status = pln_model_open(a->ctx, a->name, &a->p.model);
    if (status != PLN_OK) return complain_file(a->ctx, status, a->name);
    a->p.decoder = pln_model_decoder(a->p.model);
    if (a->p.decoder->classes) return DONE;
    return complain(BAD_INPUT, "%s does not say what its outputs mean: it holds a network alone, as a training without labels leaves it, and as earlier "
                    "versions wrote it; name the folder of its run, whose data say it", a->name);
}

/* The data of a run, read if they are not yet. */
static int open_data(asked *a, const char *folder)
{
    return a->d.train ? DONE : past_data_open(a->ctx, &a->r, a->c, folder, &a->d);
}

/* Of a training without labels nothing is known but what its samples were. */
static int describe_samples(asked *a, bool best)
{
    const int code = past_model(a->ctx, &a->r, best ? "best.safetensors" : "model.safetensors", &a->p.model);

    a->own = (pln_decoder){ .type = pln_data_get_type(a->d.train), .input = pln_data_shape(a->d.train) };
    a->p.decoder = &a->own;
    return code;
}

/* A model that says what its outputs mean; from the data of the run if the file does not. */
static int open_run(asked *a, const asked_options *o)
{
    const prediction_options how = { .best = o->best, .labels = o->labels };
    int code = past_open(a->name, &a->r, &a->c);

    if (code == DONE) code = past_model(a->ctx, &a->r, o->best ? "best.safetensors" : "model.safetensors", &a->p.model);
    if (code != DONE) return code;
    a->p.decoder = pln_model_decoder(a->p.model);
    const bool lacks = !a->p.decoder->classes || (!o->no_way && a->p.decoder->by == PLN_BY_ASSOCIATION && a->p.decoder->associations == 0);
    if (!lacks) return DONE;
    pln_model_free(a->p.model);
    a->p.model = NULL;
    code = open_data(a, o->data);
    if (code == DONE && o->no_way && pln_data_classes(a->d.train) == 0) return describe_samples(a, o->best);
    return code == DONE ? prediction_open(a->ctx, &a->r, a->c, &a->d, &how, &a->p) : code;
}

/* ---- the way -------------------------------------------------------------------------- */

static int choose_association(const asked *a, double labels, int *which)
{
    const pln_decoder *d = a->p.decoder;

    if (d->associations == 0) return complain(BAD_INPUT, "%s has no association: it was trained with labels, so its outputs are classes (--by outputs)", a->name);
    *which = 0;
    for (int i = 0; labels > 0 && i < d->associations; i++)
        if (fabs(d->labels[i] - labels) < 1e-6) {
            *which = i;
            return DONE;
        }
    return labels > 0 ? complain(BAD_INPUT, "--labels: %s has no association by %g of the labels", a->name, labels) : DONE;
}

static int choose_way(asked *a, const asked_options *o)
{
    const pln_decoder *d = a->p.decoder;
    pln_read_out way = { .by = d->by };
    int code = DONE;

    if (o->by && !pln_by_find(o->by, &way.by))
        return complain(MISUSED, "--by is '%s'; it must be association, unit, classifier or outputs", o->by);
    if (way.by == PLN_BY_ASSOCIATION || way.by == PLN_BY_UNIT) code = choose_association(a, o->labels, &way.association);
    else if (o->labels > 0) code = complain(MISUSED, "--labels goes with --by association or unit");
    if (way.by == PLN_BY_CLASSIFIER && !d->classifier)
        code = complain(BAD_INPUT, "%s has no classifier: %s", a->name, a->c && a->c->e.has_classifier ? "its training measured nothing (--no-eval), "
                        "or has not finished" : "its training had no section classifier, or measured nothing (--no-eval)");
    a->p.how[0] = way;
    a->p.ways = 1;
    return code;
}

/* ---- what is said of its data ----------------------------------------------------------- */

static int take_texts(asked *a)
{
    const char *data = pln_model_text(a->p.model, "planaria.data"), *read = pln_model_text(a->p.model, "planaria.read");
    json_t *about = data ? json_loads(data, 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(about, "name"));

    if (name) snprintf(a->data, sizeof a->data, "%s", name);
    json_decref(about);
    if (a->c) {
        snprintf(a->data, sizeof a->data, "%s", dataset_last_part(a->c->data));
        a->how = a->c->read;
        return DONE;
    }
    return read ? config_read_parse(a->ctx, a->name, read, &a->how) : DONE;
}

/* Options that would have no effect on what it is asked about. */
static int check_options(const asked *a, const asked_options *o)
{
    if (o->part && strcmp(o->part, "test") != 0 && strcmp(o->part, "train") != 0)
        return complain(MISUSED, "--part is '%s'; it must be test or train", o->part);
    if (!a->c && (o->best || o->data)) return complain(MISUSED, "--best and --data go with a run folder");
    if (o->inputs == 0) return a->c ? DONE : complain(MISUSED, "%s is a model file, which has no samples: name some behind it", a->name);
    if (o->data && !a->d.train) return complain(MISUSED, "--data: %s needs no data of its training to be asked about other samples", a->name);
    if (o->part && !inputs_has_set(o->input, o->inputs)) return complain(MISUSED, "--part goes with data sets, and no INPUT is one");
    return DONE;
}

int asked_open(pln_ctx *ctx, const char *name, const asked_options *o, asked *a)
{
    struct stat about;
    int code;

    *a = (asked){ .ctx = ctx, .name = name, .p = { .ctx = ctx } };
    code = stat(name, &about) == 0 && S_ISDIR(about.st_mode) ? open_run(a, o) : open_file(a);
    if (code == DONE) code = check_options(a, o);
    if (code == DONE && !o->no_way) code = choose_way(a, o);
    if (code == DONE) code = take_texts(a);
    if (code == DONE) {
        const pln_status status = pln_predictor_new(ctx, a->p.model, &a->predictor);
        if (status != PLN_OK) code = complain_status(ctx, status);
    }
    return code;
}

void asked_close(asked *a)
{
    pln_predictor_free(a->predictor);
    prediction_free(&a->p);
    dataset_close(&a->d);
    config_free(a->c);
}

int asked_walk(asked *a, const asked_options *o, int (*see)(void *user, const inputs_batch *batch), void *user)
{
    const bool train = o->part && strcmp(o->part, "train") == 0;
    const inputs in = { .ctx = a->ctx, .decoder = a->p.decoder, .name = a->data, .how = a->how, .train = train, .see = see, .user = user };

    if (o->inputs > 0) return inputs_walk(&in, o->input, o->inputs);
    const int code = open_data(a, o->data);
    if (code == DONE && !train && !a->d.test)
        return complain(BAD_INPUT, "%s has no test part, and none was taken from it: --part train asks about the samples of the training", a->d.path);
    return code == DONE ? inputs_set(&in, &a->d, train ? a->d.train : a->d.test, NULL) : code;
}
