/* net.c - a network that is ready: its memory, what is in it, its outputs */

#include "nn/forward.h"
#include "nn/graph.h"
#include "nn/input.h"
#include "nn/mask.h"

#include "base/check.h"
#include "base/option.h"
#include "base/rng.h"
#include "base/shape.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { EVALUATION_ROWS = 64, EVALUATION_IMAGES = 16 };

pln_net *pln_net_new(pln_ctx *ctx)
{
    pln_net *net = plni_alloc(ctx, sizeof *net);

    if (!net) return NULL;
    net->ctx = ctx;
    net->run = &plni_feedforward;
    net->branch = -1;
    return net;
}

void pln_net_free(pln_net *net)
{
    if (!net) return;
    plni_masks_free(net);
    plni_free(net->ctx, net->memory, net->bytes);
    plni_free(net->ctx, net, sizeof *net);
}

/* Hands out all of a network's memory, or measures it. */
static void plan_net(pln_net *net, int batch, plni_arena *arena)
{
    for (int l = 0; l < net->count; l++) {
        plni_layer *layer = &net->layer[l];
        layer->theta = plni_arena_take(arena, (layer->size - layer->held) * sizeof(float));
        layer->kept = plni_arena_take(arena, layer->kept_size * sizeof(float));
    }
    plni_pass_plan(net, batch, false, &net->evaluation, arena);
}

static int evaluation_batch(const pln_net *net) { return net->images ? EVALUATION_IMAGES : EVALUATION_ROWS; }

pln_status plni_net_take(pln_net *net)
{
    const int batch = net->evaluation.batch;
    plni_arena arena = { 0 };

    plan_net(net, batch, &arena);
    net->bytes = arena.used;
    net->memory = plni_alloc(net->ctx, net->bytes);
    if (!net->memory) {
        net->bytes = 0;
        return PLN_ERR_MEMORY;
    }
    arena = (plni_arena){ .base = net->memory };
    plan_net(net, batch, &arena);
    return PLN_OK;
}

static pln_status check_layers(const pln_net *net)
{
    if (!net->inputs || plni_first_product(net) == net->count)
        return plni_fail(net->ctx, PLN_ERR_SHAPE, "network: it needs an input and a layer with weights");
    for (int l = 0; l < net->count - 1; l++) {
        char path[PLNI_PATH];
        snprintf(path, sizeof path, "layers.%d", l);
        if (!plni_readers(net, l + 1))
            return plni_fail_at(net->ctx, PLN_ERR_SHAPE, path, "network: nothing reads what layer %d gives", l);
    }
    return PLN_OK;
}

/* What layers want to know of those above; the stages. */
static pln_status compile(pln_net *net)
{
    PLN_TRY(check_layers(net));
    for (int l = 0; l < net->count; l++) {
        plni_layer *layer = &net->layer[l];
        layer->adds = layer->addend == layer->input || plni_read_above(net, layer->input, l);
        layer->addend_adds = layer->addend >= 0 && plni_read_above(net, layer->addend, l);
    }
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].ops->complete) PLN_TRY(net->layer[l].ops->complete(&net->layer[l], net));
    if (!net->layer[net->count - 1].out.row)
        return plni_fail(net->ctx, PLN_ERR_SHAPE, plni_top_threshold(net) > 0 || net->layer[net->count - 1].out.steps > 1
                         ? "network: outputs that change over time end with a read-out"
                         : "network: it ends with an image: a dense layer or a read-out must come last");
    plni_stages_compile(net);
    return net->run->check(net);
}

/* Of lists that hold weights. */
static size_t held_bytes(const pln_net *net)
{
    size_t bytes = 0;

    for (int l = 0; l < net->count && net->compact; l++)
        for (const plni_live *live = net->layer[l].live; live; live = live->next) bytes += sizeof *live + live->bytes + live->lanes_bytes;
    return bytes;
}

size_t pln_net_bytes(const pln_net *net)
{
    plni_arena arena = { 0 };
    pln_net *copy;

    if (net->error) return 0;
    if (net->ready) return net->bytes + held_bytes(net);
    copy = plni_alloc(net->ctx, sizeof *copy);
    if (!copy) return 0;
    *copy = *net;
    if (compile(copy) == PLN_OK) plan_net(copy, evaluation_batch(copy), &arena);
    plni_free(net->ctx, copy, sizeof *copy);
    return arena.used;
}

size_t pln_net_weight_bytes(const pln_net *net)
{
    size_t floats = 0;

    for (int l = 0; l < net->count && net->ready; l++)
        floats += net->layer[l].size - net->layer[l].held + net->layer[l].kept_size;
    return floats * sizeof(float) + held_bytes(net);
}

pln_status pln_net_ready(pln_net *net)
{
    if (net->error) return net->error;
    if (net->ready) return PLN_OK;
    PLN_TRY(compile(net));
    net->evaluation.batch = evaluation_batch(net);
    PLN_TRY(plni_net_take(net));
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].ops->reset) net->layer[l].ops->reset(&net->layer[l]);
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

size_t plni_parameter_floats(const pln_parameter_info *info, int from)
{
    size_t floats = 1;

    for (int d = from; d < info->rank; d++) floats *= (size_t)info->dim[d];
    return floats;
}

/* The numbers in a layer's parameter tensors. */
static size_t numbers_in(const plni_layer *layer)
{
    size_t numbers = 0;

    for (int i = 0; i < parameters_in(layer); i++) {
        pln_parameter_info info = { 0 };
        layer->ops->parameter(layer, i, &info);
        numbers += plni_parameter_floats(&info, 0);
    }
    return numbers;
}

static const char *const kinds[] = {
#define PLNI_LAYER(kind) #kind,
#include "nn/layers.def"
#undef PLNI_LAYER
};

pln_layer_info pln_net_layer(const pln_net *net, int layer)
{
    if (layer < 0 || layer >= net->count) return (pln_layer_info){ 0 };

    const plni_layer *of = &net->layer[layer];
    const plni_signal *out = &of->out;
    pln_layer_info info = { .name = of->ops->name, .inputs = of->inputs, .outputs = of->outputs, .parameters = numbers_in(of),
                            .from = of->input - 1, .addend = PLN_NO_LAYER, .branched = of->branched, .stream = of->stream };

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (strcmp(kinds[k], of->ops->name) == 0) info.kind = (pln_layer_kind)k;
    if (net->images) {
        info.channels = out->extent.channels;
        info.height = out->extent.height;
        info.width = out->extent.width;
        info.steps = out->steps;
    }
    if (of->ops->tell) of->ops->tell(of, &info);
    return info;
}

const char *pln_net_algorithm(const pln_net *net, int number, pln_product product, double density)
{
    static const plni_conv_pass passes[] = { [PLN_FORWARD] = PLNI_CONV_FORWARD, [PLN_INPUT_GRADIENT] = PLNI_CONV_BACKWARD,
                                             [PLN_WEIGHT_GRADIENT] = PLNI_CONV_GRADIENT };
    const plni_layer *layer = number >= 0 && number < net->count ? &net->layer[number] : NULL;

    if (!layer || !layer->ops->geometry || (int)product < 0 || product > PLN_WEIGHT_GRADIENT) return NULL;
    if (product == PLN_INPUT_GRADIENT && !plni_zero_deltas(net, number + 1)) density = 1;
    const plni_conv conv = layer->ops->geometry(layer);
    const plni_signal *x = plni_value(net, layer->input);
    return plni_conv_choose(&conv, passes[product], x->form, density, EVALUATION_IMAGES * x->steps)->name;
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

plni_rows plni_rows_of(const pln_parameter_info *info, size_t from, size_t room)
{
    const size_t row = plni_parameter_floats(info, 1), first = from / row, left = (size_t)info->dim[0] - first;
    const size_t count = room / row < left ? room / row : left;

    return (plni_rows){ (int)first, (int)count, count * row };
}

size_t plni_rows_room(const pln_net *net)
{
    enum { A_FEW = 1 << 18 };
    size_t longest = 1, most = 1;

    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        if (plni_parameter_floats(&info, 1) > longest) longest = plni_parameter_floats(&info, 1);
        if (plni_parameter_floats(&info, 0) > most) most = plni_parameter_floats(&info, 0);
    }
    if (most > A_FEW) most = A_FEW;
    return longest > most ? longest : most;
}

pln_status plni_parameter_find(const pln_net *net, int parameter, const pln_tensor *t, const plni_layer **layer,
                               int *which)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);

    if (!net->ready)
        return plni_fail(net->ctx, PLN_ERR_STATE, "network: it is not ready");
    if (net->compact)
        return plni_fail(net->ctx, PLN_ERR_STATE, "network: it is compact, and has no tensors to read or write");
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
    plni_layer_get(layer, layer->theta, which, t->data);
    return PLN_OK;
}

pln_status pln_net_set(pln_net *net, int parameter, const pln_tensor *t)
{
    const plni_layer *layer = NULL;
    int which = 0;

    PLN_TRY(plni_parameter_find(net, parameter, t, &layer, &which));
    const ptrdiff_t count = pln_tensor_count(t);
    for (ptrdiff_t i = 0; i < count; i++)
        if (!isfinite(t->data[i]))
            return plni_fail(net->ctx, PLN_ERR_NAN,
                             "network: number %td of parameter %s is not finite", i,
                             pln_net_parameter(net, parameter).name);
    layer->ops->set(layer, layer->theta, which, t->data);
    plni_mask_apply(net, layer);
    return PLN_OK;
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
    const plni_signal *from = plni_output(r->net, &r->net->evaluation);
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
    for (int s = 0; s < batch; s++)
        PLN_TRY(plni_input_check_floats(net->ctx, net, x->data + (ptrdiff_t)s * net->inputs, s));
    for (; r.from < batch; r.from += net->evaluation.samples) {
        const int left = batch - r.from;
        net->evaluation.samples = left < net->evaluation.batch ? left : net->evaluation.batch;
        plni_forward(net, &net->evaluation, read_row, write_row, &r);
    }
    return PLN_OK;
}
