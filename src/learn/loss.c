/* loss.c - squared error and cross-entropy */

#include "learn/loss.h"

#include <math.h>

static float cross_entropy(const float *y, const float *d, const uint16_t *bits,
                           int keep_from, int batch, int n, float *dy)
{
    float largest = y[0], sum = 0, total = 0, loss = 0;

    for (int i = 1; i < n; i++) largest = y[i] > largest ? y[i] : largest;
    for (int i = 0; i < n; i++) sum += expf(y[i] - largest);
    for (int i = 0; i < n; i++) total += d[i];

    const float log_sum = largest + logf(sum);
    for (int i = 0; i < n; i++) {
        const float log_p = y[i] - log_sum;
        loss -= d[i] * log_p;
        dy[i] = bits && bits[i] < keep_from
                    ? 0 : (expf(log_p) * total - d[i]) / (float)batch;
    }
    return loss / (float)batch;
}

float plni_loss_row(const plni_kernels *kernels, pln_loss loss, const float *y,
                    const float *d, const uint16_t *bits, int keep_from,
                    int batch, int n, float *dy)
{
    const float share = 1.0f / ((float)batch * (float)n);

    if (loss == PLN_CROSS_ENTROPY)
        return cross_entropy(y, d, bits, keep_from, batch, n, dy);
    return share * kernels->residual(dy, y, d, n, 2 * share);
}
