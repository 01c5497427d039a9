/* predict.c - what a model says of samples, one by one
 *
 * Each thread runs the network for one sample at a time, with memory of its own, so that no sum is
 * taken over more than one and nothing depends on what else is in a batch: products choose their
 * way, and networks come to rest, by that sample alone. */

#include "base/check.h"
#include "exchange/decoder.h"
#include "nn/view.h"
#include "pln/predict.h"
#include "train/fill.h"

#include <string.h>

/* What one thread needs; kept is a view that keeps all values, made when it is first asked for. */
typedef struct session {
    plni_view *net, *head, *kept;
    double     score[PLN_MAX_CLASSES];
    float      buffer[PLN_MAX_CHANNELS];
} session;

struct pln_predictor {
    pln_ctx         *ctx;
    const pln_model *model;
    int              threads;
    int             *owned;              /* [associations][classes] units that stand for a class */
    session         *session;            /* [threads]                                            */
};

/* More than a thread is worth, whatever the network is. */
static const double WORK = 1e6;

/* ---- reading out ------------------------------------------------------------------ */

/* The best two classes; the first of those that are level. */
static pln_prediction best_of(const double *score, int classes, int best)
{
    pln_prediction p = { .best = best, .next = -1 };

    for (int c = 0; c < classes && best < 0; c++)
        if (p.best < 0 || score[c] > score[p.best]) p.best = c;
    for (int c = 0; c < classes; c++)
        if (c != p.best && (p.next < 0 || score[c] > score[p.next])) p.next = c;
    if (p.best >= 0) p.score = (float)score[p.best];
    if (p.next >= 0) p.next_score = (float)score[p.next];
    return p;
}

static pln_prediction by_blocks(session *s, const float *y, int outputs, int classes)
{
    const int block = outputs / classes;

    for (int c = 0; c < classes; c++, y += block) {
        s->score[c] = (double)y[0];
        for (int i = 1; i < block; i++)
            if ((double)y[i] > s->score[c]) s->score[c] = (double)y[i];
    }
    return best_of(s->score, classes, -1);
}

static pln_prediction by_means(session *s, const float *y, int outputs, const int32_t *of, const int *owned, int classes)
{
    for (int c = 0; c < classes; c++) s->score[c] = 0;
    for (int i = 0; i < outputs; i++)
        if (of[i] >= 0) s->score[of[i]] += (double)y[i];
    for (int c = 0; c < classes; c++) s->score[c] = owned[c] ? s->score[c] / owned[c] : -1;
    return best_of(s->score, classes, -1);
}

/* A unit that stands for no class counts as -1, and can be the most active if all others are less. */
static pln_prediction by_unit(session *s, const float *y, int outputs, const int32_t *of, int classes)
{
    float largest = 0;
    int top = 0;

    for (int c = 0; c < classes; c++) s->score[c] = -1;
    for (int i = 0; i < outputs; i++) {
        const float value = of[i] < 0 ? -1 : y[i];
        if (of[i] >= 0 && (double)value > s->score[of[i]]) s->score[of[i]] = (double)value;
        if (i == 0 || value > largest) {
            largest = value;
            top = i;
        }
    }
    if (of[top] >= 0) return best_of(s->score, classes, (int)of[top]);

    pln_prediction p = best_of(s->score, classes, -1);
    return (pln_prediction){ .best = -1, .next = p.best, .next_score = p.score };
}

static pln_prediction read_out(const pln_predictor *p, session *s, const float *y, const float *classified, const pln_read_out *how)
{
    const pln_decoder *d = &p->model->decoder;
    const int outputs = pln_net_outputs(p->model->net);
    const int32_t *of = d->association + (ptrdiff_t)how->association * outputs;

    switch (how->by) {
    case PLN_BY_ASSOCIATION: return by_means(s, y, outputs, of, p->owned + (ptrdiff_t)how->association * d->classes, d->classes);
    case PLN_BY_UNIT:        return by_unit(s, y, outputs, of, d->classes);
    case PLN_BY_CLASSIFIER:  return by_blocks(s, classified, pln_net_outputs(p->model->classifier), d->classes);
    default:                 return by_blocks(s, y, outputs, d->classes);
    }
}

/* ---- samples ------------------------------------------------------------------------- */

typedef struct job {
    const pln_predictor *p;
    const pln_data      *data;
    const int           *index;
    const pln_read_out  *how;
    int                  ways, layer, width;
    bool                 classifies;
    pln_prediction      *said;
    float               *scores, *features;
} job;

static int sample_of(const job *j, int i) { return j->index ? j->index[i] : i; }

static void predict_one(void *arg, int i)
{
    const job *j = arg;
    session *s = &j->p->session[plni_thread()];
    plni_view *net = s->net, *head = s->head;
    const float *classified = NULL;

    plni_fill_alone(&net->net, &net->net.evaluation, j->data, sample_of(j, i));
    const float *y = plni_view_run(net);
    if (j->classifies) {
        memcpy(plni_input(&head->net.evaluation)->value, y, (size_t)pln_net_outputs(&net->net) * sizeof *y);
        classified = plni_view_run(head);
    }
    for (int w = 0; w < j->ways; w++) {
        const pln_prediction said = read_out(j->p, s, y, classified, &j->how[w]);
        if (j->said) j->said[(ptrdiff_t)i * j->ways + w] = said;
    }
    const int classes = j->scores ? j->p->model->decoder.classes : 0;
    for (int c = 0; c < classes; c++) j->scores[(ptrdiff_t)i * classes + c] = (float)s->score[c];
}

static pln_status check_ways(const pln_predictor *p, const pln_read_out *how, int ways)
{
    const pln_decoder *d = &p->model->decoder;

    if (d->classes == 0)
        return plni_fail(p->ctx, PLN_ERR_STATE, "predict: the model does not say what its outputs mean: it is of a version that kept the network alone");
    for (int w = 0; w < ways; w++) {
        const bool units = how[w].by == PLN_BY_ASSOCIATION || how[w].by == PLN_BY_UNIT;
        if ((int)how[w].by < 0 || how[w].by > PLN_BY_OUTPUTS) return plni_fail(p->ctx, PLN_ERR_ARG, "predict: no such way to read out (%d)", (int)how[w].by);
        if (units && (how[w].association < 0 || how[w].association >= d->associations))
            return plni_fail(p->ctx, PLN_ERR_STATE, "predict: the model has %d associations, and no number %d", d->associations, how[w].association);
        if (how[w].by == PLN_BY_CLASSIFIER && !d->classifier) return plni_fail(p->ctx, PLN_ERR_STATE, "predict: the model has no classifier");
        if (how[w].by == PLN_BY_OUTPUTS && pln_net_outputs(p->model->net) < d->classes)
            return plni_fail(p->ctx, PLN_ERR_STATE, "predict: %d outputs for %d classes", pln_net_outputs(p->model->net), d->classes);
    }
    return PLN_OK;
}

static pln_status predict(job *j, int count)
{
    const pln_predictor *p = j->p;

    PLN_TRY(check_ways(p, j->how, j->ways));
    PLN_TRY(plni_fill_check(p->ctx, "predict", p->model->net, j->data, j->index, count));
    for (int w = 0; w < j->ways; w++) j->classifies |= j->how[w].by == PLN_BY_CLASSIFIER;
    plni_parallel(p->ctx, count, WORK * count, PLNI_UP, predict_one, j);
    return PLN_OK;
}

pln_status pln_predict(pln_predictor *p, const pln_data *data, const int *index, int count, const pln_read_out *how, int ways,
                       pln_prediction *said)
{
    const pln_read_out own = { .by = p->model->decoder.by };
    job j = { .p = p, .data = data, .index = index, .how = how ? how : &own, .ways = how ? ways : 1, .said = said };

    return predict(&j, count);
}

pln_status pln_predict_scores(pln_predictor *p, const pln_data *data, const int *index, int count, const pln_read_out *how, float *scores)
{
    const pln_read_out own = { .by = p->model->decoder.by };
    job j = { .p = p, .data = data, .index = index, .how = how ? how : &own, .ways = 1, .scores = scores };

    return predict(&j, count);
}

/* ---- features --------------------------------------------------------------------------- */

static pln_status keep_values(pln_predictor *p)
{
    for (int t = 0; t < p->threads; t++)
        if (!p->session[t].kept) PLN_TRY(plni_view_new(p->ctx, p->model->net, true, &p->session[t].kept));
    return PLN_OK;
}

/* Whether only the layers behind it, in tiles of the same stage, see what it gives. */
static bool is_used_up(const pln_net *net, int layer)
{
    const plni_stage *stage = &net->stage[plni_stage_of(net, layer)];

    return net->dynamics.kind == PLN_FEEDFORWARD && !stage->rows && layer >= stage->first && layer < stage->last - 1;
}

int pln_predictor_features(const pln_predictor *p, int layer)
{
    const pln_net *net = p->model->net;

    if (layer == -1) layer = net->count - 1;
    if (layer < 0 || layer >= net->count || is_used_up(net, layer)) return 0;
    const plni_signal *value = &net->layer[layer].out;
    return value->row ? value->units : value->extent.channels * plni_positions(value->extent);
}

static void features_of(void *arg, int i)
{
    const job *j = arg;
    session *s = &j->p->session[plni_thread()];
    plni_view *net = s->kept;

    plni_fill_alone(&net->net, &net->net.evaluation, j->data, sample_of(j, i));
    (void)plni_view_run(net);
    const plni_signal *value = plni_view_value(net, j->layer);
    float *to = j->features + (ptrdiff_t)i * j->width;
    if (value->row) memcpy(to, value->value, (size_t)j->width * sizeof *to);
    else            plni_map_means(value, value->steps, true, s->buffer, to);
}

pln_status pln_predict_features(pln_predictor *p, const pln_data *data, const int *index, int count, int layer, float *features)
{
    const int layers = pln_net_layers(p->model->net);
    job j = { .p = p, .data = data, .index = index, .layer = layer == -1 ? layers - 1 : layer, .features = features,
              .width = pln_predictor_features(p, layer) };

    if (j.layer < 0 || j.layer >= layers) return plni_fail(p->ctx, PLN_ERR_ARG, "features: there is no layer %d; there are 0..%d", layer, layers - 1);
    if (!j.width) return plni_fail(p->ctx, PLN_ERR_ARG, "features: what layer %d gives is used up at once by layer %d behind it", layer, layer + 1);
    PLN_TRY(plni_fill_check(p->ctx, "features", p->model->net, data, index, count));
    PLN_TRY(keep_values(p));
    plni_parallel(p->ctx, count, WORK * count, PLNI_UP, features_of, &j);
    return PLN_OK;
}

/* ---- a predictor -------------------------------------------------------------------------- */

static size_t owned_bytes(const pln_predictor *p)
{
    const pln_decoder *d = &p->model->decoder;
    return (size_t)d->associations * (size_t)d->classes * sizeof *p->owned;
}

static void count_units(const pln_predictor *p)
{
    const pln_decoder *d = &p->model->decoder;
    const int outputs = pln_net_outputs(p->model->net);

    for (int a = 0; a < d->associations; a++)
        for (int i = 0; i < outputs; i++) {
            const int32_t of = d->association[(ptrdiff_t)a * outputs + i];
            if (of >= 0) p->owned[(ptrdiff_t)a * d->classes + of]++;
        }
}

static pln_status take(pln_predictor *p)
{
    p->owned = plni_alloc(p->ctx, owned_bytes(p));
    p->session = plni_alloc(p->ctx, (size_t)p->threads * sizeof *p->session);
    if (!p->owned || !p->session) return PLN_ERR_MEMORY;
    count_units(p);
    for (int t = 0; t < p->threads; t++) {
        PLN_TRY(plni_view_new(p->ctx, p->model->net, false, &p->session[t].net));
        if (p->model->classifier) PLN_TRY(plni_view_new(p->ctx, p->model->classifier, false, &p->session[t].head));
    }
    return PLN_OK;
}

pln_status pln_predictor_new(pln_ctx *ctx, const pln_model *model, pln_predictor **predictor)
{
    pln_predictor *p = plni_alloc(ctx, sizeof *p);

    *predictor = NULL;
    if (!p) return PLN_ERR_MEMORY;
    *p = (pln_predictor){ .ctx = ctx, .model = model, .threads = pln_ctx_threads(ctx) };
    const pln_status status = take(p);
    if (status == PLN_OK) *predictor = p;
    else                  pln_predictor_free(p);
    return status;
}

void pln_predictor_free(pln_predictor *p)
{
    if (!p) return;
    for (int t = 0; p->session && t < p->threads; t++) {
        plni_view_free(p->session[t].net);
        plni_view_free(p->session[t].head);
        plni_view_free(p->session[t].kept);
    }
    plni_free(p->ctx, p->session, (size_t)p->threads * sizeof *p->session);
    plni_free(p->ctx, p->owned, owned_bytes(p));
    plni_free(p->ctx, p, sizeof *p);
}
