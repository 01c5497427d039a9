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
    pln_decoder    own;                  /* of a model that has none: its samples            */
    pln_predictor *predictor;
    char           data[256];            /* name of the data of the training                 */
    dataset_how    how;                  /* and how their files were read                    */
} asked;

/* What the command line may say, NULL where it does not: a word for pln_by; share of labels, 0: the model's first; the folder
 * of the data of the run; "test" or "train"; and what it is asked about, without any the data of the run. */
typedef struct asked_options {
    const char        *by, *data, *part;
    double             labels;
    bool               best;
    bool               no_way;           /* nothing is read out: it is asked for features    */
    const char *const *input;            /* [inputs]                                         */
    int                inputs;
} asked_options;

/* Those that every command has that asks a model, as rows of a table of popt. */
#define ASKED_OPTIONS(part, data, best, threads) \
    { "part", 0, POPT_ARG_STRING, &(part), 0, "of data sets: test or train (default: test)", "PART" }, \
    { "data", 0, POPT_ARG_STRING, &(data), 0, "folder of the data of the run, where it is asked about these (default: that of the training)", "DIR" }, \
    { "best", 0, POPT_ARG_NONE, &(best), 0, "the epoch that held-out samples chose (section select), not the last", NULL }, \
    { "threads", 0, POPT_ARG_INT, &(threads), 0, "default: one for each processor it may use; no result depends on it", "N" },

/* Opens the model and decides on the way, which is a->p.how[0] then.  Complains, also of what would have no effect, and returns
 * an exit code; *a is to be freed by asked_close in any case. */
int  asked_open(pln_ctx *ctx, const char *name, const asked_options *o, asked *a);
void asked_close(asked *a);

/* Goes through what it is asked about (inputs.h).  Complains and returns an exit code. */
int  asked_walk(asked *a, const asked_options *o, int (*see)(void *user, const inputs_batch *batch), void *user);

#endif
