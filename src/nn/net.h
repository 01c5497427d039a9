/* net.h - what a network is: layers as they were built, stages compiled from them
 *
 *     build.c     layers in order, the first error
 *     kinds.c     layers by the names of their kinds
 *     graph.c     values between layers: who writes and who reads them
 *     stage.c     layers to stages
 *     memory.c    what a pass needs, planned before any is taken
 *     forward.c   stage after stage, and ways back
 *     relaxation.c  states that come to rest, instead
 *     net.c       ready, parameters, evaluation
 *     compact.c   one that only runs forward
 *     view.c      the same one in several threads at once */
#ifndef PLNI_NET_H
#define PLNI_NET_H

#include "nn/layer.h"
#include "nn/stage.h"

/* Work on one sample. */
typedef void plni_row(void *arg, int sample);

/* How outputs follow from inputs; chosen once, so that nobody branches. */
typedef struct plni_run {
    pln_status (*check)(const pln_net *net);
    void       (*plan)(const pln_net *net, plni_pass *pass, plni_arena *arena);
    void       (*forward)(const pln_net *net, plni_pass *pass, plni_row *first, plni_row *last, void *arg);
} plni_run;

struct pln_net {
    pln_ctx    *ctx;
    pln_status  error;                    /* the builders' first          */
    int         inputs, count;
    bool        ready;
    bool        images;                   /* began with an image or frames */
    int         steps;                    /* of time; 1 for rows          */
    plni_signal image;                    /* what the input looks like    */
    pln_normalise normalise;              /* of the input; no channels: none */
    bool        poisson;
    int         branch;                   /* value that the next layer begins at; -1: the last */
    pln_dynamics dynamics;
    const plni_run *run;                  /* feed-forward, or relaxation  */
    plni_layer  layer[PLN_MAX_LAYERS];
    plni_stage  stage[PLN_MAX_LAYERS + 1];
    int         stages;
    void       *memory;                   /* theta and the pass below     */
    size_t      bytes;
    plni_pass   evaluation;               /* for pln_net_forward          */
    double      cnn_prune;                /* fraction of the weights of convolutions that masks leave out */
    long        masks;                    /* how often masks were set     */
    bool        compact;                  /* only runs forward: compact.c */
};

/* ---- build.c --------------------------------------------------------------- */

/* Remembers the first error; returns it. */
pln_status plni_refuse(pln_net *net, pln_status status, const char *what, double value);

/* The same where a window is larger than what it is to move over. */
pln_status plni_refuse_size(pln_net *net, const char *what, int size, int height, int width, const char *image);

/* A new layer behind the others, or an error remembered.  own, which is copied, are the
 * kind's parameters. */
void plni_append(pln_net *net, const plni_layer_ops *ops, const void *own, size_t size);

/* ---- memory.c --------------------------------------------------------------- */

/* Plans a pass over `batch` samples in the arena's memory.  The pass points to
 * itself, so it must not move afterwards. */
void plni_pass_plan(const pln_net *net, int batch, bool training, plni_pass *pass, plni_arena *arena);

/* The same for evaluation of single samples; all values stay until the next where it `keeps` them. */
void plni_pass_plan_alone(const pln_net *net, bool keeps, plni_pass *pass, plni_arena *arena);

/* The same for training batches of up to `batch` samples in shards: an array of passes, or
 * NULL while an arena only counts. */
plni_pass *plni_shards_plan(const pln_net *net, int batch, int shards, plni_arena *arena);

/* How many of `batch` samples a network can be shown at once: a compact one has what products over its own batch read. */
int plni_batch_within(const pln_net *net, int batch);

/* Shares out `samples` samples: shard i has n i / S up to n (i + 1) / S. */
void plni_shards_fill(plni_pass *batch, int samples, const uint32_t *sample);

/* A row a sample of a pass, and the struct that layers point to. */
plni_signal *plni_pass_signal(plni_arena *arena, int batch, int units, bool listed);

/* One scratch for all convolutions of a pass, as large as the largest needs it. */
void plni_scratch_plan(const pln_net *net, plni_pass *pass, plni_arena *arena);

/* Values and gradients of a network that is fed forward. */
void plni_values_plan(const pln_net *net, plni_pass *pass, plni_arena *arena);

/* How many passes take turns in training: rows are got ready for the next batch while
 * this one's first product is still in the cache. */
int plni_net_passes(const pln_net *net);

/* ---- forward.c -------------------------------------------------------------- */

extern const plni_run plni_feedforward;

/* Runs all layers over pass->samples samples.  first(arg, s) fills row s of the
 * input, plni_input(pass), just before it is used; last(arg, s) is called when
 * row s of the output is there.  Either may be NULL.  Of a batch in shards, s is counted
 * from the first of them on (plni_pass_with finds the row). */
static inline void plni_forward(const pln_net *net, plni_pass *pass, plni_row *first, plni_row *last, void *arg)
{
    net->run->forward(net, pass, first, last, arg);
}

/* The same in three steps: what comes before the first product, the product,
 * and what comes after. */
void plni_forward_enter(const pln_net *net, plni_pass *pass, plni_row *first, void *arg);
void plni_forward_product(const pln_net *net, plni_pass *pass);
void plni_forward_leave(const pln_net *net, plni_pass *pass, plni_row *last, void *arg);

/* Takes dL/dy of the network's last layers back through the rows of the last stage, for
 * one sample, and lists what comes out if somebody walks the list. */
void plni_backward_top(const pln_net *net, const plni_pass *pass, int sample);

/* Takes what the product above stage `stage` left, dL/dy of the stage's last layer, back
 * through the epilogue.  Nothing is left to do for the last stage's rows. */
void plni_backward_epilogue(const pln_net *net, const plni_pass *pass, int stage);

/* ---- net.c ------------------------------------------------------------------ */

/* The first value of a pass. */
static inline plni_signal *plni_input(const plni_pass *pass)
{
    return pass->at[0].x;
}

/* What the network gives. */
static inline plni_signal *plni_output(const pln_net *net, const plni_pass *pass)
{
    return pass->at[net->count - 1].y;
}

/* Plans the memory of a network, takes it, and sets all in it to 0; evaluation has the batch. */
pln_status plni_net_take(pln_net *net);

/* The layer with parameter tensor `parameter`, and its number there. */
const plni_layer *plni_parameter_owner(const pln_net *net, int parameter, int *which);

/* The product of a parameter's dimensions from number `from` on: 0 for all its floats, 1 for those of a row. */
size_t plni_parameter_floats(const pln_parameter_info *info, int from);

/* Rows of the outermost dimension of a parameter: those that begin at float `from` of it, which is the beginning of a row,
 * as many as there are and as have room. */
typedef struct plni_rows {
    int    first, count;
    size_t floats;
} plni_rows;

plni_rows plni_rows_of(const pln_parameter_info *info, size_t from, size_t room);

/* Floats of room in which a few rows of each parameter fit, and one of the longest, to be copied from the network. */
size_t plni_rows_room(const pln_net *net);

/* The same where it may not exist, or t not have its shape: PLN_ERR_STATE, _ARG or _SHAPE. */
pln_status plni_parameter_find(const pln_net *net, int parameter, const pln_tensor *t, const plni_layer **layer,
                               int *which);

#endif
