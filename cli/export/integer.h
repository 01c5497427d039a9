/* integer.h - a network in integers, as the edge runtime computes it */
#ifndef CLI_INTEGER_H
#define CLI_INTEGER_H

#include "export/plan.h"
#include "run/prediction.h"

#include "pln_edge.h"

typedef enum integer_goal { INTEGER_SPEED, INTEGER_SIZE } integer_goal;

/* At which a device learns, unless something else is said. */
#define INTEGER_RATE 0.001

/* How it is made. */
typedef struct integer_options {
    integer_goal goal;                   /* of which layers are kept as lists of weights     */
    bool         best;                   /* of the epoch that held-out samples chose          */
    bool         learns;                 /* the last layer goes on learning                  */
    double       rate;                   /* at this rate                                     */
} integer_options;

/* A layer beside what the runtime reads of it, which points in here. */
typedef struct integer_layer {
    int8_t   *weight;                    /* [outputs][inputs]                                */
    int32_t  *bias;
    int8_t   *laid;                      /* [laid_count] as the product has it               */
    uint8_t  *place;
    uint16_t *start;
    size_t    laid_count, starts, nonzero, dense_bytes, sparse_bytes;
    double    unit;                      /* of its sums                                      */
    double    products;                  /* of a sample, mean over training samples          */
} integer_layer;

typedef struct integer_net {
    int             layers;
    integer_layer   layer[PLAN_LAYERS];
    pln_edge_layer  edge[PLAN_LAYERS];
    pln_edge_memory memory;
    int             widest_list, widest_value, widest_sum;
    pln_by          by;                  /* outputs or association                           */
    int             classes, block;      /* by outputs: so many units a class                */
    uint8_t        *unit;                /* by association: see pln_edge_by_association      */
    uint16_t       *units;
    int             shift;
    int32_t        *score;               /* [classes]                                        */
    bool            learns;
    pln_edge_rule   rule;
    uint32_t        network;             /* what tells its states from those of others       */
} integer_net;

/* The network of a run in integers; p says how it is read out, and training samples how large hidden values become.
 * Complains, also of what cannot be exported, and returns an exit code; it is freed in any case. */
int  integer_make(const run *r, const prediction *p, const config *c, const pln_data *train, const integer_options *how, integer_net *n);
void integer_free(integer_net *n);

/* The class that a device would say of bytes x, -1: none; its outputs are then in n->memory.sum. */
int integer_class(const integer_net *n, const uint8_t *x);

/* The share of the samples index [count] that it is right about; truth [count] are their classes in the model. */
double integer_accuracy(const integer_net *n, const pln_data *data, const int *index, const int32_t *truth, int count);

/* Every second training sample, spread over all, says how large values become; of the others some are for comparing with the
 * float network.  So many of either at most; sample [INTEGER_SAMPLES] receives their numbers.  Returns how many. */
enum { INTEGER_SAMPLES = 1000 };
int integer_samples(const pln_data *train, bool others, int *sample);

/* Bytes of constants and of the state that a device needs, whose pointers have four bytes. */
size_t integer_flash(const integer_net *n);
size_t integer_ram(const integer_net *n);

#endif
