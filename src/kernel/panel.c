/* panel.c - products with a panel of weights, built for each CPU level
 *
 * What they have in common: sums stay in registers for as long as a row of the
 * panel is walked, and lists decide which rows are walked at all. */

#include "kernel/level.h"

/* Columns [0, 8 LANES) of `count` vectors at once.  count is a constant at each
 * call, so that the array becomes registers. */
PLNI_INLINE void gather_block(float *y, const float *bias, const float *panel,
                              int width, const int *index, const float *value,
                              int n, const int count)
{
    vec sum[8];

#pragma GCC unroll 8
    for (int j = 0; j < count; j++) sum[j] = ((const vec *)bias)[j];
    for (int m = 0; m < n; m++) {
        const vec *row = (const vec *)(panel + (ptrdiff_t)index[m] * width);
        const float v = value[m];
#pragma GCC unroll 8
        for (int j = 0; j < count; j++) sum[j] += v * row[j];
    }
#pragma GCC unroll 8
    for (int j = 0; j < count; j++) ((vec *)y)[j] = sum[j];
}

void KERNEL(gather)(float *y, const float *bias, const float *panel, int width,
                    const int *index, const float *value, int n)
{
    int c = 0;

    for (; c + 8 * LANES <= width; c += 8 * LANES)
        gather_block(y + c, bias + c, panel + c, width, index, value, n, 8);
    for (; c + 4 * LANES <= width; c += 4 * LANES)
        gather_block(y + c, bias + c, panel + c, width, index, value, n, 4);
    for (; c < width; c += LANES)
        gather_block(y + c, bias + c, panel + c, width, index, value, n, 1);
}

/* ---- dot ----------------------------------------------------------------- */

typedef ivec pick;

/* One level of the tree: lanes of a and b that are `step` apart are added; in
 * the result a's and b's sums take turns of `step` lanes. */
PLNI_INLINE vec fold(vec a, vec b, const int step)
{
    pick keep, move;

#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) {
        const int second = i / step % 2;
        keep[i] = second ? i + LANES : i;
        move[i] = second ? i - step + LANES : i + step;
    }
#if defined(__clang__)
    vec kept, moved;
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) {
        kept[i] = keep[i] < LANES ? a[keep[i]] : b[keep[i] - LANES];
        moved[i] = move[i] < LANES ? a[move[i]] : b[move[i] - LANES];
    }
    return kept + moved;
#else
    return __builtin_shuffle(a, b, keep) + __builtin_shuffle(a, b, move);
#endif
}

/* Lane i of the result is the sum over all lanes of part[i]; LANES parts. */
PLNI_INLINE vec sums(vec *part)
{
#pragma GCC unroll 16
    for (int i = 0; i < LANES / 2; i++) part[i] = fold(part[2 * i], part[2 * i + 1], 1);
#pragma GCC unroll 8
    for (int i = 0; i < LANES / 4; i++) part[i] = fold(part[2 * i], part[2 * i + 1], 2);
#if defined(__AVX__)
#pragma GCC unroll 4
    for (int i = 0; i < LANES / 8; i++) part[i] = fold(part[2 * i], part[2 * i + 1], 4);
#endif
#if defined(__AVX512F__)
    part[0] = fold(part[0], part[1], 8);
#endif
    return part[0];
}

/* Rows r..r+R-1 times samples s..s+S-1, R * S sums in registers. */
PLNI_INLINE void dot_block(float *y, ptrdiff_t ldy, const float *w, int width,
                           const float *x, ptrdiff_t ldx, const int R, const int S)
{
    vec sum[16] = { { 0 } };

    for (int c = 0; c < width; c += LANES) {
        vec row[4];
#pragma GCC unroll 4
        for (int p = 0; p < R; p++) row[p] = *(const vec *)(w + p * width + c);
#pragma GCC unroll 4
        for (int q = 0; q < S; q++) {
            vec v = *(const vec *)(x + q * ldx + c);
            KEEP_IN_REGISTER(v);
#pragma GCC unroll 4
            for (int p = 0; p < R; p++) sum[4 * q + p] += row[p] * v;
        }
    }
    if (R == 4 && S == 4) {
#pragma GCC unroll 16
        for (int i = 0; i < 16; i += LANES) {
            const vec total = sums(sum + i);
            for (int j = 0; j < LANES; j += 4)
                for (int p = 0; p < 4; p++)
                    y[(i + j) / 4 * ldy + p] = total[j + p];
        }
        return;
    }
    for (int q = 0; q < S; q++)
        for (int p = 0; p < R; p++) {
            float total = 0;
            for (int i = 0; i < LANES; i++) total += sum[4 * q + p][i];
            y[q * ldy + p] = total;
        }
}

/* Four rows and four samples at a time give sixteen sums for eight loads; what
 * is left over goes one by one.  A sample's sum does not depend on its
 * neighbours, only on whether its row is among the last few. */
void KERNEL(dot)(float *y, ptrdiff_t ldy, const float *panel, int width,
                 int first, int last, const float *x, ptrdiff_t ldx, int samples)
{
    int r = first;

    for (; r + 4 <= last; r += 4) {
        const float *w = panel + (ptrdiff_t)r * width;
        int s = 0;
        for (; s + 4 <= samples; s += 4)
            dot_block(y + s * ldy + r, ldy, w, width, x + s * ldx, ldx, 4, 4);
        for (; s < samples; s++)
            dot_block(y + s * ldy + r, ldy, w, width, x + s * ldx, ldx, 4, 1);
    }
    for (; r < last; r++)
        for (int s = 0; s < samples; s++)
            dot_block(y + s * ldy + r, ldy, panel + (ptrdiff_t)r * width, width,
                      x + s * ldx, ldx, 1, 1);
}

/* ---- update and pullback ------------------------------------------------- */

PLNI_INLINE void update_block(float *row, int n, const int *sample,
                              const float *value, const float *d, ptrdiff_t ldd,
                              float scale, const int count)
{
    vec w[8];

#pragma GCC unroll 8
    for (int j = 0; j < count; j++) w[j] = ((const vec *)row)[j];
    for (int e = 0; e < n; e++) {
        const vec *step = (const vec *)(d + sample[e] * ldd);
        const float v = scale * value[e];
#pragma GCC unroll 8
        for (int j = 0; j < count; j++) w[j] += v * step[j];
    }
#pragma GCC unroll 8
    for (int j = 0; j < count; j++) ((vec *)row)[j] = w[j];
}

void KERNEL(update)(float *panel, int width, int rows, const int *start,
                    const int *sample, const float *value, const float *d,
                    ptrdiff_t ldd, float scale)
{
    for (int r = 0; r < rows; r++) {
        const int n = start[r + 1] - start[r];
        const int *s = sample + start[r];
        const float *v = value + start[r];
        float *row = panel + (ptrdiff_t)r * width;
        int c = 0;

        if (n == 0) continue;
        for (; c + 8 * LANES <= width; c += 8 * LANES)
            update_block(row + c, n, s, v, d + c, ldd, scale, 8);
        for (; c + 4 * LANES <= width; c += 4 * LANES)
            update_block(row + c, n, s, v, d + c, ldd, scale, 4);
        for (; c < width; c += LANES)
            update_block(row + c, n, s, v, d + c, ldd, scale, 1);
    }
}

/* Two loops for the two commonest cases, one sample and several, because with
 * one sample the step needs no sum. */
PLNI_INLINE void pullback_row(float *row, int n, int width, const int *sample,
                              const float *value, const float *x, ptrdiff_t ldx,
                              float *dx, ptrdiff_t lddx, float scale)
{
    vec *w = (vec *)row;

    if (n == 1) {
        const vec *from = (const vec *)(x + sample[0] * ldx);
        vec *to = (vec *)(dx + sample[0] * lddx);
        const float v = value[0], step = scale * value[0];
        for (int c = 0; c < width / LANES; c++) {
            const vec old = w[c];
            to[c] += v * old;
            w[c] = old + step * from[c];
        }
        return;
    }
    for (int c = 0; c < width / LANES; c++) {
        const vec old = w[c];
        vec step = { 0 };
        for (int e = 0; e < n; e++) {
            vec *to = (vec *)(dx + sample[e] * lddx) + c;
            *to += value[e] * old;
            step += value[e] * ((const vec *)(x + sample[e] * ldx))[c];
        }
        w[c] = old + scale * step;
    }
}

void KERNEL(pullback)(float *panel, int width, int rows, int first, int last,
                      const int *start, const int *sample, const float *value,
                      const float *x, ptrdiff_t ldx, float *dx, ptrdiff_t lddx,
                      float scale)
{
    enum { AHEAD = 6 };          /* rows to fetch in advance */

    for (int r = 0; r < rows; r++) {
        const int n = start[r + 1] - start[r];
        float *row = panel + (ptrdiff_t)r * width + first;

        if (n == 0) continue;
        for (int c = 0; c < last - first; c += 16)
            __builtin_prefetch(row + (ptrdiff_t)AHEAD * width + c, 1);
        pullback_row(row, n, last - first, sample + start[r], value + start[r],
                     x + first, ldx, dx + first, lddx, scale);
    }
}
