/* add.c - the sum of two values of the same shape
 *
 *     y = x + addend
 *
 * What is the same at all time steps may be added to what is not.  Spikes and sums of
 * spikes are written out as floats for the tile. */

#include "nn/graph.h"
#include "nn/tile.h"

#include <string.h>

/* The layer whose output is added; -1: the network's input. */
typedef struct add_own {
    int layer;
} add_own;

PLNI_OWN_TYPE(add_own)

const pln_option plni_add_options[] = {
    { "layer", PLN_OPTION_INT, offsetof(add_own, layer), -1, PLN_MAX_LAYERS, 0, PLN_OPTION_NEEDED,
      .help = "number of the layer whose output is added, from 0; -1: the input" },
    { 0 }
};

void pln_net_add(pln_net *net, int layer)
{
    const add_own own = { layer };

    plni_append(net, &plni_add_ops, &own, sizeof own);
}

static pln_status fit(plni_layer *layer, pln_net *net)
{
    const int value = own_of(layer).layer + 1;
    const plni_signal *x = plni_value(net, layer->input), *addend;

    if (x->row || x->form != PLNI_VALUES || plni_is_input(net, layer->input))
        return plni_refuse(net, PLN_ERR_SHAPE, layer->input ? "a sum must follow a convolution, a dense layer or a norm"
                           : "a network of maps begins with a convolution or a dense layer", 0);
    if (value > net->count) return plni_refuse(net, PLN_ERR_ARG, "there is no such layer", value - 1);
    addend = plni_value(net, value);
    if (memcmp(&addend->extent, &x->extent, sizeof x->extent) != 0 || (addend->steps > 1 && x->steps == 1) ||
        addend->row || addend->depth % 16)
        return plni_refuse(net, PLN_ERR_SHAPE, "what is added must have the same channels, size and time steps, or be still",
                           own_of(layer).layer);
    /* What is right below is added to from outside its tiles: no tile reads itself. */
    if (value == layer->input) layer->branched = true;
    layer->addend = value;
    layer->out = *x;
    return PLN_OK;
}

static void tile_forward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const plni_signal *addend = io->addend;
    const int samples = tile->pass->samples, first = tile->line * tile->stage->window * addend->extent.width;

    (void)layer;
    for (int t = 0; t < addend->steps; t++)
        for (int i = 0; i < tile->places; i++) {
            float *to = tile->addend + ((ptrdiff_t)t * tile->places + i) * addend->depth;
            const float *from = plni_map_values(addend, t * samples + tile->sample, first + i, to);
            if (from != to) memcpy(to, from, (size_t)addend->depth * sizeof *to);
        }
    tile->drive.tap = tile->addend;
    tile->drive.tap_step = addend->steps > 1 ? (ptrdiff_t)tile->places * addend->depth : 0;
}

static void tile_backward(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile)
{
    const plni_signal *to = io->daddend;

    for (int t = 0; to && t < tile->du->steps; t++) {
        float *into = plni_tile_values(tile, to, to->steps > 1 ? t : 0);
        const float *from = plni_tile_values(tile, tile->du, t);
        const int n = tile->places * tile->drive.depth;
        if (layer->addend_adds || (t && to->steps == 1)) tile->pass->kernels->axpy(into, from, 1, n);
        else memcpy(into, from, (size_t)n * sizeof *into);
    }
}

/* Few, if the neuron in the same tile passes on few. */
static bool zero_deltas(const plni_layer *layer, const pln_net *net)
{
    const plni_layer *above = layer + 1;

    return above->number < net->count && plni_joins(net, above->number) && above->ops->zero_deltas &&
           above->ops->zero_deltas(above, net);
}

static void tell(const plni_layer *layer, pln_layer_info *info) { info->addend = own_of(layer).layer; }

const plni_layer_ops plni_add_ops = {
    .name = "add",
    .role = PLNI_POINTWISE,
    .place = PLNI_SUM,
    .options = plni_add_options,
    .fit = fit,
    .tile_forward = tile_forward,
    .tile_backward = tile_backward,
    .zero_deltas = zero_deltas,
    .tell = tell,
};
