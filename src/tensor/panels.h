/* panels.h - a matrix in panels, and the four products that learning needs
 *
 * The matrix [rows][cols] is cut into strips of `width` columns, and each strip
 * lies in memory as [rows][width] without gaps: the part that one thread works
 * on stays in its cache, and a row of it is a few registers.  The last panel
 * may be narrower; its columns are padded with zeros to a multiple of 16, as
 * are the rows of signals.  A layer chooses what its rows are (nn/dense.c):
 *
 *   rows = inputs     forward is gather, input gradient is dot
 *   rows = outputs    forward is dot, input gradient is gather, or gather and update
 *
 * All products walk only what is active; where so much is that a dense product
 * is faster, CBLAS computes it, panel by panel, on one thread each. */
#ifndef PLNI_PANELS_H
#define PLNI_PANELS_H

#include "base/context.h"
#include "tensor/live.h"
#include "tensor/signal.h"
#include "tensor/sink.h"

typedef struct plni_panels {
    int    rows, cols;
    int    width, count;      /* count panels of width columns each */
    float *data;
} plni_panels;

/* The shape of a matrix in panels of about `width` columns; data is NULL. */
plni_panels plni_panels_shape(int rows, int cols, int width);

/* The floats it takes. */
size_t plni_panels_size(const plni_panels *w);

/* Where element (r, c) lies. */
float *plni_panels_at(const plni_panels *w, int r, int c);

/* Copies from and to a matrix whose element (r, c) is at r * row + c * col. */
void plni_panels_pack(plni_panels *w, const float *matrix, ptrdiff_t row, ptrdiff_t col);
void plni_panels_unpack(const plni_panels *w, float *matrix, ptrdiff_t row, ptrdiff_t col);

/* y[s][c] = bias[c] + sum_r x[s][r] w[r][c]; x has lists, bias is padded with
 * zeros to a multiple of 16. */
void plni_gather(pln_ctx *ctx, const plni_panels *w, const plni_signal *x,
                 int samples, const float *bias, plni_signal *y);

/* The same over the weights that are there, whose lists live has panel by panel, and their scratch: so
 * one at a time.  plni_gather_live_is_worth: whether that is faster; where it is not, lists that hold the
 * weights give the bits of plni_gather. */
bool   plni_gather_live_is_worth(const plni_live *live, const plni_signal *x, int samples);
void   plni_gather_live(pln_ctx *ctx, const plni_panels *w, plni_live *live, const plni_signal *x, int samples,
                        const float *bias, plni_signal *y);

/* Lists what a mask leaves of a matrix in panels, if that is little; else *live stays NULL. */
pln_status plni_panels_list_live(pln_ctx *ctx, const plni_panels *w, const uint16_t *bits, plni_live **live);

/* The same lists with the weights (plni_live_hold), for up to so many samples at a time. */
pln_status plni_panels_hold_live(pln_ctx *ctx, const plni_panels *w, const plni_live *from, int samples, plni_live **live);

/* part[p][s][r] = sum over the columns c of panel p of x[s][c] w[r][c].  The
 * caller adds the parts up in order: plni_dot_sum. */
void plni_dot(pln_ctx *ctx, const plni_panels *w, const plni_signal *x,
              int samples, int batch, float *part, ptrdiff_t stride);

/* y[s][r] = bias[r] + sum over panels of part[p][s][r], for one sample.  bias
 * may be NULL. */
void plni_dot_sum(const plni_kernels *kernels, const plni_panels *w, int sample,
                  int batch, const float *part, const float *bias, plni_signal *y);

/* The gradient g[r][c] = scale * sum_s x[s][r] d[s][c] goes to `to`, whose vectors are
 * shaped like w; x has lists and `columns` has them by unit, or is NULL: then the lists are
 * walked as they are, which is better for narrow panels and changes no bit.  If bias is not NULL, its
 * gradient scale * sum_s d[s][c] goes there.  w->data is not used. */
void plni_update(pln_ctx *ctx, const plni_panels *w, const plni_columns *columns,
                 const plni_signal *x, const plni_signal *d, int samples,
                 float scale, const plni_sink *to, const plni_sink *bias);

/* plni_update added to w and bias, then plni_gather of the next batch, whose lists by unit are in
 * next_columns, in one visit of the active rows. */
void plni_update_gather(pln_ctx *ctx, plni_panels *w, const plni_columns *columns,
                        const plni_signal *x, const plni_signal *d, int samples,
                        float scale, float *bias, const plni_columns *next_columns,
                        const plni_signal *next_x, int next_samples, plni_signal *next_y,
                        plni_walk walk);

/* Input gradient and update in one visit of the active rows, or with a step of all:
 *     dx[s][c]  = sum_r d[s][r] w[r][c], with w as it was
 *     scale * sum_s d[s][r] x[s][c] goes to `to`, which is w itself or has it as its theta
 * d has lists and `columns` has them by unit. */
void plni_gather_update(pln_ctx *ctx, const plni_panels *w, const plni_columns *columns,
                        const plni_signal *d, const plni_signal *x, plni_signal *dx,
                        int samples, float scale, const plni_sink *to);

#endif
