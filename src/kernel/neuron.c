/* neuron.c - kernels of spiking neurons and their norm, built for each CPU level
 *
 * A vector of channels of one place is taken through all time steps at once: its
 * potentials stay in a register going forward, and in a small array for the way
 * back, on which they are computed again instead of kept. */

#include "kernel/level.h"

#include "pln/spike.h"

#include <math.h>
#include <string.h>

#if defined(__SSE__)
#include <immintrin.h>
#endif

/* Channels whose spikes share a word, and most time steps. */
enum { BLOCK = 16, MOST_STEPS = 64 };

static inline vec load(const float *x)
{
    vec v;
    memcpy(&v, x, sizeof v);
    return v;
}

static inline void store(float *x, vec v) { memcpy(x, &v, sizeof v); }

/* a where the lane of the mask is set, else b. */
static inline vec choose(ivec mask, vec a, vec b)
{
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

static inline ivec fires(const plni_lif *n, vec h, const bool usual)
{
    return !usual && n->strict ? h > n->threshold : h >= n->threshold;
}

static inline vec magnitude(vec x) { return (vec)((ivec)x & INT32_MAX); }

/* One bit a lane. */
static inline unsigned bits_of(ivec mask)
{
#if defined(__AVX512DQ__)
    return _mm512_movepi32_mask((__m512i)mask);
#elif defined(__AVX__)
    return (unsigned)_mm256_movemask_ps((__m256)mask);
#elif defined(__SSE__)
    return (unsigned)_mm_movemask_ps((__m128)mask);
#else
    unsigned bits = 0;

    for (int i = 0; i < LANES; i++) bits |= (unsigned)(mask[i] & 1) << i;
    return bits;
#endif
}

/* Derivatives that need a function of the mathematical library. */
PLNI_INLINE vec curve(const plni_lif *n, vec x)
{
    for (int i = 0; i < LANES; i++) {
        if (n->surrogate == PLN_SURROGATE_SIGMOID) {
            const float g = 1 / (1 + expf(-n->a * x[i]));
            x[i] = n->a * g * (1 - g);
        } else {
            const float t = tanhf(n->a * x[i]);
            x[i] = fabsf(x[i]) <= 0.5f ? n->peak * (1 - t * t) : 0;
        }
    }
    return x;
}

/* g'(x) (theory 12.3). */
PLNI_INLINE vec slope(const plni_lif *n, vec x)
{
    const vec zero = { 0 }, a = zero + n->a;

    switch (n->surrogate) {
    case PLN_SURROGATE_ATAN: {
        const vec y = x * (1.57079632679489662f * n->a);
        return 0.5f * a / (1 + y * y);
    }
    case PLN_SURROGATE_TRIANGLE: {
        const vec y = a - n->a * n->a * magnitude(x);
        return choose(y > 0, y, zero);
    }
    case PLN_SURROGATE_RECTANGLE:
        return choose(magnitude(x) < 0.5f / n->a, a, zero);
    case PLN_SURROGATE_FAST_SIGMOID: {
        const vec y = 1 + n->a * magnitude(x);
        return 1 / (y * y);
    }
    default:
        return curve(n, x);
    }
}

/* Behind a norm, reset to rest, and without a gradient of the reset: most neurons are.  A constant at each call, so
 * that the loops over time have few branches. */
static bool is_usual(const plni_lif *n, const plni_drive *in)
{
    return in->scale && !in->tap && n->reset == PLN_RESET_HARD && n->detach && !n->strict;
}

/* What drives a vector of neurons at one place and step: place and channel are
 * `at` floats into a step of x, the channel is `c`. */
static inline vec drive(const plni_drive *in, ptrdiff_t at, int c, int t, const bool usual)
{
    vec u = load(in->x + t * in->x_step + at);

    if (usual || in->scale) u = load(in->scale + t * in->norm_step + c) * u + load(in->shift + t * in->norm_step + c);
    if (!usual && in->tap) u += load(in->tap + t * in->tap_step + at);
    return u;
}

/* The potential after h and its spike, as the next step finds it. */
static inline vec after(const plni_lif *n, vec h, ivec spike, const bool usual)
{
    switch (usual ? PLN_RESET_HARD : n->reset) {
    case PLN_RESET_HARD: return choose(spike, (vec){ 0 } + n->rest, h);
    case PLN_RESET_SOFT: return h - (vec)(spike & (ivec)((vec){ 0 } + n->threshold));
    default:             return h - (vec)(spike & (ivec)((vec){ 0 } + n->threshold / n->lam));
    }
}

static inline vec charge(const plni_lif *n, vec v, vec u) { return n->lam * v + (n->offset + n->kap * u); }

/* What a metric measures of a potential (theory 13.2). */
PLNI_INLINE vec measure(const plni_metric *m, vec h)
{
    switch (m->quantity) {
    case PLN_SCORE_VALUE:
        for (int i = 0; i < LANES; i++) h[i] = plni_value_of(h[i]);
        return h;
    case PLN_SCORE_NEARNESS:  return -magnitude(h - m->lif.threshold);
    case PLN_SCORE_POTENTIAL: return magnitude(h);
    case PLN_SCORE_SPIKES:    return choose(fires(&m->lif, h, false), (vec){ 0 } + 1, (vec){ 0 });
    default:                  return slope(&m->lif, h - m->lif.threshold);
    }
}

/* The sum over all steps as a score: the largest so far, NaN being larger than any number, or the sum of all. */
static inline void keep_score(float *score, vec sum, bool averaged)
{
    const vec kept = load(score);

    if (averaged) store(score, kept + sum);
    else          store(score, choose((ivec)(sum > kept) | (ivec)(sum != sum), sum, kept));
}

/* A vector's spikes at all steps, whose words lie `step` apart: lane 0 is bit `first`.  Returns how many there are.
 * With scores and without: whether there are any is a constant at each call. */
PLNI_INLINE int fire_vector(const plni_lif *n, const plni_drive *in, ptrdiff_t at, int c, uint16_t *spike, ptrdiff_t step,
                            int first, const plni_metric *metric, float *score, const bool usual)
{
    vec v = (vec){ 0 } + n->rest, sum = { 0 };
    int count = 0;

    for (int t = 0; t < in->steps; t++, spike += step) {
        const vec h = charge(n, v, drive(in, at, c, t, usual));
        const ivec fired = fires(n, h, usual);
        const unsigned bits = bits_of(fired);
        if (score) sum += measure(metric, h);
        *spike = (uint16_t)(first ? *spike | bits << first : bits);
        count += __builtin_popcount(bits);
        v = after(n, h, fired, usual);
    }
    if (score) keep_score(score + c, sum, metric->averaged);
    return count;
}

PLNI_INLINE int fire_all(const plni_lif *n, const plni_drive *in, uint16_t *spike, const plni_metric *metric, float *score,
                         const bool usual)
{
    const plni_lif neuron = *n;              /* copies, which no store can change */
    const plni_drive from = *in;
    const int blocks = from.depth / BLOCK, words = from.places * blocks;
    int count = 0;

    for (int p = 0; p < words; p++)
        for (int i = 0; i < BLOCK; i += LANES)
            count += fire_vector(&neuron, &from, (ptrdiff_t)p * BLOCK + i, p % blocks * BLOCK + i, spike + p, words, i, metric,
                                 score, usual);
    return count;
}

PLNI_INLINE int fire(const plni_lif *n, const plni_drive *in, uint16_t *spike, const plni_metric *metric, float *score)
{
    return is_usual(n, in) ? fire_all(n, in, spike, metric, score, true) : fire_all(n, in, spike, metric, score, false);
}

int KERNEL(fire)(const plni_lif *n, const plni_drive *in, uint16_t *spike) { return fire(n, in, spike, NULL, NULL); }

int KERNEL(fire_score)(const plni_lif *n, const plni_drive *in, uint16_t *spike, const plni_metric *metric, float *score)
{
    return fire(n, in, spike, metric, score);
}

/* dL/dh from a = dL/ds and c = dL/dv, c of the step before, and g'. */
PLNI_INLINE vec go_back(const plni_lif *n, vec h, vec a, vec *c, vec *slope_at, const bool usual)
{
    const vec g = slope(n, h - n->threshold), stays = *c;
    const ivec fired = fires(n, h, usual);
    vec e = a * g;

    KEEP_IN_REGISTER(e);                      /* else the usual alone would be fused with the sum, with other bits */
    switch (usual ? PLN_RESET_HARD : n->reset) {
    case PLN_RESET_HARD:
        e += choose(fired, (vec){ 0 }, stays);
        if (!usual && !n->detach) e += stays * (n->rest - h) * g;
        break;
    case PLN_RESET_SOFT:
        e += stays;
        if (!n->detach) e -= stays * n->threshold * g;
        break;
    default:
        e += stays;
        if (!n->detach) e -= stays * (n->threshold / n->lam) * g;
    }
    *c = n->lam * e;
    *slope_at = g;
    return n->kap * e;
}

/* Potentials at all steps. */
static inline void remember(const plni_lif *n, const plni_drive *in, ptrdiff_t at, int c, vec *past, const bool usual)
{
    vec v = (vec){ 0 } + n->rest;

    for (int t = 0; t < in->steps; t++) {
        const vec h = charge(n, v, drive(in, at, c, t, usual));
        past[t] = h;
        v = after(n, h, fires(n, h, usual), usual);
    }
}

static inline void add_to(float *sum, vec x) { store(sum, load(sum) + x); }

PLNI_INLINE void fire_back_vector(const plni_lif *n, const plni_drive *in, ptrdiff_t at, int c, const float *dy,
                                  ptrdiff_t dy_step, float *e, ptrdiff_t e_step, float *sum, ptrdiff_t sum_step,
                                  const plni_metric *metric, float *score, const bool usual)
{
    vec past[MOST_STEPS], carry = { 0 }, all = { 0 }, scored = { 0 };

    remember(n, in, at, c, past, usual);
    for (int t = in->steps - 1; t >= 0; t--) {
        vec g;
        const vec here = go_back(n, past[t], load(dy + t * dy_step + at), &carry, &g, usual);
        all += here;
        if (score) scored += metric ? measure(metric, past[t]) : g;
        if (e_step) store(e + t * e_step + at, here);
        if (sum) {
            add_to(sum + t * sum_step + c, here);
            add_to(sum + t * sum_step + c + in->depth, load(in->x + t * in->x_step + at) * here);
        }
    }
    if (!e_step) store(e + at, all);
    if (score) keep_score(score + c, scored, metric && metric->averaged);
}

PLNI_INLINE void fire_back_all(const plni_lif *n, const plni_drive *in, const float *dy, ptrdiff_t dy_step, float *e,
                               ptrdiff_t e_step, float *sum, ptrdiff_t sum_step, const plni_metric *metric, float *score,
                               const bool usual)
{
    const plni_lif neuron = *n;
    const plni_drive from = *in;
    const int vectors = from.depth / LANES;

    for (int p = 0; p < from.places * vectors; p++)
        fire_back_vector(&neuron, &from, (ptrdiff_t)p * LANES, p % vectors * LANES, dy, dy_step, e, e_step, sum, sum_step,
                         metric, score, usual);
}

PLNI_INLINE void fire_back(const plni_lif *n, const plni_drive *in, const float *dy, ptrdiff_t dy_step, float *e,
                           ptrdiff_t e_step, float *sum, ptrdiff_t sum_step, const plni_metric *metric, float *score)
{
    if (is_usual(n, in)) fire_back_all(n, in, dy, dy_step, e, e_step, sum, sum_step, metric, score, true);
    else                 fire_back_all(n, in, dy, dy_step, e, e_step, sum, sum_step, metric, score, false);
}

void KERNEL(fire_back)(const plni_lif *n, const plni_drive *in, const float *dy, ptrdiff_t dy_step, float *e,
                       ptrdiff_t e_step, float *sum, ptrdiff_t sum_step)
{
    fire_back(n, in, dy, dy_step, e, e_step, sum, sum_step, NULL, NULL);
}

void KERNEL(fire_back_score)(const plni_lif *n, const plni_drive *in, const float *dy, ptrdiff_t dy_step, float *e,
                             ptrdiff_t e_step, float *sum, ptrdiff_t sum_step, const plni_metric *metric, float *score)
{
    fire_back(n, in, dy, dy_step, e, e_step, sum, sum_step, metric, score);
}

void KERNEL(moments)(const float *x, int n, int depth, float *mean, float *distance)
{
    memset(mean, 0, (size_t)depth * sizeof *mean);
    memset(distance, 0, (size_t)depth * sizeof *distance);
    for (int r = 0; r < n; r++)
        for (int c = 0; c < depth; c++) mean[c] += x[(ptrdiff_t)r * depth + c];
    for (int c = 0; c < depth; c++) mean[c] /= (float)n;
    for (int r = 0; r < n; r++)
        for (int c = 0; c < depth; c++) {
            const float d = x[(ptrdiff_t)r * depth + c] - mean[c];
            distance[c] += d * d;
        }
}

void KERNEL(blend)(float *y, const float *x, int n, int depth, const float *a, const float *b, const float *d)
{
    for (int r = 0; r < n; r++, y += depth, x += depth)
        for (int c = 0; c < depth; c++) y[c] = a[c] * y[c] + b[c] * x[c] + d[c];
}
