/* conv_live.c - convolutions 3x3 that walk the weights a mask left
 *
 * Lanes are places, one image after the other: 256 of them are a tile.  What is active in x becomes
 * planes, a bit a place for each channel, and these one plane for each tap, moved by where the tap
 * looks and 0 where that is outside of the image.  A live weight adds itself to the sums of a filter at all
 * places of its plane at once, so its time does not depend on how many neurons fire.  Sums of spikes
 * are planes of their binary digits. */

#include "tensor/conv_shape.h"

#include "base/arena.h"
#include "base/shape.h"

#include <string.h>

enum {
    PLACES = 256,             /* of a tile                                    */
    WORDS = PLACES / 64,
    AROUND = 1,               /* words of places before a tile, and behind    */
    WIDEST = 62,              /* of an image, so that taps look no further    */
    ENOUGH_CHUNKS = 8,        /* below that, filters are shared out too       */
    PART_FLOATS = 5 << 19,    /* of all groups' gradients at most             */
    TAPS = 9
};

/* Share of the weights, up to which there is memory for their gradients. */
static const double MOST_LIVE = 0.2;

/* How a product is cut, by its size and never by the number of threads. */
typedef struct cut {
    int places, tiles;        /* all places, and tiles of them                */
    int sixteens;             /* filters, sixteen at a time                   */
    int group, groups;        /* of those                                     */
} cut;

static cut cut_of(const plni_conv *c, int rows)
{
    cut k = { .places = rows * plni_positions(c->out), .sixteens = c->out_depth / 16 };

    k.tiles = plni_share(k.places, PLACES);
    k.group = plni_share(k.sixteens, plni_smaller(k.sixteens, plni_share(ENOUGH_CHUNKS, plni_larger(k.tiles, 1))));
    k.groups = plni_share(k.sixteens, k.group);
    return k;
}

/* A thread's memory. */
typedef struct own {
    uint64_t *around;         /* [WORDS + 2 AROUND][channels] planes          */
    uint64_t *plane;          /* [WORDS][TAPS][channels]                      */
    uint64_t *inside;         /* [TAPS][WORDS]                                */
    float    *sum;            /* [16][PLACES]                                 */
    int32_t  *at;             /* [PLACES]                                     */
} own;

static own take_own(plni_arena *arena, const plni_conv *c)
{
    const size_t channels = (size_t)c->in_depth;

    return (own){
        .around = plni_arena_take(arena, (WORDS + 2 * AROUND) * channels * sizeof(uint64_t)),
        .plane = plni_arena_take(arena, WORDS * TAPS * channels * sizeof(uint64_t)),
        .inside = plni_arena_take(arena, TAPS * WORDS * sizeof(uint64_t)),
        .sum = plni_arena_take(arena, 16 * PLACES * sizeof(float)),
        .at = plni_arena_take(arena, PLACES * sizeof(int32_t)),
    };
}

/* ---- planes --------------------------------------------------------------- */

/* Which of some places have a tap inside the image. */
static void find_inside(const plni_conv *c, int first, uint64_t *inside)
{
    const int height = c->in.height, width = c->in.width;
    int x = first % width, y = first / width % height;

    for (int w = 0; w < WORDS; w++) {
        uint64_t left = 0, right = 0, above = 0, below = 0;
        for (int i = 0; i < 64; i++) {
            left |= (uint64_t)(x > 0) << i, right |= (uint64_t)(x < width - 1) << i;
            above |= (uint64_t)(y > 0) << i, below |= (uint64_t)(y < height - 1) << i;
            if (++x < width) continue;
            x = 0;
            if (++y == height) y = 0;
        }
        for (int t = 0; t < TAPS; t++)
            inside[t * WORDS + w] = (t % 3 == 0 ? left : t % 3 == 2 ? right : ~(uint64_t)0) &
                                    (t / 3 == 0 ? above : t / 3 == 2 ? below : ~(uint64_t)0);
    }
}

/* Planes of places `first` - 64 AROUND on, of digit `digit` of sums. */
static void make_around(const plni_conv_job *j, int first, int places, int digit, uint64_t *around)
{
    const plni_signal *x = j->x;
    const int depth = j->conv->in_depth, from = plni_larger(first - 64 * AROUND, 0);
    const int n = plni_smaller(first + PLACES + 64 * AROUND, places) - from, skip = from == first ? AROUND : 0;
    const int made = skip + plni_share(n, 64);

    memset(around, 0, (size_t)(skip * depth) * sizeof *around);
    memset(around + (ptrdiff_t)made * depth, 0, (size_t)((WORDS + 2 * AROUND - made) * depth) * sizeof *around);
    for (int c = 0; c < depth; c += 64) {
        uint64_t *to = around + (ptrdiff_t)skip * depth + c;
        const int channels = plni_smaller(64, depth - c);
        if (x->form == PLNI_SPIKES)
            j->kernels->planes(to, depth, x->bits + (ptrdiff_t)from * x->words + c / 64, x->words, channels, n);
        else
            j->kernels->sum_planes(to, depth, x->sum + (ptrdiff_t)from * x->depth + c, x->depth, digit, channels, n);
    }
}

static void make_planes(const plni_conv_job *j, const own *o)
{
    const int depth = j->conv->in_depth, width = j->conv->in.width;

    for (int t = 0; t < TAPS; t++)
        for (int w = 0; w < WORDS; w++) {
            const int from = 64 * (w + AROUND) + (t / 3 - 1) * width + t % 3 - 1;
            const uint64_t *low = o->around + (ptrdiff_t)(from / 64) * depth;
            j->kernels->moved(o->plane + ((ptrdiff_t)w * TAPS + t) * depth, low, low + (from % 64 ? depth : 0), from % 64,
                              o->inside[t * WORDS + w], depth);
        }
}

/* ---- forward -------------------------------------------------------------- */

/* Sixteen filters at the places of a tile. */
static void add_sixteen(const plni_conv_job *j, const own *o, int first, int n, int sixteen, int digit)
{
    const plni_conv *c = j->conv;
    const plni_live_lists *up = &c->live->up;
    const float scale = plni_conv_digit(j->x, digit);
    float *y = j->y->value + (ptrdiff_t)first * c->out_depth + 16 * sixteen;

    for (int f = 0; f < 16; f++) {
        const uint32_t *start = up->start + 16 * sixteen + f;
        for (int i = f * PLACES / 16; i < plni_smaller(n, (f + 1) * PLACES / 16); i++) __builtin_prefetch(y + o->at[i], 1);
        j->kernels->live_bits(o->sum + f * PLACES, o->plane, (ptrdiff_t)TAPS * c->in_depth, n, up->entry + start[0],
                              up->value + start[0], (int)(start[1] - start[0]), scale, false);
    }
    j->kernels->to_channels(y, o->at, o->sum, PLACES, n,
                            j->bias ? j->bias + 16 * sixteen : NULL, digit > 0);
}

static void forward_chunk(void *arg, int chunk)
{
    const plni_conv_job *j = arg;
    const cut k = cut_of(j->conv, j->rows);
    const int first = chunk / k.groups * PLACES, n = plni_smaller(PLACES, k.places - first), group = chunk % k.groups * k.group;
    plni_arena arena = { .base = (char *)plni_conv_own(j) };
    const own o = take_own(&arena, j->conv);
    const int digits = plni_conv_digits(j->x, first, n);

    find_inside(j->conv, first, o.inside);
    for (int i = 0; i < PLACES; i++) o.at[i] = i * j->conv->out_depth;
    for (int digit = 0; digit < digits; digit++) {
        make_around(j, first, k.places, digit, o.around);
        make_planes(j, &o);
        for (int s = group; s < plni_smaller(group + k.group, k.sixteens); s++) add_sixteen(j, &o, first, n, s, digit);
    }
}

static void forward(pln_ctx *ctx, plni_conv_job *job)
{
    const cut k = cut_of(job->conv, job->rows);

    plni_live_pack_up(ctx, job->conv->live, job->weight);
    plni_parallel(ctx, k.tiles * k.groups, plni_conv_work(job) * job->conv->live->share, PLNI_UP, forward_chunk, job);
}

/* ---- backward ------------------------------------------------------------- */

/* What is around a place of images that lie one after the other with a line of zeros behind each, and
 * a zero behind each line: where taps look outside there are zeros. */
typedef struct back {
    int around;               /* places before and behind a tile              */
    int lanes;                /* of a plane, those included                   */
    int places, tiles;        /* of all images, zeros included                */
    int sixteens, group, groups;      /* of channels                          */
    int blocks;               /* of filters                                   */
} back;

static int pitch_of(const plni_conv *c) { return c->in.width + 1; }

static back back_of(const plni_conv *c, int rows)
{
    back k = { .around = (int)plni_round_up(pitch_of(c) + 1, 16), .sixteens = c->in_depth / 16,
               .places = rows * (c->in.height + 1) * pitch_of(c), .blocks = plni_share(c->out_depth, PLNI_LIVE_FILTERS) };

    k.lanes = PLACES + 2 * k.around;
    k.tiles = plni_share(k.places, PLACES);
    k.group = plni_share(k.sixteens, plni_smaller(k.sixteens, plni_share(ENOUGH_CHUNKS, plni_larger(k.tiles, 1))));
    k.groups = plni_share(k.sixteens, k.group);
    return k;
}

/* A thread's memory. */
typedef struct deltas {
    float   *plane;           /* [PLNI_LIVE_FILTERS][lanes]                   */
    float   *sum;             /* [channels of a group][PLACES]                */
    int32_t *place, *from, *to;       /* [lanes]                              */
    int32_t *offset;          /* [TAPS PLNI_LIVE_FILTERS]                     */
} deltas;

static deltas take_deltas(plni_arena *arena, const back *k)
{
    return (deltas){
        .plane = plni_arena_take(arena, (size_t)(PLNI_LIVE_FILTERS * k->lanes) * sizeof(float)),
        .sum = plni_arena_take(arena, (size_t)(k->group * 16 * PLACES) * sizeof(float)),
        .place = plni_arena_take(arena, (size_t)k->lanes * sizeof(int32_t)),
        .from = plni_arena_take(arena, (size_t)k->lanes * sizeof(int32_t)),
        .to = plni_arena_take(arena, PLACES * sizeof(int32_t)),
        .offset = plni_arena_take(arena, TAPS * PLNI_LIVE_FILTERS * sizeof(int32_t)),
    };
}

/* The place in the images of each lane from place `first` on, -1 for zeros; *least is the lowest. */
static void find_places(const plni_conv *c, const back *k, int first, int32_t *place, int32_t *least)
{
    const int pitch = pitch_of(c), size = (c->in.height + 1) * pitch;

    *least = INT32_MAX;
    for (int i = 0, p = first - k->around; i < k->lanes; i++, p++) {
        const int image = p / size, y = p % size / pitch, x = p % pitch;
        const bool inside = p >= 0 && p < k->places && y < c->in.height && x < c->in.width;
        place[i] = inside ? (image * c->in.height + y) * c->in.width + x : -1;
        if (inside && place[i] < *least) *least = place[i];
    }
}

static void backward_chunk(void *arg, int chunk)
{
    const plni_conv_job *j = arg;
    const plni_conv *c = j->conv;
    const back k = back_of(c, j->rows);
    const int first = chunk / k.groups * PLACES, group = chunk % k.groups * k.group;
    const int last = plni_smaller(group + k.group, k.sixteens);
    const plni_live_lists *down = &c->live->down;
    plni_arena arena = { .base = (char *)plni_conv_own(j) };
    const deltas d = take_deltas(&arena, &k);
    int32_t least;

    find_places(c, &k, first, d.place, &least);
    if (least == INT32_MAX) return;
    for (int i = 0; i < k.lanes; i++) d.from[i] = d.place[i] < 0 ? -1 : (d.place[i] - least) * c->out_depth;
    for (int i = 0; i < PLACES; i++)
        d.to[i] = d.place[i + k.around] < 0 ? -1 : (d.place[i + k.around] - least) * c->in_depth;
    for (int t = 0; t < TAPS; t++)
        for (int f = 0; f < PLNI_LIVE_FILTERS; f++)
            d.offset[t * PLNI_LIVE_FILTERS + f] = f * k.lanes + k.around - (t / 3 - 1) * pitch_of(c) - (t % 3 - 1);
    for (int b = 0; b < k.blocks; b++) {
        const float *dy = j->x->value + (ptrdiff_t)least * c->out_depth + b * PLNI_LIVE_FILTERS;
        for (int f = 0; f < plni_smaller(PLNI_LIVE_FILTERS, c->out_depth - b * PLNI_LIVE_FILTERS); f += 16)
            j->kernels->to_lanes(d.plane + f * k.lanes, k.lanes, dy + f, d.from, k.lanes);
        for (int i = group * 16; i < last * 16; i++) {
            const uint32_t *start = down->start + b * c->in_depth + i;
            j->kernels->live_values(d.sum + (i - group * 16) * PLACES, d.plane, d.offset, PLACES, down->entry + start[0],
                                    down->value + start[0], (int)(start[1] - start[0]), b > 0);
        }
    }
    for (int s = group; s < last; s++)
        j->kernels->to_channels(j->y->value + (ptrdiff_t)least * c->in_depth + 16 * s, d.to, d.sum + (s - group) * 16 * PLACES,
                                PLACES, PLACES, NULL, j->add);
}

static void backward(pln_ctx *ctx, plni_conv_job *job)
{
    const back k = back_of(job->conv, job->rows);

    plni_live_pack_down(ctx, job->conv->live, job->weight);
    plni_parallel(ctx, k.tiles * k.groups, plni_conv_work(job) * job->conv->live->share, PLNI_UP, backward_chunk, job);
}

/* ---- gradient ------------------------------------------------------------- */

/* How many groups of tiles there are sums for. */
static int tile_groups(const plni_conv *c, const cut *k)
{
    const int most = plni_larger((int)(PART_FLOATS / (MOST_LIVE * (double)plni_conv_weights(c))), 1);
    return plni_larger(plni_smaller(plni_smaller(ENOUGH_CHUNKS, most), k->tiles), 1);
}

static size_t live_floats(const plni_live *live) { return live->up.start[live->up.count]; }

/* The sums of one group of tiles over all live weights. */
static void gradient_chunk(void *arg, int group)
{
    const plni_conv_job *j = arg;
    const plni_conv *c = j->conv;
    const cut k = cut_of(c, j->rows);
    const plni_live_lists *up = &c->live->up;
    const int groups = tile_groups(c, &k);
    float *part = j->scratch->shared + (size_t)group * live_floats(c->live);
    plni_arena arena = { .base = (char *)plni_conv_own(j) };
    const own o = take_own(&arena, c);

    memset(part, 0, live_floats(c->live) * sizeof *part);
    for (int i = 0; i < PLACES; i++) o.at[i] = i * c->out_depth;
    for (int t = (int)((int64_t)k.tiles * group / groups); t < (int)((int64_t)k.tiles * (group + 1) / groups); t++) {
        const int first = t * PLACES, n = plni_smaller(PLACES, k.places - first), digits = plni_conv_digits(j->x, first, n);

        find_inside(c, first, o.inside);
        for (int i = n; i < PLACES; i++) o.at[i] = -1;
        for (int digit = 0; digit < digits; digit++) {
            const float scale = plni_conv_digit(j->x, digit);
            make_around(j, first, k.places, digit, o.around);
            make_planes(j, &o);
            for (int s = 0; s < k.sixteens; s++) {
                j->kernels->to_lanes(o.sum, PLACES, j->d->value + (ptrdiff_t)first * c->out_depth + 16 * s, o.at, PLACES);
                for (int f = 0; f < 16; f++) {
                    const uint32_t *start = up->start + 16 * s + f;
                    j->kernels->live_dots(part + start[0], o.plane, (ptrdiff_t)TAPS * c->in_depth, up->entry + start[0],
                                          (int)(start[1] - start[0]), o.sum + f * PLACES, n, scale);
                }
            }
        }
    }
}

/* Adds the parts up, in order, for sixteen filters. */
static void sum_chunk(void *arg, int sixteen)
{
    const plni_conv_job *j = arg;
    const plni_conv *c = j->conv;
    const cut k = cut_of(c, j->rows);
    const plni_live_lists *up = &c->live->up;

    for (int f = 16 * sixteen; f < 16 * sixteen + 16; f++)
        for (uint32_t e = up->start[f]; e < up->start[f + 1]; e++) {
            float sum = 0;
            for (int g = 0; g < tile_groups(c, &k); g++) sum += j->scratch->shared[(size_t)g * live_floats(c->live) + e];
            j->into[(ptrdiff_t)up->entry[e] * c->out_depth + f] += j->scale * sum;
        }
}

static void gradient(pln_ctx *ctx, plni_conv_job *job)
{
    const cut k = cut_of(job->conv, job->rows);

    plni_parallel(ctx, tile_groups(job->conv, &k), plni_conv_work(job) * job->conv->live->share, PLNI_UP, gradient_chunk, job);
    plni_parallel(ctx, k.sixteens, (double)((size_t)tile_groups(job->conv, &k) * live_floats(job->conv->live)), PLNI_UP, sum_chunk, job);
}

static bool fits(const plni_conv *conv)
{
    return plni_conv_is_3x3(conv) && conv->in.width <= WIDEST && conv->in_depth % 16 == 0 && conv->out_depth % 16 == 0;
}

static bool can(const plni_conv *conv, plni_conv_pass pass, plni_form form)
{
    if (!conv->live || !fits(conv) || (pass == PLNI_CONV_FORWARD && plni_conv_by_blocks(conv))) return false;
    if (pass == PLNI_CONV_GRADIENT && conv->live->share > MOST_LIVE) return false;
    return pass == PLNI_CONV_BACKWARD || form != PLNI_VALUES;
}

static plni_conv_scratch need(const plni_conv *conv, int rows, bool training)
{
    plni_arena up = { 0 }, down = { 0 };

    if (!fits(conv)) return plni_conv_scratch_of(0, 0);
    (void)take_own(&up, conv);
    back k = back_of(conv, rows);
    k.group = k.sixteens;         /* as with more rows */
    if (training) (void)take_deltas(&down, &k);
    const cut learn = cut_of(conv, rows);
    const double parts = training ? MOST_LIVE * tile_groups(conv, &learn) * (double)plni_conv_weights(conv) : 0;
    return plni_conv_scratch_of((up.used > down.used ? up.used : down.used) / sizeof(float), (size_t)parts);
}

const plni_conv_algorithm plni_conv_live = { "live", can, need, { forward, backward, gradient } };
