/* layer.h - what a layer is: the four questions it answers
 *
 *   shape      how many outputs for so many inputs, and how many numbers learn
 *   forward    y from x
 *   backward   dL/dx from dL/dy
 *   gradient   dL/dtheta from x and dL/dy
 *
 * A learning rule is written with these four and nothing else, so a new layer
 * works with all rules and a new rule with all layers.  docs/adr/0002 walks
 * convolutions, norms, spiking neurons and equilibrium propagation through it.
 *
 * One pass (struct plni_pass) holds all the memory of running a network over a
 * batch, so a network can have several at once. */
#ifndef PLNI_LAYER_H
#define PLNI_LAYER_H

#include "base/arena.h"
#include "base/context.h"
#include "pln/net.h"
#include "tensor/conv.h"
#include "tensor/signal.h"
#include "tensor/sink.h"
#include "tensor/weights.h"

typedef struct plni_layer     plni_layer;
typedef struct plni_layer_ops plni_layer_ops;

/* One run of a network over batches of up to `batch` samples. */
typedef struct plni_pass {
    pln_ctx             *ctx;
    const plni_kernels  *kernels;
    int                  batch;        /* planned for                         */
    int                  samples;      /* in it now                           */
    int                  steps;        /* of time; row t * samples + s of a   */
                                       /*   map is sample s in step t         */
    bool                 training;
    bool                 settles;      /* backward is also asked without gradient */
    uint64_t             seed;         /* random numbers are a function of    */
    int                  epoch;        /*   seed, epoch and                   */
    const uint32_t      *sample;       /*   [samples] their numbers           */
    int                  number;       /* of the batch, for the walk over     */
                                       /*   weights, which changes no result  */
    struct plni_station *at;           /* [layers]                            */
    plni_conv_scratch    scratch;      /* of convolutions, one after another  */
    struct plni_settling *settling;    /* of networks that settle, else NULL  */
} plni_pass;

/* A layer's place in a pass.  Neighbours share a signal: y of one layer is x of
 * the next.  Gradients exist in training passes. */
typedef struct plni_station {
    plni_signal *x, *y, *dx, *dy;
    plni_signal *tap, *dtap;           /* the second input of a sum           */
    void        *state;                /* what the layer keeps from forward   */
                                       /*   to gradient                       */
} plni_station;

struct plni_layer_ops {
    const char *name;

    /* Each sample alone: forward, backward of neighbouring rowwise layers run
     * one after the other on one row, while it is in the cache. */
    bool rowwise;

    /* These walk the lists of non-zeros of x (forward, gradient) or of dy. */
    bool (*lists_x)(const plni_layer *layer);
    bool (*lists_dy)(const plni_layer *layer);

    /* Sets outputs and the number of floats in theta from inputs. */
    void (*shape)(plni_layer *layer);

    /* Takes the layer's state for a pass from the arena; NULL if it has none. */
    void *(*plan)(const plni_layer *layer, const plni_pass *pass, plni_arena *arena);

    /* y from x and dx from dy: samples first..last-1 for rowwise layers, and
     * otherwise first is 0 and last is pass->samples. */
    void (*forward)(const plni_layer *layer, const plni_pass *pass,
                    const plni_station *at, int first, int last);
    void (*backward)(const plni_layer *layer, const plni_pass *pass,
                     const plni_station *at, int first, int last);

    /* What is left to do for single samples after forward or backward, together
     * with the rowwise layers that follow; NULL if nothing. */
    void (*forward_rest)(const plni_layer *layer, const plni_pass *pass,
                         const plni_station *at, int sample);
    void (*backward_rest)(const plni_layer *layer, const plni_pass *pass,
                          const plni_station *at, int sample);

    /* scale * dL/dtheta goes to `to` (tensor/sink.h), whose vectors are laid out and
     * aligned like theta, to a cache line.  `into` may be theta itself: with
     * scale = -rate that is a step of gradient descent without a gradient buffer.
     * NULL if nothing is learned. */
    void (*gradient)(const plni_layer *layer, const plni_pass *pass,
                     const plni_station *at, float scale, const plni_sink *to);

    /* backward, then gradient into theta, in one visit of theta; NULL if there
     * is no such way. */
    void (*pullback)(plni_layer *layer, const plni_pass *pass,
                     const plni_station *at, float scale);

    /* gradient into theta for one batch, then forward for the next, in one visit
     * of theta; NULL if there is no such way. */
    void (*turn)(plni_layer *layer, const plni_pass *pass, const plni_station *at,
                 float scale, const plni_pass *next, const plni_station *next_at);

    /* After the step: moves what is kept and not learned by what the batch was
     * like.  NULL if nothing is kept. */
    void (*keep)(plni_layer *layer, const plni_pass *pass, const plni_station *at);

    /* Parameter tensors: how many, their shapes, and copies between a tensor
     * and a vector that is laid out like theta. */
    int (*parameters)(const plni_layer *layer);
    void (*parameter)(const plni_layer *layer, int parameter, pln_parameter_info *info);
    void (*get)(const plni_layer *layer, const float *theta, int parameter, float *tensor);
    void (*set)(const plni_layer *layer, float *theta, int parameter, const float *tensor);
};

/* A place where maps are worked on elementwise: normalised, added to, turned into
 * spikes and pooled, each if wanted and in this order. */
typedef struct plni_cell {
    pln_norm   norm;
    bool       fires;
    pln_neuron neuron;
    pln_pool   pool;
    int        window;                  /* of the pool; 1 if there is none but dropout */
} plni_cell;

struct plni_layer {
    const plni_layer_ops *ops;
    int                   inputs, outputs;
    size_t                size;         /* floats in theta                    */
    size_t                decays;       /* those that weight decay pulls at   */
    float                *theta;        /* all that the layer learns          */
    plni_mask            *mask;         /* NULL: there never was one (mask.h) */
    size_t                kept_size;    /* floats that are kept, not learned  */
    float                *kept;
    int                   number;       /* in the network, from 0             */
    bool                  sparse_input; /* mostly zeros are expected in x     */
    pln_activation        activation;
    float                 drop;
    /* of maps */
    int                   from, tap;    /* signals that are x and the second  */
                                        /*   input: 0 is that of the network, */
                                        /*   l + 1 what layer l gives; tap -1 */
    bool                  adds, tap_adds;   /* a later layer writes to dx, to */
                                        /*   dtap first: add to what is there */
    plni_signal           map;          /* what y looks like                  */
    plni_conv             conv;
    bool                  bias, full;   /* full: kernel as large as the image */
    plni_cell             cell;
    pln_readout_kind      readout;
    int                   votes;        /* outputs of x for each of y         */
};

/* The layers there are. */
extern const plni_layer_ops plni_dense_ops;
extern const plni_layer_ops plni_activation_ops;
extern const plni_layer_ops plni_dropout_ops;
extern const plni_layer_ops plni_conv_ops;
extern const plni_layer_ops plni_cell_ops;
extern const plni_layer_ops plni_readout_ops;

/* Spikes of a cell's neurons in the batch under way. */
long plni_cell_spikes(const plni_layer *layer, const plni_pass *pass, const plni_station *at);

/* A norm as it begins: gamma 1, beta 0, mean 0, variance 1. */
void plni_cell_reset(plni_layer *layer);

#endif
