/* conv_matmul.c - products over what is active in x, without a window
 *
 * Layers that join all with all, and kernels of 1x1: each place of y sees one part of x
 * and no two see the same, so x is a matrix of places and inputs.  64 inputs are worked
 * on at a time, and both passes are what the kernel `windows` computes: forward, sums
 * of rows of weights over the active inputs of a place; in the gradient, sums of rows
 * of deltas over the places where an input is active. */

#include "tensor/conv_shape.h"

#include "base/arena.h"
#include "base/shape.h"

#include <string.h>

enum {
    INPUTS = 64,              /* of a block: one word of bits                     */
    FEWEST = 16,              /* of a block, for it to be worth while             */
    PLACES = 1024,            /* of a chunk, forward                              */
    STRIP = 240,              /* of places, gradient: offsets have 16 bits        */
    WIDEST_TILE = 64,         /* outputs at a time                                */
    BLOCKS = 4,               /* of a chunk, gradient: share the tile of deltas   */
    ENOUGH_CHUNKS = 8         /* forward; below that outputs are shared out too   */
};

/* How a product is cut, by its size and never by the number of threads. */
typedef struct cut {
    int places, chunks;       /* in all, and chunks of PLACES                     */
    int spots;                /* positions of x that a place sees                 */
    int words, blocks;        /* blocks of a spot, in all                         */
    int width, tiles;         /* outputs of a tile                                */
    int groups, group;        /* tiles of a group                                 */
} cut;

static cut cut_of(const plni_conv *c, int rows)
{
    cut k = { .places = rows * plni_positions(c->out), .spots = plni_conv_taps(c),
              .words = plni_share(c->in_depth, INPUTS),
              .width = c->out_depth % WIDEST_TILE == 0 ? WIDEST_TILE : c->out_depth % 32 == 0 ? 32 : 16 };

    k.blocks = k.spots * k.words;
    k.chunks = plni_share(k.places, PLACES);
    k.tiles = c->out_depth / k.width;
    k.group = plni_share(k.tiles, plni_smaller(k.tiles, plni_share(ENOUGH_CHUNKS, plni_larger(k.chunks, 1))));
    k.groups = plni_share(k.tiles, k.group);
    return k;
}

/* A thread's memory, forward. */
typedef struct lists {
    uint16_t    *offset;
    float       *value;       /* of sums                                          */
    uint32_t    *start;       /* [PLACES + 1]                                     */
    plni_window *window;      /* [PLACES]                                         */
    float       *packed;      /* [INPUTS][WIDEST_TILE]                            */
} lists;

/* For so many places or fewer. */
static lists take_lists(plni_arena *arena, int all)
{
    const size_t places = (size_t)plni_smaller(all, PLACES);

    return (lists){
        .offset = plni_arena_take(arena, (places * INPUTS + 16) * sizeof(uint16_t)),
        .value = plni_arena_take(arena, (places * INPUTS + 16) * sizeof(float)),
        .start = plni_arena_take(arena, (places + 1) * sizeof(uint32_t)),
        .window = plni_arena_take(arena, places * sizeof(plni_window)),
        .packed = plni_arena_take(arena, INPUTS * WIDEST_TILE * sizeof(float)),
    };
}

/* A thread's memory, gradient. */
typedef struct columns {
    uint16_t    *offset;      /* of all blocks                                    */
    float       *value;
    uint32_t    *start;       /* [BLOCKS INPUTS + 1]                              */
    plni_window *window;      /* [BLOCKS INPUTS]                                  */
    float       *delta;       /* [STRIP][WIDEST_TILE]                             */
} columns;

static columns take_columns(plni_arena *arena)
{
    return (columns){
        .offset = plni_arena_take(arena, (BLOCKS * INPUTS * STRIP + 16) * sizeof(uint16_t)),
        .value = plni_arena_take(arena, (BLOCKS * INPUTS * STRIP + 16) * sizeof(float)),
        .start = plni_arena_take(arena, (BLOCKS * INPUTS + 1) * sizeof(uint32_t)),
        .window = plni_arena_take(arena, BLOCKS * INPUTS * sizeof(plni_window)),
        .delta = plni_arena_take(arena, STRIP * WIDEST_TILE * sizeof(float)),
    };
}

/* The inputs of a block: which spot, from which channel, how many, and the row of the
 * weights that the first of them has. */
typedef struct block {
    int spot, channel, inputs;
    ptrdiff_t row;
} block;

static block block_of(const plni_conv *c, const cut *k, int number)
{
    const int spot = number / k->words, channel = number % k->words * INPUTS;

    return (block){ spot, channel, plni_smaller(INPUTS, c->in_depth - channel), (ptrdiff_t)spot * c->in_depth + channel };
}

/* The first place's bits or bytes of a block. */
static const uint64_t *bits_of(const plni_signal *x, const cut *k, const block *b, int place)
{
    return x->bits + ((ptrdiff_t)place * k->spots + b->spot) * x->words + b->channel / INPUTS;
}

static const uint8_t *bytes_of(const plni_signal *x, const cut *k, const block *b, int place)
{
    return x->sum + ((ptrdiff_t)place * k->spots + b->spot) * x->depth + b->channel;
}

static void make_windows(const uint32_t *start, int n, plni_window *window)
{
    for (int i = 0; i < n; i++) window[i] = (plni_window){ start[i], (uint16_t)(start[i + 1] - start[i]), (uint16_t)i };
}

/* ---- forward -------------------------------------------------------------- */

/* The active inputs of a block at places first..first+n-1. */
static void list_inputs(const plni_conv_job *j, const cut *k, const block *b, int first, int n, const lists *l)
{
    const plni_signal *x = j->x;
    const int step = k->width * (int)sizeof(float);

    l->start[0] = 0;
    if (x->form == PLNI_SPIKES)
        j->kernels->spikes(l->offset, l->start, bits_of(x, k, b, first), x->words * k->spots, 0, b->inputs, 1, n, 0, step);
    else
        j->kernels->sums(l->offset, l->value, l->start, bytes_of(x, k, b, first), x->depth * k->spots, b->inputs, 1, n,
                         0, step, x->unit);
    make_windows(l->start, n, l->window);
}

/* Some places, outputs of one group of tiles.  The first block begins with the bias. */
static void forward_chunk(void *arg, int chunk)
{
    static const _Alignas(64) float zeros[WIDEST_TILE] = { 0 };
    const plni_conv_job *j = arg;
    const cut k = cut_of(j->conv, j->rows);
    const ptrdiff_t ldy = j->conv->out_depth;
    const int first = chunk / k.groups * PLACES, n = plni_smaller(PLACES, k.places - first), group = chunk % k.groups * k.group;
    plni_arena arena = { .base = (char *)plni_conv_own(j) };
    const lists l = take_lists(&arena, k.places);

    for (int number = 0; number < k.blocks; number++) {
        const block b = block_of(j->conv, &k, number);
        list_inputs(j, &k, &b, first, n, &l);
        for (int t = group; t < plni_smaller(group + k.group, k.tiles); t++) {
            float *y = j->y->value + first * ldy + t * k.width;
            const float *bias = j->bias ? j->bias + t * k.width : zeros;
            plni_conv_pack(j, b.spot, b.channel, b.inputs, t * k.width, k.width, l.packed);
            j->kernels->windows(y, ldy, number ? y : bias, number ? ldy : 0, l.packed, k.width, l.window, n, l.offset,
                                j->x->form == PLNI_SUMS ? l.value : NULL);
        }
    }
}

static void forward(pln_ctx *ctx, plni_conv_job *job)
{
    const cut k = cut_of(job->conv, job->rows);

    plni_parallel(ctx, k.chunks * k.groups, plni_conv_active_work(job), PLNI_UP, forward_chunk, job);
}

/* ---- gradient ------------------------------------------------------------- */

/* Where each input of some blocks is active among places first..first+n-1; values are
 * those of x times scale. */
static void list_places(const plni_conv_job *j, const cut *k, int from, int blocks, int first, int n, columns *l)
{
    const plni_signal *x = j->x;
    uint16_t place[STRIP + 16];
    int inputs = 0;

    for (int i = 0; i < n; i++) place[i] = (uint16_t)(i * k->width * (int)sizeof(float));
    l->start[0] = 0;
    for (int i = from; i < from + blocks; i++) {
        const block b = block_of(j->conv, k, i);
        if (x->form == PLNI_SPIKES)
            j->kernels->columns(l->offset, l->start + inputs, bits_of(x, k, &b, first), x->words * k->spots, 0, b.inputs,
                                n, place);
        else
            j->kernels->sum_columns(l->offset, l->value, l->start + inputs, bytes_of(x, k, &b, first),
                                    x->depth * k->spots, b.inputs, n, place, x->unit * j->scale);
        make_windows(l->start + inputs, b.inputs, l->window + inputs);
        inputs += b.inputs;
    }
    for (uint32_t e = 0; x->form == PLNI_SPIKES && e < l->start[inputs]; e++) l->value[e] = j->scale;
}

/* All places and outputs for the weights of some blocks; strips of places in order. */
static void gradient_chunk(void *arg, int chunk)
{
    const plni_conv_job *j = arg;
    const cut k = cut_of(j->conv, j->rows);
    const ptrdiff_t depth = j->conv->out_depth;
    const int from = chunk * BLOCKS, blocks = plni_smaller(BLOCKS, k.blocks - from);
    plni_arena arena = { .base = (char *)plni_conv_own(j) };
    columns l = take_columns(&arena);

    for (int first = 0; first < k.places; first += STRIP) {
        const int n = plni_smaller(STRIP, k.places - first);
        list_places(j, &k, from, blocks, first, n, &l);
        for (int t = 0; t < k.tiles; t++) {
            const plni_window *window = l.window;
            j->kernels->pack(l.delta, k.width, 16, j->d->value + first * depth + t * k.width, depth, n, k.width / 16);
            for (int i = from; i < from + blocks; i++) {
                const block b = block_of(j->conv, &k, i);
                float *into = j->into + b.row * depth + t * k.width;
                j->kernels->windows(into, depth, into, depth, l.delta, k.width, window, b.inputs, l.offset, l.value);
                window += b.inputs;
            }
        }
    }
}

static void gradient(pln_ctx *ctx, plni_conv_job *job)
{
    const cut k = cut_of(job->conv, job->rows);

    plni_parallel(ctx, plni_share(k.blocks, BLOCKS), plni_conv_active_work(job), PLNI_UP, gradient_chunk, job);
}

static bool fits(const plni_conv *c)
{
    const bool is_1x1 = c->kernel_height == 1 && c->kernel_width == 1 && c->stride == 1 && c->pad == 0;

    return c->in_depth >= FEWEST && c->out_depth % 16 == 0 && (is_1x1 || plni_conv_is_full(c));
}

static bool can(const plni_conv *conv, plni_conv_pass pass, plni_form form)
{
    return pass != PLNI_CONV_BACKWARD && form != PLNI_VALUES && fits(conv);
}

static plni_conv_scratch need(const plni_conv *conv, int rows, bool training)
{
    plni_arena up = { 0 }, learn = { 0 };

    if (fits(conv)) (void)take_lists(&up, rows * plni_positions(conv->out));
    if (fits(conv) && training) (void)take_columns(&learn);
    return plni_conv_scratch_of((learn.used > up.used ? learn.used : up.used) / sizeof(float), 0);
}

const plni_conv_algorithm plni_conv_matmul = { "events", can, need, { forward, NULL, gradient } };
