/* graph.c - values between layers: what they look like, who writes and who reads them */

#include "nn/graph.h"

const plni_signal *plni_value(const pln_net *net, int value)
{
    return value ? &net->layer[value - 1].out : &net->image;
}

int plni_next_value(const pln_net *net) { return net->branch >= 0 ? net->branch : net->count; }

int plni_readers(const pln_net *net, int value)
{
    int readers = 0;

    for (int l = 0; l < net->count; l++)
        readers += (net->layer[l].input == value) + (net->layer[l].addend == value);
    return readers;
}

bool plni_is_input(const pln_net *net, int value)
{
    while (value > 0 && net->layer[value - 1].role != PLNI_PRODUCT) value = net->layer[value - 1].input;
    return value == 0;
}

bool plni_read_above(const pln_net *net, int value, int layer)
{
    for (int l = layer + 1; l < net->count; l++)
        if (net->layer[l].input == value || net->layer[l].addend == value) return true;
    return false;
}

int plni_first_product(const pln_net *net)
{
    int l = 0;

    while (l < net->count && net->layer[l].role != PLNI_PRODUCT) l++;
    return l;
}

int plni_product_below(const pln_net *net, int layer)
{
    do layer--;
    while (layer >= 0 && net->layer[layer].role != PLNI_PRODUCT);
    return layer;
}

/* A tile of an image goes through layers that follow each other directly, alone read what
 * is before them, and come in the order of plni_place.  Where a stage ends is part of the
 * result: a sum that is written out is rounded otherwise than one in a kernel's registers. */
bool plni_joins(const pln_net *net, int layer)
{
    const plni_layer *here = &net->layer[layer], *below = here - 1;

    return layer > 0 && here->role == PLNI_POINTWISE && below->role == PLNI_POINTWISE && !here->branched &&
           here->input == layer && !here->out.row && !below->out.row && below->ops->place < here->ops->place &&
           plni_readers(net, layer) <= 1;
}

bool plni_walks_x(const plni_layer *layer) { return layer->ops->lists_x && layer->ops->lists_x(layer); }
bool plni_walks_dy(const plni_layer *layer) { return layer->ops->lists_dy && layer->ops->lists_dy(layer); }

bool plni_zero_deltas(const pln_net *net, int value)
{
    for (int l = 0; l < net->count; l++) {
        const plni_layer *layer = &net->layer[l];
        if (layer->input != value && layer->addend != value) continue;
        if (!layer->ops->zero_deltas || !layer->ops->zero_deltas(layer, net)) return false;
    }
    return true;
}

float plni_top_threshold(const pln_net *net)
{
    for (int l = net->count - 1; l >= 0; l--)
        if (net->layer[l].threshold > 0) return net->layer[l].threshold;
    return 0;
}

bool plni_joins_all(const plni_layer *layer)
{
    if (!layer->ops->geometry) return true;
    const plni_conv shape = layer->ops->geometry(layer);
    return plni_conv_is_full(&shape);
}
