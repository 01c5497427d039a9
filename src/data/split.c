/* split.c - stratified choices of labelled samples */

#include "base/check.h"
#include "base/context.h"
#include "base/rng.h"
#include "data/data.h"

#include <stdlib.h>

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
    int take[PLN_MAX_CLASSES], filled = 0, *room;

    for (int i = 0; data->labels && i < data->count; i++)
        if (data->labels[i] >= 0) {
            size[data->labels[i]]++;
            total++;
        }
    if (n < 1 || n > total)
        return plni_fail(ctx, PLN_ERR_ARG, "data: %d labelled samples wanted, there are %ld", n, total);
    room = plni_alloc(ctx, bytes);
    if (!room) return PLN_ERR_MEMORY;
    share_out(size, data->classes, total, n, take);
    for (int c = 0; c < data->classes; c++)
        filled += choose(data, c, take[c], seed, room, room + data->count, index + filled);
    qsort(index, (size_t)n, sizeof *index, ascending);
    plni_free(ctx, room, bytes);
    return PLN_OK;
}
