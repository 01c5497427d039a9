/* net.c - layers in order: build, plan, initialise and run */

#include "nn/input.h"
#include "nn/mask.h"
#include "nn/settle.h"

#include "base/check.h"
#include "base/rng.h"
#include "base/shape.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { EVALUATION_BATCH = 64, EVALUATION_MAPS = 16 };

/* Rough nanoseconds for one value in one sweep of a rowwise layer. */
static const double SWEEP = 0.3;

pln_net *pln_net_new(pln_ctx *ctx)
{
    pln_net *net = plni_alloc(ctx, sizeof *net);

    if (net) net->ctx = ctx;
    return net;
}

void pln_net_free(pln_net *net)
{
    if (!net) return;
    plni_masks_free(net);
    plni_free(net->ctx, net->memory, net->bytes);
    plni_free(net->ctx, net, sizeof *net);
}

/* ---- builders ------------------------------------------------------------- */

void plni_refuse(pln_net *net, pln_status status, const char *what, double value)
{
    if (net->error) return;
    net->error = plni_fail(net->ctx, status, "network: layer %d: %s (%g)",
                           net->count + 1, what, value);
}

void pln_net_input(pln_net *net, int units)
{
    if (net->inputs || net->count)
        plni_refuse(net, PLN_ERR_STATE, "the input comes first and once", units);
    else if (units < 1 || units > PLN_MAX_UNITS)
        plni_refuse(net, PLN_ERR_ARG, "units must be 1..1048576", units);
    else
        net->inputs = units;
}

plni_layer *plni_append(pln_net *net, const plni_layer_ops *ops)
{
    plni_layer *layer = &net->layer[net->count];

    if (net->ready) plni_refuse(net, PLN_ERR_STATE, "the network is ready already", 0);
    if (!net->inputs) plni_refuse(net, PLN_ERR_STATE, "the input must come first", 0);
    if (net->count == PLN_MAX_LAYERS)
        plni_refuse(net, PLN_ERR_ARG, "too many layers", PLN_MAX_LAYERS);
    if (net->error) return NULL;

    *layer = (plni_layer){ .ops = ops, .number = net->count };
    layer->inputs = net->count ? layer[-1].outputs : net->inputs;
    layer->outputs = layer->inputs;
    net->count++;
    return layer;
}

static bool has_product(const pln_net *net, int layers)
{
    for (int l = 0; l < layers; l++)
        if (!net->layer[l].ops->rowwise) return true;
    return false;
}

void pln_net_dense(pln_net *net, int units)
{
    plni_layer *layer;

    if (units < 1 || units > PLN_MAX_UNITS) {
        plni_refuse(net, PLN_ERR_ARG, "units must be 1..1048576", units);
        return;
    }
    if (net->steps) {
        plni_maps_dense(net, units);
        return;
    }
    layer = plni_append(net, &plni_dense_ops);
    if (!layer) return;
    layer->outputs = units;
    layer->sparse_input = !has_product(net, net->count - 1);
    layer->ops->shape(layer);
}

void pln_net_activation(pln_net *net, pln_activation activation)
{
    plni_layer *layer;

    if ((int)activation < 0 || activation >= PLN_ACTIVATION_COUNT) {
        plni_refuse(net, PLN_ERR_ARG, "no such activation", activation);
        return;
    }
    if (net->steps) plni_refuse(net, PLN_ERR_STATE, "a network of maps has neurons instead of activations", activation);
    layer = plni_append(net, &plni_activation_ops);
    if (layer) layer->activation = activation;
}

void pln_net_dropout(pln_net *net, float p)
{
    plni_layer *layer;

    if (!(p >= 0 && p < 1)) {
        plni_refuse(net, PLN_ERR_ARG, "the dropout probability must be in 0..1, 1 not included", (double)p);
        return;
    }
    if (net->steps) {
        plni_maps_dropout(net, p);
        return;
    }
    layer = plni_append(net, &plni_dropout_ops);
    if (layer) layer->drop = p;
}

pln_dynamics pln_dynamics_default(void)
{
    return (pln_dynamics){ .kind = PLN_FEEDFORWARD, .steps = 60, .dt = 0.2f, .tolerance = 1e-4f };
}

void pln_net_settle(pln_net *net, const pln_dynamics *how)
{
    if (net->ready) plni_refuse(net, PLN_ERR_STATE, "the network is ready already", 0);
    else if ((int)how->kind < 0 || how->kind > PLN_BLOCK) plni_refuse(net, PLN_ERR_ARG, "no such dynamics", how->kind);
    else net->dynamics = *how;
}

pln_dynamics pln_net_dynamics(const pln_net *net) { return net->dynamics; }

/* ---- plan ----------------------------------------------------------------- */

bool plni_walks_x(const plni_layer *layer)
{
    return layer->ops->lists_x && layer->ops->lists_x(layer);
}

bool plni_walks_dy(const plni_layer *layer)
{
    return layer->ops->lists_dy && layer->ops->lists_dy(layer);
}

plni_signal *plni_pass_signal(plni_arena *arena, int batch, int units, bool listed)
{
    const plni_signal signal = plni_signal_take(arena, batch, units, listed);
    plni_signal *kept = plni_arena_take(arena, sizeof *kept);

    if (kept) *kept = signal;
    return kept;
}

void plni_pass_plan(const pln_net *net, int batch, bool training,
                    plni_pass *pass, plni_arena *arena)
{
    plni_station none, *at = plni_arena_take(arena, sizeof *at * (size_t)net->count);

    *pass = (plni_pass){ .ctx = net->ctx, .kernels = plni_kernels_of(net->ctx),
                         .batch = batch, .steps = 1, .training = training, .at = at };
    if (net->dynamics.kind != PLN_FEEDFORWARD) {
        plni_settle_plan(net, pass, arena);
        return;
    }
    if (net->steps) {
        plni_maps_plan(net, pass, arena);
        return;
    }
    for (int l = 0; l <= net->count; l++) {
        const plni_layer *above = l < net->count ? &net->layer[l] : NULL;
        const plni_layer *below = l > 0 ? &net->layer[l - 1] : NULL;
        const int units = above ? above->inputs : below->outputs;
        plni_signal *xs = plni_pass_signal(arena, batch, units, above && plni_walks_x(above)), *ds = NULL;

        if (training) ds = plni_pass_signal(arena, batch, units, below && plni_walks_dy(below));
        if (above) {
            plni_station *here = at ? &at[l] : &none;
            here->x = xs;
            here->dx = ds;
            here->state = above->ops->plan ? above->ops->plan(above, pass, arena) : NULL;
        }
        if (below && at) {
            at[l - 1].y = xs;
            at[l - 1].dy = ds;
        }
    }
}

/* Hands out all of a network's memory, or measures it. */
static void plan_net(pln_net *net, plni_arena *arena)
{
    for (int l = 0; l < net->count; l++) {
        plni_layer *layer = &net->layer[l];
        layer->theta = plni_arena_take(arena, layer->size * sizeof(float));
        layer->kept = plni_arena_take(arena, layer->kept_size * sizeof(float));
    }
    plni_pass_plan(net, net->steps ? EVALUATION_MAPS : EVALUATION_BATCH, false, &net->evaluation, arena);
}

size_t pln_net_bytes(const pln_net *net)
{
    pln_net copy = *net;
    plni_arena arena = { 0 };

    if (net->error || !net->inputs || !has_product(net, net->count)) return 0;
    if (net->dynamics.kind != PLN_FEEDFORWARD && plni_settle_check(net) != PLN_OK) return 0;
    if (net->steps && plni_maps_check(&copy) != PLN_OK) return 0;
    plan_net(&copy, &arena);
    return arena.used;
}

pln_status pln_net_ready(pln_net *net)
{
    plni_arena arena = { 0 };

    if (net->error) return net->error;
    if (net->ready) return PLN_OK;
    if (!net->inputs || !has_product(net, net->count))
        return plni_fail(net->ctx, PLN_ERR_SHAPE,
                         "network: it needs an input and a dense layer");
    if (net->dynamics.kind != PLN_FEEDFORWARD) PLN_TRY(plni_settle_check(net));
    if (net->steps) PLN_TRY(plni_maps_check(net));
    net->bytes = pln_net_bytes(net);
    net->memory = plni_alloc(net->ctx, net->bytes);
    if (!net->memory) {
        net->bytes = 0;
        return PLN_ERR_MEMORY;
    }
    arena.base = net->memory;
    plan_net(net, &arena);
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].ops == &plni_cell_ops) plni_cell_reset(&net->layer[l]);
    net->ready = true;
    return PLN_OK;
}

/* ---- what is in it -------------------------------------------------------- */

int pln_net_inputs(const pln_net *net) { return net->inputs; }
int pln_net_layers(const pln_net *net) { return net->count; }

int pln_net_outputs(const pln_net *net)
{
    return net->count ? net->layer[net->count - 1].outputs : net->inputs;
}

static int parameters_in(const plni_layer *layer)
{
    return layer->ops->parameters ? layer->ops->parameters(layer) : 0;
}

/* The numbers in a layer's parameter tensors. */
static size_t numbers_in(const plni_layer *layer)
{
    size_t numbers = 0;

    for (int i = 0; i < parameters_in(layer); i++) {
        pln_parameter_info info = { 0 };
        size_t product = 1;
        layer->ops->parameter(layer, i, &info);
        for (int d = 0; d < info.rank; d++) product *= (size_t)info.dim[d];
        numbers += product;
    }
    return numbers;
}

static pln_layer_kind kind_of(const plni_layer *layer)
{
    static const plni_layer_ops *const kinds[] = {
        [PLN_DENSE] = &plni_dense_ops, [PLN_ACTIVATION] = &plni_activation_ops, [PLN_DROPOUT] = &plni_dropout_ops,
        [PLN_CONV] = &plni_conv_ops, [PLN_CELL] = &plni_cell_ops, [PLN_READOUT] = &plni_readout_ops
    };
    int kind = PLN_DENSE;

    while (kinds[kind] != layer->ops) kind++;
    return layer->full ? PLN_DENSE : (pln_layer_kind)kind;
}

pln_status pln_net_status(const pln_net *net) { return net->error; }

pln_layer_info pln_net_layer(const pln_net *net, int layer)
{
    if (layer < 0 || layer >= net->count) return (pln_layer_info){ 0 };

    const plni_layer *of = &net->layer[layer];
    pln_layer_info info = {
        .kind = kind_of(of), .inputs = of->inputs, .outputs = of->outputs, .activation = of->activation,
        .drop = of->drop, .parameters = numbers_in(of), .from = of->from - 1, .tap = of->tap - 1
    };
    if (net->steps) plni_maps_info(net, layer, &info);
    return info;
}

int pln_net_parameters(const pln_net *net)
{
    int count = 0;

    for (int l = 0; l < net->count; l++) count += parameters_in(&net->layer[l]);
    return count;
}

const plni_layer *plni_parameter_owner(const pln_net *net, int parameter, int *which)
{
    for (int l = 0; l < net->count && parameter >= 0; l++) {
        *which = parameter;
        parameter -= parameters_in(&net->layer[l]);
        if (parameter < 0) return &net->layer[l];
    }
    return NULL;
}

/* How many layers with parameters come before this one. */
static int place_of(const pln_net *net, const plni_layer *layer)
{
    int place = 0;

    for (int l = 0; &net->layer[l] != layer; l++)
        place += parameters_in(&net->layer[l]) > 0;
    return place;
}

pln_parameter_info pln_net_parameter(const pln_net *net, int parameter)
{
    int which = 0;
    const plni_layer *layer = plni_parameter_owner(net, parameter, &which);
    pln_parameter_info info = { 0 };
    char name[sizeof info.name];

    if (!layer) return info;
    layer->ops->parameter(layer, which, &info);
    memcpy(name, info.name, sizeof name);
    snprintf(info.name, sizeof info.name, "%d.%.12s", place_of(net, layer), name);
    return info;
}

pln_status plni_parameter_find(const pln_net *net, int parameter, const pln_tensor *t, const plni_layer **layer,
                               int *which)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);

    if (!net->ready)
        return plni_fail(net->ctx, PLN_ERR_STATE, "network: it is not ready");
    *layer = plni_parameter_owner(net, parameter, which);
    if (!*layer)
        return plni_fail(net->ctx, PLN_ERR_ARG, "network: there is no parameter %d",
                         parameter);
    if (!t->data || t->rank != info.rank ||
        memcmp(t->dim, info.dim, (size_t)info.rank * sizeof t->dim[0]) != 0)
        return plni_fail(net->ctx, PLN_ERR_SHAPE,
                         "network: parameter %s has another shape", info.name);
    return PLN_OK;
}

pln_status pln_net_get(const pln_net *net, int parameter, pln_tensor *t)
{
    const plni_layer *layer = NULL;
    int which = 0;

    PLN_TRY(plni_parameter_find(net, parameter, t, &layer, &which));
    layer->ops->get(layer, layer->theta, which, t->data);
    return PLN_OK;
}

pln_status pln_net_set(pln_net *net, int parameter, const pln_tensor *t)
{
    const plni_layer *layer = NULL;
    int which = 0;

    PLN_TRY(plni_parameter_find(net, parameter, t, &layer, &which));
    for (ptrdiff_t i = 0; i < pln_tensor_count(t); i++)
        if (!isfinite(t->data[i]))
            return plni_fail(net->ctx, PLN_ERR_NAN,
                             "network: number %td of parameter %s is not finite", i,
                             pln_net_parameter(net, parameter).name);
    layer->ops->set(layer, layer->theta, which, t->data);
    plni_mask_apply(net, layer);
    return PLN_OK;
}

/* ---- run ------------------------------------------------------------------ */

/* Layers first..last-1, all rowwise, after the product below them. */
typedef struct sweep {
    const pln_net   *net;
    const plni_pass *pass;
    int              first, last;
    plni_row        *before, *after;
    void            *arg;
} sweep;

static void forward_sample(void *arg, int s)
{
    const sweep *w = arg;
    const plni_pass *pass = w->pass;

    if (w->before) w->before(w->arg, s);
    if (w->first > 0) {
        const plni_layer *product = &w->net->layer[w->first - 1];
        if (product->ops->forward_rest)
            product->ops->forward_rest(product, pass, &pass->at[w->first - 1], s);
    }
    if (w->first < w->net->count)
        plni_signal_list(pass->kernels, pass->at[w->first].x, s);
    for (int l = w->first; l < w->last; l++) {
        w->net->layer[l].ops->forward(&w->net->layer[l], pass, &pass->at[l], s, s + 1);
        plni_signal_list(pass->kernels, pass->at[l].y, s);
    }
    if (w->after) w->after(w->arg, s);
}

static int next_product(const pln_net *net, int layer)
{
    while (layer < net->count && net->layer[layer].ops->rowwise) layer++;
    return layer;
}

int plni_first_product(const pln_net *net) { return next_product(net, 0); }

/* The rowwise layers from `first` on; returns the product above them. */
static int sweep_up(const pln_net *net, plni_pass *pass, int first,
                    plni_row *before, plni_row *after, void *arg)
{
    const int product = next_product(net, first);
    const int units = first ? net->layer[first - 1].outputs : net->inputs;
    const double work = SWEEP * pass->samples * units * (3 + product - first);
    sweep w = { net, pass, first, product, before,
                product == net->count ? after : NULL, arg };

    if (pass->steps > 1 && product == first && first < net->count && !before) return product;   /* from map to map */
    plni_parallel(net->ctx, pass->samples, work, PLNI_UP, forward_sample, &w);
    return product;
}

static void run_product(const pln_net *net, plni_pass *pass, int l)
{
    net->layer[l].ops->forward(&net->layer[l], pass, &pass->at[l], 0, pass->samples);
}

void plni_forward_enter(const pln_net *net, plni_pass *pass, plni_row *first, void *arg)
{
    (void)sweep_up(net, pass, 0, first, NULL, arg);
}

void plni_forward_product(const pln_net *net, plni_pass *pass)
{
    run_product(net, pass, plni_first_product(net));
}

void plni_forward_leave(const pln_net *net, plni_pass *pass, plni_row *last, void *arg)
{
    int l = plni_first_product(net);

    while ((l = sweep_up(net, pass, l + 1, NULL, last, arg)) < net->count)
        run_product(net, pass, l);
}

/* In evaluation: the free phase without masks. */
static void settle(const pln_net *net, plni_pass *pass, plni_row *first, plni_row *last, void *arg)
{
    const plni_nudge none = { 0 };

    plni_settle_enter(net, pass, 0, first, arg);
    (void)plni_settle(net, pass, net->dynamics.steps, &none);
    if (last)
        plni_parallel(net->ctx, pass->samples, SWEEP * pass->samples * pln_net_outputs(net), PLNI_UP, last, arg);
}

void plni_forward(const pln_net *net, plni_pass *pass, plni_row *first,
                  plni_row *last, void *arg)
{
    if (pass->settling) {
        settle(net, pass, first, last, arg);
        return;
    }
    plni_forward_enter(net, pass, first, arg);
    plni_forward_product(net, pass);
    plni_forward_leave(net, pass, last, arg);
}

int plni_product_below(const pln_net *net, int layer)
{
    do layer--;
    while (layer >= 0 && net->layer[layer].ops->rowwise);
    return layer;
}

void plni_backward_row(const pln_net *net, const plni_pass *pass, int layer,
                       int sample)
{
    int l = layer - 1;

    for (; l >= 0 && net->layer[l].ops->rowwise; l--)
        net->layer[l].ops->backward(&net->layer[l], pass, &pass->at[l], sample,
                                    sample + 1);
    if (l >= 0) plni_signal_list(pass->kernels, pass->at[l].dy, sample);
}

static void backward_sample(void *arg, int s)
{
    const sweep *w = arg;
    const plni_layer *product = &w->net->layer[w->last];

    if (product->ops->backward_rest)
        product->ops->backward_rest(product, w->pass, &w->pass->at[w->last], s);
    plni_backward_row(w->net, w->pass, w->last, s);
}

void plni_backward_rest(const pln_net *net, const plni_pass *pass, int layer)
{
    sweep w = { .net = net, .pass = pass, .last = layer };
    const double work = 4 * SWEEP * pass->samples * net->layer[layer].inputs;

    if (net->steps) return;                  /* products follow each other in maps */
    plni_parallel(net->ctx, pass->samples, work, PLNI_UP, backward_sample, &w);
}

/* ---- evaluation ----------------------------------------------------------- */

typedef struct rows {
    const pln_net    *net;
    const pln_tensor *x;
    pln_tensor       *y;
    int               from;      /* row of x and y that is sample 0 of the pass */
} rows;

static void read_row(void *arg, int s)
{
    const rows *r = arg;
    const plni_pass *pass = &r->net->evaluation;

    plni_input_floats(r->net, pass, r->x->data + (ptrdiff_t)(r->from + s) * r->net->inputs, s);
    if (r->net->poisson) plni_input_poisson(r->net, pass, (uint32_t)(r->from + s), s);
}

static void write_row(void *arg, int s)
{
    const rows *r = arg;
    const plni_signal *from = r->net->evaluation.at[r->net->count - 1].y;
    const int n = from->units;

    memcpy(r->y->data + (ptrdiff_t)(r->from + s) * n, from->value + s * from->stride,
           (size_t)n * sizeof(float));
}

pln_status pln_net_forward(pln_net *net, const pln_tensor *x, pln_tensor *y)
{
    const int batch = x->dim[0];
    rows r = { net, x, y, 0 };

    if (!net->ready)
        return plni_fail(net->ctx, PLN_ERR_STATE, "network: it is not ready");
    if (batch < 0 || !plni_is_matrix(x, batch, net->inputs) ||
        !plni_is_matrix(y, batch, pln_net_outputs(net)))
        return plni_fail(net->ctx, PLN_ERR_SHAPE,
                         "network: %d inputs and %d outputs wanted, x is %dx%d, y is %dx%d",
                         net->inputs, pln_net_outputs(net), x->dim[0], x->dim[1],
                         y->dim[0], y->dim[1]);
    for (; r.from < batch; r.from += net->evaluation.samples) {
        const int left = batch - r.from;
        net->evaluation.samples = left < net->evaluation.batch ? left : net->evaluation.batch;
        plni_forward(net, &net->evaluation, read_row, write_row, &r);
    }
    return PLN_OK;
}
