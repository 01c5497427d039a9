/* norm.c - batch normalisation of each channel
 *
 *     y = gamma scale (x - mean) / sqrt(variance + 1e-5) + beta
 *
 * Forward, the tiles only take coefficients: y = a x + b is reckoned by who uses it.  Going
 * back, the tiles leave dL/dy and what it and its product with x add up to; a second sweep
 * takes dL/dy through the norm, dx = b0 dy + b1 x + b2.
 *
 * Mean, variance and these sums are of the whole batch: shards' own are joined as a balanced
 * binary tree, and all shards then have the same coefficients.
 *
 * theta is gamma, beta; kept are running mean and variance; each has the image's depth. */

#include "nn/norm.h"

#include "base/shape.h"
#include "nn/graph.h"
#include "nn/tile.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double EPSILON = 1e-5, MOVES_BY = 0.1;

enum { PLACES_A_CHUNK = 128 };

/* Rough nanoseconds for one value in one sweep. */
static const double SWEEP = 0.3;

PLNI_OWN_TYPE(pln_norm)

typedef struct workspace {
    double   *mean, *variance;     /* [norm steps][depth] of the batch             */
    float    *scale, *shift;       /* [norm steps][depth] y = scale x + shift      */
    float    *blend[3];            /* [norm steps][depth] dx = b0 dy + b1 x + b2   */
    float    *part;                /* [chunks][norm steps][2][depth]               */
    float    *sum;                 /* [norm steps][2][depth]: dL/dbeta, dL/dgamma  */
    double   *whole;               /* [norm steps][2][depth]: of dy, of dy x       */
    bool      summed;              /* sum is of the batch under way                */
} workspace;

static int depth_of(const plni_layer *layer) { return layer->out.depth; }

static bool by_step(const plni_layer *layer) { return own_of(layer).kind == PLN_NORM_STEP; }

static int norm_steps(const plni_layer *layer, const plni_signal *x) { return by_step(layer) ? x->steps : 1; }

/* ---- build ----------------------------------------------------------------------- */

static const char *const kinds[] = { "", "joint", "step", NULL };

const pln_option plni_norm_options[] = {
    { "kind", PLN_OPTION_WORD, offsetof(pln_norm, kind), .flags = PLN_OPTION_NEEDED, .words = kinds,
      .help = "over all time steps together, or over each alone" },
    { "scale", PLN_OPTION_FLOAT, offsetof(pln_norm, scale), 0, 1e6, 1, PLN_OPTION_ABOVE | PLN_OPTION_BELOW, .help = "factor behind the norm" },
    { 0 }
};

void pln_net_norm(pln_net *net, const pln_norm *norm)
{
    if (norm->kind != PLN_NORM_NONE) plni_append(net, &plni_norm_ops, norm, sizeof *norm);
}

static pln_status fit(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);
    plni_layer *below = layer->input == net->count && layer->input ? layer - 1 : NULL;

    if (x->row || x->form != PLNI_VALUES || plni_is_input(net, layer->input))
        return plni_refuse(net, PLN_ERR_SHAPE, "a norm must follow a convolution, a dense layer or a sum", 0);
    if (below && below->ops->lose_bias && !plni_readers(net, layer->input)) below->ops->lose_bias(below);
    layer->out = *x;
    layer->size = layer->kept_size = 2 * (size_t)depth_of(layer);
    layer->factors = (size_t)depth_of(layer);
    layer->by_channel = true;
    return PLN_OK;
}

static void reset(plni_layer *layer)
{
    memset(layer->theta, 0, layer->size * sizeof *layer->theta);
    memset(layer->kept, 0, layer->kept_size * sizeof *layer->kept);
    for (int c = 0; c < layer->out.extent.channels; c++) layer->theta[c] = 1;
    for (int c = 0; c < depth_of(layer); c++) layer->kept[depth_of(layer) + c] = 1;
}

static void tell(const plni_layer *layer, pln_layer_info *info) { info->norm = own_of(layer); }

/* ---- plan ------------------------------------------------------------------------ */

static int chunks_of(const plni_layer *layer, int rows)
{
    return (rows * plni_positions(layer->out.extent) + PLACES_A_CHUNK - 1) / PLACES_A_CHUNK;
}

static void *plan(const plni_layer *layer, const plni_pass *pass, const plni_stage *stage, plni_arena *arena)
{
    workspace *own = plni_arena_take(arena, sizeof *own), s = { 0 };
    const size_t depth = (size_t)depth_of(layer), norms = by_step(layer) ? (size_t)pass->steps : 1;
    const size_t chunks = (size_t)chunks_of(layer, pass->batch * pass->steps);
    const size_t tiles = (size_t)pass->batch * (size_t)plni_tile_lines(stage, layer->out.extent);

    s.mean = plni_arena_take(arena, norms * depth * sizeof *s.mean);
    s.variance = plni_arena_take(arena, norms * depth * sizeof *s.variance);
    s.scale = plni_arena_take(arena, norms * depth * sizeof *s.scale);
    s.shift = plni_arena_take(arena, norms * depth * sizeof *s.shift);
    if (pass->training) {
        const size_t most = chunks > tiles * norms ? chunks : tiles * norms;
        for (int i = 0; i < 3; i++) s.blend[i] = plni_arena_take(arena, norms * depth * sizeof(float));
        s.part = plni_arena_take(arena, most * 2 * depth * sizeof *s.part);
        s.sum = plni_arena_take(arena, norms * 2 * depth * sizeof *s.sum);
        s.whole = plni_arena_take(arena, norms * 2 * depth * sizeof *s.whole);
    }
    if (own) *own = s;
    return own;
}

/* ---- forward ---------------------------------------------------------------------- */

/* What the chunks of one sweep share. */
typedef struct job {
    const plni_layer  *layer;
    const plni_pass   *pass;
    const plni_signal *x;
    workspace         *own;
    plni_signal       *du;
    int                step, rows;            /* of a norm by step; rows it sums over */
} job;

static void moments_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const int depth = depth_of(j->layer), first = chunk * PLACES_A_CHUNK;
    const int left = j->rows * plni_positions(j->x->extent) - first;
    float *part = j->own->part + (ptrdiff_t)chunk * 2 * depth;

    j->pass->kernels->moments(j->x->value + (ptrdiff_t)j->step * j->pass->samples * j->x->stride + (ptrdiff_t)first * depth,
                              left < PLACES_A_CHUNK ? left : PLACES_A_CHUNK, depth, part, part + depth);
}

/* Mean of a shard, and the sum of squares about it, from those of the chunks. */
static void join_chunks(const job *j, double *mean, double *variance)
{
    const int depth = depth_of(j->layer), places = j->rows * plni_positions(j->x->extent);
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
}

static void set_coefficients(const plni_layer *layer, workspace *own, int step, bool running)
{
    const int depth = depth_of(layer);
    const double factor = (double)own_of(layer).scale;

    for (int c = 0; c < depth; c++) {
        const ptrdiff_t i = (ptrdiff_t)step * depth + c;
        if (running) own->mean[i] = (double)layer->kept[c];
        if (running) own->variance[i] = fmax(0, (double)layer->kept[depth + c]);
        const double slope = (double)layer->theta[c] * factor / sqrt(own->variance[i] + EPSILON);
        own->scale[i] = (float)slope;
        own->shift[i] = (float)((double)layer->theta[depth + c] - slope * own->mean[i]);
    }
}

/* Mean and squares of one shard. */
static void take_moments(const plni_layer *layer, const plni_pass *pass)
{
    const plni_layer_io *io = &pass->at[layer->number];
    job j = { .layer = layer, .pass = pass, .x = io->x, .own = io->workspace };
    const int norms = norm_steps(layer, io->x);

    j.rows = pass->samples * io->x->steps / norms;
    for (j.step = 0; j.step < norms; j.step++) {
        const ptrdiff_t i = (ptrdiff_t)j.step * depth_of(layer);
        plni_parallel(pass->ctx, chunks_of(layer, j.rows), SWEEP * j.rows * (double)io->x->stride, PLNI_UP, moments_chunk, &j);
        join_chunks(&j, j.own->mean + i, j.own->variance + i);
    }
}

static int values_in(const plni_layer *layer, const plni_pass *pass)
{
    const plni_layer_io *io = &pass->at[layer->number];
    return norm_steps(layer, io->x) * depth_of(layer);
}

/* Places that a mean is over, in `samples` samples. */
static double places_in(const plni_layer *layer, const plni_layer_io *io, int samples)
{
    return (double)samples * io->x->steps / norm_steps(layer, io->x) * plni_positions(io->x->extent);
}

/* Moments of 2 * half shards; those of each half are in its first shard. */
static void join_moments(const plni_layer *layer, const plni_pass *first, int half)
{
    workspace *to = first->at[layer->number].workspace;
    const workspace *from = first[half].at[layer->number].workspace;
    const double n = places_in(layer, &first->at[layer->number], plni_pass_samples(first, half));
    const double more = places_in(layer, &first->at[layer->number], plni_pass_samples(first + half, half));

    for (int i = 0; more > 0 && i < values_in(layer, first); i++) {
        const double apart = from->mean[i] - to->mean[i];
        to->mean[i] += apart * more / (n + more);
        to->variance[i] += from->variance[i] + apart * apart * n * more / (n + more);
    }
}

static void prepare(const plni_layer *layer, const plni_pass *batch, const plni_stage *stage)
{
    const workspace *whole = batch->at[layer->number].workspace;
    const double places = places_in(layer, &batch->at[layer->number], plni_pass_all(batch));
    const int values = values_in(layer, batch);

    (void)stage;
    for (int i = 0; batch->training && i < batch->shards; i++) take_moments(layer, &batch[i]);
    for (int half = 1; batch->training && half < batch->shards; half *= 2)
        for (int i = 0; i < batch->shards; i += 2 * half) join_moments(layer, &batch[i], half);
    for (int i = 0; batch->training && i < values; i++) whole->variance[i] /= places;
    for (int i = 0; i < batch->shards; i++) {
        workspace *own = batch[i].at[layer->number].workspace;
        own->summed = false;
        if (i) memcpy(own->mean, whole->mean, (size_t)values * sizeof(double));
        if (i) memcpy(own->variance, whole->variance, (size_t)values * sizeof(double));
        for (int step = 0; step < values / depth_of(layer); step++) set_coefficients(layer, own, step, !batch->training);
    }
}

static void tile_forward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const workspace *own = io->workspace;
    const int norms = norm_steps(layer, io->x), depth = depth_of(layer);

    tile->drive.scale = own->scale;
    tile->drive.shift = own->shift;
    tile->drive.norm_step = norms > 1 ? depth : 0;
    if (!tile->du) return;
    tile->sum = own->part + (ptrdiff_t)tile->chunk * norms * 2 * depth;
    tile->sum_step = norms > 1 ? 2 * depth : 0;
    memset(tile->sum, 0, (size_t)(norms * 2 * depth) * sizeof *tile->sum);
}

/* ---- backward ---------------------------------------------------------------------- */

/* Sums of one shard, over all its tiles in order. */
static void add_tiles(const plni_layer *layer, workspace *own, int tiles, int values)
{
    const int depth = depth_of(layer), norms = values / depth;

    for (int i = 0; i < values; i++) {
        const int n = i / depth, c = i % depth;
        double sum = 0, product = 0;
        for (int k = 0; k < tiles; k++) {
            const float *part = own->part + ((ptrdiff_t)k * norms + n) * 2 * depth;
            sum += (double)part[c];
            product += (double)part[depth + c];
        }
        own->whole[2 * n * depth + c] = sum;
        own->whole[(2 * n + 1) * depth + c] = product;
    }
}

/* What the norm makes of dL/dy, from the sums over the batch. */
static void set_blend(const plni_layer *layer, workspace *own, const workspace *batch, int values, double places)
{
    const int depth = depth_of(layer);

    for (int i = 0; i < values; i++) {
        const int n = i / depth, c = i % depth;
        const double sum = batch->whole[2 * n * depth + c], product = batch->whole[(2 * n + 1) * depth + c];
        const double inverse = 1 / sqrt(own->variance[i] + EPSILON), slope = (double)own->scale[i];
        const double against = (product - own->mean[i] * sum) * inverse;      /* sum of dy (x - mean) / deviation */
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
    const workspace *own = j->own;
    const ptrdiff_t norm = norm_steps(j->layer, j->x) > 1 ? (ptrdiff_t)(row / j->pass->samples) * depth_of(j->layer) : 0;

    j->pass->kernels->blend(j->du->value + row * j->du->stride, j->x->value + row * j->x->stride, plni_positions(j->x->extent),
                            depth_of(j->layer), own->blend[0] + norm, own->blend[1] + norm, own->blend[2] + norm);
}

static void finish(const plni_layer *layer, const plni_pass *batch, const plni_stage *stage, plni_signal *du)
{
    const int values = values_in(layer, batch), lines = plni_tile_lines(stage, layer->out.extent);
    const double places = places_in(layer, &batch->at[layer->number], plni_pass_all(batch));

    for (const plni_pass *pass = batch; pass < batch + batch->shards; pass++)
        add_tiles(layer, pass->at[layer->number].workspace, pass->samples * lines, values);
    for (int half = 1; half < batch->shards; half *= 2)
        for (int i = 0; i < batch->shards; i += 2 * half) {
            workspace *to = batch[i].at[layer->number].workspace;
            const workspace *from = batch[i + half].at[layer->number].workspace;
            for (int v = 0; v < 2 * values; v++) to->whole[v] += from->whole[v];
        }
    for (int i = 0; i < batch->shards; i++) {
        const plni_pass *pass = &batch[i];
        const plni_layer_io *io = &pass->at[layer->number];
        job j = { .layer = layer, .pass = pass, .x = io->x, .own = io->workspace, .du = &du[i] };
        set_blend(layer, j.own, batch->at[layer->number].workspace, values, places);
        plni_parallel(pass->ctx, pass->samples * io->x->steps, SWEEP * pass->samples * (double)io->x->stride * io->x->steps,
                      PLNI_UP, blend_chunk, &j);
    }
}

static void gradient(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, float scale,
                     const plni_sink *to)
{
    const workspace *own = io->workspace;
    const int depth = depth_of(layer), norms = norm_steps(layer, io->x);
    const float factor = own_of(layer).scale;

    assert(own->summed);
    for (int n = 0; n < norms; n++)
        for (int c = 0; c < depth; c++) {
            to->into[c] += scale * factor * own->sum[(2 * n + 1) * depth + c];
            to->into[depth + c] += scale * own->sum[2 * n * depth + c];
        }
    plni_sink_finish(pass->ctx, to, layer->size);
}

/* Running statistics; the variance is made unbiased. */
static void update_stats(plni_layer *layer, const plni_pass *batch)
{
    const plni_layer_io *io = &batch->at[layer->number];
    const workspace *own = io->workspace;
    const int depth = depth_of(layer), norms = norm_steps(layer, io->x), times = by_step(layer) ? batch->steps : 1;
    const double places = (double)plni_pass_all(batch) * batch->steps / times * plni_positions(io->x->extent);

    for (int n = 0; n < times; n++)
        for (int c = 0; c < depth; c++) {
            const int i = (n < norms ? n : 0) * depth + c;
            const double unbiased = own->variance[i] * (places > 1 ? places / (places - 1) : 1);
            layer->kept[c] += (float)(MOVES_BY * (own->mean[i] - (double)layer->kept[c]));
            layer->kept[depth + c] += (float)(MOVES_BY * (unbiased - (double)layer->kept[depth + c]));
        }
}

/* ---- parameters ------------------------------------------------------------------- */

float plni_norm_factor(const plni_layer *norm, int channel)
{
    const double variance = (double)norm->kept[depth_of(norm) + channel];
    return plni_norm_scale(norm, channel) / (float)sqrt(variance + EPSILON);
}

float plni_norm_scale(const plni_layer *norm, int channel) { return fabsf(norm->theta[channel]); }

static int parameters(const plni_layer *layer)
{
    (void)layer;
    return 4;
}

static void parameter(const plni_layer *layer, int which, pln_parameter_info *info)
{
    static const char *const names[] = { "weight", "bias", "running_mean", "running_var" };

    *info = (pln_parameter_info){ .rank = 1, .dim = { layer->out.extent.channels }, .kept = which >= 2 };
    strcpy(info->name, names[which]);
}

static void get(const plni_layer *layer, const float *theta, int which, int first, int rows, float *tensor)
{
    const float *from = (which < 2 ? theta : layer->kept) + (which % 2) * depth_of(layer);
    memcpy(tensor, from + first, (size_t)rows * sizeof *tensor);
}

static void set(const plni_layer *layer, float *theta, int which, const float *tensor)
{
    float *to = (which < 2 ? theta : layer->kept) + (which % 2) * depth_of(layer);
    memcpy(to, tensor, (size_t)layer->out.extent.channels * sizeof *tensor);
}

const plni_layer_ops plni_norm_ops = {
    .name = "norm",
    .role = PLNI_POINTWISE,
    .place = PLNI_NORM,
    .options = plni_norm_options,
    .fit = fit,
    .plan = plan,
    .prepare = prepare,
    .tile_forward = tile_forward,
    .finish = finish,
    .joined = true,
    .gradient = gradient,
    .update_stats = update_stats,
    .reset = reset,
    .tell = tell,
    .parameters = parameters,
    .parameter = parameter,
    .get = get,
    .set = set,
};
