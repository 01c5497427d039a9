/* conv_winograd.c - dense convolutions 3x3 and their input gradients by F(4x4, 3x3)
 *
 * The input gradient is the convolution of dy with the taps in reverse order and
 * inputs and outputs exchanged, so both passes are one product that differs in how
 * the weights are read.  They are brought to the 36 points first, as many blocks of
 * outputs at a time as the shared memory holds; then chunks of tiles go through
 * all steps in a thread's own memory. */

#include "tensor/conv_shape.h"

#include "base/arena.h"
#include "base/shape.h"

#include <string.h>

enum {
    POINTS = 36, SIDE = 4, SEEN = 6,      /* of a tile: its results, what it sees      */
    BLOCK = 64,                           /* outputs of a block                        */
    TILES = 24,                           /* of a chunk at most: a multiple of what is in registers */
    SKEW = 16,                            /* keeps points apart in the cache           */
    WEIGHT_FLOATS = 5 << 18               /* of all blocks at a time, if one is not more */
};

/* A product in either direction. */
typedef struct product {
    const plni_conv_job *j;
    int                  in, out;         /* depths                                    */
    int                  across, tiles;   /* in a line of an image, in all             */
    int                  chunk;           /* tiles in it                               */
    int                  block, blocks;   /* the first of those at work, and how many  */
} product;

static int blocks_at_once(int in, int out)
{
    return plni_smaller(plni_share(out, BLOCK), plni_larger(WEIGHT_FLOATS / (POINTS * BLOCK * in), 1));
}

static size_t shared_floats(int in, int out) { return (size_t)(POINTS * BLOCK * in) * (size_t)blocks_at_once(in, out); }

/* A thread's memory. */
typedef struct own {
    float *v;                 /* [POINTS][tiles][in] and SKEW                          */
    float *m;                 /* [POINTS][tiles][BLOCK] and SKEW                       */
    float *seen;              /* [SEEN][SEEN][in]                                      */
    ptrdiff_t v_point, m_point;
} own;

/* For chunks of so many tiles or fewer. */
static own take_own(plni_arena *arena, int in, int tiles)
{
    own l = { .v_point = tiles * in + SKEW, .m_point = tiles * BLOCK + SKEW };

    l.v = plni_arena_take(arena, (size_t)(POINTS * l.v_point) * sizeof(float));
    l.m = plni_arena_take(arena, (size_t)(POINTS * l.m_point) * sizeof(float));
    l.seen = plni_arena_take(arena, (size_t)(SEEN * SEEN * in) * sizeof(float));
    return l;
}

/* ---- weights -------------------------------------------------------------- */

static int block_width(const product *p, int block) { return plni_smaller(BLOCK, p->out - block * BLOCK); }

/* 16 inputs of one block: u[point][input][output of the block]. */
static void weights_chunk(void *arg, int chunk)
{
    const product *p = arg;
    const plni_conv *c = p->j->conv;
    const int b = chunk / (p->in / 16), input = chunk % (p->in / 16) * 16, width = block_width(p, p->block + b);
    float *u = p->j->scratch->shared + (ptrdiff_t)b * POINTS * BLOCK * p->in + (ptrdiff_t)input * width;
    const ptrdiff_t point = (ptrdiff_t)p->in * width, tap = (ptrdiff_t)c->in_depth * c->out_depth;

    for (int o = 0; o < width; o += 16) {
        const int output = (p->block + b) * BLOCK + o;
        if (p->j->pass == PLNI_CONV_BACKWARD) {
            _Alignas(64) float transposed[9 * 16 * 16];
            for (int t = 0; t < 9; t++) plni_conv_transpose_taps(p->j, t, input, output, transposed + t * 16 * 16, 16);
            p->j->kernels->winograd_weights(u + o, point, width, transposed, 16 * 16, 16, 16);
        } else if (!p->j->weight) {
            _Alignas(64) float unpacked[9 * 16 * 16];
            for (int t = 0; t < 9; t++) plni_conv_pack(p->j, t, input, 16, output, 16, unpacked + t * 16 * 16);
            p->j->kernels->winograd_weights(u + o, point, width, unpacked, 16 * 16, 16, 16);
        } else
            p->j->kernels->winograd_weights(u + o, point, width, p->j->weight + (ptrdiff_t)input * p->out + output, tap,
                                            p->out, 16);
    }
}

/* ---- tiles ---------------------------------------------------------------- */

/* A tile's image, and the first of its results. */
typedef struct tile {
    int row, y, x;
} tile;

static tile tile_of(const product *p, int number)
{
    const int down = plni_share(p->j->y->extent.height, SIDE), an_image = down * p->across, at = number % an_image;

    return (tile){ number / an_image, at / p->across * SIDE, at % p->across * SIDE };
}

static void copy_pixel(const product *p, int row, int y, int x, float *to)
{
    const plni_signal *map = p->j->x;
    const plni_extent image = map->extent;
    const ptrdiff_t place = (ptrdiff_t)row * plni_positions(image) + y * image.width + x;

    if (y < 0 || y >= image.height || x < 0 || x >= image.width)
        memset(to, 0, (size_t)p->in * sizeof *to);
    else if (map->form == PLNI_SPIKES)
        p->j->kernels->spread_spikes(to, map->bits + place * map->words, p->in);
    else if (map->form == PLNI_SUMS)
        p->j->kernels->spread_sums(to, map->sum + place * map->depth, p->in, map->unit);
    else
        memcpy(to, map->value + place * p->in, (size_t)p->in * sizeof *to);
}

/* What a tile sees, to the 36 points; copied first where it is not there as floats or
 * reaches over the edge. */
static void enter(const product *p, tile t, const own *l, float *v)
{
    const plni_extent image = p->j->x->extent;
    const ptrdiff_t line = (ptrdiff_t)image.width * p->in;
    const int y = t.y - 1, x = t.x - 1;

    if (p->j->x->form == PLNI_VALUES && y >= 0 && x >= 0 && y + SEEN <= image.height && x + SEEN <= image.width) {
        p->j->kernels->winograd_in(v, l->v_point, p->j->x->value + t.row * p->j->x->stride + y * line + x * p->in, line,
                                   p->in, p->in);
        return;
    }
    for (int i = 0; i < SEEN * SEEN; i++) copy_pixel(p, t.row, y + i / SEEN, x + i % SEEN, l->seen + (ptrdiff_t)i * p->in);
    p->j->kernels->winograd_in(v, l->v_point, l->seen, (ptrdiff_t)SEEN * p->in, p->in, p->in);
}

/* A tile's results back from the points: added to what is there, or to the bias. */
static void leave(const product *p, tile t, int output, int width, const float *m, ptrdiff_t point)
{
    static _Alignas(64) const float zeros[BLOCK] = { 0 };
    const plni_extent image = p->j->y->extent;
    const ptrdiff_t line = (ptrdiff_t)image.width * p->out;
    float *y = p->j->y->value + t.row * p->j->y->stride + t.y * line + (ptrdiff_t)t.x * p->out + output;
    const float *from = p->j->add ? y : p->j->bias ? p->j->bias + output : zeros;

    p->j->kernels->winograd_out(y, line, p->out, from, p->j->add ? line : 0, p->j->add ? p->out : 0, m, point,
                                plni_smaller(SIDE, image.height - t.y), plni_smaller(SIDE, image.width - t.x), width);
}

static void tiles_chunk(void *arg, int chunk)
{
    const product *p = arg;
    const int first = chunk * p->chunk, tiles = plni_smaller(p->chunk, p->tiles - first);
    plni_arena arena = { .base = (char *)plni_conv_own(p->j) };
    const own l = take_own(&arena, p->in, p->chunk);

    for (int t = 0; t < tiles; t++) enter(p, tile_of(p, first + t), &l, l.v + (ptrdiff_t)t * p->in);
    for (int b = 0; b < p->blocks; b++) {
        const int width = block_width(p, p->block + b);
        const float *u = p->j->scratch->shared + (ptrdiff_t)b * POINTS * BLOCK * p->in;
        for (int point = 0; point < POINTS; point++)
            p->j->kernels->winograd_product(l.m + point * l.m_point, BLOCK, l.v + point * l.v_point, p->in,
                                            u + (ptrdiff_t)point * p->in * width, width, p->in, tiles);
        for (int t = 0; t < tiles; t++)
            leave(p, tile_of(p, first + t), (p->block + b) * BLOCK, width, l.m + t * BLOCK, l.m_point);
    }
}

static int tiles_of(const plni_conv *c, int rows) { return rows * plni_share(c->in.width, SIDE) * plni_share(c->in.height, SIDE); }

static void run(pln_ctx *ctx, plni_conv_job *job)
{
    const plni_conv *c = job->conv;
    const bool back = job->pass == PLNI_CONV_BACKWARD;
    product p = { .j = job, .in = back ? c->out_depth : c->in_depth, .out = back ? c->in_depth : c->out_depth };
    const int all = plni_share(p.out, BLOCK), at_once = blocks_at_once(p.in, p.out);

    p.across = plni_share(c->in.width, SIDE);
    p.tiles = tiles_of(c, job->rows);
    p.chunk = plni_share(p.tiles, plni_larger(plni_share(p.tiles, TILES), 1));         /* chunks of one size */
    for (p.block = 0; p.block < all; p.block += at_once) {
        p.blocks = plni_smaller(at_once, all - p.block);
        plni_parallel(ctx, p.blocks * (p.in / 16), (double)shared_floats(p.in, p.out), PLNI_UP, weights_chunk, &p);
        plni_parallel(ctx, plni_share(p.tiles, plni_larger(p.chunk, 1)), plni_conv_work(job) / 4 * p.blocks / all, PLNI_UP,
                      tiles_chunk, &p);
    }
}

static bool fits(const plni_conv *conv)
{
    return plni_conv_is_3x3(conv) && conv->in_depth % 16 == 0 && conv->out_depth % 16 == 0;
}

static bool can(const plni_conv *conv, plni_conv_pass pass, plni_form form)
{
    (void)form;
    return pass != PLNI_CONV_GRADIENT && fits(conv);
}

static plni_conv_scratch need(const plni_conv *conv, int rows, bool training)
{
    const int in = conv->in_depth, out = conv->out_depth;
    plni_arena arena = { 0 };

    (void)training;
    if (!fits(conv)) return plni_conv_scratch_of(0, 0);
    (void)take_own(&arena, plni_larger(in, out), plni_smaller(tiles_of(conv, rows), TILES));
    const size_t up = shared_floats(in, out), down = shared_floats(out, in);
    return plni_conv_scratch_of(arena.used / sizeof(float), up > down ? up : down);
}

const plni_conv_algorithm plni_conv_winograd = { "winograd", can, need, { run, run, NULL } };
