/* model.c - a network as JSON and safetensors */

#include "base/check.h"
#include "base/context.h"
#include "exchange/maps.h"
#include "format/file.h"
#include "format/safetensors.h"
#include "nn/net.h"
#include "pln/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char NETWORK[] = "planaria.network";
enum { MAX_MODEL_GB = 64, VERSION = 2 };       /* version 1 has no number */

/* Of networks of maps: a small file can describe large images. */
static const size_t PLAUSIBLE = (size_t)8 << 30;

/* ---- save ----------------------------------------------------------------- */

/* The shortest decimal that reads back as the same float. */
static double shortest(float value)
{
    char text[32];

    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value) break;
    }
    return strtod(text, NULL);
}

static json_t *describe_layer(const pln_layer_info *layer)
{
    switch (layer->kind) {
    case PLN_DENSE:
        return json_pack("{s:i}", "dense", layer->outputs);
    case PLN_ACTIVATION:
        return json_pack("{s:s}", "activation", pln_activation_name(layer->activation));
    default:
        return json_pack("{s:f}", "dropout", shortest(layer->drop));
    }
}

/* How a network settles; NULL if it is feed-forward. */
static json_t *describe_dynamics(const pln_net *net)
{
    const pln_dynamics d = pln_net_dynamics(net);

    if (d.kind == PLN_FEEDFORWARD) return NULL;
    return json_pack("{s:s, s:i, s:f, s:f}", "kind", d.kind == PLN_EULER ? "euler" : "block", "steps", d.steps,
                     "dt", (double)d.dt, "tolerance", (double)d.tolerance);
}

/* NULL if memory is short. */
static char *describe(const pln_net *net)
{
    json_t *layers = json_array(), *settle = describe_dynamics(net), *all;
    int failed = !settle && pln_net_dynamics(net).kind != PLN_FEEDFORWARD;
    char *text;

    for (int l = 0; l < pln_net_layers(net); l++) {
        const pln_layer_info layer = pln_net_layer(net, l);
        failed |= net->images ? !plni_maps_describe(net, l, layers)
                             : json_array_append_new(layers, describe_layer(&layer));
    }
    all = json_pack("{s:i, s:i, s:o*, s:o, s:o*}", "version", VERSION, "input", pln_net_inputs(net), "image",
                    net->images ? plni_maps_describe_input(net) : NULL, "layers", layers, "settle", settle);
    text = failed ? NULL : json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(all);
    return text;
}

/* NULL if memory is short or a text is not UTF-8: none is left out. */
static json_t *make_texts(const pln_net *net, const char *const *metadata)
{
    json_t *texts = json_object();
    char *network = describe(net);
    int failed = json_object_set_new(texts, NETWORK, json_string(network));

    for (int i = 0; metadata && metadata[i] && metadata[i + 1]; i += 2)
        failed |= json_object_set_new(texts, metadata[i], json_string(metadata[i + 1]));
    free(network);
    if (!failed) return texts;
    json_decref(texts);
    return NULL;
}

static size_t floats_of(const pln_parameter_info *info)
{
    size_t floats = 1;

    for (int d = 0; d < info->rank; d++) floats *= (size_t)info->dim[d];
    return floats;
}

pln_status pln_model_save(const pln_net *net, const char *path,
                          const char *const *metadata)
{
    pln_ctx *ctx = net->ctx;
    const int count = pln_net_parameters(net);
    const size_t info_bytes = (size_t)count * sizeof(pln_parameter_info);
    const size_t tensor_bytes = (size_t)count * sizeof(plni_st_tensor);
    pln_parameter_info *info = plni_alloc(ctx, info_bytes);
    plni_st_tensor *tensor = plni_alloc(ctx, tensor_bytes);
    pln_status status = PLN_ERR_MEMORY;
    size_t floats = 0;
    float *values = NULL, *next;
    json_t *texts = NULL;

    if (!net->ready) {
        status = plni_fail(ctx, PLN_ERR_STATE, "model: the network is not ready");
        goto done;
    }
    if (!info || !tensor) goto done;
    for (int p = 0; p < count; p++) {
        info[p] = pln_net_parameter(net, p);
        floats += floats_of(&info[p]);
    }
    next = values = plni_alloc(ctx, floats * sizeof *values);
    if (!values) goto done;
    for (int p = 0; p < count; p++) {
        pln_tensor t = { .data = next, .rank = info[p].rank };
        memcpy(t.dim, info[p].dim, sizeof t.dim);
        status = pln_net_get(net, p, &t);
        if (status != PLN_OK) goto done;
        tensor[p] = (plni_st_tensor){ .name = info[p].name, .type = "F32", .rank = info[p].rank,
                                      .bytes = next, .size = floats_of(&info[p]) * sizeof *next };
        for (int d = 0; d < info[p].rank; d++) tensor[p].dim[d] = info[p].dim[d];
        next += floats_of(&info[p]);
    }
    texts = make_texts(net, metadata);
    status = texts ? plni_st_write(ctx, path, tensor, count, texts)
                   : plni_fail(ctx, PLN_ERR_MEMORY, "model: no memory left, or a text is not UTF-8");
done:
    json_decref(texts);
    plni_free(ctx, values, floats * sizeof *values);
    plni_free(ctx, tensor, tensor_bytes);
    plni_free(ctx, info, info_bytes);
    return status;
}

/* ---- load ----------------------------------------------------------------- */

static pln_status refuse(pln_ctx *ctx, const char *why)
{
    return plni_fail(ctx, PLN_ERR_FORMAT, "model: %s", why);
}

/* Adds one layer; `room` is how many parameters the file can still hold. */
static pln_status add_layer(pln_ctx *ctx, pln_net *net, const json_t *layer, size_t *room)
{
    const json_t *units = json_object_get(layer, "dense");
    const json_t *drop = json_object_get(layer, "dropout");
    const char *name = json_string_value(json_object_get(layer, "activation"));
    pln_activation activation;

    if (json_object_size(layer) != 1) return refuse(ctx, "a layer is not one key and its value");
    if (json_is_integer(units)) {
        const json_int_t n = json_integer_value(units);
        const size_t inputs = (size_t)pln_net_outputs(net);
        if (n < 1 || n > PLN_MAX_UNITS || (inputs + 1) * (size_t)n > *room)
            return refuse(ctx, "a dense layer is larger than what the file holds");
        *room -= (inputs + 1) * (size_t)n;
        pln_net_dense(net, (int)n);
    } else if (json_is_number(drop)) {
        pln_net_dropout(net, (float)json_number_value(drop));
    } else if (name && pln_activation_find(name, &activation)) {
        pln_net_activation(net, activation);
    } else {
        return refuse(ctx, "a layer is none of dense, dropout and activation");
    }
    return PLN_OK;
}

static pln_status add_dynamics(pln_ctx *ctx, pln_net *net, const json_t *settle)
{
    const char *kind = json_string_value(json_object_get(settle, "kind"));
    const json_t *steps = json_object_get(settle, "steps"), *dt = json_object_get(settle, "dt");
    const json_t *tolerance = json_object_get(settle, "tolerance");
    pln_dynamics d = pln_dynamics_default();

    if (!settle) return PLN_OK;
    if (kind && strcmp(kind, "euler") == 0) d.kind = PLN_EULER;
    else if (kind && strcmp(kind, "block") == 0) d.kind = PLN_BLOCK;
    if (d.kind == PLN_FEEDFORWARD || !json_is_number(dt) || !json_is_number(tolerance))
        return refuse(ctx, "the network is to settle, but not how");
    if (!json_is_integer(steps) || json_integer_value(steps) < 1 || json_integer_value(steps) > PLN_MAX_STEPS)
        return refuse(ctx, "the steps in which the network settles are no positive number");
    d.steps = (int)json_integer_value(steps);
    d.dt = (float)json_number_value(dt);
    d.tolerance = (float)json_number_value(tolerance);
    pln_net_settle(net, &d);
    return PLN_OK;
}

static pln_status build(pln_ctx *ctx, pln_net *net, const json_t *network, size_t room)
{
    const json_t *input = json_object_get(network, "input");
    const json_t *layers = json_object_get(network, "layers"), *image = json_object_get(network, "image");
    const json_t *version = json_object_get(network, "version");
    const char *wrong = NULL;
    size_t i;
    json_t *layer;

    if (version && json_integer_value(version) != VERSION)
        return refuse(ctx, "the network's version is none that this program reads: a newer one may");
    if (!json_is_integer(input) || json_integer_value(input) < 1 ||
        json_integer_value(input) > PLN_MAX_UNITS || (size_t)json_integer_value(input) > room)
        return refuse(ctx, "the number of inputs does not fit the file");
    if (!json_is_array(layers) || json_array_size(layers) > (image ? 4 : 1) * PLN_MAX_LAYERS)
        return refuse(ctx, "there is no list of layers");
    if (image && !plni_maps_begin(net, image)) return refuse(ctx, "the image is not described");
    if (!image) pln_net_input(net, (int)json_integer_value(input));
    json_array_foreach((json_t *)(uintptr_t)layers, i, layer) {
        if (!image) PLN_TRY(add_layer(ctx, net, layer, &room));
        if (image) wrong = plni_maps_add(net, layer, !version, &room);
        if (wrong) return refuse(ctx, wrong);
        if (net->error) return PLN_ERR_FORMAT;
    }
    PLN_TRY(add_dynamics(ctx, net, json_object_get(network, "settle")));
    if (image && pln_net_bytes(net) > PLAUSIBLE) return refuse(ctx, "the network would take more than 8 GB");
    const pln_status status = pln_net_ready(net);
    return status == PLN_ERR_MEMORY || status == PLN_OK ? status : PLN_ERR_FORMAT;
}

static pln_status set_parameter(pln_ctx *ctx, pln_net *net, int parameter, const plni_st *st)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const plni_st_tensor *from = plni_st_find(st, info.name);
    const size_t bytes = floats_of(&info) * sizeof(float);
    pln_tensor t = { .rank = info.rank };
    pln_status status;

    if (!from || strcmp(from->type, "F32") != 0 || from->rank != info.rank)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: tensor %s is missing or not float32 of rank %d",
                         info.name, info.rank);
    for (int d = 0; d < info.rank; d++)
        if (from->dim[d] != info.dim[d])
            return plni_fail(ctx, PLN_ERR_FORMAT, "model: dimension %d of tensor %s is %lld, the network wants %d",
                             d + 1, info.name, (long long)from->dim[d], info.dim[d]);
    memcpy(t.dim, info.dim, sizeof t.dim);
    t.data = plni_alloc(ctx, bytes);
    if (!t.data) return PLN_ERR_MEMORY;
    memcpy(t.data, from->bytes, bytes);
    status = pln_net_set(net, parameter, &t);
    plni_free(ctx, t.data, bytes);
    return status == PLN_ERR_NAN ? PLN_ERR_FORMAT : status;
}

static pln_status read_network(pln_ctx *ctx, const plni_st *st, size_t size, pln_net *net)
{
    const char *text = plni_st_text(st, NETWORK);
    json_error_t error;
    json_t *network;
    pln_status status;

    if (!text) return refuse(ctx, "the file holds tensors, but no network of planaria");
    network = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!network)
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: the network is not valid JSON (byte %d: %s)",
                         error.position, error.text);
    status = build(ctx, net, network, size / sizeof(float));
    json_decref(network);
    PLN_TRY(status);
    if (st->count != pln_net_parameters(net))
        return plni_fail(ctx, PLN_ERR_FORMAT, "model: %d tensors for a network with %d", st->count,
                         pln_net_parameters(net));
    for (int p = 0; p < pln_net_parameters(net); p++) PLN_TRY(set_parameter(ctx, net, p, st));
    return PLN_OK;
}

pln_status pln_model_parse(pln_ctx *ctx, const void *bytes, size_t size, pln_net **net)
{
    plni_st st = { 0 };
    pln_status status;

    *net = NULL;
    PLN_TRY(plni_st_parse(ctx, bytes, size, &st));
    *net = pln_net_new(ctx);
    status = *net ? read_network(ctx, &st, size, *net) : PLN_ERR_MEMORY;
    plni_st_free(ctx, &st);
    if (status != PLN_OK) {
        pln_net_free(*net);
        *net = NULL;
    }
    return status;
}

pln_status pln_model_load(pln_ctx *ctx, const char *path, pln_net **net)
{
    void *bytes = NULL;
    size_t size = 0;
    pln_status status;

    *net = NULL;
    PLN_TRY(plni_file_read(ctx, path, (size_t)MAX_MODEL_GB << 30, &bytes, &size));
    status = pln_model_parse(ctx, bytes, size, net);
    plni_free(ctx, bytes, size);
    return status;
}

/* ---- visit ---------------------------------------------------------------- */

pln_status pln_safetensors_visit(pln_ctx *ctx, const void *bytes, size_t size,
                                 pln_see_tensor *see, pln_see_text *note, void *user)
{
    plni_st st = { 0 };
    const char *key;
    json_t *text;

    PLN_TRY(plni_st_parse(ctx, bytes, size, &st));
    if (note)
        json_object_foreach(json_object_get(st.header, "__metadata__"), key, text)
            note(user, key, json_string_value(text));
    for (int i = 0; see && i < st.count; i++) {
        const plni_st_tensor *t = &st.tensor[i];
        see(user, t->name, t->type, t->rank, t->dim, t->bytes, t->size);
    }
    plni_st_free(ctx, &st);
    return PLN_OK;
}
