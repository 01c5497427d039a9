/* conv.h - products of images and kernels: forward, input gradient, weight gradient
 *
 * Images are the maps of signal.h, one a row, channels innermost; weights are
 *
 *     w[ky][kx][c][f]     c < depth of x, f < depth of y: padded as the maps are
 *
 * and with x outside the image 0
 *
 *     y[oy][ox][f] = sum_(ky,kx,c) w[ky][kx][c][f] x[oy stride + ky - pad][ox stride + kx - pad][c]
 *
 * A layer that joins all with all is the case kernel = side of the image, pad 0.
 * Rows are independent, so time steps are just more of them.  The sums of a
 * weight gradient run over rows and positions in order, whatever the threads. */
#ifndef PLNI_CONV_H
#define PLNI_CONV_H

#include "base/arena.h"
#include "base/context.h"
#include "tensor/signal.h"

typedef struct plni_conv {
    plni_extent in, out;
    int         in_depth, out_depth;
    int         kernel_height, kernel_width, stride, pad;
} plni_conv;

/* The shape of what comes out; width or height is below 1 if nothing does. */
plni_extent plni_conv_extent(plni_extent in, int filters, int kernel_height, int kernel_width, int stride, int pad);

/* Floats in w. */
size_t plni_conv_weights(const plni_conv *conv);

/* Memory of a product, for all the context's threads.  It holds nothing from one
 * call to the next, so layers that work one after the other can share one that
 * was widened to what each of them needs. */
typedef struct plni_conv_scratch {
    float    *lane;                   /* [threads][stride]                 */
    ptrdiff_t stride;
    float    *shared;                 /* [shared_floats] by all threads    */
    ptrdiff_t shared_floats;
} plni_conv_scratch;

/* What a layer needs, without memory. */
plni_conv_scratch plni_conv_scratch_need(const plni_conv *conv, int rows, bool training);

/* Makes it large enough for another layer, too. */
void plni_conv_scratch_widen(plni_conv_scratch *scratch, const plni_conv_scratch *other);

/* Gives it memory. */
void plni_conv_scratch_place(pln_ctx *ctx, plni_conv_scratch *scratch, plni_arena *arena);

/* Need and place: a layer's own scratch. */
plni_conv_scratch plni_conv_scratch_take(pln_ctx *ctx, const plni_conv *conv, int rows, bool training, plni_arena *arena);

/* y from x, plus the bias [out.depth], NULL for none. */
void plni_conv_forward(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *x,
                       int rows, const float *weight, const float *bias, plni_signal *y);

/* dx from dy; adds to what is in dx if it has other sources too. */
void plni_conv_backward(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *dy,
                        int rows, const float *weight, bool add, plni_signal *dx);

/* into[] += scale * dL/dw[] */
void plni_conv_gradient(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *x,
                        const plni_signal *dy, int rows, float scale, float *into);

/* There are several ways to a product (tensor/paths.h).  They add in different
 * orders, so which one is taken is part of the result; it is chosen by the shape and
 * by the share of x, going back of dy, that is not zero, never by the number of threads. */
typedef enum plni_conv_pass { PLNI_CONV_FORWARD, PLNI_CONV_BACKWARD, PLNI_CONV_GRADIENT } plni_conv_pass;
typedef enum plni_conv_path { PLNI_PATCHES, PLNI_EVENTS, PLNI_WINOGRAD } plni_conv_path;

/* The path that a pass takes where x has this form, and x, going back dy, this density. */
plni_conv_path plni_conv_choose(const plni_conv *conv, plni_conv_pass pass, plni_form form, double density);

/* "patches", "events", "winograd" */
const char *plni_conv_path_name(plni_conv_path path);

#endif
