/* dropout.c - drops units in training
 *
 * A value is dropped with probability p and the others are divided by 1 - p,
 * so that nothing has to change in evaluation.  One mask holds for all time steps of a
 * sample.  Spikes and their sums stay whole numbers: what they are worth changes
 * (plni_signal.unit), and going back dL/dy takes the factor on its way through the tile. */

#include "base/rng.h"
#include "base/shape.h"
#include "nn/graph.h"
#include "nn/pool.h"

#include <string.h>

/* Rough nanoseconds for one value. */
static const double SWEEP = 0.5;

typedef struct dropout_own {
    float p;
} dropout_own;

PLNI_OWN_TYPE(dropout_own)

const pln_option plni_dropout_options[] = {
    { "p", PLN_OPTION_FLOAT, offsetof(dropout_own, p), 0, 1, 0, PLN_OPTION_NEEDED | PLN_OPTION_BELOW, .help = "share of values that are dropped" },
    { 0 }
};

void pln_net_dropout(pln_net *net, float p)
{
    const dropout_own own = { p };

    if (net->error || !net->images || p != 0) plni_append(net, &plni_dropout_ops, &own, sizeof own);
}

/* Whole numbers are dropped in the tile that made them; floats anywhere; the input, whose
 * channels are not padded, and numbers made elsewhere sample by sample. */
static void look(plni_layer *layer, const plni_signal *x, bool in_tiles)
{
    layer->out = *x;
    layer->by_channel = true;
    layer->role = x->row || (in_tiles && layer->input > 0) || (x->form == PLNI_VALUES && layer->input > 0) ? PLNI_POINTWISE
                                                                                                        : PLNI_WINDOW;
    if (x->row || x->form == PLNI_VALUES) return;
    layer->out = plni_map(x->extent, layer->role == PLNI_POINTWISE ? PLNI_SUMS : PLNI_VALUES, true);
    layer->out.steps = x->steps;
    if (layer->role == PLNI_POINTWISE) layer->out.unit = x->unit;
}

static pln_status fit(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);
    const plni_layer *below = layer->input ? &net->layer[layer->input - 1] : NULL;

    look(layer, x, below && layer->input == net->count && !layer->branched && below->role == PLNI_POINTWISE);
    return PLN_OK;
}

static pln_status complete(plni_layer *layer, pln_net *net)
{
    look(layer, plni_value(net, layer->input), layer->number > 0 && layer->role == PLNI_POINTWISE && plni_joins(net, layer->number));
    return PLN_OK;
}

/* ---- masks ------------------------------------------------------------------------ */

static ptrdiff_t bits_stride(const plni_layer *layer)
{
    return plni_round_up(layer->out.row ? layer->out.units : (ptrdiff_t)plni_positions(layer->out.extent) * layer->out.depth, 128);
}

static bool drops(const plni_layer *layer, const plni_pass *pass) { return pass->training && own_of(layer).p > 0; }

static void *plan(const plni_layer *layer, const plni_pass *pass, const plni_stage *stage, plni_arena *arena)
{
    (void)stage;
    if (!drops(layer, pass) && !(layer->out.row && pass->training)) return NULL;
    return plni_arena_take(arena, (size_t)pass->batch * sizeof(uint16_t) * (size_t)bits_stride(layer));
}

/* Random bits of one sample, [place][depth]. */
static const uint16_t *bits_of(const plni_layer *layer, const plni_layer_io *io, int sample)
{
    return (const uint16_t *)io->workspace + sample * bits_stride(layer);
}

static void draw(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int s, int n)
{
    const plni_random r = plni_random_for(pass->seed, PLNI_FOR_DROPOUT, layer->stream, pass->epoch, pass->sample[s]);

    pass->kernels->draw((uint16_t *)io->workspace + s * bits_stride(layer), n, r.seed, r.purpose, r.epoch, r.sample);
}

/* What the samples of one sweep share. */
typedef struct job {
    const plni_layer    *layer;
    const plni_pass     *pass;
    const plni_layer_io *io;
} job;

static void draw_sample(void *arg, int s)
{
    const job *j = arg;
    draw(j->layer, j->pass, j->io, s, (int)bits_stride(j->layer));
}

/* The masks of one shard. */
static void draw_all(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io)
{
    job j = { layer, pass, io };

    if (!drops(layer, pass)) return;
    plni_parallel(pass->ctx, pass->samples, SWEEP * pass->samples * (double)bits_stride(layer), PLNI_UP, draw_sample, &j);
    if (layer->out.form == PLNI_SUMS) io->y->unit = layer->out.unit / (1 - own_of(layer).p);
}

static void prepare(const plni_layer *layer, const plni_pass *batch, const plni_stage *stage)
{
    (void)stage;
    for (const plni_pass *pass = batch; pass < batch + batch->shards; pass++) draw_all(layer, pass, &pass->at[layer->number]);
}

/* ---- rows -------------------------------------------------------------------------- */

static void keep_row(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int s, const plni_signal *to,
                     const plni_signal *from)
{
    const float p = own_of(layer).p;

    pass->kernels->keep(to->value + s * to->stride, from->value + s * from->stride, bits_of(layer, io, s), layer->inputs,
                        plni_keep_from(p), 1 / (1 - p));
}

static void forward_rows(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    for (int s = first; s < last; s++)
        if (drops(layer, pass)) {
            draw(layer, pass, io, s, layer->inputs);
            keep_row(layer, pass, io, s, io->y, io->x);
        } else {
            memcpy(io->y->value + s * io->y->stride, io->x->value + s * io->x->stride, (size_t)layer->inputs * sizeof(float));
        }
}

/* ---- whole samples of images --------------------------------------------------------- */

/* Row t * samples + s: the mask of sample s. */
static void forward_image(void *arg, int row)
{
    const job *j = arg;
    const plni_signal *x = j->io->x, *y = j->io->y;
    const float p = own_of(j->layer).p;
    float *to = y->value + row * y->stride, values[PLN_MAX_CHANNELS];

    for (int i = 0; i < plni_positions(y->extent); i++)
        memcpy(to + (ptrdiff_t)i * y->depth, plni_map_values(x, row, i, values), (size_t)y->depth * sizeof *to);
    if (drops(j->layer, j->pass))
        j->pass->kernels->keep(to, to, bits_of(j->layer, j->io, row % j->pass->samples),
                               plni_positions(y->extent) * y->depth, plni_keep_from(p), 1 / (1 - p));
}

static void backward_image(void *arg, int row)
{
    const job *j = arg;
    const plni_signal *dx = j->io->dx;
    const float p = own_of(j->layer).p;
    float *dy = j->io->dy->value + row * j->io->dy->stride, *to = dx->value + row * dx->stride;
    const int n = plni_positions(dx->extent) * dx->depth;

    if (p > 0) j->pass->kernels->keep(dy, dy, bits_of(j->layer, j->io, row % j->pass->samples), n, plni_keep_from(p), 1 / (1 - p));
    if (j->layer->adds) j->pass->kernels->axpy(to, dy, 1, n);
    else memcpy(to, dy, (size_t)n * sizeof *to);
}

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    job j = { layer, pass, io };

    if (layer->out.row) {
        forward_rows(layer, pass, io, first, last);
        return;
    }
    draw_all(layer, pass, io);
    plni_parallel(pass->ctx, last * io->y->steps, SWEEP * last * io->y->steps * (double)io->y->stride, PLNI_UP, forward_image, &j);
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    job j = { layer, pass, io };

    if (layer->out.row)
        for (int s = first; s < last; s++) keep_row(layer, pass, io, s, io->dx, io->dy);
    else
        plni_parallel(pass->ctx, last * io->y->steps, SWEEP * last * io->y->steps * (double)io->y->stride, PLNI_UP,
                      backward_image, &j);
}

/* ---- tiles --------------------------------------------------------------------------- */

/* The mask at the tile's first position of the output. */
static const uint16_t *bits_at(const plni_layer *layer, const plni_layer_io *io, const plni_tile *tile)
{
    return bits_of(layer, io, tile->sample) + (ptrdiff_t)(tile->line * layer->out.extent.width) * layer->out.depth;
}

/* Values of the tile's line of the output, which has one line of windows. */
static float *line_of(const plni_tile *tile, const plni_signal *map, int t)
{
    return map->value + ((ptrdiff_t)t * tile->pass->samples + tile->sample) * map->stride +
           (ptrdiff_t)(tile->line * map->extent.width) * map->depth;
}

static void tile_forward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const plni_signal *y = tile->y;
    const float p = own_of(layer).p;
    const int n = y->extent.width * y->depth, keep_from = plni_keep_from(p);

    if (tile->holds == PLNI_IN_SPIKES) plni_pool_spikes(tile, 1, false);
    if (!drops(layer, tile->pass) || tile->line >= y->extent.height) return;
    if (tile->holds == PLNI_A_DRIVE) plni_tile_write(tile, plni_tile_values(tile, y, 0), plni_tile_step(tile, y));
    tile->holds = PLNI_IN_OUTPUT;

    const uint16_t *bits = bits_at(layer, io, tile);
    for (int t = 0; t < y->steps; t++) {
        if (y->form == PLNI_VALUES) {
            tile->pass->kernels->keep(line_of(tile, y, t), line_of(tile, y, t), bits, n, keep_from, 1 / (1 - p));
            continue;
        }
        uint8_t *sum = y->sum + plni_tile_output(tile, y, t) * y->depth;
        for (int i = 0; i < n; i++)
            if (bits[i] < keep_from) sum[i] = 0;
    }
}

/* In place: nobody else reads dL/dy. */
static void tile_backward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const plni_signal *dy = tile->dy;
    const float p = own_of(layer).p, scale = layer->out.form == PLNI_SUMS ? tile->unit : 1 / (1 - p);

    if (tile->line >= dy->extent.height) return;
    for (int t = 0; t < dy->steps; t++)
        tile->pass->kernels->keep(line_of(tile, dy, t), line_of(tile, dy, t), bits_at(layer, io, tile),
                                  dy->extent.width * dy->depth, plni_keep_from(p), scale);
    tile->unit = 1;
}

static plni_part part(const plni_layer *layer)
{
    (void)layer;
    return PLNI_MASK;
}

static void tell(const plni_layer *layer, pln_layer_info *info) { info->drop = own_of(layer).p; }

const plni_layer_ops plni_dropout_ops = {
    .name = "dropout",
    .role = PLNI_POINTWISE,
    .place = PLNI_DROP,
    .rows = true,
    .options = plni_dropout_options,
    .fit = fit,
    .complete = complete,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .prepare = prepare,
    .tile_forward = tile_forward,
    .tile_backward = tile_backward,
    .part = part,
    .tell = tell,
};
