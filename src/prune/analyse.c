/* analyse.c - alignment, class features, entropy, histograms and rank correlation (theory 13.8) */

#include "pln/analyse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- alignment ---------------------------------------------------------------------- */

static void centre(float *x, int n, int columns)
{
    for (int c = 0; c < columns; c++) {
        double sum = 0;
        for (int s = 0; s < n; s++) sum += (double)x[(ptrdiff_t)s * columns + c];
        for (int s = 0; s < n; s++) x[(ptrdiff_t)s * columns + c] -= (float)(sum / n);
    }
}

/* In four parts, so that additions do not wait for each other. */
static double dot(const float *a, const float *b, int n)
{
    double sum[4] = { 0 };
    int i = 0;

    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++) sum[k] += (double)a[i + k] * (double)b[i + k];
    for (; i < n; i++) sum[0] += (double)a[i] * (double)b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* By products of samples: |Y'X|^2 is the sum over all pairs of samples of <x, x'> <y, y'>, which takes no memory. */
double pln_cka(float *x, int p, float *y, int q, int samples)
{
    double xx = 0, yy = 0, xy = 0;

    centre(x, samples, p);
    centre(y, samples, q);
    for (int a = 0; a < samples; a++)
        for (int b = 0; b <= a; b++) {
            const double kx = dot(x + (ptrdiff_t)a * p, x + (ptrdiff_t)b * p, p), ky = dot(y + (ptrdiff_t)a * q, y + (ptrdiff_t)b * q, q);
            const double times = a == b ? 1 : 2;
            xx += times * kx * kx;
            yy += times * ky * ky;
            xy += times * kx * ky;
        }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

/* ---- class features ------------------------------------------------------------------ */

void pln_class_normalise(float *z, int samples, int channels)
{
    for (int s = 0; s < samples; s++, z += channels) {
        float least = INFINITY, most = -INFINITY;
        for (int c = 0; c < channels; c++) least = fminf(least, z[c]), most = fmaxf(most, z[c]);
        for (int c = 0; c < channels; c++) z[c] = most > least ? (most - z[c]) / (most - least) : 0;
    }
}

int pln_class_moments(const float *z, const int32_t *labels, int32_t label, int samples, int channels, double *mean, double *variance)
{
    int n = 0;

    memset(mean, 0, (size_t)channels * sizeof *mean);
    memset(variance, 0, (size_t)channels * sizeof *variance);
    for (int s = 0; s < samples; s++) {
        if (labels[s] != label) continue;
        n++;
        for (int c = 0; c < channels; c++) {
            const double d = (double)z[(ptrdiff_t)s * channels + c] - mean[c];
            mean[c] += d / n;
            variance[c] += d * ((double)z[(ptrdiff_t)s * channels + c] - mean[c]);
        }
    }
    for (int c = 0; n > 1 && c < channels; c++) variance[c] /= n - 1;
    return n;
}

double pln_cosine(const double *a, const double *b, int n)
{
    double aa = 0, bb = 0, ab = 0;

    for (int i = 0; i < n; i++) aa += a[i] * a[i], bb += b[i] * b[i], ab += a[i] * b[i];
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : (double)NAN;
}

/* ---- entropy -------------------------------------------------------------------------- */

static double part(double p) { return p > 0 ? -p * log2(p) : 0; }

double pln_entropy_binary(double p) { return part(p) + part(1 - p); }

double pln_entropy(const int64_t *bin, int bins)
{
    double all = 0, entropy = 0;

    for (int i = 0; i < bins; i++) all += (double)bin[i];
    for (int i = 0; i < bins && all > 0; i++) entropy += part((double)bin[i] / all);
    return entropy;
}

void pln_histogram(const float *x, size_t n, double from, double to, int bins, int64_t *bin)
{
    for (size_t i = 0; i < n; i++) {
        if (!((double)x[i] >= from && (double)x[i] <= to)) continue;
        const int at = (int)(((double)x[i] - from) / (to - from) * bins);
        bin[at < bins ? at : bins - 1]++;
    }
}

/* ---- rank correlation ------------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
    const pln_ranked *x = a, *y = b;

    return (x->size > y->size) - (x->size < y->size);
}

static void rank_all(const float *x, size_t n, pln_ranked *order, double *rank)
{
    for (size_t i = 0; i < n; i++) order[i] = (pln_ranked){ x[i], i };
    qsort(order, n, sizeof *order, by_size);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && order[to].size <= order[from].size;) to++;
        for (size_t i = from; i < to; i++) rank[order[i].place] = (double)(from + to - 1) / 2 - (double)(n - 1) / 2;
    }
}

/* Ranks have a mean of 0 here, so that their cosine is their correlation. */
double pln_spearman(const float *x, const float *y, size_t n, pln_ranked *order, double *rank)
{
    rank_all(x, n, order, rank);
    rank_all(y, n, order, rank + n);
    return pln_cosine(rank, rank + n, (int)n);
}
