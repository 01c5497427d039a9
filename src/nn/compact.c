/* compact.c - a network that only runs forward, with pruned tensors as lists
 *
 * Layers are those of the other network.  Where lists of live weights are enough for every product that its evaluation
 * may choose, the layer's theta begins behind its weights; so the copy takes the same ways through the same numbers. */

#include "nn/forward.h"
#include "nn/graph.h"
#include "nn/mask.h"

#include "base/check.h"

#include <string.h>

/* Masks say which tensors have one and how much it leaves, and no longer where. */
static pln_status copy_mask(pln_net *to, const plni_layer *from, plni_layer *layer)
{
    if (!from->mask) return PLN_OK;
    layer->mask = plni_mask_new(to->ctx, 0);
    if (!layer->mask) return PLN_ERR_MEMORY;
    memcpy(layer->mask->masked, from->mask->masked, sizeof from->mask->masked);
    memcpy(layer->mask->present, from->mask->present, sizeof from->mask->present);
    return PLN_OK;
}

/* Places are counted by ints. */
static pln_status check_places(const pln_net *net, int batch)
{
    for (int value = 0; value <= net->count; value++)
        if ((double)batch * net->steps * plni_positions(plni_value(net, value)->extent) > INT32_MAX / 2)
            return plni_fail(net->ctx, PLN_ERR_SHAPE, "compact: a batch of %d has too many places: take a smaller one", batch);
    return PLN_OK;
}

/* Takes what masks and lists the layers hold. */
static pln_status hold(pln_net *to, const pln_net *from)
{
    for (int l = 0; l < to->count; l++) {
        const plni_layer *other = &from->layer[l];
        plni_layer *layer = &to->layer[l];
        PLN_TRY(copy_mask(to, other, layer));
        if (!other->live || !other->ops->hold_live) continue;
        PLN_TRY(other->ops->hold_live(other, from, to->evaluation.batch, &layer->live));
        if (layer->live) layer->held = layer->decays;
    }
    return PLN_OK;
}

static void copy_numbers(pln_net *to, const pln_net *from)
{
    for (int l = 0; l < to->count; l++) {
        const plni_layer *other = &from->layer[l];
        const plni_layer *layer = &to->layer[l];
        memcpy(layer->theta, other->theta + layer->held, (layer->size - layer->held) * sizeof(float));
        memcpy(layer->kept, other->kept, layer->kept_size * sizeof(float));
    }
}

static pln_status fill(pln_net *to, const pln_net *from)
{
    PLN_TRY(hold(to, from));
    PLN_TRY(plni_net_take(to));
    copy_numbers(to, from);
    return PLN_OK;
}

pln_status pln_net_compact(const pln_net *net, int batch, pln_net **compact)
{
    pln_net *to;

    *compact = NULL;
    if (!net->ready || net->compact)
        return plni_fail(net->ctx, PLN_ERR_STATE, net->ready ? "compact: the network is compact already" : "compact: the network is not ready");
    if (batch < 0 || batch > PLN_MAX_BATCH)
        return plni_fail(net->ctx, PLN_ERR_ARG, "compact: the batch must be 0..%d (%d)", PLN_MAX_BATCH, batch);
    PLN_TRY(check_places(net, batch));
    to = plni_alloc(net->ctx, sizeof *to);
    if (!to) return PLN_ERR_MEMORY;
    *to = *net;
    to->compact = true;
    to->memory = NULL;
    to->bytes = 0;
    to->evaluation = (plni_pass){ .batch = batch ? batch : net->evaluation.batch };
    for (int l = 0; l < to->count; l++) {
        plni_layer *layer = &to->layer[l];
        layer->theta = layer->kept = NULL, layer->mask = NULL, layer->live = NULL;
    }
    const pln_status status = fill(to, net);
    if (status == PLN_OK) *compact = to;
    else                  pln_net_free(to);
    return status;
}
