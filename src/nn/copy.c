/* copy.c - the parameters of one network in another */

#include "nn/net.h"
#include "pln/prune.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

/* "16x8x3x3", the shape of a parameter. */
static void print_shape(const pln_parameter_info *info, char text[96])
{
    size_t used = 0;

    *text = 0;
    for (int d = 0; d < info->rank; d++)
        used += (size_t)snprintf(text + used, 96 - used, "%s%d", d ? "x" : "", info->dim[d]);
}

static pln_status check_shapes(const pln_net *net, const pln_net *from)
{
    const int mine = pln_net_parameters(net), others = pln_net_parameters(from);

    for (int p = 0; p < mine || p < others; p++) {
        const pln_net *owner = p < mine ? net : from;
        const pln_parameter_info a = pln_net_parameter(net, p), b = pln_net_parameter(from, p);
        int which;
        const plni_layer *layer = plni_parameter_owner(owner, p, &which);
        char here[96], there[96];
        if (p < mine && p < others && strcmp(a.name, b.name) == 0 && a.rank == b.rank &&
            memcmp(a.dim, b.dim, (size_t)a.rank * sizeof a.dim[0]) == 0) continue;
        print_shape(&a, here);
        print_shape(&b, there);
        if (p >= mine || p >= others)
            return plni_fail(net->ctx, PLN_ERR_SHAPE, "layer %d, %s: only the %s has a tensor %s", layer->number, layer->ops->name,
                             p < mine ? "network" : "model", p < mine ? a.name : b.name);
        return plni_fail(net->ctx, PLN_ERR_SHAPE, "layer %d, %s: %s is %s, and %s is %s in the model", layer->number,
                         layer->ops->name, a.name, here, b.name, there);
    }
    return PLN_OK;
}

/* Number p of one from number q of the other. */
static pln_status copy_parameter(pln_net *net, int p, const pln_net *from, int q)
{
    const pln_parameter_info info = pln_net_parameter(from, q);
    pln_tensor t = { .rank = info.rank };
    size_t bytes = sizeof(float);

    for (int d = 0; d < info.rank; d++) bytes *= (size_t)(t.dim[d] = info.dim[d]);
    t.data = plni_alloc(net->ctx, bytes);
    if (!t.data) return PLN_ERR_MEMORY;
    pln_status status = pln_net_masked(from, q) ? pln_net_get_mask(from, q, &t) : PLN_OK;
    if (status == PLN_OK && !info.kept) status = pln_net_set_mask(net, p, pln_net_masked(from, q) ? &t : NULL);
    if (status == PLN_OK) status = pln_net_get(from, q, &t);
    if (status == PLN_OK) status = pln_net_set(net, p, &t);
    plni_free(net->ctx, t.data, bytes);
    return status;
}

pln_status pln_net_copy(pln_net *net, const pln_net *from)
{
    if (!net->ready || !from->ready) return plni_fail(net->ctx, PLN_ERR_STATE, "network: it is not ready");
    PLN_TRY(check_shapes(net, from));
    for (int p = 0; p < pln_net_parameters(net); p++) PLN_TRY(copy_parameter(net, p, from, p));
    return PLN_OK;
}

/* The tensor of the same name and shape, or -1. */
static int find_like(const pln_net *net, int p, const pln_net *from)
{
    const pln_parameter_info a = pln_net_parameter(net, p);

    for (int q = 0; q < pln_net_parameters(from); q++) {
        const pln_parameter_info b = pln_net_parameter(from, q);
        if (strcmp(a.name, b.name) == 0)
            return a.rank == b.rank && memcmp(a.dim, b.dim, (size_t)a.rank * sizeof a.dim[0]) == 0 ? q : -1;
    }
    return -1;
}

static int layer_with(const pln_net *net, int p)
{
    int which;

    return p < pln_net_parameters(net) ? plni_parameter_owner(net, p, &which)->number : -1;
}

/* One behind the last tensor of the layer that tensor p is of. */
static int end_of_layer(const pln_net *net, int p)
{
    const int layer = layer_with(net, p);

    while (layer_with(net, p) == layer) p++;
    return p;
}

/* Whether the layer of tensors first..end-1 is in the other network, with no tensor more. */
static bool has_layer(const pln_net *net, int first, int end, const pln_net *from)
{
    const int like = find_like(net, first, from);

    for (int p = first; p < end; p++)
        if (like < 0 || find_like(net, p, from) != like + p - first) return false;
    return end_of_layer(from, like) == like + end - first && (like == 0 || layer_with(from, like - 1) != layer_with(from, like));
}

pln_status pln_net_copy_fitting(pln_net *net, const pln_net *from, uint8_t *copied)
{
    const int count = pln_net_parameters(net);

    if (!net->ready || !from->ready) return plni_fail(net->ctx, PLN_ERR_STATE, "network: it is not ready");
    for (int first = 0, end; first < count; first = end) {
        end = end_of_layer(net, first);
        const bool fits = has_layer(net, first, end, from);
        for (int p = first; p < end; p++) {
            copied[p] = fits;
            if (fits) PLN_TRY(copy_parameter(net, p, from, find_like(net, p, from)));
        }
    }
    return PLN_OK;
}
