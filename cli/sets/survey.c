/* survey.c - what somebody would want to know of samples before a training
 *
 * Equal samples are found by sorting digests of them; those of equal digests are compared, so that none is taken for another. */

#include "sets/survey.h"

#include <stdlib.h>
#include <string.h>

/* One sample, as it is sorted. */
typedef struct seen {
    uint64_t    digest;
    int         part, index;
    const char *values;
} seen;

static size_t size_of(const pln_data *data)
{
    return (size_t)pln_data_features(data) * (pln_data_get_type(data) == PLN_FLOATS ? sizeof(float) : 1);
}

static const char *values_of(const pln_data *data, int i)
{
    const char *first = pln_data_get_type(data) == PLN_FLOATS ? (const char *)pln_data_floats(data) : (const char *)pln_data_samples(data);
    return first + (size_t)i * size_of(data);
}

static int label_of(const pln_data *data, int i)
{
    const int32_t *labels = pln_data_labels(data);
    return labels ? (int)labels[i] : PLN_UNLABELLED;
}

/* FNV-1a. */
static uint64_t digest_of(const char *values, size_t size)
{
    uint64_t digest = 0xcbf29ce484222325u;

    for (size_t i = 0; i < size; i++) digest = (digest ^ (unsigned char)values[i]) * 0x100000001b3u;
    return digest;
}

static bool is_constant(const char *values, size_t size, size_t width)
{
    return size > width && memcmp(values, values + width, size - width) == 0;
}

static void find(survey_found *f, int sample, int like)
{
    if (f->shown < SURVEY_SHOWN) f->sample[f->shown] = sample, f->like[f->shown++] = like;
    f->count++;
}

static int by_digest(const void *a, const void *b)
{
    const seen *x = a, *y = b;

    if (x->digest != y->digest) return x->digest < y->digest ? -1 : 1;
    return x->part != y->part ? x->part - y->part : (x->index > y->index) - (x->index < y->index);
}

static int by_place(const void *a, const void *b)
{
    const seen *x = a, *y = b;
    return x->part != y->part ? x->part - y->part : (x->index > y->index) - (x->index < y->index);
}

/* Notes that sample b equals the first like it. */
static void note_equal(const dataset *d, survey *s, const seen *a, const seen *b)
{
    const pln_data *const part[2] = { d->train, d->test };

    if (a->part != b->part) {
        find(&s->overlap, b->index, a->index);
        return;
    }
    find(&s->doubled[b->part], b->index, a->index);
    const int x = label_of(part[a->part], a->index), y = label_of(part[b->part], b->index);
    if (x >= 0 && y >= 0 && x != y) find(&s->contradicting[b->part], b->index, a->index);
}

/* Writes into each digest the place of the first equal sample, and notes them in their own order. */
static void find_equal(const dataset *d, survey *s, seen *all, int count, size_t size)
{
    for (int from = 0, to; from < count; from = to) {
        const uint64_t digest = all[from].digest;
        for (to = from; to < count && all[to].digest == digest; to++) continue;
        for (int i = to - 1; i >= from; i--) {
            int first = from;
            while (first < i && memcmp(all[first].values, all[i].values, size) != 0) first++;
            all[i].digest = (uint64_t)(uint32_t)all[first].index << 1 | (uint64_t)all[first].part;
        }
    }
    qsort(all, (size_t)count, sizeof *all, by_place);
    for (int i = 0; i < count; i++) {
        const seen like = { .part = (int)(all[i].digest & 1), .index = (int)(all[i].digest >> 1) };
        if (like.part != all[i].part || like.index != all[i].index) note_equal(d, s, &like, &all[i]);
    }
}

int survey_make(const dataset *d, survey *s)
{
    const pln_data *const part[2] = { d->train, d->test };
    const int count[2] = { pln_data_count(d->train), d->test ? pln_data_count(d->test) : 0 };
    const size_t size = size_of(d->train), width = pln_data_get_type(d->train) == PLN_FLOATS ? sizeof(float) : 1;
    seen *all = malloc((size_t)(count[0] + count[1]) * sizeof *all);
    int n = 0;

    *s = (survey){ .classes = 0 };
    if (!all) return complain(FAILED, "no memory left");
    for (int p = 0; p < 2; p++) {
        for (int i = 0; i < count[p]; i++) {
            const char *values = values_of(part[p], i);
            const int label = label_of(part[p], i);
            all[n++] = (seen){ digest_of(values, size), p, i, values };
            if (is_constant(values, size, width)) find(&s->constant[p], i, i);
            if (label < 0) continue;
            s->per_class[p][label]++;
            if (label >= s->classes) s->classes = label + 1;
        }
    }
    qsort(all, (size_t)n, sizeof *all, by_digest);
    find_equal(d, s, all, n, size);
    free(all);
    return DONE;
}
