/* init.c - first weights */

#include "base/check.h"
#include "base/rng.h"
#include "nn/net.h"

#include <math.h>

/* Specification 2.5. */
static float bound(const plni_layer *layer, pln_init init)
{
    if (init == PLN_GLOROT)
        return 0.5f * sqrtf(6.0f / (float)(layer->inputs + layer->outputs));
    return 1.0f / sqrtf((float)layer->inputs);
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

pln_status pln_net_initialise(pln_net *net, pln_init init, uint64_t seed)
{
    if (!net->ready)
        return plni_fail(net->ctx, PLN_ERR_STATE, "network: it is not ready");

    for (int p = 0; p < pln_net_parameters(net); p++) {
        const pln_parameter_info info = pln_net_parameter(net, p);
        pln_tensor t = { .rank = info.rank, .dim = { info.dim[0], info.dim[1] } };
        const size_t bytes = (size_t)pln_tensor_count(&t) * sizeof(float);
        int which;
        const plni_layer *layer = plni_parameter_owner(net, p, &which);
        const float a = init == PLN_GLOROT && which > 0 ? 0 : bound(layer, init);

        t.data = plni_alloc(net->ctx, bytes);
        if (!t.data) return PLN_ERR_MEMORY;
        fill(&t, a, seed, layer->number, which);
        layer->ops->set(layer, layer->theta, which, t.data);
        plni_free(net->ctx, t.data, bytes);
    }
    return PLN_OK;
}
