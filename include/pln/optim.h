/* pln/optim.h - how a gradient moves the parameters, and the rate over epochs
 *
 *     sgd    m = momentum m + g + decay theta,   theta -= lr m
 *            (decay pulls at weights only, not at biases and norms)
 *            where clip > 0, all g of a step are first scaled down together so that
 *            their Euclidean norm is at most clip
 *     adam   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
 *            theta -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * The rate of epoch e (0-based) is lr * factor(e) (theory 3):
 *
 *     constant   1
 *     cosine     1/2 (1 + cos(pi e / length))
 *     steps      1, times ratio at each of length/2 and 3 length/4
 *     linear     start + (end - start) min(e, length) / length
 *     exp        ratio^e
 *     step       1, halved at the start of each epoch that is in
 *                { int(length r) : r = 0.2 0.35 0.5 0.6 0.7 0.8 0.9 }
 */
#ifndef PLN_OPTIM_H
#define PLN_OPTIM_H

#include "pln/option.h"
#include "pln/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum pln_optim_kind { PLN_SGD, PLN_ADAM } pln_optim_kind;

typedef struct pln_optim {
    pln_optim_kind kind;
    float beta1, beta2, eps;       /* Adam only: 0..1, 1 not included; above 0    */
    float momentum, decay;         /* SGD by bp only, 0..1, 1 not included; else 0 */
    float clip;                    /* 0: none; by back-propagation only           */
} pln_optim;

/* SGD, with Adam's usual numbers: 0.9, 0.999, 1e-8. */
PLN_API pln_optim pln_optim_default(void);

/* optimiser, momentum, weight_decay, clip, beta1, beta2, eps. */
PLN_API extern const pln_option pln_optim_options[];

/* One step of `how` on n numbers.  m and v [n] are Adam's moments, zero before
 * step t = 1; SGD wants m if it has momentum or decay, and no v: what is not
 * wanted may be NULL.  m below 1e-30 and v below 1e-37 become 0.  Elementwise,
 * so any slice of a parameter may be stepped alone; clip, which needs all of a
 * gradient, is the caller's. */
PLN_API void pln_optim_step(const pln_optim *how, float rate, int t, int n,
                            const float *gradient, float *theta, float *m,
                            float *v);

typedef enum pln_schedule_kind {
    PLN_CONSTANT, PLN_LINEAR, PLN_EXP, PLN_STEP, PLN_COSINE, PLN_STEPS
} pln_schedule_kind;

typedef struct pln_schedule {
    pln_schedule_kind kind;
    double start, end;             /* linear, >= 0                            */
    double ratio;                  /* exp and steps, 0 < ratio <= 1           */
    int    length;                 /* all but constant and exp: >= 1 epochs   */
} pln_schedule;

/* Constant. */
PLN_API pln_schedule pln_schedule_default(void);

/* kind, start, end, ratio, length. */
PLN_API extern const pln_option pln_schedule_options[];

/* factor(epoch), epoch >= 0. */
PLN_API double pln_schedule_factor(const pln_schedule *how, int epoch);

#ifdef __cplusplus
}
#endif
#endif
