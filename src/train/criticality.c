/* criticality.c - scores of channels, in training and of a network that is only run */

#include "base/check.h"
#include "nn/score.h"
#include "train/fill.h"
#include "train/trainer.h"

/* Memory for the scores of batches; freed by plni_free. */
static pln_status take(pln_ctx *ctx, const pln_net *net, int batch, plni_scores *scores, void **memory, size_t *bytes)
{
    plni_arena arena = { 0 };

    plni_scores_plan(net, batch, scores, &arena);
    *memory = plni_alloc(ctx, arena.used);
    if (!*memory) return PLN_ERR_MEMORY;
    *bytes = arena.used;
    arena = (plni_arena){ .base = *memory };
    plni_scores_plan(net, batch, scores, &arena);
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
    if (how && !t->score_memory) PLN_TRY(take(t->ctx, t->net, t->largest_batch, &t->scores, &t->score_memory, &t->score_bytes));
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

/* A walk over samples. */
typedef struct walk {
    const pln_net  *net;
    const pln_data *data;
    const int      *index;
    int             from;
} walk;

static void fill(void *arg, int s)
{
    const walk *w = arg;

    plni_fill(w->net, &w->net->evaluation, w->data, w->index ? w->index[w->from + s] : w->from + s, NULL, s);
}

pln_status pln_evaluate_criticality(pln_ctx *ctx, pln_net *net, const pln_data *data, const int *index, int samples,
                                    const pln_criticality *how, double *score)
{
    const int count = index ? samples : pln_data_count(data);
    walk w = { net, data, index, 0 };
    plni_scores scores;
    void *memory;
    size_t bytes;

    if (!net->ready) return plni_fail(ctx, PLN_ERR_STATE, "criticality: the network is not ready");
    PLN_TRY(check(ctx, net, how));
    PLN_TRY(plni_fill_check(ctx, "criticality", net, data));
    if (count < 1) return plni_fail(ctx, PLN_ERR_ARG, "criticality: there are no samples");
    for (int i = 0; index && i < count; i++)
        if (index[i] < 0 || index[i] >= pln_data_count(data))
            return plni_fail(ctx, PLN_ERR_ARG, "criticality: sample %d is outside 0..%d", index[i], pln_data_count(data) - 1);
    PLN_TRY(take(ctx, net, net->evaluation.batch, &scores, &memory, &bytes));
    scores.how = *how;
    net->evaluation.scores = &scores;
    for (; w.from < count; w.from += net->evaluation.samples) {
        net->evaluation.samples = count - w.from < net->evaluation.batch ? count - w.from : net->evaluation.batch;
        plni_forward(net, &net->evaluation, fill, NULL, &w);
        plni_scores_add(net, &net->evaluation);
    }
    net->evaluation.scores = NULL;
    plni_scores_read(net, &scores, score);
    plni_free(ctx, memory, bytes);
    return PLN_OK;
}
