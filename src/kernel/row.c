/* row.c - kernels that sweep over one row, built for each CPU level
 *
 * Plain loops that the compiler turns into vectors, but for winners and list,
 * which look at a whole vector before they look at its elements. */

#include <Random123/philox.h>

#include "kernel/level.h"

#include <math.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#if !defined(__AVX512F__)
/* Whether any lane of a comparison is true. */
static bool any(ivec mask)
{
    uint64_t half[LANES / 2], bits = 0;

    memcpy(half, &mask, sizeof half);
    for (int i = 0; i < LANES / 2; i++) bits |= half[i];
    return bits != 0;
}
#endif

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

/* One bit for each lane of score that is above the bar; NaN never is. */
static unsigned above(vec score, float bar)
{
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)score, _mm512_set1_ps(bar), _CMP_GT_OQ);
#else
    const ivec higher = score > bar;
    unsigned bits = 0;

    if (any(higher))
        for (int i = 0; i < LANES; i++) bits |= (unsigned)(higher[i] != 0) << i;
    return bits;
#endif
}

/* One pass.  Most units do not beat the k-th best, and one comparison shows it
 * for a whole vector of them. */
int KERNEL(winners)(const float *y, const float *h, int n, int k, int *winner)
{
    float best[64];              /* PLN_MAX_WINNERS */
    int kept = 0, i = 0;

    for (; i < n && (kept < k || i % LANES); i++) {
        const float score = y[i] - h[i];
        if (isnan(score) || (kept == k && score <= best[k - 1])) continue;
        kept = insert(best, winner, kept, k, score, i);
    }
    for (; i < n; i += LANES) {
        const vec score = *(const vec *)(y + i) - *(const vec *)(h + i);
        unsigned bits = above(score, best[k - 1]);
        if (n - i < LANES) bits &= (1u << (n - i)) - 1;
        for (; bits; bits &= bits - 1) {
            const int lane = __builtin_ctz(bits);
            if (score[lane] > best[k - 1])
                insert(best, winner, kept, k, score[lane], i + lane);
        }
    }
    return kept;
}

#if defined(__AVX512F__)
/* Written by hand because no compiler finds the instruction: 2.5 times as fast
 * as the loop below (bench/kernels.c). */
int KERNEL(list)(const float *x, int n, int *index, float *value)
{
    const __m512i step = _mm512_set1_epi32(16);
    __m512i at = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    int count = 0;

    for (int i = 0; i < n; i += 16) {
        const __mmask16 inside = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1 : 0xffffu);
        const __m512 v = _mm512_load_ps(x + i);
        const __mmask16 active = _mm512_mask_cmp_ps_mask(inside, v, _mm512_setzero_ps(),
                                                         _CMP_NEQ_UQ);
        const int found = set_bits(active);
        const __mmask16 first = (__mmask16)((1u << found) - 1);
        _mm512_mask_storeu_ps(value + count, first, _mm512_maskz_compress_ps(active, v));
        _mm512_mask_storeu_epi32(index + count, first, _mm512_maskz_compress_epi32(active, at));
        at = _mm512_add_epi32(at, step);
        count += found;
    }
    return count;
}
#else
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
#endif

void KERNEL(bytes)(float *x, const uint8_t *byte, int n)
{
    for (int i = 0; i < n; i++) x[i] = (float)byte[i] * (1.0f / 255.0f);
}

#if defined(__AVX512F__)
/* High and low halves of the products of 16 numbers with one. */
static void multiply(__m512i a, __m512i by, __m512i *high, __m512i *low)
{
    const __m512i even = _mm512_mul_epu32(a, by);
    const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), by);

    *low = _mm512_mask_mov_epi32(even, 0xaaaa, _mm512_slli_epi64(odd, 32));
    *high = _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xaaaa, odd);
}

/* Philox 4x32-10 of 16 counters at once: no compiler finds the multiplication
 * that keeps 64 bits of 32 times 32, and it makes this three times as fast. */
static void philox16(__m512i c[4], uint32_t key0, uint32_t key1)
{
    const __m512i by0 = _mm512_set1_epi64(PHILOX_M4x32_0);
    const __m512i by1 = _mm512_set1_epi64(PHILOX_M4x32_1);

    for (int round = 0; round < 10; round++) {
        __m512i high0, low0, high1, low1;
        multiply(c[0], by0, &high0, &low0);
        multiply(c[2], by1, &high1, &low1);
        c[0] = _mm512_xor_si512(_mm512_xor_si512(high1, c[1]), _mm512_set1_epi32((int)key0));
        c[1] = low1;
        c[2] = _mm512_xor_si512(_mm512_xor_si512(high0, c[3]), _mm512_set1_epi32((int)key1));
        c[3] = low0;
        key0 += PHILOX_W32_0;
        key1 += PHILOX_W32_1;
    }
}

void KERNEL(draw)(uint16_t *bits, int n, uint64_t seed, uint32_t purpose,
                  uint32_t epoch, uint32_t sample)
{
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);

    for (int u = 0; u < n; u += 128) {
        __m512i c[4] = { _mm512_add_epi32(lane, _mm512_set1_epi32(u / 8)),
                         _mm512_set1_epi32((int)sample), _mm512_set1_epi32((int)epoch),
                         _mm512_set1_epi32((int)purpose) };
        philox16(c, (uint32_t)seed, (uint32_t)(seed >> 32));
        for (int w = 0; w < 4; w++) {
            __m256i *to = (__m256i *)(bits + u + 32 * w);
            _mm256_storeu_si256(to, _mm512_cvtepi32_epi16(c[w]));
            _mm256_storeu_si256(to + 1, _mm512_cvtepi32_epi16(_mm512_srli_epi32(c[w], 16)));
        }
    }
}
#else
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
#endif

void KERNEL(keep)(float *y, const float *x, const uint16_t *bits, int n,
                  int threshold, float scale)
{
    for (int i = 0; i < n; i++) {
        const float kept = scale * x[i];
        y[i] = bits[i] >= threshold ? kept : 0;
    }
}

#if defined(__AVX512F__)
void KERNEL(drop)(float *x, const uint16_t *bits, int n)
{
    for (int i = 0; i < n; i += 16) {
        const __mmask16 inside = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1 : 0xffffu);
        _mm512_mask_storeu_ps(x + i, (__mmask16)(~bits[i / 16] & inside), _mm512_setzero_ps());
    }
}
#else
/* A lane for each bit, by hand: compilers take the bits out one by one. */
void KERNEL(drop)(float *x, const uint16_t *bits, int n)
{
    ivec lane;
    int i = 0;

    for (int j = 0; j < LANES; j++) lane[j] = 1 << j;
    for (; i + LANES <= n; i += LANES) {
        const ivec keep = ((lane & bits[i / 16] >> i % 16) != 0);
        vec *at = (vec *)(x + i);
        *at = (vec)((ivec)*at & keep);
    }
    for (; i < n; i++)
        if (!(bits[i / 16] >> i % 16 & 1)) x[i] = 0;
}
#endif

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

/* Four sums, so that the additions do not wait for each other. */
float KERNEL(residual)(float *dy, const float *y, const float *d, int n, float scale)
{
    vec sums[4] = { { 0 } };
    float sum = 0;
    int i = 0;

    for (; i + 4 * LANES <= n; i += 4 * LANES)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            const vec off = ((const vec *)(y + i))[j] - ((const vec *)(d + i))[j];
            sums[j] += off * off;
            ((vec *)(dy + i))[j] = scale * off;
        }
    for (; i < n; i++) {
        const float off = y[i] - d[i];
        sum += off * off;
        dy[i] = scale * off;
    }
    sums[0] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (int lane = 0; lane < LANES; lane++) sum += sums[0][lane];
    return sum;
}

/* One of eight loops, by what there is: flags are constants at each call. */
PLNI_INLINE float relax(float *s, const float *up, const float *down, const float *t,
                        const uint16_t *bits, int threshold, float a, float b, float c,
                        int n, const bool has_down, const bool has_target, const bool has_mask)
{
    float largest[LANES] = { 0 }, most = 0;

    for (int i = 0; i < n; i += LANES) {
        const int end = n - i < LANES ? n - i : LANES;
        for (int j = 0; j < end; j++) {
            const float drive = has_down ? up[i + j] + down[i + j] : up[i + j];
            const float pull = a * s[i + j] + b * drive;
            const float to = has_target ? pull + c * t[i + j] : pull;
            const float low = to < 0 ? 0 : to, inside = low > 1 ? 1 : low;
            const float next = has_mask && bits[i + j] < threshold ? 0 : inside;
            const float change = fabsf(next - s[i + j]);
            largest[j] = change > largest[j] ? change : largest[j];
            s[i + j] = next;
        }
    }
    for (int j = 0; j < LANES; j++) most = largest[j] > most ? largest[j] : most;
    return most;
}

float KERNEL(relax)(float *s, const float *up, const float *down, const float *t,
                    const uint16_t *bits, int threshold, float a, float b, float c, int n)
{
#define RELAX(has_down, has_target, has_mask) \
    relax(s, up, down, t, bits, threshold, a, b, c, n, has_down, has_target, has_mask)
    if (down && t) return bits ? RELAX(true, true, true) : RELAX(true, true, false);
    if (down)      return bits ? RELAX(true, false, true) : RELAX(true, false, false);
    if (t)         return bits ? RELAX(false, true, true) : RELAX(false, true, false);
    return bits ? RELAX(false, false, true) : RELAX(false, false, false);
#undef RELAX
}

void KERNEL(axpy)(float *y, const float *x, float a, int n)
{
    for (int i = 0; i < n; i++) y[i] += a * x[i];
}

void KERNEL(momentum)(float *theta, const float *g, float *m, int n, float rate, float momentum, float decay)
{
    for (int i = 0; i < n; i++) {
        m[i] = momentum * m[i] + (g[i] + decay * theta[i]);
        theta[i] -= rate * m[i];
    }
}

void KERNEL(adam)(float *theta, const float *g, float *m, float *v, int n, const plni_adam *how)
{
    const plni_adam a = *how;

    for (int i = 0; i < n; i++) {
        m[i] = plni_flush(a.b1 * m[i] + (1 - a.b1) * g[i]);
        v[i] = plni_flush_square(a.b2 * v[i] + (1 - a.b2) * g[i] * g[i]);
        theta[i] -= a.rate * m[i] / (sqrtf(v[i]) + a.eps);
    }
}

#define TABLE JOIN3(plni_kernels, _, PLNI_LEVEL)
#define K(operation) .operation = KERNEL(operation),
extern const plni_kernels TABLE;
const plni_kernels TABLE = {
#include "kernel/kernel.def"
};
#undef K
