/* target.c - k winners per sample, kept fair by homeostasis; block targets */

#include "learn/target.h"

#include "base/check.h"
#include "base/option.h"
#include "base/rng.h"
#include "base/shape.h"

#include <math.h>
#include <string.h>

pln_selftarget pln_selftarget_default(void)
{
    return (pln_selftarget){ .winners = 1, .gamma = 0.5f, .eta = 0.6f };
}

pln_status plni_selftarget_check(pln_ctx *ctx, const pln_selftarget *how, int n)
{
    const int k = how->winners;

    if (k < 1 || k > n || k > PLN_MAX_WINNERS)
        return plni_fail(ctx, PLN_ERR_ARG,
                         "target: %d winners wanted among %d units (at most %d)", k,
                         n, PLN_MAX_WINNERS);
    if (how->sequential && !(how->eta > 0))
        return plni_fail_at(ctx, PLN_ERR_ARG, "train.eta", "target: eta is %g, it must be above 0 and at most 1", (double)how->eta);
    return pln_option_check(ctx, pln_selftarget_options, how, "train");
}

float plni_selftarget_tau(const pln_selftarget *how, int n)
{
    return how->tau > 0 ? how->tau : (1 - how->drop) * (float)how->winners / (float)n;
}

bool plni_selftarget_row(const plni_kernels *kernels, const pln_selftarget *how,
                         const float *y, const float *h, const uint16_t *bits,
                         float *d, int n)
{
    const float low = how->smoothing * (float)how->winners / (float)n;
    const float high = 1 - how->smoothing + low;
    const int k = how->winners, keep_from = plni_keep_from(how->drop);
    int winner[PLN_MAX_WINNERS];

    if (kernels->winners(y, h, n, k, winner) < k) return false;
    if (low > 0)
        for (int i = 0; i < n; i++) d[i] = bits && bits[i] < keep_from ? 0 : low;
    else
        memset(d, 0, (size_t)n * sizeof *d);
    for (int j = 0; j < k; j++)
        d[winner[j]] = bits && bits[winner[j]] < keep_from ? 0 : high;
    return true;
}

void plni_selftarget_margin(const plni_kernels *kernels, const pln_selftarget *how, const float *y, const float *h,
                            const float *drive, float *margin, int n)
{
    int winner[PLN_MAX_WINNERS];
    float least = INFINITY, next = -INFINITY;
    const int k = kernels->winners(y, h, n, how->winners, winner);

    for (int i = 0; i < n; i++) margin[i] = y[i] - h[i];
    for (int j = 0; j < k; j++) {
        least = fminf(least, margin[winner[j]]);
        margin[winner[j]] = -INFINITY;
    }
    for (int i = 0; i < n; i++) next = fmaxf(next, margin[i]);
    const float threshold = isfinite(next) ? (least + next) / 2 : least;          /* all may win */
    for (int i = 0; i < n; i++) margin[i] = drive[i] - h[i] - threshold;
}

void plni_homeostasis(const plni_kernels *kernels, const pln_selftarget *how,
                      const float *d, ptrdiff_t stride, int samples, float *h,
                      float *a, int n)
{
    const float tau = plni_selftarget_tau(how, n), gamma = how->gamma;

    if (how->sequential) {
        for (int i = 0; i < n; i++) {
            a[i] = (1 - how->eta) * a[i] + how->eta * d[i];
            h[i] += gamma * (a[i] - tau);
        }
        return;
    }
    for (int s = 0; s < samples; s++)
        kernels->axpy(h, d + s * stride, gamma / (float)samples, n);
    for (int i = 0; i < n; i++) h[i] -= gamma * tau;
}

void plni_label_target_row(int label, int classes, float smoothing, float *d, int n)
{
    const int m = n / classes;
    const float low = n == classes ? smoothing / (float)n : 0, high = n == classes ? 1 - smoothing + low : 1;

    for (int i = 0; i < n; i++) d[i] = low;
    for (int i = label * m; i < label * m + m; i++) d[i] = high;
}

/* ---- public --------------------------------------------------------------- */

static pln_status check_make(pln_ctx *ctx, const pln_selftarget *how,
                             const pln_tensor *y, const pln_tensor *mask,
                             const pln_tensor *h, const pln_tensor *a,
                             const pln_tensor *d)
{
    const int batch = y->rank == 2 ? y->dim[0] : 0, n = batch ? y->dim[1] : 0;

    if (batch < 1 || !plni_is_matrix(y, batch, n) || !plni_is_matrix(d, batch, n) ||
        !plni_is_vector(h, n) || (mask && !plni_is_matrix(mask, batch, n)))
        return plni_fail(ctx, PLN_ERR_SHAPE,
                         "target: y is %dx%d; d and mask must be likewise and h have %d units",
                         batch, n, n);
    if (how->sequential && (batch != 1 || !a || !plni_is_vector(a, n)))
        return plni_fail(ctx, PLN_ERR_SHAPE,
                         "target: sequential mode takes one sample at a time and a moving average of %d units, here are %d samples",
                         n, batch);
    return plni_selftarget_check(ctx, how, n);
}

/* Works on rows without padding, so it uses the reference, which has no wish
 * about alignment; rules call plni_selftarget_row. */
pln_status pln_selftarget_make(pln_ctx *ctx, const pln_selftarget *how,
                               const pln_tensor *y, const pln_tensor *mask,
                               pln_tensor *h, pln_tensor *a, pln_tensor *d)
{
    plni_kernels reference;

    PLN_TRY(check_make(ctx, how, y, mask, h, a, d));
    (void)plni_kernels_choose(&reference, 0, "scalar");

    for (ptrdiff_t b = 0, n = y->dim[1]; b < y->dim[0]; b++) {
        float *row = d->data + b * n;
        const float *m = mask ? mask->data + b * n : NULL;

        for (int i = 0; i < n; i++) row[i] = m ? m[i] * y->data[b * n + i] : y->data[b * n + i];
        if (!plni_selftarget_row(&reference, how, row, h->data, NULL, row, (int)n))
            return plni_fail(ctx, PLN_ERR_NAN, "target: sample %td has under %d numbers",
                             b, how->winners);
        for (int i = 0; m && i < n; i++) row[i] *= m[i];
    }
    plni_homeostasis(&reference, how, d->data, y->dim[1], y->dim[0], h->data,
                     a ? a->data : NULL, y->dim[1]);
    return PLN_OK;
}

pln_status pln_block_target(pln_ctx *ctx, const int32_t *labels, int classes,
                            pln_tensor *d)
{
    if (d->rank != 2 || d->dim[0] < 1)
        return plni_fail(ctx, PLN_ERR_SHAPE, "target: d must be a matrix with a row for each label");
    if (classes < 1 || d->dim[1] < classes)
        return plni_fail(ctx, PLN_ERR_ARG, "target: %d outputs for %d classes", d->dim[1], classes);
    for (int b = 0; b < d->dim[0]; b++)
        if (labels[b] < 0 || labels[b] >= classes)
            return plni_fail(ctx, PLN_ERR_ARG, "target: label %d of sample %d is outside 0..%d",
                             (int)labels[b], b, classes - 1);
    for (ptrdiff_t b = 0; b < d->dim[0]; b++)
        plni_label_target_row(labels[b], classes, 0, d->data + b * d->dim[1], d->dim[1]);
    return PLN_OK;
}
