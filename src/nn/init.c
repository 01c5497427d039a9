/* init.c - first weights */

#include "base/check.h"
#include "base/rng.h"
#include "nn/mask.h"

#include <math.h>
#include <string.h>

/* Theory 2.5, with what a unit sees and what sees it. */
static float bound(const plni_layer *layer, pln_init init)
{
    int in, out;

    layer->ops->fans(layer, &in, &out);
    if (init == PLN_GLOROT) return 0.5f * sqrtf(6.0f / (float)(in + out));
    return 1.0f / sqrtf((float)in);
}

/* Uniform on [-a, a]; the row of a weight matrix takes the place of a sample in
 * the counter, so a weight depends on (seed, layer, parameter, row, column). */
static void fill(const pln_tensor *t, float a, uint64_t seed, int layer, int which)
{
    const int columns = t->dim[t->rank - 1];
    const ptrdiff_t rows = pln_tensor_count(t) / columns;

    for (ptrdiff_t r = 0; r < rows; r++) {
        const plni_random random = plni_random_for(seed, PLNI_FOR_INIT, layer,
                                                   which, (uint32_t)r);
        for (int c = 0; c < columns; c++)
            t->data[r * columns + c] =
                a * (2 * plni_random_uniform(&random, (uint32_t)c) - 1);
    }
}

/* Normal with the given standard deviation, by Box and Muller; a pair of numbers a draw. */
static void fill_normal(const pln_tensor *t, double deviation, uint64_t seed, int layer, int which)
{
    const int columns = (int)(pln_tensor_count(t) / t->dim[0]);

    for (int r = 0; r < t->dim[0]; r++) {
        const plni_random random = plni_random_for(seed, PLNI_FOR_INIT, layer, which, (uint32_t)r);
        for (int c = 0; c < columns; c++) {
            const uint32_t pair = (uint32_t)c / 2 * 2;
            const double u = 1 - (double)plni_random_uniform(&random, pair);          /* above 0 */
            const double angle = 6.283185307179586 * (double)plni_random_uniform(&random, pair + 1);
            const double length = deviation * sqrt(-2 * log(u));
            t->data[(ptrdiff_t)r * columns + c] = (float)(length * (c % 2 ? sin(angle) : cos(angle)));
        }
    }
}

/* Of the normal distribution that `kaiming` draws from (theory 12.6). */
static double deviation_of(const pln_tensor *t)
{
    return t->rank == 4 ? sqrt(2.0 / ((double)t->dim[0] * t->dim[2] * t->dim[3])) : 0.01;
}

static void fill_parameter(const pln_tensor *t, pln_init init, uint64_t seed, const plni_layer *layer, int which)
{
    if (init == PLN_KAIMING && which == 0)
        fill_normal(t, deviation_of(t), seed, layer->stream, which);
    else
        fill(t, init != PLN_FAN_IN && which > 0 ? 0 : bound(layer, init), seed, layer->stream, which);
}

pln_status pln_net_initialise(pln_net *net, pln_init init, uint64_t seed)
{
    if (!net->ready)
        return plni_fail(net->ctx, PLN_ERR_STATE, "network: it is not ready");
    if (net->compact)
        return plni_fail(net->ctx, PLN_ERR_STATE, "network: it is compact, and has no tensors to write");

    PLN_TRY(plni_masks_draw(net, seed));
    for (int l = 0; l < net->count; l++)
        if (net->layer[l].ops->reset) net->layer[l].ops->reset(&net->layer[l]);
    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor t = { .rank = info.rank };
        memcpy(t.dim, info.dim, sizeof t.dim);
        const size_t bytes = (size_t)pln_tensor_count(&t) * sizeof(float);
        int which;
        const plni_layer *layer = plni_parameter_owner(net, p, &which);

        if (!layer->ops->fans) continue;              /* it begins as reset has it */
        t.data = plni_alloc(net->ctx, bytes);
        if (!t.data) return PLN_ERR_MEMORY;
        fill_parameter(&t, init, seed, layer, which);
        layer->ops->set(layer, layer->theta, which, t.data);
        plni_free(net->ctx, t.data, bytes);
    }
    for (int l = 0; l < net->count; l++) plni_mask_apply(net, &net->layer[l]);
    return PLN_OK;
}
