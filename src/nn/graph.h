/* graph.h - values between layers: what they look like, who writes and who reads them
 *
 * Value 0 is the network's input, value l + 1 what layer l gives. */
#ifndef PLNI_GRAPH_H
#define PLNI_GRAPH_H

#include "nn/net.h"

const plni_signal *plni_value(const pln_net *net, int value);

/* The value that the next layer begins at. */
int plni_next_value(const pln_net *net);

/* How many inputs of layers read a value. */
int plni_readers(const pln_net *net, int value);

/* Whether it is the input, or what a dropout leaves of it: an image's channels are then not padded. */
bool plni_is_input(const pln_net *net, int value);

/* Whether a layer above number `layer` reads it. */
bool plni_read_above(const pln_net *net, int value, int layer);

/* The first product; the last one below `layer`, -1 if there is none. */
int plni_first_product(const pln_net *net);
int plni_product_below(const pln_net *net, int layer);

/* Whether a product joins all that it reads with all that it gives, and not by a kernel that moves. */
bool plni_joins_all(const plni_layer *layer);

/* Whether layer `layer` is worked on in the tiles of the layer right below it. */
bool plni_joins(const pln_net *net, int layer);

/* Whether a layer walks the lists of its x, or of its dy. */
bool plni_walks_x(const plni_layer *layer);
bool plni_walks_dy(const plni_layer *layer);

/* Whether many deltas at a value can be zero, since all that read it pass on few. */
bool plni_zero_deltas(const pln_net *net, int value);

/* The threshold of the uppermost neurons; 0 if none fire. */
float plni_top_threshold(const pln_net *net);

#endif
