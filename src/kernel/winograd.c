/* winograd.c - convolutions 3x3 by Winograd's F(4x4, 3x3), built for each CPU level
 *
 * A tile of 4x4 results comes from 6x6 values.  Both these and the weights are
 * transformed to 36 points, where the convolution is a product for each point, four
 * times fewer multiplications in all, and the result is transformed back:
 *
 *     Y = A^T [ (G w G^T) . (B^T x B) ] A
 *
 * In one dimension the points are 0, +-sqrt(1/2), +-sqrt(2) and infinity.  With the
 * usual +-1 and +-2 rounding errors are three to five times as large. */

#include "kernel/level.h"

enum { POINTS = 36 };

#define SQRT2     1.41421356237309505f
#define SQRT_HALF 0.70710678118654752f

/* Six values of one line to six points, B^T. */
PLNI_INLINE void to_points(const vec *x, vec *y, const int step)
{
    const vec p = x[4] - 2 * x[2], q = SQRT_HALF * x[3] - SQRT2 * x[1];
    const vec r = x[4] - 0.5f * x[2], s = SQRT2 * x[3] - SQRT_HALF * x[1];

    y[0] = x[0] - 2.5f * x[2] + x[4];
    y[step] = p + q;
    y[2 * step] = p - q;
    y[3 * step] = r + s;
    y[4 * step] = r - s;
    y[5 * step] = x[1] - 2.5f * x[3] + x[5];
}

/* Six points to four results, A^T. */
PLNI_INLINE void from_points(const vec *x, vec *y, const int step)
{
    const vec p = x[1] + x[2], q = x[1] - x[2], r = x[3] + x[4], s = x[3] - x[4];

    y[0] = x[0] + p + r;
    y[step] = SQRT_HALF * q + SQRT2 * s;
    y[2 * step] = 0.5f * p + 2 * r;
    y[3 * step] = 0.5f * SQRT_HALF * q + 2 * SQRT2 * s + x[5];
}

/* Three weights to six points, G. */
PLNI_INLINE void weights_to_points(vec a, vec b, vec c, vec *y, const int step)
{
    const vec even1 = (-2 / 3.0f) * a - (1 / 3.0f) * c, odd1 = (-SQRT2 / 3) * b;
    const vec even2 = (1 / 6.0f) * a + (1 / 3.0f) * c, odd2 = (SQRT2 / 6) * b;

    y[0] = a;
    y[step] = even1 + odd1;
    y[2 * step] = even1 - odd1;
    y[3 * step] = even2 + odd2;
    y[4 * step] = even2 - odd2;
    y[5 * step] = c;
}

void KERNEL(winograd_weights)(float *u, ptrdiff_t point, ptrdiff_t ldu, const float *w, ptrdiff_t tap, ptrdiff_t ldw,
                              int rows)
{
    for (int r = 0; r < rows; r++, u += ldu, w += ldw)
        for (int i = 0; i < 16; i += LANES) {
            vec z[18], line[6];
            for (int x = 0; x < 3; x++) {
                const vec a = *(const vec *)(w + x * tap + i), b = *(const vec *)(w + (3 + x) * tap + i);
                weights_to_points(a, b, *(const vec *)(w + (6 + x) * tap + i), z + x, 3);
            }
            for (int y = 0; y < 6; y++) {
                weights_to_points(z[3 * y], z[3 * y + 1], z[3 * y + 2], line, 1);
                for (int x = 0; x < 6; x++) *(vec *)(u + (6 * y + x) * point + i) = line[x];
            }
        }
}

void KERNEL(winograd_in)(float *v, ptrdiff_t point, const float *x, ptrdiff_t line, ptrdiff_t pixel, int channels)
{
    for (int c = 0; c < channels; c += LANES) {
        vec z[POINTS], in[6], out[6];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++) {
#pragma GCC unroll 6
            for (int k = 0; k < 6; k++) in[k] = *(const vec *)(x + i * line + k * pixel + c);
            to_points(in, z + 6 * i, 1);
        }
#pragma GCC unroll 6
        for (int k = 0; k < 6; k++) {
#pragma GCC unroll 6
            for (int i = 0; i < 6; i++) in[i] = z[6 * i + k];
            to_points(in, out, 1);
#pragma GCC unroll 6
            for (int i = 0; i < 6; i++) *(vec *)(v + (6 * i + k) * point + c) = out[i];
        }
    }
}

void KERNEL(winograd_out)(float *y, ptrdiff_t line, ptrdiff_t pixel, const float *from, ptrdiff_t from_line,
                          ptrdiff_t from_pixel, const float *m, ptrdiff_t point, int height, int width, int filters)
{
    for (int f = 0; f < filters; f += LANES) {
        vec z[24], in[6], out[4];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++) {
#pragma GCC unroll 6
            for (int k = 0; k < 6; k++) in[k] = *(const vec *)(m + (6 * i + k) * point + f);
            from_points(in, z + 4 * i, 1);
        }
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) {
#pragma GCC unroll 6
            for (int i = 0; i < 6; i++) in[i] = z[4 * i + k];
            from_points(in, out, 1);
            for (int i = 0; i < height && k < width; i++)
                *(vec *)(y + i * line + k * pixel + f) =
                    *(const vec *)(from + i * from_line + k * from_pixel + f) + out[i];
        }
    }
}

/* ---- the products --------------------------------------------------------- */

/* Rows and vectors that are summed in registers at a time. */
#if defined(__AVX512F__)
enum { ROWS = 6, VECTORS = 4 };
#elif defined(__AVX__)
enum { ROWS = 6, VECTORS = 2 };
#elif defined(__aarch64__)
enum { ROWS = 6, VECTORS = 4 };
#else
enum { ROWS = 3, VECTORS = 4 };
#endif

/* rows and count are constants at each call. */
PLNI_INLINE void product_block(float *m, ptrdiff_t ldm, const float *v, ptrdiff_t ldv, const float *u, int width,
                               int depth, const int rows, const int count)
{
    vec sum[ROWS * VECTORS];

#pragma GCC unroll 24
    for (int i = 0; i < rows * count; i++) sum[i] = (vec){ 0 };
    for (int q = 0; q < depth; q++, u += width) {
        vec b[VECTORS];
#pragma GCC unroll 4
        for (int k = 0; k < count; k++) b[k] = *(const vec *)(u + k * LANES);
#pragma GCC unroll 6
        for (int r = 0; r < rows; r++) {
            vec a = (vec){ 0 } + v[r * ldv + q];
            KEEP_IN_REGISTER(a);
#pragma GCC unroll 4
            for (int k = 0; k < count; k++) sum[r * count + k] += a * b[k];
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int k = 0; k < count; k++) *(vec *)(m + r * ldm + k * LANES) = sum[r * count + k];
}

void KERNEL(winograd_product)(float *m, ptrdiff_t ldm, const float *v, ptrdiff_t ldv, const float *u, int width,
                              int depth, int tiles)
{
    int t = 0;

    for (; t + ROWS <= tiles; t += ROWS) {
        int c = 0;
        for (; c + VECTORS * LANES <= width; c += VECTORS * LANES)
            product_block(m + t * ldm + c, ldm, v + t * ldv, ldv, u + c, width, depth, ROWS, VECTORS);
        for (; c < width; c += LANES)
            product_block(m + t * ldm + c, ldm, v + t * ldv, ldv, u + c, width, depth, ROWS, 1);
    }
    for (; t < tiles; t++)
        for (int c = 0; c < width; c += LANES)
            product_block(m + t * ldm + c, ldm, v + t * ldv, ldv, u + c, width, depth, 1, 1);
}

/* ---- what x is, as floats ------------------------------------------------- */

void KERNEL(spread_spikes)(float *x, const uint64_t *word, int n)
{
    for (int i = 0; i < n; i += 16) {
        const uint32_t bits = (uint32_t)(word[i / 64] >> i % 64);
        for (int c = 0; c < 16; c++) x[i + c] = (float)(int)(bits >> c & 1);
    }
}

void KERNEL(spread_sums)(float *x, const uint8_t *sum, int n, float unit)
{
    for (int i = 0; i < n; i++) x[i] = unit * (float)sum[i];
}
