/* past.h - a run that was carried out before: its configuration, its data, its networks */
#ifndef CLI_PAST_H
#define CLI_PAST_H

#include "config/config.h"
#include "run/run.h"

/* Opens the folder of a run to read it, without locking it, with its configuration, which the
 * caller frees.  Complains and returns an exit code; r->folder is set in any case. */
int past_open(const char *folder, run *r, config **c);

/* Where its data lay, "" if nothing is there any more; their digest; and how many training samples
 * it was limited to, 0: it was not. */
typedef struct past_data {
    char path[4096], digest[65];
    int  limit;
} past_data;

past_data past_recall(const run *r);

/* Loads "model.safetensors", "best.safetensors" or "classifier.safetensors"; *net stays NULL if it may be
 * missing and is.  Complains and returns an exit code. */
int past_load(pln_ctx *ctx, const run *r, const char *name, bool may_be_missing, pln_net **net);

#endif
