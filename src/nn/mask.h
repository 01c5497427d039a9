/* mask.h - masks of a network's parameter tensors (pln/prune.h) */
#ifndef PLNI_MASK_H
#define PLNI_MASK_H

#include "nn/net.h"
#include "pln/prune.h"

/* The bits of a layer, in the order of theta; NULL if none of its tensors has a mask. */
static inline const uint16_t *plni_mask_of(const plni_layer *layer)
{
    const plni_mask *mask = layer->mask;

    return mask && (mask->masked[0] || mask->masked[1]) ? mask->bits : NULL;
}

/* theta, which has just been written, = 0 where a bit is 0. */
static inline void plni_mask_apply(const pln_net *net, const plni_layer *layer)
{
    if (plni_mask_of(layer)) plni_drop(net->ctx, layer->theta, layer->mask->bits, layer->size);
    plni_live_changed(layer->live);
}

/* Draws the masks of pln_net_prune_convolutions. */
pln_status plni_masks_draw(pln_net *net, uint64_t seed);

/* The mask of a parameter as bits in the tensor's order, the first in bit 0 of the first byte,
 * zeros behind the last: how many bytes, whether bytes can be one, and copies. */
size_t     plni_mask_bytes(const pln_net *net, int parameter);
bool       plni_mask_sound(const pln_net *net, int parameter, const void *bytes, size_t size);
pln_status plni_mask_get_bytes(const pln_net *net, int parameter, uint8_t *bytes);
pln_status plni_mask_set_bytes(pln_net *net, int parameter, const uint8_t *bytes);

/* All moments have been cleared where numbers are gone. */
static inline void plni_masks_seen(pln_net *net)
{
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].mask) plni_mask_seen(net->layer[l].mask);
}

static inline void plni_masks_free(pln_net *net)
{
    for (int l = 0; l < net->count; l++) {
        plni_mask_free(net->ctx, net->layer[l].mask);
        plni_live_free(net->ctx, net->layer[l].live);
    }
}

#endif
