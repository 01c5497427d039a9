/* target.h - what the output should have been: targets row by row
 *
 * A rule walks the samples of a batch; for each it asks for the target of one
 * row of outputs, and after the batch homeostasis moves once. */
#ifndef PLNI_TARGET_H
#define PLNI_TARGET_H

#include "base/context.h"
#include "kernel/kernel.h"
#include "pln/target.h"

/* PLN_OK, or what is wrong with the settings for n outputs. */
pln_status plni_selftarget_check(pln_ctx *ctx, const pln_selftarget *how, int n);

/* tau, the share of the samples in which a unit should win (theory 1.4). */
float plni_selftarget_tau(const pln_selftarget *how, int n);

/* Sets d to the target (theory 1.1 to 1.3) of one row of masked outputs y.  bits are
 * 16 random bits for each unit, of which the output mask is made; NULL for no
 * mask.  False if fewer than k scores are numbers. */
bool plni_selftarget_row(const plni_kernels *kernels, const pln_selftarget *how,
                         const float *y, const float *h, const uint16_t *bits,
                         float *d, int n);

/* How far each unit's drive is above what wins: margin[i] = drive[i] - h[i] - (least score of the
 * winners + largest of the others)/2, with scores y - h of the outputs that compete. */
void plni_selftarget_margin(const plni_kernels *kernels, const pln_selftarget *how, const float *y, const float *h,
                            const float *drive, float *margin, int n);

/* One step of homeostasis (theory 1.4); row s of d is at d + s * stride. */
void plni_homeostasis(const plni_kernels *kernels, const pln_selftarget *how,
                      const float *d, ptrdiff_t stride, int samples, float *h,
                      float *a, int n);

/* The target of one label: a block of outputs (theory 5.4), or with as many
 * outputs as classes one of them, smoothed (theory 1.2). */
void plni_label_target_row(int label, int classes, float smoothing, float *d, int n);

#endif
