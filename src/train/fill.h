/* fill.h - a sample of a data set becomes a row of a network's input */
#ifndef PLNI_FILL_H
#define PLNI_FILL_H

#include "nn/net.h"
#include "pln/augment.h"

/* Whether a ready network can be shown so many samples, those of index or, if it is NULL, the first ones:
 * PLN_ERR_SHAPE if samples have another size, PLN_ERR_ARG if there are none or one is not in the data, or
 * if Poisson coding cannot take a value of one.  `who` begins the message. */
pln_status plni_fill_check(pln_ctx *ctx, const char *who, const pln_net *net, const pln_data *data, const int *index, int count);

/* Row s of the input of a pass from sample number `sample`: byte / 255 or the floats, as
 * the network normalises them, varied as `how` says; NULL: as they are. */
void plni_fill(const pln_net *net, const plni_pass *pass, const pln_data *data, int sample,
               const pln_augment *how, int s);

/* Row 0 of a pass for one sample, as it is, so that all of it follows from the sample's values: where
 * they are coded in spikes, they stand for the sample's number. */
void plni_fill_alone(const pln_net *net, const plni_pass *pass, const pln_data *data, int sample);

#endif
