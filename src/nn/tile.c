/* tile.c - walks the tiles of a stage of images, upwards and back */

#include "nn/tile.h"

#include "base/shape.h"

#include <assert.h>
#include <string.h>

/* Rough nanoseconds of one neuron in one step. */
static const double FORWARD = 0.5, BACKWARD = 2, SWEEP = 0.3;

static plni_extent extent_of(const pln_net *net, const plni_stage *stage)
{
    const int input = net->layer[stage->first].input;
    return input ? net->layer[input - 1].out.extent : net->image.extent;
}

/* An activation makes u itself, which a neuron's kernel keeps in registers. */
static bool keeps_drive(const pln_net *net, const plni_stage *stage)
{
    for (int l = stage->first; l < stage->last; l++)
        if (net->layer[l].ops->place == PLNI_UNIT && !(net->layer[l].threshold > 0)) return true;
    return false;
}

/* Floats of one tile at one step. */
static size_t floats_of(plni_extent in, const plni_stage *stage)
{
    return (size_t)(stage->window * in.width) * (size_t)plni_round_up(in.channels, 16);
}

static size_t spike_bytes(plni_extent in, const plni_stage *stage, int steps)
{
    return (size_t)plni_round_up((ptrdiff_t)((size_t)steps * floats_of(in, stage) / 8), 64);
}

size_t plni_tile_bytes(const pln_net *net, const plni_stage *stage, int steps)
{
    const plni_extent in = extent_of(net, stage);
    const size_t buffers = keeps_drive(net, stage) ? 3 : 2;

    if (stage->rows || stage->first == stage->last) return 0;
    return spike_bytes(in, stage, steps) + buffers * (size_t)steps * floats_of(in, stage) * sizeof(float);
}

int plni_tile_lines(const plni_stage *stage, plni_extent in)
{
    return (in.height + stage->window - 1) / stage->window;
}

float *plni_tile_values(const plni_tile *tile, const plni_signal *map, int t)
{
    const int first = tile->line * tile->stage->window * map->extent.width;

    return map->value + ((ptrdiff_t)t * tile->pass->samples + tile->sample) * map->stride + (ptrdiff_t)first * map->depth;
}

ptrdiff_t plni_tile_step(const plni_tile *tile, const plni_signal *map)
{
    return map->steps > 1 ? (ptrdiff_t)tile->pass->samples * map->stride : 0;
}

ptrdiff_t plni_tile_output(const plni_tile *tile, const plni_signal *y, int t)
{
    const ptrdiff_t row = (ptrdiff_t)t * tile->pass->samples + tile->sample;
    return row * plni_positions(y->extent) + tile->line * y->extent.width;
}

void plni_tile_write(const plni_tile *tile, float *to, ptrdiff_t step)
{
    const plni_drive *d = &tile->drive;

    for (int t = 0; t < tile->x->steps; t++) {
        float *u = to + t * step;
        for (ptrdiff_t i = 0; i < (ptrdiff_t)d->places * d->depth; i++) {
            const ptrdiff_t c = t * d->norm_step + i % d->depth;
            u[i] = d->scale ? d->scale[c] * d->x[t * d->x_step + i] + d->shift[c] : d->x[t * d->x_step + i];
            if (d->tap) u[i] += d->tap[t * d->tap_step + i];
        }
    }
}

/* What the tiles of one sweep share. */
typedef struct sweep {
    const pln_net     *net;
    const plni_pass   *pass;
    const plni_stage  *stage;
    const plni_signal *x, *y, *dy;
    plni_signal       *du;
} sweep;

static sweep sweep_over(const pln_net *net, const plni_pass *pass, const plni_stage *stage)
{
    return (sweep){ .net = net, .pass = pass, .stage = stage, .x = pass->at[stage->first].x, .y = pass->at[stage->last - 1].y };
}

static plni_tile tile_at(const sweep *w, int chunk)
{
    const plni_extent in = w->x->extent;
    const int window = w->stage->window, lines = plni_tile_lines(w->stage, in), steps = w->pass->steps;
    const size_t floats = (size_t)steps * floats_of(in, w->stage);
    char *own = w->pass->tile + (size_t)plni_thread() * w->pass->tile_bytes;
    plni_tile tile = { .net = w->net, .pass = w->pass, .stage = w->stage, .x = w->x, .y = w->y, .dy = w->dy, .du = w->du,
                       .chunk = chunk, .sample = chunk / lines, .line = chunk % lines, .unit = w->y->unit };
    const int left = in.height - tile.line * window;

    tile.places = (left < window ? left : window) * in.width;
    tile.spike = (uint16_t *)(void *)own;
    tile.addend = (float *)(void *)(own + spike_bytes(in, w->stage, steps));
    tile.scratch = tile.addend + floats;
    tile.value = tile.scratch + floats;
    tile.drive = (plni_drive){ .steps = steps, .places = tile.places, .depth = w->x->depth,
                               .x = plni_tile_values(&tile, w->x, 0), .x_step = plni_tile_step(&tile, w->x) };
    return tile;
}

/* ---- forward ------------------------------------------------------------------- */

/* The bits of `blocks` times sixteen channels as words, the rest of which is 0. */
static void put_words(uint64_t *bits, const uint16_t *spike, int places, int blocks, int words)
{
    for (int i = 0; i < places; i++, spike += blocks, bits += words)
        for (int w = 0; w < words; w++) {
            bits[w] = 0;
            for (int b = 4 * w; b < blocks && b < 4 * w + 4; b++) bits[w] |= (uint64_t)spike[b] << 16 * (b - 4 * w);
        }
}

/* Spikes lie as bits do where channels fill whole words; else word by word. */
static void write_spikes(const plni_tile *tile)
{
    const plni_signal *y = tile->y;
    const int blocks = tile->drive.depth / 16, whole = blocks == 4 * y->words;

    for (int t = 0; t < y->steps; t++) {
        uint64_t *bits = y->bits + plni_tile_output(tile, y, t) * y->words;
        const uint16_t *spike = tile->spike + (ptrdiff_t)t * tile->places * blocks;
        if (whole) memcpy(bits, spike, (size_t)(tile->places * y->words) * sizeof *bits);
        else       put_words(bits, spike, tile->places, blocks, y->words);
    }
}

static void forward_tile(void *arg, int chunk)
{
    const sweep *w = arg;
    plni_tile tile = tile_at(w, chunk);

    for (int l = w->stage->first; l < w->stage->last; l++) {
        const plni_layer *layer = &w->net->layer[l];
        layer->ops->tile_forward(layer, &w->pass->at[l], &tile);
    }
    if (tile.holds == PLNI_A_DRIVE) plni_tile_write(&tile, plni_tile_values(&tile, w->y, 0), plni_tile_step(&tile, w->y));
    if (tile.holds == PLNI_IN_SPIKES) write_spikes(&tile);
}

void plni_tiles_forward(const pln_net *net, const plni_pass *batch, const plni_stage *stage)
{
    for (int i = 0; i < batch->shards; i++) batch[i].at[stage->last - 1].y->unit = net->layer[stage->last - 1].out.unit;
    for (int l = stage->first; l < stage->last; l++)
        if (net->layer[l].ops->prepare) net->layer[l].ops->prepare(&net->layer[l], batch, stage);
    for (const plni_pass *pass = batch; pass < batch + batch->shards; pass++) {
        sweep w = sweep_over(net, pass, stage);
        plni_parallel(pass->ctx, pass->samples * plni_tile_lines(stage, w.x->extent),
                      FORWARD * pass->samples * pass->steps * (double)w.x->stride, PLNI_UP, forward_tile, &w);
    }
}

/* ---- backward -------------------------------------------------------------------- */

/* dL/du where no layer has made it from dL/dy: they are the same. */
static void pass_back(plni_tile *tile)
{
    for (int t = 0; t < tile->du->steps; t++)
        memcpy(plni_tile_values(tile, tile->du, t), tile->slope + t * tile->slope_step,
               (size_t)(tile->places * tile->drive.depth) * sizeof(float));
    tile->made = true;
}

/* What a norm wants to know of du, where no kernel has added it up. */
static void add_sums(const plni_tile *tile)
{
    const int depth = tile->drive.depth;

    for (int t = 0; t < tile->du->steps; t++) {
        const float *du = plni_tile_values(tile, tile->du, t), *x = tile->drive.x + t * tile->drive.x_step;
        float *to = tile->sum + t * tile->sum_step;
        for (ptrdiff_t i = 0; i < (ptrdiff_t)tile->places * depth; i++) {
            to[i % depth] += du[i];
            to[depth + i % depth] += du[i] * x[i];
        }
    }
}

static void backward_tile(void *arg, int chunk)
{
    const sweep *w = arg;
    const plni_stage *stage = w->stage;
    plni_tile tile = tile_at(w, chunk);
    bool fires = false;

    for (int l = stage->first; l < stage->last && w->net->layer[l].ops->place < PLNI_UNIT; l++)
        w->net->layer[l].ops->tile_forward(&w->net->layer[l], &w->pass->at[l], &tile);
    tile.slope = stage->window == 1 ? plni_tile_values(&tile, w->dy, 0) : tile.scratch;
    tile.slope_step = plni_tile_step(&tile, w->dy);
    for (int l = stage->last - 1; l >= stage->first; l--) {
        const plni_layer *layer = &w->net->layer[l];
        fires |= layer->threshold > 0;
        if (layer->ops->place < PLNI_UNIT && !tile.made) pass_back(&tile);
        if (layer->ops->tile_backward) layer->ops->tile_backward(layer, &w->pass->at[l], &tile);
    }
    if (!tile.made) pass_back(&tile);
    if (tile.sum && !fires) add_sums(&tile);
}

static void add_row(void *arg, int row)
{
    const sweep *w = arg;
    const plni_signal *dx = w->pass->at[w->stage->first].dx;

    w->pass->kernels->axpy(dx->value + row * dx->stride, w->du->value + row * w->du->stride, 1,
                           plni_positions(dx->extent) * dx->depth);
}

/* One shard's way back; du is where it leaves what came of it. */
static sweep back_over(const pln_net *net, const plni_pass *pass, const plni_stage *stage, plni_signal *du)
{
    sweep w = sweep_over(net, pass, stage);

    w.dy = pass->at[stage->last - 1].dy;
    w.du = du;
    return w;
}

static double neurons_in(const sweep *w) { return (double)w->pass->samples * (double)w->x->stride; }

void plni_tiles_backward(const pln_net *net, const plni_pass *batch, const plni_stage *stage)
{
    const bool adds = net->layer[stage->first].adds;
    plni_signal du[PLN_MAX_SHARDS];

    for (int i = 0; i < batch->shards; i++) {
        const plni_pass *pass = &batch[i];
        sweep w = back_over(net, pass, stage, &du[i]);
        du[i] = *pass->at[stage->first].dx;
        if (adds) du[i].value = pass->aside;
        plni_parallel(pass->ctx, pass->samples * plni_tile_lines(stage, w.x->extent), BACKWARD * neurons_in(&w) * pass->steps,
                      PLNI_UP, backward_tile, &w);
    }
    for (int l = stage->last - 1; l >= stage->first; l--)
        if (net->layer[l].ops->finish) net->layer[l].ops->finish(&net->layer[l], batch, stage, du);
    for (int i = 0; adds && i < batch->shards; i++) {
        sweep w = back_over(net, &batch[i], stage, &du[i]);
        plni_parallel(net->ctx, batch[i].samples * w.x->steps, SWEEP * neurons_in(&w) * w.x->steps, PLNI_UP, add_row, &w);
    }
}
