/* maps.h - layers of networks of maps as JSON, for model.c */
#ifndef PLNI_EXCHANGE_MAPS_H
#define PLNI_EXCHANGE_MAPS_H

#include "pln/net.h"

#include <jansson.h>

/* Appends layer number l to the list; false if memory is short. */
bool plni_maps_describe(const pln_net *net, int l, json_t *layers);

/* What the input of a network of maps is like; NULL if memory is short. */
json_t *plni_maps_describe_input(const pln_net *net);

/* Begins a network as described; false if the description is not sound. */
bool plni_maps_begin(pln_net *net, const json_t *image);

/* Adds one layer, of a file without a version if `old`; `room` is how many parameters the
 * file can still hold.  What is wrong, or NULL. */
const char *plni_maps_add(pln_net *net, const json_t *layer, bool old, size_t *room);

#endif
