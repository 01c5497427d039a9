/* activation.c - functions of single values, softmax, and winner-take-all, after a layer
 *
 * In images softmax is over the channels of a place, and winner-take-all (theory 2.6)
 *
 *     u = relu(x - mean of the channel's places),   y = relu(u - mean of the place's channels)
 *
 * for which whole samples are needed. */

#include "base/shape.h"
#include "nn/graph.h"
#include "nn/options.h"
#include "nn/tile.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {
#define PLNI_ACTIVATION(name, text) text,
    PLN_ACTIVATION_LIST(PLNI_ACTIVATION)
#undef PLNI_ACTIVATION
};

const char *pln_activation_name(pln_activation activation)
{
    if ((int)activation < 0 || activation >= PLN_ACTIVATION_COUNT) return "unknown";
    return names[activation];
}

bool pln_activation_find(const char *name, pln_activation *found)
{
    for (int i = 0; i < PLN_ACTIVATION_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *found = (pln_activation)i;
            return true;
        }
    return false;
}

/* Rough nanoseconds for one value. */
static const double SWEEP = 1;

typedef struct activation_own {
    pln_activation kind;
} activation_own;

PLNI_OWN_TYPE(activation_own)

/* ---- build ----------------------------------------------------------------------- */

const pln_option plni_activation_options[] = {
    { "function", PLN_OPTION_WORD, offsetof(activation_own, kind), .flags = PLN_OPTION_NEEDED, .words = plni_activation_words,
      .help = "of each value, or of those that stand together" },
    { 0 }
};

void pln_net_activation(pln_net *net, pln_activation activation)
{
    const activation_own own = { activation };

    plni_append(net, &plni_activation_ops, &own, sizeof own);
}

static pln_status fit(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);
    const pln_activation kind = own_of(layer).kind;

    if (kind == PLN_WTA && (x->row || plni_positions(x->extent) < 2))
        return plni_refuse(net, PLN_ERR_SHAPE, "winner-take-all wants an image, whose means it takes off", x->units);
    if (!x->row && (x->form != PLNI_VALUES || plni_is_input(net, layer->input)))
        return plni_refuse(net, PLN_ERR_SHAPE, "an activation must follow a layer of numbers, not spikes or the image", kind);
    layer->out = *x;
    layer->by_channel = kind == PLN_IDENTITY || kind == PLN_RELU || kind == PLN_HARDSIGM;
    if (kind == PLN_WTA) layer->role = PLNI_WINDOW;
    return PLN_OK;
}

/* A dense layer below gives rows if no layer above wants an image. */
static pln_status complete(plni_layer *layer, pln_net *net)
{
    layer->out = *plni_value(net, layer->input);
    return PLN_OK;
}

/* ---- functions --------------------------------------------------------------------- */

/* The largest is subtracted first, so that no exponential overflows. */
static void softmax(float *y, const float *x, int n)
{
    float largest = x[0], sum = 0;

    for (int i = 1; i < n; i++) largest = x[i] > largest ? x[i] : largest;
    for (int i = 0; i < n; i++) sum += y[i] = expf(x[i] - largest);
    for (int i = 0; i < n; i++) y[i] /= sum;
}

/* dx_i = y_i (dy_i - sum_j dy_j y_j), flushed as that of all smooth activations, whose
 * derivative fades away where they are saturated. */
static void softmax_back(float *dx, const float *dy, const float *y, int n)
{
    float sum = 0;

    for (int i = 0; i < n; i++) sum += dy[i] * y[i];
    for (int i = 0; i < n; i++) dx[i] = plni_flush(y[i] * (dy[i] - sum));
}

static void apply(pln_activation kind, const plni_kernels *kernels, float *y, const float *x, int n)
{
    switch (kind) {
    case PLN_RELU:     kernels->relu(y, x, n);     return;
    case PLN_HARDSIGM: kernels->hardsigm(y, x, n); return;
    case PLN_SIGMOID:
        for (int i = 0; i < n; i++) y[i] = 1 / (1 + expf(-x[i]));
        return;
    case PLN_TANH:
        for (int i = 0; i < n; i++) y[i] = 0.5f + 0.5f * tanhf(x[i]);
        return;
    case PLN_SOFTMAX:  softmax(y, x, n);           return;
    default:           memmove(y, x, (size_t)n * sizeof *y);
    }
}

/* dx may be y. */
static void apply_back(pln_activation kind, const plni_kernels *kernels, float *dx, const float *dy, const float *x,
                       const float *y, int n)
{
    switch (kind) {
    case PLN_RELU:     kernels->relu_back(dx, dy, x, n);     return;
    case PLN_HARDSIGM: kernels->hardsigm_back(dx, dy, x, n); return;
    case PLN_SIGMOID:
        for (int i = 0; i < n; i++) dx[i] = plni_flush(dy[i] * y[i] * (1 - y[i]));
        return;
    case PLN_TANH:
        for (int i = 0; i < n; i++) {
            const float t = 2 * y[i] - 1;
            dx[i] = plni_flush(dy[i] * 0.5f * (1 - t * t));
        }
        return;
    case PLN_SOFTMAX:  softmax_back(dx, dy, y, n);           return;
    default:           memmove(dx, dy, (size_t)n * sizeof *dx);
    }
}

/* ---- rows ---------------------------------------------------------------------------- */

static void forward_rows(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    for (int s = first; s < last; s++)
        apply(own_of(layer).kind, pass->kernels, io->y->value + s * io->y->stride, io->x->value + s * io->x->stride,
              layer->outputs);
}

static void backward_rows(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    for (int s = first; s < last; s++)
        apply_back(own_of(layer).kind, pass->kernels, io->dx->value + s * io->dx->stride, io->dy->value + s * io->dy->stride,
                   io->x->value + s * io->x->stride, io->y->value + s * io->y->stride, layer->outputs);
}

/* ---- tiles of images ------------------------------------------------------------------- */

/* Those for which what pads channels stays 0 take a line at once. */
static bool keeps_zero(pln_activation kind) { return kind == PLN_RELU || kind == PLN_HARDSIGM || kind == PLN_IDENTITY; }

static int piece_of(const plni_layer *layer, const plni_tile *tile, int *pieces)
{
    const bool whole = keeps_zero(own_of(layer).kind);

    *pieces = whole ? 1 : tile->places;
    return whole ? tile->places * layer->out.depth : layer->out.extent.channels;
}

static void tile_forward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    int pieces;
    const int n = piece_of(layer, tile, &pieces);

    (void)io;
    plni_tile_write(tile, plni_tile_values(tile, tile->y, 0), plni_tile_step(tile, tile->y));
    tile->holds = PLNI_IN_OUTPUT;
    for (int t = 0; t < tile->y->steps; t++) {
        float *y = plni_tile_values(tile, tile->y, t);
        for (int i = 0; i < pieces; i++, y += layer->out.depth) apply(own_of(layer).kind, tile->pass->kernels, y, y, n);
    }
}

static void tile_backward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const pln_activation kind = own_of(layer).kind;
    const plni_kernels *kernels = tile->pass->kernels;
    const ptrdiff_t step = (ptrdiff_t)tile->places * layer->out.depth;
    int pieces;
    const int n = piece_of(layer, tile, &pieces);

    (void)io;
    plni_tile_write(tile, tile->value, step);
    for (int t = 0; t < tile->du->steps; t++) {
        float *du = plni_tile_values(tile, tile->du, t);
        const float *u = tile->value + t * step, *dy = tile->slope + t * tile->slope_step;
        memset(du, 0, (size_t)step * sizeof *du);
        for (int i = 0; i < pieces; i++, du += layer->out.depth, u += layer->out.depth, dy += layer->out.depth) {
            apply(kind, kernels, du, u, n);
            apply_back(kind, kernels, du, dy, u, du, n);
        }
    }
    tile->made = true;
}

/* ---- winner-take-all --------------------------------------------------------------------- */

/* What the rows of one sweep share. */
typedef struct job {
    const plni_layer    *layer;
    const plni_pass     *pass;
    const plni_layer_io *io;
} job;

/* mean[c] over the places of one row. */
static void mean_of_places(const plni_signal *x, const float *row, float *mean)
{
    const int places = plni_positions(x->extent);

    for (int c = 0; c < x->extent.channels; c++) {
        double sum = 0;
        for (int i = 0; i < places; i++) sum += (double)row[(ptrdiff_t)i * x->depth + c];
        mean[c] = (float)(sum / places);
    }
}

static float above_zero(float x) { return x > 0 ? x : 0; }

/* The mean of u over the channels of one place. */
static float mean_of_channels(const float *x, const float *mean, int channels)
{
    double sum = 0;

    for (int c = 0; c < channels; c++) sum += (double)above_zero(x[c] - mean[c]);
    return (float)(sum / channels);
}

static void take_all_row(void *arg, int row)
{
    const job *j = arg;
    const plni_signal *x = j->io->x, *y = j->io->y;
    const int channels = x->extent.channels;
    const float *from = x->value + row * x->stride;
    float *to = y->value + row * y->stride, mean[PLN_MAX_CHANNELS];

    mean_of_places(x, from, mean);
    for (int i = 0; i < plni_positions(x->extent); i++, from += x->depth, to += y->depth) {
        const float less = mean_of_channels(from, mean, channels);
        for (int c = 0; c < channels; c++) to[c] = above_zero(above_zero(from[c] - mean[c]) - less);
        for (int c = channels; c < y->depth; c++) to[c] = 0;
    }
}

/* With v = u - mean and active a derivative of 1: du = dv - mean over channels of dv,
 * where dv = dy where y > 0; through the first relu; then the mean over places comes off. */
static void take_all_back_row(void *arg, int row)
{
    const job *j = arg;
    const plni_signal *x = j->io->x, *dx = j->io->dx;
    const int channels = x->extent.channels, places = plni_positions(x->extent), depth = x->depth;
    const float *from = x->value + row * x->stride;
    float *dy = j->io->dy->value + row * j->io->dy->stride, *to = dx->value + row * dx->stride, mean[PLN_MAX_CHANNELS];

    mean_of_places(x, from, mean);
    for (int i = 0; i < places; i++) {
        const float *here = from + (ptrdiff_t)i * depth, less = mean_of_channels(here, mean, channels);
        float *d = dy + (ptrdiff_t)i * depth;
        double sum = 0;
        for (int c = 0; c < channels; c++) {
            if (!(above_zero(here[c] - mean[c]) - less > 0)) d[c] = 0;
            sum += (double)d[c];
        }
        for (int c = 0; c < channels; c++) d[c] = here[c] - mean[c] > 0 ? d[c] - (float)(sum / channels) : 0;
    }
    mean_of_places(j->io->dy, dy, mean);
    for (int i = 0; i < places; i++)
        for (int c = 0; c < depth; c++) {
            const ptrdiff_t k = (ptrdiff_t)i * depth + c;
            const float d = c < channels ? dy[k] - mean[c] : 0;
            to[k] = j->layer->adds ? to[k] + d : d;
        }
}

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    job j = { layer, pass, io };

    if (layer->role == PLNI_POINTWISE)
        forward_rows(layer, pass, io, first, last);
    else
        plni_parallel(pass->ctx, last * io->x->steps, 3 * SWEEP * last * io->x->steps * (double)io->x->stride, PLNI_UP,
                      take_all_row, &j);
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    job j = { layer, pass, io };

    if (layer->role == PLNI_POINTWISE)
        backward_rows(layer, pass, io, first, last);
    else
        plni_parallel(pass->ctx, last * io->x->steps, 5 * SWEEP * last * io->x->steps * (double)io->x->stride, PLNI_UP,
                      take_all_back_row, &j);
}

static plni_part part(const plni_layer *layer)
{
    const pln_activation kind = own_of(layer).kind;

    return kind == PLN_HARDSIGM ? PLNI_STATES : kind == PLN_SOFTMAX ? PLNI_PROBABILITIES : PLNI_CANNOT_RELAX;
}

static void tell(const plni_layer *layer, pln_layer_info *info) { info->activation = own_of(layer).kind; }

const plni_layer_ops plni_activation_ops = {
    .name = "activation",
    .role = PLNI_POINTWISE,
    .place = PLNI_UNIT,
    .rows = true,
    .options = plni_activation_options,
    .fit = fit,
    .complete = complete,
    .forward = forward,
    .backward = backward,
    .tile_forward = tile_forward,
    .tile_backward = tile_backward,
    .part = part,
    .tell = tell,
};
