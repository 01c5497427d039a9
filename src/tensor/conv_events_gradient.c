/* conv_events_gradient.c - the weight gradient of convolutions 3x3 over what is active in x
 *
 * A strip is some hundred neighbouring positions.  Its deltas, 16 outputs at a time,
 * are copied into a tile with a border of zeros or of what is around, which fits into
 * the L1 cache; each active input of the strip then adds the nine deltas around
 * it, and the sums of a channel stay in registers for a strip.
 *
 * The strips are cut into groups, whose sums are added in order at the end, so that
 * there is work for several threads where there are few outputs. */

#include "tensor/conv_shape.h"

#include "base/arena.h"
#include "base/shape.h"

#include <assert.h>
#include <string.h>

enum {
    POSITIONS = 288,          /* of a strip                                   */
    TILE_PLACES = 464,        /* of a strip with its border                   */
    MOST_TILES = 8,           /* of 16 outputs, that share the lists          */
    UNIT_ROWS = 1024,         /* tiles times inputs: their sums stay in the L2 cache */
    ENOUGH_CHUNKS = 8,        /* what groups are made for                     */
    PART_FLOATS = 5 << 18,    /* of all groups at most                        */
    TILE = 16, TAPS = 9
};

/* How a gradient is cut, by its size and never by the number of threads. */
typedef struct cut {
    int images, lines;        /* of a strip: whole images, or lines of one    */
    int strips_an_image;      /* 1 if there are whole images                  */
    int strips;
    int pitch;                /* places from line to line of a tile           */
    int places;               /* of a tile                                    */
    int tiles, unit, units;   /* of 16 outputs, of a unit, and units          */
    int groups;               /* of strips                                    */
} cut;

/* Images in a tile lie below one another with one line of zeros between them; a
 * line has one place of zeros in front, which is also behind the line above. */
static int tile_places(int images, int lines, int pitch) { return (1 + images * (lines + 1)) * pitch + 1; }

static cut cut_of(const plni_conv *c, int rows)
{
    const int height = c->in.height, positions = plni_positions(c->in);
    cut k = { .images = 1, .lines = height, .strips_an_image = 1, .pitch = c->in.width + 1 };

    if (positions > POSITIONS) {
        k.lines = plni_share(height, plni_share(positions, POSITIONS));
        k.strips_an_image = plni_share(height, k.lines);
    } else
        while ((k.images + 1) * positions <= POSITIONS && tile_places(k.images + 1, height, k.pitch) <= TILE_PLACES)
            k.images++;
    k.strips = plni_share(rows, k.images) * k.strips_an_image;
    k.places = tile_places(k.images, k.lines, k.pitch);
    k.tiles = c->out_depth / TILE;
    k.unit = plni_smaller(plni_larger(plni_smaller(UNIT_ROWS / c->in_depth, MOST_TILES), MOST_TILES / 2), k.tiles);
    k.units = plni_share(k.tiles, k.unit);
    k.groups = plni_smaller(plni_share(ENOUGH_CHUNKS, k.units), plni_larger((int)(PART_FLOATS / plni_conv_weights(c)), 1));
    k.groups = plni_larger(plni_smaller(k.groups, k.strips), 1);
    return k;
}

/* The wider an image, the more of a tile is border: what is not worth a strip of two
 * lines has another algorithm. */
static bool fits(const plni_conv *conv)
{
    enum { WIDEST = POSITIONS / 2, MOST = UINT16_MAX / (TILE * 4) };

    if (!plni_conv_is_3x3(conv) || conv->out_depth % TILE || conv->in.width > WIDEST) return false;
    return cut_of(conv, 1).places <= MOST;
}

/* A thread's memory. */
typedef struct own {
    uint16_t *offset;
    float    *value;          /* of sums                                      */
    uint32_t *start;          /* [channels + 1]                               */
    float    *delta;          /* [unit][places][TILE]                         */
    float    *part;           /* [unit][channels][TAPS][TILE], if there is one group */
} own;

static own take_own(plni_arena *arena, const plni_conv *c, const cut *k)
{
    const size_t entries = (size_t)(k->images * k->lines * c->in.width) * (size_t)c->in_depth + 16;

    return (own){
        .offset = plni_arena_take(arena, entries * sizeof(uint16_t)),
        .value = plni_arena_take(arena, entries * sizeof(float)),
        .start = plni_arena_take(arena, ((size_t)c->in_depth + 1) * sizeof(uint32_t)),
        .delta = plni_arena_take(arena, (size_t)(k->unit * k->places * TILE) * sizeof(float)),
        .part = plni_arena_take(arena, k->groups == 1 ? (size_t)(k->unit * c->in_depth * TAPS * TILE) * sizeof(float) : 0),
    };
}

static size_t shared_floats(const plni_conv *conv, const cut *k)
{
    return k->groups == 1 ? 0 : (size_t)k->groups * plni_conv_weights(conv);
}

/* Images row..row+images-1, their lines first..first+lines-1. */
typedef struct strip {
    int row, images, first, lines;
} strip;

static strip strip_of(const plni_conv *c, const cut *k, int rows, int number)
{
    const int row = number / k->strips_an_image * k->images, first = number % k->strips_an_image * k->lines;

    return (strip){ row, plni_smaller(k->images, rows - row), first, plni_smaller(k->lines, c->in.height - first) };
}

/* Line `line` of image `image` in a tile, from its border on; -1 is the one above. */
static int tile_line(const cut *k, const strip *s, int image, int line)
{
    return (1 + image * (s->lines + 1) + line) * k->pitch;
}

/* Where the positions of a strip are in a tile: the place above and to the left of
 * each, in bytes. */
static int make_places(const plni_conv *c, const cut *k, const strip *s, uint16_t *place)
{
    int n = 0;

    for (int i = 0; i < s->images; i++)
        for (int y = 0; y < s->lines; y++)
            for (int x = 0; x < c->in.width; x++)
                place[n++] = (uint16_t)((tile_line(k, s, i, y - 1) + x) * TILE * (int)sizeof(float));
    return n;
}

/* Lists the active places of each channel. */
static void list_active(const plni_conv_job *j, const cut *k, const strip *s, own *l)
{
    const plni_signal *x = j->x;
    const int depth = j->conv->in_depth;
    const ptrdiff_t first = (ptrdiff_t)s->row * plni_positions(x->extent) + s->first * x->extent.width;
    uint16_t place[PLNI_STRIP + 16];
    const int positions = make_places(j->conv, k, s, place);

    assert(positions <= PLNI_STRIP);
    l->start[0] = 0;
    for (int c = 0; c < depth; c += 64) {
        const int channels = plni_smaller(64, depth - c);
        if (x->form == PLNI_SPIKES)
            j->kernels->columns(l->offset, l->start + c, x->bits + first * x->words + c / 64, x->words, 0, channels,
                                positions, place);
        else
            j->kernels->sum_columns(l->offset, l->value, l->start + c, x->sum + first * x->depth + c, x->depth,
                                    channels, positions, place, x->unit);
    }
}

/* One line of some tiles: a place of zeros, then positions from dy or more zeros. */
static void copy_line(const plni_conv_job *j, const cut *k, const float *d, int tiles, float *delta)
{
    const ptrdiff_t plane = (ptrdiff_t)k->places * TILE;
    const int zeros = d ? 1 : k->pitch;

    for (int t = 0; t < tiles; t++) memset(delta + t * plane, 0, (size_t)(zeros * TILE) * sizeof *delta);
    if (d) j->kernels->pack(delta + TILE, TILE, plane, d, j->conv->out_depth, j->conv->in.width, tiles);
}

/* The deltas of a strip and what is around it, outputs of some tiles. */
static void copy_deltas(const plni_conv_job *j, const cut *k, const strip *s, int tile, int tiles, float *delta)
{
    const plni_extent image = j->conv->in;
    int place = 0;

    for (int i = 0; i < s->images; i++)
        for (int line = -1; line < s->lines + (i == s->images - 1); line++) {
            const int y = s->first + line;
            const bool inside = 0 <= y && y < image.height;
            const float *d = j->d->value + ((ptrdiff_t)(s->row + i) * plni_positions(image) + y * image.width) *
                                               j->conv->out_depth + tile * TILE;
            place = tile_line(k, s, i, line);
            copy_line(j, k, inside ? d : NULL, tiles, delta + (ptrdiff_t)place * TILE);
        }
    for (int t = 0; t < tiles; t++)
        memset(delta + ((ptrdiff_t)t * k->places + place + k->pitch) * TILE, 0, TILE * sizeof *delta);
}

/* into += scale times the sums of some tiles over `groups` groups. */
static void add_parts(const plni_conv_job *j, const cut *k, const float *part, int groups, int tile, int tiles)
{
    const plni_conv *c = j->conv;
    const size_t a_tile = (size_t)c->in_depth * TAPS * TILE, a_group = a_tile * (size_t)k->tiles;

    for (int t = 0; t < TAPS; t++)
        for (int i = 0; i < c->in_depth; i++)
            for (int f = 0; f < tiles; f++) {
                float *to = j->into + ((ptrdiff_t)t * c->in_depth + i) * c->out_depth + (tile + f) * TILE;
                const float *from = part + (size_t)f * a_tile + (size_t)((i * TAPS + t) * TILE);
                float sum[TILE] = { 0 };
                for (int g = 0; g < groups; g++)
                    for (int m = 0; m < TILE; m++) sum[m] += from[(size_t)g * a_group + (size_t)m];
                for (int m = 0; m < TILE; m++) to[m] += j->scale * sum[m];
            }
}

/* One group of strips for one unit of outputs. */
static void gradient_chunk(void *arg, int chunk)
{
    const plni_conv_job *j = arg;
    const plni_conv *c = j->conv;
    const cut k = cut_of(c, j->rows);
    const int group = chunk % k.groups, tile = chunk / k.groups * k.unit;
    const int tiles = plni_smaller(k.unit, k.tiles - tile), a_tile = c->in_depth * TAPS * TILE;
    const int first = (int)((int64_t)k.strips * group / k.groups), last = (int)((int64_t)k.strips * (group + 1) / k.groups);
    plni_arena arena = { .base = (char *)plni_conv_own(j) };
    own l = take_own(&arena, c, &k);
    assert(arena.used <= (size_t)j->scratch->stride * sizeof(float));
    float *part = k.groups == 1 ? l.part : j->scratch->shared + ((ptrdiff_t)group * k.tiles + tile) * a_tile;

    memset(part, 0, (size_t)(tiles * a_tile) * sizeof *part);
    for (int n = first; n < last; n++) {
        const strip s = strip_of(c, &k, j->rows, n);
        list_active(j, &k, &s, &l);
        copy_deltas(j, &k, &s, tile, tiles, l.delta);
        for (int t = 0; t < tiles; t++)
            j->kernels->taps(part + (ptrdiff_t)t * a_tile, l.delta + (ptrdiff_t)t * k.places * TILE, k.pitch, l.start,
                             c->in_depth, l.offset, j->x->form == PLNI_SUMS ? l.value : NULL);
    }
    if (k.groups == 1) add_parts(j, &k, part, 1, tile, tiles);
}

static void sum_chunk(void *arg, int tile)
{
    const plni_conv_job *j = arg;
    const cut k = cut_of(j->conv, j->rows);

    add_parts(j, &k, j->scratch->shared + (ptrdiff_t)tile * j->conv->in_depth * TAPS * TILE, k.groups, tile, 1);
}

static void gradient(pln_ctx *ctx, plni_conv_job *job)
{
    const cut k = cut_of(job->conv, job->rows);

    plni_parallel(ctx, k.units * k.groups, plni_conv_active_work(job), PLNI_UP, gradient_chunk, job);
    if (k.groups > 1) plni_parallel(ctx, k.tiles, (double)shared_floats(job->conv, &k), PLNI_UP, sum_chunk, job);
}

static bool can(const plni_conv *conv, plni_conv_pass pass, plni_form form)
{
    return pass == PLNI_CONV_GRADIENT && form != PLNI_VALUES && fits(conv);
}

static plni_conv_scratch need(const plni_conv *conv, int rows, bool training)
{
    plni_arena arena = { 0 };

    if (!training || !fits(conv)) return plni_conv_scratch_of(0, 0);
    cut k = cut_of(conv, rows);
    const size_t shared = shared_floats(conv, &k);
    k.groups = 1;                 /* as with fewer rows; a thread then holds more */
    (void)take_own(&arena, conv, &k);
    return plni_conv_scratch_of(arena.used / sizeof(float), shared);
}

const plni_conv_algorithm plni_conv_events_gradient = { "events", can, need, { NULL, NULL, gradient } };
