/* asked.h - the model that is asked: that of a run folder, or of a file */
#ifndef CLI_ASKED_H
#define CLI_ASKED_H

#include "config/config.h"
#include "predict/inputs.h"
#include "run/prediction.h"

typedef struct asked {
    pln_ctx       *ctx;
    const char    *name;
    run            r;
    config        *c;                    /* of a run, else NULL                              */
    dataset        d;                    /* of a run, if it was needed                       */
    prediction     p;                    /* its model, and how it is read out                */
    pln_predictor *predictor;
    char           data[256];            /* name of the data of the training                 */
    dataset_how    how;                  /* and how their files were read                    */
} asked;

/* What the command line may say of the way to read out: "", or a word for pln_by; share of labels, 0: the model's first. */
typedef struct asked_options {
    const char *by, *data;
    double      labels;
    bool        best;
    bool        no_way;                  /* nothing is read out: it is asked for features    */
} asked_options;

/* Opens the model and decides on the way, which is a->p.how[0] then.  Complains and returns an exit code; *a is to be freed by
 * asked_close in any case. */
int  asked_open(pln_ctx *ctx, const char *name, const asked_options *o, asked *a);
void asked_close(asked *a);

/* The data of a run, read if they are not yet. */
int  asked_data(asked *a, const char *folder);

/* What inputs must be like for it. */
inputs asked_inputs(const asked *a, bool train, int (*see)(void *user, const inputs_batch *batch), void *user);

#endif
