/* conv_shape.h - the ground of all convolution algorithms: geometry, scratch, and what an algorithm is
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
#ifndef PLNI_CONV_SHAPE_H
#define PLNI_CONV_SHAPE_H

#include "base/arena.h"
#include "base/context.h"
#include "tensor/live.h"
#include "tensor/signal.h"

typedef struct plni_conv {
    plni_extent in, out;
    int         in_depth, out_depth;
    int         kernel_height, kernel_width, stride, pad;
    plni_live  *live;         /* the weights there are; NULL: all */
} plni_conv;

/* The shape of what comes out; width or height is below 1 if nothing does. */
plni_extent plni_conv_extent(plni_extent in, int filters, int kernel_height, int kernel_width, int stride, int pad);

/* Floats in w. */
size_t plni_conv_weights(const plni_conv *conv);

static inline int plni_conv_taps(const plni_conv *c) { return c->kernel_height * c->kernel_width; }

/* Kernel and image are of one size: all inputs are joined with all outputs. */
static inline bool plni_conv_is_full(const plni_conv *c)
{
    return plni_positions(c->out) == 1 && c->pad == 0 && c->kernel_height == c->in.height &&
           c->kernel_width == c->in.width;
}

/* Kernels of 3x3 that step by 1 and keep the size of the image. */
static inline bool plni_conv_is_3x3(const plni_conv *c)
{
    return c->kernel_height == 3 && c->kernel_width == 3 && c->stride == 1 && c->pad == 1;
}

/* Memory of a product, for all the context's threads.  It holds nothing from one
 * call to the next, so layers that work one after the other can share one that
 * was widened to what each of them needs. */
typedef struct plni_conv_scratch {
    float    *own;                    /* [threads][stride]                 */
    ptrdiff_t stride;
    float    *shared;                 /* [shared_floats] by all threads    */
    ptrdiff_t shared_floats;
} plni_conv_scratch;

/* What some floats for each thread and some for all come to, without memory. */
plni_conv_scratch plni_conv_scratch_of(size_t own, size_t shared);

/* Makes it large enough for another layer, too. */
void plni_conv_scratch_widen(plni_conv_scratch *scratch, plni_conv_scratch other);

/* Gives it memory. */
void plni_conv_scratch_place(pln_ctx *ctx, plni_conv_scratch *scratch, plni_arena *arena);

/* So few rows of floats, or fewer, go through lists of live weights one by one. */
enum { PLNI_ROWS_ALONE = 4 };

/* The products: y from x, dx from dy, and into[] += scale * dL/dw[] from both. */
typedef enum plni_conv_pass { PLNI_CONV_FORWARD, PLNI_CONV_BACKWARD, PLNI_CONV_GRADIENT } plni_conv_pass;

/* One product; what its chunks share. */
typedef struct plni_conv_job {
    plni_conv_pass           pass;
    const plni_conv         *conv;
    const plni_conv_scratch *scratch;
    const plni_kernels      *kernels;
    const plni_signal       *x;           /* is read: x, going back dy         */
    const plni_signal       *d;           /* gradient: dy                      */
    plni_signal             *y;           /* is written: y, going back dx      */
    const float             *weight;      /* NULL: conv->live holds them          */
    const float             *bias;
    float                   *into;
    float                    scale;
    int                      rows;
    bool                     add;         /* to what is in y                   */
    double                   density;     /* of x, roughly                     */
} plni_conv_job;

/* A way to compute some of the products. */
typedef struct plni_conv_algorithm {
    const char *name;

    /* Whether it can compute a pass where x has this form. */
    bool (*can)(const plni_conv *conv, plni_conv_pass pass, plni_form form);

    /* What it needs for all the passes that it can compute, with as many rows or fewer. */
    plni_conv_scratch (*need)(const plni_conv *conv, int rows, bool training);

    void (*run[PLNI_CONV_GRADIENT + 1])(pln_ctx *ctx, plni_conv_job *job);
} plni_conv_algorithm;

/* The calling thread's part of the scratch. */
static inline float *plni_conv_own(const plni_conv_job *j) { return j->scratch->own + plni_thread() * j->scratch->stride; }

/* Nanoseconds of the dense product, roughly, as plni_parallel wants them; and of a product
 * over what is active. */
double plni_conv_work(const plni_conv_job *job);
double plni_conv_active_work(const plni_conv_job *job);

/* Binary digits of the sums at some places of x, 1 where it has spikes or values; and what digit `digit` counts for. */
int   plni_conv_digits(const plni_signal *x, int first, int places);
float plni_conv_digit(const plni_signal *x, int digit);

/* Tap `tap` of the weights from some inputs to some outputs, multiples of 16: to[input][output]. */
void plni_conv_pack(const plni_conv_job *job, int tap, int input, int inputs, int output, int outputs, float *to);

/* Whether the live weights are whole blocks, or nearly so: blocks are walked, not single weights. */
bool plni_conv_by_blocks(const plni_conv *conv);

/* Tap `tap` of the weights from 16 inputs to 16 outputs of the input gradient, which is the
 * convolution of dy with the taps in reverse order and inputs and outputs exchanged:
 * to[input][output]. */
void plni_conv_transpose_taps(const plni_conv_job *job, int tap, int input, int output, float *to, ptrdiff_t ldto);

#endif
