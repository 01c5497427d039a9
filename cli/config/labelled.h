/* labelled.h - which training samples show their labels */
#ifndef CLI_LABELLED_H
#define CLI_LABELLED_H

#include "config/config.h"
#include "sets/dataset.h"

/* With a section semi: the samples with a label and those without; else none. */
typedef struct labelled {
    int *with, *without, with_count, without_count;
} labelled;

/* Finds them, and whether the data have all labels that the configuration `name` wants: for
 * training, for a split of this seed, and, if it `evaluates`, for the test and each fraction of
 * labels.  Complains and returns an exit code; labelled_free is called in any case. */
int  labelled_find(pln_ctx *ctx, const config *c, const char *name, const dataset *d, uint64_t seed, bool evaluates, labelled *l);
void labelled_free(labelled *l);

/* The samples of a fraction of those with a label; NULL with *count 0 for all
 * samples.  Freed by free.  Complains and sets *code. */
int *labelled_share(pln_ctx *ctx, const config *c, const pln_data *train, double fraction, int *count, int *code);

#endif
