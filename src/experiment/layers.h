/* layers.h - the layers of an experiment, each of some kind with that kind's options */
#ifndef PLNI_EXPERIMENT_LAYERS_H
#define PLNI_EXPERIMENT_LAYERS_H

#include "pln/experiment.h"

/* One key for each kind, and `from`. */
extern const pln_option plni_layer_options[];

/* Whether a layer is of that kind and no other. */
bool plni_layer_is(const pln_experiment_layer *layer, const char *kind);

/* A whole number or the place of a word among a layer's values. */
int plni_layer_value(const pln_experiment_layer *layer, const char *option);

/* Whether there are neurons that fire: a `lif` in the list, or a network in short form. */
bool plni_layers_fire(const pln_experiment *experiment);

#endif
