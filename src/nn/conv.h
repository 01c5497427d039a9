/* conv.h - the dense layer of spiking networks, which is a convolution */
#ifndef PLNI_NN_CONV_H
#define PLNI_NN_CONV_H

#include "nn/layer.h"

/* Makes a dense layer the convolution whose kernel is as large as its image: up to 4096
 * units, with a bias or without. */
pln_status plni_become_full(plni_layer *layer, struct pln_net *net, int units, bool bias);

#endif
