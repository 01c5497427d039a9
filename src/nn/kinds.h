/* kinds.h - the kinds of layers by their names, and layers by these and their options */
#ifndef PLNI_KINDS_H
#define PLNI_KINDS_H

#include "nn/net.h"

#include <jansson.h>

/* NULL if there is none of that name; the same of a number, from 0. */
const plni_layer_ops *plni_kind_find(const char *name);
const plni_layer_ops *plni_kind_nth(int number);

/* A new layer by the name of its kind and a JSON object of its options, or an error remembered. */
void plni_append_json(pln_net *net, const char *kind, const json_t *options);

#endif
