/* layers.h - what the layers of a network are called, and the shapes of what they give */
#ifndef CLI_LAYERS_H
#define CLI_LAYERS_H

#include "command.h"

#include <jansson.h>
#include <stdio.h>

enum { LAYER_NAME = 64, LAYER_SHAPE = 32, LAYER_ALGORITHM = 32 };

/* Layers that are run in one place are told of together: the number behind the last of those
 * that begin with `layer`, and what they are in sum. */
int            layers_group(const pln_net *net, int layer);
pln_layer_info layers_sum(const pln_net *net, int layer);

/* "conv 3x3 / 2", "norm + lif + average pool 2", "dense", "relu". */
void layer_name(const pln_net *net, int layer, char name[LAYER_NAME]);

/* "16x14x14", channels x height x width; of networks without maps "40". */
void layer_shape(const pln_net *net, int layer, char shape[LAYER_SHAPE]);

/* How a product is computed: "patches", or where that depends on how much is active
 * "events to 35 %, winograd"; "-" where there is none. */
void layer_algorithm(const pln_net *net, int layer, pln_product product, char algorithm[LAYER_ALGORITHM]);

/* What a product is called in JSON: "forward". */
const char *layer_product(pln_product product);

/* Whether what a layer reads are spikes, or sums of them. */
bool layer_reads_spikes(const pln_net *net, int layer);

/* Whether a network has layers of maps. */
bool layers_are_maps(const pln_net *net);

/* Whether some of them have neurons that fire. */
bool layers_fire(const pln_net *net);

/* How many numbers a parameter tensor has. */
size_t layers_size(const pln_parameter_info *info);

/* The numbers of a parameter tensor, freed by free; NULL if memory is short, or before pln_net_ready. */
float *layers_values(const pln_net *net, int parameter);

/* How many numbers the parameter tensors have, "parameters", and how many of them are there, "live_parameters": masks
 * leave out the others. */
void layers_count(const pln_net *net, json_t *to);

/* A table of the layers of a network of maps, with sums in the last line. */
void layers_print(const pln_net *net);

/* The same as a list of objects. */
json_t *layers_json(const pln_net *net);

/* A cell of a table on stdout: a number of an object, scaled, or `none` where it has none. */
void layers_cell(const json_t *from, const char *key, const char *format, int width, double scale, const char *none);

#endif
