/* split.c - stratified choices of labelled samples, and a set in two parts */

#include "base/check.h"
#include "base/context.h"
#include "base/rng.h"
#include "data/data.h"

#include <stdlib.h>
#include <string.h>

/* How many of each class: shares by largest remainder, ties to the lower class.
 * Remainders are compared as integers, n * size mod total. */
static void share_out(const long *size, int classes, long total, int n, int *take)
{
    long left = n;
    bool given[PLN_MAX_CLASSES] = { false };

    for (int c = 0; c < classes; c++) {
        take[c] = (int)((long long)n * size[c] / total);
        left -= take[c];
    }
    for (; left > 0; left--) {
        int best = -1;
        for (int c = 0; c < classes; c++) {
            if (given[c] || take[c] == size[c]) continue;
            if (best < 0 || (long long)n * size[c] % total > (long long)n * size[best] % total) best = c;
        }
        given[best] = true;
        take[best]++;
    }
}

static int ascending(const void *a, const void *b)
{
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* The samples of one class in random order; the first `take` are chosen. */
static int choose(const pln_data *data, int class, int take, uint64_t seed,
                  int *order, int *members, int *index)
{
    const plni_random random = plni_random_for(seed, PLNI_FOR_SPLIT, 0, 0, (uint32_t)class);
    int count = 0;

    for (int i = 0; i < data->count; i++)
        if (data->labels[i] == class) members[count++] = i;
    plni_random_order(&random, order, count);
    for (int i = 0; i < take; i++) index[i] = members[order[i]];
    return take;
}

pln_status pln_data_stratified(pln_ctx *ctx, const pln_data *data, int n,
                               uint64_t seed, int *index)
{
    const size_t bytes = 2 * (size_t)data->count * sizeof(int);
    long size[PLN_MAX_CLASSES] = { 0 }, total = 0;
    int take[PLN_MAX_CLASSES], filled = 0, *buffer;

    for (int i = 0; data->labels && i < data->count; i++)
        if (data->labels[i] >= 0) {
            size[data->labels[i]]++;
            total++;
        }
    if (n < 1 || n > total)
        return plni_fail(ctx, PLN_ERR_ARG, "data: %d labelled samples wanted, there are %ld", n, total);
    buffer = plni_alloc(ctx, bytes);
    if (!buffer) return PLN_ERR_MEMORY;
    share_out(size, data->classes, total, n, take);
    for (int c = 0; c < data->classes; c++)
        filled += choose(data, c, take[c], seed, buffer, buffer + data->count, index + filled);
    qsort(index, (size_t)n, sizeof *index, ascending);
    plni_free(ctx, buffer, bytes);
    return PLN_OK;
}

/* ---- two parts -------------------------------------------------------------- */

/* The samples of the index (inside), or all others. */
static pln_status copy_part(pln_ctx *ctx, const pln_data *from, const int *index, int n, bool inside, pln_data **part)
{
    const size_t bytes = (size_t)from->features * (from->floats ? sizeof(float) : 1);
    const char *sample = from->floats ? (const char *)from->floats : (const char *)from->bytes;
    plni_samples x = { .count = inside ? n : from->count - n, .rank = from->rank, .shape = from->shape };
    int32_t *labels = NULL;
    int next = 0, made = 0;

    x.own_size = (size_t)x.count * bytes;
    x.own = plni_alloc(ctx, x.own_size);
    if (from->labels) labels = plni_data_labels_copy(ctx, x.count);
    if (!x.own || (from->labels && !labels)) {
        plni_free(ctx, x.own, x.own_size);
        plni_free(ctx, labels, (size_t)x.count * sizeof *labels);
        return PLN_ERR_MEMORY;
    }
    for (int i = 0; i < from->count; i++) {
        const bool chosen = next < n && index[next] == i;
        next += chosen;
        if (chosen != inside) continue;
        memcpy((char *)x.own + (size_t)made * bytes, sample + (size_t)i * bytes, bytes);
        if (labels) labels[made] = from->labels[i];
        made++;
    }
    if (from->floats) x.floats = x.own;
    else              x.bytes = x.own;
    memcpy(x.stored, from->stored, sizeof x.stored);
    return plni_data_make(ctx, &x, labels, part);
}

pln_status pln_data_split(pln_ctx *ctx, const pln_data *data, const int *index, int n, pln_data **inside, pln_data **outside)
{
    pln_status status;

    *inside = *outside = NULL;
    if (n < 1 || n >= data->count)
        return plni_fail(ctx, PLN_ERR_ARG, "data: a part of %d of %d samples; some must be left on either side", n, data->count);
    for (int i = 0; i < n; i++)
        if (index[i] < (i ? index[i - 1] + 1 : 0) || index[i] >= data->count)
            return plni_fail(ctx, PLN_ERR_ARG, "data: number %d of the index is %d; it must ascend within 0..%d", i, index[i],
                             data->count - 1);
    status = copy_part(ctx, data, index, n, true, inside);
    if (status == PLN_OK) status = copy_part(ctx, data, index, n, false, outside);
    if (status != PLN_OK) {
        pln_data_free(*inside);
        *inside = NULL;
    }
    return status;
}
