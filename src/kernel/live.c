/* live.c - products over the weights that pruning left, built for each CPU level
 *
 * The lanes of a vector are places.  A live weight adds itself to the sums of all places
 * where its input is active, which are bits of a mask, or its multiples of what the input is;
 * the sums of up to 256 places stay in registers while the list of a filter's
 * weights is walked.  Groups of 16 filters that were pruned together are vectors
 * themselves, and walk the places where their input is active. */

#include "kernel/level.h"
#include "kernel/square.h"

#include <string.h>

/* ---- planes of bits ------------------------------------------------------- */

void KERNEL(planes)(uint64_t *plane, ptrdiff_t ld, const uint64_t *word, ptrdiff_t words, int channels, int places)
{
    for (int p = 0; p < places; p += 64, plane += ld) {
        uint64_t square[64] = { 0 };
        const int n = places - p < 64 ? places - p : 64;
        for (int i = 0; i < n; i++) square[i] = word[(p + i) * words];
        transpose(square);
        memcpy(plane, square, (size_t)channels * sizeof *plane);
    }
}

void KERNEL(sum_planes)(uint64_t *plane, ptrdiff_t ld, const uint8_t *sum, ptrdiff_t depth, int bit, int channels, int places)
{
    for (int p = 0; p < places; p += 64, plane += ld) {
        uint64_t square[64] = { 0 };
        const int n = places - p < 64 ? places - p : 64;
        for (int i = 0; i < n; i++) square[i] = active_bytes(sum + (p + i) * depth, channels, (uint8_t)(1 << bit));
        transpose(square);
        memcpy(plane, square, (size_t)channels * sizeof *plane);
    }
}

void KERNEL(moved)(uint64_t *to, const uint64_t *low, const uint64_t *high, int shift, uint64_t inside, int n)
{
    for (int i = 0; i < n; i++) to[i] = (low[i] >> shift | high[i] << 1 << (63 - shift)) & inside;
}

/* ---- lanes of places ------------------------------------------------------ */

#if defined(__AVX512F__)
enum { MOST_VECTORS = 16 };

/* The sums of `count` vectors of places, a constant at each call. */
PLNI_INLINE void bits_part(float *y, const uint64_t *plane, ptrdiff_t ld, const uint16_t *entry, const float *value, int n,
                           float scale, bool add, const int count)
{
    __m512 a[MOST_VECTORS];

#pragma GCC unroll 16
    for (int v = 0; v < count; v++) a[v] = add ? _mm512_loadu_ps(y + 16 * v) : _mm512_setzero_ps();
    for (int e = 0; e < n; e++) {
        const char *at = (const char *)(plane + entry[e]);
        const __m512 w = _mm512_mul_ps(_mm512_set1_ps(value[e]), _mm512_set1_ps(scale));
#pragma GCC unroll 16
        for (int v = 0; v < count; v++) {
            __mmask16 active;
            memcpy(&active, at + v / 4 * ld * 8 + v % 4 * 2, sizeof active);
            a[v] = _mm512_mask_add_ps(a[v], active, a[v], w);
        }
    }
#pragma GCC unroll 16
    for (int v = 0; v < count; v++) _mm512_storeu_ps(y + 16 * v, a[v]);
}

void KERNEL(live_bits)(float *y, const uint64_t *plane, ptrdiff_t ld, int places, const uint16_t *entry,
                       const float *value, int n, float scale, bool add)
{
    if (places > 192) bits_part(y, plane, ld, entry, value, n, scale, add, 16);
    else if (places > 128) bits_part(y, plane, ld, entry, value, n, scale, add, 12);
    else if (places > 64) bits_part(y, plane, ld, entry, value, n, scale, add, 8);
    else if (places > 32) bits_part(y, plane, ld, entry, value, n, scale, add, 4);
    else if (places > 16) bits_part(y, plane, ld, entry, value, n, scale, add, 2);
    else bits_part(y, plane, ld, entry, value, n, scale, add, 1);
}
#else
enum { WORD_VECTORS = 64 / LANES, PART_VECTORS = WORD_VECTORS < 8 ? WORD_VECTORS : 8 };

/* Bits as lanes: a load is less than a shift, a test and a comparison. */
#define LANE(bits, i) -((bits) >> (i) & 1)
#if defined(__AVX__)
#define ROW(bits) { LANE(bits, 0), LANE(bits, 1), LANE(bits, 2), LANE(bits, 3), LANE(bits, 4), LANE(bits, 5), LANE(bits, 6), LANE(bits, 7) }
#else
#define ROW(bits) { LANE(bits, 0), LANE(bits, 1), LANE(bits, 2), LANE(bits, 3) }
#endif
#define ROWS4(bits) ROW(bits), ROW(bits + 1), ROW(bits + 2), ROW(bits + 3)
#define ROWS16(bits) ROWS4(bits), ROWS4(bits + 4), ROWS4(bits + 8), ROWS4(bits + 12)
#define ROWS64(bits) ROWS16(bits), ROWS16(bits + 16), ROWS16(bits + 32), ROWS16(bits + 48)
static const _Alignas(64) int32_t lanes_of[1 << LANES][LANES] = {
#if defined(__AVX__)
    ROWS64(0), ROWS64(64), ROWS64(128), ROWS64(192)
#else
    ROWS16(0)
#endif
};

/* The lanes of vector v of the places of a word. */
PLNI_INLINE ivec lanes_at(const uint64_t *word, int v)
{
    const uint8_t *byte = (const uint8_t *)word;
    const int bits = LANES == 8 ? byte[v] : byte[v / 2] >> 4 * (v % 2) & 15;
    return *(const ivec *)lanes_of[bits];
}

/* The sums of the places of `PART_VECTORS` vectors of one word. */
PLNI_INLINE void bits_part(float *y, const uint64_t *plane, const int first, const uint16_t *entry, const float *value,
                           int n, float scale, bool add)
{
    vec a[PART_VECTORS];

#pragma GCC unroll 8
    for (int v = 0; v < PART_VECTORS; v++) a[v] = add ? *(vec *)(y + LANES * v) : (vec){ 0 };
    for (int e = 0; e < n; e++) {
        const vec w = (vec){ 0 } + value[e] * scale;
#pragma GCC unroll 8
        for (int v = 0; v < PART_VECTORS; v++) a[v] += (vec)((ivec)w & lanes_at(plane + entry[e], first + v));
    }
#pragma GCC unroll 8
    for (int v = 0; v < PART_VECTORS; v++) *(vec *)(y + LANES * v) = a[v];
}

void KERNEL(live_bits)(float *y, const uint64_t *plane, ptrdiff_t ld, int places, const uint16_t *entry,
                       const float *value, int n, float scale, bool add)
{
    for (int p = 0; p < places; p += 64, plane += ld)
        for (int v = 0; v < WORD_VECTORS && p + v * LANES < places; v += PART_VECTORS)
            bits_part(y + p + v * LANES, plane, v, entry, value, n, scale, add);
}
#endif

#if defined(__AVX512F__)
/* Each entry's sum over `count` vectors of places, a constant at each call. */
PLNI_INLINE void dots_part(float *sum, const uint64_t *plane, ptrdiff_t ld, const uint16_t *entry, int n, const float *d,
                           float scale, const int count)
{
    __m512 x[MOST_VECTORS];

#pragma GCC unroll 16
    for (int v = 0; v < count; v++) x[v] = _mm512_mul_ps(_mm512_loadu_ps(d + 16 * v), _mm512_set1_ps(scale));
    for (int e = 0; e < n; e++) {
        const char *at = (const char *)(plane + entry[e]);
        __m512 a[4] = { _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps() };
#pragma GCC unroll 16
        for (int v = 0; v < count; v++) {
            __mmask16 active;
            memcpy(&active, at + v / 4 * ld * 8 + v % 4 * 2, sizeof active);
            a[v % 4] = _mm512_mask_add_ps(a[v % 4], active, a[v % 4], x[v]);
        }
        sum[e] += _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(a[0], a[1]), _mm512_add_ps(a[2], a[3])));
    }
}

void KERNEL(live_dots)(float *sum, const uint64_t *plane, ptrdiff_t ld, const uint16_t *entry, int n, const float *d,
                       int places, float scale)
{
    if (places > 128) dots_part(sum, plane, ld, entry, n, d, scale, 16);
    else if (places > 64) dots_part(sum, plane, ld, entry, n, d, scale, 8);
    else dots_part(sum, plane, ld, entry, n, d, scale, 4);
}
#else
void KERNEL(live_dots)(float *sum, const uint64_t *plane, ptrdiff_t ld, const uint16_t *entry, int n, const float *d,
                       int places, float scale)
{
    for (int e = 0; e < n; e++) {
        vec a[4] = { { 0 } };
        for (int p = 0; p < places; p += 64)
#pragma GCC unroll 16
            for (int v = 0; v < WORD_VECTORS; v++)
                a[v % 4] += (vec)(*(const ivec *)(d + p + v * LANES) & lanes_at(plane + entry[e] + p / 64 * ld, v));
        const vec all = (a[0] + a[1]) + (a[2] + a[3]);
        for (int i = 0; i < LANES; i++) sum[e] += scale * all[i];
    }
}
#endif

/* `count` vectors of lanes, a constant at each call. */
PLNI_INLINE void values_part(float *y, const float *plane, const int32_t *offset, const uint16_t *entry, const float *value,
                             int n, bool add, const int count)
{
    vec a[16];

#pragma GCC unroll 16
    for (int v = 0; v < count; v++) a[v] = add ? *(vec *)(y + LANES * v) : (vec){ 0 };
    for (int e = 0; e < n; e++) {
        const float *at = plane + offset[entry[e]];
        const vec w = (vec){ 0 } + value[e];
#pragma GCC unroll 16
        for (int v = 0; v < count; v++) {
            vec x;
            memcpy(&x, at + LANES * v, sizeof x);
            a[v] += w * x;
        }
    }
#pragma GCC unroll 16
    for (int v = 0; v < count; v++) *(vec *)(y + LANES * v) = a[v];
}

void KERNEL(live_values)(float *y, const float *plane, const int32_t *offset, int places, const uint16_t *entry,
                         const float *value, int n, bool add)
{
    enum { MANY = LANES == 16 ? 16 : 8 };
    int p = 0;

    for (; p + MANY * LANES <= places; p += MANY * LANES)
        values_part(y + p, plane + p, offset, entry, value, n, add, MANY);
    for (; p + 4 * LANES <= places; p += 4 * LANES) values_part(y + p, plane + p, offset, entry, value, n, add, 4);
    for (; p < places; p += LANES) values_part(y + p, plane + p, offset, entry, value, n, add, 1);
}

/* sum + w x as lanes have it: gcc may multiply a list's products side by side, and then add without the fused instruction. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
PLNI_INLINE float fused(float sum, float w, float x) { return __builtin_fmaf(w, x, sum); }
#else
PLNI_INLINE float fused(float sum, float w, float x) { return sum + w * x; }
#endif

/* Each sum waits for its last addition, so this many lists take turns. */
enum { TURNS = 4 };

static uint32_t shortest(const uint32_t *start)
{
    uint32_t common = start[1] - start[0];

    for (int i = 1; i < TURNS; i++)
        if (start[i + 1] - start[i] < common) common = start[i + 1] - start[i];
    return common;
}

static void few_of_one(float *y, ptrdiff_t ld, const float *x, const uint32_t *start, const uint16_t *entry, const float *value)
{
    const uint32_t common = shortest(start);
    float sum[TURNS] = { 0 };

    for (uint32_t e = 0; e < common; e++)
#pragma GCC unroll 4
        for (int i = 0; i < TURNS; i++) sum[i] = fused(sum[i], value[start[i] + e], x[entry[start[i] + e]]);
    for (int i = 0; i < TURNS; i++) {
        for (uint32_t e = start[i] + common; e < start[i + 1]; e++) sum[i] = fused(sum[i], value[e], x[entry[e]]);
        y[i * ld] = sum[i];
    }
}

PLNI_INLINE vec more(vec sum, float w, const float *x)
{
    vec at;

    memcpy(&at, x, sizeof at);
    return sum + ((vec){ 0 } + w) * at;
}

static void few_of_lanes(float *y, ptrdiff_t ld, const float *x, ptrdiff_t stride, const uint32_t *start, const uint16_t *entry,
                         const float *value)
{
    const uint32_t common = shortest(start);
    vec sum[TURNS] = { { 0 } };

    for (uint32_t e = 0; e < common; e++)
#pragma GCC unroll 4
        for (int i = 0; i < TURNS; i++) sum[i] = more(sum[i], value[start[i] + e], x + entry[start[i] + e] * stride);
#pragma GCC unroll 4
    for (int i = 0; i < TURNS; i++) {
        for (uint32_t e = start[i] + common; e < start[i + 1]; e++) sum[i] = more(sum[i], value[e], x + entry[e] * stride);
        memcpy(y + i * ld, &sum[i], sizeof sum[i]);
    }
}

void KERNEL(live_few)(float *y, ptrdiff_t ld, const float *x, ptrdiff_t stride, int places, const uint32_t *start,
                      const uint16_t *entry, const float *value)
{
    for (int f = 0; f < 16; f += TURNS) {
        if (places == 1) few_of_one(y + f * ld, ld, x, start + f, entry, value);
        for (int p = 0; p < places && places > 1; p += LANES)
            few_of_lanes(y + f * ld + p, ld, x + p, stride, start + f, entry, value);
    }
}

void KERNEL(live_rows)(float *y, const float *bias, int width, const uint32_t *start, const uint16_t *entry,
                       const float *value, const int *index, const float *active, int n)
{
    memcpy(y, bias, (size_t)width * sizeof *y);
    for (int m = 0; m < n; m++)
        for (uint32_t e = start[index[m]]; e < start[index[m] + 1]; e++) y[entry[e]] += active[m] * value[e];
}

/* ---- lanes to channels and back ------------------------------------------- */

#if defined(__AVX512F__)
enum { SQUARE = 16 };

/* Swaps squares of side j across the diagonal; j is a constant at each call. */
PLNI_INLINE void swap_lanes(__m512 *a, const int j)
{
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i side = _mm512_and_epi32(lane, _mm512_set1_epi32(j));
    const __m512i up = _mm512_or_epi32(_mm512_andnot_epi32(_mm512_set1_epi32(j), lane), _mm512_slli_epi32(side, j == 8 ? 1 : j == 4 ? 2 : j == 2 ? 3 : 4));
    const __m512i down = _mm512_or_epi32(up, _mm512_set1_epi32(j));

#pragma GCC unroll 8
    for (int k = 0; k < 16; k += 2 * j)
#pragma GCC unroll 8
        for (int i = k; i < k + j; i++) {
            const __m512 low = a[i], high = a[i + j];
            a[i] = _mm512_permutex2var_ps(low, up, high);
            a[i + j] = _mm512_permutex2var_ps(low, down, high);
        }
}

PLNI_INLINE void turn_square(vec *a)
{
    __m512 *b = (__m512 *)a;
    swap_lanes(b, 8);
    swap_lanes(b, 4);
    swap_lanes(b, 2);
    swap_lanes(b, 1);
}
#elif defined(__AVX__)
enum { SQUARE = 8 };

PLNI_INLINE void turn_square(vec *a)
{
    __m256 pair[8], four[8];

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        pair[2 * i] = _mm256_unpacklo_ps((__m256)a[2 * i], (__m256)a[2 * i + 1]);
        pair[2 * i + 1] = _mm256_unpackhi_ps((__m256)a[2 * i], (__m256)a[2 * i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
        four[i] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0x44);
        four[i + 1] = _mm256_shuffle_ps(pair[i], pair[i + 2], 0xee);
        four[i + 2] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
        four[i + 3] = _mm256_shuffle_ps(pair[i + 1], pair[i + 3], 0xee);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        a[i] = (vec)_mm256_permute2f128_ps(four[i], four[i + 4], 0x20);
        a[i + 4] = (vec)_mm256_permute2f128_ps(four[i], four[i + 4], 0x31);
    }
}
#else
enum { SQUARE = LANES };

PLNI_INLINE void turn_square(vec *a)
{
    vec b[SQUARE];

#pragma GCC unroll 4
    for (int i = 0; i < SQUARE; i++)
#pragma GCC unroll 4
        for (int k = 0; k < SQUARE; k++) b[i][k] = a[k][i];
    memcpy(a, b, sizeof b);
}
#endif

void KERNEL(to_channels)(float *to, const int32_t *at, const float *from, ptrdiff_t ld, int places, const float *first, bool add)
{
    const vec zero = { 0 };

    for (int p = 0; p < places; p += SQUARE)
        for (int f = 0; f < 16; f += SQUARE) {
            vec a[SQUARE];
            const vec begin = first ? *(const vec *)(first + f) : zero;
#pragma GCC unroll 16
            for (int i = 0; i < SQUARE; i++) a[i] = *(const vec *)(from + (f + i) * ld + p);
            turn_square(a);
#pragma GCC unroll 16
            for (int i = 0; i < SQUARE; i++) {
                if (p + i >= places || at[p + i] < 0) continue;
                vec *y = (vec *)(to + at[p + i] + f);
                *y = (add ? *y : begin) + a[i];
            }
        }
}

void KERNEL(to_lanes)(float *to, ptrdiff_t ld, const float *from, const int32_t *at, int places)
{
    for (int p = 0; p < places; p += SQUARE)
        for (int f = 0; f < 16; f += SQUARE) {
            vec a[SQUARE];
#pragma GCC unroll 16
            for (int i = 0; i < SQUARE; i++)
                a[i] = p + i < places && at[p + i] >= 0 ? *(const vec *)(from + at[p + i] + f) : (vec){ 0 };
            turn_square(a);
#pragma GCC unroll 16
            for (int i = 0; i < SQUARE; i++) *(vec *)(to + (f + i) * ld + p) = a[i];
        }
}

/* ---- blocks of sixteen filters -------------------------------------------- */

enum { BLOCK = 16 / LANES };          /* vectors */

void KERNEL(block_sums)(float *y, const int32_t *shift, const uint16_t *entry, int n, const float *weight, ptrdiff_t tap,
                        ptrdiff_t channel, ptrdiff_t next, const uint32_t *start, const uint16_t *offset, const float *value)
{
    for (int e = 0; e < n; e++) {
        const int c = entry[e] / 9, t = entry[e] % 9;
        const vec *from = (const vec *)(weight + t * tap + c * channel + e * next);
        char *at = (char *)(y + shift[t]);
        vec w[BLOCK];

#pragma GCC unroll 4
        for (int i = 0; i < BLOCK; i++) w[i] = from[i];
        for (uint32_t k = start[c]; k < start[c + 1]; k++) {
            vec *to = (vec *)(at + offset[k]);
#pragma GCC unroll 4
            for (int i = 0; i < BLOCK; i++)
                if (value) to[i] += value[k] * w[i];
                else to[i] += w[i];
        }
    }
}

void KERNEL(unload)(float *to, ptrdiff_t ldto, float *tile, const float *first, int rows)
{
    const vec zero = { 0 };
    vec begin[BLOCK];

#pragma GCC unroll 4
    for (int i = 0; i < BLOCK; i++) begin[i] = first ? ((const vec *)first)[i] : zero;
    for (int r = 0; r < rows; r++, to += ldto, tile += 16)
#pragma GCC unroll 4
        for (int i = 0; i < BLOCK; i++) {
            ((vec *)to)[i] = begin[i] + ((vec *)tile)[i];
            ((vec *)tile)[i] = zero;
        }
}

/* The sum over one list. */
PLNI_INLINE void sum_block(vec *sum, const char *at, const uint16_t *offset, const float *value, uint32_t from, uint32_t end,
                           const bool weighted)
{
    vec a[BLOCK] = { { 0 } }, b[BLOCK] = { { 0 } };

    for (; from + 1 < end; from += 2) {
        const vec *one = (const vec *)(at + offset[from]), *two = (const vec *)(at + offset[from + 1]);
#pragma GCC unroll 4
        for (int i = 0; i < BLOCK; i++) {
            a[i] += (weighted ? value[from] : 1) * one[i];
            b[i] += (weighted ? value[from + 1] : 1) * two[i];
        }
    }
    for (; from < end; from++)
#pragma GCC unroll 4
        for (int i = 0; i < BLOCK; i++) a[i] += (weighted ? value[from] : 1) * ((const vec *)(at + offset[from]))[i];
#pragma GCC unroll 4
    for (int i = 0; i < BLOCK; i++) sum[i] += a[i] + b[i];
}

void KERNEL(block_dots)(float *sum, const int32_t *shift, const uint16_t *entry, int n, const float *delta,
                        const uint32_t *start, const uint16_t *offset, const float *value)
{
    for (int e = 0; e < n; e++) {
        const int c = entry[e] / 9, t = entry[e] % 9;
        const char *at = (const char *)(delta + shift[t]);

        if (value) sum_block((vec *)(sum + 16 * e), at, offset, value, start[c], start[c + 1], true);
        else sum_block((vec *)(sum + 16 * e), at, offset, value, start[c], start[c + 1], false);
    }
}
