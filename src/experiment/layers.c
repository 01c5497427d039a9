/* layers.c - the layers of an experiment, each of some kind with that kind's options */

#include "experiment/layers.h"

#include "base/check.h"
#include "base/option.h"
#include "nn/kinds.h"

#include <string.h>

/* The place of each kind among all. */
enum {
#define PLNI_LAYER(kind) AT_##kind,
#include "nn/layers.def"
#undef PLNI_LAYER
    KINDS
};

_Static_assert((int)KINDS <= (int)PLN_MAX_KINDS, "there are more kinds of layers than experiments have places for");
_Static_assert(sizeof(double) * PLN_LAYER_DOUBLES >= PLNI_OWN, "the values of a layer have too little room");

const pln_option plni_layer_options[] = {
#define PLNI_LAYER(kind)                                                                                                        \
    { #kind, PLN_OPTION_SECTION, offsetof(pln_experiment_layer, values), .flags = PLN_OPTION_MARKED | PLN_OPTION_BRIEF,         \
      .options = plni_##kind##_options, .count = offsetof(pln_experiment_layer, is) + AT_##kind * sizeof(bool) },
#include "nn/layers.def"
#undef PLNI_LAYER
    { "from", PLN_OPTION_INT, offsetof(pln_experiment_layer, from), -1, PLN_MAX_LAYERS, PLN_LAYER_ABOVE,
      .help = "number of the layer that it reads, from 0, or -1 for the input; default: the one above in the list" },
    { 0 }
};

const char *pln_experiment_kind(const pln_experiment_layer *layer)
{
    const char *kind = NULL;

    for (int k = 0; k < KINDS; k++) {
        if (!layer->is[k]) continue;
        if (kind) return NULL;
        kind = plni_kind_nth(k)->name;
    }
    return kind;
}

bool plni_layer_is(const pln_experiment_layer *layer, const char *kind)
{
    const char *own = pln_experiment_kind(layer);
    return own && strcmp(own, kind) == 0;
}

int plni_layer_value(const pln_experiment_layer *layer, const char *option)
{
    size_t shift;
    const pln_option *o = plni_option_find(plni_kind_find(pln_experiment_kind(layer))->options, option, strlen(option), &shift);

    return (int)plni_option_number(o, (const char *)layer->values + shift);
}

static pln_status take_layer(pln_ctx *ctx, const plni_layer *layer, pln_experiment_layer *to)
{
    json_t *options = plni_option_json(layer->ops->options, layer->own, PLN_PRINT_JSON);
    const plni_layer_ops *kind = plni_kind_find(layer->ops->name);

    *to = (pln_experiment_layer){ .from = layer->branched ? layer->input - 1 : PLN_LAYER_ABOVE };
    for (int k = 0; k < KINDS; k++) to->is[k] = plni_kind_nth(k) == kind;
    const pln_status status = options ? plni_option_take(ctx, kind->options, to->values, options) : PLN_ERR_MEMORY;
    json_decref(options);
    return status;
}

pln_status pln_experiment_take_layers(pln_ctx *ctx, pln_experiment *e, const pln_net *net)
{
    const size_t bytes = (size_t)net->count * sizeof(pln_experiment_layer);

    if (!net->ready) return plni_fail(ctx, PLN_ERR_STATE, "layers: the network is not ready");
    pln_experiment_layer *layers = plni_alloc(ctx, bytes);
    pln_status status = layers ? PLN_OK : PLN_ERR_MEMORY;
    for (int l = 0; status == PLN_OK && l < net->count; l++) status = take_layer(ctx, &net->layer[l], &layers[l]);
    if (status == PLN_OK) {
        memcpy(e->layer, layers, bytes);
        e->layers = net->count;
        if (*e->network) {
            e->steps = e->spiking.steps, e->normalise = e->spiking.normalise, e->poisson = e->spiking.poisson;
            e->has_input = true, e->spikes = false;
            e->spiking = pln_spiking_default();
            *e->network = 0;
        }
    }
    plni_free(ctx, layers, bytes);
    return status;
}

bool pln_experiment_takes_images(const pln_experiment *e)
{
    static const char *const of_rows[] = { "dense", "activation", "dropout" };
    bool images = *e->network || e->has_input;

    for (int i = 0; i < e->layers; i++) {
        bool row = false;
        for (int k = 0; k < 3; k++) row |= plni_layer_is(&e->layer[i], of_rows[k]);
        images |= !row;
    }
    return images;
}

bool plni_layers_fire(const pln_experiment *e)
{
    for (int i = 0; i < e->layers; i++)
        if (plni_layer_is(&e->layer[i], "lif")) return true;
    return *e->network;
}
