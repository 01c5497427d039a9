/* plan.h - what of a network the edge runtime can compute: dense layers, each with the activation behind it */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "command.h"

enum { PLAN_LAYERS = 32 };

typedef struct plan_layer {
    int            inputs, outputs;
    pln_activation activation;
    float         *weight, *bias;        /* [outputs][inputs], [outputs] */
} plan_layer;

typedef struct plan {
    int        layers;
    plan_layer layer[PLAN_LAYERS];
} plan;

/* The plan of a network that is read out in that way, or a sentence that names the layer and what is in the way: complains and
 * returns an exit code.  It is freed in any case. */
int  plan_make(const pln_net *net, const pln_decoder *decoder, pln_by by, plan *p);
void plan_free(plan *p);

#endif
