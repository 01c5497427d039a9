/* past.h - a run that was carried out before: its configuration, its data, its networks */
#ifndef CLI_PAST_H
#define CLI_PAST_H

#include "config/config.h"
#include "run/run.h"

/* Which run a name may mean where there is none of that name, as "; did you mean runs/a?", or "": it looks among those in
 * the folder that it names, and in runs/.  Valid until the next call. */
const char *past_hint(const char *name);

/* Opens the folder of a run to read it, without locking it, with its configuration, which the
 * caller frees.  Complains and returns an exit code; r->folder is set in any case. */
int past_open(const char *folder, run *r, config **c);

/* Where its data lay, and whether something is there still; their digest; and how many training samples
 * it was limited to, 0: it was not. */
typedef struct past_data {
    char path[4096], digest[65];
    bool there;
    int  limit;
} past_data;

past_data past_recall(const run *r);

/* The samples of the run again, as many as then: those in `folder`; or if it is NULL from where they were or where the set of
 * their name is, but then no others.  Others in `folder` are taken with a word on stderr: all of them, since none has
 * trained, and where they have no test part, all that have a label are the test.  Complains and returns an exit code. */
int past_data_open(pln_ctx *ctx, const run *r, const config *c, const char *folder, dataset *d);

/* Whether it has taken others. */
bool past_has_others(const run *r, const dataset *d);

/* Loads "model.safetensors", "best.safetensors" or "classifier.safetensors"; *net stays NULL if it may be
 * missing and is.  Complains and returns an exit code. */
int past_load(pln_ctx *ctx, const run *r, const char *name, bool may_be_missing, pln_net **net);

/* The same with what its outputs mean, which an earlier version has not written: it then has no classes. */
int past_model(pln_ctx *ctx, const run *r, const char *name, pln_model **model);

/* Loads the model of a run folder, or a model file; *path, which is valid as run_path's is, is the file.  Complains and
 * returns an exit code. */
int past_load_from(pln_ctx *ctx, const char *name, const char **path, pln_net **net);

#endif
