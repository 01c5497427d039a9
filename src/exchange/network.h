/* network.h - a network as JSON, for files and for telling runs apart */
#ifndef PLNI_NETWORK_H
#define PLNI_NETWORK_H

#include "nn/net.h"

#include <jansson.h>

/* All that a network is but its parameters; NULL if memory is short. */
json_t *plni_network_describe(const pln_net *net);

/* Builds a new network as described, and makes it ready.  `left` is how many parameters the
 * file can hold.  PLN_ERR_FORMAT with a sentence if the description is not sound. */
pln_status plni_network_build(pln_ctx *ctx, pln_net *net, const json_t *network, size_t left);

#endif
