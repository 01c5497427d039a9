/* dense.c - a layer that joins all inputs with all outputs
 *
 *     y = W x + b        W [out][in], b [out]
 *
 * theta is W in panels, then b padded to a multiple of 16.  With sparse inputs
 * or few outputs the panels' rows are inputs, so that forward gathers the rows
 * of active inputs and gradient visits them; otherwise the rows are outputs,
 * forward is a dense product in registers, and one visit of the rows that have
 * a delta gives the input gradient and the update. */

#include "base/check.h"
#include "base/shape.h"
#include "nn/conv.h"
#include "nn/graph.h"
#include "tensor/panels.h"

#include <string.h>

/* Floats in a row of a panel: sixteen registers of AVX-512 for rows of inputs; for
 * rows of outputs as many as let 16 samples of x stay in the L1 cache. */
enum { INPUT_ROWS_WIDTH = 256, OUTPUT_ROWS_WIDTH = 336, FEW_OUTPUTS = 64 };

/* Rough nanoseconds for one value in a list. */
static const double SWEEP = 0.3;

typedef struct dense_own {
    int         units;
    bool        sparse_input;      /* mostly zeros are expected in x        */
    bool        unbiased;          /* below a norm                          */
    bool        image;             /* x is an image, channels padded        */
    plni_extent in;
    int         depth, rows;       /* of an image; floats of x that panels see */
} dense_own;

PLNI_OWN_TYPE(dense_own)

typedef struct state {
    plni_columns columns;     /* active rows: of x by input, or of dy by output */
    bool         made;        /* by gradient_forward, for the batch under way */
    float       *part;        /* of a dot product, see plni_dot           */
    ptrdiff_t    stride;
    float       *zeros;       /* a bias for backward                      */
    plni_signal  list;        /* of an image: its rows' lists             */
} state;

/* ---- build ----------------------------------------------------------------------- */

const pln_option plni_dense_options[] = {
    { "units", PLN_OPTION_INT, offsetof(dense_own, units), 1, PLN_MAX_UNITS, 0, PLN_OPTION_NEEDED, .help = "outputs, each of all inputs" },
    { 0 }
};

void pln_net_dense(pln_net *net, int units)
{
    const dense_own own = { .units = units };

    plni_append(net, &plni_dense_ops, &own, sizeof own);
}

static bool few_outputs(const dense_own *own) { return own->units <= FEW_OUTPUTS; }

static bool rows_are_inputs(const plni_layer *layer)
{
    const dense_own own = own_of(layer);
    return own.sparse_input || few_outputs(&own);
}

static bool rows_are_outputs(const plni_layer *layer) { return !rows_are_inputs(layer); }

/* The update walks the lists of x as they are, not by input. */
static bool is_narrow(const plni_layer *layer)
{
    const dense_own own = own_of(layer);
    return few_outputs(&own);
}

static bool by_piece(const plni_layer *layer)
{
    (void)layer;
    return true;
}

static plni_panels panels_in(const plni_layer *layer, float *theta)
{
    const dense_own own = own_of(layer);
    plni_panels w = rows_are_inputs(layer) ? plni_panels_shape(own.rows, own.units, INPUT_ROWS_WIDTH)
                                           : plni_panels_shape(own.units, own.rows, OUTPUT_ROWS_WIDTH);
    w.data = theta;
    return w;
}

/* Where the bias begins in theta. */
static size_t bias_at(const plni_layer *layer)
{
    return layer->size - (size_t)plni_round_up(layer->outputs, 16);
}

static float *bias_in(const plni_layer *layer, float *theta) { return theta + (bias_at(layer) - layer->held); }

static void resize(plni_layer *layer)
{
    const plni_panels w = panels_in(layer, NULL);

    layer->decays = plni_panels_size(&w);
    layer->size = layer->decays + (size_t)plni_round_up(own_of(layer).units, 16);
}

/* In a network of images the outputs are one until all layers are known. */
static pln_status fit(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);
    dense_own own = own_of(layer);

    own.sparse_input = plni_first_product(net) == net->count;
    own.image = !x->row;
    own.in = x->extent;
    own.depth = x->depth;
    own.rows = x->row ? x->units : plni_positions(x->extent) * x->depth;
    put_own(layer, &own);
    layer->out = x->row ? plni_row_of(own.units) : plni_map((plni_extent){ own.units, 1, 1 }, PLNI_VALUES, true);
    layer->out.steps = x->steps;
    if (!x->row && (double)plni_round_up(own.units, 16) * x->steps > 1 << 28)
        return plni_refuse(net, PLN_ERR_ARG, "a layer must give fewer values, channels padded to sixteen", own.units);
    resize(layer);
    return PLN_OK;
}

static void lose_bias(plni_layer *layer)
{
    dense_own own = own_of(layer);

    own.unbiased = true;
    put_own(layer, &own);
}

/* Rows from here on: no neuron fires, and what is above wants no image. */
static bool may_give_rows(const plni_layer *layer, const pln_net *net)
{
    if (plni_value(net, layer->input)->steps > 1 || plni_top_threshold(net) > 0 || layer->adds || own_of(layer).unbiased) return false;
    for (int l = layer->number + 1; l < net->count; l++)
        if (net->layer[l].input != l || !net->layer[l].ops->rows) return false;
    return plni_value(net, layer->input)->form == PLNI_VALUES;
}

/* Panels where rows come out; else the convolution whose kernel is as large as the image,
 * whose sums have another order. */
static pln_status complete(plni_layer *layer, pln_net *net)
{
    const plni_signal *x = plni_value(net, layer->input);
    dense_own own = own_of(layer);

    if (x->row || may_give_rows(layer, net)) {
        own.image = !x->row;
        own.depth = x->depth;
        own.rows = x->row ? x->units : plni_positions(x->extent) * x->depth;
        put_own(layer, &own);
        layer->out = plni_row_of(own.units);
        resize(layer);
        return PLN_OK;
    }
    if (own.units > PLN_MAX_CHANNELS)
        return plni_fail(net->ctx, PLN_ERR_ARG, "network: layer %d: a dense layer of a spiking network has 1..4096 units (%d)",
                         layer->number, own.units);
    return plni_become_full(layer, net, own.units, !own.unbiased);
}

static void fans(const plni_layer *layer, int *in, int *out)
{
    *in = layer->inputs;
    *out = layer->outputs;
}

static void tell(const plni_layer *layer, pln_layer_info *info)
{
    info->bias = !own_of(layer).unbiased;
    info->macs = (double)layer->inputs * layer->outputs;
}

/* ---- run ------------------------------------------------------------------------- */

/* A signal of the layer's input as panels see it. */
static plni_signal seen(const plni_layer *layer, const plni_signal *signal)
{
    plni_signal x = *signal;

    x.units = own_of(layer).rows;
    return x;
}

/* x with its lists, which for an image are the layer's own. */
static plni_signal listed(const plni_layer *layer, const plni_layer_io *io)
{
    const state *own = io->workspace;
    plni_signal x = seen(layer, io->x);

    if (!own_of(layer).image || !own->list.count) return x;
    x.count = own->list.count;
    x.index = own->list.index;
    x.active = own->list.active;
    return x;
}

/* Lists of an image's rows, which lie as far apart as the rows themselves. */
static plni_signal take_lists(const plni_layer *layer, int batch, plni_arena *arena)
{
    const size_t cells = (size_t)batch * (size_t)plni_round_up(own_of(layer).rows, 16);
    plni_signal x = { 0 };

    x.count = plni_arena_take(arena, (size_t)batch * sizeof *x.count);
    x.index = plni_arena_take(arena, cells * sizeof *x.index);
    x.active = plni_arena_take(arena, cells * sizeof *x.active);
    return x;
}

/* Products that walk live weights alone are for rows of inputs, once nothing learns. */
static bool gathers_live(const plni_layer *layer)
{
    return rows_are_inputs(layer) && !own_of(layer).image && !is_narrow(layer);
}

static pln_status list_live(const plni_layer *layer, pln_ctx *ctx, const uint16_t *bits, plni_live **live)
{
    const plni_panels w = panels_in(layer, NULL);
    return gathers_live(layer) ? plni_panels_list_live(ctx, &w, bits, live) : PLN_OK;
}

static pln_status hold_live(const plni_layer *layer, const pln_net *net, int batch, plni_live **live)
{
    const plni_panels w = panels_in(layer, layer->theta);
    return plni_panels_hold_live(net->ctx, &w, layer->live, batch, live);
}

static void *plan(const plni_layer *layer, const plni_pass *pass, const plni_stage *stage, plni_arena *arena)
{
    const plni_panels w = panels_in(layer, NULL);
    state *own = plni_arena_take(arena, sizeof *own);
    const bool into_image = own_of(layer).image && rows_are_inputs(layer);       /* whose rows have no gaps */
    state taken = { .stride = into_image ? plni_round_up(w.rows, 16) : plni_row_stride(w.rows) };

    (void)stage;
    if (pass->training && !is_narrow(layer)) taken.columns = plni_columns_take(arena, pass->batch, w.rows);
    if (rows_are_outputs(layer) || pass->training || pass->relaxes)
        taken.part = plni_arena_take(arena, sizeof(float) * (size_t)w.count *
                                     (size_t)pass->batch * (size_t)taken.stride);
    taken.zeros = plni_arena_take(arena, sizeof(float) *
                                  (size_t)plni_round_up(own_of(layer).rows, 16));
    if (into_image && !pass->relaxes) taken.list = take_lists(layer, pass->batch, arena);       /* states have their own */
    if (own) *own = taken;
    return own;
}

/* What the samples of an image's lists share. */
typedef struct lister {
    const plni_pass *pass;
    plni_signal      x;
} lister;

static void list_sample(void *arg, int s)
{
    lister *l = arg;
    plni_signal_list(l->pass->kernels, &l->x, s);
}

static void forward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    const plni_panels w = panels_in(layer, layer->theta);
    state *own = io->workspace;
    lister l = { pass, listed(layer, io) };

    (void)first;
    own->made = false;            /* lists of a batch that was given up */
    if (own->list.count) plni_parallel(pass->ctx, last, SWEEP * last * (double)l.x.stride, PLNI_UP, list_sample, &l);
    if (pass->training) plni_live_changed(layer->live);       /* a step may follow */
    if (layer->held || (!pass->training && layer->live && plni_gather_live_is_worth(layer->live, &l.x, last)))
        plni_gather_live(pass->ctx, &w, layer->live, &l.x, last, bias_in(layer, layer->theta), io->y);
    else if (rows_are_inputs(layer))
        plni_gather(pass->ctx, &w, &l.x, last, bias_in(layer, layer->theta), io->y);
    else
        plni_dot(pass->ctx, &w, &l.x, last, pass->batch, own->part, own->stride);
}

static void forward_row(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int sample)
{
    const plni_panels w = panels_in(layer, layer->theta);
    const state *own = io->workspace;

    if (rows_are_outputs(layer))
        plni_dot_sum(pass->kernels, &w, sample, pass->batch, own->part, bias_in(layer, layer->theta), io->y);
}

static void backward(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last)
{
    const plni_panels w = panels_in(layer, layer->theta);
    const state *own = io->workspace;
    plni_signal dx = seen(layer, io->dx);

    (void)first;
    if (rows_are_inputs(layer))
        plni_dot(pass->ctx, &w, io->dy, last, pass->batch, w.count > 1 ? own->part : dx.value, own->stride);
    else
        plni_gather(pass->ctx, &w, io->dy, last, own->zeros, &dx);
}

static void backward_row(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int sample)
{
    const plni_panels w = panels_in(layer, layer->theta);
    const state *own = io->workspace;
    plni_signal dx = seen(layer, io->dx);

    if (rows_are_inputs(layer) && w.count > 1)
        plni_dot_sum(pass->kernels, &w, sample, pass->batch, own->part, NULL, &dx);
}

/* By the outputs' lists, where rows are outputs. */
static void bias_gradient(const plni_layer *layer, const plni_kernels *kernels, const plni_columns *columns,
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
            for (int e = columns->start[first + i]; e < columns->start[first + i + 1]; e++) g[i] += scale * columns->value[e];
        plni_sink_take(kernels, &piece, g, count);
    }
}

static void gradient(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, float scale,
                     const plni_sink *to)
{
    const plni_panels w = panels_in(layer, NULL);
    const plni_sink bias = plni_sink_at(to, (ptrdiff_t)bias_at(layer));
    const plni_signal x = listed(layer, io);
    state *own = io->workspace;
    const plni_signal *active = rows_are_inputs(layer) ? &x : io->dy;
    const plni_signal *other = rows_are_inputs(layer) ? io->dy : &x;

    if (!own->made && !is_narrow(layer)) plni_columns_make(pass->ctx, &own->columns, active, pass->samples);
    own->made = false;
    plni_update(pass->ctx, &w, is_narrow(layer) ? NULL : &own->columns, active, other, pass->samples, scale, to,
                rows_are_inputs(layer) ? &bias : NULL);
    if (rows_are_outputs(layer)) bias_gradient(layer, pass->kernels, &own->columns, scale, to);
}

static void gradient_forward(plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, float scale,
                             const plni_pass *next, const plni_layer_io *next_io)
{
    plni_panels w = panels_in(layer, layer->theta);
    state *own = io->workspace, *next_own = next_io->workspace;
    const plni_sink here = plni_add_to(layer->theta);

    if (rows_are_outputs(layer) || is_narrow(layer) || own->list.count) {
        gradient(layer, pass, io, scale, &here);
        forward(layer, next, next_io, 0, next->samples);
        return;
    }
    if (!own->made) plni_columns_make(pass->ctx, &own->columns, io->x, pass->samples);
    plni_columns_make(pass->ctx, &next_own->columns, next_io->x, next->samples);
    plni_update_gather(pass->ctx, &w, &own->columns, io->x, io->dy, pass->samples, scale,
                       bias_in(layer, layer->theta), &next_own->columns, next_io->x, next->samples,
                       next_io->y, pass->number % 2 ? PLNI_DOWN : PLNI_UP);
    own->made = false;
    next_own->made = true;
}

static void backward_gradient(plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, float scale,
                              const plni_sink *to)
{
    const plni_panels w = panels_in(layer, layer->theta);
    const plni_signal x = seen(layer, io->x);
    plni_signal dx = seen(layer, io->dx);
    state *own = io->workspace;

    if (rows_are_inputs(layer)) {
        backward(layer, pass, io, 0, pass->samples);
        gradient(layer, pass, io, scale, to);
        return;
    }
    plni_columns_make(pass->ctx, &own->columns, io->dy, pass->samples);
    plni_gather_update(pass->ctx, &w, &own->columns, io->dy, &x, &dx, pass->samples, scale, to);
    bias_gradient(layer, pass->kernels, &own->columns, scale, to);
}

static plni_part part(const plni_layer *layer)
{
    (void)layer;
    return PLNI_DRIVE;
}

/* ---- parameters -------------------------------------------------------------------- */

static int parameters(const plni_layer *layer) { return own_of(layer).unbiased ? 1 : 2; }

static void parameter(const plni_layer *layer, int which, pln_parameter_info *info)
{
    if (which == 0)
        *info = (pln_parameter_info){ "weight", 2, { layer->outputs, layer->inputs }, false };
    else
        *info = (pln_parameter_info){ "bias", 1, { layer->outputs }, false };
}

/* Where input `i` of a parameter tensor, (channel, y, x), lies in a row that panels see. */
static int place_of(const dense_own *own, int i)
{
    const int places = plni_positions(own->in);

    return own->image ? i % places * own->depth + i / places : i;
}

/* The weights of a unit, to its row of a tensor or from there. */
static void copy_unit(const plni_layer *layer, const plni_panels *w, const dense_own *own, int unit, float *row, bool from_row)
{
    const bool down = rows_are_inputs(layer);
    float *first = down ? plni_panels_at(w, 0, unit) : NULL;
    const ptrdiff_t step = down && w->rows > 1 ? plni_panels_at(w, 1, unit) - first : 0;

    for (int i = 0; i < layer->inputs; i++) {
        const int place = place_of(own, i);
        float *at = down ? first + place * step : plni_panels_at(w, unit, place);
        if (from_row) *at = row[i];
        else          row[i] = *at;
    }
}

static void get(const plni_layer *layer, const float *theta, int which, int first, int rows, float *tensor)
{
    const dense_own own = own_of(layer);
    const plni_panels w = panels_in(layer, (float *)(uintptr_t)theta);

    if (which == 1) {
        memcpy(tensor, bias_in(layer, w.data) + first, sizeof(float) * (size_t)rows);
        return;
    }
    for (int u = first; u < first + rows; u++, tensor += layer->inputs) copy_unit(layer, &w, &own, u, tensor, false);
}

static void set(const plni_layer *layer, float *theta, int which, const float *tensor)
{
    const dense_own own = own_of(layer);
    const plni_panels w = panels_in(layer, theta);

    if (which == 1) {
        memcpy(bias_in(layer, theta), tensor, sizeof(float) * (size_t)layer->outputs);
        return;
    }
    for (int u = 0; u < layer->outputs; u++)
        copy_unit(layer, &w, &own, u, (float *)(uintptr_t)tensor + (ptrdiff_t)u * layer->inputs, true);
}

const plni_layer_ops plni_dense_ops = {
    .name = "dense",
    .role = PLNI_PRODUCT,
    .rows = true,
    .options = plni_dense_options,
    .fit = fit,
    .complete = complete,
    .lists_x = rows_are_inputs,
    .lists_dy = rows_are_outputs,
    .by_piece = by_piece,
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .forward_row = forward_row,
    .backward_row = backward_row,
    .gradient = gradient,
    .backward_gradient = backward_gradient,
    .gradient_forward = gradient_forward,
    .lose_bias = lose_bias,
    .fans = fans,
    .part = part,
    .tell = tell,
    .list_live = list_live,
    .hold_live = hold_live,
    .parameters = parameters,
    .parameter = parameter,
    .get = get,
    .set = set,
};
