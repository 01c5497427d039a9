/* panel.c - products with a panel of weights, built for each CPU level
 *
 * What they have in common: sums stay in registers for as long as a row of the
 * panel is walked, and lists decide which rows are walked at all. */

#include "kernel/level.h"

/* Vectors of a row that are in registers at once: half of those there are. */
#if defined(__AVX512F__) || defined(__aarch64__)
enum { BLOCK = 16 };
#else
enum { BLOCK = 8 };
#endif

/* `count` vectors at once.  count is a constant at each
 * call, so that the array becomes registers. */
PLNI_INLINE void gather_block(float *y, const float *bias, const float *panel,
                              int width, const int *index, const float *value,
                              int n, const int count)
{
    vec sum[BLOCK];

#pragma GCC unroll 16
    for (int j = 0; j < count; j++) sum[j] = ((const vec *)bias)[j];
    for (int m = 0; m < n; m++) {
        const vec *row = (const vec *)(panel + (ptrdiff_t)index[m] * width);
        const float v = value[m];
        ONE_REGISTER(row);
#pragma GCC unroll 16
        for (int j = 0; j < count; j++) sum[j] += v * row[j];
    }
#pragma GCC unroll 16
    for (int j = 0; j < count; j++) ((vec *)y)[j] = sum[j];
}

void KERNEL(gather)(float *y, const float *bias, const float *panel, int width,
                    const int *index, const float *value, int n)
{
    int c = 0;

    for (; c + BLOCK * LANES <= width; c += BLOCK * LANES)
        gather_block(y + c, bias + c, panel + c, width, index, value, n, BLOCK);
    for (; c + 4 * LANES <= width; c += 4 * LANES)
        gather_block(y + c, bias + c, panel + c, width, index, value, n, 4);
    for (; c < width; c += LANES)
        gather_block(y + c, bias + c, panel + c, width, index, value, n, 1);
}

/* One vector of four samples, in step as long as all lists last. */
PLNI_INLINE void gather_four(float *y, ptrdiff_t ldy, const float *bias, const float *panel, int width,
                             const int *index, const float *value, ptrdiff_t ldx, const int *count)
{
    vec sum[4];
    int all = count[0];

#pragma GCC unroll 4
    for (int s = 0; s < 4; s++) {
        sum[s] = *(const vec *)bias;
        all = count[s] < all ? count[s] : all;
    }
    for (int m = 0; m < all; m++)
#pragma GCC unroll 4
        for (int s = 0; s < 4; s++)
            sum[s] += value[s * ldx + m] * *(const vec *)(panel + (ptrdiff_t)index[s * ldx + m] * width);
#pragma GCC unroll 4
    for (int s = 0; s < 4; s++) {
        for (int m = all; m < count[s]; m++)
            sum[s] += value[s * ldx + m] * *(const vec *)(panel + (ptrdiff_t)index[s * ldx + m] * width);
        *(vec *)(y + s * ldy) = sum[s];
    }
}

void KERNEL(gathers)(float *y, ptrdiff_t ldy, const float *bias, const float *panel, int width,
                     const int *index, const float *value, ptrdiff_t ldx, const int *count, int samples)
{
    int s = 0;

    for (; s + 4 <= samples; s += 4)
        for (int c = 0; c < width; c += LANES)
            gather_four(y + s * ldy + c, ldy, bias + c, panel + c, width, index + s * ldx, value + s * ldx,
                        ldx, count + s);
    for (; s < samples; s++)
        KERNEL(gather)(y + s * ldy, bias, panel, width, index + s * ldx, value + s * ldx, count[s]);
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

/* Rows r..r+R-1 times samples s..s+S-1, R * S sums in registers.  `ahead` is a
 * row that will be needed soon. */
PLNI_INLINE void dot_block(float *y, ptrdiff_t ldy, const float *w, int width,
                           const float *x, ptrdiff_t ldx, const float *ahead,
                           const int R, const int S)
{
    vec sum[16] = { { 0 } };

    for (int c = 0; c < width; c += LANES) {
        vec row[4];
        __builtin_prefetch(ahead + c);
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
            dot_block(y + s * ldy + r, ldy, w, width, x + s * ldx, ldx,
                      w + (4 + s / 4 % 4) * width, 4, 4);
        for (; s < samples; s++)
            dot_block(y + s * ldy + r, ldy, w, width, x + s * ldx, ldx,
                      w + (4 + s % 4) * width, 4, 1);
    }
    for (; r < last; r++)
        for (int s = 0; s < samples; s++)
            dot_block(y + s * ldy + r, ldy, panel + (ptrdiff_t)r * width, width,
                      x + s * ldx, ldx, panel, 1, 1);
}

/* ---- update, update_gather, gather_update ------------------------------- */

/* The entries of one row: n samples and their values. */
typedef struct entries {
    int          n;
    const int   *sample;
    const float *value;
} entries;

PLNI_INLINE entries entries_of(int r, const int *start, const int *sample,
                               const float *value)
{
    return (entries){ start[r + 1] - start[r], sample + start[r], value + start[r] };
}

/* One row: in with its old steps, and out to the next samples. */
PLNI_INLINE void turn_block(float *row, entries in, const float *d, ptrdiff_t ldd,
                            float scale, entries out, float *y, ptrdiff_t ldy,
                            const int count)
{
    vec w[BLOCK];

#pragma GCC unroll 16
    for (int j = 0; j < count; j++) w[j] = ((const vec *)row)[j];
    for (int e = 0; e < in.n; e++) {
        const vec *step = (const vec *)(d + in.sample[e] * ldd);
        const float v = scale * in.value[e];
        ONE_REGISTER(step);
#pragma GCC unroll 16
        for (int j = 0; j < count; j++) w[j] += v * step[j];
    }
    if (in.n)
#pragma GCC unroll 16
        for (int j = 0; j < count; j++) ((vec *)row)[j] = w[j];
    for (int e = 0; e < out.n; e++) {
        vec *sum = (vec *)(y + out.sample[e] * ldy);
        const float v = out.value[e];
        ONE_REGISTER(sum);
#pragma GCC unroll 16
        for (int j = 0; j < count; j++) sum[j] += v * w[j];
    }
}

PLNI_INLINE void turn_row(float *row, int width, entries in, const float *d,
                          ptrdiff_t ldd, float scale, entries out, float *y,
                          ptrdiff_t ldy)
{
    int c = 0;

    if (in.n + out.n == 0) return;
    for (; c + BLOCK * LANES <= width; c += BLOCK * LANES)
        turn_block(row + c, in, d + c, ldd, scale, out, y + c, ldy, BLOCK);
    for (; c + 4 * LANES <= width; c += 4 * LANES)
        turn_block(row + c, in, d + c, ldd, scale, out, y + c, ldy, 4);
    for (; c < width; c += LANES)
        turn_block(row + c, in, d + c, ldd, scale, out, y + c, ldy, 1);
}

void KERNEL(update)(float *panel, int width, int rows, const int *start,
                    const int *sample, const float *value, const float *d,
                    ptrdiff_t ldd, float scale)
{
    const entries none = { 0, NULL, NULL };     /* y is not used, but an address */

    for (int r = 0; r < rows; r++)
        turn_row(panel + (ptrdiff_t)r * width, width,
                 entries_of(r, start, sample, value), d, ldd, scale, none, panel, 0);
}

PLNI_INLINE void spread_block(float *panel, int width, int first, int last, const int *index,
                              const float *value, int n, const float *d, float scale, const int count)
{
    vec step[4];

#pragma GCC unroll 4
    for (int j = 0; j < count; j++) step[j] = ((const vec *)d)[j];
    for (int m = 0; m < n && index[m] < last; m++) {
        vec *row = (vec *)(panel + (ptrdiff_t)(index[m] - first) * width);
        const float v = scale * value[m];
#pragma GCC unroll 4
        for (int j = 0; j < count; j++) row[j] += v * step[j];
    }
}

void KERNEL(spread)(float *panel, int width, int first, int last, const int *index,
                    const float *value, int n, const float *d, float scale)
{
    int c = 0;

    for (; c + 4 * LANES <= width; c += 4 * LANES)
        spread_block(panel + c, width, first, last, index, value, n, d + c, scale, 4);
    for (; c < width; c += LANES)
        spread_block(panel + c, width, first, last, index, value, n, d + c, scale, 1);
}

void KERNEL(update_gather)(float *panel, int width, int rows, const int *start,
                           const int *sample, const float *value, const float *d,
                           ptrdiff_t ldd, float scale, const int *next_start,
                           const int *next_sample, const float *next_value, float *y,
                           ptrdiff_t ldy)
{
    for (int r = 0; r < rows; r++)
        turn_row(panel + (ptrdiff_t)r * width, width,
                 entries_of(r, start, sample, value), d, ldd, scale,
                 entries_of(r, next_start, next_sample, next_value), y, ldy);
}

/* A row with n samples, up to four: n is a constant at each call, so that their
 * values and addresses stay in registers. */
PLNI_INLINE void gather_update_few(float *row, int width, entries in, const float *x,
                                   ptrdiff_t ldx, float *dx, ptrdiff_t lddx,
                                   float scale, const float *soon, const int n)
{
    const float *from[4];
    float *to[4], v[4], step[4];

#pragma GCC unroll 4
    for (int e = 0; e < n; e++) {
        from[e] = x + in.sample[e] * ldx;
        to[e] = dx + in.sample[e] * lddx;
        v[e] = in.value[e];
        step[e] = scale * in.value[e];
    }
    for (int c = 0; c < width; c += LANES) {
        vec w = *(const vec *)(row + c), moved = w;
        __builtin_prefetch(soon + c, 1);
#pragma GCC unroll 4
        for (int e = 0; e < n; e++) {
            *(vec *)(to[e] + c) += v[e] * w;
            moved += step[e] * *(const vec *)(from[e] + c);
        }
        *(vec *)(row + c) = moved;
    }
}

PLNI_INLINE void gather_update_many(float *row, int width, entries in, const float *x,
                                    ptrdiff_t ldx, float *dx, ptrdiff_t lddx,
                                    float scale, const float *soon)
{
    for (int c = 0; c < width; c += LANES) {
        const vec w = *(const vec *)(row + c);
        vec step = { 0 };
        __builtin_prefetch(soon + c, 1);
        for (int e = 0; e < in.n; e++) {
            *(vec *)(dx + in.sample[e] * lddx + c) += in.value[e] * w;
            step += in.value[e] * *(const vec *)(x + in.sample[e] * ldx + c);
        }
        *(vec *)(row + c) = w + scale * step;
    }
}

/* The first row after r that has entries, or `rows`. */
PLNI_INLINE int next_active(const int *start, int r, int rows)
{
    do r++;
    while (r < rows && start[r] == start[r + 1]);
    return r;
}

void KERNEL(gather_update)(float *panel, int width, int rows, const int *start,
                           const int *sample, const float *value, const float *x,
                           ptrdiff_t ldx, float *dx, ptrdiff_t lddx, float scale)
{
    enum { LEAD = 3 };           /* active rows to fetch in advance */
    int ahead = -1;

    for (int i = 0; i < LEAD && ahead < rows; i++) ahead = next_active(start, ahead, rows);
    for (int r = next_active(start, -1, rows); r < rows; r = next_active(start, r, rows)) {
        const entries e = entries_of(r, start, sample, value);
        float *row = panel + (ptrdiff_t)r * width;
        const float *soon = panel + (ptrdiff_t)ahead * width;

        if (ahead < rows) ahead = next_active(start, ahead, rows);
        switch (e.n) {
#define FEW(n) case n: gather_update_few(row, width, e, x, ldx, dx, lddx, scale, soon, n); break;
        FEW(1) FEW(2) FEW(3) FEW(4)
#undef FEW
        default: gather_update_many(row, width, e, x, ldx, dx, lddx, scale, soon);
        }
    }
}
