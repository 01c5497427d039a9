/* cell.c - what happens to a map at each place: norm, sum, neuron, pool
 *
 *     u = norm(x) + tap,   s = LIF(u),   y = dropout(pool(s))
 *
 * each if wanted.  Only x is kept for the way back: potentials and spikes are
 * computed again where they are needed, for one window row of one sample at all
 * steps, which fits the first cache.  Going back, one sweep takes dL/dy to dL/du
 * and adds up what the norm needs of it; a second takes that through the norm.
 *
 * theta is gamma, beta; kept are running mean and variance; each has map depth. */

#include "base/rng.h"
#include "base/shape.h"
#include "nn/layer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double EPSILON = 1e-5, MOVES_BY = 0.1;

enum { PLACES_A_CHUNK = 128 };

/* Rough nanoseconds of one neuron in one step. */
static const double FORWARD = 0.5, BACKWARD = 2, SWEEP = 0.3;

typedef struct state {
    plni_lif  lif;
    double   *mean, *variance;     /* [norm steps][depth] of the batch             */
    float    *scale, *shift;       /* [norm steps][depth] u = scale x + shift      */
    float    *blend[3];            /* [norm steps][depth] dx = b0 du + b1 x + b2   */
    float    *part;                /* [chunks][norm steps][2][depth]               */
    float    *sum;                 /* [norm steps][2][depth]: of du, of du x       */
    float    *du;                  /* where dx must not be overwritten             */
    bool      summed;              /* sum is of the batch under way                */
    char     *lane;                /* [threads][lane_bytes]                        */
    size_t    lane_bytes, spike_bytes, row_floats;
    uint16_t *drawn;               /* [batch][drawn_stride] random bits of dropout */
    ptrdiff_t drawn_stride;
    long     *spikes;              /* [window rows of the batch] how many          */
} state;

static int depth_of(const plni_layer *layer) { return (int)plni_round_up(layer->conv.in.channels, 16); }
static plni_extent in_of(const plni_layer *layer) { return layer->conv.in; }
static int window_of(const plni_layer *layer) { return layer->cell.pool ? layer->cell.window : 1; }

/* Rows of windows in an image, one that is not full included. */
static int window_rows(const plni_layer *layer)
{
    return (in_of(layer).height + window_of(layer) - 1) / window_of(layer);
}

static int norm_steps(const plni_layer *layer, const plni_signal *x)
{
    return layer->cell.norm.kind == PLN_NORM_STEP ? x->steps : 1;
}

static void shape(plni_layer *layer)
{
    const size_t depth = (size_t)depth_of(layer);

    layer->size = layer->kept_size = layer->cell.norm.kind ? 2 * depth : 0;
}

static plni_lif lif_of(const pln_neuron *n)
{
    const float lam = 1 - 1 / n->tau, a = n->sharpness;

    return (plni_lif){ .lam = lam, .kap = n->decay_input ? 1 / n->tau : 1, .threshold = n->threshold,
                       .rest = n->reset == PLN_RESET_HARD ? n->rest : 0,
                       .offset = n->reset == PLN_RESET_HARD ? (1 - lam) * n->rest : 0,
                       .reset = (int)n->reset, .surrogate = (int)n->surrogate, .detach = n->detach,
                       .strict = n->strict, .a = a, .peak = a / (2 * tanhf(a / 2)) };
}

static int chunks_of(const plni_layer *layer, int rows)
{
    return (rows * plni_positions(in_of(layer)) + PLACES_A_CHUNK - 1) / PLACES_A_CHUNK;
}

static void *plan(const plni_layer *layer, const plni_pass *pass, plni_arena *arena)
{
    state *own = plni_arena_take(arena, sizeof *own), s = { .lif = lif_of(&layer->cell.neuron) };
    const size_t depth = (size_t)depth_of(layer), steps = (size_t)pass->steps, threads = (size_t)pln_ctx_threads(pass->ctx);
    const size_t places = (size_t)(window_of(layer) * in_of(layer).width), batch = (size_t)pass->batch;
    const size_t norms = layer->cell.norm.kind == PLN_NORM_STEP ? steps : 1;
    const size_t chunks = (size_t)chunks_of(layer, pass->batch * pass->steps);
    const size_t window_chunks = batch * (size_t)window_rows(layer);

    s.row_floats = places * depth;
    s.spike_bytes = (size_t)plni_round_up((ptrdiff_t)(steps * places * depth / 8), 64);
    s.lane_bytes = s.spike_bytes + 2 * steps * s.row_floats * sizeof(float);
    s.lane = plni_arena_take(arena, threads * s.lane_bytes);
    s.spikes = plni_arena_take(arena, window_chunks * sizeof *s.spikes);
    s.drawn_stride = plni_round_up((ptrdiff_t)plni_positions(layer->map.extent) * layer->map.depth, 128);
    if (layer->drop > 0 && pass->training)
        s.drawn = plni_arena_take(arena, batch * (size_t)s.drawn_stride * sizeof *s.drawn);
    if (layer->cell.norm.kind) {
        s.mean = plni_arena_take(arena, norms * depth * sizeof *s.mean);
        s.variance = plni_arena_take(arena, norms * depth * sizeof *s.variance);
        s.scale = plni_arena_take(arena, norms * depth * sizeof *s.scale);
        s.shift = plni_arena_take(arena, norms * depth * sizeof *s.shift);
    }
    if (layer->cell.norm.kind && pass->training) {
        const size_t most = chunks > window_chunks * norms ? chunks : window_chunks * norms;
        for (int i = 0; i < 3; i++) s.blend[i] = plni_arena_take(arena, norms * depth * sizeof(float));
        s.part = plni_arena_take(arena, most * 2 * depth * sizeof *s.part);
        s.sum = plni_arena_take(arena, norms * 2 * depth * sizeof *s.sum);
    }
    if (layer->adds && pass->training)
        s.du = plni_arena_take(arena, batch * (steps * (size_t)plni_positions(in_of(layer))) * depth * sizeof *s.du);
    if (own) *own = s;
    return own;
}

/* What the chunks of one sweep share. */
typedef struct job {
    const plni_layer   *layer;
    const plni_pass    *pass;
    const plni_station *at;
    state              *own;
    plni_signal        *du;
    int                 step, rows;           /* of a norm by step; rows it sums over */
} job;

/* ---- norm: statistics and coefficients ----------------------------------------- */

static void moments_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const int depth = depth_of(j->layer), first = chunk * PLACES_A_CHUNK;
    const int left = j->rows * plni_positions(in_of(j->layer)) - first;
    float *part = j->own->part + (ptrdiff_t)chunk * 2 * depth;

    j->pass->kernels->moments(j->at->x->value + (ptrdiff_t)j->step * j->pass->samples * j->at->x->stride +
                                  (ptrdiff_t)first * depth,
                              left < PLACES_A_CHUNK ? left : PLACES_A_CHUNK, depth, part, part + depth);
}

/* Mean and variance of all from those of the chunks. */
static void join_moments(const job *j, double *mean, double *variance)
{
    const int depth = depth_of(j->layer), places = j->rows * plni_positions(in_of(j->layer));
    const int chunks = chunks_of(j->layer, j->rows);

    memset(mean, 0, (size_t)depth * sizeof *mean);
    memset(variance, 0, (size_t)depth * sizeof *variance);
    for (int k = 0; k < chunks; k++) {
        const float *part = j->own->part + (ptrdiff_t)k * 2 * depth;
        const int before = k * PLACES_A_CHUNK, left = places - before, n = left < PLACES_A_CHUNK ? left : PLACES_A_CHUNK;
        for (int c = 0; c < depth; c++) {
            const double apart = (double)part[c] - mean[c];
            mean[c] += apart * n / (before + n);
            variance[c] += (double)part[depth + c] + apart * apart * before * n / (before + n);
        }
    }
    for (int c = 0; c < depth; c++) variance[c] /= places;
}

static void set_coefficients(const plni_layer *layer, state *own, int step, bool running)
{
    const int depth = depth_of(layer);

    for (int c = 0; c < depth; c++) {
        const ptrdiff_t i = (ptrdiff_t)step * depth + c;
        if (running) own->mean[i] = (double)layer->kept[c];
        if (running) own->variance[i] = fmax(0, (double)layer->kept[depth + c]);
        const double slope = (double)layer->theta[c] * (double)layer->cell.norm.scale / sqrt(own->variance[i] + EPSILON);
        own->scale[i] = (float)slope;
        own->shift[i] = (float)((double)layer->theta[depth + c] - slope * own->mean[i]);
    }
}

static void make_norm(const plni_layer *layer, const plni_pass *pass, const plni_station *at)
{
    state *own = at->state;
    job j = { .layer = layer, .pass = pass, .at = at, .own = own };
    const int norms = norm_steps(layer, at->x);

    j.rows = pass->samples * at->x->steps / norms;
    for (j.step = 0; j.step < norms; j.step++) {
        const ptrdiff_t i = (ptrdiff_t)j.step * depth_of(layer);
        if (pass->training) {
            const int chunks = chunks_of(layer, j.rows);
            plni_parallel(pass->ctx, chunks, SWEEP * j.rows * (double)at->x->stride, PLNI_UP, moments_chunk, &j);
            join_moments(&j, own->mean + i, own->variance + i);
        }
        set_coefficients(layer, own, j.step, !pass->training);
    }
}

/* ---- one window row of one sample at all steps ---------------------------------- */

typedef struct place {
    int         sample, row;           /* of windows                            */
    int         rows, places;          /* image rows and positions in it        */
    int         lane;
    uint16_t   *spike;                 /* [steps][places][depth / 16]           */
    float      *tap, *dy;              /* [steps][places][depth], if they must  */
                                       /*   be written out                      */
    plni_drive  drive;
} place;

static float *values_at(const job *j, const plni_signal *map, const place *p, int t)
{
    const int first = p->row * window_of(j->layer) * map->extent.width;

    return map->value + ((ptrdiff_t)t * j->pass->samples + p->sample) * map->stride + (ptrdiff_t)first * map->depth;
}

/* From one step to the next; 0 if the map is the same at all of them. */
static ptrdiff_t step_of(const job *j, const plni_signal *map)
{
    return map->steps > 1 ? (ptrdiff_t)j->pass->samples * map->stride : 0;
}

static void write_out_tap(const job *j, place *p)
{
    const plni_signal *tap = j->at->tap;
    const int steps = tap->steps, first = p->row * window_of(j->layer) * tap->extent.width;

    for (int t = 0; t < steps; t++)
        for (int i = 0; i < p->places; i++) {
            float *to = p->tap + ((ptrdiff_t)t * p->places + i) * tap->depth;
            const float *from = plni_map_values(tap, t * j->pass->samples + p->sample, first + i, to);
            if (from != to) memcpy(to, from, (size_t)tap->depth * sizeof *to);
        }
    p->drive.tap = p->tap;
    p->drive.tap_step = steps > 1 ? (ptrdiff_t)p->places * tap->depth : 0;
}

static place find_place(const job *j, int chunk)
{
    const state *own = j->own;
    const plni_signal *x = j->at->x;
    const int window = window_of(j->layer), row = chunk % window_rows(j->layer);
    const int left = in_of(j->layer).height - row * window;
    char *lane = own->lane + (size_t)plni_lane() * own->lane_bytes;
    place p = { .sample = chunk / window_rows(j->layer), .row = row, .rows = left < window ? left : window };

    p.places = p.rows * in_of(j->layer).width;
    p.spike = (uint16_t *)(void *)lane;
    p.tap = (float *)(void *)(lane + own->spike_bytes);
    p.dy = p.tap + (size_t)j->pass->steps * own->row_floats;
    p.drive = (plni_drive){ .steps = j->pass->steps, .places = p.places, .depth = x->depth, .x = values_at(j, x, &p, 0),
                            .x_step = step_of(j, x), .scale = own->scale, .shift = own->shift,
                            .norm_step = norm_steps(j->layer, x) > 1 ? x->depth : 0 };
    if (j->at->tap) write_out_tap(j, &p);
    return p;
}

/* ---- forward ------------------------------------------------------------------- */

static const uint16_t *spikes_at(const place *p, int t, int position)
{
    return p->spike + ((ptrdiff_t)t * p->places + position) * (p->drive.depth / 16);
}

/* The bits of `blocks` times sixteen channels as words, the rest of which is 0. */
static void put_words(uint64_t *bits, const uint16_t *spike, int places, int blocks, int words)
{
    for (int i = 0; i < places; i++, spike += blocks, bits += words)
        for (int w = 0; w < words; w++) {
            bits[w] = 0;
            for (int b = 4 * w; b < blocks && b < 4 * w + 4; b++) bits[w] |= (uint64_t)spike[b] << 16 * (b - 4 * w);
        }
}

/* Spikes lie as bits do where channels fill whole words; else word by word. */
static void keep_spikes(const job *j, const place *p)
{
    const plni_signal *y = j->at->y;
    const int blocks = p->drive.depth / 16, whole = blocks == 4 * y->words;

    for (int t = 0; t < y->steps; t++) {
        const ptrdiff_t row = (ptrdiff_t)t * j->pass->samples + p->sample;
        uint64_t *bits = y->bits + (row * plni_positions(y->extent) + p->row * y->extent.width) * y->words;
        const uint16_t *spike = spikes_at(p, t, 0);
        if (whole) memcpy(bits, spike, (size_t)(p->places * y->words) * sizeof *bits);
        else       put_words(bits, spike, p->places, blocks, y->words);
    }
}

/* ---- dropout: one mask for all steps of a sample ---- */

static void draw_sample(void *arg, int s)
{
    const job *j = arg;
    const plni_random r = plni_random_for(j->pass->seed, PLNI_FOR_DROPOUT, j->layer->number, j->pass->epoch,
                                          j->pass->sample[s]);

    j->pass->kernels->draw(j->own->drawn + s * j->own->drawn_stride, (int)j->own->drawn_stride, r.seed, r.purpose, r.epoch,
                           r.sample);
}

static bool drops(const job *j) { return j->layer->drop > 0 && j->pass->training; }

/* The random bits of one window. */
static const uint16_t *drawn_at(const job *j, const place *p, int column)
{
    const plni_signal *y = j->at->y;

    return j->own->drawn + p->sample * j->own->drawn_stride +
           (ptrdiff_t)(p->row * y->extent.width + column) * y->depth;
}

static void drop_window(const job *j, const place *p, int t, int column)
{
    const plni_signal *y = j->at->y;
    const ptrdiff_t row = (ptrdiff_t)t * j->pass->samples + p->sample;
    uint8_t *sum = y->sum + (row * plni_positions(y->extent) + p->row * y->extent.width + column) * y->depth;
    const uint16_t *drawn = drawn_at(j, p, column);

    for (int c = 0; c < y->depth; c++)
        if (drawn[c] < plni_keep_from(j->layer->drop)) sum[c] = 0;
}

/* Byte i of the result is bit i of a byte. */
static uint64_t spread_bits(unsigned byte)
{
    const uint64_t copies = 0x8040201008040201u & (byte * 0x0101010101010101u);

    return (copies + 0x00406070787c7e7fu) >> 7 & 0x0101010101010101u;
}

/* One window over spikes at one step: their sums, or whether there is one. */
static void pool_window(const job *j, const place *p, int t, int column)
{
    const plni_signal *y = j->at->y;
    const int window = window_of(j->layer), blocks = p->drive.depth / 16;
    const ptrdiff_t row = (ptrdiff_t)t * j->pass->samples + p->sample;
    const ptrdiff_t to = row * plni_positions(y->extent) + p->row * y->extent.width + column;

    for (int b = 0; b < blocks; b++) {
        uint64_t sum[2] = { 0 };                    /* sixteen bytes */
        unsigned any = 0;
        for (int i = 0; i < window * window; i++) {
            const int position = i / window * in_of(j->layer).width + column * window + i % window;
            const unsigned bits = spikes_at(p, t, position)[b];
            any |= bits;
            sum[0] += spread_bits(bits & 255);
            sum[1] += spread_bits(bits >> 8);
        }
        if (j->layer->cell.pool == PLN_POOL_MAX) {
            sum[0] = spread_bits(any & 255);
            sum[1] = spread_bits(any >> 8);
        }
        if (y->form == PLNI_SUMS) memcpy(y->sum + to * y->depth + b * 16, sum, sizeof sum);
        else y->bits[to * y->words + b / 4] = (b % 4 ? y->bits[to * y->words + b / 4] : 0) | (uint64_t)any << b % 4 * 16;
    }
}

static void fire_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const place p = find_place(j, chunk);

    j->own->spikes[chunk] = j->pass->kernels->fire(&j->own->lif, &p.drive, p.spike);
    if (!j->layer->cell.pool) {
        keep_spikes(j, &p);
        return;
    }
    for (int t = 0; p.row < j->at->y->extent.height && t < j->at->y->steps; t++)
        for (int column = 0; column < j->at->y->extent.width; column++) {
            pool_window(j, &p, t, column);
            if (drops(j)) drop_window(j, &p, t, column);
        }
}

/* Without a neuron: u itself. */
static void pass_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const place p = find_place(j, chunk);
    const plni_drive *d = &p.drive;

    for (int t = 0; t < j->at->y->steps; t++) {
        float *y = values_at(j, j->at->y, &p, t);
        for (ptrdiff_t i = 0; i < (ptrdiff_t)p.places * d->depth; i++) {
            const ptrdiff_t c = t * d->norm_step + i % d->depth;
            y[i] = d->scale ? d->scale[c] * d->x[t * d->x_step + i] + d->shift[c] : d->x[t * d->x_step + i];
            if (d->tap) y[i] += d->tap[t * d->tap_step + i];
        }
    }
}

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_station *at, int first, int last)
{
    job j = { .layer = layer, .pass = pass, .at = at, .own = at->state };
    const double work = FORWARD * pass->samples * pass->steps * (double)at->x->stride;

    (void)first, (void)last;
    j.own->summed = false;
    at->y->unit = layer->map.unit / (drops(&j) ? 1 - layer->drop : 1);
    if (drops(&j))
        plni_parallel(pass->ctx, pass->samples, FORWARD * pass->samples * (double)j.own->drawn_stride, PLNI_UP, draw_sample, &j);
    if (layer->cell.norm.kind) make_norm(layer, pass, at);
    plni_parallel(pass->ctx, pass->samples * window_rows(layer), work, PLNI_UP,
                  layer->cell.fires ? fire_chunk : pass_chunk, &j);
}

/* ---- backward -------------------------------------------------------------------- */

/* The position of a window that its gradient goes to: the first spike. */
static int first_spike(const job *j, const place *p, int t, int column, int c)
{
    const int window = window_of(j->layer), width = in_of(j->layer).width;

    for (int i = 0; i < window * window; i++) {
        const int position = i / window * width + column * window + i % window;
        if (spikes_at(p, t, position)[c / 16] >> (c % 16) & 1) return position;
    }
    return column * window;
}

/* The gradient of one window's spikes at one step, from that of what the pool gave. */
static void unpool_window(const job *j, const place *p, int t, int column, const float *from, float *to)
{
    const int window = window_of(j->layer), depth = p->drive.depth, width = in_of(j->layer).width;
    const float unit = j->at->y->unit;

    if (j->layer->cell.pool == PLN_POOL_MAX) {
        for (int c = 0; c < depth; c++) to[first_spike(j, p, t, column, c) * depth + c] = unit * from[c];
        return;
    }
    for (int i = 0; i < window * window; i++) {
        float *here = to + (i / window * width + column * window + i % window) * depth;
        for (int c = 0; c < depth; c++) here[c] = unit * from[c];
    }
}

/* What was dropped has no gradient. */
static void drop_gradient(const job *j, const place *p, int column, float *to)
{
    const int window = window_of(j->layer), depth = p->drive.depth, width = in_of(j->layer).width;
    const uint16_t *drawn = drawn_at(j, p, column);

    for (int i = 0; i < window * window; i++) {
        float *here = to + (i / window * width + column * window + i % window) * depth;
        for (int c = 0; c < depth; c++)
            if (drawn[c] < plni_keep_from(j->layer->drop)) here[c] = 0;
    }
}

static void unpool(const job *j, const place *p)
{
    const plni_signal *dy = j->at->dy;
    const int depth = p->drive.depth;

    memset(p->dy, 0, (size_t)(j->pass->steps * p->places * depth) * sizeof *p->dy);
    if (p->row >= dy->extent.height) return;
    for (int t = 0; t < dy->steps; t++)
        for (int column = 0; column < dy->extent.width; column++) {
            const float *from = dy->value + ((ptrdiff_t)t * j->pass->samples + p->sample) * dy->stride +
                                (ptrdiff_t)(p->row * dy->extent.width + column) * depth;
            float *to = p->dy + (ptrdiff_t)t * p->places * depth;
            unpool_window(j, p, t, column, from, to);
            if (drops(j)) drop_gradient(j, p, column, to);
        }
}

static void add_tap_gradient(const job *j, const place *p)
{
    const plni_signal *to = j->at->dtap;

    for (int t = 0; t < j->du->steps; t++) {
        float *into = values_at(j, to, p, to->steps > 1 ? t : 0);
        const float *from = values_at(j, j->du, p, t);
        const int n = p->places * p->drive.depth;
        if (j->layer->tap_adds || (t && to->steps == 1)) j->pass->kernels->axpy(into, from, 1, n);
        else memcpy(into, from, (size_t)n * sizeof *into);
    }
}

/* dL/du where there is no neuron. */
static void pass_back(const job *j, const place *p, float *sum, ptrdiff_t sum_step)
{
    const plni_drive *d = &p->drive;

    for (int t = 0; t < j->du->steps; t++) {
        const float *dy = values_at(j, j->at->dy, p, t), *x = d->x + t * d->x_step;
        float *du = values_at(j, j->du, p, t), *to = sum ? sum + t * sum_step : NULL;
        memcpy(du, dy, (size_t)(p->places * d->depth) * sizeof *du);
        for (ptrdiff_t i = 0; to && i < (ptrdiff_t)p->places * d->depth; i++) {
            to[i % d->depth] += dy[i];
            to[d->depth + i % d->depth] += dy[i] * x[i];
        }
    }
}

static void back_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const place p = find_place(j, chunk);
    const int depth = p.drive.depth, norms = norm_steps(j->layer, j->at->x);
    float *sum = j->own->part ? j->own->part + (ptrdiff_t)chunk * norms * 2 * depth : NULL;
    const ptrdiff_t sum_step = norms > 1 ? 2 * depth : 0;
    const float *dy = p.dy;
    ptrdiff_t dy_step = (ptrdiff_t)p.places * depth;

    if (sum) memset(sum, 0, (size_t)(norms * 2 * depth) * sizeof *sum);
    if (!j->layer->cell.fires) {
        pass_back(j, &p, sum, sum_step);
    } else {
        if (j->layer->cell.pool == PLN_POOL_MAX) (void)j->pass->kernels->fire(&j->own->lif, &p.drive, p.spike);
        if (j->layer->cell.pool) unpool(j, &p);
        else dy = values_at(j, j->at->dy, &p, 0), dy_step = step_of(j, j->at->dy);
        j->pass->kernels->fire_back(&j->own->lif, &p.drive, dy, dy_step, values_at(j, j->du, &p, 0), step_of(j, j->du),
                                    sum, sum_step);
    }
    if (j->at->dtap) add_tap_gradient(j, &p);
}

/* Sums over all chunks, in order; and what the norm makes of dL/du. */
static void join_sums(const job *j)
{
    state *own = j->own;
    const int depth = depth_of(j->layer), norms = norm_steps(j->layer, j->at->x);
    const int chunks = j->pass->samples * window_rows(j->layer);
    const double places = (double)j->pass->samples * j->at->x->steps / norms * plni_positions(in_of(j->layer));

    for (int i = 0; i < norms * depth; i++) {
        const int n = i / depth, c = i % depth;
        double sum = 0, product = 0;
        for (int k = 0; k < chunks; k++) {
            const float *part = own->part + ((ptrdiff_t)k * norms + n) * 2 * depth;
            sum += (double)part[c];
            product += (double)part[depth + c];
        }
        const double inverse = 1 / sqrt(own->variance[i] + EPSILON), slope = (double)own->scale[i];
        const double against = (product - own->mean[i] * sum) * inverse;      /* sum of du (x - mean) / deviation */
        own->sum[2 * n * depth + c] = (float)sum;
        own->sum[(2 * n + 1) * depth + c] = (float)against;
        own->blend[0][i] = (float)slope;
        own->blend[1][i] = (float)(-slope * against / places * inverse);
        own->blend[2][i] = (float)(-slope * (sum / places - own->mean[i] * inverse * against / places));
    }
    own->summed = true;
}

static void blend_chunk(void *arg, int row)
{
    const job *j = arg;
    const state *own = j->own;
    const int depth = depth_of(j->layer), n = plni_positions(in_of(j->layer));
    const ptrdiff_t norm = norm_steps(j->layer, j->at->x) > 1 ? (ptrdiff_t)(row / j->pass->samples) * depth : 0;
    float *du = j->du->value + row * j->du->stride;

    if (own->part)
        j->pass->kernels->blend(du, j->at->x->value + row * j->at->x->stride, n, depth, own->blend[0] + norm,
                                own->blend[1] + norm, own->blend[2] + norm);
    if (j->du != j->at->dx)
        j->pass->kernels->axpy(j->at->dx->value + row * j->at->dx->stride, du, 1, n * depth);
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_station *at, int first, int last)
{
    state *own = at->state;
    plni_signal aside = *at->dx;
    job j = { .layer = layer, .pass = pass, .at = at, .own = own, .du = at->dx };
    const double neurons = (double)pass->samples * (double)at->x->stride;

    (void)first, (void)last;
    if (layer->adds) {
        aside.value = own->du;
        j.du = &aside;
    }
    plni_parallel(pass->ctx, pass->samples * window_rows(layer), BACKWARD * neurons * pass->steps, PLNI_UP, back_chunk, &j);
    if (own->part) join_sums(&j);
    if (own->part || layer->adds)
        plni_parallel(pass->ctx, pass->samples * at->x->steps, SWEEP * neurons * at->x->steps, PLNI_UP, blend_chunk, &j);
}

static void gradient(const plni_layer *layer, const plni_pass *pass, const plni_station *at, float scale,
                     const plni_sink *to)
{
    const state *own = at->state;
    const int depth = depth_of(layer), norms = norm_steps(layer, at->x);

    assert(own->summed);
    for (int n = 0; n < norms; n++)
        for (int c = 0; c < depth; c++) {
            to->into[c] += scale * layer->cell.norm.scale * own->sum[(2 * n + 1) * depth + c];
            to->into[depth + c] += scale * own->sum[2 * n * depth + c];
        }
    plni_sink_finish(pass->ctx, to, layer->size);
}

/* Running statistics; the variance is made unbiased. */
static void keep(plni_layer *layer, const plni_pass *pass, const plni_station *at)
{
    const state *own = at->state;
    const int depth = depth_of(layer), norms = norm_steps(layer, at->x);
    const double places = (double)pass->samples * pass->steps / (layer->cell.norm.kind == PLN_NORM_STEP ? pass->steps : 1) *
                          plni_positions(in_of(layer));
    const int times = !layer->cell.norm.kind ? 0 : layer->cell.norm.kind == PLN_NORM_STEP ? pass->steps : 1;

    for (int n = 0; n < times; n++)
        for (int c = 0; c < depth; c++) {
            const int i = (n < norms ? n : 0) * depth + c;
            const double unbiased = own->variance[i] * (places > 1 ? places / (places - 1) : 1);
            layer->kept[c] += (float)(MOVES_BY * (own->mean[i] - (double)layer->kept[c]));
            layer->kept[depth + c] += (float)(MOVES_BY * (unbiased - (double)layer->kept[depth + c]));
        }
}

void plni_cell_reset(plni_layer *layer)
{
    const int channels = in_of(layer).channels, depth = depth_of(layer);

    if (!layer->cell.norm.kind) return;
    memset(layer->theta, 0, layer->size * sizeof *layer->theta);
    memset(layer->kept, 0, layer->kept_size * sizeof *layer->kept);
    for (int c = 0; c < channels; c++) layer->theta[c] = 1;
    for (int c = 0; c < depth; c++) layer->kept[depth + c] = 1;
}

long plni_cell_spikes(const plni_layer *layer, const plni_pass *pass, const plni_station *at)
{
    const state *own = at->state;
    long spikes = 0;

    for (int i = 0; i < pass->samples * window_rows(layer); i++) spikes += own->spikes[i];
    return spikes;
}

/* ---- parameters ------------------------------------------------------------------- */

static int parameters(const plni_layer *layer) { return layer->cell.norm.kind ? 4 : 0; }

static void parameter(const plni_layer *layer, int which, pln_parameter_info *info)
{
    static const char *const names[] = { "weight", "bias", "running_mean", "running_var" };

    *info = (pln_parameter_info){ .rank = 1, .dim = { in_of(layer).channels }, .kept = which >= 2 };
    strcpy(info->name, names[which]);
}

static void get(const plni_layer *layer, const float *theta, int which, float *tensor)
{
    const float *from = (which < 2 ? theta : layer->kept) + (which % 2) * depth_of(layer);
    memcpy(tensor, from, (size_t)in_of(layer).channels * sizeof *tensor);
}

static void set(const plni_layer *layer, float *theta, int which, const float *tensor)
{
    float *to = (which < 2 ? theta : layer->kept) + (which % 2) * depth_of(layer);
    memcpy(to, tensor, (size_t)in_of(layer).channels * sizeof *tensor);
}

const plni_layer_ops plni_cell_ops = {
    .name = "cell",
    .shape = shape,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .gradient = gradient,
    .keep = keep,
    .parameters = parameters,
    .parameter = parameter,
    .get = get,
    .set = set,
};
