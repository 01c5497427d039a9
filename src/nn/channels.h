/* channels.h - whose channels a value has, and which may leave a network
 *
 * Channels come from a product; norms, neurons, pools and their like hand them on one by one.
 * They may go where all that reads them takes each by itself or is a product, which then has
 * fewer inputs: those of the network's input and outputs stay, and those of sums. */
#ifndef PLNI_CHANNELS_H
#define PLNI_CHANNELS_H

#include "nn/net.h"

/* All by value (nn/graph.h). */
typedef struct plni_channels {
    int  home[PLN_MAX_LAYERS + 1];     /* the value that they come from            */
    /* of homes */
    int  factor[PLN_MAX_LAYERS + 1];   /* the layer whose parameters say how large they are */
    int  first[PLN_MAX_LAYERS + 1];    /* their place among all that may go; -1: they stay */
    int  count;                        /* of all that may go                       */
} plni_channels;

void plni_channels_find(const pln_net *net, plni_channels *channels);

#endif
