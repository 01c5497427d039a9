/* maps.c - layers of networks of maps as JSON
 *
 * A layer that does not begin at the last one is preceded by a branch. */

#include "exchange/maps.h"

#include "nn/graph.h"

#include <math.h>
#include <string.h>

static const char *const norms[] = { "none", "joint", "step" };
static const char *const resets[] = { "hard", "soft", "delayed" };
static const char *const pools[] = { "none", "average", "max" };
static const char *const readouts[] = { "mean", "last", "membrane" };

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

json_t *plni_maps_describe_input(const pln_net *net)
{
    const plni_extent e = net->image.extent;

    return json_pack("{s:i, s:i, s:i, s:i, s:b, s:b, s:o*}", "steps", net->steps, "channels", e.channels, "height", e.height,
                     "width", e.width, "frames", net->image.steps > 1 && !net->poisson,
                     "poisson", (int)net->poisson, "normalise", describe_normalise(&net->normalise));
}

static bool append(json_t *layers, json_t *layer) { return json_array_append_new(layers, layer) == 0; }

static json_t *describe_neuron(const pln_neuron *n)
{
    return json_pack("{s:{s:f, s:b, s:f, s:f, s:s, s:b, s:b, s:s, s:f}}", "lif", "tau", (double)n->tau, "decay_input",
                     (int)n->decay_input, "threshold", (double)n->threshold, "rest", (double)n->rest, "reset",
                     resets[n->reset], "detach", (int)n->detach, "strict", (int)n->strict, "surrogate",
                     pln_surrogate_name(n->surrogate), "sharpness", (double)n->sharpness);
}

static json_t *describe_pool(const pln_layer_info *i)
{
    json_t *pool = json_pack("{s:s, s:i}", "pool", pools[i->pool], "size", i->window);

    if (i->stride != i->window || i->pad) {
        json_object_set_new(pool, "stride", json_integer(i->stride));
        json_object_set_new(pool, "pad", json_integer(i->pad));
    }
    return pool;
}

bool plni_maps_describe(const pln_net *net, int l, json_t *layers)
{
    const pln_layer_info i = pln_net_layer(net, l);

    if (i.branched && !append(layers, json_pack("{s:i}", "branch", i.from))) return false;
    switch (i.kind) {
    case PLN_DENSE:      return append(layers, json_pack("{s:i}", "dense", i.outputs));
    case PLN_CONV:       return append(layers, json_pack("{s:i, s:i, s:i, s:i}", "conv", i.channels, "kernel", i.kernel, "stride",
                                                         i.stride, "pad", i.pad));
    case PLN_NORM:       return append(layers, json_pack("{s:s, s:f}", "norm", norms[i.norm.kind], "scale", (double)i.norm.scale));
    case PLN_ADD:        return append(layers, json_pack("{s:i}", "add", i.addend));
    case PLN_LIF:        return append(layers, describe_neuron(&i.neuron));
    case PLN_ACTIVATION: return append(layers, json_pack("{s:s}", "activation", pln_activation_name(i.activation)));
    case PLN_POOL:       return append(layers, describe_pool(&i));
    case PLN_DROPOUT:    return append(layers, json_pack("{s:f}", "dropout", (double)i.drop));
    default:             return append(layers, json_pack("{s:s, s:i}", "readout", readouts[i.readout], "votes", i.votes));
    }
}

/* ---- read ----------------------------------------------------------------------- */

/* An integer of 0..most, else -1. */
static int whole_number(const json_t *object, const char *key, int most)
{
    const json_t *value = json_object_get(object, key);
    const json_int_t n = json_integer_value(value);

    return json_is_integer(value) && n >= 0 && n <= most ? (int)n : -1;
}

static int place_in(const char *const *names, int count, const json_t *object, const char *key)
{
    const char *name = json_string_value(json_object_get(object, key));

    for (int i = 0; name && i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

static float number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? (float)json_number_value(value) : NAN;
}

static void read_normalise(pln_net *net, const json_t *normalise)
{
    const json_t *mean = json_object_get(normalise, "mean"), *deviation = json_object_get(normalise, "deviation");
    pln_normalise n = { .channels = (int)json_array_size(mean) };

    if (json_array_size(mean) > PLN_MAX_COLOURS) n.channels = PLN_MAX_COLOURS + 1;
    for (int c = 0; c < n.channels && c < PLN_MAX_COLOURS; c++) {
        n.mean[c] = (float)json_number_value(json_array_get(mean, (size_t)c));
        n.deviation[c] = (float)json_number_value(json_array_get(deviation, (size_t)c));
    }
    pln_net_normalise(net, &n);
}

bool plni_maps_begin(pln_net *net, const json_t *image)
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

static const char *add_neuron(pln_net *net, const json_t *lif)
{
    const int reset = place_in(resets, 3, lif, "reset");
    const char *surrogate = json_string_value(json_object_get(lif, "surrogate"));
    pln_neuron n = { .tau = number(lif, "tau"), .decay_input = json_is_true(json_object_get(lif, "decay_input")),
                     .threshold = number(lif, "threshold"), .rest = number(lif, "rest"), .reset = (pln_reset)reset,
                     .detach = json_is_true(json_object_get(lif, "detach")),
                     .strict = json_is_true(json_object_get(lif, "strict")), .sharpness = number(lif, "sharpness") };

    if (reset < 0 || !surrogate || !pln_surrogate_find(surrogate, &n.surrogate)) return "a neuron is not described";
    pln_net_lif(net, &n);
    return NULL;
}

/* Whether weights of so many filters fit the file, with so many taps, 0 for those of the
 * whole image; they are taken off. */
static bool fits(const pln_net *net, int filters, int taps, size_t *room)
{
    const plni_extent e = plni_value(net, plni_next_value(net))->extent;
    const double wanted = (double)filters * (taps ? taps : e.height * e.width) * e.channels;

    if (wanted > (double)*room) return false;
    *room -= (size_t)wanted;
    return true;
}

/* Layer k of a file: in those without a version, what is run in one place counts as one. */
static int layer_of(const pln_net *net, int k, bool old)
{
    int l = net->count - 1;

    while (old && k >= 0 && l >= 0 && net->layer[l].stream != k) l--;
    return old && k >= 0 ? (l >= 0 ? l : net->count) : k;
}

/* Options of a pool that old files do not have. */
static void add_pool(pln_net *net, pln_pool kind, const json_t *layer)
{
    const int size = whole_number(layer, "size", PLN_MAX_UNITS);
    const json_t *stride = json_object_get(layer, "stride");

    pln_net_pool_window(net, kind, size, stride ? whole_number(layer, "stride", PLN_MAX_UNITS) : size,
                        stride ? whole_number(layer, "pad", PLN_MAX_UNITS) : 0);
}

const char *plni_maps_add(pln_net *net, const json_t *layer, bool old, size_t *room)
{
    const char *name = json_string_value(json_object_get(layer, "activation"));
    pln_activation activation;

    const int conv = whole_number(layer, "conv", PLN_MAX_CHANNELS), dense = whole_number(layer, "dense", PLN_MAX_UNITS);
    const json_t *add = json_object_get(layer, "add"), *branch = json_object_get(layer, "branch");
    const int norm = place_in(norms, 3, layer, "norm"), pool = place_in(pools, 3, layer, "pool");
    const int readout = place_in(readouts, 3, layer, "readout");
    const int kernel = whole_number(layer, "kernel", 31);

    if (conv >= 0) {
        if (!fits(net, conv, kernel * kernel, room)) return "a convolution is larger than what the file holds";
        pln_net_conv(net, conv, kernel, whole_number(layer, "stride", 16), whole_number(layer, "pad", 31));
    } else if (dense >= 0) {
        if (!fits(net, dense, 0, room)) return "a dense layer is larger than what the file holds";
        pln_net_dense(net, dense);
    } else if (norm >= 0) {
        const pln_norm how = { (pln_norm_kind)norm, number(layer, "scale") };
        pln_net_norm(net, &how);
    } else if (add || branch) {
        const json_t *other = add ? add : branch;
        if (!json_is_integer(other) || json_integer_value(other) < -1 || json_integer_value(other) > PLN_MAX_LAYERS)
            return "a branch or a sum names no layer";
        (add ? pln_net_add : pln_net_branch)(net, layer_of(net, (int)json_integer_value(other), old));
    } else if (json_object_get(layer, "lif")) {
        return add_neuron(net, json_object_get(layer, "lif"));
    } else if (pool >= 0) {
        add_pool(net, (pln_pool)pool, layer);
    } else if (json_is_number(json_object_get(layer, "dropout"))) {
        pln_net_dropout(net, number(layer, "dropout"));
    } else if (name && pln_activation_find(name, &activation)) {
        pln_net_activation(net, activation);
    } else if (readout >= 0) {
        pln_net_readout(net, (pln_readout_kind)readout, whole_number(layer, "votes", PLN_MAX_CHANNELS));
    } else {
        return "a layer is none that a network of maps has";
    }
    return NULL;
}
