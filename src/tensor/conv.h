/* conv.h - products of images and kernels (conv_shape.h): forward, input gradient, weight gradient
 *
 * There are several algorithms.  They add in different orders, so which one computes a
 * product is part of the result; it is chosen by the shape, by the form of x and by the
 * share of x, going back of dy, that is not zero, never by the number of threads. */
#ifndef PLNI_CONV_H
#define PLNI_CONV_H

#include "tensor/conv_shape.h"

/* What a layer needs, without memory. */
plni_conv_scratch plni_conv_scratch_need(const plni_conv *conv, int rows, bool training);

/* The same of what is only run forward, where x has this form and masks do not change any more. */
plni_conv_scratch plni_conv_scratch_forward(const plni_conv *conv, plni_form form, int rows);

/* y from x, plus the bias [out_depth], NULL for none. */
void plni_conv_forward(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *x,
                       int rows, const float *weight, const float *bias, plni_signal *y);

/* dx from dy; adds to what is in dx if it has other sources too. */
void plni_conv_backward(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *dy,
                        int rows, const float *weight, bool add, plni_signal *dx);

/* into[] += scale * dL/dw[] */
void plni_conv_gradient(pln_ctx *ctx, const plni_conv *conv, const plni_conv_scratch *scratch, const plni_signal *x,
                        const plni_signal *dy, int rows, float scale, float *into);

/* The algorithm of a pass over so many rows where x has this form, and x, going back dy, this density. */
const plni_conv_algorithm *plni_conv_choose(const plni_conv *conv, plni_conv_pass pass, plni_form form, double density, int rows);

/* Lists the weights that a mask leaves, if they are so few that it is worth to; else *live stays NULL. */
pln_status plni_conv_list_live(pln_ctx *ctx, const plni_conv *conv, const uint16_t *bits, plni_live **live);

/* Whether lists that hold the weights (plni_live_hold) are enough for products forward over up to so many rows of
 * this form. */
bool plni_conv_can_hold(const plni_conv *conv, plni_form form, int rows);

/* Algorithm number 0, 1, ...; NULL behind the last. */
const plni_conv_algorithm *plni_conv_algorithm_at(int number);

#endif
