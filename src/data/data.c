/* data.c - a labelled set of samples, kept as bytes or as floats */

#include "data/data.h"

#include "base/check.h"
#include "base/context.h"
#include "base/shape.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
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

void plni_data_place(int rank, const int *shape, size_t feature, char text[PLNI_PLACE])
{
    int place[4];
    size_t at = 0;

    for (int d = rank - 1; d >= 0; d--) {
        place[d] = (int)(feature % (size_t)shape[d]);
        feature /= (size_t)shape[d];
    }
    for (int d = 0; d < rank; d++)
        at += (size_t)snprintf(text + at, PLNI_PLACE - at, "%s%d", d ? ", " : "(", place[d]);
    snprintf(text + at, PLNI_PLACE - at, ")");
}

static pln_status check_finite(pln_ctx *ctx, const plni_samples *x, size_t features)
{
    const size_t values = (size_t)x->count * features;
    char place[PLNI_PLACE];
    size_t i = 0;

    while (i < values && isfinite(x->floats[i])) i++;
    if (i == values) return PLN_OK;
    plni_data_place(x->rank, x->shape, i % features, place);
    return plni_fail(ctx, PLN_ERR_NAN, "data: value %s of sample %zu is %g; numbers must be finite",
                     place, i / features, isnan(x->floats[i]) ? (double)NAN : (double)x->floats[i]);
}

static pln_status make(pln_ctx *ctx, const plni_samples *x, const int32_t *labels, pln_data **data)
{
    size_t features = 1;
    int classes;
    pln_data *d;

    *data = NULL;
    if (x->count < 1 || x->rank < 1 || x->rank > 4)
        return plni_fail(ctx, PLN_ERR_ARG, "data: %d samples of rank %d; wanted are at least 1 of rank 1..4",
                         x->count, x->rank);
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] < 1 || !plni_times(features, (size_t)x->shape[i], &features) || features > INT_MAX)
            return plni_fail(ctx, PLN_ERR_ARG, "data: dimension %d of a sample is %d", i + 1, x->shape[i]);
    PLN_TRY(check_labels(ctx, labels, x->count, &classes));
    if (x->floats) PLN_TRY(check_finite(ctx, x, features));

    d = plni_alloc(ctx, sizeof *d);
    if (!d) return PLN_ERR_MEMORY;
    *d = (pln_data){ .ctx = ctx, .bytes = x->bytes, .floats = x->floats, .labels = labels, .count = x->count,
                     .all = x->count, .rank = x->rank, .features = (int)features, .classes = classes };
    for (int i = 0; i < x->rank; i++) d->shape[i] = x->shape[i];
    *data = d;
    return PLN_OK;
}

pln_status pln_data_bind(pln_ctx *ctx, const uint8_t *samples, int count, int rank,
                         const int *shape, const int32_t *labels, pln_data **data)
{
    return make(ctx, &(plni_samples){ .bytes = samples, .count = count, .rank = rank, .shape = shape }, labels, data);
}

pln_status pln_data_bind_floats(pln_ctx *ctx, const float *samples, int count, int rank,
                                const int *shape, const int32_t *labels, pln_data **data)
{
    return make(ctx, &(plni_samples){ .floats = samples, .count = count, .rank = rank, .shape = shape }, labels, data);
}

int32_t *plni_data_labels_copy(pln_ctx *ctx, int count)
{
    return plni_alloc(ctx, (size_t)count * sizeof(int32_t));
}

pln_status plni_data_make(pln_ctx *ctx, const plni_samples *x, int32_t *own_labels, pln_data **data)
{
    const pln_status status = make(ctx, x, own_labels, data);

    if (status != PLN_OK) {
        plni_free(ctx, own_labels, (size_t)x->count * sizeof *own_labels);
        plni_free(ctx, x->own, x->own_size);
        return status;
    }
    (*data)->own_labels = own_labels;
    (*data)->own = x->own;
    (*data)->own_size = x->own_size;
    memcpy((*data)->stored, x->stored, sizeof x->stored);
    return PLN_OK;
}

void pln_data_free(pln_data *d)
{
    if (!d) return;
    plni_free(d->ctx, d->own_labels, (size_t)d->all * sizeof *d->own_labels);
    plni_free(d->ctx, d->own, d->own_size);
    plni_free(d->ctx, d, sizeof *d);
}

const uint8_t *pln_data_samples(const pln_data *d) { return d->bytes; }
const float *pln_data_floats(const pln_data *d) { return d->floats; }
const int32_t *pln_data_labels(const pln_data *d) { return d->labels; }
pln_data_type pln_data_get_type(const pln_data *d) { return d->floats ? PLN_FLOATS : PLN_BYTES; }
bool pln_data_owns(const pln_data *d) { return d->own; }

size_t pln_data_bytes(const pln_data *d)
{
    return d->own_size + (d->own_labels ? (size_t)d->all * sizeof *d->own_labels : 0);
}

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

    if (d->floats) digest = add_to_digest(digest, "float32", 7);          /* no bytes are these floats */
    if (d->floats) digest = add_to_digest(digest, d->floats, count * (size_t)d->features * sizeof(float));
    else           digest = add_to_digest(digest, d->bytes, count * (size_t)d->features);
    return d->labels ? add_to_digest(digest, d->labels, count * sizeof d->labels[0]) : digest;
}

static plni_values look_at_bytes(const uint8_t *x, size_t n)
{
    uint8_t least = x[0], largest = x[0];
    size_t active = 0;

    for (size_t i = 0; i < n; i++) {
        active += x[i] != 0;
        if (x[i] < least) least = x[i];
        if (x[i] > largest) largest = x[i];
    }
    return (plni_values){ .active = (double)active / (double)n, .least = least, .largest = largest };
}

static plni_values look_at_floats(const float *x, size_t n)
{
    float least = x[0], largest = x[0];
    size_t active = 0;

    for (size_t i = 0; i < n; i++) {
        active += x[i] != 0;
        if (x[i] < least) least = x[i];
        if (x[i] > largest) largest = x[i];
    }
    return (plni_values){ .active = (double)active / (double)n, .least = least, .largest = largest };
}

const plni_values *plni_data_values(pln_data *d)
{
    const size_t n = (size_t)d->count * (size_t)d->features;

    if (d->values.count != d->count) {
        d->values = d->floats ? look_at_floats(d->floats, n) : look_at_bytes(d->bytes, n);
        d->values.count = d->count;
    }
    return &d->values;
}

pln_data_info pln_data_get_info(pln_data *d)
{
    const plni_values *values = plni_data_values(d);
    pln_data_info info = { .count = d->count, .features = d->features, .rank = d->rank, .classes = d->classes,
                           .type = pln_data_get_type(d), .active = values->active, .least = values->least,
                           .largest = values->largest };

    for (int i = 0; i < d->rank; i++) info.shape[i] = d->shape[i];
    for (int i = 0; d->labels && i < d->count; i++) info.labelled += d->labels[i] >= 0;
    return info;
}
