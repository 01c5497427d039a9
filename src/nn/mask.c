/* mask.c - masks of parameter tensors
 *
 * A layer has one mask, in the order of theta; what it says of a tensor is read and written by
 * the layer's own copies between tensors and vectors like theta, through a vector of zeros and
 * ones.  What pads theta is 0 in it. */

#include "nn/mask.h"

#include "base/check.h"
#include "base/rng.h"
#include "nn/graph.h"

#include <math.h>
#include <string.h>

static size_t count_of(const pln_parameter_info *info)
{
    const pln_tensor t = { .rank = info->rank, .dim = { info->dim[0], info->dim[1], info->dim[2], info->dim[3], info->dim[4] } };
    return (size_t)pln_tensor_count(&t);
}

/* A tensor of zeros in the shape of a parameter; freed by plni_free with count_of. */
static pln_tensor take_tensor(const pln_net *net, const pln_parameter_info *info)
{
    pln_tensor t = { .data = plni_alloc(net->ctx, count_of(info) * sizeof(float)), .rank = info->rank };

    memcpy(t.dim, info->dim, sizeof t.dim);
    return t;
}

/* Sets those tensors of a vector like theta to 1 that a mask can have. */
static void set_all(const plni_layer *layer, float *vector, float *ones)
{
    for (int which = 0; which < layer->ops->parameters(layer); which++) {
        pln_parameter_info info;
        layer->ops->parameter(layer, which, &info);
        for (size_t i = 0; i < count_of(&info); i++) ones[i] = 1;
        if (!info.kept) layer->ops->set(layer, vector, which, ones);
    }
}

/* Lists what a mask leaves; ones: where it is 1.  Products above the first of a network that relaxes go both ways in each
 * sweep, and walk all weights. */
static pln_status list_live(const pln_net *net, const plni_layer *layer, const float *ones, plni_live **live)
{
    const size_t words = layer->size / 16;
    uint16_t *bits;

    if (!layer->ops->list_live || (net->evaluation.relaxes && layer->number != plni_first_product(net))) return PLN_OK;
    bits = plni_alloc(net->ctx, words * sizeof *bits);
    if (!bits) return PLN_ERR_MEMORY;
    plni_bits_pack(bits, ones, layer->size);
    const pln_status status = layer->ops->list_live(layer, net->ctx, bits, live);
    plni_free(net->ctx, bits, words * sizeof *bits);
    return status;
}

/* Sets one tensor of the layer's mask, whose size is known to be right; ones: NULL. */
static pln_status write_mask(pln_net *net, plni_layer *layer, int which, const float *tensor)
{
    const size_t bytes = layer->size * sizeof(float);
    float *vector = plni_alloc(net->ctx, bytes), *ones = plni_alloc(net->ctx, bytes);
    plni_mask *mask = layer->mask ? layer->mask : plni_mask_new(net->ctx, layer->size);
    pln_status status = vector && ones && mask ? PLN_OK : PLN_ERR_MEMORY;
    plni_live *live = NULL;

    if (status == PLN_OK) {
        if (plni_mask_of(layer)) plni_mask_unpack(mask, vector);
        else                     set_all(layer, vector, ones);
        for (size_t i = 0; !tensor && i < layer->size; i++) ones[i] = 1;
        layer->ops->set(layer, vector, which, tensor ? tensor : ones);
        status = list_live(net, layer, vector, &live);
    }
    if (status == PLN_OK) {
        plni_mask_pack(mask, vector);
        plni_live_free(net->ctx, layer->live);
        layer->live = live;
        plni_live_bind(live, mask->bits);
        mask->masked[which] = tensor != NULL;
        layer->mask = mask;
        net->masks++;
        plni_mask_apply(net, layer);
    } else if (!layer->mask) {
        plni_mask_free(net->ctx, mask);
    }
    plni_free(net->ctx, vector, bytes);
    plni_free(net->ctx, ones, bytes);
    return status;
}

/* The layer of a parameter that can have a mask. */
static pln_status find(const pln_net *net, int parameter, const pln_tensor *t, plni_layer **layer, int *which)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const plni_layer *found = NULL;
    float nothing;
    const pln_tensor shape = { &nothing, info.rank, { info.dim[0], info.dim[1], info.dim[2], info.dim[3], info.dim[4] } };

    PLN_TRY(plni_parameter_find(net, parameter, t ? t : &shape, &found, which));
    *layer = (plni_layer *)(uintptr_t)found;
    if (info.kept)
        return plni_fail(net->ctx, PLN_ERR_ARG, "network: %s is a statistic, which no mask is for", info.name);
    assert(*which < PLNI_MASKED_TENSORS);
    return PLN_OK;
}

pln_status pln_net_set_mask(pln_net *net, int parameter, const pln_tensor *mask)
{
    plni_layer *layer;
    int which;
    size_t present = 0;

    PLN_TRY(find(net, parameter, mask, &layer, &which));
    const ptrdiff_t count = mask ? pln_tensor_count(mask) : 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        if (mask->data[i] != 0 && mask->data[i] != 1)
            return plni_fail(net->ctx, PLN_ERR_ARG, "network: number %td of the mask of %s is %g; it must be 0 or 1", i,
                             pln_net_parameter(net, parameter).name, (double)mask->data[i]);
        present += mask->data[i] != 0;
    }
    if (!mask && !pln_net_masked(net, parameter)) return PLN_OK;
    PLN_TRY(write_mask(net, layer, which, mask ? mask->data : NULL));
    layer->mask->present[which] = present;
    return PLN_OK;
}

pln_status pln_net_get_mask(const pln_net *net, int parameter, pln_tensor *mask)
{
    plni_layer *layer;
    int which;

    PLN_TRY(find(net, parameter, mask, &layer, &which));
    if (!pln_net_masked(net, parameter)) {
        for (ptrdiff_t i = 0; i < pln_tensor_count(mask); i++) mask->data[i] = 1;
        return PLN_OK;
    }
    float *vector = plni_alloc(net->ctx, layer->size * sizeof *vector);
    if (!vector) return PLN_ERR_MEMORY;
    plni_mask_unpack(layer->mask, vector);
    plni_layer_get(layer, vector, which, mask->data);
    plni_free(net->ctx, vector, layer->size * sizeof *vector);
    return PLN_OK;
}

bool pln_net_masked(const pln_net *net, int parameter)
{
    int which = 0;
    const plni_layer *layer = plni_parameter_owner(net, parameter, &which);

    return layer && layer->mask && which < PLNI_MASKED_TENSORS && layer->mask->masked[which];
}

size_t pln_net_present(const pln_net *net, int parameter)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    int which = 0;
    const plni_layer *layer = plni_parameter_owner(net, parameter, &which);

    return pln_net_masked(net, parameter) ? layer->mask->present[which] : layer ? count_of(&info) : 0;
}

/* ---- random masks of convolutions ------------------------------------------------ */

void pln_net_prune_convolutions(pln_net *net, double fraction)
{
    if (net->ready) (void)plni_refuse(net, PLN_ERR_STATE, "the network is ready already", fraction);
    if (!(fraction >= 0 && fraction < 1))
        (void)plni_refuse(net, PLN_ERR_ARG, "the fraction of weights to prune must be in 0..1, 1 not included", fraction);
    if (!net->error) net->cnn_prune = fraction;
}

double pln_net_pruned_convolutions(const pln_net *net) { return net->cnn_prune; }

/* The first of a random order of all weights are left out. */
static pln_status draw_mask(pln_net *net, int parameter, uint64_t seed)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const size_t count = count_of(&info);
    int which;
    const plni_layer *layer = plni_parameter_owner(net, parameter, &which);
    const plni_random random = plni_random_for(seed, PLNI_FOR_PRUNING, layer->stream, which, 0);
    const double left_out = rint(net->cnn_prune * (double)count);
    pln_status status = PLN_ERR_MEMORY;

    if (count > INT32_MAX)
        return plni_fail(net->ctx, PLN_ERR_SHAPE, "network: %s has too many weights for a random mask", info.name);
    pln_tensor mask = take_tensor(net, &info);
    int *order = plni_alloc(net->ctx, count * sizeof *order);
    if (mask.data && order) {
        plni_random_order(&random, order, (int)count);
        for (size_t i = 0; i < count; i++) mask.data[order[i]] = (double)i >= left_out;
        status = pln_net_set_mask(net, parameter, &mask);
    }
    plni_free(net->ctx, order, count * sizeof *order);
    plni_free(net->ctx, mask.data, count * sizeof(float));
    return status;
}

pln_status plni_masks_draw(pln_net *net, uint64_t seed)
{
    int convolutions = 0;

    for (int p = 0; p < pln_net_parameters(net) && net->cnn_prune > 0; p++) {
        if (pln_net_parameter(net, p).rank != 4) continue;
        PLN_TRY(draw_mask(net, p, seed));
        convolutions++;
    }
    if (net->cnn_prune > 0 && !convolutions)
        return plni_fail(net->ctx, PLN_ERR_SHAPE, "network: %g of the weights of convolutions are to be pruned, and there is none",
                         net->cnn_prune);
    return PLN_OK;
}

/* ---- as bytes ------------------------------------------------------------------ */

size_t plni_mask_bytes(const pln_net *net, int parameter)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    return (count_of(&info) + 7) / 8;
}

bool plni_mask_sound(const pln_net *net, int parameter, const void *bytes, size_t size)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const size_t in_last = count_of(&info) % 8;

    return !info.kept && size == plni_mask_bytes(net, parameter) &&
           (in_last == 0 || ((const uint8_t *)bytes)[size - 1] >> in_last == 0);
}

pln_status plni_mask_get_bytes(const pln_net *net, int parameter, uint8_t *bytes)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const size_t count = count_of(&info);
    pln_tensor t = take_tensor(net, &info);
    const pln_status status = t.data ? pln_net_get_mask(net, parameter, &t) : PLN_ERR_MEMORY;

    memset(bytes, 0, plni_mask_bytes(net, parameter));
    for (size_t i = 0; status == PLN_OK && i < count; i++)
        bytes[i / 8] = (uint8_t)(bytes[i / 8] | (t.data[i] != 0) << i % 8);
    plni_free(net->ctx, t.data, count * sizeof(float));
    return status;
}

pln_status plni_mask_set_bytes(pln_net *net, int parameter, const uint8_t *bytes)
{
    const pln_parameter_info info = pln_net_parameter(net, parameter);
    const size_t count = count_of(&info);
    pln_tensor t = take_tensor(net, &info);

    if (!t.data) return PLN_ERR_MEMORY;
    for (size_t i = 0; i < count; i++) t.data[i] = (float)(bytes[i / 8] >> i % 8 & 1);
    const pln_status status = pln_net_set_mask(net, parameter, &t);
    plni_free(net->ctx, t.data, count * sizeof(float));
    return status;
}
