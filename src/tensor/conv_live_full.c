/* conv_live_full.c - layers that join all with all, forward over the weights a mask left
 *
 * Lanes are rows of x, up to 256 at a time.  A live weight adds itself to the sums of an output in all rows where
 * its input is active, which are bits of a plane, or adds its multiples of what the input is there.  Where rows
 * of floats fill a vector at most, outputs take turns; fewer rows are read where they lie. */

#include "tensor/conv_shape.h"

#include "base/arena.h"
#include "base/shape.h"

#include <string.h>

enum {
    ROWS = 256,               /* of a tile                                    */
    VALUE_ROWS = 64,          /* of floats                                    */
    FEW_ROWS = 16,            /* of floats, for which outputs take turns      */
    ENOUGH_CHUNKS = 8         /* below that, outputs are shared out too       */
};

/* How a product is cut, by its size and never by the number of threads. */
typedef struct cut {
    int rows, tiles;          /* of a tile, and how many                      */
    int sixteens, group, groups;      /* outputs, sixteen at a time           */
} cut;

static cut cut_of(const plni_conv *c, int rows, plni_form form)
{
    cut k = { .rows = form == PLNI_VALUES ? VALUE_ROWS : ROWS, .sixteens = c->out_depth / 16 };

    k.tiles = plni_share(rows, k.rows);
    k.group = plni_share(k.sixteens, plni_smaller(k.sixteens, plni_share(ENOUGH_CHUNKS, plni_larger(k.tiles, 1))));
    k.groups = plni_share(k.sixteens, k.group);
    return k;
}

static int inputs_of(const plni_conv *c) { return plni_conv_taps(c) * c->in_depth; }

/* A thread's memory. */
typedef struct own {
    void     *x;              /* planes [words][inputs], or of values lanes [inputs][stride] */
    int32_t  *offset;         /* [inputs]                                     */
    float    *sum;            /* [16][ROWS]                                   */
    int32_t  *at;             /* [ROWS]                                       */
    int       stride;         /* lanes of an input                            */
} own;

/* For `rows` rows or fewer. */
static own take_own(plni_arena *arena, const plni_conv *c, int rows)
{
    const size_t inputs = (size_t)plni_round_up(inputs_of(c), 16);
    const int words = plni_share(plni_smaller(rows, ROWS), 64);
    own o = { .stride = (int)plni_round_up(plni_smaller(plni_larger(rows, 1), VALUE_ROWS), 16) };

    o.sum = plni_arena_take(arena, 16 * ROWS * sizeof(float));
    o.at = plni_arena_take(arena, ROWS * sizeof(int32_t));
    o.offset = plni_arena_take(arena, inputs * sizeof(int32_t));
    const size_t planes = (size_t)plni_larger(words, 1) * sizeof(uint64_t), lanes = (size_t)o.stride * sizeof(float);
    o.x = plni_arena_take(arena, inputs * (planes > lanes ? planes : lanes));
    return o;
}

/* Planes of rows first..first+n-1, of digit `digit` of sums. */
static void make_planes(const plni_conv_job *j, int first, int n, int digit, uint64_t *plane)
{
    const plni_signal *x = j->x;
    const int depth = j->conv->in_depth, taps = plni_conv_taps(j->conv), inputs = inputs_of(j->conv);

    for (int t = 0; t < taps; t++)
        for (int c = 0; c < depth; c += 64) {
            uint64_t *to = plane + t * depth + c;
            const ptrdiff_t place = (ptrdiff_t)first * taps + t;
            const int channels = plni_smaller(64, depth - c);
            if (x->form == PLNI_SPIKES)
                j->kernels->planes(to, inputs, x->bits + place * x->words + c / 64, (ptrdiff_t)x->words * taps, channels, n);
            else
                j->kernels->sum_planes(to, inputs, x->sum + place * x->depth + c, (ptrdiff_t)x->depth * taps, digit, channels, n);
        }
}

static void make_lanes(const plni_conv_job *j, int first, int n, own *o)
{
    for (int i = 0; i < o->stride; i++) o->at[i] = i < n ? i * (int32_t)j->x->stride : -1;
    for (int i = 0; i < inputs_of(j->conv); i += 16)
        j->kernels->to_lanes((float *)o->x + (ptrdiff_t)i * o->stride, o->stride, j->x->value + first * j->x->stride + i, o->at, o->stride);
    for (int i = 0; i < inputs_of(j->conv); i++) o->offset[i] = i * o->stride;
}

/* Sixteen outputs of a few rows of floats. */
static void sum_few(const plni_conv_job *j, const own *o, int first, int n, int sixteen)
{
    const plni_live_lists *up = &j->conv->live->up;
    const uint32_t *start = up->start + 16 * sixteen;

    if (n > PLNI_ROWS_ALONE) j->kernels->live_few(o->sum, ROWS, o->x, o->stride, n, start, up->entry, up->value);
    for (int r = 0; r < n && n <= PLNI_ROWS_ALONE; r++)
        j->kernels->live_few(o->sum + r, ROWS, j->x->value + (first + r) * j->x->stride, 1, 1, start, up->entry, up->value);
}

static void sum_many(const plni_conv_job *j, const own *o, int n, int sixteen, int digit)
{
    const plni_conv *c = j->conv;
    const plni_live_lists *up = &c->live->up;
    const float scale = plni_conv_digit(j->x, digit);

    for (int f = 0; f < 16; f++) {
        const uint32_t *start = up->start + 16 * sixteen + f;
        const uint16_t *entry = up->entry + start[0];
        const float *value = up->value + start[0];
        const int live = (int)(start[1] - start[0]);
        if (j->x->form == PLNI_VALUES)
            j->kernels->live_values(o->sum + f * ROWS, o->x, o->offset, (int)plni_round_up(n, 16), entry, value, live, false);
        else
            j->kernels->live_bits(o->sum + f * ROWS, o->x, inputs_of(c), n, entry, value, live, scale, false);
    }
}

/* Sixteen outputs of n rows. */
static void add_sixteen(const plni_conv_job *j, const own *o, int first, int n, int sixteen, int digit)
{
    const int filters = j->conv->out_depth;
    float *y = j->y->value + (ptrdiff_t)first * filters + 16 * sixteen;

    if (j->x->form == PLNI_VALUES && n <= FEW_ROWS) sum_few(j, o, first, n, sixteen);
    else sum_many(j, o, n, sixteen, digit);
    for (int i = 0; i < n; i++) o->at[i] = i * filters;
    j->kernels->to_channels(y, o->at, o->sum, ROWS, n, j->bias ? j->bias + 16 * sixteen : NULL, digit > 0);
}

static void forward_chunk(void *arg, int chunk)
{
    const plni_conv_job *j = arg;
    const cut k = cut_of(j->conv, j->rows, j->x->form);
    const int first = chunk / k.groups * k.rows, n = plni_smaller(k.rows, j->rows - first), group = chunk % k.groups * k.group;
    plni_arena arena = { .base = (char *)plni_conv_own(j) };
    own o = take_own(&arena, j->conv, j->rows);
    const int places = plni_positions(j->x->extent), digits = plni_conv_digits(j->x, first * places, n * places);

    for (int digit = 0; digit < digits; digit++) {
        if (j->x->form != PLNI_VALUES) make_planes(j, first, n, digit, o.x);
        else if (n > PLNI_ROWS_ALONE) make_lanes(j, first, n, &o);
        for (int s = group; s < plni_smaller(group + k.group, k.sixteens); s++) add_sixteen(j, &o, first, n, s, digit);
    }
}

static void forward(pln_ctx *ctx, plni_conv_job *job)
{
    const cut k = cut_of(job->conv, job->rows, job->x->form);

    plni_live_pack_up(ctx, job->conv->live, job->weight);
    plni_parallel(ctx, k.tiles * k.groups, plni_conv_work(job) * job->conv->live->share, PLNI_UP, forward_chunk, job);
}

static bool fits(const plni_conv *conv)
{
    return plni_conv_is_full(conv) && conv->out_depth % 16 == 0 && inputs_of(conv) <= PLNI_LIVE_ROWS;
}

static bool can(const plni_conv *conv, plni_conv_pass pass, plni_form form)
{
    (void)form;
    return conv->live && pass == PLNI_CONV_FORWARD && fits(conv);
}

static plni_conv_scratch need(const plni_conv *conv, int rows, bool training)
{
    plni_arena arena = { 0 };

    (void)training;
    if (fits(conv)) (void)take_own(&arena, conv, rows);
    return plni_conv_scratch_of(arena.used / sizeof(float), 0);
}

const plni_conv_algorithm plni_conv_live_full = { "live", can, need, { forward, NULL, NULL } };
