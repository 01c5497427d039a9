/* job.h - a run that 'planaria train' or 'planaria prune' is carrying out, and its parts
 *
 *     train.c          the command line, and the run from event to event
 *     prune.c          the other command line: settings of section prune
 *     again.c          a run that goes on by its folder alone
 *     start.c          weights to begin with
 *     outputs.c        of which each output stands for a class, by its name
 *     cut.c            or without some of the channels
 *     cost.c           what pruning cost and what it gave, beside the dense network
 *     race.c           how fast two networks are
 *     identity.c       what makes it this run: settings, manifest, configuration, result
 *     checkpoint.c     where it stands, on disk
 *     models.c         the networks that it keeps, and what their outputs mean
 *     events.c         what is written and said at each event
 *     outcome.c        what is said of the figures in the end
 *
 * Functions that return an int return an exit code, after a complaint if it is not DONE. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "config/config.h"
#include "options.h"
#include "run/run.h"
#include "sets/dataset.h"

#include <jansson.h>
#include <limits.h>

/* So much memory may be taken by the outputs that classifiers are given. */
enum { FEATURES_MB = 2000 };

/* A seed that nobody has given. */
#define SEED_UNSET LONG_MIN

/* What the command line says. */
typedef struct arguments {
    const char *name;
    char       *data, *out;
    char      **set;
    int         epochs;          /* or OPTIONS_UNSET */
    int         limit, threads, resume, force, tensorboard, dry_run, json, no_eval;
    long        seed;
    char       *from;            /* a run or model whose weights it begins with, or NULL */
    char       *dense;           /* prune: a run beside it, or NULL  */
    bool        prunes;          /* it is 'planaria prune'           */
    char      **cut;             /* its settings "key=value" where channels go at once, or NULL */
    json_t     *line;            /* the command line as it was typed */
} arguments;

/* Options that all commands have which train; `a` is where they go. */
#define JOB_OPTIONS(a)                                                                                                          \
    { "limit", 0, POPT_ARG_INT, &(a)->limit, 0, "use only the first N training samples", "N" },                                 \
    { "set", 0, POPT_ARG_ARGV, &(a)->set, 0, "change the configuration, e.g. train.gamma=0.3; null leaves a key out", "KEY=VALUE" },                   \
    { "seed", 0, POPT_ARG_LONG, &(a)->seed, 0, "of all random numbers (default: 1)", "N" },                                     \
    { "threads", 0, POPT_ARG_INT, &(a)->threads, 0,                                                                             \
      "default: one for each processor it may use; no result depends on it", "N" },                                             \
    { "resume", 0, POPT_ARG_NONE, &(a)->resume, 0, "go on with the run in the folder", NULL },                                  \
    { "force", 0, POPT_ARG_NONE, &(a)->force, 0, "overwrite the run in the folder", NULL },                                        \
    { "tensorboard", 0, POPT_ARG_NONE, &(a)->tensorboard, 0, "write the figures for TensorBoard, too", NULL }

/* A run under way. */
typedef struct job {
    arguments   args;
    config     *c;
    pln_ctx    *ctx;
    dataset     d;
    run         r;
    pln_net    *net;
    pln_run    *run;
    char        identity[65];     /* of configuration, data, seed and first weights */
    char        from[65];         /* SHA-256 of the model it begins with, or ""     */
    uint8_t    *taken;            /* [parameters] which of its tensors that model gave; NULL: all */
    pln_index   with, without;    /* the samples that show their labels, and those that do not */
    json_t     *state;            /* of the checkpoint that is resumed     */
    json_t     *result;           /* figures so far                        */
    double      macs[2];          /* of a sample in training, where channels went: before and now */
    long        metrics_size;
    bool        told_of_silence;  /* of a layer that never fires           */
    double      last_checkpoint;
    int32_t    *association;      /* [associations][outputs] of the fractions that have been read out, */
    double      shares[PLN_MAX_LIST + 1];       /* [associations] and their shares of the labels   */
    int         associations;
} job;

/* ---- train.c --------------------------------------------------------------- */

job  job_new(int argc, const char **argv);
void job_free(job *j);

/* Refuses what the command line says, of a command that wants one argument: "a preset"; that is its name then. */
int  job_check(job *j, const options *o, const char *wanted);

/* Opens all, trains, and says what came of it. */
int  job_carry_out(job *j);

/* ---- again.c --------------------------------------------------------------- */

/* If the name that is given is the folder of a run that is to go on: what its manifest says takes the place of what is not
 * given, and the name becomes that of its configuration, in a buffer that outlives the job. */
int  job_again(arguments *a, char *configuration, size_t capacity);

/* ---- start.c --------------------------------------------------------------- */

/* Gives the network the weights that it is to begin with, and looks whether there is the dense one that is to
 * stand beside it. */
int  job_start(job *j);

/* A network that is measured with the run's samples. */
int  job_load_dense(job *j, const char *path, pln_net **dense);

/* The run or model file of a name, loaded; *path is the file, as past_load_from says it; the SHA-256 of its bytes goes to digest, unless
 * that is NULL. */
int  job_load_model(job *j, const char *name, const char **path, char digest[65], pln_net **net);

/* ---- outputs.c ------------------------------------------------------------- */

/* Gives outputs that stand for a class the weights that it has in the model file of that path, whose weights the network has
 * been given: where the classes of the data have other names or another order, their outputs are taken by name, and those of
 * new classes begin anew, as is said.  Says if files were read otherwise there.
 * Complains, with both lists, where outputs cannot be told apart. */
int  job_match_outputs(job *j, const char *path);

/* ---- models.c -------------------------------------------------------------- */

/* Writes a network of the run to a file of its folder; its classifier; and what a fraction of labels gives,
 * the class of each unit and, of the first, the classifier, into the file of the model. */
int job_keep(const job *j, const pln_net *net, const char *name);
int job_keep_classifier(const job *j, const pln_net *head);
int job_keep_read_out(job *j, const pln_run_event *v);

/* ---- cut.c ----------------------------------------------------------------- */

/* Gives the run what stays of a network, in place of its own, and writes its layers to the configuration. */
int  job_cut(job *j, pln_net *from);

/* ---- cost.c ---------------------------------------------------------------- */

/* Takes note of the masks there are, when the training begins (0) and after each epoch, and warns of layers
 * that have next to no weights. */
int  job_note_masks(job *j, int epoch);

/* What the epoch cost. */
void job_note_cost(job *j, const pln_epoch_report *report);

/* Behind the last epoch: which key moves the sparsity of a method that finds it, where it is not what was wanted. */
void job_note_sparsity(const job *j);

/* At the end of 'planaria prune': measures the network and a dense one.  The run is freed. */
int  job_compare(job *j);

/* The table of it, or JSON. */
void job_print_cost(const job *j);

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

/* ---- outcome.c ------------------------------------------------------------- */

/* Says so if the accuracy is what chance gives, as far as the number of samples lets one tell, or less than before, and which
 * classes are never answered. */
int  job_tell_outcome(const job *j);

#endif
