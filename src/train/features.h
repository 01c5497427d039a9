/* features.h - outputs of a network that are kept */
#ifndef PLNI_FEATURES_H
#define PLNI_FEATURES_H

#include "pln/train.h"

/* Whose outputs they are, on what. */
pln_net        *plni_features_net(const pln_features *features);
const pln_data *plni_features_data(const pln_features *features);

/* Writes the outputs for one sample to row [outputs of the network]. */
void plni_features_row(const pln_features *features, int sample, float *row);

#endif
