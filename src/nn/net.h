/* net.h - layers in order, and how a pass walks them
 *
 * Rowwise layers between two products run together, sample by sample, while the
 * sample's row is in the cache; a learning rule may put its own work on a
 * sample at the end of the last such sweep. */
#ifndef PLNI_NET_H
#define PLNI_NET_H

#include "nn/layer.h"

struct pln_net {
    pln_ctx    *ctx;
    pln_status  error;                    /* the builders' first          */
    int         inputs, count;
    bool        ready;
    int         steps;                    /* of time; 0: rows, not maps   */
    plni_signal image;                    /* what the input looks like    */
    pln_normalise normalise;              /* of the input; no channels: none */
    bool        poisson;
    int         branch;                   /* signal that the next layer begins at; -1: the last */
    pln_dynamics dynamics;
    plni_layer  layer[PLN_MAX_LAYERS];
    void       *memory;                   /* theta and the pass below     */
    size_t      bytes;
    plni_pass   evaluation;               /* for pln_net_forward          */
    long        masks;                    /* how often masks were set     */
};

/* For builders: remembers the first error; a new layer behind the others, NULL if
 * there has been one. */
void plni_refuse(pln_net *net, pln_status status, const char *what, double value);
plni_layer *plni_append(pln_net *net, const plni_layer_ops *ops);

/* Plans a pass over `batch` samples in the arena's memory.  The pass points to
 * itself, so it must not move afterwards. */
void plni_pass_plan(const pln_net *net, int batch, bool training,
                    plni_pass *pass, plni_arena *arena);

/* The same where signals are maps (maps.c): what is not needed at the same time
 * shares memory. */
void plni_maps_plan(const pln_net *net, plni_pass *pass, plni_arena *arena);

/* A dense layer and dropout of maps; whether the network is complete, and what its layers
 * want to know of each other; what there is to tell of a layer. */
void       plni_maps_dense(pln_net *net, int units);
void       plni_maps_dropout(pln_net *net, float p);
pln_status plni_maps_check(pln_net *net);
void       plni_maps_info(const pln_net *net, int layer, pln_layer_info *info);

/* What signal 0, the input, or l + 1, of layer l, looks like. */
const plni_signal *plni_map_of(const pln_net *net, int signal);

/* Whether a layer walks the lists of its x, or of its dy. */
bool plni_walks_x(const plni_layer *layer);
bool plni_walks_dy(const plni_layer *layer);

/* A signal of a pass, and the struct that stations point to. */
plni_signal *plni_pass_signal(plni_arena *arena, int batch, int units, bool listed);

/* Work on one sample. */
typedef void plni_row(void *arg, int sample);

/* Runs all layers over pass->samples samples.  first(arg, s) fills row s of the
 * input, plni_input(pass), just before it is used; last(arg, s) is called when
 * row s of the output is there.  Either may be NULL. */
void plni_forward(const pln_net *net, plni_pass *pass, plni_row *first,
                  plni_row *last, void *arg);

/* The same in three steps: what comes before the first product, the product,
 * and what comes after. */
void plni_forward_enter(const pln_net *net, plni_pass *pass, plni_row *first, void *arg);
void plni_forward_product(const pln_net *net, plni_pass *pass);
void plni_forward_leave(const pln_net *net, plni_pass *pass, plni_row *last, void *arg);

/* The first layer that is not rowwise. */
int plni_first_product(const pln_net *net);

/* The last layer below `layer` that is not rowwise; -1 if there is none. */
int plni_product_below(const pln_net *net, int layer);

/* Takes dL/dy of the layer below `layer` back through the rowwise layers there,
 * for one sample, and lists what comes out if somebody walks the list. */
void plni_backward_row(const pln_net *net, const plni_pass *pass, int layer,
                       int sample);

/* What remains after backward or pullback of a product: its rest, and the
 * rowwise layers below it. */
void plni_backward_rest(const pln_net *net, const plni_pass *pass, int layer);

/* The first signal of a pass. */
static inline plni_signal *plni_input(const plni_pass *pass)
{
    return pass->at[0].x;
}

/* Parameter tensor `parameter` of the network in a vector like theta. */
const plni_layer *plni_parameter_owner(const pln_net *net, int parameter, int *which);

/* The same where it may not exist, or t not have its shape: PLN_ERR_STATE, _ARG or _SHAPE. */
pln_status plni_parameter_find(const pln_net *net, int parameter, const pln_tensor *t, const plni_layer **layer,
                               int *which);

#endif
