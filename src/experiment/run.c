/* run.c - an experiment under way: a state machine whose steps end at events */

#include "base/check.h"
#include "base/context.h"
#include "base/option.h"
#include "base/utf8.h"
#include "format/file.h"
#include "format/safetensors.h"
#include "pln/exchange.h"
#include "pln/run.h"
#include "train/evaluate.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What comes next.  The order is that of a run. */
typedef enum stage { UNTRAINED, PRETRAIN, NETWORK, BEST, TRAINED, FEATURES, READ_OUT, CLASSIFIER, DONE } stage;

static const char *const stages[] = { "untrained", "pretrain", "network", "best", "trained", "features", "read_out", "classifier",
                                      "done", NULL };
static const char *const parts[] = { "network", "labelled", "pretrain", "classifier", NULL };

/* What a checkpoint says beside its trainer. */
typedef struct progress {
    int    stage;
    int    holds;                        /* pln_part: whose trainer there is                */
    int    of;                           /* fraction of labels that its classifier may see  */
    int    fraction;                     /* that is or will be read out                     */
    double linear;                       /* last accuracy of its classifier                 */
    double best;                         /* on the samples held out; -1: none yet           */
} progress;

static const pln_option progress_options[] = {
    { "stage", PLN_OPTION_WORD, offsetof(progress, stage), .flags = PLN_OPTION_NEEDED, .words = stages, .help = "what comes next" },
    { "holds", PLN_OPTION_WORD, offsetof(progress, holds), .flags = PLN_OPTION_NEEDED, .words = parts, .help = "whose trainer it is" },
    { "of", PLN_OPTION_INT, offsetof(progress, of), 0, PLN_MAX_LIST, .help = "fraction of labels that its classifier may see" },
    { "fraction", PLN_OPTION_INT, offsetof(progress, fraction), 0, PLN_MAX_LIST, .help = "that is or will be read out" },
    { "linear", PLN_OPTION_DOUBLE, offsetof(progress, linear), 0, 1, .help = "last accuracy of its classifier" },
    { "best", PLN_OPTION_DOUBLE, offsetof(progress, best), 0, 1, -1, .help = "on the samples held out" },
    { 0 }
};

struct pln_run {
    pln_ctx        *ctx;
    pln_experiment  e;
    pln_run_data    data;
    pln_run_options how;
    pln_net        *net, *head;
    pln_trainer    *trainer;             /* of the part that p.holds names                  */
    pln_index       by;                  /* samples whose labels the classifier may see     */
    pln_features   *train, *test;        /* outputs that are kept                           */
    int32_t        *units;               /* [outputs] class of each, by the last read-out; NULL: outputs are classes */
    bool            too_large;           /* they do not fit, as was seen when they were computed */
    progress        p;
    double          seconds;             /* of the classifier under way, and what it needs  */
    bool            wants_network;
};

pln_run_options pln_run_options_default(void)
{
    return (pln_run_options){ .seed = 1, .evaluates = true, .features = 2000000000 };
}

/* ---- figures --------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;

    (void)timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The class of each unit goes to `units` unless that is NULL. */
static pln_status figures_by(pln_run *r, pln_net *net, const pln_index *by, int32_t *units, pln_figures *f)
{
    const pln_run_data *d = &r->data;

    *f = (pln_figures){ .argmax = pln_experiment_argmax(&r->e) };
    if (f->argmax) return pln_experiment_measure(r->ctx, &r->e, net, d->train, by, d->test, f);
    if (net != r->net || !r->train)
        return plni_associate(r->ctx, net, d->train, by->sample, by->count, d->test, units, &f->association);
    return plni_associate_features(r->ctx, r->train, by->sample, by->count, r->test, units, &f->association);
}

static pln_status measure_by(pln_run *r, pln_net *net, const pln_index *by, int32_t *units, pln_figures *f)
{
    const double start = now();

    if (!r->data.test) return plni_fail(r->ctx, PLN_ERR_ARG, "run: there is no test set to measure on");
    const pln_status status = figures_by(r, net, by, units, f);

    f->seconds = now() - start;
    return status;
}

static pln_status share_of(const pln_run *r, int fraction, pln_index *by)
{
    return pln_data_share(r->ctx, r->data.train, pln_experiment_fraction(&r->e, fraction), (uint64_t)r->e.validation_seed, by);
}

pln_status pln_run_measure(pln_run *r, pln_net *net, pln_figures *figures)
{
    pln_index by;

    PLN_TRY(share_of(r, 0, &by));
    const pln_status status = measure_by(r, net, &by, NULL, figures);
    pln_index_free(r->ctx, &by);
    return status;
}

static pln_status measure_into(pln_run *r, pln_run_event *event)
{
    event->measured = true;
    return pln_run_measure(r, r->net, &event->figures);
}

/* ---- trainers ----------------------------------------------------------------------- */

static void drop_trainer(pln_run *r)
{
    pln_trainer_free(r->trainer);
    pln_net_free(r->head);
    pln_index_free(r->ctx, &r->by);
    r->trainer = NULL;
    r->head = NULL;
}

/* The trainer of a part takes the place of the one before. */
static pln_status make_trainer(pln_run *r, pln_part part, int of)
{
    static const pln_index all;
    const pln_index *with = r->data.with ? r->data.with : &all, *without = r->data.without ? r->data.without : &all;
    const int classes = pln_data_classes(r->data.train);
    pln_course courses[PLN_PART_COURSES];

    drop_trainer(r);
    r->p.holds = (int)part;
    r->p.of = of;
    if (part != PLN_PART_CLASSIFIER) {
        const int count = pln_experiment_courses(&r->e, part, r->how.seed, with, without, courses);
        return pln_trainer_alternate(r->ctx, r->net, NULL, r->data.train, courses, count, &r->trainer);
    }
    const pln_fit fit = pln_experiment_fit(&r->e, part, r->how.seed);
    PLN_TRY(share_of(r, of, &r->by));
    PLN_TRY(pln_experiment_head(r->ctx, &r->e, pln_net_outputs(r->net), classes, r->how.seed, &r->head));
    PLN_TRY(pln_trainer_new(r->ctx, r->head, r->net, r->data.train, r->by.sample, r->by.count, &fit, &r->trainer));
    return r->train ? pln_trainer_set_features(r->trainer, r->train) : PLN_OK;
}

static int epochs_of(const pln_run *r, pln_part part)
{
    return part == PLN_PART_PRETRAIN ? r->e.pretrain.epochs : part == PLN_PART_CLASSIFIER ? r->e.classifier.epochs
           : pln_experiment_epochs(&r->e);
}

static bool pretrains(const pln_run *r) { return r->e.has_semi && r->e.has_pretrain; }

/* ---- epochs -------------------------------------------------------------------------- */

/* After an epoch of the network: how it compares by the samples held out. */
static pln_status compare(pln_run *r, pln_run_event *event)
{
    if (event->part != PLN_PART_NETWORK || !r->data.held || !r->how.evaluates) return PLN_OK;
    PLN_TRY(pln_evaluate_argmax(r->ctx, r->net, NULL, r->data.held, pln_data_classes(r->data.train), &event->held_out));
    event->compared = true;
    event->better = r->p.best < 0 || event->held_out > r->p.best;
    if (event->better) {
        r->p.best = event->held_out;
        r->p.stage = BEST;
    }
    return PLN_OK;
}

static pln_status train(pln_run *r, int batches, pln_run_event *event)
{
    pln_trainer *t = r->trainer;
    const int epoch = pln_trainer_epoch(t), course = pln_trainer_course(t), all = epochs_of(r, event->part);
    const bool evaluates = r->how.evaluates;

    if (epoch >= all) {
        r->p.stage = event->part == PLN_PART_PRETRAIN ? NETWORK : TRAINED;
        return event->part == PLN_PART_PRETRAIN ? make_trainer(r, PLN_PART_NETWORK, 0) : PLN_OK;
    }
    PLN_TRY(pln_trainer_step(t, batches, &event->report));
    event->epoch = event->report.epoch;
    if (pln_trainer_epoch(t) > epoch) {
        event->kind = PLN_RUN_EPOCH;
        if (evaluates && (pln_experiment_evaluates_at(&r->e, event->epoch) || event->epoch == all)) PLN_TRY(measure_into(r, event));
        return compare(r, event);
    }
    if (pln_trainer_course(t) == course) return PLN_OK;
    event->kind = PLN_RUN_PASS;
    return evaluates && pln_experiment_evaluates_at(&r->e, event->epoch) ? measure_into(r, event) : PLN_OK;
}

/* ---- what is read out ------------------------------------------------------------------- */

/* Both sets or none, so that training and test are computed alike. */
static pln_status make_features(pln_run *r)
{
    const double start = now();

    if (r->train || r->too_large) return PLN_OK;
    PLN_TRY(pln_features_new(r->ctx, r->net, r->data.train, r->how.features, &r->train));
    if (r->train)
        PLN_TRY(pln_features_new(r->ctx, r->net, r->data.test, r->how.features - pln_features_bytes(r->train), &r->test));
    r->seconds += now() - start;
    if (r->test) return PLN_OK;
    r->too_large = true;
    pln_features_free(r->train);
    r->train = NULL;
    return PLN_OK;
}

static pln_status begin_read_outs(pln_run *r)
{
    if (pln_experiment_keeps_features(&r->e)) PLN_TRY(make_features(r));
    r->p.stage = READ_OUT;
    if (!r->trainer || r->p.holds != PLN_PART_CLASSIFIER || !r->train) return PLN_OK;
    return pln_trainer_set_features(r->trainer, r->train);
}

/* A fraction of labels without a classifier, or when that is trained. */
static pln_status read_out(pln_run *r, pln_run_event *event)
{
    pln_index by;

    PLN_TRY(share_of(r, r->p.fraction, &by));
    event->measured = true;
    const pln_status status = measure_by(r, r->net, &by, r->units, &event->figures);
    pln_index_free(r->ctx, &by);
    if (status != PLN_OK) return status;
    event->kind = PLN_RUN_READ_OUT;
    event->linear = r->p.linear;
    event->head = r->head;
    event->association = r->units;
    event->seconds = r->seconds;
    r->seconds = 0;
    r->p.stage = ++r->p.fraction > r->e.fractions_count ? DONE : READ_OUT;
    r->p.linear = 0;
    return PLN_OK;
}

static pln_status next_fraction(pln_run *r, pln_run_event *event)
{
    if (!pln_experiment_classifies(&r->e)) return read_out(r, event);
    r->p.stage = CLASSIFIER;
    return make_trainer(r, PLN_PART_CLASSIFIER, r->p.fraction);
}

static pln_status evaluate_classifier(pln_run *r)
{
    const int classes = pln_data_classes(r->data.train);

    if (r->test) return pln_evaluate_features(r->ctx, r->head, r->test, classes, &r->p.linear);
    return pln_evaluate_argmax(r->ctx, r->head, r->net, r->data.test, classes, &r->p.linear);
}

static pln_status train_classifier(pln_run *r, int batches, pln_run_event *event)
{
    const int epoch = pln_trainer_epoch(r->trainer);
    const double start = now();

    if (epoch >= r->e.classifier.epochs) return read_out(r, event);
    PLN_TRY(pln_trainer_step(r->trainer, batches, &event->report));
    if (pln_trainer_epoch(r->trainer) > epoch) PLN_TRY(evaluate_classifier(r));
    r->seconds += now() - start;
    if (pln_trainer_epoch(r->trainer) == epoch) return PLN_OK;
    event->kind = PLN_RUN_CLASSIFIER;
    event->epoch = epoch + 1;
    event->linear = r->p.linear;
    return PLN_OK;
}

/* ---- steps --------------------------------------------------------------------------------- */

/* A stage that is an event and no more, and what comes behind it. */
static pln_status pass_by(pln_run *r, pln_run_event *event, pln_run_event_kind kind, stage behind)
{
    event->kind = kind;
    r->p.stage = (int)behind;
    return PLN_OK;
}

pln_status pln_run_step(pln_run *r, int batches, pln_run_event *event)
{
    const bool evaluates = r->how.evaluates, keeps = pln_experiment_keeps_features(&r->e);

    *event = (pln_run_event){ .kind = PLN_RUN_NOTHING, .part = pln_run_part(r), .fraction = r->p.fraction };
    if (r->p.fraction <= r->e.fractions_count) event->share = pln_experiment_fraction(&r->e, r->p.fraction);
    if (r->wants_network) return plni_fail(r->ctx, PLN_ERR_STATE, "run: the finished network must be handed in");
    switch (r->p.stage) {
    case UNTRAINED:
        r->p.stage = pretrains(r) ? PRETRAIN : NETWORK;
        if (!evaluates) return PLN_OK;
        event->kind = PLN_RUN_UNTRAINED;
        return measure_into(r, event);
    case PRETRAIN:
    case NETWORK:    return train(r, batches, event);
    case BEST:       return pass_by(r, event, PLN_RUN_BEST, NETWORK);
    case TRAINED:    return pass_by(r, event, PLN_RUN_TRAINED, !evaluates ? DONE : FEATURES);
    case FEATURES:
        if (r->train || !keeps) return begin_read_outs(r);
        return pass_by(r, event, PLN_RUN_FEATURES, READ_OUT);
    case READ_OUT:
        if (keeps) PLN_TRY(begin_read_outs(r));
        return next_fraction(r, event);
    case CLASSIFIER:
        if (keeps && !r->train) PLN_TRY(begin_read_outs(r));
        r->p.stage = CLASSIFIER;
        return train_classifier(r, batches, event);
    default: return pass_by(r, event, PLN_RUN_DONE, DONE);
    }
}

pln_part pln_run_part(const pln_run *r)
{
    return r->p.stage == PRETRAIN || (r->p.stage == UNTRAINED && pretrains(r)) ? PLN_PART_PRETRAIN
           : r->p.stage <= TRAINED ? PLN_PART_NETWORK : PLN_PART_CLASSIFIER;
}

double pln_run_epochs(const pln_run *r, int *all)
{
    const pln_part part = pln_run_part(r);
    const pln_trainer *t = r->trainer;
    pln_course courses[PLN_PART_COURSES];
    static const pln_index none;

    *all = epochs_of(r, part);
    if (!t || r->p.holds != (int)part) return 0;
    const int turns = part == PLN_PART_CLASSIFIER ? 1 : pln_experiment_courses(&r->e, part, 0, &none, &none, courses);
    return pln_trainer_epoch(t) + (pln_trainer_course(t) + (double)pln_trainer_batch(t) / pln_trainer_batches(t)) / turns;
}

bool pln_run_pruning(const pln_run *r, pln_pruning *where)
{
    *where = (pln_pruning){ 0 };
    return r->trainer && r->p.holds == (int)pln_run_part(r) && pln_trainer_pruning(r->trainer, where);
}

bool pln_run_revived(const pln_run *r, double *share)
{
    return r->trainer && r->p.holds == (int)pln_run_part(r) && pln_trainer_revived(r->trainer, share);
}

static size_t units_bytes(const pln_run *r) { return (size_t)pln_net_outputs(r->net) * sizeof *r->units; }

pln_status pln_run_new(pln_ctx *ctx, const pln_experiment *e, const pln_run_data *data, pln_net *net,
                       const pln_run_options *how, pln_run **run)
{
    pln_run *r;

    *run = NULL;
    if (how->evaluates && !data->test)
        return plni_fail(ctx, PLN_ERR_ARG, "run: there is no test set to measure on; without one a run evaluates nothing");
    r = plni_alloc(ctx, sizeof *r);
    if (!r) return PLN_ERR_MEMORY;
    *r = (pln_run){ .ctx = ctx, .e = *e, .data = *data, .how = *how, .net = net, .p = { .best = -1 } };
    pln_status status = PLN_OK;
    if (!pln_experiment_argmax(e) && !(r->units = plni_alloc(ctx, units_bytes(r)))) status = PLN_ERR_MEMORY;
    if (status == PLN_OK) status = make_trainer(r, pretrains(r) ? PLN_PART_PRETRAIN : PLN_PART_NETWORK, 0);
    if (status == PLN_OK) *run = r;
    else pln_run_free(r);
    return status;
}

void pln_run_free(pln_run *r)
{
    if (!r) return;
    drop_trainer(r);
    pln_features_free(r->train);
    pln_features_free(r->test);
    plni_free(r->ctx, r->units, units_bytes(r));
    plni_free(r->ctx, r, sizeof *r);
}

/* ---- checkpoints ------------------------------------------------------------------------------- */

pln_status pln_run_save(pln_run *r, const char *path, const char *user)
{
    if (user && !plni_is_utf8(user)) return plni_fail(r->ctx, PLN_ERR_ARG, "run: the user's text is not UTF-8");
    json_t *state = plni_option_json(progress_options, &r->p, PLN_PRINT_JSON);
    json_t *all = state ? json_pack("{s:o, s:s}", "run", state, "user", user ? user : "") : NULL;
    char *text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    pln_status status;

    json_decref(all);
    if (!text) return plni_fail(r->ctx, PLN_ERR_MEMORY, "run: no memory left");
    status = pln_trainer_save(r->trainer, path, text);
    free(text);
    return status;
}

static pln_status copy_text(pln_ctx *ctx, const json_t *all, char **user)
{
    const char *text = json_string_value(json_object_get(all, "user"));

    if (!text || !json_object_get(all, "run")) return plni_fail(ctx, PLN_ERR_FORMAT, "run: this is no checkpoint of a run");
    *user = plni_alloc(ctx, strlen(text) + 1);
    if (!*user) return PLN_ERR_MEMORY;
    strcpy(*user, text);
    return PLN_OK;
}

static void find_text(void *to, const char *key, const char *value)
{
    json_t **all = to;
    if (strcmp(key, "user") == 0 && !*all) *all = json_loads(value, 0, NULL);
}

/* The text of a checkpoint as JSON, NULL if it has none. */
static pln_status read_text(pln_ctx *ctx, const char *path, json_t **all)
{
    void *bytes;
    size_t size;

    *all = NULL;
    PLN_TRY(plni_file_read(ctx, path, (size_t)64 << 30, &bytes, &size));
    const pln_status status = pln_safetensors_visit(ctx, bytes, size, NULL, find_text, all);
    plni_free(ctx, bytes, size);
    return status;
}

pln_status pln_run_text(pln_ctx *ctx, const char *path, char **user)
{
    json_t *all;

    *user = NULL;
    PLN_TRY(read_text(ctx, path, &all));
    const pln_status status = copy_text(ctx, all, user);
    json_decref(all);
    return status;
}

/* Takes up the part whose trainer the file holds. */
static pln_status take_up(pln_run *r, const char *path)
{
    const int epochs = epochs_of(r, (pln_part)r->p.holds);

    PLN_TRY(make_trainer(r, (pln_part)r->p.holds, r->p.of));
    PLN_TRY(pln_trainer_load(r->trainer, path, NULL));
    const pln_trainer *t = r->trainer;
    if (pln_trainer_epoch(t) == epochs && (pln_trainer_batch(t) > 0 || pln_trainer_course(t) > 0))
        return plni_fail(r->ctx, PLN_ERR_STATE, "%s is inside epoch %d already, %d are wanted", path, epochs + 1, epochs);
    r->wants_network = r->p.holds == PLN_PART_CLASSIFIER;
    if (r->p.holds != PLN_PART_NETWORK || r->p.stage <= BEST || pln_trainer_epoch(t) >= epochs) return PLN_OK;
    r->p.stage = NETWORK;                        /* it was finished, but more epochs are wanted now */
    r->p.fraction = 0;
    r->p.linear = 0;
    return PLN_OK;
}

pln_status pln_run_load(pln_run *r, const char *path, char **user)
{
    json_t *all;
    pln_status status;

    if (user) *user = NULL;
    PLN_TRY(read_text(r->ctx, path, &all));
    if (!json_object_get(all, "run")) status = plni_fail(r->ctx, PLN_ERR_FORMAT, "run: this is no checkpoint of a run");
    else status = plni_option_take(r->ctx, progress_options, &r->p, json_object_get(all, "run"));
    if (status == PLN_OK) status = take_up(r, path);
    if (status == PLN_OK && user) status = copy_text(r->ctx, all, user);
    json_decref(all);
    return status;
}

bool pln_run_wants_network(const pln_run *r) { return r->wants_network; }

pln_status pln_run_hand_in(pln_run *r, const pln_net *net)
{
    PLN_TRY(pln_net_copy(r->net, net));
    r->wants_network = false;
    return PLN_OK;
}
