/* dense.c - a layer that joins all inputs with all outputs
 *
 *     y = W x + b        W [out][in], b [out]
 *
 * theta is W in panels, then b padded to a multiple of 16.  With sparse inputs
 * or few outputs the panels' rows are inputs, so that forward gathers the rows
 * of active inputs and gradient visits them; otherwise the rows are outputs,
 * forward is a dense product in registers, and one visit of the rows that have
 * a delta gives the input gradient and the update. */

#include "base/shape.h"
#include "nn/layer.h"
#include "tensor/panels.h"

#include <string.h>

/* Floats in a row of a panel: sixteen registers of AVX-512 for rows of inputs; for
 * rows of outputs as many as let 16 samples of x stay in the first cache. */
enum { INPUT_ROWS_WIDTH = 256, OUTPUT_ROWS_WIDTH = 336, FEW_OUTPUTS = 64 };

typedef struct state {
    plni_by_unit by;          /* active rows: x by input, or dy by output */
    bool         made;        /* by a turn, for the batch under way       */
    float       *part;        /* of a dot product, see plni_dot           */
    ptrdiff_t    stride;
    float       *zeros;       /* a bias for backward                      */
} state;

static bool rows_are_inputs(const plni_layer *layer)
{
    return layer->sparse_input || layer->outputs <= FEW_OUTPUTS;
}

static bool rows_are_outputs(const plni_layer *layer)
{
    return !rows_are_inputs(layer);
}

/* The update walks the lists of x as they are, not by input. */
static bool is_narrow(const plni_layer *layer)
{
    return rows_are_inputs(layer) && layer->outputs <= FEW_OUTPUTS;
}

static plni_panels panels_in(const plni_layer *layer, float *theta)
{
    plni_panels w = rows_are_inputs(layer)
        ? plni_panels_shape(layer->inputs, layer->outputs, INPUT_ROWS_WIDTH)
        : plni_panels_shape(layer->outputs, layer->inputs, OUTPUT_ROWS_WIDTH);
    w.data = theta;
    return w;
}

/* Where the bias begins in theta. */
static size_t bias_at(const plni_layer *layer)
{
    return layer->size - (size_t)plni_round_up(layer->outputs, 16);
}

static float *bias_in(const plni_layer *layer, float *theta) { return theta + bias_at(layer); }

static void shape(plni_layer *layer)
{
    const plni_panels w = panels_in(layer, NULL);
    layer->decays = plni_panels_size(&w);
    layer->size = layer->decays + (size_t)plni_round_up(layer->outputs, 16);
}

static void *plan(const plni_layer *layer, const plni_pass *pass, plni_arena *arena)
{
    const plni_panels w = panels_in(layer, NULL);
    state *own = plni_arena_take(arena, sizeof *own);
    state taken = { .stride = plni_row_stride(w.rows) };

    if (pass->training && !is_narrow(layer)) taken.by = plni_by_unit_take(arena, pass->batch, w.rows);
    if (rows_are_outputs(layer) || pass->training || pass->settles)
        taken.part = plni_arena_take(arena, sizeof(float) * (size_t)w.count *
                                     (size_t)pass->batch * (size_t)taken.stride);
    taken.zeros = plni_arena_take(arena, sizeof(float) *
                                  (size_t)plni_round_up(layer->inputs, 16));
    if (own) *own = taken;
    return own;
}

static void forward(const plni_layer *layer, const plni_pass *pass,
                    const plni_station *at, int first, int last)
{
    const plni_panels w = panels_in(layer, layer->theta);
    state *own = at->state;

    (void)first;
    own->made = false;            /* lists of a batch that was given up */
    if (rows_are_inputs(layer))
        plni_gather(pass->ctx, &w, at->x, last, bias_in(layer, layer->theta), at->y);
    else
        plni_dot(pass->ctx, &w, at->x, last, pass->batch, own->part, own->stride);
}

static void forward_rest(const plni_layer *layer, const plni_pass *pass,
                         const plni_station *at, int sample)
{
    const plni_panels w = panels_in(layer, layer->theta);
    const state *own = at->state;

    if (rows_are_outputs(layer))
        plni_dot_sum(pass->kernels, &w, sample, pass->batch, own->part,
                     bias_in(layer, layer->theta), at->y);
}

static void backward(const plni_layer *layer, const plni_pass *pass,
                     const plni_station *at, int first, int last)
{
    const plni_panels w = panels_in(layer, layer->theta);
    const state *own = at->state;

    (void)first;
    if (rows_are_inputs(layer))
        plni_dot(pass->ctx, &w, at->dy, last, pass->batch, w.count > 1 ? own->part : at->dx->value, own->stride);
    else
        plni_gather(pass->ctx, &w, at->dy, last, own->zeros, at->dx);
}

static void backward_rest(const plni_layer *layer, const plni_pass *pass,
                          const plni_station *at, int sample)
{
    const plni_panels w = panels_in(layer, layer->theta);
    const state *own = at->state;

    if (rows_are_inputs(layer) && w.count > 1)
        plni_dot_sum(pass->kernels, &w, sample, pass->batch, own->part, NULL, at->dx);
}

/* By the outputs' lists, where rows are outputs. */
static void bias_gradient(const plni_layer *layer, const plni_kernels *kernels, const plni_by_unit *by,
                          float scale, const plni_sink *to)
{
    enum { PIECE = 256 };

    for (int first = 0; first < layer->outputs; first += PIECE) {
        const plni_sink piece = plni_sink_at(to, (ptrdiff_t)bias_at(layer) + first);
        const int count = layer->outputs - first < PIECE ? layer->outputs - first : PIECE;
        _Alignas(64) float own[PIECE] = { 0 };
        float *g = piece.step ? own : piece.into;

        if (piece.step && piece.into) memcpy(own, piece.into, sizeof(float) * (size_t)count);
        for (int i = 0; i < count; i++)
            for (int e = by->start[first + i]; e < by->start[first + i + 1]; e++) g[i] += scale * by->value[e];
        plni_sink_take(kernels, &piece, g, count);
    }
}

static void gradient(const plni_layer *layer, const plni_pass *pass,
                     const plni_station *at, float scale, const plni_sink *to)
{
    const plni_panels w = panels_in(layer, NULL);
    const plni_sink bias = plni_sink_at(to, (ptrdiff_t)bias_at(layer));
    state *own = at->state;
    const plni_signal *rows = rows_are_inputs(layer) ? at->x : at->dy;
    const plni_signal *columns = rows_are_inputs(layer) ? at->dy : at->x;

    if (!own->made && !is_narrow(layer)) plni_by_unit_make(pass->ctx, &own->by, rows, pass->samples);
    own->made = false;
    plni_update(pass->ctx, &w, is_narrow(layer) ? NULL : &own->by, rows, columns, pass->samples, scale, to,
                rows_are_inputs(layer) ? &bias : NULL);
    if (rows_are_outputs(layer)) bias_gradient(layer, pass->kernels, &own->by, scale, to);
}

static void turn(plni_layer *layer, const plni_pass *pass, const plni_station *at,
                 float scale, const plni_pass *next, const plni_station *next_at)
{
    plni_panels w = panels_in(layer, layer->theta);
    state *own = at->state, *next_own = next_at->state;
    const plni_sink here = plni_add_to(layer->theta);

    if (rows_are_outputs(layer) || is_narrow(layer)) {
        gradient(layer, pass, at, scale, &here);
        forward(layer, next, next_at, 0, next->samples);
        return;
    }
    if (!own->made) plni_by_unit_make(pass->ctx, &own->by, at->x, pass->samples);
    plni_by_unit_make(pass->ctx, &next_own->by, next_at->x, next->samples);
    plni_turn(pass->ctx, &w, &own->by, at->x, at->dy, pass->samples, scale,
              bias_in(layer, layer->theta), &next_own->by, next_at->x, next->samples,
              next_at->y, pass->number % 2 ? PLNI_DOWN : PLNI_UP);
    own->made = false;
    next_own->made = true;
}

static void pullback(plni_layer *layer, const plni_pass *pass,
                     const plni_station *at, float scale)
{
    plni_panels w = panels_in(layer, layer->theta);
    const plni_sink here = plni_add_to(layer->theta);
    state *own = at->state;

    if (rows_are_inputs(layer)) {
        backward(layer, pass, at, 0, pass->samples);
        gradient(layer, pass, at, scale, &here);
        return;
    }
    plni_by_unit_make(pass->ctx, &own->by, at->dy, pass->samples);
    plni_pullback(pass->ctx, &w, &own->by, at->dy, at->x, at->dx, pass->samples, scale);
    bias_gradient(layer, pass->kernels, &own->by, scale, &here);
}

static int parameters(const plni_layer *layer)
{
    (void)layer;
    return 2;
}

static void parameter(const plni_layer *layer, int which, pln_parameter_info *info)
{
    if (which == 0)
        *info = (pln_parameter_info){ "weight", 2, { layer->outputs, layer->inputs }, false };
    else
        *info = (pln_parameter_info){ "bias", 1, { layer->outputs }, false };
}

static void get(const plni_layer *layer, const float *theta, int which, float *tensor)
{
    const plni_panels w = panels_in(layer, (float *)(uintptr_t)theta);

    if (which == 1)
        memcpy(tensor, bias_in(layer, w.data), sizeof(float) * (size_t)layer->outputs);
    else if (rows_are_inputs(layer))
        plni_panels_unpack(&w, tensor, 1, layer->inputs);
    else
        plni_panels_unpack(&w, tensor, layer->inputs, 1);
}

static void set(const plni_layer *layer, float *theta, int which, const float *tensor)
{
    plni_panels w = panels_in(layer, theta);

    if (which == 1)
        memcpy(bias_in(layer, theta), tensor, sizeof(float) * (size_t)layer->outputs);
    else if (rows_are_inputs(layer))
        plni_panels_pack(&w, tensor, 1, layer->inputs);
    else
        plni_panels_pack(&w, tensor, layer->inputs, 1);
}

const plni_layer_ops plni_dense_ops = {
    .name = "dense",
    .lists_x = rows_are_inputs,
    .lists_dy = rows_are_outputs,
    .shape = shape,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .forward_rest = forward_rest,
    .backward_rest = backward_rest,
    .gradient = gradient,
    .pullback = pullback,
    .turn = turn,
    .parameters = parameters,
    .parameter = parameter,
    .get = get,
    .set = set,
};
