/* activity.h - how much a spiking network does for a sample: spikes, operations, energy */
#ifndef CLI_ACTIVITY_H
#define CLI_ACTIVITY_H

#include "command.h"

#include <jansson.h>

/* Of a few hundred samples, spread over the set, or of all if they are fewer:
 *
 *     { samples, firing_rate, sops, macs, energy_nj, bytes, layers: [...] }
 *
 * as docs/architecture.md has them.  NULL after a complaint. */
json_t *activity_measure(pln_ctx *ctx, pln_net *net, const pln_data *data);

/* The number from 1 of the first layer of which no neuron fired, and its name; 0 if there is none. */
int activity_silent(const json_t *activity, const char **name);

/* A table of it on stdout. */
void activity_print(const json_t *activity);

#endif
