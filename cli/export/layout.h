/* layout.h - weights in the order in which the edge runtime reads them */
#ifndef CLI_LAYOUT_H
#define CLI_LAYOUT_H

#include "export/integer.h"

/* Lays out layer l of inputs x outputs, whose weight and bias are there, as the goal wants it, or by all weights if `dense`
 * says so, and fills in what the runtime needs for its product.  False if memory is short. */
bool layout_make(integer_layer *l, int inputs, int outputs, integer_goal goal, bool dense, pln_edge_layer *edge);

/* Where weight [j][i] of a layer of all weights is. */
ptrdiff_t layout_dense_place(int inputs, int outputs, int j, int i);

#endif
