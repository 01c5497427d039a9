/* conv.c - products of images and kernels: the choice of a path, and patches with CBLAS
 *
 * Patches are the path for any shape and any form of x.  What one position sees of an
 * image becomes a row of a matrix, some positions at a time, in the thread's own
 * memory. */

#include "tensor/conv.h"

#include "base/shape.h"
#include "tensor/blas.h"
#include "tensor/paths.h"

#include <string.h>

enum { PATCH_FLOATS = 1 << 16, FEW_POSITIONS = 64, CHANNELS_A_CHUNK = 256, POSITIONS_A_TIME = 256,
       NARROW = 256, GROUPS = 8 };

/* Rough time of a multiply-add, to decide how many threads are worth while. */
static const double NANOSECONDS = 0.02;

/* The share of non-zeros from which a dense product is faster, measured by bench/conv.c on
 * one thread.  Winograd's, forward over spikes and back over deltas: by channels (16, 32,
 * 64, more), for an image that tiles fit without rest and whose edges do not matter.
 * The patches' of full layers. */
static const double WINOGRAD_FROM[][4] = { [PLNI_CONV_FORWARD] = { 0.6, 0.45, 0.26, 0.21 },
                                           [PLNI_CONV_BACKWARD] = { 0.1, 0.4, 0.2, 0.2 } };
static const double PATCHES_FROM = 0.9;

/* Positions in tiles for each of an image's, from which Winograd gains nothing. */
static const double LARGEST_WASTE = 3;

/* What lists cost, as a share of the dense product. */
static const double LISTING = 0.05;

static int taps_of(const plni_conv *conv) { return conv->kernel_height * conv->kernel_width; }

plni_extent plni_conv_extent(plni_extent in, int filters, int kernel_height, int kernel_width, int stride, int pad)
{
    const int height = in.height + 2 * pad - kernel_height, width = in.width + 2 * pad - kernel_width;

    return (plni_extent){ filters, height < 0 ? 0 : height / stride + 1, width < 0 ? 0 : width / stride + 1 };
}

typedef plni_conv_job job;

/* Places are the positions of all rows, one after the other; where maps are padded
 * that is also how they lie in memory. */
static int places_in(const plni_conv *conv, int rows) { return rows * plni_positions(conv->out); }

static int patch_floats(const plni_conv *conv) { return taps_of(conv) * conv->in_depth; }

static int places_a_chunk(const plni_conv *conv)
{
    const int most = PATCH_FLOATS / patch_floats(conv);
    return most < FEW_POSITIONS ? FEW_POSITIONS : most;
}

static int images_a_chunk(const plni_conv *conv)
{
    const int images = FEW_POSITIONS / plni_positions(conv->out);
    return images < 1 ? 1 : images;
}

size_t plni_conv_weights(const plni_conv *conv)
{
    return (size_t)patch_floats(conv) * (size_t)conv->out_depth;
}

/* Where patches are narrow, as on the image itself, a weight gradient takes all taps
 * at once. */
static bool is_narrow(const plni_conv *conv)
{
    return patch_floats(conv) <= NARROW && !plni_conv_is_full(conv);
}

/* Positions in tiles of 4x4, for each position of the image. */
static double tile_waste(const plni_conv *c)
{
    return 16.0 * ((c->out.height + 3) / 4) * ((c->out.width + 3) / 4) / plni_positions(c->out);
}

/* Of what the taps of 3x3 look at, the share that is inside the image: events are only
 * there. */
static double inside(const plni_conv *c)
{
    return (1 - 2.0 / (3 * c->in.height)) * (1 - 2.0 / (3 * c->in.width));
}

/* The share of non-zeros from which Winograd is faster than events; above 1 it is
 * not. */
static double winograd_from(const plni_conv *c, plni_conv_pass pass)
{
    const int channels = c->in_depth < c->out_depth ? c->in_depth : c->out_depth;
    const int size = channels < 32 ? 0 : channels < 64 ? 1 : channels < 128 ? 2 : 3;

    return WINOGRAD_FROM[pass][size] * tile_waste(c) / inside(c);
}

static plni_conv_path dense_path(const plni_conv *c)
{
    return plni_winograd_can(c) && tile_waste(c) < LARGEST_WASTE ? PLNI_WINOGRAD : PLNI_PATCHES;
}

plni_conv_path plni_conv_choose(const plni_conv *conv, plni_conv_pass pass, plni_form form, double density)
{
    const bool back = pass == PLNI_CONV_BACKWARD, active = form != PLNI_VALUES && !back;

    if (active && plni_event_whole_can(conv)) return density < PATCHES_FROM ? PLNI_EVENTS : PLNI_PATCHES;
    if (pass == PLNI_CONV_GRADIENT) return active && plni_event_gradient_can(conv) ? PLNI_EVENTS : PLNI_PATCHES;
    if (back ? !plni_event_backward_can(conv) : !active || !plni_event_forward_can(conv)) return dense_path(conv);
    return plni_winograd_can(conv) && density > winograd_from(conv, pass) ? PLNI_WINOGRAD : PLNI_EVENTS;
}

const char *plni_conv_path_name(plni_conv_path path)
{
    static const char *const names[] = { [PLNI_PATCHES] = "patches", [PLNI_EVENTS] = "events",
                                         [PLNI_WINOGRAD] = "winograd" };
    return names[path];
}

static size_t most(size_t a, size_t b) { return a > b ? a : b; }

plni_conv_scratch plni_conv_scratch_need(const plni_conv *conv, int rows, bool training)
{
    const size_t columns = (size_t)(conv->in_depth < CHANNELS_A_CHUNK ? conv->in_depth : CHANNELS_A_CHUNK);
    size_t floats = (size_t)places_a_chunk(conv) * (size_t)patch_floats(conv), shared = 0;

    if (plni_winograd_can(conv)) {
        floats = most(floats, plni_winograd_floats(conv));
        shared = plni_winograd_shared(conv);
    }
    if (plni_event_forward_can(conv)) floats = most(floats, plni_event_forward_floats(conv, rows));
    if (training && plni_event_backward_can(conv)) floats = most(floats, plni_event_backward_floats(conv, rows));
    if (plni_event_whole_can(conv)) floats = most(floats, plni_event_whole_floats(training));
    if (training) floats = most(floats, columns * POSITIONS_A_TIME);
    if (training && is_narrow(conv)) shared = most(shared, GROUPS * plni_conv_weights(conv));
    if (training && plni_event_gradient_can(conv)) {
        floats = most(floats, plni_event_gradient_floats(conv, rows));
        shared = most(shared, plni_event_gradient_shared(conv, rows));
    }
    return (plni_conv_scratch){ .stride = plni_round_up((ptrdiff_t)floats, 16), .shared_floats = (ptrdiff_t)shared };
}

void plni_conv_scratch_widen(plni_conv_scratch *scratch, const plni_conv_scratch *other)
{
    if (scratch->stride < other->stride) scratch->stride = other->stride;
    if (scratch->shared_floats < other->shared_floats) scratch->shared_floats = other->shared_floats;
}

void plni_conv_scratch_place(pln_ctx *ctx, plni_conv_scratch *scratch, plni_arena *arena)
{
    scratch->lane = plni_arena_take(arena, (size_t)pln_ctx_threads(ctx) * (size_t)scratch->stride * sizeof(float));
    scratch->shared = plni_arena_take(arena, (size_t)scratch->shared_floats * sizeof(float));
}

plni_conv_scratch plni_conv_scratch_take(pln_ctx *ctx, const plni_conv *conv, int rows, bool training, plni_arena *arena)
{
    plni_conv_scratch scratch = plni_conv_scratch_need(conv, rows, training);

    plni_conv_scratch_place(ctx, &scratch, arena);
    return scratch;
}

/* Part of what position (y, x) of one row of the map holds, zeros outside. */
static void copy_values(const plni_signal *map, int row, int y, int x, int first, int count, float *to)
{
    float buffer[PLNI_MAX_CHANNELS];

    if (y < 0 || y >= map->extent.height || x < 0 || x >= map->extent.width)
        memset(to, 0, (size_t)count * sizeof *to);
    else
        memcpy(to, plni_map_values(map, row, y * map->extent.width + x, buffer) + first, (size_t)count * sizeof *to);
}

/* Channels first..first+count-1 of what tap t of the kernel sees at a place. */
static void copy_seen(const job *j, int place, int t, int first, int count, float *to)
{
    const plni_conv *c = j->conv;
    const int row = place / plni_positions(c->out), at = place % plni_positions(c->out);

    copy_values(j->x, row, at / c->out.width * c->stride + t / c->kernel_width - c->pad,
                at % c->out.width * c->stride + t % c->kernel_width - c->pad, first, count, to);
}

/* The patch of a place.  A row of the kernel that lies inside an image of values is
 * one piece. */
static void copy_patch(const job *j, int place, float *to)
{
    const plni_conv *c = j->conv;
    const int row = place / plni_positions(c->out), at = place % plni_positions(c->out);
    const int x = at % c->out.width * c->stride - c->pad, length = c->kernel_width * c->in_depth;
    const bool inside = j->x->form == PLNI_VALUES && x >= 0 && x + c->kernel_width <= c->in.width;

    for (int ky = 0; ky < c->kernel_height; ky++, to += length) {
        const int y = at / c->out.width * c->stride + ky - c->pad;
        if (inside && y >= 0 && y < c->in.height) {
            const float *from = j->x->value + row * j->x->stride + (ptrdiff_t)(y * c->in.width + x) * c->in_depth;
            for (int i = 0; i < length; i++) to[i] = from[i];
            continue;
        }
        for (int kx = 0; kx < c->kernel_width; kx++)
            copy_seen(j, place, ky * c->kernel_width + kx, 0, c->in_depth, to + kx * c->in_depth);
    }
}

/* ---- forward -------------------------------------------------------------- */

/* The patches of places first..last-1, and floats from one to the next. */
static const float *patches(const job *j, int first, int last, ptrdiff_t *stride)
{
    const plni_conv *c = j->conv;
    float *to = plni_conv_lane(j);

    if (plni_conv_is_full(c) && j->x->form == PLNI_VALUES) {
        *stride = j->x->stride;
        return j->x->value + first * j->x->stride;
    }
    *stride = patch_floats(c);
    for (int p = first; p < last; p++) copy_patch(j, p, to + (p - first) * *stride);
    return to;
}

static void forward_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const plni_conv *c = j->conv;
    const int first = chunk * places_a_chunk(c), all = places_in(c, j->rows);
    const int last = first + places_a_chunk(c) < all ? first + places_a_chunk(c) : all;
    ptrdiff_t stride;
    const float *patch = patches(j, first, last, &stride);
    float *y = j->y->value + (ptrdiff_t)first * c->out_depth;

    for (int p = 0; j->bias && p < last - first; p++)
        memcpy(y + (ptrdiff_t)p * c->out_depth, j->bias, (size_t)c->out_depth * sizeof *y);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, last - first, c->out_depth, patch_floats(c), 1, patch,
                (int)stride, j->weight, c->out_depth, j->bias ? 1 : 0, y, c->out_depth);
}

/* Nanoseconds of a product. */
static double work_in(const plni_conv *conv, int rows)
{
    return NANOSECONDS * (double)places_in(conv, rows) * (double)plni_conv_weights(conv);
}

static double event_work(const job *j) { return work_in(j->conv, j->rows) * (j->density + LISTING); }

void plni_conv_forward_by(pln_ctx *ctx, plni_conv_path path, job *j)
{
    const int chunk = places_a_chunk(j->conv);

    if (path == PLNI_EVENTS) {
        (plni_event_whole_can(j->conv) ? plni_event_whole_forward : plni_event_forward)(ctx, j, event_work(j));
        return;
    }
    if (path == PLNI_WINOGRAD) {
        plni_winograd_forward(ctx, j, work_in(j->conv, j->rows) / 4);
        return;
    }
    plni_one_blas_thread();
    plni_parallel(ctx, (places_in(j->conv, j->rows) + chunk - 1) / chunk, work_in(j->conv, j->rows), PLNI_UP,
                  forward_chunk, j);
}

void plni_conv_forward(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *x,
                       int rows, const float *weight, const float *bias, plni_signal *y)
{
    job j = { .conv = conv, .scratch = scratch, .kernels = plni_kernels_of(ctx), .x = x, .y = y, .weight = weight,
              .bias = bias, .rows = rows, .density = plni_map_density(x, rows) };

    plni_conv_forward_by(ctx, plni_conv_choose(conv, PLNI_CONV_FORWARD, x->form, j.density), &j);
}

/* ---- backward ------------------------------------------------------------- */

/* Adds what the patches of places first..last-1 send to the image below. */
static void scatter(const job *j, const float *patch, int first, int last)
{
    const plni_conv *c = j->conv;
    const int positions = plni_positions(c->out);

    for (int p = first; p < last; p++) {
        const int row = p / positions, oy = p % positions / c->out.width, ox = p % c->out.width;
        for (int t = 0; t < taps_of(c); t++, patch += c->in_depth) {
            const int y = oy * c->stride + t / c->kernel_width - c->pad, x = ox * c->stride + t % c->kernel_width - c->pad;
            float *to = j->y->value + row * j->y->stride + (ptrdiff_t)(y * c->in.width + x) * c->in_depth;
            if (y < 0 || y >= c->in.height || x < 0 || x >= c->in.width) continue;
            for (int i = 0; i < c->in_depth; i++) to[i] += patch[i];
        }
    }
}

static void backward_images(void *arg, int chunk)
{
    const job *j = arg;
    const plni_conv *c = j->conv;
    const int images = images_a_chunk(c), row = chunk * images;
    const int rows = row + images < j->rows ? images : j->rows - row;
    const int end = places_in(c, row + rows);
    float *patch = plni_conv_lane(j);

    if (!j->add) memset(j->y->value + row * j->y->stride, 0, (size_t)(rows * j->y->stride) * sizeof(float));
    for (int first = places_in(c, row); first < end; first += places_a_chunk(c)) {
        const int last = first + places_a_chunk(c) < end ? first + places_a_chunk(c) : end;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, last - first, patch_floats(c), c->out_depth, 1,
                    j->d->value + (ptrdiff_t)first * c->out_depth, c->out_depth, j->weight, c->out_depth, 0, patch,
                    patch_floats(c));
        scatter(j, patch, first, last);
    }
}

/* Where a patch is a whole row: some columns of all rows. */
static void backward_columns(void *arg, int chunk)
{
    const job *j = arg;
    const plni_conv *c = j->conv;
    const int first = chunk * CHANNELS_A_CHUNK, left = patch_floats(c) - first;

    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, j->rows, left < CHANNELS_A_CHUNK ? left : CHANNELS_A_CHUNK,
                c->out_depth, 1, j->d->value, c->out_depth, j->weight + (ptrdiff_t)first * c->out_depth,
                c->out_depth, j->add ? 1 : 0, j->y->value + first, (int)j->y->stride);
}

void plni_conv_turn(const job *j, int tap, int input, int output, float *to, ptrdiff_t ldto)
{
    const plni_conv *c = j->conv;
    const int last = taps_of(c) - 1;

    for (int o = 0; o < 16; o++) {
        const float *w = j->weight + ((ptrdiff_t)(last - tap) * c->in_depth + output + o) * c->out_depth + input;
        for (int i = 0; i < 16; i++) to[i * ldto + o] = w[i];
    }
}

void plni_conv_backward_by(pln_ctx *ctx, plni_conv_path path, job *j)
{
    const int images = images_a_chunk(j->conv), columns = (patch_floats(j->conv) + CHANNELS_A_CHUNK - 1) / CHANNELS_A_CHUNK;
    const double work = work_in(j->conv, j->rows);

    if (path == PLNI_EVENTS) {
        plni_event_backward(ctx, j, event_work(j));
        return;
    }
    if (path == PLNI_WINOGRAD) {
        plni_winograd_backward(ctx, j, work / 4);
        return;
    }
    plni_one_blas_thread();
    if (plni_conv_is_full(j->conv))
        plni_parallel(ctx, columns, work, PLNI_UP, backward_columns, j);
    else
        plni_parallel(ctx, (j->rows + images - 1) / images, work, PLNI_UP, backward_images, j);
}

void plni_conv_backward(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *dy,
                        int rows, const float *weight, bool add, plni_signal *dx)
{
    job j = { .conv = conv, .scratch = scratch, .kernels = plni_kernels_of(ctx), .d = dy, .y = dx, .weight = weight,
              .rows = rows, .add = add, .density = plni_map_density(dy, rows) };

    plni_conv_backward_by(ctx, plni_conv_choose(conv, PLNI_CONV_BACKWARD, PLNI_VALUES, j.density), &j);
}

/* ---- gradient ------------------------------------------------------------- */

static int channel_blocks(const plni_conv *conv) { return (conv->in_depth + CHANNELS_A_CHUNK - 1) / CHANNELS_A_CHUNK; }

/* Some channels of one tap, over all places. */
static void gradient_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const plni_conv *c = j->conv;
    const int t = chunk / channel_blocks(c), channel = chunk % channel_blocks(c) * CHANNELS_A_CHUNK;
    const int left = c->in_depth - channel, count = left < CHANNELS_A_CHUNK ? left : CHANNELS_A_CHUNK;
    const int end = places_in(c, j->rows);
    float *seen = plni_conv_lane(j);

    for (int first = 0; first < end; first += POSITIONS_A_TIME) {
        const int last = first + POSITIONS_A_TIME < end ? first + POSITIONS_A_TIME : end;
        for (int p = first; p < last; p++) copy_seen(j, p, t, channel, count, seen + (p - first) * count);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, count, c->out_depth, last - first, j->scale, seen, count,
                    j->d->value + (ptrdiff_t)first * c->out_depth, c->out_depth, 1,
                    j->into + ((ptrdiff_t)t * c->in_depth + channel) * c->out_depth, c->out_depth);
    }
}

/* All taps at once; groups of places add up by themselves and are joined in order. */
static void narrow_chunk(void *arg, int group)
{
    const job *j = arg;
    const plni_conv *c = j->conv;
    const int64_t all = places_in(c, j->rows);
    const int end = (int)(all * (group + 1) / GROUPS);
    float *part = j->scratch->shared + (ptrdiff_t)group * (ptrdiff_t)plni_conv_weights(c);

    memset(part, 0, plni_conv_weights(c) * sizeof *part);
    for (int first = (int)(all * group / GROUPS), last; first < end; first = last) {
        ptrdiff_t stride;
        last = first + POSITIONS_A_TIME < end ? first + POSITIONS_A_TIME : end;
        const float *patch = patches(j, first, last, &stride);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, patch_floats(c), c->out_depth, last - first, 1, patch,
                    (int)stride, j->d->value + (ptrdiff_t)first * c->out_depth, c->out_depth, 1, part, c->out_depth);
    }
}

static void narrow_gradient(pln_ctx *ctx, job *j)
{
    const size_t weights = plni_conv_weights(j->conv);

    plni_parallel(ctx, GROUPS, work_in(j->conv, j->rows), PLNI_UP, narrow_chunk, j);
    for (int group = 0; group < GROUPS; group++)
        j->kernels->axpy(j->into, j->scratch->shared + (size_t)group * weights, j->scale, (int)weights);
}

void plni_conv_gradient_by(pln_ctx *ctx, plni_conv_path path, job *j)
{
    if (path == PLNI_EVENTS) {
        (plni_event_whole_can(j->conv) ? plni_event_whole_gradient : plni_event_gradient)(ctx, j, event_work(j));
        return;
    }
    plni_one_blas_thread();
    if (is_narrow(j->conv)) {
        narrow_gradient(ctx, j);
        return;
    }
    plni_parallel(ctx, taps_of(j->conv) * channel_blocks(j->conv), work_in(j->conv, j->rows), PLNI_UP,
                  gradient_chunk, j);
}

void plni_conv_gradient(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *x,
                        const plni_signal *dy, int rows, float scale, float *into)
{
    job j = { .conv = conv, .scratch = scratch, .kernels = plni_kernels_of(ctx), .x = x, .d = dy, .into = into,
              .rows = rows, .scale = scale, .density = plni_map_density(x, rows) };

    plni_conv_gradient_by(ctx, plni_conv_choose(conv, PLNI_CONV_GRADIENT, x->form, j.density), &j);
}
