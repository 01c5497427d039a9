/* layer.h - what a layer is: the questions it answers
 *
 *     fit        what it gives for what it reads, and how many numbers learn
 *     forward    y from x
 *     backward   dL/dx from dL/dy
 *     gradient   dL/dtheta from x and dL/dy
 *
 * A learning rule is written with these and nothing else, so a new layer works
 * with all rules and a new rule with all layers (docs/adr/0002).  A layer is one
 * entry of the list that was built; what is run is the list of stages compiled
 * from it (nn/stage.h).  Each kind of layer is one file, which alone knows its
 * parameters; layers.def lists the kinds.
 *
 * One pass (struct plni_pass) holds all the memory of running a network over a
 * batch, so a network can have several at once. */
#ifndef PLNI_LAYER_H
#define PLNI_LAYER_H

#include "base/arena.h"
#include "base/context.h"
#include "base/option.h"
#include "pln/net.h"
#include "tensor/conv.h"
#include "tensor/live.h"
#include "tensor/signal.h"
#include "tensor/sink.h"
#include "tensor/weights.h"

typedef struct plni_layer     plni_layer;
typedef struct plni_layer_ops plni_layer_ops;
typedef struct plni_stage     plni_stage;       /* nn/stage.h */
typedef struct plni_tile      plni_tile;        /* nn/tile.h  */

/* One run of a network over batches of up to `batch` samples.  A batch in shards is as many
 * passes, one behind the other in memory, which are walked in lockstep: functions that take
 * a batch are given the first of them (docs/adr/0011). */
typedef struct plni_pass {
    pln_ctx             *ctx;
    const plni_kernels  *kernels;
    int                  shard, shards;    /* which of how many this is       */
    int                  batch;        /* planned for                         */
    int                  samples;      /* in it now                           */
    int                  steps;        /* of time; row t * samples + s of an  */
                                       /*   image is sample s in step t       */
    bool                 training;
    bool                 relaxes;      /* backward is also asked without gradient */
    bool                 keeps;        /* no value shares memory with another */
    uint64_t             seed;         /* random numbers are a function of    */
    int                  epoch;        /*   seed, epoch and                   */
    const uint32_t      *sample;       /*   [samples] their numbers           */
    int                  number;       /* of the batch, for the walk over     */
                                       /*   weights, which changes no result  */
    struct plni_layer_io *at;          /* [layers]                            */
    plni_conv_scratch    scratch;      /* of convolutions, one after another  */
    char                *tile;         /* of tiles: [threads][tile_bytes]     */
    size_t               tile_bytes;
    float               *aside;        /* where a stage's gradient is made    */
                                       /*   that is then added to others      */
    struct plni_relaxing *relaxing;    /* of networks that relax, else NULL  */
    struct plni_scores  *scores;       /* NULL: nobody asks (nn/score.h)      */
} plni_pass;

/* Samples in so many shards from this one on; in those before it; in all of the batch. */
static inline int plni_pass_samples(const plni_pass *pass, int shards)
{
    int samples = 0;

    for (int i = 0; i < shards; i++) samples += pass[i].samples;
    return samples;
}

static inline int plni_pass_before(const plni_pass *pass) { return plni_pass_samples(pass - pass->shard, pass->shard); }

static inline int plni_pass_all(const plni_pass *pass) { return plni_pass_samples(pass - pass->shard, pass->shards); }

/* The shard of a batch that has its sample *sample, which becomes the number there. */
static inline plni_pass *plni_pass_with(plni_pass *batch, int *sample)
{
    while (*sample >= batch->samples) *sample -= (batch++)->samples;
    return batch;
}

/* A layer's signals in a pass: y of one layer is x of the next.  Gradients exist
 * in training passes.  Inside the epilogue of a stage of images, signals that go
 * from tile to tile only are NULL. */
typedef struct plni_layer_io {
    plni_signal *x, *y, *dx, *dy;
    plni_signal *addend, *daddend;     /* the second input of a sum           */
    void        *workspace;            /* what the layer leaves from forward  */
                                       /*   for backward and gradient         */
} plni_layer_io;

/* How a layer is run.  A product or a window begins a stage; the others are worked
 * on tile by tile behind it. */
typedef enum plni_role {
    PLNI_PRODUCT,                      /* with weights, on whole batches      */
    PLNI_WINDOW,                       /* on whole samples                    */
    PLNI_POINTWISE                     /* each place, or row, alone           */
} plni_role;

/* The order of pointwise layers in one tile of an image, each kind once. */
typedef enum plni_place { PLNI_NORM, PLNI_SUM, PLNI_UNIT, PLNI_POOL, PLNI_DROP } plni_place;

/* What a layer is in a network that relaxes (nn/relaxation.h). */
typedef enum plni_part {
    PLNI_CANNOT_RELAX, PLNI_DRIVE, PLNI_LINEAR, PLNI_STATES, PLNI_PROBABILITIES, PLNI_MASK
} plni_part;

struct plni_layer_ops {
    const char *name;
    plni_role   role;
    plni_place  place;                 /* of pointwise layers of images       */
    bool        rows;                  /* reads rows too, not images alone    */

    /* Names, ranges and defaults of what `own` begins with, the first being what a file
     * gives under the kind's name. */
    const pln_option *options;

    /* What it gives (layer->out), and its size, from what it reads; or an error in
     * words, kept by plni_refuse.  Asked once, while building. */
    pln_status (*fit)(plni_layer *layer, struct pln_net *net);

    /* Once all layers are known: what depends on those above.  NULL if nothing does. */
    pln_status (*complete)(plni_layer *layer, struct pln_net *net);

    /* These walk the lists of non-zeros of x (forward, gradient) or of dy. */
    bool (*lists_x)(const plni_layer *layer);
    bool (*lists_dy)(const plni_layer *layer);

    /* Gradients reach the sink piece by piece, so that no vector of all is needed. */
    bool (*by_piece)(const plni_layer *layer);

    /* Takes the layer's workspace for a pass from the arena; NULL if it has none. */
    void *(*plan)(const plni_layer *layer, const plni_pass *pass, const plni_stage *stage, plni_arena *arena);

    /* y from x and dx from dy: samples first..last-1 of rows, and otherwise first is 0
     * and last is pass->samples. */
    void (*forward)(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last);
    void (*backward)(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int first, int last);

    /* What a product leaves to do for single samples after forward or backward,
     * together with the rows that follow; NULL if nothing. */
    void (*forward_row)(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int sample);
    void (*backward_row)(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, int sample);

    /* Pointwise layers of images, on one tile: what it gives from what it is given, and
     * the gradient (nn/tile.h).  Once for all shards of a batch, prepare comes before the
     * tiles, and finish after those of the way back, on what came of them: du [shards], of
     * the shape of the stage's first x. */
    void (*tile_forward)(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile);
    void (*tile_backward)(const plni_layer *layer, const plni_layer_io *io, plni_tile *tile);
    void (*prepare)(const plni_layer *layer, const plni_pass *batch, const plni_stage *stage);
    void (*finish)(const plni_layer *layer, const plni_pass *batch, const plni_stage *stage, plni_signal *du);

    /* Takes the bias away, since a norm right above makes it useless; NULL if there is none. */
    void (*lose_bias)(plni_layer *layer);

    /* Places of the image that one tile takes in a row: the side of a pool's window. */
    int (*window)(const plni_layer *layer);

    /* scale * dL/dtheta goes to `to` (tensor/sink.h), whose vectors are laid out and
     * aligned like theta, to a cache line.  `into` may be theta itself: with
     * scale = -rate that is a step of gradient descent without a gradient buffer.
     * NULL if nothing is learned.  Of a batch in shards that is each shard's part, or, where
     * `joined`, the whole in each. */
    bool joined;
    void (*gradient)(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, float scale,
                     const plni_sink *to);

    /* backward, then gradient to a sink that moves theta, in one visit of theta; NULL if
     * there is no such way. */
    void (*backward_gradient)(plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, float scale,
                              const plni_sink *to);

    /* gradient into theta for one batch, then forward for the next, in one visit
     * of theta; NULL if there is no such way. */
    void (*gradient_forward)(plni_layer *layer, const plni_pass *pass, const plni_layer_io *io, float scale,
                             const plni_pass *next, const plni_layer_io *next_io);

    /* After the step: moves what is kept and not learned by what the batch was
     * like.  NULL if nothing is kept. */
    void (*update_stats)(plni_layer *layer, const plni_pass *batch);

    /* Sets theta and what is kept as they begin, where that is not random. */
    void (*reset)(plni_layer *layer);

    /* What one unit sees and what sees it, for the first weights. */
    void (*fans)(const plni_layer *layer, int *in, int *out);

    /* Neurons and spikes of the batch under way; NULL where none fires. */
    long (*count)(const plni_layer *layer, const plni_pass *pass, const plni_layer_io *io);

    /* Whether most deltas below it can be zero: it passes on few of them. */
    bool (*zero_deltas)(const plni_layer *layer, const struct pln_net *net);

    /* The shape of a product over an image; NULL for others. */
    plni_conv (*geometry)(const plni_layer *layer);

    /* Lists what a mask leaves of its weights, if products that walk these alone can be faster; else *live stays NULL.
     * NULL: it has no such products. */
    pln_status (*list_live)(const plni_layer *layer, pln_ctx *ctx, const uint16_t *bits, plni_live **live);

    /* For a compact network, what it has listed with the weights, if that is enough for all products over up to `batch`
     * samples; else *live stays NULL.  NULL: it has no such products. */
    pln_status (*hold_live)(const plni_layer *layer, const struct pln_net *net, int batch, plni_live **live);

    plni_part (*part)(const plni_layer *layer);

    /* Fills in what there is to tell about it. */
    void (*tell)(const plni_layer *layer, pln_layer_info *info);

    /* Parameter tensors: how many, their shapes, and copies between a tensor, or `rows` of its
     * outermost dimension from row `first` on, and a vector that is laid out like theta. */
    int  (*parameters)(const plni_layer *layer);
    void (*parameter)(const plni_layer *layer, int parameter, pln_parameter_info *info);
    void (*get)(const plni_layer *layer, const float *theta, int parameter, int first, int rows, float *tensor);
    void (*set)(const plni_layer *layer, float *theta, int parameter, const float *tensor);
};

enum { PLNI_OWN = 128 };

struct plni_layer {
    const plni_layer_ops *ops;
    plni_role             role;         /* that of its kind, unless fit knows better */
    int                   number;       /* in the list of layers, from 0      */
    int                   stream;       /* key of its random numbers          */
    int                   input, addend;    /* values it reads: 0 is the network's input, */
                                        /*   l + 1 what layer l gives; addend -1: none */
    bool                  branched;     /* its input was chosen by pln_net_branch */
    bool                  adds, addend_adds;    /* a later layer writes to dx, to */
                                        /*   daddend first: add to what is there */
    int                   inputs, outputs;
    plni_signal           out;          /* what y looks like                  */
    float                 threshold;    /* of its neurons; 0: none fire       */
    bool                  by_channel;   /* a channel of y depends on that of x alone, and is 0 */
                                        /*   where that one is, or its factor and shift are    */
    size_t                size;         /* floats in theta                    */
    size_t                decays;       /* those that weight decay pulls at   */
    size_t                held;         /* of those: lists have them, in theta they are missing; 0 */
                                        /*   but in compact networks           */
    size_t                factors;      /* the first, of channels: those that norm_l1 pulls at */
    float                *theta;        /* all that the layer learns, behind `held` */
    plni_mask            *mask;         /* NULL: there never was one (mask.h) */
    plni_live            *live;         /* what it left of the weights, NULL: */
                                        /*   too much to walk it alone        */
    size_t                kept_size;    /* floats that are kept, not learned  */
    float                *kept;
    _Alignas(8) unsigned char own[PLNI_OWN];    /* the kind's parameters       */
};

/* Accessors of a kind's parameters, by copies, as C's rules of aliasing want it. */
#define PLNI_OWN_TYPE(type)                                                                                   \
    _Static_assert(sizeof(type) <= PLNI_OWN, "parameters of a layer are too large");                           \
    static inline type own_of(const plni_layer *layer)                                                        \
    {                                                                                                         \
        type own;                                                                                             \
        memcpy(&own, layer->own, sizeof own);                                                                 \
        return own;                                                                                           \
    }                                                                                                         \
    PLNI_UNUSED static inline void put_own(plni_layer *layer, const type *own)                                 \
    {                                                                                                         \
        memcpy(layer->own, own, sizeof *own);                                                                 \
    }

/* A whole parameter tensor. */
static inline void plni_layer_get(const plni_layer *layer, const float *theta, int parameter, float *tensor)
{
    pln_parameter_info info;

    layer->ops->parameter(layer, parameter, &info);
    layer->ops->get(layer, theta, parameter, 0, info.dim[0], tensor);
}

/* The layers there are, and their options. */
#define PLNI_LAYER(kind)                                                                                      \
    extern const plni_layer_ops plni_##kind##_ops;                                                            \
    extern const pln_option plni_##kind##_options[];
#include "nn/layers.def"
#undef PLNI_LAYER

#endif
