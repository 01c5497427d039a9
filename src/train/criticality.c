/* criticality.c - scores of channels, in training and of a network that is only run */

#include "base/check.h"
#include "nn/score.h"
#include "train/fill.h"
#include "train/trainer.h"

#include <string.h>

/* Memory for the scores of batches; freed by plni_free. */
static pln_status take(pln_ctx *ctx, const pln_net *net, int batch, bool counts, plni_scores *scores, void **memory, size_t *bytes)
{
    plni_arena arena = { 0 };

    plni_scores_plan(net, batch, counts, scores, &arena);
    *memory = plni_alloc(ctx, arena.used);
    if (!*memory) return PLN_ERR_MEMORY;
    *bytes = arena.used;
    arena = (plni_arena){ .base = *memory };
    plni_scores_plan(net, batch, counts, scores, &arena);
    return PLN_OK;
}

static pln_status check(pln_ctx *ctx, const pln_net *net, const pln_criticality *how)
{
    if (pln_net_scores(net) == 0) return plni_fail(ctx, PLN_ERR_ARG, "criticality: the network has no neurons that fire");
    return plni_criticality_check(ctx, how);
}

pln_status pln_trainer_score(pln_trainer *t, const pln_criticality *how)
{
    if (how) PLN_TRY(check(t->ctx, t->net, how));
    if (how && !t->score_memory) PLN_TRY(take(t->ctx, t->net, t->largest_batch, false, &t->scores, &t->score_memory, &t->score_bytes));
    plni_trainer_score_batch(t, how);
    return PLN_OK;
}

void plni_trainer_score_batch(pln_trainer *t, const pln_criticality *how)
{
    if (how) {
        plni_scores_clear(t->net, &t->scores);
        t->scores.how = *how;
    }
    for (int i = 0; i < t->turns; i++)
        for (int k = 0; k < t->turn[i].pass->shards; k++) t->turn[i].pass[k].scores = how ? &t->scores : NULL;
}

pln_status pln_trainer_scores(const pln_trainer *t, double *score)
{
    if (t->scores.samples == 0) return plni_fail(t->ctx, PLN_ERR_STATE, "criticality: no batch has been scored");
    plni_scores_read(t->net, &t->scores, score);
    return PLN_OK;
}

/* A walk over samples, and what is wanted of them. */
typedef struct walk {
    pln_net        *net;
    const pln_data *data;
    const int      *index;
    int             count, from;
    double         *mean;            /* [scores]                              */
    float          *each;            /* [count][scores]; NULL: not wanted     */
    pln_potentials *potentials;      /* [layers]; NULL: not wanted            */
} walk;

static void fill(void *arg, int s)
{
    const walk *w = arg;

    plni_fill(w->net, &w->net->evaluation, w->data, w->index ? w->index[w->from + s] : w->from + s, NULL, s);
}

static void take_batch(const walk *w)
{
    const plni_pass *pass = &w->net->evaluation;

    if (w->mean) plni_scores_add(w->net, pass);
    if (w->each) plni_scores_each(w->net, pass, w->each + (ptrdiff_t)w->from * pln_net_scores(w->net));
    for (int l = 0; w->potentials && l < w->net->count; l++)
        w->potentials[l].all += plni_scores_bins(w->net, pass, l, w->potentials[l].bin);
}

static pln_status run(pln_ctx *ctx, walk *w, const pln_criticality *how)
{
    plni_pass *pass = &w->net->evaluation;
    plni_scores scores;
    void *memory;
    size_t bytes;

    if (!w->net->ready) return plni_fail(ctx, PLN_ERR_STATE, "criticality: the network is not ready");
    PLN_TRY(check(ctx, w->net, how));
    PLN_TRY(plni_fill_check(ctx, "criticality", w->net, w->data, w->index, w->count));
    PLN_TRY(take(ctx, w->net, pass->batch, w->potentials != NULL, &scores, &memory, &bytes));
    if (w->potentials) memset(w->potentials, 0, (size_t)w->net->count * sizeof *w->potentials);
    scores.how = *how;
    pass->scores = &scores;
    for (; w->from < w->count; w->from += pass->samples) {
        pass->samples = w->count - w->from < pass->batch ? w->count - w->from : pass->batch;
        plni_forward(w->net, pass, fill, NULL, w);
        take_batch(w);
    }
    pass->scores = NULL;
    if (w->mean) plni_scores_read(w->net, &scores, w->mean);
    plni_free(ctx, memory, bytes);
    return PLN_OK;
}

pln_status pln_evaluate_criticality(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int samples,
                                    const pln_criticality *how, double *score)
{
    walk w = { net, data, index, .count = index ? samples : pln_data_count(data), .mean = score };

    return run(ctx, &w, how);
}

pln_status pln_evaluate_scores(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int samples,
                               const pln_criticality *how, float *each, pln_potentials *potentials)
{
    walk w = { net, data, index, .count = index ? samples : pln_data_count(data), .each = each, .potentials = potentials };

    return run(ctx, &w, how);
}
