/* fill.h - a sample of a data set becomes a row of a network's input */
#ifndef PLNI_FILL_H
#define PLNI_FILL_H

#include "nn/net.h"
#include "pln/augment.h"

/* Row s of the input of a pass from sample number `sample`: byte / 255, as the
 * network normalises it, varied as `how` says; NULL: as it is. */
void plni_fill(const pln_net *net, const plni_pass *pass, const pln_data *data, int sample,
               const pln_augment *how, int s);

#endif
