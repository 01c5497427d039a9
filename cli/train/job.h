/* job.h - a run that 'planaria train' is carrying out, and its parts
 *
 *     train.c          the command line, the order of the parts
 *     identity.c       what makes it this run: settings, manifest, configuration, result
 *     checkpoint.c     where it stands, on disk
 *     epochs.c         pre-training and the network
 *     classifier.c     what is read out of the network when it is done
 *     measure.c        accuracies
 *     select.c         the best epoch by samples that are held out
 *
 * Functions that return an int return an exit code, after a complaint if it is not DONE. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "config/config.h"
#include "options.h"
#include "run/run.h"
#include "sets/dataset.h"

#include <jansson.h>

enum { JOB_SLICE = 64, JOB_SECONDS_BETWEEN_CHECKPOINTS = 30 };

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
    pln_features *train_features, *test_features;      /* what a finished network that settles gives */
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

/* The figures of a run that has finished already, or NULL; and how they are written. */
json_t *job_finished(const job *j);
int     job_write_result(job *j);

/* ---- checkpoint.c ---------------------------------------------------------- */

/* A checkpoint of a part (and, of classifiers, which fraction of labels); the same
 * after Ctrl-C, which ends in INTERRUPTED. */
int  job_save(job *j, pln_trainer *trainer, const char *part, int fraction);
int  job_stop(job *j, pln_trainer *trainer, const char *part, int fraction);

/* Reads the text of the checkpoint; j->state stays NULL if there is none yet. */
int  job_read_state(job *j);

/* Refuses a checkpoint from behind the epochs that are wanted now. */
int  job_check_length(const job *j);

/* Whether the checkpoint is of that part; whether it is of a read-out, the network finished. */
bool job_resumes(const job *j, const char *part, int fraction);
bool job_reads_out(const job *j);

/* Takes up a part of so many epochs where its checkpoint left it. */
int  job_load(job *j, pln_trainer *trainer, int epochs);

/* ---- epochs.c, classifier.c, measure.c ------------------------------------- */

/* The courses that take turns in an epoch: one, or with few labels that without them
 * and that with them.  Returns how many. */
enum { JOB_COURSES = 2 };
int  job_courses(const job *j, pln_course course[JOB_COURSES]);

/* Whether there is pre-training, and what it goes over. */
bool job_pretrains(const job *j, pln_course *course);

int job_train_network(job *j);
int job_keep_model(job *j);

/* Whether classifiers keep its outputs instead of computing them in every epoch, and
 * at most how many bytes; more are computed anew. */
enum { JOB_FEATURES_MB = 2000 };
bool job_keeps_features(const job *j);

/* Association and classifier for each fraction of the labels that is left to do. */
int job_read_outs(job *j);

/* Accuracies of the network as it is, as an object with names that begin with
 * `prefix`; NULL after a complaint. */
json_t *job_measure(job *j, const char *prefix, const int *index, int count);

/* The same by the first fraction of labels, added to line and to the result. */
int     job_measure_into(job *j, const char *prefix, json_t *line);

/* Of a spiking network how much it does for a sample: firing rate and operations in
 * line, all layers in the result.  Nothing of others. */
int     job_measure_activity(job *j, json_t *line);

/* ---- select.c ---------------------------------------------------------------- */

/* Whether samples are held out to choose an epoch by. */
bool job_selects(const job *j);

/* After an epoch: its accuracy on these samples, in line; *better if none before was
 * as good.  Then, behind the next checkpoint, the network is kept; when a run is
 * taken up there, again. */
int  job_consider(job *j, int epoch, json_t *line, bool *better);
int  job_keep_selected(job *j);
int  job_recall_selected(job *j, const pln_trainer *t);

/* At the end: figures of the network that was kept, "selected_..." in the result. */
int  job_measure_selected(job *j);

#endif
