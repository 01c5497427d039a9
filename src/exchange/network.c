/* network.c - a network as JSON
 *
 *     {"version": 2, "input": 784, "image": {...}, "layers": [{"conv": 16, "kernel": 3}, ...], "settle": {...}}
 *
 * A layer is the name of its kind with the first of its options, or with an object of all, and
 * the others beside it; what has its default is left out.  A layer that does not begin at the
 * last one is preceded by {"branch": number}.  Files of version 1 have no number; what is run
 * in one place counted as one layer there, so that numbers of layers were others. */

#include "exchange/network.h"

#include "base/check.h"
#include "base/option.h"
#include "nn/graph.h"
#include "nn/kinds.h"
#include "pln/prune.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 2 };

/* A small file can describe large images: few weights see them, if they are shared or behind a pool. */
static const size_t PLAUSIBLE = (size_t)8 << 30;

/* ---- write ---------------------------------------------------------------------- */

static json_t *describe_normalise(const pln_normalise *n)
{
    json_t *mean = json_array(), *deviation = json_array();

    if (!n->channels) {
        json_decref(mean);
        json_decref(deviation);
        return NULL;
    }
    for (int c = 0; c < n->channels; c++) {
        json_array_append_new(mean, json_real((double)n->mean[c]));
        json_array_append_new(deviation, json_real((double)n->deviation[c]));
    }
    return json_pack("{s:o, s:o}", "mean", mean, "deviation", deviation);
}

static json_t *describe_image(const pln_net *net)
{
    const plni_extent e = net->image.extent;

    return json_pack("{s:i, s:i, s:i, s:i, s:b, s:b, s:o*}", "steps", net->steps, "channels", e.channels, "height", e.height,
                     "width", e.width, "frames", net->image.steps > 1 && !net->poisson,
                     "poisson", (int)net->poisson, "normalise", describe_normalise(&net->normalise));
}

/* How a network relaxes; NULL if it is feed-forward. */
static json_t *describe_dynamics(const pln_net *net)
{
    const pln_dynamics d = pln_net_dynamics(net);

    if (d.kind == PLN_FEEDFORWARD) return NULL;
    return json_pack("{s:s, s:i, s:f, s:f}", "kind", d.kind == PLN_EULER ? "euler" : "block", "steps", d.steps,
                     "dt", (double)d.dt, "tolerance", (double)d.tolerance);
}

/* NULL if memory is short. */
static json_t *describe_layer(const plni_layer *layer)
{
    const pln_option *first = layer->ops->options;
    json_t *options = plni_option_json(first, layer->own, PLN_PRINT_JSON), *value, *all;

    if (!options || !(first->flags & PLN_OPTION_NEEDED)) return json_pack("{s:o}", layer->ops->name, options);
    value = json_incref(json_object_get(options, first->name));
    all = json_pack("{s:o}", layer->ops->name, value);
    if (json_object_del(options, first->name) || !all || json_object_update(all, options)) {
        json_decref(all);
        all = NULL;
    }
    json_decref(options);
    return all;
}

json_t *plni_network_describe(const pln_net *net)
{
    json_t *layers = json_array(), *relax = describe_dynamics(net), *image = net->images ? describe_image(net) : NULL;
    int failed = (!relax && pln_net_dynamics(net).kind != PLN_FEEDFORWARD) || (net->images && !image);

    for (int l = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        if (layer->branched) failed |= json_array_append_new(layers, json_pack("{s:i}", "branch", layer->input - 1));
        failed |= json_array_append_new(layers, describe_layer(layer));
    }
    if (!failed)
        return json_pack("{s:i, s:i, s:o*, s:o, s:o*, s:o*}", "version", VERSION, "input", pln_net_inputs(net), "image", image,
                         "layers", layers, "settle", relax,
                         "cnn_prune", net->cnn_prune > 0 ? json_real(net->cnn_prune) : NULL);
    json_decref(layers), json_decref(relax), json_decref(image);
    return NULL;
}

/* ---- read ----------------------------------------------------------------------- */

static pln_status refuse(pln_ctx *ctx, const char *why)
{
    return plni_fail(ctx, PLN_ERR_FORMAT, "model: %s", why);
}

/* An integer of 0..most, else -1. */
static int whole_number(const json_t *object, const char *key, int most)
{
    const json_t *value = json_object_get(object, key);
    const json_int_t n = json_integer_value(value);

    return json_is_integer(value) && n >= 0 && n <= most ? (int)n : -1;
}

static void read_normalise(pln_net *net, const json_t *normalise)
{
    const json_t *mean = json_object_get(normalise, "mean"), *deviation = json_object_get(normalise, "deviation");
    pln_normalise n = { .channels = (int)json_array_size(mean) };

    if (json_array_size(mean) > PLN_MAX_NORMALISED) n.channels = PLN_MAX_NORMALISED + 1;
    for (int c = 0; c < n.channels && c < PLN_MAX_NORMALISED; c++) {
        n.mean[c] = (float)json_number_value(json_array_get(mean, (size_t)c));
        n.deviation[c] = (float)json_number_value(json_array_get(deviation, (size_t)c));
    }
    pln_net_normalise(net, &n);
}

static bool begin_image(pln_net *net, const json_t *image)
{
    const int steps = whole_number(image, "steps", PLN_MAX_TIME), channels = whole_number(image, "channels", PLN_MAX_CHANNELS);
    const int height = whole_number(image, "height", PLN_MAX_UNITS), width = whole_number(image, "width", PLN_MAX_UNITS);

    if (steps < 1 || channels < 1 || height < 1 || width < 1) return false;
    if (json_is_true(json_object_get(image, "frames"))) pln_net_frames(net, steps, channels, height, width);
    else pln_net_image(net, steps, channels, height, width);
    if (json_object_get(image, "normalise")) read_normalise(net, json_object_get(image, "normalise"));
    if (json_is_true(json_object_get(image, "poisson"))) pln_net_poisson(net);
    return true;
}

/* Layer k of a file: in those without a version, what is run in one place counts as one. */
static int layer_of(const pln_net *net, int k, bool old)
{
    int l = net->count - 1;

    while (old && k >= 0 && l >= 0 && net->layer[l].stream != k) l--;
    return old && k >= 0 ? (l >= 0 ? l : net->count) : k;
}

/* The kind that a layer's object names. */
static const plni_layer_ops *kind_of(const json_t *layer, const json_t **value)
{
    const char *key;
    json_t *of;

    json_object_foreach((json_t *)(uintptr_t)layer, key, of)
        if (plni_kind_find(key)) {
            *value = of;
            return plni_kind_find(key);
        }
    return NULL;
}

/* All options of a layer as one object: the kind's own, what stands beside it, and the first by its name. */
static json_t *gather(const plni_layer_ops *kind, const json_t *layer, const json_t *value)
{
    json_t *options = json_is_object(value) ? json_deep_copy(value) : json_object();
    const char *key;
    json_t *of;
    int failed = 0;

    json_object_foreach((json_t *)(uintptr_t)layer, key, of)
        if (of == value) failed |= !json_is_object(value) && json_object_set(options, kind->options->name, of);
        else failed |= json_object_set(options, key, of);
    if (!failed) return options;
    json_decref(options);
    return NULL;
}

/* Numbers of layers are not what they were. */
static int renumber(const pln_net *net, const plni_layer_ops *kind, json_t *options)
{
    const json_t *number = json_object_get(options, "layer");

    if (strcmp(kind->name, "add") != 0 || !json_is_integer(number)) return 0;
    if (json_integer_value(number) < -1 || json_integer_value(number) > PLN_MAX_LAYERS) return 0;
    return json_object_set_new(options, "layer", json_integer(layer_of(net, (int)json_integer_value(number), true)));
}

static pln_status add_branch(pln_net *net, const json_t *branch, bool old)
{
    if (!json_is_integer(branch) || json_integer_value(branch) < -1 || json_integer_value(branch) > PLN_MAX_LAYERS)
        return refuse(net->ctx, "a branch names no layer");
    pln_net_branch(net, layer_of(net, (int)json_integer_value(branch), old));
    return PLN_OK;
}

static pln_status add_layer(pln_net *net, const json_t *layer, bool old)
{
    const json_t *value = NULL;
    const plni_layer_ops *kind = kind_of(layer, &value);
    json_t *options;

    if (json_object_get(layer, "branch")) return add_branch(net, json_object_get(layer, "branch"), old);
    if (!kind) return refuse(net->ctx, "a layer is of no kind that there is");
    options = gather(kind, layer, value);
    if (!options || (old && renumber(net, kind, options))) {
        json_decref(options);
        return PLN_ERR_MEMORY;
    }
    plni_append_json(net, kind->name, options);
    json_decref(options);
    if (net->error) return net->error == PLN_ERR_MEMORY ? PLN_ERR_MEMORY : PLN_ERR_FORMAT;
    return PLN_OK;
}

static pln_status add_dynamics(pln_ctx *ctx, pln_net *net, const json_t *relax)
{
    const char *kind = json_string_value(json_object_get(relax, "kind"));
    const json_t *steps = json_object_get(relax, "steps"), *dt = json_object_get(relax, "dt");
    const json_t *tolerance = json_object_get(relax, "tolerance");
    pln_dynamics d = pln_dynamics_default();

    if (!relax) return PLN_OK;
    if (kind && strcmp(kind, "euler") == 0) d.kind = PLN_EULER;
    else if (kind && strcmp(kind, "block") == 0) d.kind = PLN_BLOCK;
    if (d.kind == PLN_FEEDFORWARD || !json_is_number(dt) || !json_is_number(tolerance))
        return refuse(ctx, "the network is to relax, but not how");
    if (!json_is_integer(steps) || json_integer_value(steps) < 1 || json_integer_value(steps) > PLN_MAX_STEPS)
        return refuse(ctx, "the steps in which the network relaxes are no positive number");
    d.steps = (int)json_integer_value(steps);
    d.dt = (float)json_number_value(dt);
    d.tolerance = (float)json_number_value(tolerance);
    pln_net_relax(net, &d);
    return PLN_OK;
}

/* Before any memory is taken for them: whether a file can hold the parameters. */
static bool fits(const pln_net *net, size_t left)
{
    size_t numbers = 0;

    for (int l = 0; l < net->count && numbers <= left; l++) numbers += pln_net_layer(net, l).parameters;
    return numbers <= left;
}

pln_status plni_network_build(pln_ctx *ctx, pln_net *net, const json_t *network, size_t left)
{
    const json_t *input = json_object_get(network, "input"), *version = json_object_get(network, "version");
    const json_t *layers = json_object_get(network, "layers"), *image = json_object_get(network, "image");
    size_t i;
    json_t *layer;

    if (version && json_integer_value(version) != VERSION)
        return refuse(ctx, "the network's version is none that this program reads: a newer one may");
    if (!json_is_integer(input) || json_integer_value(input) < 1 ||
        json_integer_value(input) > PLN_MAX_UNITS || (!image && (size_t)json_integer_value(input) > left))
        return refuse(ctx, "the number of inputs does not fit the file");
    if (!json_is_array(layers) || json_array_size(layers) > 2 * PLN_MAX_LAYERS) return refuse(ctx, "there is no list of layers");
    if (image && !begin_image(net, image)) return refuse(ctx, "the image is not described");
    if (!image) pln_net_input(net, (int)json_integer_value(input));
    json_array_foreach((json_t *)(uintptr_t)layers, i, layer) PLN_TRY(add_layer(net, layer, !version));
    PLN_TRY(add_dynamics(ctx, net, json_object_get(network, "settle")));
    if (!fits(net, left)) return refuse(ctx, "the network is larger than what the file holds");
    if (json_is_number(json_object_get(network, "cnn_prune")))
        pln_net_prune_convolutions(net, json_number_value(json_object_get(network, "cnn_prune")));
    if (image && pln_net_bytes(net) > PLAUSIBLE) return refuse(ctx, "the network would take more than 8 GB");
    const pln_status status = pln_net_ready(net);
    return status == PLN_ERR_MEMORY || status == PLN_OK ? status : PLN_ERR_FORMAT;
}
