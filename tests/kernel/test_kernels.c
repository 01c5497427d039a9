/* test_kernels.c - every kernel of every level of this CPU against the reference
 *
 * Sums of n products differ by rounding only, so by at most n ulps of the sum
 * of their absolute values; numbers here are below 1. */

#include "test.h"

#include "base/cpu.h"
#include "kernel/kernel.h"
#include "pln/spike.h"

#include <stdbool.h>

static plni_kernels reference;

/* Calls check for each level but the reference. */
static void for_levels(void (*check)(const plni_kernels *))
{
    const char *level;

    assert_non_null(plni_kernels_choose(&reference, 0, "scalar"));
    for (int i = 1; (level = plni_level_name(i)) != NULL; i++) {
        plni_kernels kernels;
        if (!plni_kernels_choose(&kernels, plni_cpu_levels(), level)) continue;
        check(&kernels);
    }
}

static void check_equal(const float *a, const float *b, int n, double bound)
{
    for (int i = 0; i < n; i++) CHECK_NEAR(a[i], b[i], bound);
}

/* Lists of the non-zeros of rows, as signals make them. */
typedef struct lists {
    int   *start, *sample;
    float *value;
    int    entries;
} lists;

static lists random_lists(int rows, int samples, float share)
{
    lists l = { calloc((size_t)rows + 1, sizeof(int)), calloc((size_t)(rows * samples) + 1, sizeof(int)),
                calloc((size_t)(rows * samples) + 1, sizeof(float)), 0 };

    for (int r = 0; r < rows; r++) {
        l.start[r] = l.entries;
        for (int s = 0; s < samples; s++)
            if (test_uniform() < share) {
                l.sample[l.entries] = s;
                l.value[l.entries++] = test_uniform() - 0.5f;
            }
    }
    l.start[rows] = l.entries;
    return l;
}

static void free_lists(lists *l)
{
    free(l->start);
    free(l->sample);
    free(l->value);
}

static const int widths[] = { 16, 32, 48, 64, 80, 112, 128, 208, 256, 272, 336, 512 };
static const int row_counts[] = { 1, 2, 3, 4, 5, 7, 9, 33, 100 };
static const int sample_counts[] = { 1, 2, 3, 4, 5, 16, 17, 33 };
static const float shares[] = { 0, 0.1f, 0.5f, 1 };

static void check_gather(const plni_kernels *k)
{
    for (int w = 0; w < TEST_COUNT(widths); w++)
        for (int s = 0; s < TEST_COUNT(shares); s++) {
            const int width = widths[w], rows = 37;
            float *panel = test_floats((size_t)(rows * width)), *bias = test_floats((size_t)width);
            float *a = test_floats((size_t)width + 16), *b = test_copy(a, (size_t)width + 16);
            lists l = random_lists(1, rows, shares[s]);

            reference.gather(a, bias, panel, width, l.sample, l.value, l.entries);
            k->gather(b, bias, panel, width, l.sample, l.value, l.entries);
            check_equal(a, b, width + 16, 1e-5);
            free(panel), free(bias), free(a), free(b);
            free_lists(&l);
        }
}

/* Lists of different lengths, some empty: gather to the bit. */
static void check_gathers(const plni_kernels *k)
{
    enum { ROWS = 37, LDX = 48 };

    for (int w = 0; w < TEST_COUNT(widths); w++)
        for (int n = 0; n < TEST_COUNT(sample_counts); n++) {
            const int width = widths[w], samples = sample_counts[n], ldy = width + 16;
            float *panel = test_floats((size_t)(ROWS * width)), *bias = test_floats((size_t)width);
            float *a = test_zeros((size_t)(samples * ldy)), *b = test_zeros((size_t)(samples * ldy));
            float *c = test_zeros((size_t)(samples * ldy)), *value = test_floats((size_t)(samples * LDX));
            int *index = calloc((size_t)(samples * LDX), sizeof *index), *count = calloc((size_t)samples, sizeof *count);
            for (int s = 0; s < samples; s++)
                for (int r = 0; r < ROWS; r++)
                    if (s % 7 && test_uniform() < 0.4f) index[s * LDX + count[s]++] = r;
            reference.gathers(a, ldy, bias, panel, width, index, value, LDX, count, samples);
            k->gathers(b, ldy, bias, panel, width, index, value, LDX, count, samples);
            for (int s = 0; s < samples; s++)
                k->gather(c + s * ldy, bias, panel, width, index + s * LDX, value + s * LDX, count[s]);
            check_equal(a, b, samples * ldy, 1e-5);
            assert_memory_equal(b, c, (size_t)(samples * ldy) * sizeof *b);
            free(panel), free(bias), free(a), free(b), free(c), free(value), free(index), free(count);
        }
}

static void check_dot(const plni_kernels *k)
{
    for (int w = 0; w < TEST_COUNT(widths); w++)
        for (int r = 0; r < TEST_COUNT(row_counts); r++)
            for (int s = 0; s < TEST_COUNT(sample_counts); s++) {
                const int width = widths[w], rows = row_counts[r], samples = sample_counts[s];
                const int first = rows > 4 ? 2 : 0, ldy = 112, ldx = width + 16;
                float *panel = test_floats((size_t)(rows * width)), *x = test_floats((size_t)(samples * ldx));
                float *a = test_floats((size_t)(samples * ldy)), *b = test_copy(a, (size_t)(samples * ldy));

                reference.dot(a, ldy, panel, width, first, rows, x, ldx, samples);
                k->dot(b, ldy, panel, width, first, rows, x, ldx, samples);
                check_equal(a, b, samples * ldy, 2e-5);
                free(panel), free(x), free(a), free(b);
            }
}

/* Sample after sample, in two parts of the rows: equal to the reference, and to update
 * to the bit. */
static void check_spread(const plni_kernels *k, const float *before, const float *updated, int width, int rows,
                         int samples, const lists *in, const float *d, int ld)
{
    const int half = rows / 2;
    float *a = test_copy(before, (size_t)(rows * width)), *b = test_copy(before, (size_t)(rows * width));
    int *index = calloc((size_t)rows + 1, sizeof *index);
    float *value = calloc((size_t)rows + 1, sizeof *value);

    for (int s = 0; s < samples; s++) {
        int n = 0, from = 0;
        for (int r = 0; r < rows; r++)
            for (int e = in->start[r]; e < in->start[r + 1]; e++)
                if (in->sample[e] == s) from += r < half, index[n] = r, value[n++] = in->value[e];
        reference.spread(a, width, 0, rows, index, value, n, d + s * ld, 0.5f);
        k->spread(b, width, 0, half, index, value, n, d + s * ld, 0.5f);
        k->spread(b + half * width, width, half, rows, index + from, value + from, n - from, d + s * ld, 0.5f);
    }
    check_equal(a, b, rows * width, 1e-5);
    assert_memory_equal(b, updated, (size_t)(rows * width) * sizeof *b);
    free(a), free(b), free(index), free(value);
}

/* update, update_gather and gather_update on one shape; update_gather is update and gather to the bit. */
static void check_visits(const plni_kernels *k, int width, int rows, int samples, float share)
{
    const size_t cells = (size_t)(rows * width);
    const int ld = width + 16;
    const size_t row_cells = (size_t)(samples * ld);
    float *w = test_floats(cells), *w1 = test_copy(w, cells), *w2 = test_copy(w, cells), *w3 = test_copy(w, cells);
    float *d = test_floats(row_cells), *y1 = test_floats(row_cells), *y2 = test_copy(y1, row_cells);
    lists in = random_lists(rows, samples, share), out = random_lists(rows, samples, share);

    reference.update(w1, width, rows, in.start, in.sample, in.value, d, ld, 0.5f);
    k->update(w2, width, rows, in.start, in.sample, in.value, d, ld, 0.5f);
    check_equal(w1, w2, (int)cells, 1e-5);
    check_spread(k, w, w2, width, rows, samples, &in, d, ld);

    k->update_gather(w3, width, rows, in.start, in.sample, in.value, d, ld, 0.5f, out.start, out.sample, out.value, y2, ld);
    assert_memory_equal(w2, w3, cells * sizeof *w);
    for (int s = 0; s < samples; s++) {
        int *index = calloc((size_t)rows + 1, sizeof *index), n = 0;
        float *value = calloc((size_t)rows + 1, sizeof *value);
        for (int r = 0; r < rows; r++)
            for (int e = out.start[r]; e < out.start[r + 1]; e++)
                if (out.sample[e] == s) index[n] = r, value[n++] = out.value[e];
        k->gather(y1 + s * ld, y1 + s * ld, w2, width, index, value, n);
        free(index), free(value);
    }
    assert_memory_equal(y1, y2, row_cells * sizeof *y1);

    memcpy(w1, w, cells * sizeof *w);
    memcpy(w2, w, cells * sizeof *w);
    memcpy(y2, y1, row_cells * sizeof *y1);
    reference.gather_update(w1, width, rows, in.start, in.sample, in.value, d, ld, y1, ld, 0.5f);
    k->gather_update(w2, width, rows, in.start, in.sample, in.value, d, ld, y2, ld, 0.5f);
    check_equal(w1, w2, (int)cells, 1e-5);
    check_equal(y1, y2, (int)row_cells, 1e-4);
    free(w), free(w1), free(w2), free(w3), free(d), free(y1), free(y2);
    free_lists(&in), free_lists(&out);
}

static void check_all_visits(const plni_kernels *k)
{
    for (int w = 0; w < TEST_COUNT(widths); w++)
        for (int r = 0; r < TEST_COUNT(row_counts); r += 2)
            for (int s = 0; s < TEST_COUNT(sample_counts); s += 2)
                for (int h = 0; h < TEST_COUNT(shares); h++)
                    check_visits(k, widths[w], row_counts[r], sample_counts[s], shares[h]);
}

/* What lists are made of. */
enum { BITS, BYTES, FLOATS };

/* Windows of a strip of positions. */
static void check_strip(const plni_kernels *k, int channels, int width, int columns, float share, int from)
{
    const bool weighted = from != BITS;
    enum { ROWS = 3 };
    const int positions = ROWS * width, words = (channels + 63) / 64, step = 4 * columns;
    const int block = channels % 64 ? channels % 64 : 64, first = channels - block, tap_stride = block * step;
    const size_t capacity = (size_t)(positions * channels) + 16;
    uint64_t *bits = calloc((size_t)(positions * words), 8);
    uint8_t *sum = calloc((size_t)(positions * channels), 1);
    uint16_t *o1 = calloc(capacity, 2), *o2 = calloc(capacity, 2);
    float *v1 = test_floats(capacity), *v2 = test_floats(capacity), *weight = test_floats((size_t)(3 * block * columns));
    uint32_t *s1 = calloc((size_t)positions + 1, 4), *s2 = calloc((size_t)positions + 1, 4);
    plni_window *window = calloc((size_t)positions, sizeof *window);
    float *a = test_floats((size_t)(positions * 80)), *b = test_copy(a, (size_t)(positions * 80));

    for (int i = 0; i < positions * channels; i++) {
        if (test_uniform() >= share) continue;
        sum[i] = (uint8_t)(1 + test_bits() % 4);
        bits[i / channels * words + i % channels / 64] |= (uint64_t)1 << i % channels % 64;
    }
    if (from == FLOATS) {
        float *x = calloc((size_t)(positions * channels), sizeof *x);
        for (int i = 0; i < positions * channels; i++) x[i] = sum[i] ? test_uniform() - 0.5f : 0;
        reference.values(o1, v1, s1, x + first, channels, block, ROWS, width, tap_stride, step);
        k->values(o2, v2, s2, x + first, channels, block, ROWS, width, tap_stride, step);
        check_equal(v1, v2, (int)s1[positions], 0);
        free(x);
    } else if (weighted) {
        reference.sums(o1, v1, s1, sum + first, channels, block, ROWS, width, tap_stride, step, 0.25f);
        k->sums(o2, v2, s2, sum + first, channels, block, ROWS, width, tap_stride, step, 0.25f);
        check_equal(v1, v2, (int)s1[positions], 0);
    } else {
        reference.spikes(o1, s1, bits + first / 64, words, first % 64, block, ROWS, width, tap_stride, step);
        k->spikes(o2, s2, bits + first / 64, words, first % 64, block, ROWS, width, tap_stride, step);
    }
    assert_memory_equal(s1, s2, (size_t)(positions + 1) * sizeof *s1);
    assert_memory_equal(o1, o2, s1[positions] * sizeof *o1);
    for (int p = 0; p < positions; p++)
        window[p] = (plni_window){ s1[p], (uint16_t)(s1[p + 1] - s1[p]), (uint16_t)(positions - 1 - p) };
    reference.windows(a, 80, a, 80, weight, columns, window, positions, o1, weighted ? v1 : NULL);
    k->windows(b, 80, b, 80, weight, columns, window, positions, o2, weighted ? v2 : NULL);
    check_equal(a, b, positions * 80, 2e-5);
    reference.windows(a, 80, weight, 0, weight, columns, window, positions, o1, weighted ? v1 : NULL);
    k->windows(b, 80, weight, 0, weight, columns, window, positions, o2, weighted ? v2 : NULL);
    check_equal(a, b, positions * 80, 2e-5);
    free(bits), free(sum), free(o1), free(o2), free(v1), free(v2), free(weight), free(s1), free(s2), free(window);
    free(a), free(b);
}

/* The gradient of a strip with lines of `line` places. */
static void check_taps_of(const plni_kernels *k, int channels, int positions, int line, float share, bool weighted)
{
    const int words = (channels + 63) / 64, depth = channels + 3, last = channels % 64 ? channels % 64 : 64;
    const int places = positions + 2 * line + 2, first = channels - last;
    const size_t capacity = (size_t)(positions * last) + 16;
    uint64_t *bits = calloc((size_t)(positions * words), 8);
    uint8_t *sum = calloc((size_t)(positions * depth), 1);
    uint16_t place[PLNI_STRIP + 16], *o1 = calloc(capacity, 2), *o2 = calloc(capacity, 2);
    float *v1 = test_floats(capacity), *v2 = test_floats(capacity), *delta = test_floats((size_t)(places * 16));
    float *a = test_floats((size_t)(last * 144)), *b = test_copy(a, (size_t)(last * 144));
    uint32_t s1[65] = { 0 }, s2[65] = { 0 };

    for (int p = 0; p < positions; p++) {
        place[p] = (uint16_t)(64 * p);
        for (int c = 0; c < channels; c++) {
            if (test_uniform() >= share) continue;
            bits[p * words + c / 64] |= (uint64_t)1 << c % 64;
            sum[p * depth + c] = (uint8_t)(1 + test_bits() % 255);
        }
    }
    if (weighted) {
        reference.sum_columns(o1, v1, s1, sum + first, depth, last, positions, place, 1.0f / 256);
        k->sum_columns(o2, v2, s2, sum + first, depth, last, positions, place, 1.0f / 256);
        check_equal(v1, v2, (int)s1[last], 0);
    } else {
        reference.columns(o1, s1, bits + first / 64, words, 0, last, positions, place);
        k->columns(o2, s2, bits + first / 64, words, 0, last, positions, place);
    }
    assert_memory_equal(s1, s2, (size_t)(last + 1) * sizeof *s1);
    assert_memory_equal(o1, o2, s1[last] * sizeof *o1);
    reference.taps(a, delta, line, s1, last, o1, weighted ? v1 : NULL);
    k->taps(b, delta, line, s2, last, o2, weighted ? v2 : NULL);
    check_equal(a, b, last * 144, 1e-4);
    free(bits), free(sum), free(o1), free(o2), free(v1), free(v2), free(delta), free(a), free(b);
}

static void check_taps(const plni_kernels *k)
{
    static const int channels[] = { 1, 16, 20, 64, 80, 200 }, positions[] = { 1, 4, 63, 64, 65, 196, 256, PLNI_STRIP };

    for (int c = 0; c < TEST_COUNT(channels); c++)
        for (int p = 0; p < TEST_COUNT(positions); p++)
            for (int s = 0; s < TEST_COUNT(shares); s++)
                for (int weighted = 0; weighted < 2; weighted++)
                    check_taps_of(k, channels[c], positions[p], 1 + p * 5, shares[s], weighted);
}

/* All steps of tiles; each on its own against the reference. */
static void check_winograd_of(const plni_kernels *k, int channels, int filters, int tiles, int height, int width)
{
    const int most = channels > filters ? channels : filters, cells = 36 * most * 16;
    const int plane = 3 * most + 16, count = 36 * plane + tiles * (filters + 16);         /* some behind what each step writes */
    float *x = test_floats((size_t)cells), *w = test_floats((size_t)cells), *from = test_floats((size_t)cells);
    float *a = test_floats((size_t)count), *b = test_copy(a, (size_t)count);
    float *v = test_floats((size_t)(tiles * (channels + 16))), *u = test_floats((size_t)(channels * filters));

    reference.winograd_weights(a, plane, filters, w, 16 * 3, 16, 3);
    k->winograd_weights(b, plane, filters, w, 16 * 3, 16, 3);
    check_equal(a, b, count, 1e-6);
    reference.winograd_in(a, plane, x, 6 * channels, channels, channels);
    k->winograd_in(b, plane, x, 6 * channels, channels, channels);
    check_equal(a, b, count, 1e-5);
    reference.winograd_product(a, filters + 16, v, channels + 16, u, filters, channels, tiles);
    k->winograd_product(b, filters + 16, v, channels + 16, u, filters, channels, tiles);
    check_equal(a, b, count, 1e-5);
    reference.winograd_out(a, 5 * filters, filters, from, 0, 0, x, 16 * filters, height, width, filters);
    k->winograd_out(b, 5 * filters, filters, from, 0, 0, x, 16 * filters, height, width, filters);
    check_equal(a, b, count, 2e-5);
    reference.winograd_out(a, 5 * filters, filters, a, 5 * filters, filters, x, 16 * filters, height, width, filters);
    k->winograd_out(b, 5 * filters, filters, b, 5 * filters, filters, x, 16 * filters, height, width, filters);
    check_equal(a, b, count, 4e-5);
    free(x), free(w), free(from), free(a), free(b), free(v), free(u);
}

static void check_winograd(const plni_kernels *k)
{
    static const int depths[] = { 16, 32, 64, 80, 112 };

    for (int c = 0; c < TEST_COUNT(depths); c++)
        for (int f = 0; f < TEST_COUNT(depths); f++)
            for (int t = 0; t < TEST_COUNT(sample_counts); t++)
                if (test_tries(c + f + t)) check_winograd_of(k, depths[c], depths[f], sample_counts[t], 1 + (c + t) % 4, 1 + (f + t) % 4);
}

static void check_spread_spikes(const plni_kernels *k)
{
    for (int n = 16; n <= 208; n += 16) {
        float *x = test_floats((size_t)n), *a = test_zeros((size_t)n + 16), *b = test_zeros((size_t)n + 16);
        uint64_t word[4];
        uint8_t sum[208];

        for (int i = 0; i < 4; i++) word[i] = (uint64_t)test_bits() << 32 | test_bits();
        for (int i = 0; i < 208; i++) sum[i] = (uint8_t)test_bits();
        reference.spread_spikes(a, word, n), k->spread_spikes(b, word, n);
        check_equal(a, b, n + 16, 0);
        reference.spread_sums(a, sum, n, 0.3f), k->spread_sums(b, sum, n, 0.3f);
        check_equal(a, b, n + 16, 0);
        reference.pack(a, 0, 32, x, 16, 1, n / 32), k->pack(b, 0, 32, x, 16, 1, n / 32);
        reference.pack(a + 16, 32, 16, x, 16, n / 32, 1), k->pack(b + 16, 32, 16, x, 16, n / 32, 1);
        check_equal(a, b, n + 16, 0);
        free(x), free(a), free(b);
    }
}

/* What planes are: bits and sums of some channels at some places. */
static void check_planes(const plni_kernels *k, int channels, int places)
{
    enum { WORDS = 3, DEPTH = 80, LD = 70, PLANES = 5 };
    uint64_t word[256 * WORDS], a[PLANES * LD] = { 0 }, b[PLANES * LD] = { 0 };
    uint8_t sum[256 * DEPTH + 64];

    for (int i = 0; i < 256 * WORDS; i++) word[i] = (uint64_t)test_bits() << 32 ^ test_bits();
    for (size_t i = 0; i < sizeof sum; i++) sum[i] = (uint8_t)test_bits();
    reference.planes(a, LD, word + 1, WORDS, channels, places);
    k->planes(b, LD, word + 1, WORDS, channels, places);
    assert_memory_equal(a, b, sizeof a);
    for (int bit = 0; bit < 8; bit += 3) {
        reference.sum_planes(a, LD, sum + 3, DEPTH, bit, channels, places);
        k->sum_planes(b, LD, sum + 3, DEPTH, bit, channels, places);
        assert_memory_equal(a, b, sizeof a);
    }
    for (int shift = 0; shift < 64; shift += 21) {
        reference.moved(a, word, word + channels, shift, word[200], channels);
        k->moved(b, word, word + channels, shift, word[200], channels);
        assert_memory_equal(a, b, sizeof a);
    }
}

/* Sums at some places over n live weights. */
static void check_lanes(const plni_kernels *k, int places, int n, bool add)
{
    enum { ROWS = 40, LD = 50, LANES = 256 + 64 };
    uint64_t plane[4 * LD];
    uint16_t entry[64];
    int32_t offset[ROWS], at[256];
    float *y = test_floats(LANES), *a = test_copy(y, LANES), *b = test_copy(y, LANES), *value = test_floats(64);
    float *lanes = test_floats(ROWS * LANES), *to = test_floats(300 * 32), *c = test_copy(to, 300 * 32), *d = test_copy(to, 300 * 32);

    for (int i = 0; i < 4 * LD; i++) plane[i] = (uint64_t)test_bits() << 32 ^ test_bits();
    for (int e = 0; e < n; e++) entry[e] = (uint16_t)(test_bits() % ROWS);
    for (int r = 0; r < ROWS; r++) offset[r] = r * LANES + r % 7;
    for (int i = 0; i < places; i++) at[i] = i % 5 == 3 ? -1 : i * 32;
    reference.live_bits(a, plane, LD, places, entry, value, n, 0.5f, add);
    k->live_bits(b, plane, LD, places, entry, value, n, 0.5f, add);
    check_equal(a, b, places, 1e-7 * (n + 1));
    reference.live_values(a, lanes, offset, places, entry, value, n, add);
    k->live_values(b, lanes, offset, places, entry, value, n, add);
    check_equal(a, b, places, 1e-7 * (n + 1));
    for (int i = places; i < LANES; i++) y[i] = 0;
    reference.live_dots(a, plane, LD, entry, n, y, places, 0.5f);
    k->live_dots(b, plane, LD, entry, n, y, places, 0.5f);
    check_equal(a, b, places, 1e-6 * (n + 1));
    reference.to_channels(c, at, lanes, LANES, places, add ? NULL : value, add && n);
    k->to_channels(d, at, lanes, LANES, places, add ? NULL : value, add && n);
    check_equal(c, d, 300 * 32, 0);
    reference.to_lanes(c, 304, lanes, at, places);
    k->to_lanes(d, 304, lanes, at, places);
    for (int f = 0; f < 16; f++) check_equal(c + f * 304, d + f * 304, places, 0);
    free(y), free(a), free(b), free(value), free(lanes), free(to), free(c), free(d);
}

/* Sixteen lists of up to n entries, at a few places, which get the bits that they have among others. */
static void check_live_few(const plni_kernels *k, int n, int places)
{
    enum { INPUTS = 40, LANES = 16, LD = 24 };
    const int stride = places == 1 ? 1 : LANES;
    uint32_t start[17] = { 0 };
    int32_t offset[INPUTS];
    uint16_t entry[16 * 64];
    float *value = test_floats(16 * 64), *x = test_floats(INPUTS * LANES), *lanes = test_floats(INPUTS * LANES);
    float *a = test_floats(16 * LD), *b = test_copy(a, 16 * LD), *among = test_floats(LANES);

    for (int f = 0; f < 16; f++) start[f + 1] = start[f] + (n ? test_bits() % (unsigned)(n + 1) : 0);
    for (uint32_t e = 0; e < start[16]; e++) entry[e] = (uint16_t)(test_bits() % INPUTS);
    for (int c = 0; c < INPUTS; c++) {
        offset[c] = c * LANES;
        for (int i = 0; i < places; i++) lanes[c * LANES + i] = x[c * stride + i];
    }
    reference.live_few(a, LD, x, stride, places, start, entry, value);
    k->live_few(b, LD, x, stride, places, start, entry, value);
    for (int f = 0; f < 16; f++) {
        check_equal(a + f * LD, b + f * LD, places, 1e-7 * (n + 1));
        k->live_values(among, lanes, offset, LANES, entry + start[f], value + start[f], (int)(start[f + 1] - start[f]), false);
        assert_memory_equal(among, b + f * LD, (size_t)places * sizeof *b);
    }
    free(value), free(x), free(lanes), free(a), free(b), free(among);
}

/* Rows of a matrix that lists have, of which n are active; every third is empty. */
static void check_live_rows(const plni_kernels *k, int n, int width)
{
    enum { ROWS = 40, WIDEST = 64 };
    float *bias = test_floats(WIDEST), *a = test_floats(WIDEST), *b = test_copy(a, WIDEST), *value = test_floats(ROWS * 8);
    float *active = test_floats(ROWS);
    uint32_t start[ROWS + 1] = { 0 };
    uint16_t entry[ROWS * 8];
    int index[ROWS];

    for (int r = 0; r < ROWS; r++) start[r + 1] = start[r] + (r % 3 ? test_bits() % 8 : 0);
    for (int e = 0; e < ROWS * 8; e++) entry[e] = (uint16_t)(test_bits() % (uint32_t)width);
    for (int m = 0; m < n; m++) index[m] = m * ROWS / n;
    reference.live_rows(a, bias, width, start, entry, value, index, active, n);
    k->live_rows(b, bias, width, start, entry, value, index, active, n);
    check_equal(a, b, WIDEST, 1e-6 * (n + 1));
    free(bias), free(a), free(b), free(value), free(active);
}

/* Blocks of three channels, of which the first is never active, the last at odd places. */
static void check_blocks(const plni_kernels *k, int n, bool weighted)
{
    enum { PLACES = 60, BORDER = 8, SIZE = (PLACES + 2 * BORDER) * 16 };
    float *weight = test_floats(9 * 3 * 32), *y = test_floats(SIZE), *a = test_copy(y, SIZE), *b = test_copy(y, SIZE);
    float *value = test_floats(2 * PLACES), *sum = test_floats(64 * 16), *c = test_copy(sum, 64 * 16), *d = test_copy(sum, 64 * 16);
    uint32_t start[4] = { 0, 0, PLACES, PLACES + PLACES / 2 };
    uint16_t entry[64], offset[2 * PLACES];
    int32_t shift[9];

    for (int e = 0; e < n; e++) entry[e] = (uint16_t)(test_bits() % 27);
    for (int t = 0; t < 9; t++) shift[t] = 16 * (t - 4 + BORDER);
    for (int p = 0; p < PLACES + PLACES / 2; p++) offset[p] = (uint16_t)(64 * (p < PLACES ? p : 2 * (p - PLACES) + 1));
    reference.block_sums(a, shift, entry, n, weight, 3 * 32, 32, 0, start, offset, weighted ? value : NULL);
    k->block_sums(b, shift, entry, n, weight, 3 * 32, 32, 0, start, offset, weighted ? value : NULL);
    reference.block_sums(a, shift, entry, n / 2, weight, 0, 0, 16, start, offset, weighted ? value : NULL);
    k->block_sums(b, shift, entry, n / 2, weight, 0, 0, 16, start, offset, weighted ? value : NULL);
    check_equal(a, b, SIZE, 2e-6 * (n + 1));
    reference.block_dots(c, shift, entry, n, y, start, offset, weighted ? value : NULL);
    k->block_dots(d, shift, entry, n, y, start, offset, weighted ? value : NULL);
    check_equal(c, d, 64 * 16, 1e-5);
    memcpy(b, a, SIZE * sizeof *a);
    reference.unload(weight, 32, a + 16, weighted ? value : NULL, n / 3);
    k->unload(y, 32, b + 16, weighted ? value : NULL, n / 3);
    for (int r = 0; r < n / 3; r++) check_equal(weight + 32 * r, y + 32 * r, 16, 0);
    check_equal(a, b, SIZE, 0);
    free(weight), free(y), free(a), free(b), free(value), free(sum), free(c), free(d);
}

static void check_live(const plni_kernels *k)
{
    static const int places[] = { 1, 8, 16, 17, 33, 64, 100, 130, 192, 255, 256 }, channels[] = { 1, 16, 33, 64 };

    for (int n = 0; n < 60; n = 3 * n + 1) {
        for (int weighted = 0; weighted <= 1; weighted++) check_blocks(k, n, weighted);
        const uint64_t state = test_state;                    /* other tests draw what they drew */
        check_live_rows(k, n, n % 2 ? 64 : 48);
        for (int few = 1; few <= 16; few += 3) check_live_few(k, n, few);
        test_state = state;
    }
    for (int i = 0; i < TEST_COUNT(places); i++) {
        for (int c = 0; c < TEST_COUNT(channels); c++) check_planes(k, channels[c], places[i]);
        for (int n = 0; n < 60; n = 3 * n + 1)
            for (int add = 0; add <= 1; add++) check_lanes(k, places[i], n, add);
    }
}

static void check_windows(const plni_kernels *k)
{
    static const int channels[] = { 1, 16, 20, 64, 80, 200 }, sides[] = { 1, 2, 3, 7, 32 }, columns[] = { 16, 32, 64 };

    for (int c = 0; c < TEST_COUNT(channels); c++)
        for (int x = 0; x < TEST_COUNT(sides); x++)
            for (int w = 0; w < TEST_COUNT(columns); w++)
                for (int s = 0; s < TEST_COUNT(shares); s++)
                    for (int from = BITS; from <= FLOATS; from++)
                        check_strip(k, channels[c], sides[x], columns[w], shares[s], from);
}

static void check_winners(const plni_kernels *k)
{
    static const int sizes[] = { 1, 2, 5, 15, 16, 17, 33, 64, 100, 1999, 2000, 2001 };

    for (int i = 0; i < TEST_COUNT(sizes); i++)
        for (int wanted = 1; wanted <= 64 && wanted <= sizes[i]; wanted += wanted < 8 ? 1 : 7)
            for (int kind = 0; kind < 4; kind++) {
                const int n = sizes[i];
                float *y = test_floats((size_t)n + 16), *h = test_floats((size_t)n + 16);
                int a[64] = { 0 }, b[64] = { 0 };
                for (int j = 0; j < n; j++) {
                    if (kind == 1) y[j] = floorf(4 * y[j]), h[j] = 0;      /* ties */
                    if (kind == 2 && j % 3 == 0) y[j] = NAN;
                    if (kind == 3) y[j] = j % 5 ? -INFINITY : y[j];
                }
                for (int j = n; j < n + 16; j++) y[j] = 100, h[j] = 0;      /* behind the end */
                const int found = reference.winners(y, h, n, wanted, a);
                assert_int_equal(k->winners(y, h, n, wanted, b), found);
                assert_memory_equal(a, b, (size_t)found * sizeof a[0]);
                free(y), free(h);
            }
}

static void check_rows(const plni_kernels *k)
{
    static const int sizes[] = { 1, 2, 7, 15, 16, 17, 31, 40, 63, 64, 65, 784, 1999, 2000, 2001 };

    for (int i = 0; i < TEST_COUNT(sizes); i++) {
        const int n = sizes[i];
        const size_t capacity = (size_t)n + 144;
        float *x = test_floats(capacity), *y = test_floats(capacity), *a = test_floats(capacity), *b = test_copy(a, capacity);
        uint16_t *bits1 = calloc(capacity, 2), *bits2 = calloc(capacity, 2);
        uint8_t *bytes = malloc(capacity);
        int *i1 = calloc(capacity, sizeof *i1), *i2 = calloc(capacity, sizeof *i2);

        reference.draw(bits1, n, 0x123456789abcdefu, 3, 4, 5);
        k->draw(bits2, n, 0x123456789abcdefu, 3, 4, 5);
        assert_memory_equal(bits1, bits2, (size_t)n * 2);
        reference.keep(a, x, bits1, n, 20000, 1.5f), k->keep(b, x, bits1, n, 20000, 1.5f);
        check_equal(a, b, n, 0);
        const int active = reference.list(a, n, i1, y);
        assert_int_equal(k->list(a, n, i2, x), active);
        assert_memory_equal(i1, i2, (size_t)active * sizeof *i1);
        assert_memory_equal(x, y, (size_t)active * sizeof *x);
        for (int j = 0; j < n; j++) bytes[j] = (uint8_t)test_bits();
        reference.bytes(a, bytes, n), k->bytes(b, bytes, n);
        check_equal(a, b, n, 0);
        for (int j = 0; j < n; j++) x[j] = j % 5 ? 3 * (test_uniform() - 0.3f) : (float)(j % 3) / 2;
        reference.relu(a, x, n), k->relu(b, x, n);
        check_equal(a, b, n, 0);
        reference.relu_back(a, y, x, n), k->relu_back(b, y, x, n);
        check_equal(a, b, n, 0);
        reference.hardsigm(a, x, n), k->hardsigm(b, x, n);
        check_equal(a, b, n, 0);
        reference.hardsigm_back(a, y, x, n), k->hardsigm_back(b, y, x, n);
        check_equal(a, b, n, 0);
        CHECK_NEAR(reference.residual(a, x, y, n, 0.7f), k->residual(b, x, y, n, 0.7f), 1e-5 * n + 1e-6);
        check_equal(a, b, n, 1e-6);
        reference.axpy(a, y, 0.3f, n), k->axpy(b, y, 0.3f, n);
        check_equal(a, b, n, 1e-6);
        for (int what = 0; what < 8; what++) {
            const float *down = what & 1 ? y : NULL, *t = what & 2 ? x : NULL;
            const uint16_t *bits = what & 4 ? bits1 : NULL;
            for (int j = 0; j < n; j++) a[j] = b[j] = test_uniform();
            CHECK_NEAR(reference.relax(a, x, down, t, bits, 30000, 0.8f, 0.2f, 0.05f, n),
                       k->relax(b, x, down, t, bits, 30000, 0.8f, 0.2f, 0.05f, n), 1e-6);
            check_equal(a, b, n, 1e-6);
        }
        float *m1 = test_floats(capacity), *v1 = test_floats(capacity);
        for (int j = 0; j < n; j++) v1[j] = fabsf(v1[j]);
        float *m2 = test_copy(m1, capacity), *v2 = test_copy(v1, capacity);
        for (int late = 0; late < 3; late++) {           /* with the corrections of the first steps, and without */
            const plni_adam how = { late ? 0.01f : 0.003f, 0.9f, 0.999f, late > 1 ? 1e-8f : 3e-10f };
            reference.adam(a, y, m1, v1, n, &how);
            k->adam(b, y, m2, v2, n, &how);
            check_equal(a, b, n, 1e-5);
            check_equal(m1, m2, n, 1e-6);
            check_equal(v1, v2, n, 1e-6);
        }
        free(x), free(y), free(a), free(b), free(bits1), free(bits2), free(bytes), free(i1), free(i2);
        free(m1), free(m2), free(v1), free(v2);
    }
}

/* ---- spiking neurons ------------------------------------------------------------- */

/* One call of fire and fire_back, with all that can be left out. */
typedef struct firing {
    int       steps, places, depth;
    bool      still, norm, norm_by_step, tap, tap_still, e_still, sums, sums_by_step;
    plni_lif  lif;
} firing;

static plni_lif random_lif(int reset, int surrogate)
{
    const float lam = 0.2f + 0.6f * test_uniform(), rest = reset == PLN_RESET_HARD ? test_uniform() - 0.5f : 0;
    const float a = pln_surrogate_usual((pln_surrogate)surrogate) * (0.7f + 0.6f * test_uniform());

    return (plni_lif){ .lam = lam, .kap = test_uniform() < 0.5f ? 1 : 1 - lam, .threshold = 0.4f + test_uniform() / 2,
                       .rest = rest, .offset = (1 - lam) * rest, .reset = reset, .surrogate = surrogate,
                       .detach = test_uniform() < 0.5f, .strict = test_uniform() < 0.5f, .a = a,
                       .peak = a / (2 * tanhf(a / 2)) };
}

/* A level may round otherwise than the reference, and near the threshold, or where a
 * surrogate jumps, that is another result.  A neuron that comes nearer to a jump
 * than rounding gets its inputs anew. */
static float sixteenth(void) { return (float)((int)(test_bits() % 65) - 24) / 16; }

static float *sixteenths(size_t n)
{
    float *x = test_floats(n + 1);
    for (size_t i = 0; i < n; i++) x[i] = sixteenth();
    return x;
}

/* Whether the neuron at `at` of a step keeps away from all jumps. */
static bool keeps_away(const firing *f, const plni_drive *in, ptrdiff_t at, int c)
{
    const plni_lif *n = &f->lif;
    const double jump = n->surrogate == PLN_SURROGATE_TANH ? 0.5 : n->surrogate == PLN_SURROGATE_RECTANGLE ? 0.5 / (double)n->a : 0;
    double v = (double)n->rest;

    for (int t = 0; t < f->steps; t++) {
        double u = (double)in->x[t * in->x_step + at];
        if (in->scale) u = u * (double)in->scale[t * in->norm_step + c] + (double)in->shift[t * in->norm_step + c];
        if (in->tap) u += (double)in->tap[t * in->tap_step + at];
        const double h = (double)n->lam * v + (double)n->offset + (double)n->kap * u, off = h - (double)n->threshold;
        if (fabs(off) < 1e-4 || fabs(fabs(off) - jump) < 1e-4) return false;
        v = off < 0 ? h : n->reset == PLN_RESET_HARD ? (double)n->rest
            : n->reset == PLN_RESET_SOFT ? off : h - (double)n->threshold / (double)n->lam;
    }
    return true;
}

/* The kernels that score: what they share with the others is theirs to the bit, scores are those of the
 * reference, and the larger of what there is. */
static void check_scores(const plni_kernels *k, const firing *f, const plni_drive *in, const float *dy, ptrdiff_t dy_step,
                         const float *e, size_t all, ptrdiff_t e_step, const float *sum, const uint16_t *spike, size_t words)
{
    plni_metric metric = { { .threshold = f->lif.threshold, .surrogate = PLN_SURROGATE_ATAN, .a = 2, .strict = f->lif.strict }, 0, false };
    const size_t sums = (size_t)f->steps * (2 * (size_t)f->depth + 16);
    uint16_t *s = calloc(words + 1, sizeof *s);
    float *back = test_copy(e, all), *s2 = test_zeros(sums), *a = test_zeros((size_t)f->depth + 16), *b;
    const ptrdiff_t sum_step = f->sums_by_step ? 2 * f->depth + 16 : 0;

    for (int way = 0; way < 1 + 4 * (PLN_SCORE_SPIKES + 1); way++) {   /* forward, back by each quantity; at last back by its own slope */
        const int which = way == 4 * (PLN_SCORE_SPIKES + 1) ? 2 : way % 2;
        metric.quantity = way / 4, metric.averaged = way % 4 > 1;
        for (int c = 0; c < f->depth + 16; c++) a[c] = c % 3 ? 0 : c % 2 ? 10 : 0.4f;
        b = test_copy(a, (size_t)f->depth + 16);
        const plni_metric *by = which == 2 ? NULL : &metric;
        memset(s2, 0, sums * sizeof *s2);
        if (which == 0) reference.fire_score(&f->lif, in, s, by, a), k->fire_score(&f->lif, in, s, by, b);
        else {
            reference.fire_back_score(&f->lif, in, dy, dy_step, back, e_step, f->sums ? s2 : NULL, sum_step, by, a);
            memset(s2, 0, sums * sizeof *s2);
            k->fire_back_score(&f->lif, in, dy, dy_step, back, e_step, f->sums ? s2 : NULL, sum_step, by, b);
            assert_memory_equal(back, e, all * sizeof *e);
            if (f->sums) assert_memory_equal(s2, sum, sums * sizeof *sum);
        }
        if (which == 0) assert_memory_equal(s, spike, words * sizeof *spike);
        for (int c = 0; c < f->depth + 16; c++) {
            CHECK_NEAR(a[c], b[c], 2e-5 * fmax(1, fabs((double)a[c])));
            assert_true((by && by->averaged) || b[c] >= (c % 3 ? 0 : c % 2 ? 10 : 0.4f));
            assert_true(c < f->depth || b[c] == a[c]);
        }
        free(b);
    }
    free(s), free(back), free(s2), free(a);
}

static void check_firing(const plni_kernels *k, const firing *f)
{
    const size_t row = (size_t)(f->places * f->depth), gap = 48, x_step = row + gap, all = (size_t)f->steps * x_step;
    const size_t words = (size_t)f->steps * row / 16, sum_step = 2 * (size_t)f->depth + 16;
    float *x = sixteenths(all), *tap = sixteenths(all), *scale = sixteenths((size_t)(f->steps * f->depth));
    float *shift = sixteenths((size_t)(f->steps * f->depth)), *dy = test_floats(all);
    float *e1 = test_floats(all), *e2 = test_copy(e1, all);
    float *s1 = test_floats((size_t)f->steps * sum_step), *s2 = test_copy(s1, (size_t)f->steps * sum_step);
    uint16_t *a = calloc(words + 1, sizeof *a), *b = calloc(words + 1, sizeof *b);
    const plni_drive in = { .steps = f->steps, .places = f->places, .depth = f->depth, .x = x,
                            .x_step = f->still ? 0 : (ptrdiff_t)x_step, .scale = f->norm ? scale : NULL, .shift = shift,
                            .norm_step = f->norm_by_step ? f->depth : 0, .tap = f->tap ? tap : NULL,
                            .tap_step = f->tap_still ? 0 : (ptrdiff_t)x_step };
    const ptrdiff_t e_step = f->e_still ? 0 : (ptrdiff_t)x_step;
    int tries = 0;

    for (int i = 0; i < f->steps * f->depth; i++) scale[i] = scale[i] != 0 ? scale[i] : 0.5f;
    for (size_t i = 0; i < row; i++)
        for (; !keeps_away(f, &in, (ptrdiff_t)i, (int)i % f->depth); assert_true(++tries < 100000))
            for (int t = 0; t < f->steps; t++) x[(size_t)t * x_step + i] = sixteenth() + test_uniform() / 16;
    a[words] = b[words] = 0x5a5a;
    reference.fire(&f->lif, &in, a), k->fire(&f->lif, &in, b);
    assert_memory_equal(a, b, (words + 1) * sizeof *a);

    reference.fire_back(&f->lif, &in, dy, (ptrdiff_t)x_step, e1, e_step, f->sums ? s1 : NULL, f->sums_by_step ? (ptrdiff_t)sum_step : 0);
    k->fire_back(&f->lif, &in, dy, (ptrdiff_t)x_step, e2, e_step, f->sums ? s2 : NULL, f->sums_by_step ? (ptrdiff_t)sum_step : 0);
    for (size_t i = 0; i < all; i++) CHECK_NEAR(e1[i], e2[i], 2e-5 * fmax(1, fabs((double)e1[i])));
    for (size_t i = 0; i < (size_t)f->steps * sum_step; i++)
        CHECK_NEAR(s1[i], s2[i], 2e-5 * (f->sums ? f->places * f->steps : 0));
    memset(s2, 0, (size_t)f->steps * sum_step * sizeof *s2);
    k->fire_back(&f->lif, &in, dy, (ptrdiff_t)x_step, e2, e_step, f->sums ? s2 : NULL, f->sums_by_step ? (ptrdiff_t)sum_step : 0);
    const uint64_t state = test_state;                        /* other tests draw what they drew */
    check_scores(k, f, &in, dy, (ptrdiff_t)x_step, e2, all, e_step, s2, b, words);
    test_state = state;
    free(x), free(tap), free(scale), free(shift), free(dy), free(e1), free(e2), free(s1), free(s2), free(a), free(b);
}

static void check_fire(const plni_kernels *k)
{
    static const int steps[] = { 1, 2, 4, 7, 64 }, places[] = { 1, 2, 3, 13 }, depths[] = { 16, 32, 48, 144 };

    for (int reset = 0; reset <= PLN_RESET_DELAYED; reset++)
        for (int surrogate = 0; surrogate < PLN_SURROGATE_COUNT; surrogate++)
            for (int s = 0; s < TEST_COUNT(steps); s++)
                for (int what = 0; what < 12; what++) {
                    if (!test_tries(what)) continue;
                    const uint32_t bits = test_bits();
                    const firing f = { .steps = steps[s], .places = places[test_bits() % 4], .depth = depths[test_bits() % 4],
                                       .still = bits & 1, .norm = bits & 2, .norm_by_step = bits & 4, .tap = bits & 8,
                                       .tap_still = bits & 16, .e_still = bits & 32, .sums = bits & 64,
                                       .sums_by_step = bits & 128, .lif = random_lif(reset, surrogate) };
                    check_firing(k, &f);
                }
}

/* Spikes at exactly the threshold: half and half, as `strict` says. */
static void check_threshold(const plni_kernels *k)
{
    for (int strict = 0; strict < 2; strict++) {
        const plni_lif n = { .lam = 0.5f, .kap = 0.5f, .threshold = 0.75f, .reset = PLN_RESET_SOFT, .strict = strict, .a = 2 };
        float *x = test_zeros(32);
        uint16_t spike[2];
        const plni_drive in = { .steps = 1, .places = 2, .depth = 16, .x = x };
        for (int i = 0; i < 32; i++) x[i] = i % 2 ? 1.5f : nextafterf(1.5f, i % 4 ? 2 : 1);
        k->fire(&n, &in, spike);
        for (int i = 0; i < 32; i++) assert_int_equal(spike[i / 16] >> i % 16 & 1, i % 2 ? !strict : i % 4 != 0);
        free(x);
    }
}

static void check_norms(const plni_kernels *k)
{
    static const int counts[] = { 1, 2, 3, 31, 128 }, depths[] = { 16, 48, 80, 256 };

    for (int i = 0; i < TEST_COUNT(counts); i++)
        for (int j = 0; j < TEST_COUNT(depths); j++) {
            const int n = counts[i], depth = depths[j];
            const size_t cells = (size_t)(n * depth), d = (size_t)depth;
            float *x = test_floats(cells), *m1 = test_floats(d + 16), *m2 = test_copy(m1, d + 16);
            float *v1 = test_floats(d + 16), *v2 = test_copy(v1, d + 16), *y1 = test_floats(cells + 16), *y2 = test_copy(y1, cells + 16);
            float *a = test_floats(d), *b = test_floats(d), *c = test_floats(d);
            for (size_t s = 0; s < cells; s++) x[s] += (float)(s % d % 7);       /* means far from 0 */
            reference.moments(x, n, depth, m1, v1), k->moments(x, n, depth, m2, v2);
            check_equal(m1, m2, depth + 16, 2e-6);
            check_equal(v1, v2, depth + 16, 1e-5 * n);
            reference.blend(y1, x, n, depth, a, b, c), k->blend(y2, x, n, depth, a, b, c);
            check_equal(y1, y2, (int)cells + 16, 2e-6);
            free(x), free(m1), free(m2), free(v1), free(v2), free(y1), free(y2), free(a), free(b), free(c);
        }
}

static void check_momentum(const plni_kernels *k)
{
    for (int n = 0; n < 140; n++) {
        float *w1 = test_floats((size_t)n + 16), *w2 = test_copy(w1, (size_t)n + 16), *g = test_floats((size_t)n + 16);
        float *m1 = test_floats((size_t)n + 16), *m2 = test_copy(m1, (size_t)n + 16);
        for (int step = 0; step < 3; step++) {
            reference.momentum(w1, g, m1, n, 0.3f, 0.9f, 0.01f);
            k->momentum(w2, g, m2, n, 0.3f, 0.9f, 0.01f);
        }
        check_equal(w1, w2, n + 16, 2e-6);
        check_equal(m1, m2, n + 16, 2e-6);
        free(w1), free(w2), free(g), free(m1), free(m2);
    }
}

/* To the bit, also of what is no number, and nothing behind the end. */
static void check_drop(const plni_kernels *k)
{
    for (int n = 0; n < 200; n++) {
        const size_t capacity = (size_t)n + 32;
        float *x = test_floats(capacity), *a = test_copy(x, capacity), *b;
        uint16_t bits[16];
        for (int i = 0; i < n; i += 7) a[i] = i % 2 ? NAN : -INFINITY;
        b = test_copy(a, capacity);
        for (int i = 0; i < 16; i++) bits[i] = (uint16_t)(i % 5 ? test_bits() : i % 2 ? 0 : 65535);
        reference.drop(a, bits, n), k->drop(b, bits, n);
        assert_memory_equal(a, b, capacity * sizeof *a);
        for (int i = 0; i < n; i++)
            if (!(bits[i / 16] >> i % 16 & 1)) assert_true(b[i] == 0 && !signbit(b[i]));
            else if (i % 7) assert_true(b[i] == x[i]);
        free(x), free(a), free(b);
    }
}

/* The reference itself, by one number. */
static void test_momentum_once(void **state)
{
    float w = 2, m = 0.5f;
    const float g = 0.25f;

    (void)state;
    assert_non_null(plni_kernels_choose(&reference, 0, "scalar"));
    reference.momentum(&w, &g, &m, 1, 0.5f, 0.5f, 0.125f);
    CHECK_NEAR(m, 0.5 * 0.5 + 0.25 + 0.125 * 2, 0);
    CHECK_NEAR(w, 2 - 0.5 * 0.75, 0);
}

/* Where gradients have ended moments end too, instead of creeping among denormals. */
static void check_adam_rests(const plni_kernels *k)
{
    float w[5] = { 1, -2, 3, 0, 5 }, m[5], v[5], g[5] = { 0 };
    const plni_adam how = { .rate = 1e-3f, .b1 = 0.9f, .b2 = 0.999f, .eps = 1e-8f };

    for (int i = 0; i < 5; i++) m[i] = i % 2 ? -1e-29f : 1e-29f, v[i] = 1e-36f;
    g[4] = NAN;
    for (int t = 0; t < 3000; t++) k->adam(w, g, m, v, 5, &how);
    for (int i = 0; i < 4; i++) assert_true(m[i] == 0 && v[i] == 0);
    assert_true(w[0] == 1 && w[1] == -2 && w[2] == 3 && isnan(w[4]) && isnan(m[4]) && isnan(v[4]));
}

static void test_adam_rests(void **state) { (void)state; for_levels(check_adam_rests), check_adam_rests(&reference); }
static void test_drop(void **state) { (void)state; for_levels(check_drop); }
static void test_fire(void **state) { (void)state; for_levels(check_fire); }
static void test_threshold(void **state) { (void)state; for_levels(check_threshold), check_threshold(&reference); }
static void test_norms(void **state) { (void)state; for_levels(check_norms); }
static void test_momentum(void **state) { (void)state; for_levels(check_momentum); }
static void test_gather(void **state) { (void)state; for_levels(check_gather); }
static void test_gathers(void **state) { (void)state; for_levels(check_gathers); }
static void test_dot(void **state) { (void)state; for_levels(check_dot); }
static void test_visits(void **state) { (void)state; for_levels(check_all_visits); }
static void test_windows(void **state) { (void)state; for_levels(check_windows); }
static void test_live(void **state) { (void)state; for_levels(check_live); }
static void test_taps(void **state) { (void)state; for_levels(check_taps); }
static void test_winograd(void **state) { (void)state; for_levels(check_winograd); }
static void test_spread(void **state) { (void)state; for_levels(check_spread_spikes); }
static void test_winners(void **state) { (void)state; for_levels(check_winners); }
static void test_rows(void **state) { (void)state; for_levels(check_rows); }

static void test_choice(void **state)
{
    plni_kernels kernels;

    (void)state;
    assert_string_equal(plni_kernels_choose(&kernels, 0, NULL), "scalar");
    assert_null(plni_kernels_choose(&kernels, 0, "x86-64-v3"));
    assert_null(plni_kernels_choose(&kernels, ~0u, "vax"));
    assert_null(plni_level_name(-1));
    assert_null(plni_level_name(99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice), cmocka_unit_test(test_gather), cmocka_unit_test(test_gathers),
        cmocka_unit_test(test_dot), cmocka_unit_test(test_visits), cmocka_unit_test(test_windows),
        cmocka_unit_test(test_taps), cmocka_unit_test(test_live), cmocka_unit_test(test_winograd), cmocka_unit_test(test_spread),
        cmocka_unit_test(test_winners), cmocka_unit_test(test_rows),
        cmocka_unit_test(test_fire), cmocka_unit_test(test_threshold), cmocka_unit_test(test_norms),
        cmocka_unit_test(test_momentum), cmocka_unit_test(test_momentum_once), cmocka_unit_test(test_adam_rests),
        cmocka_unit_test(test_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
