/* sink.h - what becomes of a gradient g
 *
 *     into alone        into += g
 *     with a step       the gradient is into + g, or g if into is NULL, and theta, m and
 *                       v take one step of Adam with it; into stays as it is
 *
 *     with a mask       the gradient is 0 where the mask is, and so is into without a step;
 *                       theta, m and v are 0 there before a step and stay so
 *
 * All vectors are laid out and aligned alike.  A step is taken piece by piece, as the
 * pieces of g are finished, so that it finds them in the cache and nobody needs a
 * vector for all of g. */
#ifndef PLNI_SINK_H
#define PLNI_SINK_H

#include "base/context.h"
#include "kernel/kernel.h"

typedef struct plni_sink {
    float           *into;
    const plni_adam *step;        /* NULL: none */
    float           *theta, *m, *v;
    const uint16_t  *mask;        /* a bit a number (tensor/weights.h); NULL: none */
} plni_sink;

/* into += g */
static inline plni_sink plni_add_to(float *into)
{
    return (plni_sink){ .into = into };
}

/* The sink of what lies at `offset` of the vectors, a multiple of 16. */
static inline plni_sink plni_sink_at(const plni_sink *to, ptrdiff_t offset)
{
    plni_sink piece = *to;

    if (to->into) piece.into = to->into + offset;
    if (to->mask) piece.mask = to->mask + offset / 16;
    if (!to->step) return piece;
    piece.theta = to->theta + offset;
    piece.m = to->m + offset;
    piece.v = to->v + offset;
    return piece;
}

/* A piece of the gradient is finished: g [n], which is what lies in `into` unless there is a step. */
static inline void plni_sink_take(const plni_kernels *kernels, const plni_sink *to, float *g, int n)
{
    if (to->mask) kernels->drop(g, to->mask, n);
    if (to->step) kernels->adam(to->theta, g, to->m, to->v, n, to->step);
}

/* For layers that add all of g to `into`, which was zero: takes the step with it, if
 * there is to be one, and leaves out what a mask does. */
void plni_sink_finish(pln_ctx *ctx, const plni_sink *to, size_t size);

#endif
