/* evaluate.c - what a trained network's outputs are worth
 *
 * Outputs are computed a batch at a time and used at once; nothing of the size
 * of a data set is kept here.  Sums over samples are taken in the order of the
 * samples, in double precision, one block of units a chunk. */

#include "base/check.h"
#include "learn/target.h"
#include "nn/net.h"
#include "pln/predict.h"
#include "train/evaluate.h"
#include "train/features.h"
#include "train/fill.h"

#include <string.h>

/* Rough nanoseconds for one value in a row. */
static const double SWEEP = 0.5;

/* A walk over samples of a data set through a network, and perhaps one that
 * comes before it. */
typedef struct walk {
    pln_net        *net, *features;
    const pln_features *kept;      /* outputs of features, or of net if that is NULL */
    const pln_data *data;
    const int      *index;         /* NULL: all                     */
    int             count, from;   /* samples; the first of a batch */
    plni_row       *use;           /* is called with the walk for   */
    void           *owner;         /*   each row of output          */
} walk;

static int sample_of(const walk *w, int s)
{
    return w->index ? w->index[w->from + s] : w->from + s;
}

static void fill(void *arg, int s)
{
    const walk *w = arg;
    const pln_net *first = w->features ? w->features : w->net;

    plni_fill(first, &first->evaluation, w->data, sample_of(w, s), NULL, s);
}

static const plni_signal *output_of(const pln_net *net)
{
    return plni_output(net, &net->evaluation);
}

static void hand_over(void *arg, int s)
{
    const walk *w = arg;
    const plni_signal *from = output_of(w->features), *to = plni_input(&w->net->evaluation);

    memcpy(to->value + s * to->stride, from->value + s * from->stride,
           (size_t)from->units * sizeof(float));
}

static void fill_kept(void *arg, int s)
{
    const walk *w = arg;
    const plni_signal *x = plni_input(&w->net->evaluation);

    plni_features_row(w->kept, sample_of(w, s), x->value + s * x->stride);
}

/* Puts a kept row where the network would have written it. */
static void show_kept(void *arg, int s)
{
    const walk *w = arg;
    const plni_signal *y = output_of(w->net);

    plni_features_row(w->kept, sample_of(w, s), y->value + s * y->stride);
    if (w->use) w->use(arg, s);
}

/* Samples that fit into the passes of all the networks at work. */
static int largest_batch(const walk *w)
{
    const int own = w->net->evaluation.batch, below = w->features ? w->features->evaluation.batch : own;
    return own < below ? own : below;
}

/* Runs the batch that begins at w->from; returns its number of samples. */
static int run_batch(walk *w)
{
    plni_pass *pass = &w->net->evaluation;
    const int left = w->count - w->from, most = largest_batch(w);

    pass->samples = left < most ? left : most;
    if (w->kept && !w->features) {
        plni_parallel(w->net->ctx, pass->samples, SWEEP * pass->samples * pln_net_outputs(w->net), PLNI_UP, show_kept, w);
    } else if (w->kept) {
        plni_forward(w->net, pass, fill_kept, w->use, w);
    } else if (w->features) {
        w->features->evaluation.samples = pass->samples;
        plni_forward(w->features, &w->features->evaluation, fill, hand_over, w);
        plni_forward(w->net, pass, NULL, w->use, w);
    } else {
        plni_forward(w->net, pass, fill, w->use, w);
    }
    return pass->samples;
}

static pln_status check_test(pln_ctx *ctx, const pln_data *test)
{
    return test ? PLN_OK : plni_fail(ctx, PLN_ERR_ARG, "evaluate: there is no test set to measure on");
}

static pln_status check(pln_ctx *ctx, const walk *w)
{
    const pln_net *first = w->features ? w->features : w->net;

    if (!w->net->ready || !first->ready)
        return plni_fail(ctx, PLN_ERR_STATE, "evaluate: the network is not ready");
    PLN_TRY(plni_fill_check(ctx, "evaluate", first, w->data, w->index, w->count));
    if (w->features && pln_net_outputs(w->features) != w->net->inputs)
        return plni_fail(ctx, PLN_ERR_SHAPE, "evaluate: the read-out has %d inputs, the network %d outputs",
                         w->net->inputs, pln_net_outputs(w->features));
    for (int i = 0; i < w->count; i++) {
        const int sample = w->index ? w->index[i] : i;
        if (!pln_data_labels(w->data) || pln_data_labels(w->data)[sample] < 0)
            return plni_fail(ctx, PLN_ERR_ARG, "evaluate: sample %d has no label", sample);
    }
    return PLN_OK;
}

/* ---- direct association --------------------------------------------------- */

typedef struct association {
    walk    labelled, test;
    int     classes, units;
    double *sum;              /* [classes][units] of outputs over samples  */
    long   *seen;             /* [classes] samples                         */
    int32_t *response;        /* [units] class, or -1                      */
    int    *owned;            /* [classes] units                           */
    char   *right;            /* [batch] bit 0: by average, bit 1: by max  */
} association;

enum { UNITS_A_CHUNK = 256 };

static void add_chunk(void *arg, int chunk)
{
    const association *a = arg;
    const plni_signal *y = output_of(a->labelled.net);
    const int first = chunk * UNITS_A_CHUNK;
    const int last = first + UNITS_A_CHUNK < a->units ? first + UNITS_A_CHUNK : a->units;

    for (int s = 0; s < a->labelled.net->evaluation.samples; s++) {
        const int label = pln_data_labels(a->labelled.data)[sample_of(&a->labelled, s)];
        double *sum = a->sum + (ptrdiff_t)label * a->units;
        const float *row = y->value + s * y->stride;
        for (int i = first; i < last; i++) sum[i] += (double)row[i];
    }
}

static void add_responses(pln_ctx *ctx, association *a)
{
    walk *w = &a->labelled;

    for (int n; w->from < w->count; w->from += n) {
        n = run_batch(w);
        for (int s = 0; s < n; s++) a->seen[pln_data_labels(w->data)[sample_of(w, s)]]++;
        plni_parallel(ctx, (a->units + UNITS_A_CHUNK - 1) / UNITS_A_CHUNK,
                      0.5 * n * a->units, PLNI_UP, add_chunk, a);
    }
}

static double mean_output(const association *a, int c, int i)
{
    return a->seen[c] ? a->sum[(ptrdiff_t)c * a->units + i] / (double)a->seen[c] : 0;
}

/* The class with the largest mean; a unit whose largest mean is 0 has none. */
static void choose_responses(association *a)
{
    for (int i = 0; i < a->units; i++) {
        int best = 0;
        for (int c = 1; c < a->classes; c++)
            if (mean_output(a, c, i) > mean_output(a, best, i)) best = c;
        a->response[i] = mean_output(a, best, i) == 0 ? -1 : best;
        if (a->response[i] >= 0) a->owned[best]++;
    }
}

static void test_row(void *arg, int s)
{
    const walk *w = arg;
    const association *a = w->owner;
    const plni_signal *y = output_of(w->net);
    const float *row = y->value + s * y->stride;
    const int label = pln_data_labels(w->data)[sample_of(w, s)];
    double score[PLN_MAX_CLASSES] = { 0 };
    int top = 0, average = 0;
    float largest = 0;

    for (int i = 0; i < a->units; i++) {
        const float value = a->response[i] < 0 ? -1 : row[i];
        if (a->response[i] >= 0) score[a->response[i]] += (double)value;
        if (i == 0 || value > largest) {
            largest = value;
            top = i;
        }
    }
    for (int c = 0; c < a->classes; c++) {
        score[c] = a->owned[c] ? score[c] / a->owned[c] : -1;
        if (score[c] > score[average]) average = c;
    }
    a->right[s] = (char)((average == label) + 2 * (a->response[top] == label));
}

static void score_test(association *a, pln_association *result)
{
    long by_average = 0, by_max = 0;
    walk *w = &a->test;

    for (int n; w->from < w->count; w->from += n) {
        n = run_batch(w);
        for (int s = 0; s < n; s++) {
            by_average += a->right[s] & 1;
            by_max += a->right[s] >> 1;
        }
    }
    *result = (pln_association){ .average = (double)by_average / w->count,
                                 .max = (double)by_max / w->count, .tested = w->count };
    for (int i = 0; i < a->units; i++) result->unlearned += a->response[i] < 0;
}

static void plan(association *a, plni_arena *arena)
{
    const size_t classes = (size_t)a->classes, units = (size_t)a->units;

    a->sum = plni_arena_take(arena, sizeof(double) * classes * units);
    a->seen = plni_arena_take(arena, sizeof(long) * classes);
    a->owned = plni_arena_take(arena, sizeof(int) * classes);
    a->response = plni_arena_take(arena, sizeof *a->response * units);
    a->right = plni_arena_take(arena, (size_t)a->labelled.net->evaluation.batch);
}

/* a has its two walks but for what follows from them; that of the test may be none.  The class of
 * each unit goes to `units` unless that is NULL. */
static pln_status associate(pln_ctx *ctx, association *a, int32_t *units, pln_association *result)
{
    const bool tests = a->test.data != NULL;
    plni_arena arena = { 0 };
    void *memory;

    a->classes = pln_data_classes(a->labelled.data);
    a->units = pln_net_outputs(a->labelled.net);
    if (!a->labelled.index) a->labelled.count = pln_data_count(a->labelled.data);
    if (tests) a->test.count = pln_data_count(a->test.data);
    a->test.use = test_row;
    a->test.owner = a;
    PLN_TRY(check(ctx, &a->labelled));
    if (tests) PLN_TRY(check(ctx, &a->test));

    plan(a, &arena);
    memory = plni_alloc(ctx, arena.used);
    if (!memory) return PLN_ERR_MEMORY;
    const size_t bytes = arena.used;
    arena = (plni_arena){ .base = memory };
    plan(a, &arena);
    add_responses(ctx, a);
    choose_responses(a);
    if (units) memcpy(units, a->response, (size_t)a->units * sizeof *units);
    if (tests) score_test(a, result);
    plni_free(ctx, memory, bytes);
    return PLN_OK;
}

pln_status plni_associate(pln_ctx *ctx, pln_net *net, const pln_data *labelled, const int *index, int count, const pln_data *test,
                          int32_t *units, pln_association *result)
{
    association a = { .labelled = { .net = net, .data = labelled, .index = index, .count = count },
                      .test = { .net = net, .data = test } };
    return associate(ctx, &a, units, result);
}

pln_status plni_associate_features(pln_ctx *ctx, const pln_features *labelled, const int *index, int count, const pln_features *test,
                                   int32_t *units, pln_association *result)
{
    pln_net *net = plni_features_net(labelled);
    association a = { .labelled = { .net = net, .kept = labelled, .data = plni_features_data(labelled), .index = index, .count = count },
                      .test = { .net = net, .kept = test, .data = plni_features_data(test) } };

    if (plni_features_net(test) != net) return plni_fail(ctx, PLN_ERR_ARG, "evaluate: the features are of two networks");
    return associate(ctx, &a, units, result);
}

pln_status pln_evaluate_association(pln_ctx *ctx, pln_net *net,
                                    const pln_data *labelled, const int *index,
                                    int count, const pln_data *test,
                                    pln_association *result)
{
    PLN_TRY(check_test(ctx, test));
    return plni_associate(ctx, net, labelled, index, count, test, NULL, result);
}

pln_status pln_evaluate_features_association(pln_ctx *ctx, const pln_features *labelled, const int *index, int count,
                                             const pln_features *test, pln_association *result)
{
    return plni_associate_features(ctx, labelled, index, count, test, NULL, result);
}

pln_status pln_associate(pln_ctx *ctx, pln_net *net, const pln_data *labelled, const int *index, int count, int32_t *units)
{
    return plni_associate(ctx, net, labelled, index, count, NULL, units, NULL);
}

/* ---- argmax --------------------------------------------------------------- */

typedef struct argmax {
    walk test;
    int  block;               /* outputs a class */
    char right[64];           /* of the batch    */
} argmax;

static void compare_row(void *arg, int s)
{
    const walk *w = arg;
    argmax *a = w->owner;
    const plni_signal *y = output_of(w->net);
    const float *row = y->value + s * y->stride;
    int top = 0;

    for (int i = 1; i < y->units; i++)
        if (row[i] > row[top]) top = i;
    a->right[s] = top / a->block == pln_data_labels(w->data)[sample_of(w, s)];
}

static pln_status find_argmax(pln_ctx *ctx, argmax *a, int classes, double *accuracy)
{
    walk *w = &a->test;
    pln_net *net = w->net;
    long right = 0;

    PLN_TRY(check_test(ctx, w->data));
    w->count = pln_data_count(w->data);
    w->use = compare_row;
    w->owner = a;
    PLN_TRY(check(ctx, w));
    if (classes < 1 || pln_net_outputs(net) < classes)
        return plni_fail(ctx, PLN_ERR_ARG, "evaluate: %d outputs for %d classes",
                         pln_net_outputs(net), classes);
    assert(net->evaluation.batch <= (int)sizeof a->right);
    a->block = pln_net_outputs(net) / classes;
    for (int n; w->from < w->count; w->from += n) {
        n = run_batch(w);
        for (int s = 0; s < n; s++) right += a->right[s];
    }
    *accuracy = (double)right / w->count;
    return PLN_OK;
}

pln_status pln_evaluate_argmax(pln_ctx *ctx, pln_net *net, pln_net *features,
                               const pln_data *test, int classes, double *accuracy)
{
    argmax a = { .test = { .net = net, .features = features, .data = test } };
    return find_argmax(ctx, &a, classes, accuracy);
}

pln_status pln_evaluate_features(pln_ctx *ctx, pln_net *net, const pln_features *features,
                                 int classes, double *accuracy)
{
    argmax a = { .test = { .net = net, .features = plni_features_net(features),
                           .kept = features, .data = plni_features_data(features) } };
    return find_argmax(ctx, &a, classes, accuracy);
}
