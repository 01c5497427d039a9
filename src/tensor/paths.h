/* paths.h - the ways to compute the products of conv.h, which conv.c chooses from
 *
 *   patches    any shape, any x                 conv.c
 *   events     what is active in x, as bits or as sums, or in dy
 *                3x3                            event_product.c, event_gradient.c
 *                1x1, or all joined with all    event_whole.c
 *   winograd   dense 3x3 with a quarter of the multiplications
 *                                               winograd.c
 *
 * Each says for which shapes it is, and how many floats it needs of a thread's memory and
 * of the memory that all share. */
#ifndef PLNI_PATHS_H
#define PLNI_PATHS_H

#include "tensor/conv.h"

/* What the chunks of one product share. */
typedef struct plni_conv_job {
    const plni_conv      *conv;
    const plni_conv_scratch *scratch;
    const plni_kernels   *kernels;
    const plni_signal    *x, *d;
    plni_signal          *y;
    const float          *weight, *bias;
    float                *into;
    float                 scale;
    int                   rows;
    bool                  add;
    double                density;    /* of x, back of d, roughly */
} plni_conv_job;

/* The calling thread's part of the scratch. */
static inline float *plni_conv_lane(const plni_conv_job *j)
{
    return j->scratch->lane + plni_lane() * j->scratch->stride;
}

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

/* Tap `tap` of the weights from 16 inputs to 16 outputs of the input gradient, which is the
 * convolution of dy with the kernels turned around and inputs and outputs exchanged:
 * to[input][output]. */
void plni_conv_turn(const plni_conv_job *job, int tap, int input, int output, float *to, ptrdiff_t ldto);

/* The products by a given path, for tests and benchmarks. */
void plni_conv_forward_by(pln_ctx *ctx, plni_conv_path path, plni_conv_job *job);
void plni_conv_backward_by(pln_ctx *ctx, plni_conv_path path, plni_conv_job *job);
void plni_conv_gradient_by(pln_ctx *ctx, plni_conv_path path, plni_conv_job *job);

/* `work` is a guess of nanoseconds, as plni_parallel wants it. */
bool   plni_event_forward_can(const plni_conv *conv);
size_t plni_event_forward_floats(const plni_conv *conv, int rows);
void   plni_event_forward(pln_ctx *ctx, plni_conv_job *job, double work);

bool   plni_event_backward_can(const plni_conv *conv);
size_t plni_event_backward_floats(const plni_conv *conv, int rows);
void   plni_event_backward(pln_ctx *ctx, plni_conv_job *job, double work);

bool   plni_event_gradient_can(const plni_conv *conv);
size_t plni_event_gradient_floats(const plni_conv *conv, int rows);
size_t plni_event_gradient_shared(const plni_conv *conv, int rows);
void   plni_event_gradient(pln_ctx *ctx, plni_conv_job *job, double work);

bool   plni_event_whole_can(const plni_conv *conv);
size_t plni_event_whole_floats(bool training);
void   plni_event_whole_forward(pln_ctx *ctx, plni_conv_job *job, double work);
void   plni_event_whole_gradient(pln_ctx *ctx, plni_conv_job *job, double work);

bool   plni_winograd_can(const plni_conv *conv);
size_t plni_winograd_floats(const plni_conv *conv);
size_t plni_winograd_shared(const plni_conv *conv);
void   plni_winograd_forward(pln_ctx *ctx, plni_conv_job *job, double work);
void   plni_winograd_backward(pln_ctx *ctx, plni_conv_job *job, double work);

#endif
