/* reference.c - the plain loops that say what each kernel computes */

#include <Random123/philox.h>

#include "pln/spike.h"

#include <math.h>
#include <string.h>

#define PLNI_LEVEL scalar
#include "kernel/level.h"

void plni_gather_scalar(float *y, const float *bias, const float *panel,
                        int width, const int *index, const float *value, int n)
{
    for (int c = 0; c < width; c++) y[c] = bias[c];
    for (int m = 0; m < n; m++)
        for (int c = 0; c < width; c++)
            y[c] += value[m] * panel[(ptrdiff_t)index[m] * width + c];
}

void plni_gathers_scalar(float *y, ptrdiff_t ldy, const float *bias, const float *panel, int width,
                         const int *index, const float *value, ptrdiff_t ldx, const int *count,
                         int samples)
{
    for (int s = 0; s < samples; s++)
        plni_gather_scalar(y + s * ldy, bias, panel, width, index + s * ldx, value + s * ldx, count[s]);
}

void plni_dot_scalar(float *y, ptrdiff_t ldy, const float *panel, int width,
                     int first, int last, const float *x, ptrdiff_t ldx,
                     int samples)
{
    for (int s = 0; s < samples; s++)
        for (int r = first; r < last; r++) {
            float sum = 0;
            for (int c = 0; c < width; c++)
                sum += x[s * ldx + c] * panel[(ptrdiff_t)r * width + c];
            y[s * ldy + r] = sum;
        }
}

void plni_update_scalar(float *panel, int width, int rows, const int *start,
                        const int *sample, const float *value, const float *d,
                        ptrdiff_t ldd, float scale)
{
    for (int r = 0; r < rows; r++)
        for (int e = start[r]; e < start[r + 1]; e++)
            for (int c = 0; c < width; c++)
                panel[(ptrdiff_t)r * width + c] +=
                    scale * value[e] * d[sample[e] * ldd + c];
}

void plni_spread_scalar(float *panel, int width, int first, int last, const int *index,
                        const float *value, int n, const float *d, float scale)
{
    for (int m = 0; m < n && index[m] < last; m++)
        for (int c = 0; c < width; c++)
            panel[(ptrdiff_t)(index[m] - first) * width + c] += scale * value[m] * d[c];
}

void plni_update_gather_scalar(float *panel, int width, int rows, const int *start,
                               const int *sample, const float *value, const float *d,
                               ptrdiff_t ldd, float scale, const int *next_start,
                               const int *next_sample, const float *next_value, float *y,
                               ptrdiff_t ldy)
{
    plni_update_scalar(panel, width, rows, start, sample, value, d, ldd, scale);
    for (int r = 0; r < rows; r++)
        for (int e = next_start[r]; e < next_start[r + 1]; e++)
            for (int c = 0; c < width; c++)
                y[next_sample[e] * ldy + c] +=
                    next_value[e] * panel[(ptrdiff_t)r * width + c];
}

void plni_gather_update_scalar(float *panel, int width, int rows, const int *start,
                               const int *sample, const float *value, const float *x, ptrdiff_t ldx,
                               float *dx, ptrdiff_t lddx, float scale)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < width; c++) {
            float *w = panel + (ptrdiff_t)r * width + c;
            float step = 0;
            for (int e = start[r]; e < start[r + 1]; e++) {
                dx[sample[e] * lddx + c] += value[e] * *w;
                step += value[e] * x[sample[e] * ldx + c];
            }
            *w += scale * step;
        }
}

/* The k best so far in descending order; a unit must beat, not match, those
 * before it: that is what settles ties by index. */
int plni_winners_scalar(const float *y, const float *h, int n, int k, int *winner)
{
    int kept = 0;

    for (int i = 0; i < n; i++) {
        const float score = y[i] - h[i];
        int at = kept;

        if (isnan(score)) continue;
        while (at > 0 && score > y[winner[at - 1]] - h[winner[at - 1]]) at--;
        if (at == k) continue;
        if (kept < k) kept++;
        memmove(winner + at + 1, winner + at,
                (size_t)(kept - 1 - at) * sizeof *winner);
        winner[at] = i;
    }
    return kept;
}

int plni_list_scalar(const float *x, int n, int *index, float *value)
{
    int count = 0;

    for (int i = 0; i < n; i++)
        if (x[i] != 0) {
            index[count] = i;
            value[count++] = x[i];
        }
    return count;
}

void plni_bytes_scalar(float *x, const uint8_t *byte, int n)
{
    for (int i = 0; i < n; i++) x[i] = (float)byte[i] * (1.0f / 255.0f);
}

void plni_draw_scalar(uint16_t *bits, int n, uint64_t seed, uint32_t purpose,
                      uint32_t epoch, uint32_t sample)
{
    const philox4x32_key_t key = { { (uint32_t)seed, (uint32_t)(seed >> 32) } };

    for (int u = 0; u < n; u++) {
        const uint32_t block = (uint32_t)(16 * (u / 128) + u % 16);
        const philox4x32_ctr_t counter = { { block, sample, epoch, purpose } };
        const philox4x32_ctr_t words = philox4x32(counter, key);
        const int half = u % 128 / 16;
        bits[u] = (uint16_t)(words.v[half / 2] >> (half % 2 ? 16 : 0));
    }
}

void plni_keep_scalar(float *y, const float *x, const uint16_t *bits, int n,
                      int threshold, float scale)
{
    for (int i = 0; i < n; i++) y[i] = bits[i] >= threshold ? scale * x[i] : 0;
}

void plni_drop_scalar(float *x, const uint16_t *bits, int n)
{
    for (int i = 0; i < n; i++)
        if (!(bits[i / 16] >> i % 16 & 1)) x[i] = 0;
}

void plni_relu_scalar(float *y, const float *x, int n)
{
    for (int i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : 0;
}

void plni_relu_back_scalar(float *dx, const float *dy, const float *x, int n)
{
    for (int i = 0; i < n; i++) dx[i] = x[i] > 0 ? dy[i] : 0;
}

void plni_hardsigm_scalar(float *y, const float *x, int n)
{
    for (int i = 0; i < n; i++) y[i] = x[i] < 0 ? 0 : x[i] > 1 ? 1 : x[i];
}

void plni_hardsigm_back_scalar(float *dx, const float *dy, const float *x, int n)
{
    for (int i = 0; i < n; i++) dx[i] = x[i] >= 0 && x[i] <= 1 ? dy[i] : 0;
}

float plni_residual_scalar(float *dy, const float *y, const float *d, int n,
                           float scale)
{
    float sum = 0;

    for (int i = 0; i < n; i++) {
        const float off = y[i] - d[i];
        sum += off * off;
        dy[i] = scale * off;
    }
    return sum;
}

float plni_relax_scalar(float *s, const float *up, const float *down,
                        const float *t, const uint16_t *bits, int threshold,
                        float a, float b, float c, int n)
{
    float largest = 0;

    for (int i = 0; i < n; i++) {
        const float drive = up[i] + (down ? down[i] : 0);
        const float to = a * s[i] + b * drive + (t ? c * t[i] : 0);
        const float next = bits && bits[i] < threshold ? 0 : to < 0 ? 0 : to > 1 ? 1 : to;

        if (fabsf(next - s[i]) > largest) largest = fabsf(next - s[i]);
        s[i] = next;
    }
    return largest;
}

void plni_axpy_scalar(float *y, const float *x, float a, int n)
{
    for (int i = 0; i < n; i++) y[i] += a * x[i];
}

void plni_adam_scalar(float *theta, const float *g, float *m, float *v, int n,
                      const plni_adam *how)
{
    for (int i = 0; i < n; i++) {
        m[i] = plni_flush(how->b1 * m[i] + (1 - how->b1) * g[i]);
        v[i] = plni_flush_square(how->b2 * v[i] + (1 - how->b2) * g[i] * g[i]);
        theta[i] -= how->rate * m[i] / (sqrtf(v[i]) + how->eps);
    }
}

void plni_momentum_scalar(float *theta, const float *g, float *m, int n, float rate, float momentum, float decay)
{
    for (int i = 0; i < n; i++) {
        m[i] = momentum * m[i] + (g[i] + decay * theta[i]);
        theta[i] -= rate * m[i];
    }
}

/* ---- spiking neurons: one neuron at a time ---- */

static float drive_of(const plni_drive *in, int place, int c, int t)
{
    const ptrdiff_t at = (ptrdiff_t)place * in->depth + c;
    float u = in->x[t * in->x_step + at];

    if (in->scale) u = in->scale[t * in->norm_step + c] * u + in->shift[t * in->norm_step + c];
    return in->tap ? u + in->tap[t * in->tap_step + at] : u;
}

static bool fires(const plni_lif *n, float h) { return n->strict ? h > n->threshold : h >= n->threshold; }

static float slope(const plni_lif *n, float x)
{
    const float g = 1 / (1 + expf(-n->a * x)), y = 1.57079632679489662f * n->a * x, t = tanhf(n->a * x);

    switch (n->surrogate) {
    case PLN_SURROGATE_ATAN:      return 0.5f * n->a / (1 + y * y);
    case PLN_SURROGATE_SIGMOID:   return n->a * g * (1 - g);
    case PLN_SURROGATE_TRIANGLE:  return fmaxf(0, n->a - n->a * n->a * fabsf(x));
    case PLN_SURROGATE_RECTANGLE: return fabsf(x) < 0.5f / n->a ? n->a : 0;
    case PLN_SURROGATE_TANH:      return fabsf(x) <= 0.5f ? n->peak * (1 - t * t) : 0;
    default:                      return 1 / ((1 + n->a * fabsf(x)) * (1 + n->a * fabsf(x)));
    }
}

void plni_potentials(const plni_lif *n, const plni_drive *in, int place, int c, float *h)
{
    float v = n->rest;

    for (int t = 0; t < in->steps; t++) {
        h[t] = n->lam * v + n->offset + n->kap * drive_of(in, place, c, t);
        v = h[t];
        if (!fires(n, h[t])) continue;
        v = n->reset == PLN_RESET_HARD   ? n->rest
            : n->reset == PLN_RESET_SOFT ? h[t] - n->threshold
                                         : h[t] - n->threshold / n->lam;
    }
}

int plni_fire_scalar(const plni_lif *n, const plni_drive *in, uint16_t *spike)
{
    float h[64];
    int count = 0;

    memset(spike, 0, (size_t)(in->steps * in->places * in->depth / 16) * sizeof *spike);
    for (int p = 0; p < in->places; p++)
        for (int c = 0; c < in->depth; c++) {
            plni_potentials(n, in, p, c, h);
            for (int t = 0; t < in->steps; t++) {
                spike[((ptrdiff_t)(t * in->places + p) * in->depth + c) / 16] |= (uint16_t)(fires(n, h[t]) << c % 16);
                count += fires(n, h[t]);
            }
        }
    return count;
}

/* What the places of a sample score, by potentials; NaN is larger than any number. */
static float measure(const plni_metric *m, float h)
{
    switch (m->quantity) {
    case PLN_SCORE_VALUE:     return plni_value_of(h);
    case PLN_SCORE_NEARNESS:  return -fabsf(h - m->lif.threshold);
    case PLN_SCORE_POTENTIAL: return fabsf(h);
    case PLN_SCORE_SPIKES:    return fires(&m->lif, h);
    default:                  return slope(&m->lif, h - m->lif.threshold);
    }
}

static void score_places(const plni_lif *n, const plni_drive *in, const plni_metric *metric, float *score)
{
    float h[64];

    for (int p = 0; p < in->places; p++)
        for (int c = 0; c < in->depth; c++) {
            float sum = 0;
            plni_potentials(n, in, p, c, h);
            for (int t = 0; t < in->steps; t++) sum += measure(metric, h[t]);
            if (metric->averaged) score[c] += sum;
            else if (sum > score[c] || isnan(sum)) score[c] = sum;
        }
}

int plni_fire_score_scalar(const plni_lif *n, const plni_drive *in, uint16_t *spike, const plni_metric *metric,
                           float *score)
{
    score_places(n, in, metric, score);
    return plni_fire_scalar(n, in, spike);
}

/* dL/dh from a = dL/ds and carry = dL/dv. */
static float go_back(const plni_lif *n, float h, float a, float carry)
{
    const float g = slope(n, h - n->threshold), s = fires(n, h);

    switch (n->reset) {
    case PLN_RESET_HARD: return a * g + carry * (1 - s + (n->detach ? 0 : (n->rest - h) * g));
    case PLN_RESET_SOFT: return a * g + carry * (1 - (n->detach ? 0 : n->threshold * g));
    default:             return a * g + carry * (1 - (n->detach ? 0 : n->threshold / n->lam * g));
    }
}

void plni_fire_back_scalar(const plni_lif *n, const plni_drive *in, const float *dy, ptrdiff_t dy_step, float *e,
                           ptrdiff_t e_step, float *sum, ptrdiff_t sum_step)
{
    float h[64];

    for (int p = 0; p < in->places; p++)
        for (int c = 0; c < in->depth; c++) {
            const ptrdiff_t at = (ptrdiff_t)p * in->depth + c;
            float carry = 0, all = 0;
            plni_potentials(n, in, p, c, h);
            for (int t = in->steps - 1; t >= 0; t--) {
                const float back = go_back(n, h[t], dy[t * dy_step + at], carry), du = n->kap * back;
                carry = n->lam * back;
                all += du;
                if (e_step) e[t * e_step + at] = du;
                if (sum) sum[t * sum_step + c] += du;
                if (sum) sum[t * sum_step + in->depth + c] += du * in->x[t * in->x_step + at];
            }
            if (!e_step) e[at] = all;
        }
}

void plni_fire_back_score_scalar(const plni_lif *n, const plni_drive *in, const float *dy, ptrdiff_t dy_step,
                                 float *e, ptrdiff_t e_step, float *sum, ptrdiff_t sum_step,
                                 const plni_metric *metric, float *score)
{
    const plni_metric own = { .lif = *n };

    score_places(n, in, metric ? metric : &own, score);
    plni_fire_back_scalar(n, in, dy, dy_step, e, e_step, sum, sum_step);
}

void plni_moments_scalar(const float *x, int n, int depth, float *mean, float *distance)
{
    for (int c = 0; c < depth; c++) {
        mean[c] = distance[c] = 0;
        for (int r = 0; r < n; r++) mean[c] += x[(ptrdiff_t)r * depth + c];
        mean[c] /= (float)n;
        for (int r = 0; r < n; r++)
            distance[c] += (x[(ptrdiff_t)r * depth + c] - mean[c]) * (x[(ptrdiff_t)r * depth + c] - mean[c]);
    }
}

void plni_blend_scalar(float *y, const float *x, int n, int depth, const float *a, const float *b, const float *d)
{
    for (int r = 0; r < n; r++)
        for (int c = 0; c < depth; c++) {
            const ptrdiff_t at = (ptrdiff_t)r * depth + c;
            y[at] = a[c] * y[at] + b[c] * x[at] + d[c];
        }
}

void plni_spikes_scalar(uint16_t *offset, uint32_t *start, const uint64_t *word, int words, int shift, int channels,
                        int rows, int width, int tap_stride, int step)
{
    for (int p = 0; p < rows * width; p++) {
        start[p + 1] = start[p];
        for (int c = 0; c < channels; c++)
            if (word[(ptrdiff_t)p * words] >> shift >> c & 1)
                offset[start[p + 1]++] = (uint16_t)(p % width % 3 * tap_stride + c * step);
    }
}

void plni_sums_scalar(uint16_t *offset, float *value, uint32_t *start, const uint8_t *sum, int depth, int channels,
                      int rows, int width, int tap_stride, int step, float unit)
{
    for (int p = 0; p < rows * width; p++) {
        start[p + 1] = start[p];
        for (int c = 0; c < channels; c++)
            if (sum[(ptrdiff_t)p * depth + c]) {
                offset[start[p + 1]] = (uint16_t)(p % width % 3 * tap_stride + c * step);
                value[start[p + 1]++] = unit * (float)sum[(ptrdiff_t)p * depth + c];
            }
    }
}

void plni_values_scalar(uint16_t *offset, float *value, uint32_t *start, const float *x, int depth, int channels,
                        int rows, int width, int tap_stride, int step)
{
    for (int p = 0; p < rows * width; p++) {
        start[p + 1] = start[p];
        for (int c = 0; c < channels; c++)
            if (x[(ptrdiff_t)p * depth + c] != 0) {
                offset[start[p + 1]] = (uint16_t)(p % width % 3 * tap_stride + c * step);
                value[start[p + 1]++] = x[(ptrdiff_t)p * depth + c];
            }
    }
}

void plni_windows_scalar(float *y, ptrdiff_t ldy, const float *from, ptrdiff_t ldfrom, const float *weight, int width,
                         const plni_window *window, int n, const uint16_t *offset, const float *value)
{
    for (const plni_window *w = window; w < window + n; w++)
        for (int c = 0; c < width; c++) {
            float sum = from[w->place * ldfrom + c];
            for (uint32_t e = w->start; e < w->start + w->count; e++)
                sum += (value ? value[e] : 1) * weight[offset[e] / 4 + c];
            y[w->place * ldy + c] = sum;
        }
}

void plni_columns_scalar(uint16_t *offset, uint32_t *start, const uint64_t *word, int words, int shift, int channels,
                         int positions, const uint16_t *place)
{
    for (int c = 0; c < channels; c++) {
        start[c + 1] = start[c];
        for (int p = 0; p < positions; p++)
            if (word[(ptrdiff_t)p * words] >> shift >> c & 1) offset[start[c + 1]++] = place[p];
    }
}

void plni_sum_columns_scalar(uint16_t *offset, float *value, uint32_t *start, const uint8_t *sum, int depth,
                             int channels, int positions, const uint16_t *place, float unit)
{
    for (int c = 0; c < channels; c++) {
        start[c + 1] = start[c];
        for (int p = 0; p < positions; p++)
            if (sum[(ptrdiff_t)p * depth + c]) {
                offset[start[c + 1]] = place[p];
                value[start[c + 1]++] = unit * (float)sum[(ptrdiff_t)p * depth + c];
            }
    }
}

void plni_taps_scalar(float *sum, const float *delta, int line, const uint32_t *start, int channels,
                      const uint16_t *offset, const float *value)
{
    for (int c = 0; c < channels; c++, sum += 9 * 16)
        for (uint32_t e = start[c]; e < start[c + 1]; e++)
            for (int t = 0; t < 9; t++)
                for (int i = 0; i < 16; i++)
                    sum[t * 16 + i] += (value ? value[e] : 1) *
                                       delta[offset[e] / 4 + 16 * ((2 - t / 3) * line + 2 - t % 3) + i];
}

/* The matrices of winograd.c in numbers; each line of B^T are the coefficients of the
 * polynomial that is 0 at all other points. */
#define R2 1.41421356237309505f
#define RH 0.70710678118654752f
static const float G[6][3] = { { 1, 0, 0 }, { -2 / 3.0f, -R2 / 3, -1 / 3.0f }, { -2 / 3.0f, R2 / 3, -1 / 3.0f },
                               { 1 / 6.0f, R2 / 6, 1 / 3.0f }, { 1 / 6.0f, -R2 / 6, 1 / 3.0f }, { 0, 0, 1 } };
static const float BT[6][6] = { { 1, 0, -2.5f, 0, 1, 0 }, { 0, -R2, -2, RH, 1, 0 }, { 0, R2, -2, -RH, 1, 0 },
                                { 0, -RH, -0.5f, R2, 1, 0 }, { 0, RH, -0.5f, -R2, 1, 0 }, { 0, 1, 0, -2.5f, 0, 1 } };
static const float AT[4][6] = { { 1, 1, 1, 1, 1, 0 }, { 0, RH, -RH, R2, -R2, 0 }, { 0, 0.5f, 0.5f, 2, 2, 0 },
                                { 0, 0.5f * RH, -0.5f * RH, 2 * R2, -2 * R2, 1 } };

void plni_winograd_weights_scalar(float *u, ptrdiff_t point, ptrdiff_t ldu, const float *w, ptrdiff_t tap,
                                  ptrdiff_t ldw, int rows)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < 16; i++)
            for (int p = 0; p < 36; p++) {
                float sum = 0;
                for (int t = 0; t < 9; t++) sum += G[p / 6][t / 3] * G[p % 6][t % 3] * w[r * ldw + t * tap + i];
                u[r * ldu + p * point + i] = sum;
            }
}

void plni_winograd_in_scalar(float *v, ptrdiff_t point, const float *x, ptrdiff_t line, ptrdiff_t pixel, int channels)
{
    for (int c = 0; c < channels; c++)
        for (int p = 0; p < 36; p++) {
            float sum = 0;
            for (int i = 0; i < 36; i++) sum += BT[p / 6][i / 6] * BT[p % 6][i % 6] * x[i / 6 * line + i % 6 * pixel + c];
            v[p * point + c] = sum;
        }
}

void plni_winograd_out_scalar(float *y, ptrdiff_t line, ptrdiff_t pixel, const float *from, ptrdiff_t from_line,
                              ptrdiff_t from_pixel, const float *m, ptrdiff_t point, int height, int width,
                              int filters)
{
    for (int f = 0; f < filters; f++)
        for (int i = 0; i < height; i++)
            for (int k = 0; k < width; k++) {
                float sum = 0;
                for (int p = 0; p < 36; p++) sum += AT[i][p / 6] * AT[k][p % 6] * m[p * point + f];
                y[i * line + k * pixel + f] = from[i * from_line + k * from_pixel + f] + sum;
            }
}

void plni_winograd_product_scalar(float *m, ptrdiff_t ldm, const float *v, ptrdiff_t ldv, const float *u, int width,
                                  int depth, int tiles)
{
    for (int t = 0; t < tiles; t++)
        for (int f = 0; f < width; f++) {
            float sum = 0;
            for (int q = 0; q < depth; q++) sum += v[t * ldv + q] * u[(ptrdiff_t)q * width + f];
            m[t * ldm + f] = sum;
        }
}

void plni_spread_spikes_scalar(float *x, const uint64_t *word, int n)
{
    for (int c = 0; c < n; c++) x[c] = (float)(word[c / 64] >> c % 64 & 1);
}

void plni_spread_sums_scalar(float *x, const uint8_t *sum, int n, float unit)
{
    for (int c = 0; c < n; c++) x[c] = unit * (float)sum[c];
}

void plni_pack_scalar(float *to, ptrdiff_t ldto, ptrdiff_t plane, const float *from, ptrdiff_t ldfrom, int rows,
                      int planes)
{
    for (int r = 0; r < rows; r++)
        for (int p = 0; p < planes; p++)
            for (int i = 0; i < 16; i++) to[r * ldto + p * plane + i] = from[r * ldfrom + 16 * p + i];
}

void plni_planes_scalar(uint64_t *plane, ptrdiff_t ld, const uint64_t *word, ptrdiff_t words, int channels, int places)
{
    for (int p = 0; p < places; p += 64)
        for (int c = 0; c < channels; c++) {
            uint64_t bits = 0;
            for (int i = p; i < p + 64 && i < places; i++) bits |= (word[i * words] >> c & 1) << (i - p);
            plane[p / 64 * ld + c] = bits;
        }
}

void plni_sum_planes_scalar(uint64_t *plane, ptrdiff_t ld, const uint8_t *sum, ptrdiff_t depth, int bit, int channels,
                            int places)
{
    for (int p = 0; p < places; p += 64)
        for (int c = 0; c < channels; c++) {
            uint64_t bits = 0;
            for (int i = p; i < p + 64 && i < places; i++) bits |= (uint64_t)(sum[i * depth + c] >> bit & 1) << (i - p);
            plane[p / 64 * ld + c] = bits;
        }
}

void plni_moved_scalar(uint64_t *to, const uint64_t *low, const uint64_t *high, int shift, uint64_t inside, int n)
{
    for (int i = 0; i < n; i++) to[i] = (low[i] >> shift | (shift ? high[i] << (64 - shift) : 0)) & inside;
}

void plni_live_bits_scalar(float *y, const uint64_t *plane, ptrdiff_t ld, int places, const uint16_t *entry,
                           const float *value, int n, float scale, bool add)
{
    for (int i = 0; i < places; i++) {
        float sum = add ? y[i] : 0;
        for (int e = 0; e < n; e++)
            if (plane[entry[e] + i / 64 * ld] >> i % 64 & 1) sum += value[e] * scale;
        y[i] = sum;
    }
}

void plni_live_values_scalar(float *y, const float *plane, const int32_t *offset, int places, const uint16_t *entry,
                             const float *value, int n, bool add)
{
    for (int i = 0; i < places; i++) {
        float sum = add ? y[i] : 0;
        for (int e = 0; e < n; e++) sum += value[e] * plane[offset[entry[e]] + i];
        y[i] = sum;
    }
}

void plni_live_few_scalar(float *y, ptrdiff_t ld, const float *x, ptrdiff_t stride, int places, const uint32_t *start,
                          const uint16_t *entry, const float *value)
{
    for (int f = 0; f < 16; f++)
        for (int i = 0; i < places; i++) {
            float sum = 0;
            for (uint32_t e = start[f]; e < start[f + 1]; e++) sum += value[e] * x[entry[e] * stride + i];
            y[f * ld + i] = sum;
        }
}

void plni_live_dots_scalar(float *sum, const uint64_t *plane, ptrdiff_t ld, const uint16_t *entry, int n, const float *d,
                           int places, float scale)
{
    for (int e = 0; e < n; e++)
        for (int i = 0; i < places; i++)
            if (plane[entry[e] + i / 64 * ld] >> i % 64 & 1) sum[e] += scale * d[i];
}

void plni_live_rows_scalar(float *y, const float *bias, int width, const uint32_t *start, const uint16_t *entry,
                           const float *value, const int *index, const float *active, int n)
{
    memcpy(y, bias, (size_t)width * sizeof *y);
    for (int m = 0; m < n; m++)
        for (uint32_t e = start[index[m]]; e < start[index[m] + 1]; e++) y[entry[e]] += active[m] * value[e];
}

void plni_block_sums_scalar(float *y, const int32_t *shift, const uint16_t *entry, int n, const float *weight, ptrdiff_t tap,
                            ptrdiff_t channel, ptrdiff_t next, const uint32_t *start, const uint16_t *offset, const float *value)
{
    for (int e = 0; e < n; e++) {
        const int c = entry[e] / 9, t = entry[e] % 9;
        for (uint32_t k = start[c]; k < start[c + 1]; k++)
            for (int i = 0; i < 16; i++)
                y[offset[k] / 4 + shift[t] + i] += (value ? value[k] : 1) * weight[t * tap + c * channel + e * next + i];
    }
}

void plni_unload_scalar(float *to, ptrdiff_t ldto, float *tile, const float *first, int rows)
{
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < 16; i++) {
            to[r * ldto + i] = (first ? first[i] : 0) + tile[16 * r + i];
            tile[16 * r + i] = 0;
        }
}

void plni_block_dots_scalar(float *sum, const int32_t *shift, const uint16_t *entry, int n, const float *delta,
                            const uint32_t *start, const uint16_t *offset, const float *value)
{
    for (int e = 0; e < n; e++) {
        const int c = entry[e] / 9, t = entry[e] % 9;
        for (uint32_t k = start[c]; k < start[c + 1]; k++)
            for (int i = 0; i < 16; i++) sum[16 * e + i] += (value ? value[k] : 1) * delta[offset[k] / 4 + shift[t] + i];
    }
}

void plni_to_channels_scalar(float *to, const int32_t *at, const float *from, ptrdiff_t ld, int places,
                             const float *first, bool add)
{
    for (int i = 0; i < places; i++)
        for (int f = 0; f < 16 && at[i] >= 0; f++)
            to[at[i] + f] = (add ? to[at[i] + f] : first ? first[f] : 0) + from[f * ld + i];
}

void plni_to_lanes_scalar(float *to, ptrdiff_t ld, const float *from, const int32_t *at, int places)
{
    for (int i = 0; i < places; i++)
        for (int f = 0; f < 16; f++) to[f * ld + i] = at[i] < 0 ? 0 : from[at[i] + f];
}

#define K(operation) .operation = plni_##operation##_scalar,
const plni_kernels plni_kernels_scalar = {
#include "kernel/kernel.def"
};
#undef K
