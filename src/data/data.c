/* data.c - a labelled set of samples, kept as bytes */

#include "data/data.h"

#include "base/check.h"
#include "base/context.h"
#include "base/shape.h"

#include <limits.h>
#include <string.h>

static pln_status check_labels(pln_ctx *ctx, const int32_t *labels, int count, int *classes)
{
    *classes = 0;
    for (int i = 0; labels && i < count; i++) {
        if (labels[i] < PLN_UNLABELLED || labels[i] >= PLN_MAX_CLASSES)
            return plni_fail(ctx, PLN_ERR_ARG, "data: label %d of sample %d is outside -1..%d",
                             (int)labels[i], i, PLN_MAX_CLASSES - 1);
        if (labels[i] >= *classes) *classes = labels[i] + 1;
    }
    return PLN_OK;
}

pln_status pln_data_bind(pln_ctx *ctx, const uint8_t *samples, int count, int rank,
                         const int *shape, const int32_t *labels, pln_data **data)
{
    size_t features = 1;
    int classes;
    pln_data *d;

    *data = NULL;
    if (count < 1 || rank < 1 || rank > 4)
        return plni_fail(ctx, PLN_ERR_ARG, "data: %d samples of rank %d; wanted are at least 1 of rank 1..4",
                         count, rank);
    for (int i = 0; i < rank; i++)
        if (shape[i] < 1 || !plni_times(features, (size_t)shape[i], &features) || features > INT_MAX)
            return plni_fail(ctx, PLN_ERR_ARG, "data: dimension %d of a sample is %d", i + 1, shape[i]);
    PLN_TRY(check_labels(ctx, labels, count, &classes));

    d = plni_alloc(ctx, sizeof *d);
    if (!d) return PLN_ERR_MEMORY;
    *d = (pln_data){ .ctx = ctx, .samples = samples, .labels = labels, .count = count,
                     .all = count, .rank = rank, .features = (int)features, .classes = classes };
    for (int i = 0; i < rank; i++) d->shape[i] = shape[i];
    *data = d;
    return PLN_OK;
}

int32_t *plni_data_labels_copy(pln_ctx *ctx, int count)
{
    return plni_alloc(ctx, (size_t)count * sizeof(int32_t));
}

pln_status plni_data_make(pln_ctx *ctx, const uint8_t *samples, int count, int rank,
                          const int *shape, int32_t *own_labels, pln_data **data)
{
    const pln_status status = pln_data_bind(ctx, samples, count, rank, shape, own_labels, data);

    if (status == PLN_OK) (*data)->own_labels = own_labels;
    else                  plni_free(ctx, own_labels, (size_t)count * sizeof *own_labels);
    return status;
}

void pln_data_free(pln_data *d)
{
    if (!d) return;
    plni_free(d->ctx, d->own_labels, (size_t)d->all * sizeof *d->own_labels);
    plni_free(d->ctx, d, sizeof *d);
}

const uint8_t *pln_data_samples(const pln_data *d) { return d->samples; }
const int32_t *pln_data_labels(const pln_data *d) { return d->labels; }
int pln_data_count(const pln_data *d) { return d->count; }
int pln_data_features(const pln_data *d) { return d->features; }
int pln_data_classes(const pln_data *d) { return d->classes; }

pln_sample_shape pln_data_shape(const pln_data *d)
{
    const int *n = d->shape;

    switch (d->rank) {
    case 1:  return (pln_sample_shape){ 1, 1, 1, n[0] };
    case 2:  return (pln_sample_shape){ 1, n[0], n[1], 1 };
    case 3:  return (pln_sample_shape){ 1, n[0], n[1], n[2] };
    default: return (pln_sample_shape){ n[0], n[1], n[2], n[3] };
    }
}

void pln_data_limit(pln_data *d, int n)
{
    if (n >= 1 && n < d->count) d->count = n;
}

/* FNV-1a by eight bytes instead of one, mixed so that high bits count too. */
static uint64_t add_to_digest(uint64_t digest, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size > 0) {
        const size_t step = size < 8 ? size : 8;
        uint64_t word = 0;
        memcpy(&word, at, step);
        digest = (digest ^ word) * 0x100000001b3u;
        digest ^= digest >> 32;
        at += step;
        size -= step;
    }
    return digest;
}

uint64_t plni_data_digest(const pln_data *d)
{
    const size_t count = (size_t)d->count;
    uint64_t digest = add_to_digest(0xcbf29ce484222325u, d->shape, (size_t)d->rank * sizeof d->shape[0]);

    digest = add_to_digest(digest, d->samples, count * (size_t)d->features);
    return d->labels ? add_to_digest(digest, d->labels, count * sizeof d->labels[0]) : digest;
}

pln_data_info pln_data_get_info(pln_data *d)
{
    pln_data_info info = { .count = d->count, .features = d->features, .rank = d->rank,
                           .classes = d->classes };
    const size_t bytes = (size_t)d->count * (size_t)d->features;
    size_t active = 0;

    for (int i = 0; i < d->rank; i++) info.shape[i] = d->shape[i];
    for (int i = 0; d->labels && i < d->count; i++) info.labelled += d->labels[i] >= 0;
    for (size_t i = 0; i < bytes; i++) active += d->samples[i] != 0;
    info.active = (double)active / (double)bytes;
    return info;
}
