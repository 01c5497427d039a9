/* labelled.c - which samples show their labels */

#include "base/check.h"
#include "base/context.h"
#include "base/option.h"
#include "data/data.h"

#include <math.h>

static int count_labelled(const pln_data *data)
{
    int n = 0;

    for (int i = 0; data->labels && i < data->count; i++) n += data->labels[i] >= 0;
    return n;
}

static pln_status take(pln_ctx *ctx, pln_index *index, int count)
{
    *index = (pln_index){ .count = count };
    index->sample = plni_alloc(ctx, sizeof *index->sample * (size_t)count);
    return index->sample ? PLN_OK : PLN_ERR_MEMORY;
}

void pln_index_free(pln_ctx *ctx, pln_index *index)
{
    plni_free(ctx, index->sample, sizeof *index->sample * (size_t)index->count);
    *index = (pln_index){ .sample = NULL };
}

/* A fraction of a hundredth of 100 samples is one, however it is rounded. */
pln_status pln_data_share(pln_ctx *ctx, const pln_data *data, double fraction, uint64_t seed, pln_index *index)
{
    const int shown = count_labelled(data), n = (int)floor(fraction * shown * (1 + 1e-9));

    *index = (pln_index){ .sample = NULL };
    if (fraction >= 1 && shown == data->count) return PLN_OK;
    if (n < 1) return plni_fail(ctx, PLN_ERR_ARG, "a fraction of %g of %d labelled training samples is none; make it larger", fraction, shown);
    PLN_TRY(take(ctx, index, n < data->count ? n : data->count));
    const pln_status status = pln_data_stratified(ctx, data, n, seed, index->sample);
    if (status != PLN_OK) pln_index_free(ctx, index);
    return status;
}

pln_status pln_data_held(pln_ctx *ctx, const pln_data *data, const char *key, double share, uint64_t seed, pln_index *index)
{
    const int shown = count_labelled(data), n = share > 0 && share < 1 ? (int)(share * (shown ? shown : data->count) + 0.5) : 0;
    pln_status status = PLN_OK;

    *index = (pln_index){ .sample = NULL };
    if (n < 1 || n >= data->count)
        return plni_fail_at(ctx, PLN_ERR_ARG, key, "%s: a share of %g is %d of %d %straining samples; some must be left on either side", key,
                            share, n, shown ? shown : data->count, shown && shown < data->count ? "labelled " : "");
    PLN_TRY(take(ctx, index, n));
    if (shown) status = pln_data_stratified(ctx, data, n, seed, index->sample);
    for (int i = 0; !shown && i < n; i++) index->sample[i] = (int)((long long)i * data->count / n);
    if (status != PLN_OK) pln_index_free(ctx, index);
    return status;
}

/* Marks the samples that show their labels. */
static pln_status mark(pln_ctx *ctx, const pln_data *data, int n, uint64_t seed, const int *marked, char *shows)
{
    pln_index chosen;

    for (int i = 0; i < data->count; i++) shows[i] = marked ? marked[i] != 0 : n == 0 && data->labels && data->labels[i] >= 0;
    if (marked || n == 0) return PLN_OK;
    PLN_TRY(take(ctx, &chosen, n < data->count ? n : data->count));
    const pln_status status = pln_data_stratified(ctx, data, n, seed, chosen.sample);
    for (int i = 0; status == PLN_OK && i < n; i++) shows[chosen.sample[i]] = 1;
    pln_index_free(ctx, &chosen);
    return status;
}

/* Nothing can be learned of a class that the data have and no shown label is of. */
static pln_status check_classes(pln_ctx *ctx, const pln_data *data, const char *shows)
{
    enum { HIDDEN = 1, SHOWN };
    char found[PLN_MAX_CLASSES] = { 0 };

    for (int i = 0; data->labels && i < data->count; i++)
        if (data->labels[i] >= 0 && found[data->labels[i]] != SHOWN) found[data->labels[i]] = shows[i] ? SHOWN : HIDDEN;
    for (int k = 0; k < data->classes; k++)
        if (found[k] == HIDDEN)
            return plni_fail(ctx, PLN_ERR_ARG, "none of the samples with a label is of class %d; each of the data's %d classes wants one",
                             k, data->classes);
    return PLN_OK;
}

static pln_status divide(pln_ctx *ctx, const pln_data *data, const char *shows, pln_index *with, pln_index *without)
{
    int shown = 0, at[2] = { 0 };

    for (int i = 0; i < data->count; i++) shown += shows[i];
    if (shown == 0) return plni_fail(ctx, PLN_ERR_ARG, "no training sample has a label");
    PLN_TRY(check_classes(ctx, data, shows));
    if (shown == data->count)
        return plni_fail(ctx, PLN_ERR_ARG, "every training sample shows its label; leave some for the pass without labels");
    PLN_TRY(take(ctx, with, shown));
    PLN_TRY(take(ctx, without, data->count - shown));
    for (int i = 0; i < data->count; i++) (shows[i] ? with : without)->sample[at[!shows[i]]++] = i;
    return PLN_OK;
}

pln_status pln_data_divide(pln_ctx *ctx, const pln_data *data, int n, uint64_t seed, const int *marked,
                           pln_index *with, pln_index *without)
{
    char *shows = plni_alloc(ctx, (size_t)data->count);
    pln_status status = PLN_ERR_MEMORY;

    *with = *without = (pln_index){ .sample = NULL };
    if (shows) status = mark(ctx, data, n, seed, marked, shows);
    if (status == PLN_OK) status = divide(ctx, data, shows, with, without);
    plni_free(ctx, shows, (size_t)data->count);
    if (status == PLN_OK) return PLN_OK;
    pln_index_free(ctx, with);
    pln_index_free(ctx, without);
    return status;
}
