/* row.c - kernels that sweep over one row, built for each CPU level
 *
 * Plain loops that the compiler turns into vectors, but for winners and list,
 * which look at a whole vector before they look at its elements. */

#include <Random123/philox.h>

#include "kernel/level.h"

#include <math.h>

static bool any(ivec mask)
{
    int32_t bits = 0;

    for (int i = 0; i < LANES; i++) bits |= mask[i];
    return bits != 0;
}

/* Puts unit i into the k best so far, which are in descending order. */
static int insert(float *best, int *winner, int kept, int k, float score, int i)
{
    int at = kept < k ? kept++ : k - 1;

    for (; at > 0 && score > best[at - 1]; at--) {
        best[at] = best[at - 1];
        winner[at] = winner[at - 1];
    }
    best[at] = score;
    winner[at] = i;
    return kept;
}

/* One pass.  Most units do not beat the k-th best, and one comparison of a
 * vector shows it for all its units; NaN beats nothing. */
int KERNEL(winners)(const float *y, const float *h, int n, int k, int *winner)
{
    float best[64];              /* PLN_MAX_WINNERS */
    int kept = 0, i = 0;

    for (; i < n && kept < k; i++)
        if (!isnan(y[i] - h[i]))
            kept = insert(best, winner, kept, k, y[i] - h[i], i);
    for (; i < n && i % LANES; i++)
        if (y[i] - h[i] > best[k - 1])
            insert(best, winner, kept, k, y[i] - h[i], i);
    for (; i < n; i += LANES) {
        const vec score = *(const vec *)(y + i) - *(const vec *)(h + i);
        if (!any(score > best[k - 1])) continue;
        for (int j = i; j < i + LANES && j < n; j++)
            if (y[j] - h[j] > best[k - 1])
                insert(best, winner, kept, k, y[j] - h[j], j);
    }
    return kept;
}

int KERNEL(list)(const float *x, int n, int *index, float *value)
{
    int count = 0;

    for (int i = 0; i < n; i += LANES) {
        if (!any(*(const vec *)(x + i) != 0)) continue;
        for (int j = i; j < i + LANES && j < n; j++) {
            index[count] = j;
            value[count] = x[j];
            count += x[j] != 0;
        }
    }
    return count;
}

void KERNEL(bytes)(float *x, const uint8_t *byte, int n)
{
    for (int i = 0; i < n; i++) x[i] = (float)byte[i] * (1.0f / 255.0f);
}

void KERNEL(draw)(uint16_t *bits, int n, uint64_t seed, uint32_t purpose,
                  uint32_t epoch, uint32_t sample)
{
    const philox4x32_key_t key = { { (uint32_t)seed, (uint32_t)(seed >> 32) } };

    for (int u = 0; u < n; u += 128)
        for (int lane = 0; lane < 16; lane++) {
            const philox4x32_ctr_t counter = {
                { (uint32_t)(u / 8 + lane), sample, epoch, purpose }
            };
            const philox4x32_ctr_t words = philox4x32(counter, key);
            for (int w = 0; w < 4; w++) {
                bits[u + 32 * w + lane] = (uint16_t)words.v[w];
                bits[u + 32 * w + 16 + lane] = (uint16_t)(words.v[w] >> 16);
            }
        }
}

void KERNEL(keep)(float *y, const float *x, const uint16_t *bits, int n,
                  int threshold, float scale)
{
    for (int i = 0; i < n; i++) {
        const float kept = scale * x[i];
        y[i] = bits[i] >= threshold ? kept : 0;
    }
}

void KERNEL(relu)(float *y, const float *x, int n)
{
    for (int i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : 0;
}

void KERNEL(relu_back)(float *dx, const float *dy, const float *x, int n)
{
    for (int i = 0; i < n; i++) {
        const float d = dy[i];
        dx[i] = x[i] > 0 ? d : 0;
    }
}

void KERNEL(hardsigm)(float *y, const float *x, int n)
{
    for (int i = 0; i < n; i++) {
        const float low = x[i] < 0 ? 0 : x[i];
        y[i] = low > 1 ? 1 : low;
    }
}

void KERNEL(hardsigm_back)(float *dx, const float *dy, const float *x, int n)
{
    for (int i = 0; i < n; i++) {
        const float d = x[i] >= 0 ? dy[i] : 0;
        dx[i] = x[i] <= 1 ? d : 0;
    }
}

/* One sum for each lane, so that the additions do not wait for each other. */
float KERNEL(residual)(float *dy, const float *y, const float *d, int n, float scale)
{
    float sums[16] = { 0 }, sum = 0;
    int i = 0;

    for (; i + 16 <= n; i += 16)
        for (int lane = 0; lane < 16; lane++) {
            const float off = y[i + lane] - d[i + lane];
            sums[lane] += off * off;
            dy[i + lane] = scale * off;
        }
    for (; i < n; i++) {
        const float off = y[i] - d[i];
        sums[i % 16] += off * off;
        dy[i] = scale * off;
    }
    for (int lane = 0; lane < 16; lane++) sum += sums[lane];
    return sum;
}

void KERNEL(axpy)(float *y, const float *x, float a, int n)
{
    for (int i = 0; i < n; i++) y[i] += a * x[i];
}

void KERNEL(adam)(float *theta, const float *g, float *m, float *v, int n,
                  float rate, float b1, float b2, float c1, float c2, float eps)
{
    for (int i = 0; i < n; i++) {
        m[i] = b1 * m[i] + (1 - b1) * g[i];
        v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
        theta[i] -= rate * (m[i] / c1) / (sqrtf(v[i] / c2) + eps);
    }
}

#define TABLE JOIN3(plni_kernels, _, PLNI_LEVEL)
#define K(operation) .operation = KERNEL(operation),
extern const plni_kernels TABLE;
const plni_kernels TABLE = {
#include "kernel/kernel.def"
};
#undef K
