/* pool.c - the mean or the largest of each window
 *
 * Windows that do not overlap, right behind neurons, are taken from the spikes of a tile:
 * sums as bytes, or whether there is one as bits.  All others, with a stride and padding,
 * read whole samples and give floats: a mean counts the padding, a maximum pads with minus
 * infinity (theory 2.3).  Of equal values the first in reading order is the largest. */

#include "base/shape.h"
#include "nn/graph.h"
#include "nn/pool.h"

#include <math.h>
#include <string.h>

enum { LARGEST_FUSED = 15 };            /* 15 x 15 spikes fit a byte, as does a place among them */

/* Rough nanoseconds for one value of a window. */
static const double VISIT = 0.5;

typedef struct pool_own {
    pln_pool    kind;
    int         size, stride, pad;
    plni_extent in;
} pool_own;

PLNI_OWN_TYPE(pool_own)

/* ---- build ----------------------------------------------------------------------- */

static const char *const kinds[] = { "", "average", "max", NULL };

const pln_option plni_pool_options[] = {
    { "kind", PLN_OPTION_WORD, offsetof(pool_own, kind), .flags = PLN_OPTION_NEEDED, .words = kinds, .help = "what is taken of a window" },
    { "size", PLN_OPTION_INT, offsetof(pool_own, size), 0, PLN_MAX_UNITS, .help = "its side; 0: the whole image" },
    { "stride", PLN_OPTION_INT, offsetof(pool_own, stride), 0, PLN_MAX_UNITS, .help = "from one window to the next; 0: the side" },
    { "pad", PLN_OPTION_INT, offsetof(pool_own, pad), 0, PLN_MAX_UNITS, .help = "padding, at most half the side and at most the image's" },
    { 0 }
};

void pln_net_pool_window(pln_net *net, pln_pool kind, int size, int stride, int pad)
{
    const pool_own own = { kind, size, stride, pad, { 0 } };

    plni_append(net, &plni_pool_ops, &own, sizeof own);
}

void pln_net_pool(pln_net *net, pln_pool kind, int size) { pln_net_pool_window(net, kind, size, size, 0); }

static int out_side(const pool_own *own, int side) { return (side + 2 * own->pad - own->size) / own->stride + 1; }

/* Right behind neurons, in their tiles. */
static bool may_fuse(const plni_layer *layer, const pool_own *own, const pln_net *net)
{
    return layer->input && layer->input == layer->number && !layer->branched && net->layer[layer->number - 1].threshold > 0 &&
           own->stride == own->size && own->pad == 0 && own->size <= LARGEST_FUSED;
}

static void look(plni_layer *layer, const pool_own *own, const plni_signal *x, bool fused)
{
    const plni_extent out = { x->extent.channels, out_side(own, x->extent.height), out_side(own, x->extent.width) };

    layer->role = fused ? PLNI_POINTWISE : PLNI_WINDOW;
    layer->by_channel = true;
    layer->out = plni_map(out, !fused ? PLNI_VALUES : own->kind == PLN_POOL_MAX ? PLNI_SPIKES : PLNI_SUMS, true);
    layer->out.steps = x->steps;
    if (fused && own->kind == PLN_POOL_AVERAGE) layer->out.unit = 1 / (float)(own->size * own->size);
}

static pln_status fit(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);
    pool_own own = own_of(layer);

    if (own.kind == PLN_POOL_NONE) return plni_refuse(net, PLN_ERR_ARG, "no such pool", own.kind);
    if (x->row || plni_is_input(net, layer->input)) return plni_refuse(net, PLN_ERR_SHAPE, "a pool must follow a layer of images", 0);
    if (own.size == 0 && x->extent.height != x->extent.width)
        return plni_refuse(net, PLN_ERR_SHAPE, "a pool of the whole image wants a square, and its width is not its height", x->extent.width);
    if (own.size == 0) own.size = own.stride = x->extent.height;
    if (own.stride == 0) own.stride = own.size;
    if (own.stride > own.size) return plni_refuse(net, PLN_ERR_ARG, "a pool's stride must be 1 up to its side", own.stride);
    if (2 * own.pad > own.size) return plni_refuse(net, PLN_ERR_ARG, "a pool's padding must be at most half its side", own.pad);
    if (own.pad > x->extent.height || own.pad > x->extent.width)
        return plni_refuse(net, PLN_ERR_ARG, "a pool's padding must be at most the side of the image", own.pad);
    if (own.kind == PLN_POOL_MAX && own.size > LARGEST_FUSED)
        return plni_refuse(net, PLN_ERR_SHAPE, "the side of a pool of maxima must be 1..15", own.size);
    if (own.size > x->extent.height + 2 * own.pad || own.size > x->extent.width + 2 * own.pad)
        return plni_refuse_size(net, "a pool", own.size, x->extent.height, x->extent.width, "an image of");
    own.in = x->extent;
    put_own(layer, &own);
    look(layer, &own, x, may_fuse(layer, &own, net));
    return PLN_OK;
}

/* By then somebody else may read the spikes too. */
static pln_status complete(plni_layer *layer, pln_net *net)
{
    const pool_own own = own_of(layer);

    if (layer->role == PLNI_POINTWISE && !plni_joins(net, layer->number))
        look(layer, &own, plni_value(net, layer->input), false);
    return PLN_OK;
}

static int window(const plni_layer *layer) { return own_of(layer).size; }

static void tell(const plni_layer *layer, pln_layer_info *info)
{
    const pool_own own = own_of(layer);

    info->pool = own.kind;
    info->window = own.size;
    info->stride = own.stride;
    info->pad = own.pad;
}

/* ---- in the tiles of neurons ---------------------------------------------------------- */

static const uint16_t *spikes_at(const plni_tile *tile, int t, int position)
{
    return tile->spike + ((ptrdiff_t)t * tile->places + position) * (tile->drive.depth / 16);
}

/* Byte i of the result is bit i of a byte. */
static uint64_t spread_bits(unsigned byte)
{
    const uint64_t copies = 0x8040201008040201u & (byte * 0x0101010101010101u);

    return (copies + 0x00406070787c7e7fu) >> 7 & 0x0101010101010101u;
}

/* One window over spikes at one step: their sums, or whether there is one. */
static void pool_window(const plni_tile *tile, int side, bool largest, int t, int column)
{
    const plni_signal *y = tile->y;
    const int blocks = tile->drive.depth / 16, width = tile->x->extent.width;
    const ptrdiff_t to = plni_tile_output(tile, y, t) + column;

    for (int b = 0; b < blocks; b++) {
        uint64_t sum[2] = { 0 };                    /* sixteen bytes */
        unsigned any = 0;
        for (int i = 0; i < side * side; i++) {
            const unsigned bits = spikes_at(tile, t, i / side * width + column * side + i % side)[b];
            any |= bits;
            sum[0] += spread_bits(bits & 255);
            sum[1] += spread_bits(bits >> 8);
        }
        if (largest) {
            sum[0] = spread_bits(any & 255);
            sum[1] = spread_bits(any >> 8);
        }
        if (y->form == PLNI_SUMS) memcpy(y->sum + to * y->depth + b * 16, sum, sizeof sum);
        else y->bits[to * y->words + b / 4] = (b % 4 ? y->bits[to * y->words + b / 4] : 0) | (uint64_t)any << b % 4 * 16;
    }
}

void plni_pool_spikes(plni_tile *tile, int side, bool largest)
{
    for (int t = 0; tile->line < tile->y->extent.height && t < tile->y->steps; t++)
        for (int column = 0; column < tile->y->extent.width; column++) pool_window(tile, side, largest, t, column);
    tile->holds = PLNI_IN_OUTPUT;
}

static void tile_forward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const pool_own own = own_of(layer);

    (void)io;
    plni_pool_spikes(tile, own.size, own.kind == PLN_POOL_MAX);
}

/* The position of a window that its gradient goes to: the first spike. */
static int first_spike(const plni_tile *tile, int side, int t, int column, int c)
{
    const int width = tile->x->extent.width;

    for (int i = 0; i < side * side; i++) {
        const int position = i / side * width + column * side + i % side;
        if (spikes_at(tile, t, position)[c / 16] >> (c % 16) & 1) return position;
    }
    return column * side;
}

/* The gradient of one window's spikes at one step, from that of what the pool gave. */
static void unpool_window(const plni_tile *tile, const pool_own *own, int t, int column, const float *from, float *to)
{
    const int side = own->size, depth = tile->drive.depth, width = tile->x->extent.width;

    if (own->kind == PLN_POOL_MAX) {
        for (int c = 0; c < depth; c++) to[first_spike(tile, side, t, column, c) * depth + c] = tile->unit * from[c];
        return;
    }
    for (int i = 0; i < side * side; i++) {
        float *here = to + (i / side * width + column * side + i % side) * depth;
        for (int c = 0; c < depth; c++) here[c] = tile->unit * from[c];
    }
}

static void tile_backward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const pool_own own = own_of(layer);
    const plni_signal *dy = tile->dy;
    const int depth = tile->drive.depth, neurons = layer->number - 1;

    (void)io;
    if (own.kind == PLN_POOL_MAX)
        tile->net->layer[neurons].ops->tile_forward(&tile->net->layer[neurons], &tile->pass->at[neurons], tile);
    tile->slope = tile->scratch;
    tile->slope_step = (ptrdiff_t)tile->places * depth;
    memset(tile->scratch, 0, (size_t)(tile->pass->steps * tile->places * depth) * sizeof *tile->scratch);
    for (int t = 0; tile->line < dy->extent.height && t < dy->steps; t++)
        for (int column = 0; column < dy->extent.width; column++)
            unpool_window(tile, &own, t, column,
                          dy->value + ((ptrdiff_t)t * tile->pass->samples + tile->sample) * dy->stride +
                              (ptrdiff_t)(tile->line * dy->extent.width + column) * depth,
                          tile->scratch + t * tile->slope_step);
}

/* ---- on whole samples ------------------------------------------------------------------ */

/* What the rows of one sweep share. */
typedef struct job {
    const plni_layer    *layer;
    const plni_pass     *pass;
    const plni_layer_io *io;
    pool_own             own;
} job;

/* Of maxima: [batch rows][outputs][depth], the place of the largest in its window. */
static void *plan(const plni_layer *layer, const plni_pass *pass, const plni_stage *stage, plni_arena *arena)
{
    (void)stage;
    if (layer->role == PLNI_POINTWISE || own_of(layer).kind != PLN_POOL_MAX || !pass->training) return NULL;
    return plni_arena_take(arena, (size_t)(pass->batch * layer->out.steps) *
                           (size_t)(plni_positions(layer->out.extent) * layer->out.depth));
}

/* The place of the i-th value of a window of output (oy, ox); -1 if it is padding. */
static int place_in(const pool_own *own, int oy, int ox, int i)
{
    const int y = oy * own->stride - own->pad + i / own->size, x = ox * own->stride - own->pad + i % own->size;

    return y >= 0 && y < own->in.height && x >= 0 && x < own->in.width ? y * own->in.width + x : -1;
}

static void pool_place(const job *j, int row, int o)
{
    const plni_signal *x = j->io->x, *y = j->io->y;
    const int width = y->extent.width, depth = y->depth, all = j->own.size * j->own.size;
    const bool largest = j->own.kind == PLN_POOL_MAX;
    float *to = y->value + row * y->stride + (ptrdiff_t)o * depth, values[PLN_MAX_CHANNELS];
    uint8_t *where = j->io->workspace ? (uint8_t *)j->io->workspace + ((ptrdiff_t)row * plni_positions(y->extent) + o) * depth : NULL;

    bool first = true;                      /* in the image, whatever it is: so there is always a largest */

    for (int c = 0; c < depth; c++) to[c] = 0;
    for (int i = 0; i < all; i++) {
        const int place = place_in(&j->own, o / width, o % width, i);
        if (place < 0) continue;
        const float *from = plni_map_values(x, row, place, values);
        for (int c = 0; c < depth; c++) {
            if (!largest) {
                to[c] += from[c];
            } else if (first || from[c] > to[c]) {
                to[c] = from[c];
                if (where) where[c] = (uint8_t)i;
            }
        }
        first = false;
    }
    for (int c = 0; !largest && c < depth; c++) to[c] /= (float)all;
}

static void forward_row(void *arg, int row)
{
    const job *j = arg;

    for (int o = 0; o < plni_positions(j->io->y->extent); o++) pool_place(j, row, o);
}

static double work_of(const job *j)
{
    return VISIT * j->pass->samples * j->io->x->steps * (double)j->io->y->stride * j->own.size * j->own.size;
}

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    job j = { layer, pass, io, own_of(layer) };

    (void)first;
    plni_parallel(pass->ctx, last * io->x->steps, work_of(&j), PLNI_UP, forward_row, &j);
}

static void unpool_place(const job *j, int row, int o)
{
    const plni_signal *dy = j->io->dy, *dx = j->io->dx;
    const int width = dy->extent.width, depth = dy->depth, all = j->own.size * j->own.size;
    const float *from = dy->value + row * dy->stride + (ptrdiff_t)o * depth;
    const uint8_t *where = (uint8_t *)j->io->workspace;
    float *row_of = dx->value + row * dx->stride;

    if (j->own.kind == PLN_POOL_MAX) {
        where += ((ptrdiff_t)row * plni_positions(dy->extent) + o) * depth;
        for (int c = 0; c < depth; c++)
            row_of[(ptrdiff_t)place_in(&j->own, o / width, o % width, where[c]) * depth + c] += from[c];
        return;
    }
    for (int i = 0; i < all; i++) {
        const int place = place_in(&j->own, o / width, o % width, i);
        if (place >= 0) j->pass->kernels->axpy(row_of + (ptrdiff_t)place * depth, from, 1 / (float)all, depth);
    }
}

/* Windows share places, so a row's are added one after the other. */
static void backward_row(void *arg, int row)
{
    const job *j = arg;
    const plni_signal *dx = j->io->dx;

    if (!j->layer->adds) memset(dx->value + row * dx->stride, 0, (size_t)dx->stride * sizeof(float));
    for (int o = 0; o < plni_positions(j->io->dy->extent); o++) unpool_place(j, row, o);
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    job j = { layer, pass, io, own_of(layer) };

    (void)first;
    plni_parallel(pass->ctx, last * io->x->steps, work_of(&j), PLNI_UP, backward_row, &j);
}

/* The place of a maximum changes while states relax, so a pool of maxima is not linear. */
static plni_part part(const plni_layer *layer)
{
    return own_of(layer).kind == PLN_POOL_AVERAGE ? PLNI_LINEAR : PLNI_CANNOT_RELAX;
}

const plni_layer_ops plni_pool_ops = {
    .name = "pool",
    .role = PLNI_WINDOW,
    .place = PLNI_POOL,
    .options = plni_pool_options,
    .fit = fit,
    .complete = complete,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .tile_forward = tile_forward,
    .tile_backward = tile_backward,
    .window = window,
    .part = part,
    .tell = tell,
};
