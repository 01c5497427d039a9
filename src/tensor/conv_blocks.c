/* conv_blocks.c - convolutions 3x3 whose filters were pruned sixteen at a time, and their weight gradients
 *
 * Sixteen filters of one tap and channel are there or not together, and are a vector.  A strip is some
 * hundred neighbouring places.  The sums of sixteen filters there, with a border that takes what
 * falls outside, are a tile in the L1 cache, and each block that is there adds itself where its
 * channel is active: spikes and weights are both walked, and nothing is searched for.  For the
 * gradient the tile holds deltas, and each block adds up what it meets. */

#include "tensor/conv_shape.h"

#include "base/arena.h"
#include "base/shape.h"

#include <string.h>

enum {
    OUTPUTS = 288,            /* places of a strip                            */
    TILE_PLACES = 464,        /* and with its border                          */
    ENOUGH_CHUNKS = 8,        /* below that, filters are shared out too; groups of strips, of gradients */
    PART_FLOATS = 5 << 19,    /* of all groups at most                        */
    TILE = 16, TAPS = 9
};

/* Share of the blocks, up to which there is memory for their gradients. */
static const double MOST_BLOCKS = 0.25;

/* Up to how many blocks for each that live weights would fill these are walked by blocks alone. */
static const double FULL = 1.5;

/* How a product is cut, by its size and never by the number of threads. */
typedef struct cut {
    int images, lines;        /* of a strip: whole images, or lines of one    */
    int strips_an_image;      /* 1 if there are whole images                  */
    int strips;
    int pitch;                /* places from line to line of a tile           */
    int places;               /* of a tile                                    */
    int sixteens, group, groups;
} cut;

/* Whole images lie below one another with a line between them; lines of one have those above and below with them.
 * There is a line above all, and a place in front of each line, which is also behind the one above. */
static int tile_places(int images, int height, int pitch) { return (1 + images * (height + 1)) * pitch + 1; }

static bool is_whole(const plni_conv *c) { return plni_positions(c->in) <= OUTPUTS; }

static cut cut_of(const plni_conv *c, int rows)
{
    cut k = { .images = 1, .lines = c->in.height, .strips_an_image = 1, .pitch = c->in.width + 1, .sixteens = c->out_depth / TILE };

    if (!is_whole(c)) {
        k.lines = plni_larger(plni_smaller(OUTPUTS / c->in.width, PLNI_STRIP / c->in.width - 2), 1);
        k.strips_an_image = plni_share(c->in.height, k.lines);
    } else
        while ((k.images + 1) * plni_positions(c->in) <= OUTPUTS &&
               tile_places(k.images + 1, c->in.height, k.pitch) <= TILE_PLACES)
            k.images++;
    k.places = tile_places(k.images, is_whole(c) ? c->in.height : k.lines + 2, k.pitch);
    k.strips = plni_share(rows, k.images) * k.strips_an_image;
    k.group = plni_share(k.sixteens, plni_smaller(k.sixteens, plni_share(ENOUGH_CHUNKS, plni_larger(k.strips, 1))));
    k.groups = plni_share(k.sixteens, k.group);
    return k;
}

static bool fits(const plni_conv *c)
{
    return plni_conv_is_3x3(c) && c->out_depth % TILE == 0 && 3 * c->in.width <= PLNI_STRIP && cut_of(c, 1).places <= TILE_PLACES;
}

/* A thread's memory. */
typedef struct own {
    uint16_t *offset;
    float    *value;          /* of sums                                      */
    uint32_t *start;          /* [channels + 1]                               */
    float    *tile;           /* [places][TILE]                               */
    float    *slab;           /* [TAPS][channels][TILE], of single weights that are held */
} own;

static bool holds_single(const plni_live *live) { return !live->bits && !live->block.value; }

/* For so many rows or fewer. */
static own take_own(plni_arena *arena, const plni_conv *c, int rows)
{
    const size_t entries = (size_t)plni_smaller(PLNI_STRIP, rows * plni_positions(c->in)) * (size_t)c->in_depth + 16;

    return (own){
        .offset = plni_arena_take(arena, entries * sizeof(uint16_t)),
        .value = plni_arena_take(arena, entries * sizeof(float)),
        .start = plni_arena_take(arena, ((size_t)c->in_depth + 1) * sizeof(uint32_t)),
        .tile = plni_arena_take(arena, TILE_PLACES * TILE * sizeof(float)),
        .slab = c->live && holds_single(c->live) ? plni_arena_take(arena, (size_t)(TAPS * c->in_depth * TILE) * sizeof(float)) : NULL,
    };
}

/* Lines first..first+lines-1 of images row..row+images-1, and where the first of them is in a tile; inputs of lines
 * from..end-1 reach them. */
typedef struct strip {
    int row, images, first, lines, from, end;
} strip;

static strip strip_of(const plni_conv *c, const cut *k, int rows, int number)
{
    strip s = { .row = number / k->strips_an_image * k->images, .first = number % k->strips_an_image * k->lines };

    s.images = plni_smaller(k->images, rows - s.row);
    s.lines = plni_smaller(k->lines, c->in.height - s.first);
    s.from = plni_larger(s.first - 1, 0);
    s.end = plni_smaller(s.first + s.lines + 1, c->in.height);
    return s;
}

/* Place x = 0 of line `line` of an image in a tile. */
static int tile_line(const plni_conv *c, const cut *k, const strip *s, int image, int line)
{
    const int above = is_whole(c) ? image * (c->in.height + 1) + line : line - (s->first - 1);
    return (1 + above) * k->pitch + 1;
}

/* Lists the active places of each channel. */
static void list_active(const plni_conv_job *j, const cut *k, const strip *s, const own *o)
{
    const plni_signal *x = j->x;
    const plni_extent image = j->conv->in;
    const int depth = j->conv->in_depth;
    const ptrdiff_t first = (ptrdiff_t)s->row * plni_positions(image) + s->from * image.width;
    uint16_t place[PLNI_STRIP + 16];
    int n = 0;

    for (int i = 0; i < s->images; i++)
        for (int y = s->from; y < s->end; y++)
            for (int c = 0; c < image.width; c++)
                place[n++] = (uint16_t)((tile_line(j->conv, k, s, i, y) + c) * TILE * (int)sizeof(float));
    o->start[0] = 0;
    for (int c = 0; c < depth; c += 64) {
        const int channels = plni_smaller(64, depth - c);
        if (x->form == PLNI_SPIKES)
            j->kernels->columns(o->offset, o->start + c, x->bits + first * x->words + c / 64, x->words, 0, channels, n, place);
        else
            j->kernels->sum_columns(o->offset, o->value, o->start + c, x->sum + first * x->depth + c, x->depth, channels, n,
                                    place, x->unit);
    }
}

/* From a place's to where each tap sends what is there, in floats. */
static void find_shifts(const cut *k, int32_t *shift)
{
    for (int t = 0; t < TAPS; t++) shift[t] = -TILE * ((t / 3 - 1) * k->pitch + t % 3 - 1);
}

static const float *values_of(const plni_conv_job *j, const own *o) { return j->x->form == PLNI_SUMS ? o->value : NULL; }

/* ---- forward -------------------------------------------------------------- */

/* Where the outputs of sixteen filters in a line of an image are. */
static float *outputs(const plni_conv_job *j, const strip *s, int image, int line, int sixteen)
{
    const plni_conv *c = j->conv;
    const ptrdiff_t place = ((ptrdiff_t)(s->row + image) * c->in.height + line) * c->in.width;

    return j->y->value + place * c->out_depth + sixteen * TILE;
}

/* Adds the blocks of sixteen filters to the tile. */
static void add_blocks(const plni_conv_job *j, const own *o, const int32_t *shift, int b)
{
    const plni_conv *c = j->conv;
    const plni_live_lists *block = &c->live->block;
    const uint32_t first = block->start[b];
    const float *weight = j->weight ? j->weight + b * TILE : o->slab;
    ptrdiff_t channel = j->weight ? c->out_depth : TILE, tap = c->in_depth * channel, next = 0;

    if (block->value) weight = block->value + (ptrdiff_t)first * TILE, tap = channel = 0, next = TILE;
    else if (!j->weight) plni_live_unpack_blocks(c->live, b, o->slab);
    j->kernels->block_sums(o->tile, shift, block->entry + first, (int)(block->start[b + 1] - first), weight, tap, channel, next,
                           o->start, o->offset, values_of(j, o));
}

static void forward_chunk(void *arg, int chunk)
{
    const plni_conv_job *j = arg;
    const plni_conv *c = j->conv;
    const cut k = cut_of(c, j->rows);
    const strip s = strip_of(c, &k, j->rows, chunk / k.groups);
    const int group = chunk % k.groups * k.group;
    plni_arena arena = { .base = (char *)plni_conv_own(j) };
    const own o = take_own(&arena, c, j->rows);
    int32_t shift[TAPS];

    find_shifts(&k, shift);
    list_active(j, &k, &s, &o);
    memset(o.tile, 0, (size_t)(k.places * TILE) * sizeof(float));
    for (int b = group; b < plni_smaller(group + k.group, k.sixteens); b++) {
        add_blocks(j, &o, shift, b);
        for (int i = 0; i < s.images; i++)
            for (int y = s.first; y < s.first + s.lines; y++)
                j->kernels->unload(outputs(j, &s, i, y, b), c->out_depth, o.tile + tile_line(c, &k, &s, i, y) * TILE,
                                   j->bias ? j->bias + b * TILE : NULL, c->in.width);
    }
}

static void forward(pln_ctx *ctx, plni_conv_job *job)
{
    const cut k = cut_of(job->conv, job->rows);

    plni_parallel(ctx, k.strips * k.groups, plni_conv_active_work(job) * job->conv->live->blocks, PLNI_UP, forward_chunk, job);
}

/* ---- gradient ------------------------------------------------------------- */

/* How many groups of strips there are sums for. */
static int strip_groups(const plni_conv *c, const cut *k)
{
    const int most = plni_larger((int)(PART_FLOATS / (MOST_BLOCKS * (double)plni_conv_weights(c))), 1);
    return plni_larger(plni_smaller(plni_smaller(ENOUGH_CHUNKS, most), k->strips), 1);
}

static ptrdiff_t block_floats(const plni_live *live) { return (ptrdiff_t)live->block.start[live->block.count] * TILE; }

/* The sums of one group of strips over all blocks. */
static void gradient_chunk(void *arg, int group)
{
    const plni_conv_job *j = arg;
    const plni_conv *c = j->conv;
    const cut k = cut_of(c, j->rows);
    const plni_live_lists *block = &c->live->block;
    const int groups = strip_groups(c, &k);
    float *part = j->scratch->shared + group * block_floats(c->live);
    plni_arena arena = { .base = (char *)plni_conv_own(j) };
    const own o = take_own(&arena, c, j->rows);
    int32_t shift[TAPS];

    find_shifts(&k, shift);
    memset(part, 0, (size_t)block_floats(c->live) * sizeof *part);
    for (int n = (int)((int64_t)k.strips * group / groups); n < (int)((int64_t)k.strips * (group + 1) / groups); n++) {
        const strip s = strip_of(c, &k, j->rows, n);
        list_active(j, &k, &s, &o);
        memset(o.tile, 0, (size_t)(k.places * TILE) * sizeof(float));
        for (int b = 0; b < k.sixteens; b++) {
            const uint32_t first = block->start[b];
            for (int i = 0; i < s.images; i++)
                for (int y = s.first; y < s.first + s.lines; y++)
                    j->kernels->pack(o.tile + tile_line(c, &k, &s, i, y) * TILE, TILE, 0,
                                     j->d->value + (((ptrdiff_t)(s.row + i) * c->in.height + y) * c->in.width) * c->out_depth +
                                         b * TILE, c->out_depth, c->in.width, 1);
            j->kernels->block_dots(part + (ptrdiff_t)first * TILE, shift, block->entry + first, (int)(block->start[b + 1] - first),
                                   o.tile, o.start, o.offset, values_of(j, &o));
        }
    }
}

/* Adds the parts up, in order, for sixteen filters. */
static void sum_chunk(void *arg, int b)
{
    const plni_conv_job *j = arg;
    const plni_conv *c = j->conv;
    const cut k = cut_of(c, j->rows);
    const plni_live_lists *block = &c->live->block;

    for (uint32_t e = block->start[b]; e < block->start[b + 1]; e++) {
        const ptrdiff_t row = (ptrdiff_t)(block->entry[e] % TAPS) * c->in_depth + block->entry[e] / TAPS;
        float *to = j->into + row * c->out_depth + b * TILE;
        float sum[TILE] = { 0 };
        for (int g = 0; g < strip_groups(c, &k); g++) {
            const float *from = j->scratch->shared + g * block_floats(c->live) + (ptrdiff_t)e * TILE;
            for (int i = 0; i < TILE; i++) sum[i] += from[i];
        }
        for (int i = 0; i < TILE; i++) to[i] += j->scale * sum[i];
    }
}

static void gradient(pln_ctx *ctx, plni_conv_job *job)
{
    const cut k = cut_of(job->conv, job->rows);

    plni_parallel(ctx, strip_groups(job->conv, &k), plni_conv_active_work(job) * job->conv->live->blocks, PLNI_UP, gradient_chunk, job);
    plni_parallel(ctx, k.sixteens, (double)(strip_groups(job->conv, &k) * block_floats(job->conv->live)), PLNI_UP, sum_chunk, job);
}

static bool can(const plni_conv *conv, plni_conv_pass pass, plni_form form)
{
    return conv->live && fits(conv) && form != PLNI_VALUES && pass != PLNI_CONV_BACKWARD && conv->live->blocks <= MOST_BLOCKS;
}

bool plni_conv_by_blocks(const plni_conv *conv)
{
    return can(conv, PLNI_CONV_FORWARD, PLNI_SPIKES) && conv->live->blocks <= FULL * conv->live->share;
}

static plni_conv_scratch need(const plni_conv *conv, int rows, bool training)
{
    plni_arena arena = { 0 };

    if (!fits(conv)) return plni_conv_scratch_of(0, 0);
    const cut k = cut_of(conv, rows);
    (void)take_own(&arena, conv, rows);
    return plni_conv_scratch_of(arena.used / sizeof(float),
                                training ? (size_t)(MOST_BLOCKS * strip_groups(conv, &k) * (double)plni_conv_weights(conv)) + 1 : 0);
}

const plni_conv_algorithm plni_conv_blocks = { "blocks", can, need, { forward, NULL, gradient } };
