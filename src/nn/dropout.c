/* dropout.c - inverted dropout
 *
 * In training a value is dropped with probability p and otherwise divided by
 * 1 - p (theory 2.4).  The random bits of a sample depend on seed, layer,
 * epoch and sample alone; they are kept from forward to backward. */

#include "base/rng.h"
#include "base/shape.h"
#include "nn/layer.h"

#include <string.h>

static ptrdiff_t bits_stride(const plni_layer *layer)
{
    return plni_round_up(layer->inputs, 128);
}

static void *plan(const plni_layer *layer, const plni_pass *pass, plni_arena *arena)
{
    if (!pass->training) return NULL;
    return plni_arena_take(arena, (size_t)pass->batch * sizeof(uint16_t) *
                           (size_t)bits_stride(layer));
}

static void forward_row(const plni_layer *layer, const plni_pass *pass,
                        const plni_station *at, int s)
{
    float *y = at->y->value + s * at->y->stride;
    const float *x = at->x->value + s * at->x->stride;
    uint16_t *bits = (uint16_t *)at->state + s * bits_stride(layer);
    const plni_random r = plni_random_for(pass->seed, PLNI_FOR_DROPOUT,
                                          layer->number, pass->epoch,
                                          pass->sample[s]);

    pass->kernels->draw(bits, layer->inputs, r.seed, r.purpose, r.epoch, r.sample);
    pass->kernels->keep(y, x, bits, layer->inputs, plni_keep_from(layer->drop),
                        1 / (1 - layer->drop));
}

static void forward(const plni_layer *layer, const plni_pass *pass,
                    const plni_station *at, int first, int last)
{
    for (int s = first; s < last; s++)
        if (pass->training && layer->drop > 0)
            forward_row(layer, pass, at, s);
        else
            memcpy(at->y->value + s * at->y->stride,
                   at->x->value + s * at->x->stride,
                   (size_t)layer->inputs * sizeof(float));
}

static void backward(const plni_layer *layer, const plni_pass *pass,
                     const plni_station *at, int first, int last)
{
    const int keep_from = plni_keep_from(layer->drop);

    for (int s = first; s < last; s++)
        pass->kernels->keep(at->dx->value + s * at->dx->stride,
                            at->dy->value + s * at->dy->stride,
                            (uint16_t *)at->state + s * bits_stride(layer),
                            layer->inputs, keep_from, 1 / (1 - layer->drop));
}

const plni_layer_ops plni_dropout_ops = {
    .name = "dropout",
    .rowwise = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
