/* bp.h - back-propagation, one batch at a time */
#ifndef PLNI_BP_H
#define PLNI_BP_H

#include "learn/target.h"
#include "nn/net.h"
#include "pln/optim.h"
#include "pln/rule.h"

/* How to learn, and what learning keeps between batches.  Vectors per layer
 * (gradient, m, v) are laid out like the layer's theta and only there for Adam;
 * plni_bp_plan takes them. */
typedef struct plni_bp {
    pln_target_kind target;
    pln_selftarget  self;
    pln_loss        loss;
    int             classes;              /* for block targets              */
    pln_optim       optim;
    float           rate[PLN_MAX_LAYERS]; /* of this epoch, by layer        */
    int             steps;                /* of Adam so far                 */
    float          *h, *a;                /* homeostasis, moving average    */
    float          *d;                    /* [batch][stride] targets        */
    ptrdiff_t       stride;
    uint16_t       *mask;                 /* [batch][bits_stride]           */
    ptrdiff_t       mask_stride;
    float          *row_loss;             /* [batch]                        */
    float          *gradient[PLN_MAX_LAYERS];
    float          *m[PLN_MAX_LAYERS], *v[PLN_MAX_LAYERS];
} plni_bp;

/* Takes what the rule needs for net and batches of up to `batch` samples. */
void plni_bp_plan(plni_bp *rule, const pln_net *net, int batch, plni_arena *arena);

/* Forgets homeostasis, as at the start of every epoch. */
void plni_bp_new_epoch(plni_bp *rule, int outputs);

/* A batch on its way: the pass knows its samples, fill(arg, s) writes row s of
 * plni_input(pass), and label [samples] is for block targets, else NULL. */
typedef struct plni_batch {
    plni_pass     *pass;
    plni_row      *fill;
    void          *arg;
    const int32_t *label;
    bool           entered;      /* its first product has been computed */
} plni_batch;

/* One batch: forward, target, loss, backward, step (specification 1.6).  If the
 * next batch is known (not NULL), its first product may be computed together
 * with the step of the first layer, whose weights are then walked once for both;
 * next->entered says so.  That changes no bit.  Sets *loss.  False if some
 * output was not a number; the parameters are then as before. */
bool plni_bp_step(plni_bp *rule, pln_net *net, plni_batch *now, plni_batch *next,
                  double *loss);

#endif
