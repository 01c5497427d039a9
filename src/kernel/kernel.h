/* kernel.h - the inner loops: raw pointers and sizes, nothing else
 *
 * A panel is a strip of a matrix, [rows][width] without gaps, that stays in a
 * core's cache; width is a multiple of 16.  Panels, bias, and rows of x, y, d
 * start on a cache line, and a row is padded with zeros to a multiple of 16.
 * Kernels never allocate, lock or know about threads.
 *
 * reference.c says in plain loops what each of them computes; the other
 * variants may add in another order and fuse multiplications with additions,
 * nothing else. */
#ifndef PLNI_KERNEL_H
#define PLNI_KERNEL_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sparse vector times panel (SpMV), the forward pass of a layer with sparse input:
 *     y[c] = bias[c] + sum_m value[m] panel[index[m]][c]                     */
typedef void plni_gather_fn(float *y, const float *bias, const float *panel,
                            int width, const int *index, const float *value,
                            int n);

/* gather for some samples, to the bit: for narrow panels, where the sums of one sample
 * wait for each other.  Sample s has y + s ldy, index + s ldx, value + s ldx, count[s]. */
typedef void plni_gathers_fn(float *y, ptrdiff_t ldy, const float *bias, const float *panel,
                             int width, const int *index, const float *value, ptrdiff_t ldx,
                             const int *count, int samples);

/* Rows of a panel times dense samples, the forward pass with dense input:
 *     y[s][r] = sum_c x[s][c] panel[r][c]            for first <= r < last   */
typedef void plni_dot_fn(float *y, ptrdiff_t ldy, const float *panel, int width,
                         int first, int last, const float *x, ptrdiff_t ldx,
                         int samples);

/* Row r has the entries e = start[r] .. start[r+1]-1 of (sample, value).
 * Weight gradient by active rows, a sum of sparse outer products, added at once:
 *     panel[r][c] += scale * sum_e value[e] d[sample[e]][c]                  */
typedef void plni_update_fn(float *panel, int width, int rows, const int *start,
                            const int *sample, const float *value,
                            const float *d, ptrdiff_t ldd, float scale);

/* One sample's share of an update, by its list (index, value) of active rows: for
 * narrow panels, of which many rows stay in the L1 cache.  panel holds rows
 * first..last-1; the list ascends and may go on behind them.  Sample
 * after sample, the result is that of update, to the bit:
 *     panel[index[m] - first][c] += scale * value[m] d[c]
 * for 0 <= m < n and index[m] < last; no index is below `first`.             */
typedef void plni_spread_fn(float *panel, int width, int first, int last, const int *index,
                            const float *value, int n, const float *d, float scale);

/* update of one batch, then gather of the next, in one visit of each row; the
 * entries of the next batch are (next_sample, next_value), and y holds its
 * biases already:
 *     y[next_sample[e]][c] += next_value[e] panel[r][c]
 * The result is that of update and gather, to the bit. */
typedef void plni_update_gather_fn(float *panel, int width, int rows, const int *start,
                                   const int *sample, const float *value, const float *d,
                                   ptrdiff_t ldd, float scale, const int *next_start,
                                   const int *next_sample, const float *next_value,
                                   float *y, ptrdiff_t ldy);

/* Input gradient and weight gradient in one visit of each active row.  dx is
 * taken from the row as it was:
 *     dx[sample[e]][c] += value[e] panel[r][c]
 *     panel[r][c]      += scale * sum_e value[e] x[sample[e]][c]             */
typedef void plni_gather_update_fn(float *panel, int width, int rows,
                                   const int *start, const int *sample,
                                   const float *value, const float *x, ptrdiff_t ldx,
                                   float *dx, ptrdiff_t lddx, float scale);

/* The units with the k largest scores y[i] - h[i], best first; equal scores are
 * won by the lower index, NaN never wins.  Returns how many there are, at most
 * k. */
typedef int plni_winners_fn(const float *y, const float *h, int n, int k,
                            int *winner);

/* Index and value of the elements of x that are not zero; returns how many. */
typedef int plni_list_fn(const float *x, int n, int *index, float *value);

/* x[i] = byte[i] / 255 */
typedef void plni_bytes_fn(float *x, const uint8_t *byte, int n);

/* 16 random bits for each of n units: Philox with key `seed` and counter
 * (block, sample, epoch, purpose).  Unit u has block 16 (u / 128) + u % 16 and
 * there the (u % 128 / 16)-th half word.  bits has room for n rounded up to a
 * multiple of 128. */
typedef void plni_draw_fn(uint16_t *bits, int n, uint64_t seed, uint32_t purpose,
                          uint32_t epoch, uint32_t sample);

/* y[i] = bits[i] >= threshold ? scale x[i] : 0; y may be x */
typedef void plni_keep_fn(float *y, const float *x, const uint16_t *bits, int n,
                          int threshold, float scale);

/* x[i] = bit i % 16 of bits[i / 16] ? x[i] : 0, also where x[i] is NaN */
typedef void plni_drop_fn(float *x, const uint16_t *bits, int n);

/* Activations and their derivatives times dy; y may be x, dx may be dy */
typedef void plni_relu_fn(float *y, const float *x, int n);
typedef void plni_relu_back_fn(float *dx, const float *dy, const float *x, int n);
typedef void plni_hardsigm_fn(float *y, const float *x, int n);
typedef void plni_hardsigm_back_fn(float *dx, const float *dy, const float *x, int n);

/* dy[i] = scale (y[i] - d[i]); returns sum_i (y[i] - d[i])^2; dy may be y */
typedef float plni_residual_fn(float *dy, const float *y, const float *d, int n,
                               float scale);

/* States on their way to rest (theory 4.2): where bits[i] >= threshold
 *     s[i] = clamp(a s[i] + b (up[i] + down[i]) + c t[i], 0, 1)
 * and 0 elsewhere.  down, t and bits may be NULL: nothing comes from above, no
 * target, no mask.  Returns the largest change of an s[i]; NaN is not counted. */
typedef float plni_relax_fn(float *s, const float *up, const float *down,
                            const float *t, const uint16_t *bits, int threshold,
                            float a, float b, float c, int n);

/* ---- spiking neurons: `places` positions of one row of a map, `depth` channels
 * each, over `steps` time steps that lie x_step floats apart (0: the same x at
 * all times).  Each neuron is driven by
 *     u = scale[c] x + shift[c] + tap       scale NULL: x; tap NULL: nothing
 * where scale and shift of the next step are norm_step floats on. ---- */
typedef struct plni_drive {
    int          steps, places, depth;
    const float *x;
    ptrdiff_t    x_step;
    const float *scale, *shift;
    ptrdiff_t    norm_step;
    const float *tap;
    ptrdiff_t    tap_step;
} plni_drive;

/* pln_neuron as numbers to reckon with; kind and reset are those of pln/spike.h. */
typedef struct plni_lif {
    float lam, kap, threshold, rest, offset;    /* offset = (1 - lam) rest         */
    int   reset, surrogate;
    bool  detach, strict;
    float a;                                    /* sharpness of the surrogate      */
    float peak;                                 /* tanh: a / (2 tanh(a/2))         */
} plni_lif;

/* How potentials are scored (pln/prune.h): what is measured of each, and whether places are averaged
 * or the largest stands for all. */
typedef struct plni_metric {
    plni_lif lif;                               /* surrogate and threshold             */
    int      quantity;
    bool     averaged;
} plni_metric;

/* PLN_SCORE_VALUE of a potential: a hyperbolic tangent around 1/2, scaled to 0 at 0 and 1 at 1. */
static inline float plni_value_of(float h) { return (tanhf(3 * (h - 0.5f)) + tanhf(1.5f)) / (2 * tanhf(1.5f)); }

/* Spikes: bit c of spike[(t places + p) depth/16 + b] is channel 16 b + c.
 * Returns how many there are. */
typedef int plni_fire_fn(const plni_lif *n, const plni_drive *in, uint16_t *spike);

/* dL/du (theory 12.2) from dy = dL/ds: steps dy_step and e_step floats
 * apart; e_step 0 puts the sum over the steps into e.  Adds to sum[c] the dL/du
 * and to sum[depth + c] the dL/du x of channel c; those of the next step are
 * sum_step floats on. */
typedef void plni_fire_back_fn(const plni_lif *n, const plni_drive *in, const float *dy, ptrdiff_t dy_step,
                               float *e, ptrdiff_t e_step, float *sum, ptrdiff_t sum_step);

/* The same two, and for each channel `steps` times the criticality of a sample (theory 13.2), so far as its
 * places are here:
 *     score[c] = max(score[c], max over the places of sum_t g'(h_t - threshold))
 * or, averaged, score[c] + sum over the places; or with another quantity for g'.  Going back NULL stands
 * for the neuron's own g', which is there anyway.  The others' results are theirs to the bit. */
typedef int plni_fire_score_fn(const plni_lif *n, const plni_drive *in, uint16_t *spike, const plni_metric *metric,
                               float *score);
typedef void plni_fire_back_score_fn(const plni_lif *n, const plni_drive *in, const float *dy, ptrdiff_t dy_step,
                                     float *e, ptrdiff_t e_step, float *sum, ptrdiff_t sum_step,
                                     const plni_metric *metric, float *score);

/* The potentials h [steps] of one neuron before each reset, by plain loops at every CPU level: they may differ from those
 * that a kernel has by rounding. */
void plni_potentials(const plni_lif *n, const plni_drive *in, int place, int channel, float *h);

/* Of n rows of depth numbers, by column: mean and sum of squared distances. */
typedef void plni_moments_fn(const float *x, int n, int depth, float *mean, float *distance);

/* y[r][c] = a[c] y[r][c] + b[c] x[r][c] + d[c] for n rows of depth numbers */
typedef void plni_blend_fn(float *y, const float *x, int n, int depth, const float *a, const float *b,
                           const float *d);

/* A step of descent with momentum and weight decay:
 *     m = momentum m + g + decay theta;  theta -= rate m                     */
typedef void plni_momentum_fn(float *theta, const float *g, float *m, int n, float rate, float momentum,
                              float decay);

/* y[i] += a x[i] */
typedef void plni_axpy_fn(float *y, const float *x, float a, int n);

/* How Adam steps. The corrections c1 = 1 - b1^t and c2 = 1 - b2^t are in the rate and in eps, so that a number takes
 * one division:  rate (m / c1) / (sqrt(v / c2) + eps) = (rate sqrt(c2) / c1) m / (sqrt(v) + eps sqrt(c2)) */
typedef struct plni_adam {
    float rate, b1, b2, eps;
} plni_adam;

/* Deltas and means of gradients that are far too small to move a weight are 0: else they
 * would fall to the denormal numbers, which processors are slow with, and stay there.
 * Means of squares likewise. */
static inline float plni_flush(float x) { return x < 1e-30f && x > -1e-30f ? 0 : x; }
static inline float plni_flush_square(float v) { return v < 1e-37f ? 0 : v; }

/* One step of Adam:
 *     m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g g
 *     theta -= rate m / (sqrt(v) + eps)                                      */
typedef void plni_adam_fn(float *theta, const float *g, float *m, float *v, int n,
                          const plni_adam *how);

/* Lists of what is active in an image, for windows: of each position of `rows`
 * image rows of `width` the channels, up to 64, whose bit is set in
 * word[position * words] >> shift, as
 *
 *     offset[e] = x % 3 * tap_stride + channel * step       e = start[p] .. start[p+1] - 1
 *
 * start[0] is given, the rest of start[rows width + 1] written.  Behind the last
 * offset there must be room for 16 more. */
typedef void plni_spikes_fn(uint16_t *offset, uint32_t *start, const uint64_t *word, int words, int shift,
                            int channels, int rows, int width, int tap_stride, int step);

/* The same for the first `channels` of each position's `depth` bytes, where they
 * are not 0, and value[e] = unit * byte. */
typedef void plni_sums_fn(uint16_t *offset, float *value, uint32_t *start, const uint8_t *sum, int depth,
                          int channels, int rows, int width, int tap_stride, int step, float unit);

/* The same for floats that are not 0, depth of them at each position, and
 * value[e] = x. */
typedef void plni_values_fn(uint16_t *offset, float *value, uint32_t *start, const float *x, int depth,
                            int channels, int rows, int width, int tap_stride, int step);

/* What one place of y sees of such a list. */
typedef struct plni_window {
    uint32_t start;
    uint16_t count, place;
} plni_window;

/* For each of n windows, with columns c < width, a multiple of 16, and offsets
 * that count bytes; value is NULL if all are 1, and y may be from:
 *     y[place][c] = from[place][c] + sum_e value[e] weight[offset[e] / 4 + c]  */
typedef void plni_windows_fn(float *y, ptrdiff_t ldy, const float *from, ptrdiff_t ldfrom, const float *weight,
                             int width, const plni_window *window, int n, const uint16_t *offset,
                             const float *value);

/* Lists of where each of up to 64 channels is active among up to
 * PLNI_STRIP positions, for taps: offset[e] = place[position] for channel c and
 * e = start[c] .. start[c+1] - 1.  start[0] is given.  Behind the last offset there
 * must be room for 16 more, as behind the last place. */
enum { PLNI_STRIP = 320 };
typedef void plni_columns_fn(uint16_t *offset, uint32_t *start, const uint64_t *word, int words, int shift,
                             int channels, int positions, const uint16_t *place);

/* The same for bytes that are not 0, depth of them at each position, and
 * value[e] = unit * byte. */
typedef void plni_sum_columns_fn(uint16_t *offset, float *value, uint32_t *start, const uint8_t *sum, int depth,
                                 int channels, int positions, const uint16_t *place, float unit);

/* Weight gradient of a kernel of 3x3 by such lists, for 16 outputs.  delta has 16
 * floats a position and lines of `line` positions, and place counts bytes to the
 * position above and to the left; value is NULL if all are 1:
 *     sum[c][3 ky + kx][i] += sum_e value[e] delta[offset[e] / 4 + 16 ((2 - ky) line + 2 - kx) + i]  */
typedef void plni_taps_fn(float *sum, const float *delta, int line, const uint32_t *start, int channels,
                          const uint16_t *offset, const float *value);

/* Convolution 3x3 by Winograd's F(4x4, 3x3), winograd.c: with matrices G, B and A
 * for one dimension, points = 0..35, a tile's values x[6][6] and results y[4][4],
 *
 *     u[point] = G w G^T              of 16 weights a tap in each row
 *     v[point] = B^T x B              of each channel
 *     m[point][tile] = sum_c v[point][tile][c] u[point][c]
 *     y = from + A^T m A              what is inside height and width
 *
 * Channels, filters and width are multiples of 16; y may be from. */
typedef void plni_winograd_weights_fn(float *u, ptrdiff_t point, ptrdiff_t ldu, const float *w, ptrdiff_t tap,
                                      ptrdiff_t ldw, int rows);
typedef void plni_winograd_in_fn(float *v, ptrdiff_t point, const float *x, ptrdiff_t line, ptrdiff_t pixel,
                                 int channels);
typedef void plni_winograd_out_fn(float *y, ptrdiff_t line, ptrdiff_t pixel, const float *from,
                                  ptrdiff_t from_line, ptrdiff_t from_pixel, const float *m, ptrdiff_t point,
                                  int height, int width, int filters);

/* m[tile][f] = sum_(q < depth) v[tile][q] u[q width + f]     for f < width */
typedef void plni_winograd_product_fn(float *m, ptrdiff_t ldm, const float *v, ptrdiff_t ldv, const float *u,
                                      int width, int depth, int tiles);

/* x[c] = bit c, or unit * byte c, for n channels, a multiple of 16 */
typedef void plni_spread_spikes_fn(float *x, const uint64_t *word, int n);
typedef void plni_spread_sums_fn(float *x, const uint8_t *sum, int n, float unit);

/* Pieces of 16 floats from rows to planes:
 *     to[r][p plane + i] = from[r][16 p + i]      for r < rows, p < planes, i < 16  */
typedef void plni_pack_fn(float *to, ptrdiff_t ldto, ptrdiff_t plane, const float *from, ptrdiff_t ldfrom, int rows,
                          int planes);

/* ---- products over live weights: lanes are places, 256 at most ----
 * Planes of bits: of each 64 places, ld words on from the last 64, a word for each of up to
 * 64 channels; bit i is place i's, which is set where the channel is active, for bytes where bit
 * `bit` of its sum is. */
typedef void plni_planes_fn(uint64_t *plane, ptrdiff_t ld, const uint64_t *word, ptrdiff_t words, int channels, int places);
typedef void plni_sum_planes_fn(uint64_t *plane, ptrdiff_t ld, const uint8_t *sum, ptrdiff_t depth, int bit, int channels,
                                int places);

/* to[i] = the 64 bits from bit `shift` of low[i] on, behind which are those of high[i], where
 * `inside` is set; shift < 64 */
typedef void plni_moved_fn(uint64_t *to, const uint64_t *low, const uint64_t *high, int shift, uint64_t inside, int n);

/* y[i] = (add ? y[i] : 0) + scale * the sum of value[e] over e < n where bit i % 64 of
 * plane[entry[e] + i / 64 ld] is set, for i < places; there must be room up to a multiple of 64. */
typedef void plni_live_bits_fn(float *y, const uint64_t *plane, ptrdiff_t ld, int places, const uint16_t *entry,
                               const float *value, int n, float scale, bool add);

/* sum[e] += scale * the sum of d[i] over i < places where bit i % 64 of plane[entry[e] + i / 64 ld] is set; from there
 * up to 256 d is 0. */
typedef void plni_live_dots_fn(float *sum, const uint64_t *plane, ptrdiff_t ld, const uint16_t *entry, int n, const float *d,
                               int places, float scale);

/* y[i] = (add ? y[i] : 0) + sum of value[e] plane[offset[entry[e]] + i] over e < n for i < places;
 * there must be room up to a multiple of 16. */
typedef void plni_live_values_fn(float *y, const float *plane, const int32_t *offset, int places, const uint16_t *entry,
                                 const float *value, int n, bool add);

/* The same for 16 lists, which lie one behind the other, at one place or at up to 16, to the same bits:
 *     y[f ld + i] = sum of value[e] x[entry[e] stride + i] over start[f] <= e < start[f + 1]     for f < 16, i < places
 * If there is more than one place there must be room for 16. */
typedef void plni_live_few_fn(float *y, ptrdiff_t ld, const float *x, ptrdiff_t stride, int places, const uint32_t *start,
                              const uint16_t *entry, const float *value);

/* y[c] = bias[c] + sum over m < n of active[m] value[e] where entry[e] is c and start[index[m]] <= e < start[index[m] + 1],
 * for c < width, a multiple of 16 */
typedef void plni_live_rows_fn(float *y, const float *bias, int width, const uint32_t *start, const uint16_t *entry,
                               const float *value, const int *index, const float *active, int n);

/* to[at[i] + f] = (add ? to[at[i] + f] : first ? first[f] : 0) + from[f ld + i] for 16 f and i < places with
 * at[i] >= 0; and to[f ld + i] = at[i] < 0 ? 0 : from[at[i] + f].  ld is a multiple
 * of 16, as at[i] is, and there must be room up to one. */
typedef void plni_to_channels_fn(float *to, const int32_t *at, const float *from, ptrdiff_t ld, int places,
                                 const float *first, bool add);
typedef void plni_to_lanes_fn(float *to, ptrdiff_t ld, const float *from, const int32_t *at, int places);

/* Blocks of 16 filters that are there or not together, of taps of 3x3: entry 9 c + t is tap t of channel c, which is
 * active at offset[k], in bytes, for start[c] <= k < start[c + 1]; value is NULL if all are 1.  For e < n and 16 i
 *
 *     y[offset[k] / 4 + shift[t] + i] += value[k] weight[t tap + c channel + e next + i]
 *     sum[e][i]                       += sum_k value[k] delta[offset[k] / 4 + shift[t] + i]  */
typedef void plni_block_sums_fn(float *y, const int32_t *shift, const uint16_t *entry, int n, const float *weight,
                                ptrdiff_t tap, ptrdiff_t channel, ptrdiff_t next, const uint32_t *start,
                                const uint16_t *offset, const float *value);
typedef void plni_block_dots_fn(float *sum, const int32_t *shift, const uint16_t *entry, int n, const float *delta,
                                const uint32_t *start, const uint16_t *offset, const float *value);

/* to[r ldto + i] = (first ? first[i] : 0) + tile[16 r + i], and the tile is 0 then, for 16 i and r < rows */
typedef void plni_unload_fn(float *to, ptrdiff_t ldto, float *tile, const float *first, int rows);

typedef struct plni_kernels {
#define K(operation) plni_##operation##_fn *operation;
#include "kernel/kernel.def"
#undef K
} plni_kernels;

/* Fills the table with the kernels of one level: the one named by isa, or if
 * isa is NULL the best for the CPU's levels (base/cpu.h).  Returns the level's
 * name, or NULL if this CPU or this build does not have it. */
const char *plni_kernels_choose(plni_kernels *kernels, unsigned cpu,
                                const char *isa);

/* The name of the i-th level from the slowest, "scalar", on; NULL at the end. */
const char *plni_level_name(int i);

#endif
