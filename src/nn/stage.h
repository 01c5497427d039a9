/* stage.h - what is run: at most one product, and the epilogue behind it
 *
 * The epilogue is the pointwise layers that follow, worked on tile by tile, while the
 * tile is in the cache: in rows a tile is one sample's row, in images a line of pool
 * windows of one sample at all time steps (nn/tile.h).
 *
 * In rows a tile reaches from stage to stage: going up it begins with the product's own
 * forward_row, going down with backward_row of the product above; and at the top a
 * learning rule puts its work on a sample between the two. */
#ifndef PLNI_STAGE_H
#define PLNI_STAGE_H

#include <stdbool.h>

struct pln_net;

struct plni_stage {
    int  product;           /* a layer, or a window; -1: none                 */
    int  first, last;       /* the epilogue: layers first..last-1             */
    bool rows;              /* its tiles are rows                             */
    int  window;            /* rows of places of an image that a tile takes   */
};

/* Compiles net->layer into net->stage.  Stage 0 is what comes before the first product. */
void plni_stages_compile(struct pln_net *net);

/* The stage whose product is `layer`, or whose epilogue it is in. */
int plni_stage_of(const struct pln_net *net, int layer);

#endif
