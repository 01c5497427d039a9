/* panels.c - products of a matrix in panels, shared out among the threads */

#include "tensor/panels.h"

#include "base/blas.h"
#include "base/context.h"
#include "base/shape.h"
#include "pln/net.h"

#include <assert.h>
#include <string.h>

/* The share of non-zeros from which CBLAS is faster, measured with 16 samples and
 * with 128 on panels of some hundred columns (bench/kernels.c, docs/adr/0005) and
 * used from 16 and from 64 on.  2 is never.  The product with dense input, plni_dot, is ours at
 * any size. */
typedef enum product { GATHER, UPDATE, GATHER_UPDATE } product;
static const double DENSE_FROM[][2] = { { 0.65, 0.55 }, { 2, 0.55 }, { 0.5, 0.35 } };
enum { FEW_SAMPLES = 16, MANY_SAMPLES = 64, WIDE = 100 };

/* Rough time of a multiply-add, and of a step of Adam for one number, to decide how many
 * threads are worth while. */
static const double NANOSECONDS = 0.02, STEP = 0.5;

/* What one chunk takes, at most. */
enum { ROWS = 512, SAMPLES = 64 };

/* Floats of a row up to which samples are gathered in step. */
enum { NARROW = 32 };

/* Floats of a gradient that lie on a chunk's stack until a step has taken them. */
enum { MOST_WIDTH = 512, PIECE = 8192 };

plni_panels plni_panels_shape(int rows, int cols, int width)
{
    const ptrdiff_t padded = plni_round_up(cols, 16);
    const ptrdiff_t count = (padded + width - 1) / width;

    assert(width <= MOST_WIDTH);
    return (plni_panels){
        .rows = rows, .cols = cols, .count = (int)count,
        .width = (int)plni_round_up((padded + count - 1) / count, 16)
    };
}

size_t plni_panels_size(const plni_panels *w)
{
    return (size_t)w->rows * (size_t)plni_round_up(w->cols, 16);
}

static bool is_dense(product what, const plni_panels *w, double density, int samples)
{
    return samples >= FEW_SAMPLES && w->width >= WIDE && density >= DENSE_FROM[what][samples >= MANY_SAMPLES];
}

static float *panel_of(const plni_panels *w, int p)
{
    return w->data + (ptrdiff_t)p * w->rows * w->width;
}

/* Columns of panel p, padding included. */
static int width_of(const plni_panels *w, int p)
{
    return plni_smaller((int)plni_round_up(w->cols, 16) - p * w->width, w->width);
}

float *plni_panels_at(const plni_panels *w, int r, int c)
{
    const int p = c / w->width;
    return panel_of(w, p) + (ptrdiff_t)r * width_of(w, p) + c % w->width;
}

void plni_panels_pack(plni_panels *w, const float *matrix, ptrdiff_t row,
                      ptrdiff_t col)
{
    for (int r = 0; r < w->rows; r++)
        for (int c = 0; c < w->cols; c++)
            *plni_panels_at(w, r, c) = matrix[r * row + c * col];
}

void plni_panels_unpack(const plni_panels *w, float *matrix, ptrdiff_t row,
                        ptrdiff_t col)
{
    for (int r = 0; r < w->rows; r++)
        for (int c = 0; c < w->cols; c++)
            matrix[r * row + c * col] = *plni_panels_at(w, r, c);
}

/* What the chunks of one product share. */
typedef struct job {
    const plni_kernels *kernels;
    const plni_panels  *w;
    const plni_columns *columns;
    const plni_signal  *x, *d;
    plni_signal        *y;
    const float        *bias;        /* of gather */
    plni_sink           to, bias_to; /* of update */
    float              *part;
    ptrdiff_t           stride;
    int                 samples, batch;
    float               scale;
    int                *next;        /* of a step with the input gradient: [samples] */
} job;

/* ---- gather --------------------------------------------------------------- */

static void gather_samples(const job *j, int p, int first, int last)
{
    const ptrdiff_t column = (ptrdiff_t)p * j->w->width, start = first * j->x->stride;

    if (j->w->width <= NARROW) {
        j->kernels->gathers(j->y->value + first * j->y->stride + column, j->y->stride, j->bias + column,
                            panel_of(j->w, p), width_of(j->w, p), j->x->index + start, j->x->active + start,
                            j->x->stride, j->x->count + first, last - first);
        return;
    }
    for (int s = first; s < last; s++) {
        const ptrdiff_t at = s * j->x->stride;
        j->kernels->gather(j->y->value + s * j->y->stride + column,
                           j->bias + column, panel_of(j->w, p),
                           width_of(j->w, p), j->x->index + at,
                           j->x->active + at, j->x->count[s]);
    }
}

static void gather_panel(void *arg, int p)
{
    const job *j = arg;
    gather_samples(j, p, 0, j->samples);
}

/* A part of the samples, so that there is enough to share out with a panel or two. */
static void gather_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const int parts = plni_share(j->samples, SAMPLES), first = chunk % parts * SAMPLES;

    gather_samples(j, chunk / parts, first, plni_smaller(first + SAMPLES, j->samples));
}

static void gather_dense_panel(void *arg, int p)
{
    const job *j = arg;
    const int width = width_of(j->w, p);
    float *y = j->y->value + (ptrdiff_t)p * j->w->width;

    for (int s = 0; s < j->samples; s++)
        memcpy(y + s * j->y->stride, j->bias + (ptrdiff_t)p * j->w->width,
               (size_t)width * sizeof *y);
    plni_gemm(CblasNoTrans, CblasNoTrans, j->samples, width,
              j->w->rows, 1, j->x->value, (int)j->x->stride,
              panel_of(j->w, p), width, 1, y, (int)j->y->stride);
}

void plni_gather(pln_ctx *ctx, const plni_panels *w, const plni_signal *x,
                 int samples, const float *bias, plni_signal *y)
{
    const double density = plni_signal_density(x, samples);
    const double work = NANOSECONDS * density * samples * w->rows * w->cols;
    job j = { .kernels = plni_kernels_of(ctx), .w = w, .x = x, .y = y, .bias = bias, .samples = samples };

    if (is_dense(GATHER, w, density, samples))
        plni_parallel(ctx, w->count, work, PLNI_UP, gather_dense_panel, &j);
    else
        plni_parallel(ctx, w->count * plni_share(samples, SAMPLES), work, PLNI_UP, gather_chunk, &j);
}

/* ---- gather over live weights ---------------------------------------------- */

/* Lanes are samples: x is turned around once, and each output walks its weights. */
typedef struct live_job {
    const plni_kernels *kernels;
    const plni_panels  *w;
    plni_live          *live;         /* of the panel under way          */
    const plni_signal  *x;
    plni_signal        *y;
    const float        *bias;
    float              *lanes;        /* [rows][SAMPLES]                 */
    int32_t            *offset;       /* [rows] of lanes                 */
    int                 first, samples;
    ptrdiff_t           column;
    bool                as_gathered;  /* sums begin with the bias        */
} live_job;

/* What walking a live weight takes, and turning x and y around, as shares of active inputs. */
static const double LIVE = 0.9, TURNING = 0.02;

static size_t lanes_of(const plni_panels *w)
{
    const size_t rows = (size_t)plni_round_up(w->rows, 16);
    return rows * SAMPLES + rows;
}

/* Gives a matrix that has the lists of all its panels their scratch, if they want it; else frees those it has. */
static pln_status complete(pln_ctx *ctx, const plni_panels *w, int lists, bool lanes, plni_live **live)
{
    if (lists == w->count && !lanes) return PLN_OK;
    if (lists == w->count) {
        (*live)->lanes_bytes = lanes_of(w) * sizeof(float);
        (*live)->lanes = plni_alloc(ctx, (*live)->lanes_bytes);
        if ((*live)->lanes) return PLN_OK;
    }
    plni_live_free(ctx, *live);
    *live = NULL;
    return PLN_ERR_MEMORY;
}

pln_status plni_panels_list_live(pln_ctx *ctx, const plni_panels *w, const uint16_t *bits, plni_live **live)
{
    plni_live **next = live;
    size_t at = 0;
    int p = 0;

    if (w->rows > PLNI_LIVE_ROWS || !plni_live_is_few(bits, plni_panels_size(w) / 16)) return PLN_OK;
    for (; p < w->count; p++, next = &(*next)->next) {
        *next = plni_live_new(ctx, bits + at, 1, w->rows, width_of(w, p));
        if (!*next) break;
        (*next)->at = at;
        at += (size_t)w->rows * (size_t)width_of(w, p) / 16;
    }
    return complete(ctx, w, p, true, live);
}

pln_status plni_panels_hold_live(pln_ctx *ctx, const plni_panels *w, const plni_live *from, int samples, plni_live **live)
{
    const plni_held how = samples < FEW_SAMPLES ? PLNI_HELD_ROWS : PLNI_HELD_FILTERS;
    plni_live **next = live;
    int p = 0;

    for (; p < w->count; p++, from = from->next, next = &(*next)->next) {
        *next = plni_live_hold(ctx, from, panel_of(w, p), how);
        if (!*next) break;
    }
    return complete(ctx, w, p, how == PLNI_HELD_FILTERS, live);
}

bool plni_gather_live_is_worth(const plni_live *live, const plni_signal *x, int samples)
{
    return samples >= FEW_SAMPLES && LIVE * live->share + TURNING < plni_signal_density(x, samples);
}

static void turn_rows(void *arg, int sixteen)
{
    const live_job *j = arg;
    int32_t at[SAMPLES];

    for (int s = 0; s < SAMPLES; s++) at[s] = s < j->samples ? (int32_t)(s * j->x->stride) : -1;
    j->kernels->to_lanes(j->lanes + (ptrdiff_t)sixteen * 16 * SAMPLES, SAMPLES,
                         j->x->value + j->first * j->x->stride + 16 * sixteen, at, SAMPLES);
    for (int r = 16 * sixteen; r < 16 * sixteen + 16; r++) j->offset[r] = r * SAMPLES;
}

/* Sixteen columns of a panel. */
static void walk_columns(void *arg, int sixteen)
{
    const live_job *j = arg;
    const plni_live_lists *up = &j->live->up;
    const ptrdiff_t column = j->column + 16 * sixteen;
    _Alignas(64) float sum[16 * SAMPLES];
    int32_t at[SAMPLES];

    for (int s = 0; s < SAMPLES; s++) at[s] = (int32_t)(s * j->y->stride);
    for (int c = 0; c < 16; c++) {
        const uint32_t *start = up->start + 16 * sixteen + c;
        for (int s = 0; j->as_gathered && s < SAMPLES; s++) sum[c * SAMPLES + s] = j->bias[column + c];
        j->kernels->live_values(sum + c * SAMPLES, j->lanes, j->offset, (int)plni_round_up(j->samples, 16), up->entry + start[0],
                                up->value + start[0], (int)(start[1] - start[0]), j->as_gathered);
    }
    j->kernels->to_channels(j->y->value + j->first * j->y->stride + column, at, sum, SAMPLES, j->samples,
                            j->as_gathered ? NULL : j->bias + column, false);
}

/* Of all samples, the rows that are active. */
static void gather_rows(void *arg, int p)
{
    const live_job *j = arg;
    const plni_live *live = j->live;

    for (int i = 0; i < p; i++) live = live->next;
    for (int s = 0; s < j->samples; s++) {
        const ptrdiff_t at = s * j->x->stride, column = (ptrdiff_t)p * j->w->width;
        j->kernels->live_rows(j->y->value + s * j->y->stride + column, j->bias + column, width_of(j->w, p), live->across.start,
                              live->across.entry, live->across.value, j->x->index + at, j->x->active + at, j->x->count[s]);
    }
}

void plni_gather_live(pln_ctx *ctx, const plni_panels *w, plni_live *live, const plni_signal *x, int samples,
                      const float *bias, plni_signal *y)
{
    if (live->across.start) {
        live_job j = { .kernels = plni_kernels_of(ctx), .w = w, .live = live, .x = x, .y = y, .bias = bias, .samples = samples };
        plni_parallel(ctx, w->count, NANOSECONDS * live->share * samples * w->rows * w->cols, PLNI_UP, gather_rows, &j);
        return;
    }

    const bool held = !live->bits;
    const ptrdiff_t rows = plni_round_up(w->rows, 16);
    live_job j = { .kernels = plni_kernels_of(ctx), .w = w, .x = x, .y = y, .bias = bias, .lanes = live->lanes,
                   .as_gathered = held && !plni_gather_live_is_worth(live, x, samples),
                   .offset = (int32_t *)(void *)(live->lanes + rows * SAMPLES) };

    for (j.first = 0; j.first < samples; j.first += SAMPLES) {
        j.samples = plni_smaller(SAMPLES, samples - j.first);
        plni_parallel(ctx, (int)(rows / 16), (double)(rows * SAMPLES), PLNI_UP, turn_rows, &j);
        j.live = live;
        for (int p = 0; p < w->count; p++, j.live = j.live->next) {
            j.column = (ptrdiff_t)p * w->width;
            if (!held) plni_live_pack_up(ctx, j.live, panel_of(w, p));
            plni_parallel(ctx, width_of(w, p) / 16, NANOSECONDS * j.live->share * w->rows * width_of(w, p) * j.samples, PLNI_UP,
                          walk_columns, &j);
        }
    }
}

/* ---- dot ------------------------------------------------------------------ */

static void dot_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const int parts = plni_share(j->w->rows, ROWS), p = chunk / parts, first = chunk % parts * ROWS;
    const int last = plni_smaller(first + ROWS, j->w->rows);
    const float *x = j->x->value + (ptrdiff_t)p * j->w->width;
    float *part = j->part + (ptrdiff_t)p * j->batch * j->stride;

    j->kernels->dot(part, j->stride, panel_of(j->w, p), width_of(j->w, p), first,
                    last, x, j->x->stride, j->samples);
}

void plni_dot(pln_ctx *ctx, const plni_panels *w, const plni_signal *x,
              int samples, int batch, float *part, ptrdiff_t stride)
{
    const double work = NANOSECONDS * samples * w->rows * w->cols;
    job j = { .kernels = plni_kernels_of(ctx), .w = w, .x = x, .part = part,
              .stride = stride, .samples = samples, .batch = batch };

    plni_parallel(ctx, w->count * plni_share(w->rows, ROWS), work, PLNI_UP, dot_chunk, &j);
}

void plni_dot_sum(const plni_kernels *kernels, const plni_panels *w, int sample,
                  int batch, const float *part, const float *bias, plni_signal *y)
{
    float *sum = y->value + sample * y->stride;
    const float *from = part + sample * y->stride;

    memcpy(sum, from, (size_t)w->rows * sizeof *sum);
    for (int p = 1; p < w->count; p++)
        kernels->axpy(sum, from + (ptrdiff_t)p * batch * y->stride, 1, w->rows);
    if (bias) kernels->axpy(sum, bias, 1, w->rows);
}

/* ---- update --------------------------------------------------------------- */

/* What a gradient on the stack begins with. */
static void begin(float *g, const float *from, size_t count)
{
    if (from) memcpy(g, from, count * sizeof *g);
    else      memset(g, 0, count * sizeof *g);
}

static void update_bias(const job *j, int p)
{
    const ptrdiff_t column = (ptrdiff_t)p * j->w->width;
    const plni_sink to = plni_sink_at(&j->bias_to, column);
    const int width = width_of(j->w, p);
    _Alignas(64) float own[MOST_WIDTH];
    float *g = to.step ? own : to.into;

    if (!g) return;
    if (to.step) begin(own, to.into, (size_t)width);
    for (int s = 0; s < j->samples; s++)
        j->kernels->axpy(g, j->d->value + s * j->d->stride + column, j->scale, width);
    plni_sink_take(j->kernels, &to, g, width);
}

/* g += scale * x^T d in rows first..last-1 of panel p, in one of three ways. */
typedef void add_gradient(const job *j, int p, int first, int last, float *g);

static void add_active(const job *j, int p, int first, int last, float *g)
{
    j->kernels->update(g, width_of(j->w, p), last - first, j->columns->start + first, j->columns->sample,
                       j->columns->value, j->d->value + (ptrdiff_t)p * j->w->width, j->d->stride, j->scale);
}

static void add_by_sample(const job *j, int p, int first, int last, float *g)
{
    for (int s = 0; s < j->samples; s++) {
        const ptrdiff_t at = s * j->x->stride;
        const int from = plni_signal_from(j->x, s, first);
        j->kernels->spread(g, width_of(j->w, p), first, last, j->x->index + at + from, j->x->active + at + from,
                           j->x->count[s] - from, j->d->value + s * j->d->stride + (ptrdiff_t)p * j->w->width,
                           j->scale);
    }
}

static void add_dense(const job *j, int p, int first, int last, float *g)
{
    const int width = width_of(j->w, p);

    plni_gemm(CblasTrans, CblasNoTrans, last - first, width, j->samples, j->scale,
              j->x->value + first, (int)j->x->stride, j->d->value + (ptrdiff_t)p * j->w->width,
              (int)j->d->stride, 1, g, width);
}

/* Rows first..last-1 of panel p: at once into the sink, or for a step in pieces that
 * stay in the L1 cache. */
static void update_rows(const job *j, int p, int first, int last, add_gradient *add)
{
    const int width = width_of(j->w, p), span = j->to.step ? plni_smaller(PIECE / width, ROWS) : last - first;
    _Alignas(64) float own[PIECE];

    if (first == 0) update_bias(j, p);
    for (; first < last; first += span) {
        const int end = plni_smaller(first + span, last), count = (end - first) * width;
        const plni_sink to = plni_sink_at(&j->to, (ptrdiff_t)p * j->w->rows * j->w->width + (ptrdiff_t)first * width);
        float *g = to.step ? own : to.into;
        if (to.step) begin(own, to.into, (size_t)count);
        add(j, p, first, end, g);
        plni_sink_take(j->kernels, &to, g, count);
    }
}

static void update_panel(void *arg, int p)
{
    const job *j = arg;
    update_rows(j, p, 0, j->w->rows, add_active);
}

static void update_dense_panel(void *arg, int p)
{
    const job *j = arg;
    update_rows(j, p, 0, j->w->rows, add_dense);
}

static void update_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const int parts = plni_share(j->w->rows, ROWS), first = chunk % parts * ROWS;

    update_rows(j, chunk / parts, first, plni_smaller(first + ROWS, j->w->rows), j->columns ? add_active : add_by_sample);
}

void plni_update(pln_ctx *ctx, const plni_panels *w, const plni_columns *columns,
                 const plni_signal *x, const plni_signal *d, int samples,
                 float scale, const plni_sink *to, const plni_sink *bias)
{
    const double density = plni_signal_density(x, samples);
    const double step = to->step ? STEP * w->rows * w->cols : 0;
    const double work = NANOSECONDS * density * samples * w->rows * w->cols + step;
    job j = { .kernels = plni_kernels_of(ctx), .w = w, .columns = columns, .x = x, .d = d, .samples = samples,
              .scale = scale, .to = *to, .bias_to = bias ? *bias : plni_add_to(NULL) };

    if (is_dense(UPDATE, w, density, samples))
        plni_parallel(ctx, w->count, work, PLNI_DOWN, update_dense_panel, &j);
    else
        plni_parallel(ctx, w->count * plni_share(w->rows, ROWS), work, PLNI_DOWN, update_chunk, &j);
}

typedef struct both_jobs {
    job         update, gather;
    plni_chunk *run_update, *run_gather;      /* NULL: both in one visit */
} both_jobs;

static void update_gather_chunk(void *arg, int p)
{
    both_jobs *t = arg;
    const job *j = &t->update, *next = &t->gather;
    const ptrdiff_t column = (ptrdiff_t)p * j->w->width;
    const int width = width_of(j->w, p);

    if (t->run_update) {
        t->run_update(&t->update, p);
        t->run_gather(&t->gather, p);
        return;
    }
    update_bias(j, p);
    for (int s = 0; s < next->samples; s++)
        memcpy(next->y->value + s * next->y->stride + column, j->bias + column,
               (size_t)width * sizeof(float));
    j->kernels->update_gather(panel_of(j->w, p), width, j->w->rows, j->columns->start,
                              j->columns->sample, j->columns->value, j->d->value + column,
                              j->d->stride, j->scale, next->columns->start, next->columns->sample,
                              next->columns->value, next->y->value + column, next->y->stride);
}

void plni_update_gather(pln_ctx *ctx, plni_panels *w, const plni_columns *columns,
                        const plni_signal *x, const plni_signal *d, int samples,
                        float scale, float *bias, const plni_columns *next_columns,
                        const plni_signal *next_x, int next_samples, plni_signal *next_y,
                        plni_walk walk)
{
    const double density = plni_signal_density(x, samples);
    const double next_density = plni_signal_density(next_x, next_samples);
    const double work = 2 * NANOSECONDS * density * samples * w->rows * w->cols;
    both_jobs t = {
        .update = { .kernels = plni_kernels_of(ctx), .w = w, .columns = columns, .x = x, .d = d,
                    .samples = samples, .scale = scale, .bias = bias,
                    .to = plni_add_to(w->data), .bias_to = plni_add_to(bias) },
        .gather = { .kernels = plni_kernels_of(ctx), .w = w, .columns = next_columns, .x = next_x,
                    .y = next_y, .bias = bias, .samples = next_samples }
    };

    const bool dense = is_dense(UPDATE, w, density, samples);
    const bool next_dense = is_dense(GATHER, w, next_density, next_samples);
    if (dense || next_dense) {
        t.run_update = dense ? update_dense_panel : update_panel;
        t.run_gather = next_dense ? gather_dense_panel : gather_panel;
    }
    plni_parallel(ctx, w->count, work, walk, update_gather_chunk, &t);
}

/* ---- gather and update -------------------------------------------------- */

static void gather_update_panel(void *arg, int p)
{
    const job *j = arg;
    const int width = width_of(j->w, p);
    const ptrdiff_t column = (ptrdiff_t)p * j->w->width;

    for (int s = 0; s < j->samples; s++)
        memset(j->y->value + s * j->y->stride + column, 0,
               (size_t)width * sizeof(float));
    j->kernels->gather_update(panel_of(j->w, p), width, j->w->rows, j->columns->start, j->columns->sample,
                              j->columns->value, j->x->value + column, j->x->stride, j->y->value + column,
                              j->y->stride, j->scale);
}

static void gather_update_dense_panel(void *arg, int p)
{
    const job *j = arg;
    const int width = width_of(j->w, p);
    const ptrdiff_t column = (ptrdiff_t)p * j->w->width;

    plni_gemm(CblasNoTrans, CblasNoTrans, j->samples, width,
              j->w->rows, 1, j->d->value, (int)j->d->stride,
              panel_of(j->w, p), width, 0, j->y->value + column,
              (int)j->y->stride);
    plni_gemm(CblasTrans, CblasNoTrans, j->w->rows, width,
              j->samples, j->scale, j->d->value, (int)j->d->stride,
              j->x->value + column, (int)j->x->stride, 1, panel_of(j->w, p),
              width);
}

/* Asks for part `part` of `parts` of what a step will read in the next piece of as many rows: memory is busy while the
 * products of this one are under way. */
static void fetch_next(const job *j, int p, int first, int last, int part, int parts)
{
    enum { LINE = 16 };                       /* floats */
    const ptrdiff_t width = width_of(j->w, p), panel = (ptrdiff_t)p * j->w->rows * j->w->width;
    const ptrdiff_t lines = plni_smaller(last - first, j->w->rows - last) * width / LINE;

    for (ptrdiff_t i = lines * part / parts; i < lines * (part + 1) / parts; i++) {
        const ptrdiff_t at = panel + last * width + i * LINE;
        __builtin_prefetch(j->to.theta + at, 0, 2);
        __builtin_prefetch(j->to.m + at, 0, 2);
        __builtin_prefetch(j->to.v + at, 0, 2);
    }
}

/* What takes the input gradient, too: y += x w over rows whose weights are still in the cache when they step.  Sample s's
 * list is walked from next[s] on. */
static void add_both(const job *j, int p, int first, int last, float *g)
{
    const ptrdiff_t column = (ptrdiff_t)p * j->w->width;

    for (int s = 0; s < j->samples; s++) {
        float *y = j->y->value + s * j->y->stride + column;
        const int *index = j->x->index + s * j->x->stride;
        const int from = j->next[s], count = j->x->count[s];
        fetch_next(j, p, first, last, s, j->samples);
        while (j->next[s] < count && index[j->next[s]] < last) j->next[s]++;
        j->kernels->gather(y, y, panel_of(j->w, p), width_of(j->w, p), index + from, j->x->active + s * j->x->stride + from,
                           j->next[s] - from);
    }
    add_active(j, p, first, last, g);
}

static void gather_step_panel(void *arg, int p)
{
    int next[PLN_MAX_BATCH];
    job j = *(const job *)arg;

    j.next = next;
    for (int s = 0; s < j.samples; s++) {
        memset(j.y->value + s * j.y->stride + (ptrdiff_t)p * j.w->width, 0, (size_t)width_of(j.w, p) * sizeof(float));
        next[s] = 0;
    }
    update_rows(&j, p, 0, j.w->rows, add_both);
}

void plni_gather_update(pln_ctx *ctx, const plni_panels *w, const plni_columns *columns,
                        const plni_signal *d, const plni_signal *x, plni_signal *dx,
                        int samples, float scale, const plni_sink *to)
{
    const double density = plni_signal_density(d, samples);
    const double work = 2 * NANOSECONDS * density * samples * w->rows * w->cols + (to->step ? STEP * w->rows * w->cols : 0);
    job j = { .kernels = plni_kernels_of(ctx), .w = w, .columns = columns, .d = d, .x = x,
              .y = dx, .samples = samples, .scale = scale, .to = *to };

    if (to->step) j.x = d, j.d = x;           /* of an update x is what has the lists */
    plni_parallel(ctx, w->count, work, PLNI_DOWN,
                  to->step ? gather_step_panel
                  : is_dense(GATHER_UPDATE, w, density, samples) ? gather_update_dense_panel : gather_update_panel,
                  &j);
}
