/* channels.c - which channels stay: by size, then some of the others by their score */

#include "pln/sparsify.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* floor, where what rounding has taken from a whole number does not count. */
static size_t whole(double x) { return (size_t)floor(x + 1e-6); }

/* Keeps `count` more, with the largest scores of the others; what is kept already has a larger one. */
static void revive(const float *score, size_t n, size_t count, float *scratch, uint8_t *keep)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        scratch[i] = keep[i] ? INFINITY : score[i] > FLT_MAX ? FLT_MAX : score[i];
        kept += keep[i];
    }
    (void)pln_select_largest(scratch, n, kept + count, keep);
}

/* The largest of a layer's channels, if none of them is kept. */
static void keep_one(const float *size, int count, uint8_t *keep)
{
    int largest = 0;

    for (int c = 0; c < count; c++) {
        if (keep[c]) return;
        if (size[c] > size[largest]) largest = c;
    }
    if (count > 0) keep[largest] = 1;
}

size_t pln_choose_channels(const float *size, const float *score, const int *count, int layers, double share, double growth,
                           float *scratch, uint8_t *keep)
{
    size_t n = 0, kept = 0;

    for (int l = 0; l < layers; l++) n += (size_t)count[l];
    const size_t gone = whole(share * (double)n), back = score ? whole(growth * (double)(n - gone)) : 0;
    memcpy(scratch, size, n * sizeof *scratch);
    qsort(scratch, n, sizeof *scratch, ascending);
    const float least = gone + back < n ? scratch[gone + back] : INFINITY;
    for (size_t i = 0; i < n; i++) keep[i] = size[i] > least;
    if (back) revive(score, n, back, scratch, keep);
    for (int l = 0, at = 0; l < layers; at += count[l++]) keep_one(size + at, count[l], keep + at);
    for (size_t i = 0; i < n; i++) kept += keep[i];
    return kept;
}
