/* neuron.c - kernels of spiking neurons and their norm, built for each CPU level
 *
 * Sixteen channels of one place are taken through all time steps at once: their
 * potentials stay in registers going forward, and in a small array for the way
 * back, on which they are computed again instead of kept. */

#include "kernel/level.h"

#include "pln/spike.h"

#include <math.h>
#include <string.h>

#if defined(__SSE__)
#include <immintrin.h>
#endif

enum { BLOCK = 16, VECTORS = BLOCK / LANES };

typedef struct block { vec v[VECTORS]; } block;

static inline block load(const float *x)
{
    block b;
    memcpy(&b, x, sizeof b);
    return b;
}

static inline void store(float *x, const block *b) { memcpy(x, b, sizeof *b); }

/* a where the lane of the mask is set, else b. */
static inline vec choose(ivec mask, vec a, vec b)
{
    return (vec)((mask & (ivec)a) | (~mask & (ivec)b));
}

static inline ivec fires(const plni_lif *n, vec h)
{
    return n->strict ? h > n->threshold : h >= n->threshold;
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

/* What drives sixteen neurons at one place and step: place and channel are
 * `at` floats into a step of x, the channel is `c`. */
static inline block drive(const plni_drive *in, ptrdiff_t at, int c, int t)
{
    block u = load(in->x + t * in->x_step + at);

    if (in->scale) {
        const block scale = load(in->scale + t * in->norm_step + c), shift = load(in->shift + t * in->norm_step + c);
        for (int i = 0; i < VECTORS; i++) u.v[i] = scale.v[i] * u.v[i] + shift.v[i];
    }
    if (in->tap) {
        const block tap = load(in->tap + t * in->tap_step + at);
        for (int i = 0; i < VECTORS; i++) u.v[i] += tap.v[i];
    }
    return u;
}

/* The potential after h and its spike, as the next step finds it. */
static inline vec after(const plni_lif *n, vec h, ivec spike)
{
    switch (n->reset) {
    case PLN_RESET_HARD: return choose(spike, (vec){ 0 } + n->rest, h);
    case PLN_RESET_SOFT: return h - (vec)(spike & (ivec)((vec){ 0 } + n->threshold));
    default:             return h - (vec)(spike & (ivec)((vec){ 0 } + n->threshold / n->lam));
    }
}

static inline vec charge(const plni_lif *n, vec v, vec u) { return n->lam * v + (n->offset + n->kap * u); }

static inline void rest(const plni_lif *n, block *v)
{
    for (int i = 0; i < VECTORS; i++) v->v[i] = (vec){ 0 } + n->rest;
}

/* What a metric measures of a potential (theory 13.2). */
PLNI_INLINE vec measure(const plni_metric *m, vec h)
{
    switch (m->quantity) {
    case PLN_SCORE_VALUE:
        for (int i = 0; i < LANES; i++) h[i] = plni_value_of(h[i]);
        return h;
    case PLN_SCORE_NEARNESS:  return -magnitude(h - m->lif.threshold);
    case PLN_SCORE_POTENTIAL: return magnitude(h);
    case PLN_SCORE_SPIKES:    return choose(fires(&m->lif, h), (vec){ 0 } + 1, (vec){ 0 });
    default:                  return slope(&m->lif, h - m->lif.threshold);
    }
}

/* The sums over all steps as a score: the largest so far, NaN being larger than any number, or the sum of all. */
static inline void keep_score(float *score, const block *sums, bool averaged)
{
    block kept = load(score);

    for (int i = 0; i < VECTORS; i++) {
        const vec sum = sums->v[i];
        if (averaged) kept.v[i] += sum;
        else          kept.v[i] = choose((ivec)(sum > kept.v[i]) | (ivec)(sum != sum), sum, kept.v[i]);
    }
    store(score, &kept);
}

/* With scores and without: whether there are any is a constant at each call. */
PLNI_INLINE int fire(const plni_lif *n, const plni_drive *in, uint16_t *spike, const plni_metric *metric, float *score)
{
    const int blocks = in->depth / BLOCK;
    int count = 0;

    for (int p = 0; p < in->places * blocks; p++) {
        block v, sums = { 0 };
        rest(n, &v);
        for (int t = 0; t < in->steps; t++) {
            const block u = drive(in, (ptrdiff_t)p * BLOCK, p % blocks * BLOCK, t);
            unsigned bits = 0;
            for (int i = 0; i < VECTORS; i++) {
                const vec h = charge(n, v.v[i], u.v[i]);
                const ivec fired = fires(n, h);
                if (score) sums.v[i] += measure(metric, h);
                bits |= bits_of(fired) << (i * LANES);
                v.v[i] = after(n, h, fired);
            }
            spike[(ptrdiff_t)t * in->places * blocks + p] = (uint16_t)bits;
            count += __builtin_popcount(bits);
        }
        if (score) keep_score(score + p % blocks * BLOCK, &sums, metric->averaged);
    }
    return count;
}

int KERNEL(fire)(const plni_lif *n, const plni_drive *in, uint16_t *spike) { return fire(n, in, spike, NULL, NULL); }

int KERNEL(fire_score)(const plni_lif *n, const plni_drive *in, uint16_t *spike, const plni_metric *metric, float *score)
{
    return fire(n, in, spike, metric, score);
}

/* dL/dh from a = dL/ds and c = dL/dv, c of the step before, and g'. */
PLNI_INLINE vec go_back(const plni_lif *n, vec h, vec a, vec *c, vec *slope_at)
{
    const vec g = slope(n, h - n->threshold), stays = *c;
    const ivec fired = fires(n, h);
    vec e = a * g;

    switch (n->reset) {
    case PLN_RESET_HARD:
        e += choose(fired, (vec){ 0 }, stays);
        if (!n->detach) e += stays * (n->rest - h) * g;
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

/* Up to sixty-four steps of sixteen potentials. */
typedef struct history { block h[64]; } history;

static inline void remember(const plni_lif *n, const plni_drive *in, ptrdiff_t at, int c, history *past)
{
    block v;

    rest(n, &v);
    for (int t = 0; t < in->steps; t++) {
        const block u = drive(in, at, c, t);
        for (int i = 0; i < VECTORS; i++) {
            const vec h = charge(n, v.v[i], u.v[i]);
            past->h[t].v[i] = h;
            v.v[i] = after(n, h, fires(n, h));
        }
    }
}

static inline void add_to(float *sum, const block *x)
{
    block s = load(sum);

    for (int i = 0; i < VECTORS; i++) s.v[i] += x->v[i];
    store(sum, &s);
}

static inline void add_sums(const plni_drive *in, ptrdiff_t at, int t, const block *e, float *sum)
{
    block x = load(in->x + t * in->x_step + at);

    for (int i = 0; i < VECTORS; i++) x.v[i] *= e->v[i];
    add_to(sum, e);
    add_to(sum + in->depth, &x);
}

PLNI_INLINE void fire_back(const plni_lif *n, const plni_drive *in, const float *dy, ptrdiff_t dy_step, float *e,
                           ptrdiff_t e_step, float *sum, ptrdiff_t sum_step, const plni_metric *metric, float *score)
{
    const int blocks = in->depth / BLOCK;
    history past;

    for (int p = 0; p < in->places * blocks; p++) {
        const ptrdiff_t at = (ptrdiff_t)p * BLOCK;
        const int c = p % blocks * BLOCK;
        block carry = { 0 }, all = { 0 }, sums = { 0 };
        remember(n, in, at, c, &past);
        for (int t = in->steps - 1; t >= 0; t--) {
            const block a = load(dy + t * dy_step + at);
            block here;
            for (int i = 0; i < VECTORS; i++) {
                vec g;
                here.v[i] = go_back(n, past.h[t].v[i], a.v[i], &carry.v[i], &g);
                all.v[i] += here.v[i];
                if (score) sums.v[i] += metric ? measure(metric, past.h[t].v[i]) : g;
            }
            if (e_step) store(e + t * e_step + at, &here);
            if (sum) add_sums(in, at, t, &here, sum + t * sum_step + c);
        }
        if (!e_step) store(e + at, &all);
        if (score) keep_score(score + c, &sums, metric && metric->averaged);
    }
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
