/* conv.c - which algorithm computes a product of images and kernels */

#include "tensor/conv.h"

#include "base/shape.h"

/* Every algorithm once; of those that can compute a product the first that is worth it does. */
#define ALGORITHMS(A) A(blocks) A(live) A(live_full) A(matmul) A(events_gradient) A(events) A(winograd) A(patches)

#define DECLARE(name) extern const plni_conv_algorithm plni_conv_##name;
ALGORITHMS(DECLARE)

#define ENTRY(name) &plni_conv_##name,
static const plni_conv_algorithm *const algorithms[] = { ALGORITHMS(ENTRY) NULL };

/* The share of non-zeros from which a dense product is faster, measured by bench/conv.c on
 * one thread.  Winograd's, forward over spikes and back over deltas: by channels (16, 32,
 * 64, more), for an image that tiles fit without rest and whose edges do not matter.
 * The patches' of full layers. */
static const double WINOGRAD_FROM[][4] = { [PLNI_CONV_FORWARD] = { 0.6, 0.45, 0.26, 0.21 },
                                           [PLNI_CONV_BACKWARD] = { 0.1, 0.4, 0.2, 0.2 } };
static const double PATCHES_FROM = 0.9;

/* What products of pruned layers take, with an event-driven product whose share x of neurons is active taking x,
 * and a fixed part (bench/conv.c, pruned): a fixed part, one over the outputs, one for each live weight, or for each
 * block and each meeting of a block and an active neuron.  Sums cost more: their digits are walked one after the other,
 * their lists are made byte by byte. */
typedef struct cost {
    double fixed, outputs, live, meeting;
} cost;

static const cost LIVE[][2] = { [PLNI_CONV_FORWARD] = { { 0, 3.5, 1.5, 0 }, { 0.02, 10, 3.8, 0 } },
                                [PLNI_CONV_BACKWARD] = { { 0.03, 4, 2.5, 0 }, { 0.03, 4, 2.5, 0 } },
                                [PLNI_CONV_GRADIENT] = { { 0.03, 2, 1.5, 0 }, { 0.05, 8, 3.8, 0 } } };
static const cost BLOCKS[][2] = { [PLNI_CONV_FORWARD] = { { 0.01, 6, 0.05, 2 }, { 0.08, 8, 0.05, 2.5 } },
                                  [PLNI_CONV_GRADIENT] = { { 0.02, 5, 0.05, 1.5 }, { 0.08, 8, 0.05, 2 } } };

/* The fixed part of the event-driven product: of all, and one over inputs and up to 64 outputs, of sums the second. */
static const double EVENTS = 0.035, EVENTS_NARROW[][2] = { [PLNI_CONV_FORWARD] = { 40, 100 }, [PLNI_CONV_BACKWARD] = { 190, 190 },
                                                           [PLNI_CONV_GRADIENT] = { 40, 40 } };

/* It reads all weights once for so many places, which takes as long as some places, more if they are not in the cache. */
static const double READ_FOR = 1024, READING[] = { 7, 17 }, CACHED = 1 << 18;

/* What must be gained. */
static const double GAIN = 1.1;

/* Positions in tiles for each of an image's, from which Winograd gains nothing. */
static const double LARGEST_WASTE = 3;

/* Positions in tiles of 4x4, for each position of the image. */
static double tile_waste(const plni_conv *c)
{
    const int tiles = (c->out.height + 3) / 4 * ((c->out.width + 3) / 4);
    return 16.0 * tiles / plni_positions(c->out);
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

static double cost_of(const cost *costs, int outputs, double share, double density)
{
    return costs->fixed + costs->outputs / outputs + share * (costs->live + costs->meeting * density);
}

/* What the event-driven product takes whatever is active. */
static double events_cost(plni_conv_pass pass, plni_form form, int in, int out)
{
    return EVENTS + EVENTS_NARROW[pass][form == PLNI_SUMS] / (in * (out < 64 ? out : 64));
}

/* Places whose sums are made together. */
enum { TILE = 256 };

/* What a live weight takes for each place, with places in full tiles taking 1: it is added to 16 at once, and read
 * once a tile, which takes as long as some more. */
static double filling(int places)
{
    static const double ENTRY = 3;
    const int tiles = places / TILE, rest = places % TILE;
    double sixteens = tiles * (TILE / 16.0 + ENTRY);

    if (rest) sixteens += plni_share(rest, 16) + ENTRY;
    return places ? sixteens * 16 / (1 + ENTRY * 16 / TILE) / places : 1;
}

/* Of single weights.  Tiles of places are made ready whole, and forward the sums of narrow inputs as those of 64 channels;
 * going back no masks are needed. */
static double live_cost(const plni_conv *conv, plni_conv_pass pass, plni_form form, int rows)
{
    static const double NARROW = 4;
    const bool back = pass == PLNI_CONV_BACKWARD;
    const double masking = back ? 1 : conv->live->masking;
    const int places = rows * plni_positions(conv->out);
    cost of = LIVE[pass][form == PLNI_SUMS];

    if (pass == PLNI_CONV_FORWARD && form == PLNI_SUMS && conv->in_depth < 64) of.outputs += NARROW * (64.0 / conv->in_depth - 1);
    of.outputs *= places ? (double)plni_share(places, TILE) * TILE / places : 1;
    return cost_of(&of, back ? conv->in_depth : conv->out_depth, conv->live->share * masking * filling(places), 0);
}

/* Floats through layers that join all with all: nanoseconds for a live weight, and for one of CBLAS, which with AVX-512 has
 * a product of its own for few rows (bench/conv.c, few).  That is looked at for one row alone: for two to four, which are
 * the rest of a batch, it can be 1.4 times as fast at 5 %, but then no network could hold lists alone. */
static double live_floats(const plni_conv *conv, int rows)
{
    static const double ALONE = 0.55, WALKED = 2.5, WALKED_A_ROW = 0.055;

    return conv->live->share * (rows <= PLNI_ROWS_ALONE ? ALONE * rows : WALKED + WALKED_A_ROW * rows);
}

static double dense_floats(const plni_conv *conv, int rows)
{
    static const double DENSE = 0.22, DENSE_A_ROW = 0.067, ONE_ROW = 0.036;
    const bool small = conv->live->masking == 1 && (double)plni_conv_weights(conv) <= CACHED;

    return rows == 1 && small ? ONE_ROW : DENSE + DENSE_A_ROW * rows;
}

/* Of layers that join all with all, forward. */
static bool full_is_worth(const plni_conv *conv, plni_form form, double density, int rows)
{
    const double live = conv->live->share * filling(rows);
    cost of = LIVE[PLNI_CONV_FORWARD][form == PLNI_SUMS];

    of.outputs *= rows ? (double)plni_share(rows, 64) * 64 / rows : 1;
    if (form == PLNI_VALUES) return GAIN * live_floats(conv, rows) < dense_floats(conv, rows);
    return GAIN * cost_of(&of, conv->out_depth, live * conv->live->masking, 0) <
           density + events_cost(PLNI_CONV_FORWARD, form, plni_conv_taps(conv) * conv->in_depth, conv->out_depth);
}

static double dense_cost(const plni_conv *conv, plni_conv_pass pass, plni_form form, double density, int rows)
{
    const double places = (double)rows * plni_positions(conv->out), read = READING[(double)plni_conv_weights(conv) > CACHED];
    const double reading = places < READ_FOR ? read / (places + 1) - read / READ_FOR : 0;
    const bool back = pass == PLNI_CONV_BACKWARD;
    const int in = back ? conv->out_depth : conv->in_depth, out = back ? conv->in_depth : conv->out_depth;
    const bool has_winograd = plni_conv_winograd.can(conv, pass, form);
    const double winograd = has_winograd ? winograd_from(conv, pass) : 1;

    return (density < winograd ? density : winograd) + reading + events_cost(pass, form, in, out);
}

/* Whether a product of a pruned layer is faster by blocks, or by single weights, than by all weights, and than by the other. */
static bool live_is_worth(const plni_conv_algorithm *a, const plni_conv *conv, plni_conv_pass pass, plni_form form, double density,
                          int rows)
{
    const double blocks = plni_conv_blocks.can(conv, pass, form)
                              ? cost_of(&BLOCKS[pass][form == PLNI_SUMS], conv->out_depth, conv->live->blocks, density) : 1e9;
    const double live = plni_conv_live.can(conv, pass, form) ? live_cost(conv, pass, form, rows) : 1e9;
    const double mine = a == &plni_conv_blocks ? blocks : live;

    return mine <= blocks && mine <= live && GAIN * mine < dense_cost(conv, pass, form, density, rows);
}

/* Whether an algorithm is faster than those behind it. */
static bool is_worth(const plni_conv_algorithm *a, const plni_conv *conv, plni_conv_pass pass, plni_form form, double density,
                     int rows)
{
    if (a == &plni_conv_live || a == &plni_conv_blocks) return live_is_worth(a, conv, pass, form, density, rows);
    if (a == &plni_conv_live_full) return full_is_worth(conv, form, density, rows);
    if (a == &plni_conv_matmul) return density < PATCHES_FROM || conv->live;
    if (a == &plni_conv_events) return !plni_conv_winograd.can(conv, pass, form) || density <= winograd_from(conv, pass);
    if (a == &plni_conv_winograd) return plni_conv_events.can(conv, pass, form) || tile_waste(conv) < LARGEST_WASTE;
    return true;
}

pln_status plni_conv_list_live(pln_ctx *ctx, const plni_conv *conv, const uint16_t *bits, plni_live **live)
{
    const int taps = plni_conv_taps(conv);
    const bool full = plni_conv_is_full(conv) && (double)taps * conv->in_depth <= PLNI_LIVE_ROWS;

    if (!full && !(plni_conv_is_3x3(conv) && conv->in_depth % 16 == 0)) return PLN_OK;
    if (conv->out_depth % 16 != 0 || !plni_live_is_few(bits, plni_conv_weights(conv) / 16)) return PLN_OK;
    *live = full ? plni_live_new(ctx, bits, 1, taps * conv->in_depth, conv->out_depth)
                 : plni_live_new(ctx, bits, taps, conv->in_depth, conv->out_depth);
    return *live ? PLN_OK : PLN_ERR_MEMORY;
}

/* Products forward that read weights by plni_conv_pack, or live ones alone: all but the patches'. */
bool plni_conv_can_hold(const plni_conv *conv, plni_form form, int rows)
{
    if (!conv->live) return false;
    for (int r = 1; r <= rows; r++)
        if (plni_conv_choose(conv, PLNI_CONV_FORWARD, form, 0, r) == &plni_conv_patches ||
            plni_conv_choose(conv, PLNI_CONV_FORWARD, form, 1, r) == &plni_conv_patches) return false;
    return true;
}

const plni_conv_algorithm *plni_conv_algorithm_at(int number) { return algorithms[number]; }

const plni_conv_algorithm *plni_conv_choose(const plni_conv *conv, plni_conv_pass pass, plni_form form, double density, int rows)
{
    const plni_conv_algorithm *const *a = algorithms;

    while (!(*a)->can(conv, pass, form) || !is_worth(*a, conv, pass, form, density, rows)) a++;
    return *a;
}

plni_conv_scratch plni_conv_scratch_need(const plni_conv *conv, int rows, bool training)
{
    plni_conv_scratch scratch = { 0 };

    for (const plni_conv_algorithm *const *a = algorithms; *a; a++)
        plni_conv_scratch_widen(&scratch, (*a)->need(conv, rows, training));
    return scratch;
}

/* Winograd's and the patches' products are chosen from some density on or not at all. */
static bool may_run(const plni_conv_algorithm *a, const plni_conv *conv, plni_form form, int rows)
{
    bool chosen = a != &plni_conv_winograd && a != &plni_conv_patches;

    for (int r = 1; r <= rows && !chosen; r++) chosen = plni_conv_choose(conv, PLNI_CONV_FORWARD, form, 1, r) == a;
    return chosen && a->can(conv, PLNI_CONV_FORWARD, form);
}

plni_conv_scratch plni_conv_scratch_forward(const plni_conv *conv, plni_form form, int rows)
{
    plni_conv_scratch scratch = { 0 };

    for (const plni_conv_algorithm *const *a = algorithms; *a; a++)
        if (may_run(*a, conv, form, rows)) plni_conv_scratch_widen(&scratch, (*a)->need(conv, rows, false));
    return scratch;
}

static void run(pln_ctx *ctx, plni_conv_job job)
{
    job.kernels = plni_kernels_of(ctx);
    job.density = plni_map_density(job.x, job.rows);
    plni_conv_choose(job.conv, job.pass, job.x->form, job.density, job.rows)->run[job.pass](ctx, &job);
}

void plni_conv_forward(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *x,
                       int rows, const float *weight, const float *bias, plni_signal *y)
{
    run(ctx, (plni_conv_job){ .pass = PLNI_CONV_FORWARD, .conv = conv, .scratch = scratch, .x = x, .y = y, .rows = rows,
                              .weight = weight, .bias = bias });
}

void plni_conv_backward(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *dy,
                        int rows, const float *weight, bool add, plni_signal *dx)
{
    run(ctx, (plni_conv_job){ .pass = PLNI_CONV_BACKWARD, .conv = conv, .scratch = scratch, .x = dy, .y = dx, .rows = rows,
                              .weight = weight, .add = add });
}

void plni_conv_gradient(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *x,
                        const plni_signal *dy, int rows, float scale, float *into)
{
    run(ctx, (plni_conv_job){ .pass = PLNI_CONV_GRADIENT, .conv = conv, .scratch = scratch, .x = x, .d = dy, .rows = rows,
                              .into = into, .scale = scale });
}
