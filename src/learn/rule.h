/* rule.h - what learning rules share: target, memory, steps of the optimiser
 *
 * A rule is a function that takes one batch.  bp.c and ep.c each hold one; what
 * they have in common is here, so that target and optimiser know no rule, and a
 * rule knows neither data nor epochs. */
#ifndef PLNI_RULE_H
#define PLNI_RULE_H

#include "learn/target.h"
#include "nn/net.h"
#include "pln/optim.h"
#include "pln/rule.h"

/* How to learn, and what learning keeps between batches.  Vectors per layer
 * are laid out like the layer's theta and only there if the optimiser needs them: m
 * and v for Adam, the gradient where it must be whole before a step (plni_rule_adds, spiking
 * networks, clip); for momentum m and one gradient that all layers share. */
typedef struct plni_rule {
    pln_target_kind target;
    pln_selftarget  self;
    float           label_smoothing;
    pln_loss        loss;                 /* bp                             */
    float           tet;
    pln_ep          ep;
    int             classes;              /* for block targets              */
    pln_optim       optim;
    float           norm_l1;              /* pull at factors of channels    */
    float           rate[PLN_MAX_LAYERS]; /* of this epoch, by layer        */
    int             steps;                /* of Adam so far                 */
    float          *h, *a;                /* homeostasis, moving average    */
    float          *d;                    /* [batch][stride] targets        */
    ptrdiff_t       stride;
    uint16_t       *mask;                 /* bp: [batch][mask_stride]       */
    ptrdiff_t       mask_stride;
    float          *row_loss;             /* [batch]                        */
    float          *gradient[PLN_MAX_LAYERS];
    float          *part;                 /* gradients of the shards behind the first, a layer's at a time */
    float          *first;                /* the first shard's, of layers without a gradient of their own   */
    size_t          part_size;            /* floats of each                 */
    float          *m[PLN_MAX_LAYERS], *v[PLN_MAX_LAYERS];
    bool            keeps_whole, asked;   /* bp: whole gradients, masks left aside, are kept of the batch where somebody asks */
    bool            holds;                /* bp: this batch moves no weight */
    float          *whole[PLN_MAX_LAYERS];
    bool            keeps_inputs;         /* bp: likewise the means of what each product reads, by channel or, of a */
    float         **inputs;               /*   layer that joins all with all, by input; NULL: not kept */
    bool            keeps_margins;        /* bp: likewise how far each output was from winning, self-defined targets only */
    float          *margin;               /* [batch][stride]                */
    bool            warm;                 /* bp: moments and gradients go on where masks leave weights out */
} plni_rule;

/* A batch on its way: the pass, or the first of its shards, knows its samples, fill(arg, s)
 * writes the row of sample s to plni_input of the shard that has it, and label [samples] is
 * for block targets, else NULL. */
typedef struct plni_batch {
    plni_pass     *pass;
    plni_row      *fill;
    void          *arg;
    const int32_t *label;
    int            course, number;   /* within the epoch                */
    bool           entered;      /* its first product has been computed */
} plni_batch;

/* What one batch came to. */
typedef struct plni_outcome {
    double loss;
    double firing_rate;              /* share of (neuron, step) that spiked         */
    double sweeps, nudged_sweeps;    /* ep: how often each level was set in a phase */
    double residual;                 /* ep: largest change in the last sweep        */
    double done, dense;              /* ep: multiply-adds of relaxation, and those  */
                                     /*   that dense products would have taken      */
} plni_outcome;

/* Takes what the rule needs for net and batches of up to `batch` samples in so many shards.
 * Rules that step in turn share the memory of the gradient, which is only used within a
 * step: `other` is one that has it already, or NULL. */
void plni_rule_plan(plni_rule *rule, const pln_net *net, int batch, int shards, const plni_rule *other,
                    plni_arena *arena);

/* Forgets homeostasis, as at the start of every epoch. */
void plni_rule_new_epoch(plni_rule *rule, int outputs);

/* Sets the target of one sample: of one row of scores by winners, or by its
 * label.  bits are those of the output mask, NULL for none.  False if the
 * scores hold too few numbers. */
bool plni_rule_aim(const plni_rule *rule, const plni_kernels *kernels, const plni_batch *now,
                   int sample, const float *score, const uint16_t *bits, int n);

/* What a target sums up to before its mask: the winners, or the outputs of one class. */
int plni_rule_target_sum(const plni_rule *rule, int n);

/* After a batch with self-defined targets. */
void plni_rule_homeostasis(plni_rule *rule, const plni_batch *now, int n);

/* The sum of row_loss: in order within a shard, then as a balanced binary tree over shards. */
double plni_rule_loss(const plni_rule *rule, const plni_pass *batch);

/* Whether layer l's gradient is the sum of two that are asked for one after the other,
 * as the contrast of two relaxed phases is but in the first layer and in a read-out
 * without a symmetric nudge. */
bool plni_rule_adds(const pln_net *net, int l, bool symmetric);

/* Where a layer's gradient goes to be added to theta or to a gradient, and to step by Adam: without
 * what the layer's mask leaves out, unless the rule is warm.  Weights and moments that are 0 there
 * stay so. */
plni_sink plni_rule_into(const plni_rule *rule, const plni_layer *layer, float *into);
plni_sink plni_rule_sink(const plni_rule *rule, const plni_layer *layer, const plni_adam *step);

/* Adds `scale` times the gradient of an L1 penalty on a layer's factors of channels, norm_l1 sign(gamma),
 * to what is laid out like theta, or is theta. */
void plni_rule_pull(const plni_rule *rule, const plni_layer *layer, float scale, float *into);

/* Sets the moments of weights to 0 that masks leave out, or have left out for a while. */
void plni_rule_remask(plni_rule *rule, const pln_net *net);

/* gradient[l] of a layer from what `ask` adds of each shard: as a balanced binary tree over
 * the shards, which any number of ranks with equal parts of them can add up alike. */
typedef void plni_ask(void *arg, const plni_layer *layer, const plni_pass *shard, const plni_sink *to);
void plni_rule_collect(plni_rule *rule, const plni_layer *layer, const plni_pass *batch, plni_ask *ask, void *arg);

/* A step of the optimiser on a layer by its gradient, which was collected. */
void plni_rule_step(plni_rule *rule, plni_layer *layer, pln_ctx *ctx);

/* Scales all gradients down to the optimiser's clip, if their norm exceeds it. */
void plni_rule_clip(const plni_rule *rule, const pln_net *net);

/* Whether plain descent, which needs no gradient buffer, is what the rule does. */
bool plni_rule_is_plain(const plni_rule *rule);

/* What a rule is: one batch of forward, target and step (theory 1.6, 4.4).
 * If the next batch is known (not NULL), a rule may compute its first product
 * together with the step of the first layer, whose weights are then walked once
 * for both; next->entered says so.  That changes no bit.  False if some output
 * was not a number; the parameters are then as before. */
typedef bool plni_step(plni_rule *rule, pln_net *net, plni_batch *now, plni_batch *next,
                       plni_outcome *outcome);

#endif
