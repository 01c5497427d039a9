/* conv_events.c - convolutions 3x3 and their input gradients, computing only what is active
 *
 * Forward that is what is active in x; back it is the deltas that are not zero, where the
 * surrogate's derivative is 0 far from the threshold and no norm takes off means.  As in
 * conv_winograd.c the input gradient is the convolution of dy with the taps in reverse order
 * and inputs and outputs exchanged.
 *
 * The active channels of all pixels of an image row are one list, in which what a
 * place sees of that row, three pixels, is a contiguous slice, its window; all
 * vertical taps and all outputs share the lists.  An entry is where the row of weights
 * lies in a block that was packed to fit near the core: three horizontal taps, some
 * input channels, up to 64 outputs.  For each block the kernel goes over all places of
 * a chunk; sums stay in registers for a window.
 *
 * The tap that a pixel needs depends on which pixel of the window it is, and a slice
 * does not say.  So an entry holds x mod 3, the taps are packed in the order
 * 0 1 2 0 1, and windows that begin at the same x mod 3, which share a base among
 * those five, are worked on together: a phase. */

#include "tensor/conv_shape.h"

#include "base/arena.h"
#include "base/shape.h"

#include <string.h>

enum {
    PLACES = 1024,            /* of a chunk: y of one tile stays in the cache    */
    ENTRIES = 1 << 18,        /* of a chunk's lists, at most, if an image allows */
    MOST_PLACES = 4096,       /* in an image                                     */
    WIDE_BLOCK = 64,          /* channels of a block where little is active      */
    NARROW_BLOCK = 32,        /* and else                                        */
    WIDEST_TILE = 64,         /* outputs that a block of weights is for          */
    SLOTS = 5,                /* horizontal taps in a block: 0 1 2 0 1           */
    ENOUGH_CHUNKS = 8         /* below that, outputs are shared out too          */
};

/* Share of active channels from which smaller blocks, which are in the
 * L1 cache, are faster: bench/conv.c. */
static const double NARROW_FROM = 0.2;

/* How a product is cut, by its size and never by the number of threads. */
typedef struct cut {
    int images, chunks;       /* images of a chunk                */
    int width, tiles;         /* outputs of a tile                */
    int groups, group;        /* tiles of a group                 */
    int block, blocks;        /* input channels of a block        */
} cut;

static cut cut_of(int positions, int in, int out, int rows, double density)
{
    cut k = { .images = plni_larger(plni_smaller(plni_smaller(PLACES, ENTRIES / in) / positions, rows), 1),
              .width = out % WIDEST_TILE == 0 ? WIDEST_TILE : out % 32 == 0 ? 32 : 16,
              .block = density < NARROW_FROM ? WIDE_BLOCK : NARROW_BLOCK };

    k.chunks = plni_share(rows, k.images);
    k.tiles = out / k.width;
    k.group = plni_share(k.tiles, plni_smaller(k.tiles, plni_share(ENOUGH_CHUNKS, plni_larger(k.chunks, 1))));
    k.groups = plni_share(k.tiles, k.group);
    k.blocks = plni_share(in, k.block);
    return k;
}

/* A product in either direction. */
typedef struct product {
    const plni_conv_job *j;
    plni_extent          image;
    int                  in, out;         /* depths                        */
    cut                  k;
} product;

/* A thread's memory. */
typedef struct lists {
    uint16_t    *offset;
    float       *value;       /* if they are not all 1            */
    uint32_t    *start;       /* [blocks][places + 1]             */
    plni_window *window;      /* [blocks][places]                 */
    float       *packed;      /* [SLOTS][block][width]            */
    int          places;      /* of this chunk                    */
    int          images;
} lists;

static lists take_lists(plni_arena *arena, int positions, int in, const cut *k)
{
    const size_t places = (size_t)k->images * (size_t)positions;
    const size_t entries = places * (size_t)in + 16, blocks = (size_t)k->blocks;

    return (lists){
        .offset = plni_arena_take(arena, entries * sizeof(uint16_t)),
        .value = plni_arena_take(arena, entries * sizeof(float)),
        .start = plni_arena_take(arena, blocks * (places + 1) * sizeof(uint32_t)),
        .window = plni_arena_take(arena, blocks * places * sizeof(plni_window)),
        .packed = plni_arena_take(arena, (size_t)(SLOTS * k->block * k->width) * sizeof(float)),
    };
}

static size_t own_floats(int positions, int in, int out, int rows)
{
    plni_arena wide = { 0 }, narrow = { 0 };
    const cut w = cut_of(positions, in, out, rows, 0), n = cut_of(positions, in, out, rows, 1);

    (void)take_lists(&wide, positions, in, &w);
    (void)take_lists(&narrow, positions, in, &n);
    return (wide.used > narrow.used ? wide.used : narrow.used) / sizeof(float);
}

/* Lists the active channels of each block for images row..row+l->images-1. */
static void list_active(const product *p, int row, lists *l)
{
    const plni_signal *x = p->j->x;
    const cut *k = &p->k;
    const plni_kernels *kernels = p->j->kernels;
    const int step = k->width * (int)sizeof(float), tap_stride = k->block * step, height = l->images * x->extent.height;
    const ptrdiff_t place = (ptrdiff_t)row * plni_positions(x->extent);
    uint32_t n = 0;

    for (int b = 0; b < k->blocks; b++) {
        const int c = b * k->block, channels = plni_smaller(k->block, p->in - c);
        uint32_t *start = l->start + (ptrdiff_t)b * (l->places + 1);

        start[0] = n;
        if (x->form == PLNI_SPIKES)
            kernels->spikes(l->offset, start, x->bits + place * x->words + c / 64, x->words, c % 64, channels, height,
                            x->extent.width, tap_stride, step);
        else if (x->form == PLNI_SUMS)
            kernels->sums(l->offset, l->value, start, x->sum + place * x->depth + c, x->depth, channels, height,
                          x->extent.width, tap_stride, step, x->unit);
        else
            kernels->values(l->offset, l->value, start, x->value + place * x->depth + c, x->depth, channels, height,
                            x->extent.width, tap_stride, step);
        n = start[l->places];
    }
}

/* The phase of windows whose middle is x has x % 3 == first_x. */
static int first_x(int phase) { return (phase + 1) % 3; }
static int windows_in_row(int width, int phase) { return (width - first_x(phase) + 2) / 3; }

static plni_window *window_row(const uint32_t *start, int place, int width, int phase, plni_window *to)
{
    for (int x = first_x(phase); x < width; x += 3) {
        const uint32_t from = start[place + plni_larger(x - 1, 0)], end = start[place + plni_smaller(x + 2, width)];
        *to++ = (plni_window){ from, (uint16_t)(end - from), (uint16_t)(place + x) };
    }
    return to;
}

/* The windows of a block by phase; in a phase first those of the top rows of all
 * images and at the end those of the bottom rows, so that what has a row above or
 * below is contiguous. */
static void make_windows(plni_extent image, const lists *l, int block)
{
    const uint32_t *start = l->start + (ptrdiff_t)block * (l->places + 1);
    const int height = image.height, width = image.width, positions = plni_positions(image);
    plni_window *to = l->window + (ptrdiff_t)block * l->places;

    for (int phase = 0; phase < 3; phase++) {
        for (int i = 0; i < l->images; i++) to = window_row(start, i * positions, width, phase, to);
        for (int i = 0; i < l->images; i++)
            for (int y = 1; y < height - 1; y++) to = window_row(start, i * positions + y * width, width, phase, to);
        for (int i = 0; i < l->images; i++)
            to = window_row(start, i * positions + (height - 1) * width, width, phase, to);
    }
}

/* Vertical tap `ky` of the weights from some channels to the outputs of a tile. */
static void pack(const product *p, int ky, int block, int tile, float *to)
{
    const int width = p->k.width, first = block * p->k.block, channels = plni_smaller(p->k.block, p->in - first);
    const size_t slot = (size_t)p->k.block * (size_t)width;
    const bool back = p->j->pass == PLNI_CONV_BACKWARD;

    for (int kx = 0; kx < 3; kx++) {
        const int tap = ky * 3 + kx;
        float *at = to + (size_t)kx * slot;
        for (int i = 0; back && i < channels; i += 16)
            for (int o = 0; o < width; o += 16)
                plni_conv_transpose_taps(p->j, tap, first + i, tile * width + o, at + (ptrdiff_t)i * width + o, width);
        if (!back) plni_conv_pack(p->j, tap, first, channels, tile * width, width, at);
    }
    memcpy(to + 3 * slot, to, 2 * slot * sizeof(float));
}

/* Adds what one packed block sends to the tile's places.  The first block begins
 * with `first` instead of what is in y, if it is given. */
static void add_block(const product *p, const lists *l, int ky, int block, float *y, const float *first)
{
    const int height = p->image.height, width = p->image.width;
    const cut *k = &p->k;
    const plni_window *window = l->window + (ptrdiff_t)block * l->places;
    float *to = y + (ptrdiff_t)((1 - ky) * width) * p->out;

    for (int phase = 0; phase < 3; phase++) {
        const int edge = l->images * windows_in_row(width, phase), all = edge * height;
        const int skip = ky == 2 ? edge : 0, n = ky == 1 ? all : all - edge;
        p->j->kernels->windows(to, p->out, first ? first : to, first ? 0 : p->out,
                               l->packed + (3 - phase) % 3 * k->block * k->width, k->width, window + skip, n,
                               l->offset, p->j->x->form == PLNI_SPIKES ? NULL : l->value);
        window += all;
    }
}

/* What a tile's sums begin with; NULL: what is there. */
static const float *first_of(const plni_conv_job *j, int output)
{
    static _Alignas(64) const float zeros[WIDEST_TILE] = { 0 };

    if (j->add) return NULL;
    return j->bias ? j->bias + output : zeros;
}

/* All places of some images, outputs of one group of tiles. */
static void product_chunk(void *arg, int chunk)
{
    static const int order[] = { 1, 0, 2 };       /* the middle row of taps reaches all places, and begins */
    const product *p = arg;
    const cut *k = &p->k;
    const int row = chunk / k->groups * k->images, group = chunk % k->groups * k->group;
    plni_arena arena = { .base = (char *)plni_conv_own(p->j) };
    lists l = take_lists(&arena, plni_positions(p->image), p->in, k);

    l.images = plni_smaller(k->images, p->j->rows - row);
    l.places = l.images * plni_positions(p->image);
    list_active(p, row, &l);
    for (int b = 0; b < k->blocks; b++) make_windows(p->image, &l, b);
    for (int t = group; t < plni_smaller(group + k->group, k->tiles); t++) {
        float *y = p->j->y->value + row * p->j->y->stride + t * k->width;
        for (int b = 0; b < k->blocks; b++)
            for (int i = 0; i < 3; i++) {
                pack(p, order[i], b, t, l.packed);
                add_block(p, &l, order[i], b, y, b + i == 0 ? first_of(p->j, t * k->width) : NULL);
            }
    }
}

static void run(pln_ctx *ctx, plni_conv_job *job)
{
    const plni_conv *c = job->conv;
    const bool back = job->pass == PLNI_CONV_BACKWARD;
    product p = { .j = job, .image = c->in, .in = back ? c->out_depth : c->in_depth, .out = back ? c->in_depth : c->out_depth };

    p.k = cut_of(plni_positions(p.image), p.in, p.out, job->rows, job->density);
    plni_parallel(ctx, p.k.chunks * p.k.groups, plni_conv_active_work(job), PLNI_UP, product_chunk, &p);
}

/* Whether there is a product with so many outputs. */
static bool fits(const plni_conv *conv, int out)
{
    return plni_conv_is_3x3(conv) && out % 16 == 0 && conv->in.height > 1 && plni_positions(conv->in) <= MOST_PLACES;
}

static bool can(const plni_conv *conv, plni_conv_pass pass, plni_form form)
{
    if (pass == PLNI_CONV_BACKWARD) return fits(conv, conv->in_depth);
    return pass == PLNI_CONV_FORWARD && form != PLNI_VALUES && fits(conv, conv->out_depth);
}

static plni_conv_scratch need(const plni_conv *conv, int rows, bool training)
{
    const int positions = plni_positions(conv->in), in = conv->in_depth, out = conv->out_depth;
    const size_t up = fits(conv, out) ? own_floats(positions, in, out, rows) : 0;
    const size_t down = training && fits(conv, in) ? own_floats(positions, out, in, rows) : 0;

    return plni_conv_scratch_of(up > down ? up : down, 0);
}

const plni_conv_algorithm plni_conv_events = { "events", can, need, { run, run, NULL } };
