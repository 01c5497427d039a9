/* events.c - products over what is active in an image, built for each CPU level
 *
 * Lists first: where the bits are set or the bytes are not 0.  Then sums of rows
 * of weights or of deltas, which stay in registers while a list is walked; a
 * step of a list is a load and an addition, and with 64 bytes in each load that
 * is what a core does once a cycle at most. */

#include "kernel/level.h"
#include "kernel/square.h"

#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "channels 0..7 are the first byte of a word");

/* ---- lists ---------------------------------------------------------------- */

#if defined(__AVX512F__)
/* Offsets of the first 16 elements of something. */
PLNI_INLINE __m512i offsets_of(int base, int step)
{
    const __m512i element = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_add_epi32(_mm512_set1_epi32(base), _mm512_mullo_epi32(element, _mm512_set1_epi32(step)));
}

/* Puts those of 16 offsets whose bit is set at `to`, where there is room for all;
 * written by hand because no compiler finds the instruction. */
PLNI_INLINE int put_offsets(uint16_t *to, __mmask16 active, __m512i offset)
{
    _mm256_storeu_si256((__m256i *)to, _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(active, offset)));
    return set_bits(active);
}

PLNI_INLINE int list_word(uint16_t *offset, uint64_t word, int channels, int base, int step)
{
    const __m512i further = _mm512_set1_epi32(16 * step);
    __m512i at = offsets_of(base, step);
    int n = 0;

    for (int c = 0; c < channels; c += 16, at = _mm512_add_epi32(at, further))
        n += put_offsets(offset + n, (__mmask16)(word >> c), at);
    return n;
}

PLNI_INLINE int list_sums(uint16_t *offset, float *value, const uint8_t *sum, int n, int base, int step, float unit)
{
    int found = 0;

    for (int i = 0; i < n; i += 16) {
        const __mmask16 inside = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1 : 0xffffu);
        const __m512i count = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(inside, sum + i));
        const __mmask16 active = _mm512_test_epi32_mask(count, count);
        const __m512 scaled = _mm512_mul_ps(_mm512_cvtepi32_ps(count), _mm512_set1_ps(unit));
        _mm512_storeu_ps(value + found, _mm512_maskz_compress_ps(active, scaled));
        found += put_offsets(offset + found, active, offsets_of(base + i * step, step));
    }
    return found;
}

PLNI_INLINE int list_values(uint16_t *offset, float *value, const float *x, int n, int base, int step)
{
    int found = 0;

    for (int i = 0; i < n; i += 16) {
        const __mmask16 inside = (__mmask16)(n - i < 16 ? (1u << (n - i)) - 1 : 0xffffu);
        const __m512 here = _mm512_maskz_loadu_ps(inside, x + i);
        const __mmask16 active = _mm512_cmp_ps_mask(here, _mm512_setzero_ps(), _CMP_NEQ_UQ);
        _mm512_storeu_ps(value + found, _mm512_maskz_compress_ps(active, here));
        found += put_offsets(offset + found, active, offsets_of(base + i * step, step));
    }
    return found;
}
#else
PLNI_INLINE int list_word(uint16_t *offset, uint64_t word, int channels, int base, int step)
{
    int n = 0;

    (void)channels;
    for (; word; word &= word - 1) offset[n++] = (uint16_t)(base + __builtin_ctzll(word) * step);
    return n;
}

PLNI_INLINE int list_sums(uint16_t *offset, float *value, const uint8_t *sum, int n, int base, int step, float unit)
{
    int found = 0;

    for (int i = 0; i < n; i++) {
        offset[found] = (uint16_t)(base + i * step);
        value[found] = unit * (float)sum[i];
        found += sum[i] != 0;
    }
    return found;
}

PLNI_INLINE int list_values(uint16_t *offset, float *value, const float *x, int n, int base, int step)
{
    int found = 0;

    for (int i = 0; i < n; i++) {
        offset[found] = (uint16_t)(base + i * step);
        value[found] = x[i];
        found += x[i] != 0;
    }
    return found;
}
#endif

void KERNEL(spikes)(uint16_t *offset, uint32_t *start, const uint64_t *word, int words, int shift, int channels,
                    int rows, int width, int tap_stride, int step)
{
    const uint64_t mask = channels < 64 ? ((uint64_t)1 << channels) - 1 : ~(uint64_t)0;
    uint32_t n = start[0];

    for (int r = 0; r < rows; r++)
        for (int x = 0, base = 0; x < width; x++, word += words) {
            n += (uint32_t)list_word(offset + n, *word >> shift & mask, channels, base, step);
            *++start = n;
            base = base == 2 * tap_stride ? 0 : base + tap_stride;
        }
}

void KERNEL(sums)(uint16_t *offset, float *value, uint32_t *start, const uint8_t *sum, int depth, int channels,
                  int rows, int width, int tap_stride, int step, float unit)
{
    uint32_t n = start[0];

    for (int r = 0; r < rows; r++)
        for (int x = 0, base = 0; x < width; x++, sum += depth) {
            n += (uint32_t)list_sums(offset + n, value + n, sum, channels, base, step, unit);
            *++start = n;
            base = base == 2 * tap_stride ? 0 : base + tap_stride;
        }
}

void KERNEL(values)(uint16_t *offset, float *value, uint32_t *start, const float *x, int depth, int channels,
                    int rows, int width, int tap_stride, int step)
{
    uint32_t n = start[0];

    for (int r = 0; r < rows; r++)
        for (int w = 0, base = 0; w < width; w++, x += depth) {
            n += (uint32_t)list_values(offset + n, value + n, x, channels, base, step);
            *++start = n;
            base = base == 2 * tap_stride ? 0 : base + tap_stride;
        }
}

/* ---- windows -------------------------------------------------------------- */

/* Floats of a row that are summed in registers at a time.  Where they are few a
 * second set of sums keeps additions from waiting for each other. */
#if defined(__AVX512F__) || defined(__aarch64__)
enum { PART = 64 };
#else
enum { PART = 8 * LANES };
#endif
enum { PART_VECTORS = PART / LANES, FEW_VECTORS = 4 };

PLNI_INLINE void add_row(vec *sum, const char *row, float value, const int count, const bool weighted)
{
    const vec *w = (const vec *)row;

    ONE_REGISTER(w);
#pragma GCC unroll 16
    for (int j = 0; j < count; j++)
        if (weighted) sum[j] += value * w[j];
        else sum[j] += w[j];
}

/* `count` vectors of each window; count and weighted are constants at each call. */
PLNI_INLINE void windows_part(float *y, ptrdiff_t ldy, const float *from, ptrdiff_t ldfrom, const float *weight,
                              const plni_window *window, int n, const uint16_t *offset, const float *value,
                              const int count, const bool weighted)
{
    const char *rows = (const char *)weight;

    for (const plni_window *w = window; w < window + n; w++) {
        const uint16_t *at = offset + w->start, *end = at + w->count;
        const float *v = weighted ? value + w->start : NULL;
        const vec *first = (const vec *)(from + w->place * ldfrom);
        vec *to = (vec *)(y + w->place * ldy);
        vec a[PART_VECTORS], b[FEW_VECTORS];

#pragma GCC unroll 16
        for (int j = 0; j < count; j++) a[j] = first[j];
        if (count <= FEW_VECTORS) {
#pragma GCC unroll 4
            for (int j = 0; j < count; j++) b[j] = (vec){ 0 };
            for (; at + 1 < end; at += 2, v += weighted ? 2 : 0) {
                add_row(a, rows + at[0], weighted ? v[0] : 1, count, weighted);
                add_row(b, rows + at[1], weighted ? v[1] : 1, count, weighted);
            }
#pragma GCC unroll 4
            for (int j = 0; j < count; j++) a[j] += b[j];
        }
        for (; at < end; at++, v += weighted ? 1 : 0) add_row(a, rows + *at, weighted ? *v : 1, count, weighted);
#pragma GCC unroll 16
        for (int j = 0; j < count; j++) to[j] = a[j];
    }
}

PLNI_INLINE void windows_all(float *y, ptrdiff_t ldy, const float *from, ptrdiff_t ldfrom, const float *weight,
                             int width, const plni_window *window, int n, const uint16_t *offset, const float *value,
                             const bool weighted)
{
    int c = 0;

    for (; c + PART <= width; c += PART)
        windows_part(y + c, ldy, from + c, ldfrom, weight + c, window, n, offset, value, PART_VECTORS, weighted);
    for (; c + 32 <= width; c += 32)
        windows_part(y + c, ldy, from + c, ldfrom, weight + c, window, n, offset, value, 32 / LANES, weighted);
    for (; c < width; c += 16)
        windows_part(y + c, ldy, from + c, ldfrom, weight + c, window, n, offset, value, 16 / LANES, weighted);
}

void KERNEL(windows)(float *y, ptrdiff_t ldy, const float *from, ptrdiff_t ldfrom, const float *weight, int width,
                     const plni_window *window, int n, const uint16_t *offset, const float *value)
{
    if (value)
        windows_all(y, ldy, from, ldfrom, weight, width, window, n, offset, value, true);
    else
        windows_all(y, ldy, from, ldfrom, weight, width, window, n, offset, value, false);
}

/* ---- columns -------------------------------------------------------------- */

/* Rounds up with zeros, and transposes. */
PLNI_INLINE int transpose_all(uint64_t *word, int positions)
{
    const int squares = (positions + 63) / 64;

    for (int p = positions; p < 64 * squares; p++) word[p] = 0;
    for (int i = 0; i < squares; i++) transpose(word + 64 * i);
    return squares;
}

#if defined(__AVX512F__)
PLNI_INLINE int list_places(uint16_t *offset, uint64_t word, const uint16_t *place, int positions)
{
    int n = 0;

    for (int p = 0; p < 64 && p < positions; p += 16)
        n += put_offsets(offset + n, (__mmask16)(word >> p),
                         _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(place + p))));
    return n;
}
#else
PLNI_INLINE int list_places(uint16_t *offset, uint64_t word, const uint16_t *place, int positions)
{
    int n = 0;

    (void)positions;
    for (; word; word &= word - 1) offset[n++] = place[__builtin_ctzll(word)];
    return n;
}
#endif

void KERNEL(columns)(uint16_t *offset, uint32_t *start, const uint64_t *word, int words, int shift, int channels,
                     int positions, const uint16_t *place)
{
    uint64_t square[PLNI_STRIP];
    uint32_t n = start[0];

    for (int p = 0; p < positions; p++) square[p] = word[(ptrdiff_t)p * words] >> shift;
    const int squares = transpose_all(square, positions);
    for (int c = 0; c < channels; c++) {
        for (int i = 0; i < squares; i++)
            n += (uint32_t)list_places(offset + n, square[64 * i + c], place + 64 * i, positions - 64 * i);
        start[c + 1] = n;
    }
}

void KERNEL(sum_columns)(uint16_t *offset, float *value, uint32_t *start, const uint8_t *sum, int depth, int channels,
                         int positions, const uint16_t *place, float unit)
{
    uint64_t square[PLNI_STRIP];
    uint32_t n = start[0];

    for (int p = 0; p < positions; p++) square[p] = active_bytes(sum + (ptrdiff_t)p * depth, channels, 255);
    const int squares = transpose_all(square, positions);
    for (int c = 0; c < channels; c++) {
        for (int i = 0; i < squares; i++)
            for (uint64_t word = square[64 * i + c]; word; word &= word - 1) {
                const int p = 64 * i + __builtin_ctzll(word);
                offset[n] = place[p];
                value[n++] = unit * (float)sum[(ptrdiff_t)p * depth + c];
            }
        start[c + 1] = n;
    }
}

/* ---- taps ----------------------------------------------------------------- */

/* One vector of each of the nine taps for all channels.  Summed from 0 and then added,
 * for what is summed already is large. */
PLNI_INLINE void taps_part(float *sum, const char *delta, ptrdiff_t line, const uint32_t *start, int channels,
                           const uint16_t *offset, const float *value, const bool weighted)
{
    for (int c = 0; c < channels; c++, sum += 9 * 16) {
        vec a[9];
#pragma GCC unroll 9
        for (int t = 0; t < 9; t++) a[t] = (vec){ 0 };
        for (uint32_t e = start[c]; e < start[c + 1]; e++) {
            const char *at = delta + offset[e];
            const float v = weighted ? value[e] : 1;
#pragma GCC unroll 9
            for (int t = 0; t < 9; t++) {
                const vec d = *(const vec *)(at + (2 - t / 3) * line + (2 - t % 3) * 64);
                if (weighted) a[t] += v * d;
                else a[t] += d;
            }
        }
#pragma GCC unroll 9
        for (int t = 0; t < 9; t++) *(vec *)(sum + t * 16) += a[t];
    }
}

void KERNEL(taps)(float *sum, const float *delta, int line, const uint32_t *start, int channels,
                  const uint16_t *offset, const float *value)
{
    for (int i = 0; i < 16; i += LANES) {
        const char *from = (const char *)(delta + i);
        if (value) taps_part(sum + i, from, 64 * (ptrdiff_t)line, start, channels, offset, value, true);
        else taps_part(sum + i, from, 64 * (ptrdiff_t)line, start, channels, offset, value, false);
    }
}

void KERNEL(pack)(float *to, ptrdiff_t ldto, ptrdiff_t plane, const float *from, ptrdiff_t ldfrom, int rows, int planes)
{
    for (int r = 0; r < rows; r++, to += ldto, from += ldfrom)
        for (int p = 0; p < planes; p++)
            for (int i = 0; i < 16; i += LANES) *(vec *)(to + p * plane + i) = *(const vec *)(from + 16 * p + i);
}
