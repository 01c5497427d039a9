/* regrown.c - what becomes of weights that come back: survival, retention, rows that had none (theory 13.3) */

#include "train/pruner.h"

#include <string.h>

enum { THERE = 1, LEAVES = 2 };

void plni_regrown_begin(struct plni_pruner *p, size_t budget)
{
    if (!p->before) return;
    (void)pln_select_largest(p->magnitude, p->units, budget, p->chosen);
    for (size_t u = 0; u < p->units; u++) p->before[u] = (uint8_t)(p->mask[u] ? THERE | (p->chosen[u] ? 0 : LEAVES) : 0);
}

/* Rows of neurons that had no weight left and now have one. */
static double dead_rows(const struct plni_pruner *p)
{
    double rows = 0;

    for (int i = 0; i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        for (size_t at = w->from; w->neurons >= 0 && at < w->from + w->count; at += w->columns) {
            bool had = false, has = false;
            for (size_t u = at; u < at + w->columns; u++) {
                had = had || p->before[u];
                has = has || p->revived[u];
            }
            rows += !had && has;
        }
    }
    return rows;
}

void plni_regrown_count(struct plni_pruner *p, size_t revived, plni_tally *tally)
{
    size_t retained = 0, earlier = 0, leaving = 0, survived = 0;

    if (!p->before) return;
    if (!revived) memset(p->chosen, 0, p->units);
    for (size_t u = 0; u < p->units; u++) {
        earlier += p->revived[u];
        retained += p->revived[u] && p->mask[u];
        leaving += (p->before[u] & LEAVES) != 0;
        survived += (p->before[u] & LEAVES) && p->chosen[u];
        p->revived[u] = p->chosen[u];
    }
    tally->updates++;
    tally->revived += (double)revived;
    tally->survival += leaving ? (double)survived / (double)leaving : 0;
    tally->survivals += leaving > 0;
    tally->retention += earlier ? (double)retained / (double)earlier : 0;
    tally->retentions += earlier > 0;
    tally->dead_rows += dead_rows(p);
}

uint8_t *plni_prune_revived(const pln_trainer *t, size_t *units)
{
    *units = t->pruner && t->pruner->revived ? t->pruner->units : 0;
    return *units ? t->pruner->revived : NULL;
}

double *plni_prune_scores(const pln_trainer *t, int *channels)
{
    *channels = t->pruner && t->pruner->pairs ? t->pruner->channels : 0;
    return *channels ? t->pruner->channel : NULL;
}

bool pln_trainer_revived(const pln_trainer *t, double *share)
{
    const struct plni_pruner *p = t->pruner;
    size_t all = 0;

    for (int i = 0; i < pln_net_parameters(t->net); i++) share[i] = 0;
    if (!p || !p->revived) return false;
    for (size_t u = 0; u < p->units; u++) all += p->revived[u];
    for (int i = 0; all > 0 && i < p->tensors; i++) {
        const plni_competitor *w = &p->tensor[i];
        size_t there = 0;
        for (size_t u = w->from; u < w->from + w->count; u++) there += p->revived[u];
        share[w->parameter] = (double)there / (double)all;
    }
    return all > 0;
}
