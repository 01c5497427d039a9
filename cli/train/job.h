/* job.h - a run that 'planaria train' is carrying out, and its parts
 *
 *     train.c          the command line, and the run from event to event
 *     identity.c       what makes it this run: settings, manifest, configuration, result
 *     checkpoint.c     where it stands, on disk
 *     events.c         what is written and said at each event
 *
 * Functions that return an int return an exit code, after a complaint if it is not DONE. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "config/config.h"
#include "options.h"
#include "run/run.h"
#include "sets/dataset.h"

#include <jansson.h>

/* So much memory may be taken by the outputs that classifiers are given. */
enum { FEATURES_MB = 2000 };

/* What the command line says. */
typedef struct arguments {
    const char *name;
    char       *data, *out;
    char      **set;
    int         epochs;          /* or OPTIONS_UNSET */
    int         limit, threads, resume, force, dry_run, json, no_eval;
    long        seed;
    json_t     *line;            /* the command line as it was typed */
} arguments;

/* A run under way. */
typedef struct job {
    arguments   args;
    config     *c;
    pln_ctx    *ctx;
    dataset     d;
    run         r;
    pln_net    *net;
    pln_run    *run;
    char        identity[65];     /* of configuration, data and seed       */
    pln_index   with, without;    /* the samples that show their labels, and those that do not */
    json_t     *state;            /* of the checkpoint that is resumed     */
    json_t     *result;           /* figures so far                        */
    long        metrics_size;
    double      last_checkpoint;
} job;

/* ---- identity.c ------------------------------------------------------------ */

/* Settles what the command line and lengths left out leave open, then identity. */
int     job_settle(job *j);
int     job_write_config(const job *j);
int     job_write_manifest(const job *j);

/* What is in the folder must be this run, also if it left no checkpoint. */
int     job_check_manifest(const job *j);

/* Complains that something in the folder is another run's, with what differs. */
int     job_complain_other(const job *j, const char *what);

/* The figures of a run that has finished already, or NULL; and how they are written. */
json_t *job_finished(const job *j);
int     job_write_result(job *j);

/* ---- checkpoint.c ---------------------------------------------------------- */

/* A checkpoint; the same after Ctrl-C, which ends in INTERRUPTED. */
int  job_save(job *j);
int  job_stop(job *j);

/* Reads the text of the checkpoint; j->state stays NULL if there is none yet. */
int  job_read_state(job *j);

/* Refuses a checkpoint from behind the epochs that are wanted now. */
int  job_check_length(const job *j);

/* Takes up the run where its checkpoint left it, if there is one. */
int  job_take_up(job *j);

/* ---- events.c -------------------------------------------------------------- */

/* Does what an event asks for: its line, a checkpoint where one is due, a model. */
int  job_see(job *j, const pln_run_event *event);

#endif
