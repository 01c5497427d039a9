/* estimate.h - what a run will take, before it begins */
#ifndef CLI_ESTIMATE_H
#define CLI_ESTIMATE_H

#include "config.h"
#include "dataset.h"

/* Prints layers, parameters, memory and time.  The time is measured on the
 * first batches, in a copy of the network that is thrown away. */
int estimate_print(pln_ctx *ctx, const config *c, pln_net *net, const dataset *d, bool as_json);

#endif
