/* prediction.h - what the model of a run says of its test samples */
#ifndef CLI_PREDICTION_H
#define CLI_PREDICTION_H

#include "config/config.h"
#include "run/run.h"

enum { PREDICTION_WAYS = 3 };

/* Sample i of d->test belongs to class truth[i] of the model, -1: to none of these, and the model says
 * said[i * ways + w] of it, read out by how[w]; how[0] is its usual way.  */
typedef struct prediction {
    pln_ctx           *ctx;
    const dataset     *d;                    /* whose test samples were asked about; NULL after prediction_open */
    pln_model         *model;
    const pln_decoder *decoder;              /* of the model: its classes and their names */
    pln_read_out       how[PREDICTION_WAYS];
    int                ways, count;
    double             labels;               /* share of labels that its association is by; 0: outputs are classes */
    int32_t           *truth;                /* [count]                                   */
    pln_prediction    *said;                 /* [count][ways]                             */
} prediction;

/* Which model; by which share of labels, 0: as it was read out first, which is made anew only if the model does not
 * have it. */
typedef struct prediction_options {
    bool   best;                             /* the epoch that held-out samples chose     */
    double labels;
} prediction_options;

/* Of a run and its data (past.h), which *p points at: d and its test part must stay as they are until prediction_free.
 * Complains and returns an exit code; *p is to be freed in any case. */
int  prediction_make(pln_ctx *ctx, const run *r, const config *c, const dataset *d, const prediction_options *o, prediction *p);
void prediction_free(prediction *p);

/* The model alone, with what says which way to read it out, and nothing asked; d is read in the call alone, and its training samples
 * only where an association is made anew.  Complains and returns an exit code; *p is to be freed in any case. */
int  prediction_open(pln_ctx *ctx, const run *r, const config *c, const dataset *d, const prediction_options *o, prediction *p);

/* The file of a sample, from the folder of the data on, or NULL. */
const char *prediction_file(const prediction *p, int sample);

/* The share of samples that way w is right about. */
double prediction_accuracy(const prediction *p, int w);

/* The way of that kind, or -1. */
int prediction_way(const prediction *p, pln_by by);

/* Makes an association of a network by p->labels: units [outputs] are classes of decoder, -1: none.  Complains and returns an
 * exit code. */
int prediction_associate(const prediction *p, const config *c, const pln_decoder *decoder, const dataset *d, pln_net *net, int32_t *units);

#endif
