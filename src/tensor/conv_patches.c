/* conv_patches.c - convolutions of any shape and any form of x, by patches and CBLAS
 *
 * What one position sees of an image becomes a row of a matrix, some positions at a
 * time, in the thread's own memory. */

#include "tensor/conv_shape.h"

#include "base/blas.h"
#include "base/shape.h"

#include <string.h>

enum { PATCH_FLOATS = 1 << 16, FEW_POSITIONS = 64, CHANNELS_A_CHUNK = 256, POSITIONS_A_TIME = 256,
       NARROW = 256, GROUPS = 8 };

typedef plni_conv_job job;

/* Places are the positions of all rows, one after the other; where maps are padded
 * that is also how they lie in memory. */
static int places_in(const plni_conv *conv, int rows) { return rows * plni_positions(conv->out); }

static int patch_floats(const plni_conv *conv) { return plni_conv_taps(conv) * conv->in_depth; }

static int places_a_chunk(const plni_conv *conv)
{
    return plni_larger(PATCH_FLOATS / patch_floats(conv), FEW_POSITIONS);
}

static int images_a_chunk(const plni_conv *conv)
{
    return plni_larger(FEW_POSITIONS / plni_positions(conv->out), 1);
}

/* Where patches are narrow, as on the image itself, a weight gradient takes all taps
 * at once. */
static bool is_narrow(const plni_conv *conv)
{
    return patch_floats(conv) <= NARROW && !plni_conv_is_full(conv);
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
    float *to = plni_conv_own(j);

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
    const int first = chunk * places_a_chunk(c), last = plni_smaller(first + places_a_chunk(c), places_in(c, j->rows));
    ptrdiff_t stride;
    const float *patch = patches(j, first, last, &stride);
    float *y = j->y->value + (ptrdiff_t)first * c->out_depth;

    for (int p = 0; j->bias && p < last - first; p++)
        memcpy(y + (ptrdiff_t)p * c->out_depth, j->bias, (size_t)c->out_depth * sizeof *y);
    plni_gemm(CblasNoTrans, CblasNoTrans, last - first, c->out_depth, patch_floats(c), 1, patch,
              (int)stride, j->weight, c->out_depth, j->bias ? 1 : 0, y, c->out_depth);
}

static void forward(pln_ctx *ctx, job *j)
{
    plni_parallel(ctx, plni_share(places_in(j->conv, j->rows), places_a_chunk(j->conv)), plni_conv_work(j), PLNI_UP,
                  forward_chunk, j);
}

/* ---- backward ------------------------------------------------------------- */

/* Adds what the patches of places first..last-1 send to the image below. */
static void scatter(const job *j, const float *patch, int first, int last)
{
    const plni_conv *c = j->conv;
    const int positions = plni_positions(c->out);

    for (int p = first; p < last; p++) {
        const int row = p / positions, oy = p % positions / c->out.width, ox = p % c->out.width;
        for (int t = 0; t < plni_conv_taps(c); t++, patch += c->in_depth) {
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
    const int rows = plni_smaller(images, j->rows - row), end = places_in(c, row + rows);
    float *patch = plni_conv_own(j);

    if (!j->add) memset(j->y->value + row * j->y->stride, 0, (size_t)(rows * j->y->stride) * sizeof(float));
    for (int first = places_in(c, row); first < end; first += places_a_chunk(c)) {
        const int last = plni_smaller(first + places_a_chunk(c), end);
        plni_gemm(CblasNoTrans, CblasTrans, last - first, patch_floats(c), c->out_depth, 1,
                  j->x->value + (ptrdiff_t)first * c->out_depth, c->out_depth, j->weight, c->out_depth, 0, patch,
                  patch_floats(c));
        scatter(j, patch, first, last);
    }
}

/* Where a patch is a whole row: some columns of all rows. */
static void backward_columns(void *arg, int chunk)
{
    const job *j = arg;
    const plni_conv *c = j->conv;
    const int first = chunk * CHANNELS_A_CHUNK, count = plni_smaller(CHANNELS_A_CHUNK, patch_floats(c) - first);

    plni_gemm(CblasNoTrans, CblasTrans, j->rows, count, c->out_depth, 1, j->x->value, c->out_depth,
              j->weight + (ptrdiff_t)first * c->out_depth, c->out_depth, j->add ? 1 : 0, j->y->value + first,
              (int)j->y->stride);
}

static void backward(pln_ctx *ctx, job *j)
{
    if (plni_conv_is_full(j->conv))
        plni_parallel(ctx, plni_share(patch_floats(j->conv), CHANNELS_A_CHUNK), plni_conv_work(j), PLNI_UP,
                      backward_columns, j);
    else
        plni_parallel(ctx, plni_share(j->rows, images_a_chunk(j->conv)), plni_conv_work(j), PLNI_UP, backward_images, j);
}

/* ---- gradient ------------------------------------------------------------- */

static int channel_blocks(const plni_conv *conv) { return plni_share(conv->in_depth, CHANNELS_A_CHUNK); }

/* Some channels of one tap, over all places. */
static void gradient_chunk(void *arg, int chunk)
{
    const job *j = arg;
    const plni_conv *c = j->conv;
    const int t = chunk / channel_blocks(c), channel = chunk % channel_blocks(c) * CHANNELS_A_CHUNK;
    const int count = plni_smaller(CHANNELS_A_CHUNK, c->in_depth - channel), end = places_in(c, j->rows);
    float *seen = plni_conv_own(j);

    for (int first = 0; first < end; first += POSITIONS_A_TIME) {
        const int last = plni_smaller(first + POSITIONS_A_TIME, end);
        for (int p = first; p < last; p++) copy_seen(j, p, t, channel, count, seen + (p - first) * count);
        plni_gemm(CblasTrans, CblasNoTrans, count, c->out_depth, last - first, j->scale, seen, count,
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
        last = plni_smaller(first + POSITIONS_A_TIME, end);
        const float *patch = patches(j, first, last, &stride);
        plni_gemm(CblasTrans, CblasNoTrans, patch_floats(c), c->out_depth, last - first, 1, patch,
                  (int)stride, j->d->value + (ptrdiff_t)first * c->out_depth, c->out_depth, 1, part, c->out_depth);
    }
}

static void gradient(pln_ctx *ctx, job *j)
{
    const size_t weights = plni_conv_weights(j->conv);

    if (!is_narrow(j->conv)) {
        plni_parallel(ctx, plni_conv_taps(j->conv) * channel_blocks(j->conv), plni_conv_work(j), PLNI_UP, gradient_chunk, j);
        return;
    }
    plni_parallel(ctx, GROUPS, plni_conv_work(j), PLNI_UP, narrow_chunk, j);
    for (int group = 0; group < GROUPS; group++)
        j->kernels->axpy(j->into, j->scratch->shared + (size_t)group * weights, j->scale, (int)weights);
}

static bool can(const plni_conv *conv, plni_conv_pass pass, plni_form form)
{
    (void)conv, (void)pass, (void)form;
    return true;
}

static plni_conv_scratch need(const plni_conv *conv, int rows, bool training)
{
    const size_t patched = (size_t)plni_smaller(places_a_chunk(conv), places_in(conv, rows)) * (size_t)patch_floats(conv);
    const size_t seen = (size_t)plni_smaller(conv->in_depth, CHANNELS_A_CHUNK) * POSITIONS_A_TIME;

    return plni_conv_scratch_of(training && seen > patched ? seen : patched,
                                training && is_narrow(conv) ? GROUPS * plni_conv_weights(conv) : 0);
}

const plni_conv_algorithm plni_conv_patches = { "patches", can, need, { forward, backward, gradient } };
